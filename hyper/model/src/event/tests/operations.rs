//! Each operation, its effects and its errors.

use core::sync::atomic::Ordering;

use proptest::prelude::*;
use ringwall_abi::{DomainId, Errno, Port, VcpuId};

use super::support::{Domain, PIRQS, VCPUS, notify};
use crate::event::{Effect, Error, PORTS, Pirq, Ports, State, Virq};

const V0: VcpuId = VcpuId::new(0);
const V1: VcpuId = VcpuId::new(1);

fn two() -> (Domain, Domain) {
    (Domain::new(1), Domain::new(2))
}

fn state(domain: &Domain, port: Port) -> State {
    domain.ports.status(port).expect("a port").state
}

#[test]
fn the_lowest_free_port_is_opened_and_never_port_0() {
    let domain = Domain::new(1);
    let open = || domain.ports.alloc_unbound(DomainId::DOM0).map(Port::raw);
    assert_eq!((open(), open(), open()), (Ok(1), Ok(2), Ok(3)));
    domain.close(Port::new(2), &[]).expect("open");
    assert_eq!((open(), open()), (Ok(2), Ok(4)));
}

#[test]
fn an_event_reaches_the_other_end() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    assert_eq!(a.send(near, &[&b]), Ok(notify(0)));
    // Again, before the guest looked: nobody needs to be told.
    assert_eq!(a.send(near, &[&b]), Ok(Effect::NONE));
    assert_eq!(b.bits.upcall(V0), [far]);
    assert_eq!(b.send(far, &[&a]), Ok(notify(0)));
    assert_eq!(a.bits.upcall(V0), [near]);
}

#[test]
fn a_second_port_of_a_word_needs_no_second_upcall() {
    let (a, b) = two();
    let ((n1, f1), (n2, f2)) = (a.connect(&b), a.connect(&b));
    assert_eq!(a.send(n1, &[&b]), Ok(notify(0)));
    assert_eq!(a.send(n2, &[&b]), Ok(Effect::NONE));
    assert_eq!(b.bits.upcall(V0), [f1, f2]);
}

#[test]
fn a_bind_makes_the_new_port_pending() {
    let (a, b) = two();
    let far = b.ports.alloc_unbound(a.id()).expect("a port");
    // Sent before there was a connection: dropped, and made up for by the bind.
    assert_eq!(b.send(far, &[&a]), Ok(Effect::NONE));
    let (near, effect) = a
        .ports
        .bind_interdomain(&b.ports, far, &a.bits)
        .expect("a connection");
    assert_eq!(effect, notify(0));
    assert_eq!(a.bits.upcall(V0), [near]);
}

#[test]
fn loopback_works_both_ways() {
    let a = Domain::new(1);
    let (near, far) = a.connect(&a);
    assert_eq!(a.send(near, &[]), Ok(notify(0)));
    assert_eq!(a.bits.upcall(V0), [far]);
    assert_eq!(a.send(far, &[]), Ok(notify(0)));
    assert_eq!(a.bits.upcall(V0), [near]);
    a.close(near, &[]).expect("open");
    assert_eq!(state(&a, far), State::Unbound { remote: a.id() });
}

#[test]
fn closing_one_end_leaves_the_other_waiting() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    assert_eq!(
        state(&b, far),
        State::Interdomain {
            remote: a.id(),
            port: near
        }
    );
    a.send(near, &[&b]).map(drop).expect("open");
    a.close(near, &[&b]).expect("open");
    assert_eq!(state(&a, near), State::Free);
    assert_eq!(state(&b, far), State::Unbound { remote: a.id() });
    assert_eq!(b.send(far, &[&a]), Ok(Effect::NONE));
    // And it can be bound again.
    assert!(a.bind(&b, far).is_ok());
}

#[test]
fn a_closed_port_is_pending_no_more() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    a.send(near, &[&b]).map(drop).expect("open");
    b.close(far, &[&a]).expect("open");
    assert_eq!(b.bits.upcall(V0), []);
}

