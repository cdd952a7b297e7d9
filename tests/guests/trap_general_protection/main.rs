//! #GP (vector 13) has the selector that was to blame as error code, without its RPL, and 0 where none was. It stands
//! at the instruction, at both levels: SDM vol. 3A, 6.13 and 6.15. Privileged instructions that are not done for
//! the guest raise it too, and in user code all of them do.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, raises, raises_at_both};
use guests::{Check, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    // Behind the end of the GDT of the guest, which has none.
    let selector = code!("mov eax, 0x4b", "mov ds, eax");
    raises_at_both(&selector, Raised::by(13).error(0x48).at(selector.last(2)))?;
    for code in [
        code!("lgdt [rsp]"),
        code!("lidt [rsp]"),
        code!("lldt ax"),
        code!("ltr ax"),
        code!("rdpmc"),
        code!("mov cr8, rax"),
    ] {
        raises_at_both(&code, Raised::by(13).error(0))?;
    }
    for code in [
        code!("hlt"),
        code!("clts"),
        code!("invlpg [rsp]"),
        code!("wbinvd"),
        code!("mov rax, cr0"),
        code!("mov cr0, rax"),
        code!("mov rax, cr2"),
        code!("mov rax, cr3"),
        code!("mov cr3, rax"),
        code!("mov rax, cr4"),
        code!("mov cr4, rax"),
        code!("mov rax, dr0"),
        code!("mov dr7, rax"),
        code!("rdmsr"),
        code!("wrmsr"),
        code!("cli"),
        code!("sti"),
    ] {
        raises(&code, &code.at(Level::User), Raised::by(13).error(0))?;
    }
    Ok(())
}
