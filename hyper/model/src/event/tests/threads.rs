//! Several CPUs at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ringwall_abi::{Port, VcpuId};

use super::operations::check_connections;
use super::support::Domain;
use crate::event::{Effect, Error, State, Virq};

const ROUNDS: usize = 20_000;

#[test]
fn binds_and_closes_of_both_ends_leave_connections_mutual() {
    let domains = [Domain::new(1), Domain::new(2)];
    let churn = |own: usize, ports: [u32; 3]| {
        let (own, other) = (&domains[own], &domains[1 - own]);
        for round in 0..ROUNDS {
            let port = Port::new(ports[round % 3]);
            match round % 5 {
                0 => drop(own.ports.alloc_unbound(other.id())),
                1 | 2 => drop(own.bind(other, port)),
                3 => drop(own.send(port, &[other])),
                _ => loop {
                    // The other end may connect between the look and the close.
                    if !matches!(own.close(port, &[other]), Err(Error::NeedsPeer(_))) {
                        break;
                    }
                },
            }
        }
    };
    thread::scope(|scope| {
        for own in [0, 1] {
            scope.spawn(move || churn(own, [1, 2, 3]));
            scope.spawn(move || churn(own, [3, 2, 1]));
        }
    });
    for domain in &domains {
        check_connections(domain, &[&domains[0], &domains[1]]);
    }
}

/// The far owner closes in the very moment in which it becomes connected.
#[test]
fn a_close_that_meets_a_bind_leaves_no_dangling_end() {
    let (a, b) = (Domain::new(1), Domain::new(2));
    let far = Port::new(1);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let Ok(port) = b.ports.alloc_unbound(a.id()) else {
                    continue;
                };
                let connected = |b: &Domain| {
                    b.ports
                        .status(far)
                        .is_ok_and(|status| status.state != State::Unbound { remote: a.id() })
                };
                while !connected(&b) && !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                b.close(port, &[&a]).expect("open");
            }
        });
        for _ in 0..ROUNDS / 10 {
            let Ok(port) = a.bind(&b, far) else { continue };
            // The close comes, and then this end is seen to wait.
            let give_up = Instant::now() + Duration::from_secs(30);
            while a.ports.status(port).map(|status| status.state)
                != Ok(State::Unbound { remote: b.id() })
            {
                assert!(Instant::now() < give_up, "a dangling end");
                thread::yield_now();
            }
            a.close(port, &[&b]).expect("open");
        }
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn no_event_is_lost_while_ports_come_and_go() {
    let (a, b) = (Domain::new(1), Domain::new(2));
    let (near, far) = a.connect(&b);
    let done = AtomicBool::new(false);
    let (sent, seen) = (AtomicU64::new(0), AtomicU64::new(0));
    let upcall = || {
        if b.bits.upcall(VcpuId::new(0)).contains(&far) {
            // Only now: what was sent since an earlier look may have been taken with it.
            seen.fetch_max(sent.load(Ordering::SeqCst), Ordering::SeqCst);
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                sent.fetch_add(1, Ordering::SeqCst);
                a.send(near, &[&b]).map(drop).expect("connected");
            }
            done.store(true, Ordering::SeqCst);
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                let port = b
                    .ports
                    .bind_virq(Virq::TIMER, VcpuId::new(1))
                    .expect("a port");
                let _ = b.ports.raise_virq(VcpuId::new(1), Virq::TIMER, &b.bits);
                b.close(port, &[&a]).expect("open");
            }
        });
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                upcall();
            }
        });
    });
    upcall();
    assert_eq!(seen.load(Ordering::SeqCst), ROUNDS as u64);
}

#[test]
fn a_poller_never_misses_an_event() {
    let (a, b) = (Domain::new(1), Domain::new(2));
    let (near, far) = a.connect(&b);
    b.bits.mask(far);
    let woken = AtomicBool::new(false);
    for _ in 0..ROUNDS / 20 {
        thread::scope(|scope| {
            scope.spawn(|| {
                if a.send(near, &[&b])
                    == Ok(Effect {
                        notify: None,
                        pollers: true,
                    })
                {
                    woken.store(true, Ordering::SeqCst);
                }
            });
            b.ports.begin_poll();
            let pending = b.ports.is_pending(far, &b.bits).expect("a port");
            while !pending && !woken.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            b.ports.end_poll();
        });
        woken.store(false, Ordering::SeqCst);
        b.ports.unmask(far, &b.bits).map(drop).expect("a port");
        b.bits.upcall(VcpuId::new(0));
        b.bits.mask(far);
    }
}