#[test]
fn a_close_needs_the_domain_at_the_other_end() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    let close = |peer: Option<&Ports>| a.ports.close(near, peer, &a.bits, &a.lines);
    assert_eq!(close(None), Err(Error::NeedsPeer(b.id())));
    assert_eq!(
        close(Some(&Domain::new(9).ports)),
        Err(Error::NeedsPeer(b.id()))
    );
    assert_eq!(Errno::from(Error::NeedsPeer(b.id())), Errno::EAGAIN);
    assert_eq!(
        state(&b, far),
        State::Interdomain {
            remote: a.id(),
            port: near
        }
    );
    assert_eq!(close(Some(&b.ports)), Ok(()));
}

#[test]
fn a_port_that_waits_for_a_domain_that_is_not_there_can_be_closed() {
    let a = Domain::new(1);
    let port = a.ports.alloc_unbound(DomainId::new(77)).expect("a port");
    assert_eq!(a.close(port, &[]), Ok(()));
}

#[test]
fn an_event_that_crosses_a_close_is_dropped() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    let target = a.ports.target(near).expect("open").expect("connected");
    b.close(far, &[&a]).expect("open");
    let again = b.ports.bind_ipi(V0).expect("a port");
    assert_eq!(again, far);
    assert_eq!(b.ports.deliver(target, &b.bits), Effect::NONE);
}

#[test]
fn masked_ports_become_pending_silently() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    b.bits.mask(far);
    assert_eq!(a.send(near, &[&b]), Ok(Effect::NONE));
    assert_eq!(b.ports.is_pending(far, &b.bits), Ok(true));
    assert_eq!(b.ports.unmask(far, &b.bits), Ok(notify(0)));
    assert_eq!(b.ports.unmask(far, &b.bits), Ok(Effect::NONE));
    assert_eq!(b.bits.upcall(V0), [far]);
}

#[test]
fn pollers_hear_of_masked_ports_too() {
    let (a, b) = two();
    let (near, far) = a.connect(&b);
    b.bits.mask(far);
    b.ports.begin_poll();
    assert_eq!(
        a.send(near, &[&b]),
        Ok(Effect {
            notify: None,
            pollers: true
        })
    );
    b.ports.end_poll();
    b.bits.upcall(V0);
    assert_eq!(
        b.ports.is_pending(Port::new(150), &b.bits),
        Err(Error::BadPort)
    );
}

#[test]
fn ipis_go_to_their_vcpu() {
    let a = Domain::new(1);
    let port = a.ports.bind_ipi(V1).expect("a port");
    assert_eq!(a.send(port, &[]), Ok(notify(1)));
    assert_eq!(a.bits.upcall(V1), [port]);
    assert_eq!(a.bits.upcall(V0), []);
}

#[test]
fn each_vcpu_has_its_own_timer() {
    let a = Domain::new(1);
    let p0 = a.ports.bind_virq(Virq::TIMER, V0).expect("a port");
    let p1 = a.ports.bind_virq(Virq::TIMER, V1).expect("a port");
    assert!(a.ports.is_news(V1, Virq::TIMER, &a.bits));
    assert!(
        !a.ports.is_news(V1, Virq::DEBUG, &a.bits),
        "it is not bound"
    );
    assert_eq!(a.ports.raise_virq(V1, Virq::TIMER, &a.bits), notify(1));
    assert!(!a.ports.is_news(V1, Virq::TIMER, &a.bits), "it is pending");
    assert_eq!((a.bits.upcall(V0), a.bits.upcall(V1)), (vec![], vec![p1]));
    a.close(p1, &[]).expect("open");
    assert_eq!(a.ports.raise_virq(V1, Virq::TIMER, &a.bits), Effect::NONE);
    assert_eq!(a.ports.raise_virq(V0, Virq::TIMER, &a.bits), notify(0));
    assert_eq!(a.bits.upcall(V0), [p0]);
    assert!(a.ports.bind_virq(Virq::TIMER, V1).is_ok());
}

