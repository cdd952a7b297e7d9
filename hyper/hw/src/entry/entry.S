# Every way into the hypervisor, and out of it to a guest.
#
# This page is linked into the first CPU's window, 0x2400 bytes above its local data, which all code
# here reaches relative to rip; a further CPU runs a copy of the page in its own window. Calls to Rust go
# through pointers in the local data, so nothing here depends on where the copy lies.
#
# Interrupts are off from entry to exit. A guest's kernel and user code both run in ring 3, with a
# root table each; the hardware's GS pair belongs to the guest and is swapped with its mode.
#
# The fast paths: `syscall` from guest user code is bounced to the guest's kernel, and the `iret`
# hypercall returns to user or kernel code. They touch this page, the top of the stack, vcpu_info and
# the guest's stack, and give way to Rust in every case that is not the common one.

.section .entry, "ax"
.code64
    .byte 0xff                          # ends the I/O permission bitmap (SDM vol. 1, 19.5.2)

.macro SMAP_SITE                        # patched to stac or clac where the CPU has SMAP
    .byte 0x0f, 0x1f, 0x00
.endm
.macro STAC
8800: SMAP_SITE
    .pushsection .smap_sites, "a"
    .quad 8800b
    .quad 0xcb010f
    .popsection
.endm
.macro CLAC
8801: SMAP_SITE
    .pushsection .smap_sites, "a"
    .quad 8801b
    .quad 0xca010f
    .popsection
.endm
.macro FIXUP from, to
    .pushsection .fixups, "a"
    .quad \from
    .quad \to
    .popsection
.endm

.macro SAVE_REGISTERS_AT_FRAME
    mov [rsp + {F_R15}], r15
    mov [rsp + {F_R14}], r14
    mov [rsp + {F_R13}], r13
    mov [rsp + {F_R12}], r12
    mov [rsp + {F_RBP}], rbp
    mov [rsp + {F_RBX}], rbx
    mov [rsp + {F_R11}], r11
    mov [rsp + {F_R10}], r10
    mov [rsp + {F_R9}], r9
    mov [rsp + {F_R8}], r8
    mov [rsp + {F_RAX}], rax
    mov [rsp + {F_RCX}], rcx
    mov [rsp + {F_RDX}], rdx
    mov [rsp + {F_RSI}], rsi
    mov [rsp + {F_RDI}], rdi
.endm
.macro RESTORE_REGISTERS_BUT_RCX_R11
    mov r15, [rsp + {F_R15}]
    mov r14, [rsp + {F_R14}]
    mov r13, [rsp + {F_R13}]
    mov r12, [rsp + {F_R12}]
    mov rbp, [rsp + {F_RBP}]
    mov rbx, [rsp + {F_RBX}]
    mov r10, [rsp + {F_R10}]
    mov r9, [rsp + {F_R9}]
    mov r8, [rsp + {F_R8}]
    mov rax, [rsp + {F_RAX}]
    mov rdx, [rsp + {F_RDX}]
    mov rsi, [rsp + {F_RSI}]
    mov rdi, [rsp + {F_RDI}]
.endm

# --- syscall ----------------------------------------------------------------------------------

.balign 16
.globl entry_syscall
entry_syscall:
    mov [rip + cpu_frame + {F_RSP}], rsp
    lea rsp, [rip + cpu_frame]
    test byte ptr [rip + cpu_local + {L_MODE}], 1
    jz user_syscall
    cmp rax, 23
    je iret_hypercall

slow_syscall:                           # all registers as the guest left them, rsp at the frame
    SAVE_REGISTERS_AT_FRAME
    mov qword ptr [rsp + {F_VECTOR}], {SYSCALL_VECTOR}
    mov [rsp + {F_RIP}], rcx
    mov qword ptr [rsp + {F_CS}], {CS64}
    mov [rsp + {F_RFLAGS}], r11
    mov qword ptr [rsp + {F_SS}], {DS}
    mov rdi, rsp
    call [rip + cpu_local + {L_ON_SYSCALL}]

# --- exit -------------------------------------------------------------------------------------

.globl exit_to_guest
exit_to_guest:
    cmp dword ptr [rip + cpu_local + {L_ATTENTION}], 0
    jne exit_work
    mov rax, [rip + cpu_local + {L_VCPU_INFO}]
    cmp word ptr [rax], 1               # pending, and not masked
    je exit_work
exit_now:
    cmp dword ptr [rsp + {F_VECTOR}], {SYSCALL_VECTOR}
    jne exit_by_iret
    # Not with a non-canonical rip: the fault would come in ring 0 (SDM vol. 2, SYSRET).
    mov rcx, [rsp + {F_RIP}]
    mov r11, [rsp + {F_RFLAGS}]
    mov rax, rcx
    sar rax, 47
    inc rax
    cmp rax, 1
    ja exit_by_iret
    RESTORE_REGISTERS_BUT_RCX_R11
    mov rsp, [rsp + {F_RSP}]
    sysretq
