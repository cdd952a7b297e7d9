# From the boot loader's 32-bit protected mode to Rust in long mode.
#
# eax holds the loader's magic number, ebx the physical address of its information. The tables made
# here map the first 4 GiB one to one and as the direct map, and the image; Rust replaces them.

.section .boot.tables, "aw", @nobits
.balign 4096
boot_pml4:      .skip 4096
boot_pdpt:      .skip 4096
boot_pds:       .skip 4 * 4096
boot_image_pdpt:.skip 4096
boot_image_pd:  .skip 4096
.balign 16
boot_stack:     .skip 32768
boot_stack_top:

.section .boot.data, "aw"
.balign 16
boot_gdt:
    .quad 0
    .quad 0x00af9a000000ffff
    .quad 0x00cf92000000ffff
boot_gdt_pointer:
    .word . - boot_gdt - 1
    .long boot_gdt
no_long_mode_text:
    .asciz "Ringwall: this CPU has no long mode (64-bit); it cannot run here. Use a 64-bit x86 CPU.\r\n"

.section .boot.text, "ax"
.code32
.globl start32
start32:
    cli
    cld
    mov esp, offset boot_stack_top
    mov edi, eax
    mov esi, ebx

    mov eax, 0x80000000
    cpuid
    cmp eax, 0x80000001
    jb no_long_mode
    mov eax, 0x80000001
    cpuid
    bt edx, 29
    jnc no_long_mode
    mov ebp, edx

    # Four page directories of 2 MiB pages: physical 0..4 GiB.
    mov eax, 0x83
    mov ebx, offset boot_pds
    mov ecx, 2048
1:  mov [ebx], eax
    mov dword ptr [ebx + 4], 0
    add eax, 0x200000
    add ebx, 8
    loop 1b

    mov eax, offset boot_pds + 3
    mov ebx, offset boot_pdpt
    mov ecx, 4
2:  mov [ebx], eax
    add eax, 4096
    add ebx, 8
    loop 2b

    mov ebx, offset boot_pml4
    mov dword ptr [ebx], offset boot_pdpt + 3
    mov dword ptr [ebx + 262 * 8], offset boot_pdpt + 3
    mov dword ptr [ebx + 261 * 8], offset boot_image_pdpt + 3
    mov dword ptr [boot_image_pdpt], offset boot_image_pd + 3
    # The image: 8 MiB from its load address on.
    mov dword ptr [boot_image_pd], 0x200083
    mov dword ptr [boot_image_pd + 8], 0x400083
    mov dword ptr [boot_image_pd + 16], 0x600083
    mov dword ptr [boot_image_pd + 24], 0x800083

    mov cr3, ebx
    mov eax, cr4
    or eax, 0x20
    mov cr4, eax
    mov ecx, 0xc0000080
    rdmsr
    or eax, 0x101
    bt ebp, 20
    jnc 3f
    or eax, 0x800
3:  wrmsr
    mov eax, cr0
    or eax, 0x80010001
    and eax, 0x9fffffff
    mov cr0, eax
    lgdt [boot_gdt_pointer]
    ljmp 8, offset start64

no_long_mode:
    mov esi, offset no_long_mode_text
4:  lodsb
    test al, al
    jz 6f
    mov ah, al
    mov edx, 0x3fd
5:  in al, dx
    test al, 0x20
    jz 5b
    mov al, ah
    mov edx, 0x3f8
    out dx, al
    jmp 4b
6:  cli
    hlt
    jmp 6b

.code64
start64:
    mov eax, 0x10
    mov ds, eax
    mov es, eax
    mov ss, eax
    xor eax, eax
    mov fs, eax
    mov gs, eax
    # The stack by its address in the direct map: the identity map goes away.
    movabs rax, 0xffff830000000000
    lea rsp, [boot_stack_top]
    add rsp, rax
    xor ebp, ebp
    mov edi, edi
    mov esi, esi
    movabs rax, offset ringwall_start
    call rax
    ud2