#[test]
fn a_global_virq_follows_bind_vcpu() {
    let a = Domain::new(1);
    let port = a.ports.bind_virq(Virq::CONSOLE, V0).expect("a port");
    assert_eq!(a.ports.bind_vcpu(port, V1), Ok(None));
    assert_eq!(a.ports.raise_virq(V0, Virq::CONSOLE, &a.bits), notify(1));
    a.close(port, &[]).expect("open");
    assert_eq!(a.ports.raise_virq(V0, Virq::CONSOLE, &a.bits), Effect::NONE);
    // A port that is used again notifies vCPU 0.
    assert_eq!(a.ports.alloc_unbound(a.id()), Ok(port));
    assert_eq!(a.ports.status(port).map(|status| status.vcpu), Ok(V0));
}

#[test]
fn pirqs_are_connected_and_disconnected() {
    let a = Domain::new(1);
    let pirq = Pirq::new(5);
    let port = a.ports.bind_pirq(pirq, &a.lines).expect("a port");
    assert_eq!(a.lines.0.load(Ordering::SeqCst), 1 << 5);
    assert_eq!(a.ports.bind_vcpu(port, V1), Ok(Some(pirq)));
    assert_eq!(a.ports.raise_pirq(pirq, &a.bits), notify(1));
    a.close(port, &[]).expect("open");
    assert_eq!(a.lines.0.load(Ordering::SeqCst), 0);
    assert_eq!(a.ports.raise_pirq(pirq, &a.bits), Effect::NONE);
    assert_eq!(a.ports.raise_pirq(Pirq::new(PIRQS), &a.bits), Effect::NONE);
}

#[test]
fn a_line_that_can_not_be_connected_leaves_nothing_behind() {
    let a = Domain::new(1);
    assert_eq!(
        a.ports.bind_pirq(Pirq::new(9), &a.lines),
        Err(Error::Line(Errno::EBUSY))
    );
    assert_eq!(
        a.ports.bind_pirq(Pirq::new(9), &()),
        Err(Error::Line(Errno::EPERM))
    );
    assert_eq!(a.ports.next_open(Port::new(0)), None);
    assert_eq!(a.ports.raise_pirq(Pirq::new(9), &a.bits), Effect::NONE);
}

#[test]
fn refusals() {
    let (a, b) = two();
    let ipi = a.ports.bind_ipi(V0).expect("a port");
    let timer = a.ports.bind_virq(Virq::TIMER, V0).expect("a port");
    let pirq = a.ports.bind_pirq(Pirq::new(1), &a.lines).expect("a port");
    let waiting = b.ports.alloc_unbound(DomainId::new(7)).expect("a port");
    let beyond = VcpuId::new(VCPUS);
    let bind = |port| a.ports.bind_interdomain(&b.ports, port, &a.bits).map(drop);
    for (result, error, errno) in [
        (
            a.ports.bind_ipi(beyond).map(drop),
            Error::NoSuchVcpu,
            Errno::ENOENT,
        ),
        (
            a.ports.bind_ipi(VcpuId::new(u32::MAX)).map(drop),
            Error::NoSuchVcpu,
            Errno::ENOENT,
        ),
        (
            a.ports.bind_virq(Virq::DEBUG, beyond).map(drop),
            Error::NoSuchVcpu,
            Errno::ENOENT,
        ),
        (
            a.ports.bind_vcpu(pirq, beyond).map(drop),
            Error::NoSuchVcpu,
            Errno::ENOENT,
        ),
        (Virq::new(24).map(drop), Error::BadVirq, Errno::EINVAL),
        (Virq::new(256).map(drop), Error::BadVirq, Errno::EINVAL),
        (
            a.ports.bind_virq(Virq::DOM_EXC, V1).map(drop),
            Error::GlobalVirq,
            Errno::EINVAL,
        ),
        (
            a.ports.bind_virq(Virq::TIMER, V0).map(drop),
            Error::VirqBound,
            Errno::EEXIST,
        ),
        (
            a.ports.bind_pirq(Pirq::new(1), &a.lines).map(drop),
            Error::PirqBound,
            Errno::EEXIST,
        ),
        (
            a.ports.bind_pirq(Pirq::new(PIRQS), &a.lines).map(drop),
            Error::BadPirq,
            Errno::EINVAL,
        ),
        (bind(Port::new(0)), Error::NotAccepting, Errno::EINVAL),
        (bind(waiting), Error::NotAccepting, Errno::EINVAL),
        (bind(Port::new(PORTS)), Error::NotAccepting, Errno::EINVAL),
        (
            bind(Port::new(u32::MAX)),
            Error::NotAccepting,
            Errno::EINVAL,
        ),
        (
            a.ports.bind_vcpu(ipi, V1).map(drop),
            Error::WrongKind,
            Errno::EINVAL,
        ),
        (
            a.ports.bind_vcpu(timer, V1).map(drop),
            Error::WrongKind,
            Errno::EINVAL,
        ),
        (
            a.send(timer, &[]).map(drop),
            Error::WrongKind,
            Errno::EINVAL,
        ),
        (a.send(pirq, &[]).map(drop), Error::WrongKind, Errno::EINVAL),
    ] {
        assert_eq!(result, Err(error));
        assert_eq!(Errno::from(error), errno);
    }
    for port in [0, 60, 199, PORTS - 1, PORTS, u32::MAX].map(Port::new) {
        assert_eq!(a.send(port, &[]), Err(Error::BadPort));
        assert_eq!(a.close(port, &[]), Err(Error::BadPort));
        assert_eq!(a.ports.unmask(port, &a.bits), Err(Error::BadPort));
        assert_eq!(a.ports.bind_vcpu(port, V0), Err(Error::BadPort));
        assert_eq!(a.ports.peer(port), Err(Error::BadPort));
    }
    // A refused bind leaves no port open.
    assert_eq!(a.ports.next_open(pirq), None);
}