exit_work:
    mov rdi, rsp
    call [rip + cpu_local + {L_ON_EXIT}]
    jmp exit_now
.globl exit_by_iret
exit_by_iret:
    RESTORE_REGISTERS_BUT_RCX_R11
    mov r11, [rsp + {F_R11}]
    mov rcx, [rsp + {F_RCX}]
    add rsp, {F_RIP}
.globl final_iret
final_iret:
    iretq
bad_iret:                               # the frame's rip, rsp or selectors can't be loaded
    # The faulting iretq popped nothing; rsp still points at its frame.
    sub rsp, {F_RIP}
    SAVE_REGISTERS_AT_FRAME
    mov rdi, rsp
    call [rip + cpu_local + {L_ON_BAD_IRET}]
    jmp exit_to_guest
    FIXUP final_iret, bad_iret

# --- fast path: syscall from guest user code ----------------------------------------------------

.balign 16
user_syscall:
    mov [rip + cpu_local + {L_SCRATCH0}], rax
    mov [rip + cpu_local + {L_SCRATCH1}], rbx
    mov rbx, [rip + cpu_local + {L_VCPU_INFO}]
    cmp byte ptr [rbx + 1], 0           # user code with events masked is not the common case
    jne 1f
    cmp qword ptr [rip + cpu_local + {L_SYSCALL_TARGET}], 0
    je 1f
    mov rax, [rip + cpu_local + {L_KERNEL_ROOT}]
    mov cr3, rax
    swapgs
    mov rbx, [rip + cpu_local + {L_KERNEL_STACK}]
    mov rax, [rsp + {F_RSP}]
    STAC
20: mov qword ptr [rbx - 8], {DS}
21: mov [rbx - 16], rax
22: mov [rbx - 24], r11
23: mov qword ptr [rbx - 32], {CS64}
24: mov [rbx - 40], rcx
25: mov [rbx - 48], r11
26: mov [rbx - 56], rcx
    CLAC
    mov rcx, [rip + cpu_local + {L_SYSCALL_TARGET}]
    mov al, [rip + cpu_local + {L_SYSCALL_MASKS}]
    lea rsp, [rbx - 56]
    mov rbx, [rip + cpu_local + {L_VCPU_INFO}]
    mov [rbx + 1], al
    and r11d, ~{RFLAGS_CLEARED_FOR_KERNEL}
    mov byte ptr [rip + cpu_local + {L_MODE}], 1
    mov ax, [rip + cpu_local + {L_KERNEL_IO_BITMAP}]
    mov [rip + cpu_tss + 102], ax
    mov rbx, [rip + cpu_local + {L_SCRATCH1}]
    mov rax, [rip + cpu_local + {L_SCRATCH0}]
    sysretq
1:  mov rbx, [rip + cpu_local + {L_SCRATCH1}]
    mov rax, [rip + cpu_local + {L_SCRATCH0}]
    jmp slow_syscall
bad_kernel_stack:                       # the guest's kernel has no stack: Rust ends it
    CLAC
    mov byte ptr [rip + cpu_local + {L_MODE}], 1
    mov rbx, [rip + cpu_local + {L_SCRATCH1}]
    mov rax, [rip + cpu_local + {L_SCRATCH0}]
    SAVE_REGISTERS_AT_FRAME
    mov qword ptr [rsp + {F_VECTOR}], {SYSCALL_VECTOR}
    mov [rsp + {F_RIP}], rcx
    mov qword ptr [rsp + {F_CS}], {CS64}
    mov [rsp + {F_RFLAGS}], r11
    mov qword ptr [rsp + {F_SS}], {DS}
    mov rdi, rsp
    call [rip + cpu_local + {L_ON_BAD_STACK}]
    jmp exit_to_guest
    FIXUP 20b, bad_kernel_stack
    FIXUP 21b, bad_kernel_stack
    FIXUP 22b, bad_kernel_stack
    FIXUP 23b, bad_kernel_stack
    FIXUP 24b, bad_kernel_stack
    FIXUP 25b, bad_kernel_stack
    FIXUP 26b, bad_kernel_stack

# --- fast path: the iret hypercall ---------------------------------------------------
# The guest's stack: rax, r11, rcx, flags, rip, cs, rflags, rsp, ss (public/arch-x86/xen-x86_64.h).
# Each field is read once.

