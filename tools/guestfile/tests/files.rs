//! Whole files: what they say, and what is wrong with them.

use std::path::Path;

use proptest::prelude::*;
use ringwall_guestfile::{Action, Affinity, FIELDS, Format, Guest, Parsed, Source};

fn read(name: &str, text: &str, overrides: &[&str]) -> Result<Parsed, String> {
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let source = Source::new(Path::new(name), text.to_owned());
    source
        .read(&overrides)
        .map_err(|problem| problem.to_string())
}

const TOML: &str = r#"
# A guest with everything.
name = "linux"
uuid = "12345678-1234-1234-1234-123456789ABC"
kernel = "vmlinuz"      # next to this file
ramdisk = "/boot/initrd.gz"
cmdline = "console=hvc0 root=/dev/xvda"
memory = 256
max_memory = "1G"
vcpus = 2
max_vcpus = 4
cpus = "0-1"
weight = 512
cap = 50
net = ["mac=00:16:3e:00:00:01,bridge=br0"]

[[disk]]
path = "disk.img"
device = "xvda"
access = "ro"

[[disk]]
path = "/dev/vg/data"
device = "xvdb"

[on]
reboot = "destroy"
crash = "preserve"
restart_limit = 2
"#;

const XL: &str = r#"
name = "linux"
uuid = "12345678-1234-1234-1234-123456789abc"
kernel = "vmlinuz"
ramdisk = '/boot/initrd.gz'
root = "/dev/xvda"
extra = "console=hvc0"
memory = 256; maxmem = 1024
vcpus = 2
maxvcpus = 4
cpus = "0-1"
cpu_weight = 512
cap = 50
vif = [ 'mac=00:16:3e:00:00:01,bridge=br0' ]
disk = [ "file:/images/disk.img,xvda,r",
         "/dev/vg/data,raw,xvdb,rw", ]
on_reboot = "destroy"
on_crash = 'preserve'
type = "pv"
"#;

#[test]
fn both_formats_say_the_same() {
    let toml = read("/images/a.toml", TOML, &[]).unwrap();
    let xl = read("/images/a.cfg", XL, &["on.restart_limit=2"]).unwrap();
    assert_eq!(toml.warnings, [""; 0]);
    assert_eq!(xl.warnings, [""; 0]);
    let expected = Guest {
        cmdline: "root=/dev/xvda console=hvc0".to_owned(),
        ..toml.guest.clone()
    };
    assert_eq!(xl.guest, expected);
    assert_eq!(toml.guest.kernel, Path::new("/images/vmlinuz"));
    assert_eq!(toml.guest.max_memory_kib, 1 << 20);
    assert_eq!(toml.guest.on.crash, Action::Preserve);
    assert_eq!(toml.guest.on.restart_limit, 2);
}

