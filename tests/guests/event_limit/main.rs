//! A domain has 4096 ports of two levels, of which 0 is none: the one that is too many is refused with
//! `ENOSPC`, and all others work: `public/event_channel.h`, `EVTCHN_2L_NR_CHANNELS`. The last port's bits lie
//! at the end of the arrays.
#![no_std]
#![no_main]

use guests::events::{close, event, ipi, send, set_masked, take_pending};
use guests::sdk::abi::event_channel::{BindIpi, EventChannelOp};
use guests::sdk::abi::{Errno, Port};
use guests::{Check, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let mut last = ipi()?;
    let mut count = 1;
    let answer = loop {
        let mut argument = BindIpi::default();
        let answer = event(EventChannelOp::BindIpi, &mut argument);
        if !answer.is_ok() {
            break answer;
        }
        last = argument.port;
        count += 1;
        ensure!(count < 5000, "there is no limit");
    };
    refused("one too many", answer, &[Errno::ENOSPC])?;
    equal("the last", last, Port::new(4095))?;
    set_masked(last, true);
    granted("send", send(last))?;
    ensure!(take_pending(last), "the last port is not pending");
    granted("close", close(last))?;
    equal("the last again", ipi()?, last)
}
