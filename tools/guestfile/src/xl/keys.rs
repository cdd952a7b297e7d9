//! What xl's keys mean here.

use crate::document::Entry;
use crate::fields::{Draft, from_xl};
use crate::problem::Problem;
use crate::value::{Located, Value};

/// Keys for guests of other kinds, and of what dom0 does otherwise here. Each ends in a warning;
/// a `*` stands for any end.
#[rustfmt::skip]
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("bootloader*", "kernels are read from dom0's files: use kernel="),
    ("seclabel", "there are no security labels"),
    ("init_seclabel", "there are no security labels"),
    ("device_model_*", "PV guests have no device model"),
    ("pool", "there are no CPU pools"),
    ("cpus_soft", "there is no soft affinity"),
    ("nodes", "there are no NUMA nodes"),
    ("vfb", "there is no virtual frame buffer"),
    ("vkb", "there is no virtual keyboard"),
    ("keymap", "there is no virtual keyboard"),
    ("vnc*", "there is no virtual frame buffer"),
    ("sdl*", "there is no virtual frame buffer"),
    ("spice*", "there is no virtual frame buffer"),
    ("vtpm", "there is no virtual TPM"),
    ("p9", "there is no 9p back end"),
    ("pvcalls", "there is no pvcalls back end"),
    ("vsnd", "there is no virtual sound card"),
    ("usb*", "there is no virtual USB"),
    ("channel", "there are no channels"),
    ("rdm", "it is for HVM guests"),
    ("claim_mode", "memory is always claimed"),
    ("on_soft_reset", "soft resets are for HVM guests"),
    ("max_grant_frames", "the hypervisor's limit is used"),
    ("max_maptrack_frames", "the hypervisor's limit is used"),
    ("max_grant_version", "there is version 1 alone"),
    ("max_event_channels", "the hypervisor's limit is used"),
    ("e820_host", "guests have no devices of the machine"),
    ("localtime", "clocks run in UTC"),
    ("rtc_timeoffset", "clocks run in UTC"),
    ("timestamp", "it is read by nobody"),
    ("tsc_mode", "the time-stamp counter is native"),
    ("driver_domain", "dom0 alone drives devices"),
    ("passthrough", "guests have no devices of the machine"),
    ("irqs", "guests have no devices of the machine"),
    ("ioports", "guests have no devices of the machine"),
    ("iomem", "guests have no devices of the machine"),
    ("cpuid", "it is the hypervisor's to decide"),
    ("cpu_policy", "it is the hypervisor's to decide"),
    ("suppress_spurious_page_faults", "there is no shadow paging"),
    ("shadow_memory", "there is no shadow paging"),
    // Those of HVM guests.
    ("boot", "it is for HVM guests"), ("hap", "it is for HVM guests"),
    ("acpi*", "it is for HVM guests"), ("apic", "it is for HVM guests"),
    ("pae", "it is for HVM guests"), ("nx", "it is for HVM guests"),
    ("hpet", "it is for HVM guests"), ("viridian", "it is for HVM guests"),
    ("nestedhvm", "it is for HVM guests"), ("altp2m", "it is for HVM guests"),
    ("vga", "it is for HVM guests"), ("videoram", "it is for HVM guests"),
    ("stdvga", "it is for HVM guests"), ("gfx_passthru", "it is for HVM guests"),
    ("serial", "it is for HVM guests"), ("soundhw", "it is for HVM guests"),
    ("firmware*", "it is for HVM guests"), ("bios*", "it is for HVM guests"),
    ("smbios*", "it is for HVM guests"), ("xen_platform_pci", "it is for HVM guests"),
    ("timer_mode", "it is for HVM guests"), ("vpt_align", "it is for HVM guests"),
    ("mmio_hole", "it is for HVM guests"), ("ms_vm_genid", "it is for HVM guests"),
    ("opengl", "it is for HVM guests"), ("nographic", "it is for HVM guests"),
    ("pvshim*", "it is for PVH guests"), ("vuart", "it is for Arm"), ("gic_version", "it is for Arm"),
];

/// Sets all that a file says.
pub(crate) fn fill(draft: &mut Draft, entries: &[Entry]) -> Result<(), Problem> {
    for entry in entries {
        set(draft, entry).map_err(|problem| problem.at(entry.place))?;
    }
    join_command_line(draft);
    Ok(())
}

fn set(draft: &mut Draft, entry: &Entry) -> Result<(), Problem> {
    let value = &entry.value;
    if let Some(done) = from_xl(&entry.key).and_then(|name| draft.set(name, value)) {
        return done;
    }
    match entry.key.as_str() {
        "extra" => draft.extra = Some(value.as_text()?),
        "root" => draft.root = Some(value.as_text()?),
        // The kind of the guest: PV is the only one.
        "type" | "builder" => return check_kind(value),
        "pvh" if value.value == Value::Integer(0) => {}
        "pvh" => {
            return Err(value.problem("PVH guests need hardware virtualization: use type=\"pv\""));
        }
        "pci" | "dtdev" if value.as_list().is_empty() => {}
        "pci" | "dtdev" => {
            return Err(value.problem("guests can't have devices of the machine: remove this key"));
        }
        key => {
            let known = WITHOUT_EFFECT.iter().find(|(known, _)| matches(known, key));
            let reason = known.map_or("it is not known", |(_, reason)| reason);
            let line = format!("{key:?} has no effect: {reason}");
            draft.warnings.push((entry.place, line));
        }
    }
    Ok(())
}

fn matches(pattern: &str, key: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => key == pattern,
    }
}

fn check_kind(value: &Located) -> Result<(), Problem> {
    match value.as_text()?.as_str() {
        "pv" | "linux" | "generic" => Ok(()),
        other => Err(value.problem(format!(
            "{other:?} guests need hardware virtualization: only type=\"pv\" is there"
        ))),
    }
}

/// `cmdline=` alone, or `root=` and `extra=` together.
fn join_command_line(draft: &mut Draft) {
    let root = draft.root.take();
    let extra = draft.extra.take();
    if !draft.guest.cmdline.is_empty() {
        if root.is_some() || extra.is_some() {
            let line = "root= and extra= have no effect beside cmdline=".to_owned();
            draft.warnings.push((None, line));
        }
        return;
    }
    let root = root.map(|root| format!("root={root}"));
    let parts: Vec<_> = root.into_iter().chain(extra).collect();
    draft.guest.cmdline = parts.join(" ");
}
