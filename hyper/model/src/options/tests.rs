//! Tests of the command line.

use proptest::prelude::*;
use ringwall_abi::PAGE_SHIFT;

use super::*;

fn faults(line: &str) -> Vec<(String, Fault)> {
    let options = Options::parse(line);
    options
        .complaints
        .iter()
        .map(|complaint| (complaint.option.to_owned(), complaint.fault))
        .collect()
}

/// What `change` makes of the defaults.
fn with(change: impl FnOnce(&mut Options<'static>)) -> Options<'static> {
    let mut options = Options::default();
    change(&mut options);
    options
}

#[test]
fn well_formed_options_are_taken() {
    let level = |always, limited| LogLevels { always, limited };
    let serial = SerialPort {
        baud: Baud::Rate(115_200),
        ..SerialPort::default()
    };
    let cases = [
        ("", Options::default()),
        ("com1=115200,8n1", with(|o| o.com1 = Some(serial))),
        ("com2=auto", with(|o| o.com2 = Some(SerialPort::default()))),
        (
            "com1=9600/1843200,7e2,0x2f8,3",
            with(|o| {
                o.com1 = Some(SerialPort {
                    baud: Baud::Rate(9600),
                    base_baud: Some(1_843_200),
                    data_bits: 7,
                    parity: Parity::Even,
                    stop_bits: 2,
                    io_base: Some(0x2f8),
                    irq: Some(3),
                });
            }),
        ),
        (
            "com1=115200,,0x3e8",
            with(|o| {
                o.com1 = Some(SerialPort {
                    io_base: Some(0x3e8),
                    ..serial
                })
            }),
        ),
        (
            "console=com2,vga",
            with(|o| o.consoles = Consoles::COM2 | Consoles::VGA),
        ),
        ("console=none", with(|o| o.consoles = Consoles::empty())),
        ("console=com1H", with(|o| o.consoles = Consoles::COM1)),
        (
            "loglvl=all",
            with(|o| o.log = level(LogLevel::All, LogLevel::All)),
        ),
        (
            "guest_loglvl=error/info",
            with(|o| o.guest_log = level(LogLevel::Error, LogLevel::Info)),
        ),
        (
            "loglvl=info/error",
            with(|o| o.log = level(LogLevel::Info, LogLevel::Info)),
        ),
        ("noreboot", with(|o| o.halt_on_crash = true)),
        ("noreboot noreboot=off", Options::default()),
        ("reboot=k", with(|o| o.reboot = RebootMethod::Keyboard)),
        ("reboot=warm,acpi", with(|o| o.reboot = RebootMethod::Acpi)),
        ("reboot=Power", with(|o| o.reboot = RebootMethod::Power)),
        ("maxcpus=4", with(|o| o.max_cpus = Some(4))),
        ("nosmp", with(|o| o.max_cpus = Some(1))),
        ("sched=null", with(|o| o.scheduler = Scheduler::Null)),
        (
            "console_timestamps",
            with(|o| o.timestamps = Timestamps::Date),
        ),
        (
            "console_timestamps=boot",
            with(|o| o.timestamps = Timestamps::Boot),
        ),
        (
            "console_timestamps=raw no-console_timestamps",
            Options::default(),
        ),
        ("conring_size=100", with(|o| o.log_ring_size = 128 << 10)),
        ("conring_size=1M", with(|o| o.log_ring_size = 1 << 20)),
        ("conring_size=9999T", with(|o| o.log_ring_size = 64 << 20)),
        (
            "sync_console watchdog=force",
            with(|o| (o.sync_console, o.watchdog) = (true, true)),
        ),
        ("sync_console no-sync_console", Options::default()),
        (
            "smep=hvm smap=0",
            with(|o| (o.smep, o.smap) = (false, false)),
        ),
        ("no-smap", with(|o| o.smap = false)),
        (
            "dom0_max_vcpus=2",
            with(|o| o.dom0_vcpus = Dom0Vcpus { min: 2, max: 2 }),
        ),
        (
            "dom0_max_vcpus=2-8",
            with(|o| o.dom0_vcpus = Dom0Vcpus { min: 2, max: 8 }),
        ),
        (
            "dom0_max_vcpus=-8",
            with(|o| o.dom0_vcpus = Dom0Vcpus { min: 1, max: 8 }),
        ),
        (
            "dom0_max_vcpus=2-",
            with(|o| {
                o.dom0_vcpus = Dom0Vcpus {
                    min: 2,
                    max: u32::MAX,
                }
            }),
        ),
        ("dom0=pv,verbose", Options::default()),
        (
            "watchdog -- quiet  loglvl=all ",
            with(|o| {
                o.watchdog = true;
                o.dom0_arguments = Some("quiet  loglvl=all");
            }),
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(Options::parse(line), expected, "{line}");
    }
}

#[test]
fn the_image_name_is_passed_over() {
    for line in [
        "/boot/ringwall.gz watchdog",
        "ringwall watchdog",
        "placeholder\t watchdog",
        "watchdog",
    ] {
        assert_eq!(Options::parse(line), with(|o| o.watchdog = true), "{line}");
    }
    // An option is an option, wherever it stands.
    assert_eq!(
        faults("a=b c"),
        [("a=b".into(), Fault::Unknown), ("c".into(), Fault::Unknown)]
    );
}

#[test]
fn malformed_options_are_named_and_change_nothing() {
    let words = [
        "dom0_mem=",
        "dom0_mem",
        "dom0_mem=12q",
        "dom0_mem=min:",
        "dom0_mem=1G,,2G",
        "dom0_mem=100%",
        "dom0_mem=1G+",
        "dom0_mem=+5%",
        "dom0_mem=--1G",
        "dom0_mem=99999999999T",
        "dom0_mem=0xg",
        "dom0_mem=18446744073709551615T",
        "dom0_max_vcpus=0",
        "dom0_max_vcpus=-",
        "dom0_max_vcpus=4-2",
        "dom0_max_vcpus=x",
        "no-dom0_max_vcpus",
        "com1",
        "com1=0",
        "com1=115200,9n1",
        "com1=115200,8x1",
        "com1=115200,8n3",
        "com1=1,8n1,0x10000",
        "com1=1,8n1,1,256",
        "com1=1,8n1,1,2,3",
        "com1=,8n",
        "console=",
        "console=tty",
        "console=com3",
        "console",
        "loglvl=",
        "loglvl=loud",
        "loglvl=all/",
        "reboot=",
        "reboot=z",
        "noreboot=maybe",
        "maxcpus=0",
        "maxcpus=-1",
        "maxcpus=+1",
        "maxcpus=4294967296",
        "nosmp=2",
        "sched=fair",
        "sync_console=2",
        "console_timestamps=noon",
        "conring_size=",
        "conring_size=k",
        "watchdog=often",
        "smep=x",
        "dom0=pvh",
        "no-dom0",
    ];
    for word in words {
        let options = Options::parse(word);
        let complaint = options.complaints.iter().next().expect(word);
        assert_eq!(complaint.option, word);
        let Fault::Malformed { expected } = complaint.fault else {
            panic!("{word}")
        };
        let text = complaint.to_string();
        assert!(text.contains(expected) && text.lines().count() == 1);
        assert_eq!(
            Options {
                complaints: Complaints::default(),
                ..options
            },
            Options::default()
        );
    }
}

#[test]
fn unknown_and_unused_options_are_told_apart() {
    let line = "x no-y z=1 iommu=verbose no-xpti spec-ctrl=no edd=off no-real-mode sched_credit_tslice_ms=5";
    let unknown: Vec<_> = faults(line)
        .into_iter()
        .map(|(word, fault)| (word, fault == Fault::Unknown))
        .collect();
    let expected = [
        ("no-y", true),
        ("z=1", true),
        ("iommu=verbose", false),
        ("no-xpti", false),
        ("spec-ctrl=no", false),
        ("edd=off", false),
        ("no-real-mode", false),
        ("sched_credit_tslice_ms=5", false),
    ];
    assert_eq!(
        unknown,
        expected.map(|(word, fault)| (word.to_owned(), fault))
    );
}

#[test]
fn complaints_are_bounded() {
    let line = "first ".to_owned() + &"a-wrong-option ".repeat(20);
    let complaints = Options::parse(&line).complaints;
    assert_eq!((complaints.iter().count(), complaints.omitted()), (16, 4));
    let long = Complaint {
        option: &"ä".repeat(500),
        fault: Fault::Unknown,
    };
    assert!(long.to_string().len() < 100);
}

#[test]
fn dom0_memory_is_resolved() {
    const MIB: u64 = (1 << 20) >> PAGE_SHIFT;
    let available = 1000 * MIB;
    let ok = |pages: u64, max: Option<u64>| {
        Ok(Dom0Pages {
            pages: pages * MIB,
            max_pages: max.map(|m| m * MIB),
        })
    };
    let too_much = |mib: u64| {
        Err(Dom0MemoryError::TooMuch {
            requested: mib * MIB,
            available,
        })
    };
    let cases = [
        ("dom0_mem=512M", ok(512, None)),
        ("dom0_mem=524288", ok(512, None)),
        ("dom0_mem=0x80000K", ok(512, None)),
        ("dom0_mem=536870912B", ok(512, None)),
        ("dom0_mem=512M,max:512M", ok(512, Some(512))),
        ("dom0_mem=512M,max:2G", ok(512, Some(2048))),
        ("dom0_mem=max:256M", ok(256, Some(256))),
        ("dom0_mem=-200M", ok(800, None)),
        ("dom0_mem=-200M,max:-100m", ok(800, Some(900))),
        ("dom0_mem=25%", ok(250, None)),
        ("dom0_mem=100M+25%", ok(350, None)),
        ("dom0_mem=-100M+25%", ok(150, None)),
        ("dom0_mem=10M,min:20M", ok(20, None)),
        ("dom0_mem=10M,min:20M,max:15M", ok(15, Some(15))),
        ("dom0_mem=1G", too_much(1024)),
        ("dom0_mem=min:2g", too_much(2048)),
        ("dom0_mem=0", Err(Dom0MemoryError::Nothing { available })),
        ("dom0_mem=-1T", Err(Dom0MemoryError::Nothing { available })),
    ];
    for (line, expected) in cases {
        let options = Options::parse(line);
        assert_eq!(options.complaints, Complaints::default(), "{line}");
        assert_eq!(options.dom0_memory.resolve(available), expected, "{line}");
    }
    // All but a sixteenth, at most 128 MiB.
    let default = |available: u64| Dom0Memory::default().resolve(available).unwrap().pages;
    assert_eq!(default(1024 * MIB), 960 * MIB);
    assert_eq!(default(8192 * MIB), 8064 * MIB);
}

#[test]
fn dom0_vcpus_follow_the_machine() {
    let cases = [
        ("dom0_max_vcpus=2-4", 1, 2),
        ("dom0_max_vcpus=2-4", 3, 3),
        ("dom0_max_vcpus=2-4", 9, 4),
        ("", 9, 9),
    ];
    for (line, cpus, expected) in cases {
        assert_eq!(
            Options::parse(line).dom0_vcpus.resolve(cpus),
            expected,
            "{line}"
        );
    }
}

/// An amount as it is written, and as it is.
fn amount() -> impl Strategy<Value = (String, Amount)> {
    let size = (any::<bool>(), 0_u64..1 << 20, 0_usize..6).prop_map(|(negative, number, unit)| {
        let (suffix, shift) = [
            ("", 10),
            ("B", 0),
            ("k", 10),
            ("M", 20),
            ("g", 30),
            ("T", 40),
        ][unit];
        let sign = if negative { "-" } else { "" };
        let amount = Amount {
            bytes: number << shift,
            negative,
            percent: None,
        };
        (format!("{sign}{number}{suffix}"), amount)
    });
    let share = |percent: u8| Amount {
        bytes: 0,
        negative: false,
        percent: Some(percent),
    };
    prop_oneof![
        size.clone(),
        (0_u8..100).prop_map(move |percent| (format!("{percent}%"), share(percent))),
        (size, 0_u8..100).prop_map(|((text, amount), percent)| {
            (
                format!("{text}+{percent}%"),
                Amount {
                    percent: Some(percent),
                    ..amount
                },
            )
        }),
    ]
}

proptest! {
    #[test]
    fn any_line_is_survived(line in any::<String>()) {
        let options = Options::parse(&line);
        for complaint in options.complaints.iter() {
            prop_assert!(!complaint.to_string().is_empty());
        }
    }

    #[test]
    fn any_value_is_survived(
        name in prop::sample::select(vec![
            "dom0_mem", "dom0_max_vcpus", "com1", "com2", "console", "console_timestamps",
            "conring_size", "loglvl", "guest_loglvl", "reboot", "noreboot", "maxcpus", "nosmp",
            "sched", "sync_console", "watchdog", "smep", "smap", "dom0",
        ]),
        value in "[-+0-9a-zA-Z,:/%=x]{0,12}",
        available: u64,
    ) {
        let line = format!("{name}={value}");
        let options = Options::parse(&line);
        prop_assert!(options.complaints.iter().count() <= 1);
        if let Ok(Dom0Pages { pages, max_pages }) = options.dom0_memory.resolve(available) {
            prop_assert!(1 <= pages && pages <= available);
            prop_assert!(max_pages.is_none_or(|max| pages <= max));
        }
    }

    #[test]
    fn amounts_are_read_as_written(
        (size, parsed_size) in amount(),
        (min, parsed_min) in amount(),
        (max, parsed_max) in amount(),
    ) {
        let line = format!("dom0_mem={size},min:{min},max:{max}");
        let options = Options::parse(&line);
        prop_assert_eq!(options.complaints, Complaints::default());
        prop_assert_eq!(options.dom0_memory, Dom0Memory {
            size: Some(parsed_size),
            min: Some(parsed_min),
            max: Some(parsed_max),
        });
    }

    #[test]
    fn serial_ports_are_read_as_written(
        baud in 1_u32..,
        data_bits in 5_u8..=8,
        parity in 0_usize..5,
        stop_bits in 1_u8..=2,
        io_base: u16,
        irq: u8,
    ) {
        let (letter, parity) = [
            ('n', Parity::None),
            ('o', Parity::Odd),
            ('e', Parity::Even),
            ('m', Parity::Mark),
            ('s', Parity::Space),
        ][parity];
        let line = format!("com2={baud},{data_bits}{letter}{stop_bits},{io_base:#x},{irq}");
        prop_assert_eq!(Options::parse(&line).com2, Some(SerialPort {
            baud: Baud::Rate(baud),
            base_baud: None,
            data_bits,
            parity,
            stop_bits,
            io_base: Some(io_base),
            irq: Some(irq),
        }));
    }
}
