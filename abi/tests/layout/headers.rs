//! The C headers, asked by a compiled program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One value that both languages have.
pub(crate) struct Check {
    /// What is compared, for the message.
    pub(crate) what: String,
    /// The value as a C expression.
    pub(crate) c: String,
    /// The value in Rust; 64 bits are compared.
    pub(crate) rust: u64,
}

const PRELUDE: &str = r#"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#define __XEN_TOOLS__ 1
#include <xen/xen.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/arch-x86/xen-mca.h>
#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/elfnote.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>
#include <xen/memory.h>
#include <xen/nmi.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
/* The error numbers, with those that only the hypervisor's side of the header has. */
#define __XEN__ 1
#define XEN_ERRNO(name, value) errno_##name = value,
enum {
#include <xen/errno.h>
};
#define DEFAULT_RING_ENTRIES(name) __CONST_RING_SIZE(name, 4096)
int main(void)
{
"#;

/// Compares all values; panics with a list of those that differ.
pub(crate) fn compare(name: &str, checks: &[Check]) {
    assert!(
        Path::new("/usr/include/xen/xen.h").exists(),
        "Xen's public headers are missing: install the Debian package libxen-dev"
    );
    let program: String = checks
        .iter()
        .map(|check| {
            format!(
                "    printf(\"%llu\\n\", (unsigned long long)({}));\n",
                check.c
            )
        })
        .collect();
    let output = run(name, &format!("{PRELUDE}{program}    return 0;\n}}\n"));
    let values: Vec<u64> = output
        .lines()
        .map(|line| line.parse().expect("the program prints numbers"))
        .collect();
    assert_eq!(
        values.len(),
        checks.len(),
        "the program printed every value"
    );
    let differences: Vec<String> = checks
        .iter()
        .zip(values)
        .filter(|(check, value)| check.rust != *value)
        .map(|(check, value)| {
            format!(
                "{}: {:#x} here, {value:#x} by the header ({})",
                check.what, check.rust, check.c
            )
        })
        .collect();
    assert!(
        differences.is_empty(),
        "the headers differ:\n{}",
        differences.join("\n")
    );
}

fn run(name: &str, source: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (source_path, program_path) = (
        directory.join(format!("{name}.c")),
        directory.join(format!("abi-{name}")),
    );
    fs::write(&source_path, source).expect("the target directory can be written");
    let compiled = Command::new("gcc")
        .args(["-m64", "-w", "-o"])
        .arg(&program_path)
        .arg(&source_path)
        .output()
        .unwrap_or_else(|error| {
            panic!("gcc can't be run ({error}): install the Debian package gcc")
        });
    assert!(
        compiled.status.success(),
        "gcc refuses {}; with \"No such file\", install the Debian packages libxen-dev and \
         libc6-dev:\n{}",
        source_path.display(),
        String::from_utf8_lossy(&compiled.stderr)
    );
    let output = Command::new(&program_path)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "the program ends well");
    String::from_utf8(output.stdout).expect("the program prints text")
}