.balign 16
iret_hypercall:
    mov [rip + cpu_local + {L_SCRATCH0}], rbx
    mov [rip + cpu_local + {L_SCRATCH1}], rcx
    mov [rip + cpu_local + {L_SCRATCH2}], r11
    mov rbx, [rsp + {F_RSP}]
    mov rax, rbx
    shr rax, 43
    cmp eax, {HYPERVISOR_SLOTS}
    je slow_iret
    cmp dword ptr [rip + cpu_local + {L_ATTENTION}], 0
    jne slow_iret
    mov rax, [rip + cpu_local + {L_VCPU_INFO}]
    cmp byte ptr [rax], 0               # an event waits: its upcall comes first
    jne slow_iret
    STAC
30: cmp qword ptr [rbx + 40], {CS64}
    jne kernel_iret
    cmp qword ptr [rip + cpu_local + {L_USER_ROOT}], 0
    je slow_iret
31: cmp qword ptr [rbx + 64], {DS}
    jne slow_iret
32: mov r11, [rbx + 48]
    mov eax, r11d
    xor eax, {RFLAGS_USER_FIXED}        # IF on; no TF, IOPL, NT, RF, VM: in both halves of rflags
    test eax, {RFLAGS_USER_CHECKED}
    jnz slow_iret
    mov rax, r11
    shr rax, 32
    jnz slow_iret
33: mov rcx, [rbx + 32]
    mov rax, rcx
    shr rax, 47
    jnz slow_iret
34: mov rax, [rbx + 56]
    mov [rsp + {F_RSP}], rax
    mov [rsp + {F_RIP}], rcx
    mov [rsp + {F_RFLAGS}], r11
35: mov rax, [rbx]
    mov [rsp + {F_RAX}], rax
36: cmp rcx, [rbx + 16]
    jne 2f
37: cmp r11, [rbx + 8]
    jne 2f
    CLAC
    call commit_user
    mov rbx, [rip + cpu_local + {L_SCRATCH0}]
    mov rax, [rsp + {F_RAX}]
    mov rsp, [rsp + {F_RSP}]
    sysretq
2:                                      # rcx or r11 differ: by iretq
38: mov rcx, [rbx + 16]
39: mov r11, [rbx + 8]
    CLAC
    call commit_user
    mov rbx, [rip + cpu_local + {L_SCRATCH0}]
    mov qword ptr [rsp + {F_CS}], {CS64}
    mov qword ptr [rsp + {F_SS}], {DS}
    mov rax, [rsp + {F_RAX}]
    add rsp, {F_RIP}
finish_iret:
.globl final_fast_iret
final_fast_iret:
    iretq
    FIXUP final_fast_iret, bad_iret
commit_user:
    mov rax, [rip + cpu_local + {L_VCPU_INFO}]
    mov byte ptr [rax + 1], 0
    mov byte ptr [rip + cpu_local + {L_MODE}], 0
    mov ax, [rip + cpu_local + {L_USER_IO_BITMAP}]
    mov [rip + cpu_tss + 102], ax
    mov rax, [rip + cpu_local + {L_USER_ROOT}]
    mov cr3, rax
    swapgs
    ret
# The same to the guest's kernel: its code selector shows ring 0, the event mask stands above it. The
# mode stays; IOPL is not the frame's to say.
kernel_iret:
40: cmp word ptr [rbx + 40], {KERNEL_CS_SHOWN}
    jne slow_iret
41: cmp word ptr [rbx + 64], {DS}
    jne slow_iret
42: mov r11, [rbx + 48]
    mov rax, r11
    shr rax, 32
    jnz slow_iret
    test r11d, {RFLAGS_KERNEL_CHECKED}
    jnz slow_iret
43: mov rax, [rbx + 32]
    mov [rsp + {F_RIP}], rax
44: mov rax, [rbx + 56]
    mov [rsp + {F_RSP}], rax
45: mov rax, [rbx]
    mov [rsp + {F_RAX}], rax
46: mov rcx, [rbx + 16]
    mov eax, r11d
    and r11d, ~{RFLAGS_IOPL}
    or r11d, {RFLAGS_USER_FIXED} + 2
    mov [rsp + {F_RFLAGS}], r11
47: mov r11, [rbx + 8]
    CLAC
    shr eax, 9
    not eax
    and eax, 1                          # events are masked where IF is off
    mov rbx, [rip + cpu_local + {L_VCPU_INFO}]
    mov [rbx + 1], al
    mov qword ptr [rsp + {F_CS}], {CS64}
    mov qword ptr [rsp + {F_SS}], {DS}
    mov rbx, [rip + cpu_local + {L_SCRATCH0}]
    mov rax, [rsp + {F_RAX}]
    add rsp, {F_RIP}
    jmp finish_iret
    FIXUP 40b, slow_iret
    FIXUP 41b, slow_iret
    FIXUP 42b, slow_iret
    FIXUP 43b, slow_iret
    FIXUP 44b, slow_iret
    FIXUP 45b, slow_iret
    FIXUP 46b, slow_iret
    FIXUP 47b, slow_iret
