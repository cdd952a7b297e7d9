//! DHCP: what is answered to a message (RFC 2131).

use std::net::Ipv4Addr;

use dhcproto::v4::{DhcpOption, Flags, HType, Message, MessageType, Opcode, OptionCode};
use dhcproto::{Decodable as _, Decoder, Encodable as _};
use ringwall_guestfile::Mac;

use super::leases::{Lease, Leases};

/// Bytes of a hardware address.
const MAC_LENGTH: u8 = 6;
/// Bytes before the options.
const HEADER: usize = 240;
/// The options that count here, each with its only length: requested address, message type, server.
const OPTIONS: [(u8, usize); 3] = [(50, 4), (53, 1), (54, 4)];
/// Fills space; ends the options.
const PAD: u8 = 0;
const END: u8 = 255;

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) message: Vec<u8>,
    /// Where it goes: the client's address if it has one, else everybody's.
    pub(super) to: Ipv4Addr,
    /// The lease that it gives.
    pub(super) lease: Option<Lease>,
}

/// Answers a message, if there is something to answer.
pub(super) fn answer(leases: &mut Leases, bytes: &[u8], domain: &str, now: u64) -> Option<Answer> {
    let request = Request::read(bytes)?;
    // Somebody else's business.
    if request
        .server
        .is_some_and(|server| server != leases.own().addr())
    {
        return None;
    }
    let mac = request.mac;
    match request.kind {
        MessageType::Discover => {
            let address = leases.offer(mac, request.wanted, now)?;
            request.reply(leases, domain, MessageType::Offer, address, None)
        }
        MessageType::Request => {
            // By `wanted` when it selects or starts again, by its address when it renews.
            let address = request.wanted.or(request.current)?;
            let Some(lease) = leases.take(mac, address, now) else {
                return request.refuse(leases.own().addr());
            };
            request.reply(leases, domain, MessageType::Ack, address, Some(lease))
        }
        MessageType::Inform => {
            let current = request.current?;
            let is_here = leases.own().contains(&current);
            is_here.then(|| {
                request.reply(
                    leases,
                    domain,
                    MessageType::Ack,
                    Ipv4Addr::UNSPECIFIED,
                    None,
                )
            })?
        }
        MessageType::Release => {
            leases.release(mac, request.current?, now);
            None
        }
        MessageType::Decline => {
            leases.decline(mac, request.wanted?);
            None
        }
        _ => None,
    }
}

/// What counts of a client's message.
struct Request {
    message: Message,
    kind: MessageType,
    mac: Mac,
    server: Option<Ipv4Addr>,
    wanted: Option<Ipv4Addr>,
    current: Option<Ipv4Addr>,
}

impl Request {
    fn read(bytes: &[u8]) -> Option<Self> {
        let message = Message::decode(&mut Decoder::new(&reduce(bytes)?)).ok()?;
        let is_request = message.opcode() == Opcode::BootRequest;
        let is_ethernet = message.htype() == HType::Eth && message.hlen() == MAC_LENGTH;
        // Nothing here relays.
        if !is_request || !is_ethernet || !message.giaddr().is_unspecified() {
            return None;
        }
        let mac = Mac(message.chaddr().try_into().ok()?);
        let is_group = mac.0.first().is_some_and(|first| first & 1 != 0);
        if is_group || mac.0 == [0; 6] {
            return None;
        }
        let options = message.opts();
        let server = match options.get(OptionCode::ServerIdentifier) {
            Some(DhcpOption::ServerIdentifier(server)) => Some(*server),
            _ => None,
        };
        let wanted = match options.get(OptionCode::RequestedIpAddress) {
            Some(DhcpOption::RequestedIpAddress(wanted)) => Some(*wanted),
            _ => None,
        };
        let current = Some(message.ciaddr()).filter(|address| !address.is_unspecified());
        Some(Self {
            kind: options.msg_type()?,
            mac,
            server,
            wanted,
            current,
            message,
        })
    }

    /// An offer or acknowledgement of `address`.
    fn reply(
        &self,
        leases: &Leases,
        domain: &str,
        kind: MessageType,
        address: Ipv4Addr,
        lease: Option<Lease>,
    ) -> Option<Answer> {
        let network = leases.own();
        let own = network.addr();
        let mut message = self.frame(kind, own);
        message.set_yiaddr(address);
        let options = message.opts_mut();
        options.insert(DhcpOption::SubnetMask(network.netmask()));
        options.insert(DhcpOption::BroadcastAddr(network.broadcast()));
        options.insert(DhcpOption::Router(vec![own]));
        options.insert(DhcpOption::DomainNameServer(vec![own]));
        options.insert(DhcpOption::DomainName(domain.to_owned()));
        if let Some(name) = leases.name(self.mac) {
            options.insert(DhcpOption::Hostname(name.to_owned()));
        }
        if !address.is_unspecified() {
            let seconds = leases.seconds(self.mac);
            options.insert(DhcpOption::AddressLeaseTime(seconds));
            options.insert(DhcpOption::Renewal(seconds / 2));
            options.insert(DhcpOption::Rebinding(seconds / 8 * 7));
        }
        // Only an address that is its own: else a guest could have us write to anybody. What it says in an
        // inform is in this network.
        let own_one = self
            .current
            .filter(|current| *current == address || address.is_unspecified());
        Some(Answer {
            message: message.to_vec().ok()?,
            to: own_one.unwrap_or(Ipv4Addr::BROADCAST),
            lease,
        })
    }

