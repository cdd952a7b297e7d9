//! What a domain finds that was built.

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::grant_table::{GrantEntry, GrantType};
use ringwall_abi::xen::{StartFlags, StartInfo};
use ringwall_abi::{DomainId, Mfn, Port, VcpuId};
use zerocopy::FromBytes as _;

use super::fake::{DOMAIN, Fake, GRANTS, SHARED_INFO};
use super::files::Files;
use super::kernel::{BASE, CODE, DATA, DATA_PAGE, PAGES, START};
use crate::{Built, Initrd, KernelImage, Plan, Request, build};

/// Pages of a domain of 128 MiB, and an odd number of them.
const SIZE: u64 = 32768;

fn made(machine: &Fake, plan: &Plan) -> Built {
    build(machine, plan).expect("it is built")
}

fn start_info(machine: &Fake, plan: &Plan) -> StartInfo {
    let page = plan.layout().start_info().first.raw() << 12;
    let bytes = machine.read(page, size_of::<StartInfo>());
    StartInfo::read_from_bytes(&bytes).expect("as long")
}

#[test]
fn the_kernel_is_at_its_place_and_the_rest_zeros() {
    for dirt in [0, 0xaa] {
        let machine = Fake {
            dirt,
            ..Fake::new(SIZE)
        };
        made(&machine, &Files::new("").plan(SIZE));
        assert_eq!(machine.read(START, 4), CODE);
        assert_eq!(machine.read(START + (DATA_PAGE << 12), 4), DATA);
        for page in (0..PAGES).filter(|page| *page != 0 && *page != DATA_PAGE) {
            let bytes = machine.read(START + (page << 12), 4096);
            assert!(bytes.iter().all(|byte| *byte == 0), "page {page}");
        }
    }
}

#[test]
fn the_list_has_each_frame() {
    let machine = Fake::new(SIZE + 3);
    let plan = Files::new("").plan(SIZE + 3);
    made(&machine, &plan);
    let state = machine.state.borrow();
    assert_eq!(state.p2m.len() as u64, SIZE + 3);
    let list = plan.layout().p2m().first.raw() << 12;
    for (&frame, mfn) in &state.p2m {
        assert_eq!(machine.read(list + 8 * frame, 8), mfn.raw().to_le_bytes());
    }
    let end = list + 8 * (SIZE + 3);
    assert_eq!(machine.read(end, 8), [0; 8]);
}

/// The machine frame and the entry that map a virtual address, walked from CR3 as the CPU does.
fn walk(machine: &Fake, cr3: u64, address: u64) -> Option<(Mfn, u64)> {
    let mut table = VcpuGuestContext::cr3_to_mfn(cr3);
    let mut entry = 0;
    for level in (0..4).rev() {
        let index = (address >> (12 + 9 * level)) & 511;
        let bytes = machine.read_frame(table, 8 * index as usize, 8);
        entry = u64::from_le_bytes(bytes.try_into().expect("eight"));
        if entry & 1 == 0 {
            return None;
        }
        table = Mfn::new(entry >> 12 & 0xff_ffff_ffff);
    }
    Some((table, entry))
}

#[test]
fn the_first_virtual_cpu_finds_its_memory() {
    let machine = Fake {
        dirt: 0x55,
        ..Fake::new(SIZE)
    };
    let plan = Files::new("").plan(SIZE);
    made(&machine, &plan);
    let context = machine.state.borrow().context.clone().expect("it is set");
    let registers = context.user_regs;
    assert_eq!(registers.rip, BASE + START);
    assert_eq!((registers.cs, registers.ss), (0xe033, 0xe02b));
    let layout = plan.layout();
    assert_eq!(
        Some(registers.rsi),
        layout.start_info().address.map(|address| address.raw())
    );
    let cr3 = context.ctrlreg[3];
    let (code, _) = walk(&machine, cr3, registers.rip).expect("it is mapped");
    assert_eq!(machine.read_frame(code, 0, 4), CODE);
    let (stack, entry) = walk(&machine, cr3, registers.rsp - 8).expect("it is mapped");
    assert_eq!(
        stack,
        machine.state.borrow().p2m[&layout.stack().first.raw()]
    );
    assert_ne!(entry & 2, 0, "the stack can be written");
    // Tables are read-only for their owner.
    let tables = layout.page_tables().address.expect("they are mapped").raw();
    let (root, entry) = walk(&machine, cr3, tables).expect("it is mapped");
    assert_eq!(Some(root), machine.state.borrow().root);
    assert_eq!(entry & 2, 0, "the root can't be written");
    assert!(walk(&machine, cr3, layout.region().end.raw()).is_none());
    let hypercalls = machine.state.borrow().hypercall_page;
    assert_eq!(
        hypercalls,
        Some(machine.state.borrow().p2m[&(START / 4096 + 1)])
    );
}

#[test]
fn the_kernel_is_told_what_it_has() {
    let machine = Fake::new(SIZE);
    let request = Request {
        command_line: "console=hvc0 quiet".to_owned(),
        store_domain: DomainId::new(3),
        ..Files::new("").request(SIZE)
    };
    let plan = Plan::new(request).expect("it fits");
    let built = made(&machine, &plan);
    let info = start_info(&machine, &plan);
    assert_eq!(info.magic, StartInfo::MAGIC);
    assert_eq!(info.nr_pages, SIZE);
    assert_eq!(info.shared_info.frame(), SHARED_INFO);
    assert_eq!(info.flags, StartFlags::empty());
    assert_eq!(
        info.domu_console(),
        (built.console.frame, built.console.port)
    );
    assert_eq!(
        (info.store_mfn, info.store_evtchn),
        (built.store.frame, built.store.port)
    );
    assert!(info.cmd_line.starts_with(b"console=hvc0 quiet\0"));
    let state = machine.state.borrow();
    assert_eq!(state.ports, [DomainId::new(3), DomainId::DOM0]);
    assert_eq!(
        (built.store.port, built.console.port),
        (Port::new(1), Port::new(2))
    );
}

