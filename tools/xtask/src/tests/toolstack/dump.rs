//! Core files of domains: by command, and by the policy of one that crashed.

use anyhow::{Context, Result, ensure};
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};
use object::{LittleEndian, Object as _, ObjectSection as _};

use super::{Case, commands};
use crate::tests::case::Report;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "toolstack/dump",
            "a guest's memory is written to a core file that readers of Xen's find their way in",
        )
        .commands(commands(
            r#"
ringctl create /guests/linux.toml memory=80M vcpus=2 net= disk=
is_up linux
in_guest linux 'echo "needle-$((40 + 2))-in-memory" >/tmp/needle; cat /tmp/needle' '^needle-42'
expect 5 ringctl dump-core linux /none/core
expect 5 ringctl dump-core linux /dev/null
expect 3 ringctl dump-core dom0 /tmp/core
ringctl dump-core linux /tmp/core
in_guest linux 'echo goes-on-$((1 + 1))' 'goes-on-2'
[ "$(stat -c %a /tmp/core)" = 600 ] || fail 'others may read it'
grep -q 'needle-42-in-memory' /tmp/core || fail 'the memory is not in it'
echo "size=$(stat -c %s /tmp/core)"
# Its head: the header, the sections, the notes.
echo "head=$(head -c 8192 /tmp/core | hexdump -v -e '/1 "%02x"')"
# And the names of the sections: section 5 has them, whose header says where.
offset=$(hexdump -s 408 -n 4 -e '/4 "%u"' /tmp/core)
echo "offset=$offset"
echo "names=$(dd if=/tmp/core bs=1 skip=$offset count=80 2>/dev/null | hexdump -v -e '/1 "%02x"')"
ringctl destroy linux
ringctl create /guests/hello.toml --paused
expect 9 ringctl dump-core hello /tmp/core.hello
[ ! -e /tmp/core.hello ] && [ ! -e /tmp/core.hello.partial ] || fail 'half a core is left'
ringctl list | grep -q 'hello.*paused'
"#,
        ))
        .check(core)
        .limit_seconds(240),
        Case::new(
            "toolstack/crash",
            "a guest that crashed is dumped, destroyed, restarted or kept, as its policy says",
        )
        .commands(commands(
            r#"
cores=/var/lib/ringwall/dump
# Creates a Linux guest with this policy, and makes its kernel panic. A key of ringctl sysrq would not: Debian's
# kernels allow that one by the file alone.
crash_by() {
    ringctl create /guests/linux.toml memory=80M net= disk= on.crash=$1
    is_up linux
    printf '%s\n\035' 'echo c >/proc/sysrq-trigger' | ringctl console linux >/dev/null
}
step 'dumped and destroyed'
crash_by coredump-destroy
until_true '[ $(ringctl list | wc -l) = 1 ]'
ringctl events | grep "linux dumped $cores/linux.core"
ringctl events | grep 'linux shutdown crash'
[ $(stat -c %s $cores/linux.core) -gt 50000000 ] || fail 'the core is small'
ringctl logs linux | grep -q 'Kernel panic'
rm $cores/linux.core
step 'dumped and restarted'
crash_by coredump-restart
until_true 'ringctl events | grep -q "linux restarted"'
[ -s $cores/linux.core ] && rm $cores/linux.core
until_true '[ $(ringctl logs linux | grep -c "The guest is up") = 3 ]'
ringctl destroy linux
step 'kept'
crash_by preserve
until_true 'ringctl list | grep -q "crashed (crash)"'
ringctl explain linux | grep -q 'it has ended (crash) and is kept'
ringctl dump-core linux /tmp/core && rm /tmp/core
ringctl destroy linux
step 'renamed and restarted'
crash_by rename-restart
until_true 'ringctl list | grep -q "linux-[0-9]*.*crashed"'
until_true 'ringctl list | grep -v crashed | grep -q linux'
ringctl destroy --all
step 'a guest whose memory can not be listed is destroyed all the same'
ringctl create /guests/hello.toml on.poweroff=coredump-destroy
until_true '[ $(ringctl list | wc -l) = 1 ]'
ringctl events | grep 'hello failed its memory was not dumped'
[ $(ls $cores | wc -l) = 0 ] || fail 'half a core is left'
"#,
        ))
        .limit_seconds(400),
    ]
}

/// The notes' types of `public/elfnote.h`, and the mark of a PV domain.
const NOTE_HEADER: u32 = 0x0200_0001;
const NOTE_FORMAT: u32 = 0x0200_0003;
const PV: u64 = 0xf00f_ebed;

/// Reads the core's head as tools do that know the format.
fn core(report: &Report<'_>) -> Result<()> {
    report.succeeded()?;
    let number = |name| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "sizes of a file"
        )]
        report.number(name).map(|number| number as usize)
    };
    let (size, offset) = (number("size")?, number("offset")?);
    let part = |name| {
        let mut lines = report.output.lines();
        let hexadecimal = lines.find_map(|line| line.strip_prefix(name));
        bytes(hexadecimal.with_context(|| format!("no {name}"))?)
    };
    let (mut file, names) = (part("head=")?, part("names=")?);
    // The reader wants all of it there.
    file.resize(size, 0);
    let place = file.get_mut(offset..offset + names.len());
    place
        .context("names outside of the file")?
        .copy_from_slice(&names);
    let elf = ElfFile64::<LittleEndian>::parse(&*file)?;
    let endian = elf.endian();
    let header = elf.elf_header();
    ensure!(
        header.e_type(endian) == object::elf::ET_CORE,
        "it is no core"
    );
    let section = |name| {
        elf.section_by_name(name)
            .with_context(|| format!("no {name}"))
    };
    let mut counts = None;
    for section in elf.elf_section_table().iter() {
        let Some(mut notes) = section.notes(endian, &*file)? else {
            continue;
        };
        while let Some(note) = notes.next()? {
            ensure!(note.name() == b"Xen", "a note of somebody else");
            match note.n_type(endian).0 {
                NOTE_HEADER => counts = Some(words(note.desc())),
                NOTE_FORMAT => ensure!(words(note.desc()) == [1], "another format"),
                _ => {}
            }
        }
    }
    let counts = counts.context("no note has the counts")?;
    let [magic, vcpus, pages, page_size] = counts.as_slice() else {
        anyhow::bail!("the counts are {counts:?}");
    };
    ensure!(
        *magic == PV && *vcpus == 2 && *page_size == 4096,
        "{counts:?}"
    );
    // 80 MiB, but for a few pages that the guest has given back.
    ensure!((20_000..=20_480).contains(pages), "{pages} pages");
    for (name, length) in [
        (".xen_pages", pages * page_size),
        (".xen_p2m", pages * 16),
        (".xen_shared_info", 4096),
        (".xen_prstatus", vcpus * 5168),
    ] {
        ensure!(
            section(name)?.size() == length,
            "{name} has another size than {length}"
        );
    }
    Ok(())
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let (words, _) = bytes.as_chunks::<8>();
    words.iter().map(|word| u64::from_le_bytes(*word)).collect()
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>> {
    let pairs = hexadecimal.trim().as_bytes().chunks(2);
    pairs
        .map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?))
        .collect()
}