slow_iret:                              # also on a fault: Rust reads the guest's stack again
    CLAC
    mov eax, 23
    mov [rsp + {F_RSP}], rbx
    mov rbx, [rip + cpu_local + {L_SCRATCH0}]
    mov rcx, [rip + cpu_local + {L_SCRATCH1}]
    mov r11, [rip + cpu_local + {L_SCRATCH2}]
    jmp slow_syscall
    FIXUP 30b, slow_iret
    FIXUP 31b, slow_iret
    FIXUP 32b, slow_iret
    FIXUP 33b, slow_iret
    FIXUP 34b, slow_iret
    FIXUP 35b, slow_iret
    FIXUP 36b, slow_iret
    FIXUP 37b, slow_iret
    FIXUP 38b, slow_iret
    FIXUP 39b, slow_iret

# --- compatibility-mode syscall -------------------------------------------------------------------

.globl entry_syscall32
entry_syscall32:
    mov [rip + cpu_frame + {F_RSP}], rsp
    lea rsp, [rip + cpu_frame]
    SAVE_REGISTERS_AT_FRAME
    mov qword ptr [rsp + {F_VECTOR}], {SYSCALL_VECTOR}
    mov [rsp + {F_RIP}], rcx
    mov qword ptr [rsp + {F_CS}], {CS32}
    mov [rsp + {F_RFLAGS}], r11
    mov qword ptr [rsp + {F_SS}], {DS}
    mov rdi, rsp
    call [rip + cpu_local + {L_ON_SYSCALL32}]
    jmp exit_to_guest

# --- exceptions and interrupts --------------------------------------------------------------------

.balign 16
trap_common:
    push rdi
    push rsi
    push rdx
    push rcx
    push rax
    push r8
    push r9
    push r10
    push r11
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    cld
    CLAC
    mov rdi, rsp
    test byte ptr [rsp + {F_CS}], 3
    jz trap_in_hypervisor
    lea rax, [rip + cpu_frame]
    cmp rsp, rax
    jne move_frame
trap_from_guest:
    call [rip + cpu_local + {L_ON_TRAP}]
    jmp exit_to_guest
move_frame:                             # from a stack of its own to the ordinary one
    mov rsi, rsp
    mov rdi, rax
    mov ecx, {FRAME_WORDS}
    rep movsq
    mov rsp, rax
    mov rdi, rsp
    jmp trap_from_guest
trap_in_hypervisor:
    call [rip + cpu_local + {L_ON_FAULT}]
    RESTORE_REGISTERS_BUT_RCX_R11
    mov r11, [rsp + {F_R11}]
    mov rcx, [rsp + {F_RCX}]
    add rsp, {F_RIP}
    iretq

.macro TRAP vector, has_error
trap_\vector:
    .if \has_error == 0
    push 0
    .endif
    push \vector
    jmp trap_common
    .pushsection .rodata.trap_table, "a"
    .quad trap_\vector
    .popsection
.endm

.pushsection .rodata.trap_table, "a"
.balign 8
.globl trap_table
trap_table:
.popsection
    TRAP 0, 0
    TRAP 1, 0
    TRAP 2, 0
    TRAP 3, 0
    TRAP 4, 0
    TRAP 5, 0
    TRAP 6, 0
    TRAP 7, 0
    TRAP 8, 1
    TRAP 9, 0
    TRAP 10, 1
    TRAP 11, 1
    TRAP 12, 1
    TRAP 13, 1
    TRAP 14, 1
    TRAP 15, 0
    TRAP 16, 0
    TRAP 17, 1
    TRAP 18, 0
    TRAP 19, 0
    TRAP 20, 0
    TRAP 21, 1
    TRAP 22, 0
    TRAP 23, 0
    TRAP 24, 0
    TRAP 25, 0
    TRAP 26, 0
    TRAP 27, 0
    TRAP 28, 0
    TRAP 29, 1
    TRAP 30, 1
    TRAP 31, 0

# Vectors 32..=255. `push imm8` extends the sign: Rust takes the low byte.
.set vector, 32
.rept 224
8802:
    .byte 0x6a, vector & 0xff
    .byte 0xe9                          # jmp rel32
    .long interrupt_common - . - 4
    .pushsection .rodata.trap_table, "a"
    .quad 8802b
    .popsection
    .set vector, vector + 1
.endr
interrupt_common:                       # in place of an error code, the vector again
    push [rsp]
    jmp trap_common
.balign 4096

.section .rodata.entry_symbols, "a"
.balign 8
.globl entry_symbols
entry_symbols:
    .quad entry_syscall, entry_syscall32, exit_to_guest