#[test]
fn rings_are_granted_and_events_masked() {
    let machine = Fake {
        dirt: 0x11,
        ..Fake::new(SIZE)
    };
    let built = made(&machine, &Files::new("").plan(SIZE));
    let entries = [built.console, built.store].map(|ring| GrantEntry {
        flags: ringwall_abi::grant_table::GrantEntryFlags::from_bits_retain(
            GrantType::PermitAccess.number(),
        ),
        domid: DomainId::DOM0,
        frame: u32::try_from(ring.frame.raw()).expect("small"),
    });
    let table = machine.read_frame(GRANTS, 0, 24);
    assert_eq!(table[..16], *zerocopy::IntoBytes::as_bytes(&entries));
    assert_eq!(table[16..], [0; 8]);
    let shared = machine.read_frame(SHARED_INFO, 0, 32 * 64);
    for (offset, byte) in shared.iter().enumerate() {
        assert_eq!(*byte, u8::from(offset % 64 == 1), "byte {offset}");
    }
    for ring in [built.console, built.store] {
        assert_eq!(machine.read_frame(ring.frame, 0, 4096), [0; 4096]);
    }
}

#[test]
fn an_initrd_is_copied_and_its_last_page_filled() {
    let files = Files::new("");
    let path = files.directory.path().join("initrd");
    let content: Vec<u8> = (0..300_001_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    std::fs::write(&path, &content).expect("written");
    let machine = Fake {
        dirt: 0x77,
        ..Fake::new(SIZE)
    };
    let request = Request {
        initrd: Some(Initrd::open(&path).expect("it is there")),
        ..files.request(SIZE)
    };
    let plan = Plan::new(request).expect("it fits");
    made(&machine, &plan);
    let element = plan.layout().initrd().expect("there is one");
    for (index, page) in content.chunks(4096).enumerate() {
        let address = (element.first.raw() + index as u64) << 12;
        let mut expected = page.to_vec();
        expected.resize(4096, 0);
        assert_eq!(machine.read(address, 4096), expected, "page {index}");
    }
    let info = start_info(&machine, &plan);
    assert_eq!(info.mod_len, content.len() as u64);
    assert_eq!(
        Some(info.mod_start),
        element.address.map(|address| address.raw())
    );
}

#[test]
fn few_calls_are_made() {
    let machine = Fake::new(SIZE);
    made(&machine, &Files::new("").plan(SIZE));
    assert_eq!(machine.count("populate"), 1);
    // What holds something at once, then the shared page.
    assert_eq!(machine.count("map"), 2);
    assert!(machine.calls.borrow().len() < 20);
}

#[test]
fn memory_in_small_pieces_will_do() {
    for largest in [0, 3, 4, 8] {
        let machine = Fake {
            largest,
            ..Fake::new(SIZE)
        };
        made(&machine, &Files::new("").plan(SIZE));
        assert_eq!(machine.state.borrow().p2m.len() as u64, SIZE);
    }
}

#[test]
fn limits_and_pins_are_set() {
    let machine = Fake::new(SIZE);
    let mut request = Request {
        max_pages: 2 * SIZE,
        pinning: vec![vec![1, 2], vec![], vec![3]],
        ..Files::new("").request(SIZE)
    };
    request.settings.max_vcpus = 4;
    made(&machine, &Plan::new(request).expect("it fits"));
    let state = machine.state.borrow();
    assert!(state.exists && state.max_pages >= 2 * SIZE);
    let expected = [(VcpuId::new(0), vec![1, 2]), (VcpuId::new(2), vec![3])];
    assert_eq!(state.pinning, expected);
}

#[test]
fn a_kernel_from_the_cache_is_the_same() {
    let files = Files::packed("");
    let cache = files.cache();
    let mut frames = Vec::new();
    for _ in 0..3 {
        let machine = Fake {
            dirt: 0x99,
            ..Fake::new(SIZE)
        };
        let kernel = KernelImage::open(&files.kernel, Some(&cache)).expect("it is a kernel");
        let plan = Plan::new(Request::new(kernel, SIZE)).expect("it fits");
        assert_eq!(made(&machine, &plan).domain, DOMAIN);
        frames.push(
            (0..PAGES)
                .map(|page| machine.read(START + (page << 12), 4096))
                .collect::<Vec<_>>(),
        );
        let cached = std::fs::read_dir(files.directory.path().join("cache")).expect("it is there");
        assert_eq!(cached.count(), 1);
    }
    assert_eq!(frames[0], frames[1]);
    assert_eq!(frames[0], frames[2]);
    assert_eq!(frames[0][0][..4], *CODE);
}

#[test]
fn a_damaged_cache_is_as_none() {
    let files = Files::packed("");
    let cache = files.cache();
    let open = || KernelImage::open(&files.kernel, Some(&cache)).expect("it is a kernel");
    let facts = open().facts().clone();
    let directory = files.directory.path().join("cache");
    let entry = std::fs::read_dir(&directory).expect("it is there").next();
    let file = entry.expect("one").expect("readable").path();
    let whole = std::fs::read(&file).expect("readable");
    for content in [&whole[..whole.len() - 1], &whole[..10], &[]] {
        std::fs::write(&file, content).expect("written");
        assert_eq!(open().facts(), &facts);
        assert_eq!(std::fs::read(&file).expect("readable"), whole, "made anew");
    }
}
