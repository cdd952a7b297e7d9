//! A store: nodes, watches and transactions, as much as front ends need. And what it does wrong, if
//! it is told to.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::mem::offset_of;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use ringwall_abi::Port;
use ringwall_abi::io::xs_wire::{MessageHeader, MessageType, StoreRing};
use ringwall_sdk::SharedPage;
use ringwall_sdk::xenbus::Store;
use zerocopy::{FromBytes, IntoBytes};

use crate::world::{World, page_at};

pub(crate) const HOME: &str = "/local/domain/1";

/// What the tests see of the store. Copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Nodes(Rc<RefCell<Content>>);

/// A path and its new value, if any.
type Change = (String, Option<Vec<u8>>);

#[derive(Default)]
struct Content {
    nodes: BTreeMap<String, Vec<u8>>,
    watches: Vec<(String, String)>,
    permissions: BTreeMap<String, String>,
    /// Paths that changed and whose watches have not fired.
    changed: Vec<String>,
    /// Transactions that are to fail.
    refuse_commits: usize,
    transactions: BTreeMap<u32, Vec<Change>>,
    next_transaction: u32,
    /// Answers nothing.
    silent: bool,
    /// Bytes of names that a list may have.
    list_max: usize,
}

impl Nodes {
    pub(crate) fn set(&self, path: &str, value: &str) {
        let mut content = self.0.borrow_mut();
        content.set(path, Some(value.as_bytes().to_vec()));
    }

    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let content = self.0.borrow();
        let value = content.nodes.get(path)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    pub(crate) fn remove(&self, path: &str) {
        self.0.borrow_mut().set(path, None);
    }

    pub(crate) fn refuse_commits(&self, count: usize) {
        self.0.borrow_mut().refuse_commits = count;
    }

    pub(crate) fn silence(&self, silent: bool) {
        self.0.borrow_mut().silent = silent;
    }

    pub(crate) fn limit_lists(&self, bytes: usize) {
        self.0.borrow_mut().list_max = bytes;
    }

    pub(crate) fn watches(&self) -> usize {
        self.0.borrow().watches.len()
    }
}

impl Content {
    fn set(&mut self, path: &str, value: Option<Vec<u8>>) {
        match value {
            Some(value) => {
                self.nodes.insert(path.to_owned(), value);
            }
            None => {
                let below = format!("{path}/");
                let nodes = self.nodes.keys();
                let removed = nodes.filter(|other| other.starts_with(&below));
                self.changed.extend(removed.cloned());
                self.nodes
                    .retain(|other, _| other != path && !other.starts_with(&below));
            }
        }
        self.changed.push(path.to_owned());
    }

    fn children(&self, path: &str) -> Option<Vec<String>> {
        let below = format!("{}/", path.trim_end_matches('/'));
        let mut names: Vec<String> = self
            .nodes
            .keys()
            .filter_map(|other| other.strip_prefix(&below))
            .filter_map(|rest| rest.split('/').next())
            .map(str::to_owned)
            .collect();
        names.dedup();
        (!names.is_empty() || self.nodes.contains_key(path)).then_some(names)
    }
}

fn absolute(path: &str) -> String {
    if path.starts_with('/') || path.starts_with('@') {
        path.to_owned()
    } else {
        format!("{HOME}/{path}")
    }
}

/// The guest's connection, with a store behind it.
pub(crate) fn connect(world: &World) -> (Store<World>, Nodes) {
    let (store, page) = connection(world);
    let nodes = Nodes::default();
    nodes.limit_lists(4096);
    let mut server = Server {
        page,
        nodes: nodes.clone(),
        input: Vec::new(),
        output: VecDeque::new(),
    };
    world.add(move |_| server.run());
    (store, nodes)
}

/// The guest's connection, and its page as the other side sees it.
pub(crate) fn connection(world: &World) -> (Store<World>, SharedPage) {
    // It stays for ever, as the store's page does.
    let mut page = SharedPage::zeroed().unwrap();
    page.abandon();
    let other = page_at(page.address());
    (Store::new(world.clone(), page, Port::new(1)), other)
}

struct Server {
    page: SharedPage,
    nodes: Nodes,
    input: Vec<u8>,
    output: VecDeque<u8>,
}

impl Server {
    fn run(&mut self) {
        self.read();
        while let Ok((header, rest)) = MessageHeader::read_from_prefix(&self.input) {
            let Some(payload) = rest.get(..header.len as usize) else {
                break;
            };
            let payload = payload.to_vec();
            self.input.drain(..16 + payload.len());
            if !self.nodes.0.borrow().silent {
                self.handle(header, &payload);
            }
        }
        self.fire();
        self.write();
    }

    fn handle(&mut self, header: MessageHeader, payload: &[u8]) {
        let kind = MessageType::from_number(header.kind.into()).unwrap();
        match self.answer(kind, header.tx_id, payload) {
            Ok(answer) => self.message(header, header.kind, &answer),
            Err(errno) => {
                let text = format!("{errno}\0");
                self.message(header, MessageType::Error.number(), text.as_bytes());
            }
        }
    }