#[test]
fn a_tool_that_counts_ports_up_finds_the_end() {
    let a = Domain::new(1);
    assert_eq!(a.ports.status(Port::new(0)), Err(Error::BadPort));
    a.ports.bind_ipi(V0).map(drop).expect("a port");
    assert_eq!(state(&a, Port::new(0)), State::Free);
    assert_eq!(state(&a, Port::new(2)), State::Free);
    assert_eq!(a.ports.status(Port::new(64)), Err(Error::BadPort));
}

#[test]
fn ports_run_out() {
    let a = Domain::new(1);
    let opened = (0..).take_while(|_| a.ports.bind_ipi(V0).is_ok()).count();
    assert_eq!(opened, 199);
    assert_eq!(a.ports.bind_ipi(V0), Err(Error::NoFreePort));
    assert_eq!(Errno::from(Error::NoFreePort), Errno::ENOSPC);
    let all = Ports::new(DomainId::DOM0, 1, 0, u32::MAX).expect("memory");
    let opened = (0..).take_while(|_| all.bind_ipi(V0).is_ok()).count();
    assert_eq!(opened, (PORTS - 1) as usize);
}

#[test]
fn no_memory_is_an_error() {
    let ports = Ports::new(DomainId::DOM0, u32::MAX, 0, PORTS);
    assert_eq!(ports.err().map(Errno::from), Some(Errno::ENOMEM));
}

#[test]
fn a_dying_domain_opens_nothing_and_a_reset_closes_all() {
    let (a, b) = two();
    let (_, far) = a.connect(&b);
    a.connect(&a);
    a.ports
        .bind_virq(Virq::CONSOLE, V0)
        .map(drop)
        .expect("a port");
    for _ in 0..80 {
        a.ports.bind_ipi(V1).map(drop).expect("a port");
    }
    a.ports.kill();
    assert_eq!(a.ports.bind_ipi(V0), Err(Error::Dying));
    assert_eq!(Errno::from(Error::Dying), Errno::ESRCH);
    let mut reached = Port::new(0);
    while let Some(port) = a.ports.next_open(reached) {
        a.close(port, &[&b]).expect("open");
        reached = port;
    }
    assert_eq!(a.ports.next_open(Port::new(0)), None);
    assert_eq!(state(&b, far), State::Unbound { remote: a.id() });
    assert_eq!(b.close(far, &[]), Ok(()));
}

