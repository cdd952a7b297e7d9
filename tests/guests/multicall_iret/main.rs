//! An `iret` inside of a `multicall` leads where it says, to user code too, and the calls behind it are not made: they would
//! be user code's. `public/xen.h`; Lesson 54: a list once went on after the mode had changed.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::{self, Level};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::xen::MulticallEntry;
use guests::{Check, address, address_mut, code, ensure, equal};

guests::rule!(check);

const MARK: u64 = 0x5a5a;

fn check() -> Check {
    attempt::take()?;
    let user = code!("mov ebx, 0x77");
    let call = code!("mov rsp, r15", "mov eax, 13", "mov esi, 3", "syscall");
    for level in Level::ALL {
        let stack = Page::new()?;
        // What `iret` takes from the kernel's stack.
        let target = user.at(level);
        let frame = [
            0,
            0,
            0,
            0,
            target.rip,
            target.cs,
            target.rflags,
            target.rsp,
            target.ss,
        ];
        for (index, word) in frame.into_iter().enumerate() {
            stack.write(256 + index, word);
        }
        let entry = |number: Hypercall| MulticallEntry {
            op: number.number().into(),
            result: MARK,
            ..MulticallEntry::default()
        };
        let mut list = [
            entry(Hypercall::XenVersion),
            entry(Hypercall::Iret),
            entry(Hypercall::XenVersion),
        ];
        let mut start = call.at(Level::Kernel);
        start.rdi = address_mut(&mut list);
        start.r15 = stack.address() + 256 * 8;
        let exit = start.go();
        ensure!(exit.ended(&user) && exit.rbx == 0x77, "{level:?}: {exit}");
        ensure!(
            exit.cs & 0xffff == target.cs,
            "{level:?}: it is entered with cs {:#x}",
            exit.cs
        );
        let list = core::hint::black_box(&list);
        equal("the call before it", list[0].result, 4 << 16 | 17)?;
        if level == Level::User {
            equal("the call behind it", list[2].result, MARK)?;
        }
        ensure!(address(list) != 0, "no list");
    }
    Ok(())
}