#[test]
fn the_format_is_found_without_a_name() {
    for (text, format) in [(TOML, Format::Toml), (XL, Format::Xl)] {
        assert_eq!(
            Source::new(Path::new("guest"), text.to_owned()).format(),
            format
        );
    }
    // Both formats could be meant: the keys decide.
    for (text, format) in [
        ("name = \"a\"\nmaxmem = 128\n", Format::Xl),
        ("name = \"a\"\nmemory = 128\n", Format::Toml),
    ] {
        assert_eq!(
            Source::new(Path::new("guest"), text.to_owned()).format(),
            format
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    const GOOD: &str = "name = \"a\"\nkernel = \"/k\"\n";
    for (name, text, expected) in [
        ("a.toml", "name = ", "a.toml:1:8: "),
        (
            "a.toml",
            "name = \"a\"\nkernle = \"k\"\n",
            "a.toml:2:1: no key is named \"kernle\": is \"kernel\" meant?",
        ),
        (
            "a.toml",
            "name = \"a\"\n\n  colour = 1\n",
            "a.toml:3:3: no key is named \"colour\"",
        ),
        (
            "a.toml",
            "[on]\nfire = \"destroy\"\n",
            "a.toml:2:1: no key is named \"on.fire\"",
        ),
        (
            "a.toml",
            "name = \"a b\"\n",
            "a.toml:1:8: \"a b\" is no name of a domain",
        ),
        (
            "a.toml",
            "name = \"12\"\n",
            "a.toml:1:8: \"12\" would be taken for a domain's number",
        ),
        (
            "a.toml",
            "memory = 1.5\n",
            "a.toml:1:10: no key takes fractions or dates",
        ),
        (
            "a.toml",
            "memory = \"1X\"\n",
            "a.toml:1:10: \"1X\" has an unknown unit",
        ),
        (
            "a.toml",
            "memory = -1\n",
            "a.toml:1:10: \"-1\" is not a size",
        ),
        (
            "a.toml",
            "memory = 0\n",
            "a.toml:1:10: 0 is not from 1M to 16T",
        ),
        (
            "a.toml",
            "vcpus = 0\n",
            "a.toml:1:9: 0 is not from 1 to 512",
        ),
        (
            "a.toml",
            "vcpus = true\n",
            "a.toml:1:9: expected a number, found true",
        ),
        (
            "a.toml",
            "name = [1]\n",
            "a.toml:1:8: expected a text, found a list",
        ),
        (
            "a.toml",
            "[[disk]]\npath = \"/x\"\ndevice = \"nvme0\"\n",
            "a.toml:3:1: \"nvme0\" is no virtual disk",
        ),
        (
            "a.toml",
            "[[disk]]\npath = \"/x\"\nmode = \"w\"\n",
            "a.toml:3:1: a disk has no key \"mode\"",
        ),
        (
            "a.toml",
            "[[disk]]\npath = \"/x\"\n",
            "a.toml:1:1: the disk has no device",
        ),
        (
            "a.toml",
            "net = [{mac = \"x\"}]\n",
            "a.toml:1:9: \"x\" is no hardware address",
        ),
        (
            "a.toml",
            "on.crash = \"explode\"\n",
            "a.toml:1:12: \"explode\" is no action",
        ),
        (
            "a.toml",
            "kernel = \"/k\"\n",
            "a.toml: the guest has no name",
        ),
        (
            "a.toml",
            "name = \"a\"\n",
            "a.toml: the guest has no kernel",
        ),
        (
            "a.cfg",
            "name = 'a'\nkernel = '/k'\ntype = 'hvm'\n",
            "a.cfg:3:8: \"hvm\" guests need hardware virtualization",
        ),
        (
            "a.cfg",
            "name = 'a'\npci = ['01:00.0']\n",
            "a.cfg:2:7: guests can't have devices of the machine",
        ),
        (
            "a.cfg",
            "disk = ['/x,qcow2,xvda,w']\n",
            "a.cfg:1:9: disk format \"qcow2\" is not known",
        ),
        (
            "a.cfg",
            "vif = ['mac=1']\n",
            "a.cfg:1:8: \"1\" is no hardware address",
        ),
        ("a.cfg", "name = 'a\n", "a.cfg:1:8: the text is not closed"),
    ] {
        let message = read(name, text, &[]).unwrap_err();
        assert!(
            message.starts_with(expected),
            "{text:?}\n     is {message}\n not {expected}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
    for (overrides, expected) in [
        (
            ["memory=2G", "max_memory=1G"],
            "a: max_memory (1048576 KiB) is less than memory",
        ),
        (
            ["vcpus=4", "max_vcpus=2"],
            "a: max_vcpus (2) is less than vcpus (4)",
        ),
        (
            ["disk=/x,raw,xvda", "disk+=/y,raw,xvda"],
            "a: two disks are named xvda",
        ),
        (["net=mac=00:16:3e:0:0:1", ""], "net=mac=00:16:3e:0:0:1: "),
        (["memory", ""], "memory: expected key=value"),
        (
            ["memori=1", ""],
            "memori=1: no key is named \"memori\": is \"memory\" meant?",
        ),
        (
            ["memory+=1", ""],
            "memory+=1: only disk, net and cmdline can be added to",
        ),
    ] {
        let given: Vec<_> = overrides
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        let message = read("a", GOOD, &given).unwrap_err();
        assert!(
            message.starts_with(expected),
            "{given:?}\n     is {message}\n not {expected}"
        );
    }
}

#[test]
fn overrides_come_last() {
    let parsed = read(
        "/x/a.toml",
        TOML,
        &[
            "name=b",
            "memory=64",
            "maxmem=128M",
            "extra=quiet",
            "on_crash=restart",
            "cpus=[0,1-2]",
            "disk=",
            "net+=",
            "kernel=/k",
        ],
    );
    let guest = parsed.unwrap().guest;
    assert_eq!(
        (guest.name.as_str(), guest.memory_kib, guest.max_memory_kib),
        ("b", 65536, 131_072)
    );
    assert_eq!(guest.cmdline, "console=hvc0 root=/dev/xvda quiet");
    assert_eq!(guest.on.crash, Action::Restart);
    assert!(matches!(guest.cpus, Affinity::Each(sets) if sets.len() == 2));
    assert_eq!((guest.disks.len(), guest.nets.len()), (0, 2));
    assert_eq!(guest.kernel, Path::new("/k"));
}

#[test]
fn keys_without_effect_are_named() {
    let text = "name='a'\nkernel='/k'\nvnc=1\nbootloader='pygrub'\nfrobnicate=1\nroot='/dev/x'\n\
                cmdline='quiet'\ndevice_model_version='x'\n";
    let parsed = read("a.cfg", text, &[]).unwrap();
    for (line, expected) in parsed.warnings.iter().zip([
        "a.cfg:3:1: \"vnc\" has no effect: there is no virtual frame buffer",
        "a.cfg:4:1: \"bootloader\" has no effect: kernels are read from dom0's files",
        "a.cfg:5:1: \"frobnicate\" has no effect: it is not known",
        "a.cfg:8:1: \"device_model_version\" has no effect: PV guests have no device model",
        "a.cfg: root= and extra= have no effect beside cmdline=",
    ]) {
        assert!(line.starts_with(expected), "{line}");
    }
    assert_eq!(parsed.warnings.len(), 5);
}

#[test]
fn files_that_are_none_are_refused() {
    let directory = std::env::temp_dir().join(format!("guestfile-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let binary = directory.join("a");
    std::fs::write(&binary, b"name = \"a\"\nkernel = \xff").unwrap();
    let message = |path: &Path| Source::open(path).unwrap_err().to_string();
    assert!(message(&binary).ends_with(":2:10: it is no text: guest files are UTF-8"));
    assert!(message(&directory).ends_with("it is no file"));
    assert!(message(&directory.join("none")).contains("No such file"));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn every_key_is_documented() {
    let documentation = include_str!("../README.md");
    for field in FIELDS {
        let xl = if field.xl.is_empty() {
            "-".to_owned()
        } else {
            format!("`{}`", field.xl)
        };
        let row = format!(
            "| `{}` | {xl} | {} | {} |",
            field.name, field.takes, field.about
        );
        assert!(
            documentation.lines().any(|line| line == row),
            "README.md lacks:\n{row}"
        );
    }
}

/// Texts near to a file: pieces of both formats, in any order, cut anywhere.
fn damaged() -> impl Strategy<Value = String> {
    let whole = prop_oneof![Just(TOML), Just(XL)];
    (
        whole,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        ".{0,8}",
    )
        .prop_map(|(text, from, to, insert)| {
            let characters: Vec<char> = text.chars().collect();
            let (from, to) = (from.index(characters.len()), to.index(characters.len()));
            let start: String = characters.iter().take(from).collect();
            let end: String = characters.iter().skip(to).collect();
            start + &insert + &end
        })
}

proptest! {
    #[test]
    fn no_text_ends_in_a_panic(text in prop_oneof![damaged(), "\\PC{0,64}", any::<String>()],
                               value in "\\PC{0,24}") {
        for name in ["a", "a.toml", "a.cfg"] {
            if let Err(message) = read(name, &text, &[]) {
                prop_assert!(message.starts_with(name));
                prop_assert!(!message.contains('\n'), "{}", message);
            }
        }
        for field in FIELDS {
            let _ = read("a", "name='a'", &[&format!("{}={value}", field.name)]);
        }
    }

    #[test]
    fn a_guest_survives_json(memory in 1_u32..100_000, vcpus in 1_u32..64) {
        let given = [format!("memory={memory}"), "max_memory=".to_owned() + &memory.to_string(),
                     format!("vcpus={vcpus}"), format!("max_vcpus={vcpus}")];
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        let guest = read("/i/a.toml", TOML, &given).unwrap().guest;
        prop_assert_eq!(guest.memory_kib, u64::from(memory) << 10);
        prop_assert_eq!(guest.vcpus, vcpus);
    }
}