#[derive(Clone, Debug)]
enum Step {
    Open(usize, usize),
    Bind(usize, usize, u32),
    Virq(usize, u32, u32),
    Ipi(usize, u32),
    Close(usize, u32),
    Send(usize, u32),
    BindVcpu(usize, u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let (domain, port, vcpu) = (0..3usize, 0..12u32, 0..VCPUS + 1);
    prop_oneof![
        1 => (domain.clone(), domain.clone()).prop_map(|(d, r)| Step::Open(d, r)),
        3 => (domain.clone(), domain.clone(), port.clone()).prop_map(|(d, r, p)| Step::Bind(d, r, p)),
        1 => (domain.clone(), 0..24u32, vcpu.clone()).prop_map(|(d, q, v)| Step::Virq(d, q, v)),
        1 => (domain.clone(), vcpu.clone()).prop_map(|(d, v)| Step::Ipi(d, v)),
        2 => (domain.clone(), port.clone()).prop_map(|(d, p)| Step::Close(d, p)),
        2 => (domain.clone(), port.clone()).prop_map(|(d, p)| Step::Send(d, p)),
        1 => (domain, port, vcpu).prop_map(|(d, p, v)| Step::BindVcpu(d, p, v)),
    ]
}

proptest! {
    /// Whatever guests do, connections are mutual.
    #[test]
    fn connections_are_mutual(steps in prop::collection::vec(step(), 0..80)) {
        let domains = [Domain::new(1), Domain::new(2), Domain::new(3)];
        let all = [&domains[0], &domains[1], &domains[2]];
        for step in steps {
            let _ = match step {
                Step::Open(d, r) => all[d].ports.alloc_unbound(all[r].id()).map(drop),
                Step::Bind(d, r, p) => all[d].bind(all[r], Port::new(p)).map(drop),
                Step::Virq(d, q, v) => Virq::new(q)
                    .and_then(|virq| all[d].ports.bind_virq(virq, VcpuId::new(v)))
                    .map(drop),
                Step::Ipi(d, v) => all[d].ports.bind_ipi(VcpuId::new(v)).map(drop),
                Step::Close(d, p) => all[d].close(Port::new(p), &all),
                Step::Send(d, p) => all[d].send(Port::new(p), &all).map(drop),
                Step::BindVcpu(d, p, v) => {
                    all[d].ports.bind_vcpu(Port::new(p), VcpuId::new(v)).map(drop)
                }
            };
            for domain in all {
                check_connections(domain, &all);
            }
        }
    }
}

pub(super) fn check_connections(domain: &Domain, all: &[&Domain]) {
    let mut reached = Port::new(0);
    while let Some(port) = domain.ports.next_open(reached) {
        reached = port;
        let status = domain.ports.status(port).expect("open");
        assert!(status.vcpu.raw() < VCPUS);
        assert_ne!(status.state, State::Free);
        if let State::Interdomain { remote, port: far } = status.state {
            let other = all
                .iter()
                .find(|other| other.id() == remote)
                .expect("a domain");
            let back = State::Interdomain {
                remote: domain.id(),
                port,
            };
            assert_eq!(other.ports.status(far).map(|status| status.state), Ok(back));
        }
    }
}

#[test]
fn ports_serve_one_domain_after_the_other() {
    let (first, other) = two();
    let port = first.ports.alloc_unbound(other.id()).expect("a port");
    let far = other.bind(&first, port).expect("a connection");
    first.ports.begin_poll();
    first.ports.kill();
    assert_eq!(first.ports.alloc_unbound(DomainId::DOM0), Err(Error::Dying));
    first.close(port, &[&other]).expect("an open port");
    assert_eq!(first.ports.next_open(Port::new(0)), None);
    first.ports.begin(DomainId::new(9), 3);
    assert_eq!(first.ports.domain(), DomainId::new(9));
    // The old connection is no way in, and the new domain has its own limit.
    assert_eq!(other.ports.target(far), Ok(None));
    let own = first.ports.alloc_unbound(DomainId::DOM0).expect("a port");
    assert_eq!(own, port);
    assert_eq!(other.bind(&first, own), Err(Error::NotAccepting));
    assert!(first.ports.alloc_unbound(DomainId::DOM0).is_ok());
    assert_eq!(
        first.ports.alloc_unbound(DomainId::DOM0),
        Err(Error::NoFreePort)
    );
    assert!(first.ports.bind_ipi(VcpuId::new(0)).is_err());
}
