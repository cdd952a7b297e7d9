# Into a piece of code, and out of it by whichever gate it takes.

.section .text.guests_attempt, "ax"

# extern "C" fn(entry: rdi): enters the code by the iret hypercall; returns when a gate was taken.
guests_enter:
    push rbx
    push rbp
    push r12
    push r13
    push r14
    push r15
    mov [rip + {RESUME}], rsp
    lea rsp, [rip + {STACKS} + {IRET_STACK_END} - 72]
    .set place, 0
    .rept 9                             # the frame of the hypercall comes first in the entry
    mov rax, [rdi + place]
    mov [rsp + place], rax
    .set place, place + 8
    .endr
    mov rbx, [rdi + 72]
    mov rdx, [rdi + 80]
    mov rsi, [rdi + 88]
    mov rbp, [rdi + 104]
    mov r8, [rdi + 112]
    mov r9, [rdi + 120]
    mov r10, [rdi + 128]
    mov r12, [rdi + 136]
    mov r13, [rdi + 144]
    mov r14, [rdi + 152]
    mov r15, [rdi + 160]
    mov rdi, [rdi + 96]
    mov eax, {IRET}
    syscall
    ud2

# One gate for each vector, and those of the callbacks behind them.
.balign 16
guests_gates:
    .set gate, 0
    .rept {GATES}
    .balign 16
    push gate
    jmp guests_left
    .set gate, gate + 1
    .endr

guests_left:                            # the gate's number; below it the hypervisor's frame
    mov [rip + {EXIT} + 16], rax
    mov [rip + {EXIT} + 24], rbx
    mov [rip + {EXIT} + 32], rdx
    mov [rip + {EXIT} + 40], rsi
    mov [rip + {EXIT} + 48], rdi
    mov [rip + {EXIT} + 56], rbp
    mov [rip + {EXIT} + 64], r8
    mov [rip + {EXIT} + 72], r9
    mov [rip + {EXIT} + 80], r10
    mov [rip + {EXIT} + 88], r12
    mov [rip + {EXIT} + 96], r13
    mov [rip + {EXIT} + 104], r14
    mov [rip + {EXIT} + 112], r15
    pushfq
    pop rax
    mov [rip + {EXIT} + 120], rax
    mov eax, cs
    mov [rip + {EXIT} + 128], rax
    mov eax, ss
    mov [rip + {EXIT} + 136], rax
    mov eax, ds
    mov [rip + {EXIT} + 144], rax
    mov eax, es
    mov [rip + {EXIT} + 152], rax
    mov eax, fs
    mov [rip + {EXIT} + 160], rax
    mov eax, gs
    mov [rip + {EXIT} + 168], rax
    pop rax
    mov [rip + {EXIT}], rax
    mov [rip + {EXIT} + 8], rsp
    cld
    xor ebx, ebx
    xchg rbx, [rip + {RESUME}]
    test rbx, rbx
    jz guests_left_unasked
    mov rsp, rbx
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret
guests_left_unasked:
    and rsp, -16
    call {SURPRISE}
    ud2
