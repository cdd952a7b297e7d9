//! The messages of Ringwall's own hypercall.

use proptest::prelude::{any, proptest};
use ringwall_abi::ringwall::{
    DOMAINS, DomainStatistics, HeapStatistics, NUMBER, REPLY_MAX, REQUEST_MAX, Reply, Request,
    Statistics, VcpuStatistics, decode, encode,
};
use ringwall_abi::{DomainId, VcpuId};

/// Each request, as long as it gets.
const REQUESTS: [Request; 4] = [
    Request::Version,
    Request::Statistics {
        from: DomainId::new(u16::MAX),
    },
    Request::Vcpu {
        domain: DomainId::new(u16::MAX),
        vcpu: VcpuId::new(u32::MAX),
    },
    Request::Heap,
];

/// Each reply, as long as it gets.
const REPLIES: [Reply; 4] = [
    Reply::Version(u32::MAX),
    Reply::Statistics(Statistics {
        uptime_ns: u64::MAX,
        total_frames: u64::MAX,
        free_frames: u64::MAX,
        heap_frames: u64::MAX,
        domains: [Some(DomainStatistics {
            id: DomainId::new(u16::MAX),
            vcpus: u32::MAX,
            pages: u64::MAX,
            max_pages: u64::MAX,
        }); DOMAINS],
    }),
    Reply::Vcpu(VcpuStatistics {
        running_ns: u64::MAX,
        runnable_ns: u64::MAX,
        blocked_ns: u64::MAX,
        offline_ns: u64::MAX,
    }),
    Reply::Heap(HeapStatistics {
        frames: u64::MAX,
        bytes: u64::MAX,
    }),
];

#[test]
fn the_number_is_49() {
    assert_eq!(NUMBER.number(), 49);
}

#[test]
fn the_longest_messages_fit_and_survive() {
    for request in REQUESTS {
        let mut place = [0; REQUEST_MAX];
        let bytes = encode(&request, &mut place).expect("a request fits");
        assert_eq!(decode(bytes), Some(request));
    }
    for reply in REPLIES {
        let mut place = [0; REPLY_MAX];
        let bytes = encode(&reply, &mut place).expect("a reply fits");
        assert_eq!(decode(bytes), Some(reply));
    }
}

#[test]
fn the_bytes_of_version_1_stay() {
    let check = |request: Request, expected: &[u8]| {
        let mut place = [0; REQUEST_MAX];
        assert_eq!(encode(&request, &mut place), Some(expected));
    };
    let domain = DomainId::new(0x81);
    check(Request::Version, &[0]);
    check(Request::Statistics { from: domain }, &[1, 0x81, 1]);
    let vcpu = VcpuId::new(3);
    check(Request::Vcpu { domain, vcpu }, &[2, 0x81, 1, 3]);
    assert_eq!(decode(&[0, 5]), Some(Reply::Version(5)));
    let expected = Statistics {
        uptime_ns: 1,
        total_frames: 2,
        free_frames: 3,
        heap_frames: 4,
        ..Default::default()
    };
    assert_eq!(
        decode(&[1, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]),
        Some(Reply::Statistics(expected))
    );
}

#[test]
fn the_bytes_of_version_3_stay() {
    let mut place = [0; REQUEST_MAX];
    assert_eq!(encode(&Request::Heap, &mut place), Some(&[5][..]));
    let expected = HeapStatistics {
        frames: 1,
        bytes: 0x80,
    };
    assert_eq!(decode(&[5, 1, 0x80, 1]), Some(Reply::Heap(expected)));
}

#[test]
fn what_does_not_fit_is_not_written_past_its_place() {
    for reply in REPLIES {
        let mut place = [0; REPLY_MAX];
        let length = encode(&reply, &mut place).map_or(0, <[u8]>::len);
        for short in 0..length {
            assert_eq!(encode(&reply, &mut place[..short]), None);
        }
    }
}

#[test]
fn a_piece_of_a_message_and_a_message_with_more_are_none() {
    for reply in REPLIES {
        let mut place = [0; REPLY_MAX];
        let length = encode(&reply, &mut place).map_or(0, <[u8]>::len);
        for piece in (0..length).chain([length + 1]) {
            assert_eq!(decode::<Reply>(&place[..piece]), None);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_message_or_none(bytes in any::<Vec<u8>>()) {
        let mut place = [0; REPLY_MAX];
        if let Some(request) = decode::<Request>(&bytes) {
            let written = encode(&request, &mut place);
            assert_eq!(written.and_then(decode), Some(request));
        }
        if let Some(reply) = decode::<Reply>(&bytes) {
            let written = encode(&reply, &mut place);
            assert_eq!(written.and_then(decode), Some(reply));
        }
    }
}
