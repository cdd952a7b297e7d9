//! `GNTTABOP_query_size` says how large a grant table is and may become, `GNTTABOP_setup_table` makes it so
//! large and names its frames, `GNTTABOP_get_version` and `_set_version` its version: `public/grant_table.h`.
//! More frames than the maximum are refused, nobody's table is `GNTST_bad_domain`, and version 3 is none.
#![no_std]
#![no_main]

use guests::grants::{grant, one_status, status};
use guests::sdk::abi::grant_table::{
    GetVersion, GrantOp, GrantStatus, QuerySize, SetVersion, SetupTable,
};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall};
use guests::{Check, address_mut, ask, ensure, equal, granted, refused};

guests::rule!(check);

fn setup(dom: DomainId, frames: &mut [u64], count: u32) -> Result<i16, guests::Verdict> {
    let mut argument = SetupTable {
        dom,
        nr_frames: count,
        frame_list: GuestAddress::new(address_mut(frames)),
        ..SetupTable::default()
    };
    granted("setup_table", grant(GrantOp::SetupTable, &mut argument))?;
    Ok(argument.status)
}

fn check() -> Check {
    let mut size = QuerySize {
        dom: DomainId::SELF,
        ..QuerySize::default()
    };
    granted("query_size", grant(GrantOp::QuerySize, &mut size))?;
    status("query_size", size.status, GrantStatus::Okay)?;
    ensure!(
        size.nr_frames <= size.max_nr_frames && (4..=4096).contains(&size.max_nr_frames),
        "{} frames of {}",
        size.nr_frames,
        size.max_nr_frames
    );
    let mut frames = [0_u64; 4];
    status(
        "setup",
        setup(DomainId::SELF, &mut frames, 4)?,
        GrantStatus::Okay,
    )?;
    for (index, frame) in frames.iter().enumerate() {
        ensure!(*frame != 0, "no frame {index}");
        ensure!(
            !frames[..index].contains(frame),
            "a frame stands there twice"
        );
    }
    let again = frames;
    status(
        "again",
        setup(DomainId::SELF, &mut frames, 2)?,
        GrantStatus::Okay,
    )?;
    equal("the same frames", frames, again)?;
    granted("query_size", grant(GrantOp::QuerySize, &mut size))?;
    ensure!(
        size.nr_frames >= 4,
        "the table has shrunk to {}",
        size.nr_frames
    );
    let too_many = setup(DomainId::SELF, &mut frames, size.max_nr_frames + 1)?;
    one_status("too many", too_many, &[GrantStatus::GeneralError])?;
    let nobodys = setup(DomainId::new(1234), &mut frames, 1)?;
    status("nobody's", nobodys, GrantStatus::BadDomain)?;

    let mut version = GetVersion {
        dom: DomainId::SELF,
        ..GetVersion::default()
    };
    granted("get_version", grant(GrantOp::GetVersion, &mut version))?;
    equal("the version", version.version, 1)?;
    let mut set = SetVersion { version: 1 };
    granted("set_version 1", grant(GrantOp::SetVersion, &mut set))?;
    let mut set = SetVersion { version: 3 };
    let answer = grant(GrantOp::SetVersion, &mut set);
    refused("set_version 3", answer, &[Errno::EINVAL, Errno::ENOSYS])?;
    let answer = ask(Hypercall::GrantTableOp, [99, address_mut(&mut set), 1]);
    refused("no operation", answer, &[Errno::ENOSYS])
}
