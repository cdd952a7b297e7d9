//! Address translation for guests, by nftables over netlink.
//!
//! One table, `ringwall`, which is made anew as a whole: packets from the guests' network that leave
//! by another interface than its bridge get dom0's address there.

use std::ffi::CStr;
use std::io;

use ipnet::Ipv4Net;
use netlink_bindings::nftables::{
    Chained, CmpOps, MetaKeys, Nfgenmsg, PayloadBase, Registers, Request,
};
use netlink_socket2::{NetlinkSocket, ReplyError};

use super::links::{IPV4, refused};
use crate::Error;

const TABLE: &CStr = c"ringwall";
const CHAIN: &CStr = c"guests";
/// `NF_INET_POST_ROUTING`, and where source addresses are translated: `NF_IP_PRI_NAT_SRC`.
const POSTROUTING: u32 = 4;
const SOURCE_TRANSLATION: i32 = 100;
/// Where an IPv4 header has the source address, and its length.
const SOURCE: u32 = 12;
const SOURCE_LENGTH: u32 = 4;
/// Bytes of an interface's name in a register.
const NAME_LENGTH: usize = 16;
/// `NFNL_SUBSYS_NFTABLES`: whom a batch is for.
const NFTABLES: u16 = 10;
/// Messages of a batch, at most: their sequence numbers.
const BATCH: u32 = 16;
/// Linux's `ENOENT`.
const NO_SUCH_TABLE: i32 = 2;

/// Translates what comes from `network` and leaves elsewhere than by `bridge`; in place of what a
/// call before this said.
pub(super) fn translate(
    socket: &mut NetlinkSocket,
    network: Ipv4Net,
    bridge: &str,
) -> Result<(), Error> {
    let mut batch = Batch::new(socket);
    // The table must be there to be deleted, and be deleted to have no old rule.
    batch.add_table();
    batch.delete_table();
    batch.add_table();
    batch.add_chain();
    batch.add_rule(network, bridge);
    let result = batch.send(socket);
    result.map_err(|source| refused("to translate addresses by nftables".into(), source))
}

/// Ends it.
pub(super) fn stop(socket: &mut NetlinkSocket) -> Result<(), Error> {
    let mut batch = Batch::new(socket);
    batch.delete_table();
    match batch.send(socket) {
        Err(error) if error.raw_os_error() == Some(NO_SUCH_TABLE) => Ok(()),
        result => {
            result.map_err(|source| refused("to end the translation of addresses".into(), source))
        }
    }
}

/// Changes that the kernel makes all at once.
struct Batch(Chained<'static>);

impl Batch {
    fn new(socket: &mut NetlinkSocket) -> Self {
        let mut messages = Chained::new(socket.reserve_seq(BATCH));
        messages.request().op_batch_begin_do(&frame());
        Self(messages)
    }

    fn send(mut self, socket: &mut NetlinkSocket) -> io::Result<()> {
        self.request().op_batch_end_do(&frame());
        let messages = self.0.finalize();
        let mut replies = socket.request_chained(&messages)?;
        replies.recv_all().map_err(ReplyError::into)
    }

    fn request(&mut self) -> Request<'_> {
        self.0.request()
    }

    fn add_table(&mut self) {
        let mut request = self.request().set_create().op_newtable_do(&header());
        request.encode().push_name(TABLE);
    }

    fn delete_table(&mut self) {
        let mut request = self.request().op_deltable_do(&header());
        request.encode().push_name(TABLE);
    }

    fn add_chain(&mut self) {
        let mut request = self.request().set_create().op_newchain_do(&header());
        let chain = request
            .encode()
            .push_table(TABLE)
            .push_name(CHAIN)
            .push_type(c"nat");
        drop(
            chain
                .nested_hook()
                .push_num(POSTROUTING)
                .push_priority(SOURCE_TRANSLATION),
        );
    }

    /// `ip saddr NETWORK oifname != BRIDGE masquerade`
    fn add_rule(&mut self, network: Ipv4Net, bridge: &str) {
        let register = Registers::Reg1 as u32;
        let mut name = [0; NAME_LENGTH];
        for (place, byte) in name.iter_mut().zip(bridge.bytes()) {
            *place = byte;
        }
        let request = self.request().set_create().set_append();
        let mut request = request.op_newrule_do(&header());
        let rule = request.encode().push_table(TABLE).push_chain(CHAIN);
        let rule = rule.nested_expressions();
        let load = rule.nested_elem().nested_data_payload().push_dreg(register);
        let load = load.push_base(PayloadBase::NetworkHeader as u32);
        let rule = load
            .push_offset(SOURCE)
            .push_len(SOURCE_LENGTH)
            .end_nested()
            .end_nested();
        let mask = rule.nested_elem().nested_data_bitwise();
        let mask = mask
            .push_sreg(register)
            .push_dreg(register)
            .push_len(SOURCE_LENGTH);
        let mask = mask
            .nested_mask()
            .push_value(&network.netmask().octets())
            .end_nested();
        let mask = mask.nested_xor().push_value(&[0; 4]).end_nested();
        let rule = mask.end_nested().end_nested();
        let compare = rule.nested_elem().nested_data_cmp().push_sreg(register);
        let compare = compare.push_op(CmpOps::Eq as u32).nested_data();
        let compare = compare.push_value(&network.network().octets()).end_nested();
        let rule = compare.end_nested().end_nested();
        let load = rule.nested_elem().nested_data_meta();
        let load = load.push_key(MetaKeys::Oifname as u32).push_dreg(register);
        let rule = load.end_nested().end_nested();
        let compare = rule.nested_elem().nested_data_cmp().push_sreg(register);
        let compare = compare.push_op(CmpOps::Neq as u32).nested_data();
        let rule = compare
            .push_value(&name)
            .end_nested()
            .end_nested()
            .end_nested();
        drop(rule.nested_elem().push_name(c"masq"));
    }
}

fn header() -> Nfgenmsg {
    Nfgenmsg {
        nfgen_family: IPV4,
        ..Nfgenmsg::default()
    }
}

fn frame() -> Nfgenmsg {
    let mut frame = Nfgenmsg::default();
    frame.set_res_id(NFTABLES);
    frame
}