    fn refuse(&self, own: Ipv4Addr) -> Option<Answer> {
        let mut message = self.frame(MessageType::Nak, own);
        message.set_ciaddr(Ipv4Addr::UNSPECIFIED);
        Some(Answer {
            message: message.to_vec().ok()?,
            to: Ipv4Addr::BROADCAST,
            lease: None,
        })
    }

    fn frame(&self, kind: MessageType, own: Ipv4Addr) -> Message {
        let mut message = Message::default();
        message.set_opcode(Opcode::BootReply).set_htype(HType::Eth);
        message
            .set_xid(self.message.xid())
            .set_flags(Flags::default().set_broadcast());
        message
            .set_ciaddr(self.message.ciaddr())
            .set_chaddr(&self.mac.0);
        let options = message.opts_mut();
        options.insert(DhcpOption::MessageType(kind));
        options.insert(DhcpOption::ServerIdentifier(own));
        message
    }
}

/// The message with the options alone that count. The crate's reader trusts lengths of some others: an
/// option 152 of no bytes panics.
fn reduce(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, mut options) = bytes.split_at_checked(HEADER)?;
    let mut reduced = header.to_vec();
    while let Some((&code, rest)) = options.split_first() {
        options = match code {
            PAD => rest,
            END => break,
            _ => {
                let (&length, rest) = rest.split_first()?;
                let (value, rest) = rest.split_at_checked(usize::from(length))?;
                if OPTIONS.contains(&(code, value.len())) {
                    reduced.extend([code, length]);
                    reduced.extend(value);
                }
                rest
            }
        };
    }
    reduced.push(END);
    Some(reduced)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::leases::{KNOWN_SECONDS, OTHER_SECONDS};
    use super::*;

    const NOW: u64 = 1_000_000;
    const OWN: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);
    const GUEST: Mac = Mac([0, 0x16, 0x3e, 1, 2, 3]);

    fn leases() -> Leases {
        Leases::new("10.77.0.1/24".parse().unwrap(), [])
    }

    fn client(kind: MessageType) -> Message {
        let mut message = Message::default();
        message.set_xid(77).set_chaddr(&GUEST.0);
        message.opts_mut().insert(DhcpOption::MessageType(kind));
        message
    }

    fn ask(leases: &mut Leases, message: &Message) -> Option<(Message, Answer)> {
        let answer = answer(leases, &message.to_vec().unwrap(), "internal", NOW)?;
        Some((
            Message::decode(&mut Decoder::new(&answer.message)).unwrap(),
            answer,
        ))
    }

    fn request(address: Ipv4Addr) -> Message {
        let mut message = client(MessageType::Request);
        message
            .opts_mut()
            .insert(DhcpOption::RequestedIpAddress(address));
        message.opts_mut().insert(DhcpOption::ServerIdentifier(OWN));
        message
    }

    #[test]
    fn a_guest_gets_its_address_and_all_it_needs() {
        let mut leases = leases();
        let address = leases.add(GUEST, "web", None, NOW).unwrap();
        let (offer, _) = ask(&mut leases, &client(MessageType::Discover)).unwrap();
        assert_eq!((offer.yiaddr(), offer.xid()), (address, 77));
        assert_eq!(offer.opts().msg_type(), Some(MessageType::Offer));
        let (ack, answer) = ask(&mut leases, &request(address)).unwrap();
        assert_eq!(answer.to, Ipv4Addr::BROADCAST);
        assert_eq!(
            answer.lease.unwrap().expires,
            NOW + u64::from(KNOWN_SECONDS)
        );
        let expected = [
            DhcpOption::MessageType(MessageType::Ack),
            DhcpOption::ServerIdentifier(OWN),
            DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)),
            DhcpOption::BroadcastAddr(Ipv4Addr::new(10, 77, 0, 255)),
            DhcpOption::Router(vec![OWN]),
            DhcpOption::DomainNameServer(vec![OWN]),
            DhcpOption::DomainName("internal".into()),
            DhcpOption::Hostname("web".into()),
            DhcpOption::AddressLeaseTime(KNOWN_SECONDS),
        ];
        for option in expected {
            assert_eq!(ack.opts().get(OptionCode::from(&option)), Some(&option));
        }
        // It renews by its address, and is answered there.
        let mut renewal = client(MessageType::Request);
        renewal.set_ciaddr(address);
        let (ack, answer) = ask(&mut leases, &renewal).unwrap();
        assert_eq!((ack.yiaddr(), answer.to), (address, address));
    }

    #[test]
    fn what_it_may_not_have_is_refused() {
        let mut leases = leases();
        let other = Mac([2, 0, 0, 0, 0, 9]);
        let taken = leases.add(other, "other", None, NOW).unwrap();
        for address in [
            taken,
            OWN,
            Ipv4Addr::new(10, 77, 0, 255),
            Ipv4Addr::new(8, 8, 8, 8),
        ] {
            let (nak, answer) = ask(&mut leases, &request(address)).unwrap();
            assert_eq!(nak.opts().msg_type(), Some(MessageType::Nak), "{address}");
            assert_eq!((nak.yiaddr(), answer.lease), (Ipv4Addr::UNSPECIFIED, None));
            // An address that is not its own is not written to.
            let mut renewal = client(MessageType::Request);
            renewal.set_ciaddr(address);
            assert_eq!(
                ask(&mut leases, &renewal).unwrap().1.to,
                Ipv4Addr::BROADCAST
            );
        }
        assert_eq!(leases.name(other), Some("other"));
    }

    #[test]
    fn others_get_a_short_lease() {
        let mut leases = leases();
        let (offer, _) = ask(&mut leases, &client(MessageType::Discover)).unwrap();
        let time = offer.opts().get(OptionCode::AddressLeaseTime);
        assert_eq!(time, Some(&DhcpOption::AddressLeaseTime(OTHER_SECONDS)));
        assert_eq!(offer.opts().get(OptionCode::Hostname), None);
    }

    #[test]
    fn what_is_no_question_to_us_has_no_answer() {
        let mut to_another = request(Ipv4Addr::new(10, 77, 0, 9));
        let server = DhcpOption::ServerIdentifier(Ipv4Addr::new(10, 77, 0, 2));
        to_another.opts_mut().insert(server);
        let mut relayed = client(MessageType::Discover);
        relayed.set_giaddr([10, 77, 0, 3]);
        let mut reply = client(MessageType::Discover);
        reply.set_opcode(Opcode::BootReply);
        let mut group = client(MessageType::Discover);
        group.set_chaddr(&[0xff; 6]);
        let mut long = client(MessageType::Discover);
        long.set_chaddr(&[2; 16]);
        let mut far = client(MessageType::Inform);
        far.set_ciaddr([8, 8, 8, 8]);
        let nothing = client(MessageType::Request);
        let offer = client(MessageType::Offer);
        for message in [to_another, relayed, reply, group, long, far, nothing, offer] {
            assert!(ask(&mut leases(), &message).is_none(), "{message:?}");
        }
        assert_eq!(answer(&mut leases(), &[], "internal", NOW), None);
        assert_eq!(answer(&mut leases(), &[0; 2000], "internal", NOW), None);
    }

    #[test]
    fn options_that_do_not_count_are_not_read() {
        let plain = client(MessageType::Discover).to_vec().unwrap();
        for option in [
            [152, 0].as_slice(),
            &[152, 3, 1, 2, 3],
            &[PAD, PAD],
            &[81, 1, 0],
            &[50, 1, 9],
        ] {
            let mut bytes = plain[..HEADER].to_vec();
            bytes.extend(option);
            bytes.extend(&plain[HEADER..]);
            assert!(
                answer(&mut leases(), &bytes, "internal", NOW).is_some(),
                "{option:?}"
            );
        }
        // Cut within an option.
        assert_eq!(
            answer(&mut leases(), &plain[..HEADER + 2], "internal", NOW),
            None
        );
    }

    proptest! {
        #[test]
        fn no_bytes_harm(changes in prop::collection::vec((0..300_usize, any::<u8>()), 0..40), cut in 0..400_usize) {
            let mut bytes = request(Ipv4Addr::new(10, 77, 0, 9)).to_vec().unwrap();
            for (place, byte) in changes {
                if let Some(old) = bytes.get_mut(place) {
                    *old = byte;
                }
            }
            bytes.truncate(cut);
            let mut leases = leases();
            if let Some(answer) = answer(&mut leases, &bytes, "internal", NOW) {
                let is_here = leases.own().contains(&answer.to);
                prop_assert!(is_here || answer.to == Ipv4Addr::BROADCAST);
                prop_assert!(Message::decode(&mut Decoder::new(&answer.message)).is_ok());
            }
        }
    }
}
