# The guest's handlers, and the operations that are timed.

.section .text.guest, "ax"
.pushsection .bss.kernel_rsp, "aw", @nobits
    .balign 8
kernel_rsp:
    .skip 8
.popsection

# --- handlers: each goes on where r15 says, by the iret hypercall ---------------------------------

.macro IRET_HYPERCALL flags             # rcx and r11 popped; the frame is at rsp
    push \flags
    push rcx
    push r11
    push rax
    mov eax, 23
    syscall
.endm

.globl on_fault
on_fault:                               # rcx, r11, rip, cs, rflags, rsp, ss
    pop rcx
    pop r11
    mov [rsp], r15
    IRET_HYPERCALL 0

.globl on_fault_with_code
on_fault_with_code:                     # rcx, r11, error code, rip, cs, rflags, rsp, ss
    pop rcx
    pop r11
    add rsp, 8
    mov [rsp], r15
    IRET_HYPERCALL 0

.globl on_syscall
on_syscall:                             # rcx, r11, rip, cs, rflags, rsp, ss
    test eax, eax
    jnz leave_user
    pop rcx
    pop r11
    IRET_HYPERCALL 0x100
leave_user:
    mov rsp, [rip + kernel_rsp]
    mov rax, rdi
    jmp restore_and_return

# --- timed in the kernel --------------------------------------------------------------------------
# extern "C" fn(rax, rdi, rsi, rdx, r10) -> (ticks, rax). rcx is rdi's value, as rdmsr and cpuid want.
# Between the two readings of the clock stand the same five instructions, whatever the operation.

.macro SAVE
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
.endm
.macro TIMED name, operation:vararg
.globl \name
\name:
    SAVE
    mov rbx, rdi
    mov rdi, rsi
    mov rsi, rdx
    mov r12, rcx
    mov r10, r8
    mov rcx, rdi
    lea r15, [rip + 8803f]
    rdtsc
    shl rdx, 32
    or rdx, rax
    mov r13, rdx
    mov rdx, r12
    mov rax, rbx
    \operation
8803:
    mov r14, rax
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, r13
    mov rdx, r14
    jmp restore_and_return
.endm
.macro FORCED_CPUID
    .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e
    cpuid
.endm
    TIMED timed_nothing
    TIMED timed_hypercall, syscall
    TIMED timed_invalid, ud2
    TIMED timed_load, mov bl, [rdi]
    TIMED timed_store, mov [rdi], rsi
    TIMED timed_rdmsr, rdmsr
    TIMED timed_cpuid, FORCED_CPUID
restore_and_return:
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret

# --- timed in user code ---------------------------------------------------------------------------

.globl enter_user
enter_user:                             # extern "C" fn(rip) -> ticks
    SAVE
    mov [rip + kernel_rsp], rsp
    push {USER_SS}
    push 0
    push 0x202
    push {USER_CS}
    push rdi
    mov rcx, rdi
    mov r11d, 0x202
    xor eax, eax
    IRET_HYPERCALL 0

.macro USER_TIMED name, operation:vararg
.globl \name
\name:
    lea r15, [rip + 8804f]
    rdtsc
    shl rdx, 32
    or rax, rdx
    mov r12, rax
    xor eax, eax
    \operation
8804:
    rdtsc
    shl rdx, 32
    or rax, rdx
    sub rax, r12
    mov rdi, rax
    mov eax, 1
    syscall
.endm
.balign 4096
.globl user_page
user_page:
    USER_TIMED user_nothing
    USER_TIMED user_syscall, syscall
    USER_TIMED user_fault, ud2
.balign 4096