    fn answer(
        &self,
        kind: MessageType,
        transaction: u32,
        payload: &[u8],
    ) -> Result<Vec<u8>, &'static str> {
        let text = String::from_utf8_lossy(payload).into_owned();
        let mut parts = text.split('\0');
        let path = absolute(parts.next().unwrap());
        let second = parts.next().unwrap_or_default().to_owned();
        let mut content = self.nodes.0.borrow_mut();
        let pending = content
            .transactions
            .get(&transaction)
            .and_then(|changes| changes.iter().rev().find(|(other, _)| *other == path))
            .map(|(_, value)| value.clone());
        let current = pending.unwrap_or_else(|| content.nodes.get(&path).cloned());
        let change = |content: &mut Content, value: Option<Vec<u8>>| {
            match content.transactions.get_mut(&transaction) {
                Some(changes) => changes.push((path.clone(), value)),
                None => content.set(&path, value),
            }
            Ok(b"OK\0".to_vec())
        };
        match kind {
            MessageType::Read => current.ok_or("ENOENT"),
            MessageType::Write => change(&mut content, Some(second.into_bytes())),
            MessageType::Mkdir => match current {
                Some(_) => Ok(b"OK\0".to_vec()),
                None => change(&mut content, Some(Vec::new())),
            },
            MessageType::Rm => change(&mut content, None),
            MessageType::Directory => {
                let names = content.children(&path).ok_or("ENOENT")?;
                let list: String = names.iter().map(|name| format!("{name}\0")).collect();
                if list.len() > content.list_max {
                    return Err("E2BIG");
                }
                Ok(list.into_bytes())
            }
            MessageType::DirectoryPart => {
                let names = content.children(&path).ok_or("ENOENT")?;
                let list: String = names.iter().map(|name| format!("{name}\0")).collect();
                let rest = &list[second.parse::<usize>().unwrap()..];
                let mut part = String::from("7\0");
                if rest.len() < content.list_max {
                    part += rest;
                    part.push('\0');
                } else {
                    let end = rest[..content.list_max].rfind('\0').unwrap() + 1;
                    part += &rest[..end];
                }
                Ok(part.into_bytes())
            }
            MessageType::GetPerms => Ok(content
                .permissions
                .get(&path)
                .map_or("n0\0", String::as_str)
                .as_bytes()
                .to_vec()),
            MessageType::SetPerms => {
                let list = text.split_once('\0').unwrap().1.to_owned();
                content.permissions.insert(path.clone(), list);
                Ok(b"OK\0".to_vec())
            }
            MessageType::Watch => {
                content.watches.push((path.clone(), second));
                content.changed.push(path.clone());
                Ok(b"OK\0".to_vec())
            }
            MessageType::Unwatch => {
                let wanted = (path.clone(), second);
                let index = content.watches.iter().position(|watch| *watch == wanted);
                content.watches.remove(index.ok_or("ENOENT")?);
                Ok(b"OK\0".to_vec())
            }
            MessageType::TransactionStart => {
                content.next_transaction += 1;
                let id = content.next_transaction;
                content.transactions.insert(id, Vec::new());
                Ok(format!("{id}\0").into_bytes())
            }
            MessageType::TransactionEnd => {
                let changes = content.transactions.remove(&transaction).ok_or("ENOENT")?;
                if payload == b"T\0" {
                    if content.refuse_commits > 0 {
                        content.refuse_commits -= 1;
                        return Err("EAGAIN");
                    }
                    for (path, value) in changes {
                        content.set(&path, value);
                    }
                }
                Ok(b"OK\0".to_vec())
            }
            _ => Err("ENOSYS"),
        }
    }

    fn fire(&mut self) {
        let mut content = self.nodes.0.borrow_mut();
        let changed = std::mem::take(&mut content.changed);
        let watches = content.watches.clone();
        drop(content);
        for path in changed {
            for (watched, token) in &watches {
                if path == *watched || path.starts_with(&format!("{watched}/")) {
                    let payload = format!("{path}\0{token}\0");
                    let kind = MessageType::WatchEvent.number();
                    self.message(MessageHeader::default(), kind, payload.as_bytes());
                }
            }
        }
    }

    fn message(&mut self, request: MessageHeader, kind: u32, payload: &[u8]) {
        let header = MessageHeader {
            kind,
            len: payload.len().try_into().unwrap(),
            ..request
        };
        self.output.extend(header.as_bytes());
        self.output.extend(payload);
    }

    fn read(&mut self) {
        let word = |offset| self.page.u32(offset);
        let consumer = word(offset_of!(StoreRing, req_cons));
        let producer = word(offset_of!(StoreRing, req_prod)).load(Ordering::Acquire);
        let mut index = consumer.load(Ordering::Relaxed);
        while index != producer {
            let place = index as usize % StoreRing::SIZE;
            let byte = self.page.read_value(offset_of!(StoreRing, req) + place);
            self.input.push(byte.unwrap());
            index = index.wrapping_add(1);
        }
        consumer.store(index, Ordering::Release);
    }

    fn write(&mut self) {
        let word = |offset| self.page.u32(offset);
        let producer = word(offset_of!(StoreRing, rsp_prod));
        let consumer = word(offset_of!(StoreRing, rsp_cons)).load(Ordering::Acquire);
        let mut index = producer.load(Ordering::Relaxed);
        while (index.wrapping_sub(consumer) as usize) < StoreRing::SIZE {
            let Some(byte) = self.output.pop_front() else {
                break;
            };
            let place = index as usize % StoreRing::SIZE;
            let written = self
                .page
                .write_value(offset_of!(StoreRing, rsp) + place, &byte);
            written.unwrap();
            index = index.wrapping_add(1);
        }
        producer.store(index, Ordering::Release);
    }
}
