# A guest's notes, its first instruction, and where exceptions, events and system calls enter it.

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
    .quad {VIRT_BASE}
    END_NOTE
    NOTE {NOTE_PADDR_OFFSET}
    .quad 0
    END_NOTE
    NOTE {NOTE_XEN_VERSION}
    .asciz "xen-3.0"
    END_NOTE
    NOTE {NOTE_GUEST_OS}
    .asciz "ringwall-sdk"
    END_NOTE
    NOTE {NOTE_LOADER}
    .asciz "generic"
    END_NOTE
    NOTE {NOTE_SUPPORTED_FEATURES}
    .long {FEATURES}
    END_NOTE
    # The hypercall that suspends says by its result that the suspension was called off.
    NOTE {NOTE_SUSPEND_CANCEL}
    .long 1
    END_NOTE
    .balign 4
.popsection

# --- the first instruction ------------------------------------------------------------------------

.section .text.ringwall_sdk, "ax"
.globl guest_entry
guest_entry:                            # rsi: start_info; rsp: the end of the start-of-day stack
    cld
    mov rdi, rsi
    mov rsi, rsp
    lea rsp, [rip + guest_stack_end]
    xor ebp, ebp
    call guest_begin
    ud2

.pushsection .bss.guest_stack, "aw", @nobits
    .balign 4096
.globl guest_stack_guard
guest_stack_guard:
    .skip 4096
    .skip {STACK_SIZE}
.globl guest_stack_end
guest_stack_end:
.popsection

# The first instruction of another virtual CPU, on a stack of its own.
.globl guest_vcpu_entry
guest_vcpu_entry:
    cld
    xor ebp, ebp
    call guest_vcpu_begin
    ud2

# --- entries --------------------------------------------------------------------------------------
# The hypervisor has pushed ss, rsp, rflags, cs, rip, perhaps an error code, r11 and rcx. What is made
# of it is a `Frame`, of which the part from rax on is what the `iret` hypercall takes.

.macro ENTRY_WITH_CODE vector
    pop rcx
    pop r11
    push rcx
    push r11
    push rax
    mov eax, \vector
    jmp guest_entered
.endm
.macro ENTRY_WITHOUT_CODE vector
    pop rcx
    pop r11
    push 0
    push rcx
    push r11
    push rax
    mov eax, \vector
    jmp guest_entered
.endm

.balign 32
.globl guest_vectors
guest_vectors:
.set vector, 0
.rept 256
    .balign 32
    .if vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30
    ENTRY_WITH_CODE vector
    .else
    ENTRY_WITHOUT_CODE vector
    .endif
    .set vector, vector + 1
.endr

.globl guest_on_event
guest_on_event:
    ENTRY_WITHOUT_CODE {EVENT}
.globl guest_on_syscall
guest_on_syscall:
    ENTRY_WITHOUT_CODE {SYSCALL}
.globl guest_on_failsafe
guest_on_failsafe:                      # ds, es, fs and gs lie below rip
    pop rcx
    pop r11
    add rsp, 32
    push 0
    push rcx
    push r11
    push rax
    mov eax, {FAILSAFE}

guest_entered:
    push rdi
    push rsi
    push rdx
    push r8
    push r9
    push r10
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    push rax
    cld
    test byte ptr [rsp + {FRAME_CS}], 3
    jnz guest_left_user
    mov rdi, rsp
    mov rbx, rsp
    # So that a backtrace goes on in what was interrupted.
    push qword ptr [rsp + {FRAME_RIP}]
    push rbp
    mov rbp, rsp
    and rsp, -16
    call guest_on_trap
    mov rsp, rbx
guest_resume:                           # rsp: a Frame
    pop rax
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    pop r10
    pop r9
    pop r8
    pop rdx
    pop rsi
    pop rdi
    mov qword ptr [rsp + 24], 0
    mov eax, {IRET}
    syscall
    ud2

# --- user code ------------------------------------------------------------------------------------
# extern "C" fn(frame): resumes the frame, and returns when user code has left the like of it there.

.globl guest_enter_user
guest_enter_user:
    push rbp
    push rbx
    push r12
    push r13
    push r14
    push r15
    mov gs:[{LOCAL_KERNEL_RSP}], rsp
    mov rsp, rdi
    jmp guest_resume
guest_left_user:
    mov rsp, gs:[{LOCAL_KERNEL_RSP}]
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rbp
    ret

# --- probes ---------------------------------------------------------------------------------------
# extern "C" fn(rdi, rsi) -> (rax, rdx). An exception in here that has no handler of its own goes on
# at `guest_probe_failed`, with rdx above 0.

.globl guest_probes
guest_probes:
.macro PROBE name
.balign 16
.globl guest_probe_\name
guest_probe_\name:
.endm
PROBE read
    xor edx, edx
    mov rax, [rdi]
    ret
PROBE write
    xor edx, edx
    mov [rdi], rsi
    ret
PROBE divide
    xor edx, edx
    xor ecx, ecx
    mov eax, 1
    div ecx
    ret
PROBE int3
    int3
    xor edx, edx
    ret
PROBE ud2
    ud2
PROBE fpu
    fninit
    xor edx, edx
    ret
PROBE stack
    movabs rdx, 0x8000000000000000
    mov rax, ss:[rsp + rdx]
    xor edx, edx
    ret
PROBE general
    movabs rdx, 0x8000000000000000
    mov rax, [rdx]
    xor edx, edx
    ret
PROBE selector
    mov edx, 0xfff8
    mov ds, edx
    xor edx, edx
    ret
PROBE float
    fninit
    lea rdx, [rip + guest_probe_fcw]
    fldcw [rdx]
    fld1
    fldz
    fdivp st(1), st
    fwait
    fninit
    xor edx, edx
    ret
PROBE simd
    lea rdx, [rip + guest_probe_mxcsr]
    ldmxcsr [rdx]
    xorps xmm1, xmm1
    mov eax, 0x3f800000
    movd xmm0, eax
    divss xmm0, xmm1
    xor edx, edx
    ret
PROBE int80
    xor edx, edx
    int 0x80
    ret
.globl guest_probes_end
guest_probes_end:
.globl guest_probe_failed
guest_probe_failed:                     # rax: error code; rdx: vector + 1; as the dispatcher has set them
    ret

.pushsection .rodata.ringwall_sdk, "a"
    .balign 4
guest_probe_mxcsr:
    .long 0x1f80 & ~0x200               # all masked but division by zero
guest_probe_fcw:
    .word 0x37f & ~4                    # the same
    .word 0x37f
.popsection
