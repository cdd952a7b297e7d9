//! `XEN_DOMCTL_setvcpucontext` gives a virtual CPU a state, which `XEN_DOMCTL_getvcpucontext` reads: `public/domctl.h`. The
//! caller's own is `EINVAL`; a virtual CPU that there is not `EINVAL` or `ESRCH`; one without a state has none to be read:
//! `ENODATA`. Lesson 46: addresses in it are checked, and so is its root.
#![no_std]
#![no_main]

use guests::control::domctl;
use guests::domain::{CODE, DATA, Domain};
use guests::memory::NOBODYS;
use guests::sdk::abi::arch_x86::{VcpuContextFlags, VcpuGuestContext};
use guests::sdk::abi::domctl::{DomctlOp, VcpuContext};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, VcpuId};
use guests::{Answer, Check, address, code, ensure, equal, refused};

guests::rule!(check);

fn raw(operation: DomctlOp, domain: DomainId, vcpu: u32, place: u64) -> Answer {
    let mut argument = VcpuContext {
        vcpu: VcpuId::new(vcpu),
        ctxt: GuestAddress::new(place),
        ..VcpuContext::default()
    };
    domctl(operation, domain, &mut argument)
}

type Spoil = fn(&mut VcpuGuestContext);

fn check() -> Check {
    let domain = Domain::with_code(2, &code!("nop"))?;
    let good = domain.context()?;
    let place = address(&*good);
    let (set, get) = (DomctlOp::SetVcpuContext, DomctlOp::GetVcpuContext);
    for operation in [set, get] {
        let own = raw(operation, DomainId::DOM0, 0, place);
        refused(
            format_args!("{operation} of the caller"),
            own,
            &[Errno::EINVAL],
        )?;
        let none = raw(operation, domain.id(), 2, place);
        refused("no virtual CPU", none, &[Errno::EINVAL, Errno::ESRCH])?;
        let unmapped = raw(operation, domain.id(), 0, 0x10);
        refused("no context", unmapped, &[Errno::EFAULT])?;
    }
    refused(
        "one without a state",
        raw(get, domain.id(), 1, place),
        &[Errno::ENODATA],
    )?;

    let read = domain.get_context(0)?;
    let registers = &read.user_regs;
    equal(
        "RIP, RSP, RBX",
        [registers.rip, registers.rsp, registers.rbx],
        [CODE, DATA + 4096, DATA],
    )?;
    equal("CR3", read.ctrlreg[3], good.ctrlreg[3])?;
    equal("the kernel's stack", read.kernel_sp, good.kernel_sp)?;
    ensure!(
        read.flags
            .contains(VcpuContextFlags::IN_KERNEL | VcpuContextFlags::ONLINE),
        "the flags are {:?}",
        read.flags
    );
    ensure!(
        registers.rflags & 0x200 != 0,
        "RFLAGS are {:#x}",
        registers.rflags
    );

    let cases: [(&str, Spoil); 5] = [
        ("a first instruction", |state| {
            state.user_regs.rip = 0x8000_0000_0000_0000;
        }),
        ("a callback", |state| {
            state.failsafe_callback_eip = 0x8000_0000_0000_0000;
        }),
        ("a handler", |state| {
            state.trap_ctxt[3].address = GuestAddress::new(0x8000_0000_0000_0000);
        }),
        ("a root of nobody", |state| {
            state.ctrlreg[3] = VcpuGuestContext::mfn_to_cr3(NOBODYS);
        }),
        ("too many descriptors", |state| state.gdt_ents = 8193),
    ];
    for (what, spoil) in cases {
        let mut bad = domain.context()?;
        spoil(&mut bad);
        refused(what, domain.set_context(1, &bad), &[Errno::EINVAL])?;
    }
    // The data page is mapped writable, and no root.
    let mut writable = domain.context()?;
    let data = domain.frames()[5];
    writable.ctrlreg[3] = VcpuGuestContext::mfn_to_cr3(data);
    let answer = domain.set_context(1, &writable);
    refused(
        "a writable page as root",
        answer,
        &[Errno::EINVAL, Errno::EBUSY],
    )
}
