# A test guest's notes, its entry, its stack, and its handler of what does not happen.

# --- notes (public/elfnote.h) -------------------------------------------------------------------

.macro NOTE type
    .balign 4
    .long 4, 8802f - 8801f, \type
    .asciz "Xen"
8801:
.endm
.macro END_NOTE
8802:
.endm
.pushsection .note.Xen, "a", @note
    NOTE {NOTE_ENTRY}
    .quad guest_entry
    END_NOTE
    NOTE {NOTE_VIRT_BASE}
    .quad 0xffffffff80000000
    END_NOTE
    NOTE {NOTE_PADDR_OFFSET}
    .quad 0
    END_NOTE
    NOTE {NOTE_XEN_VERSION}
    .asciz "xen-3.0"
    END_NOTE
    NOTE {NOTE_GUEST_OS}
    .asciz "test"
    END_NOTE
    NOTE {NOTE_LOADER}
    .asciz "generic"
    END_NOTE
    NOTE {NOTE_SUPPORTED_FEATURES}
    .long {FEATURES}
    END_NOTE
    .balign 4
.popsection

# --- entry ----------------------------------------------------------------------------------------

.section .text.guest, "ax"
.globl guest_entry
guest_entry:                            # rsi: start_info
    rdtsc
    shl rdx, 32
    or rax, rdx
    cld
    lea rsp, [rip + guest_stack_end]
    xor ebp, ebp
    mov rdi, rsi
    mov rsi, rax
    call guest_main
    ud2

.pushsection .bss.guest_stack, "aw", @nobits
    .balign 4096
    .skip 65536
.globl guest_stack_end
guest_stack_end:
    .skip 8
.popsection

.globl on_surprise
on_surprise:
    mov rdi, rsp
    call guest_surprised
    ud2
