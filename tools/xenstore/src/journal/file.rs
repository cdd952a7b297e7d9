//! The format: a head, the state as a whole, then records.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::map::Records;
use crate::engine::{Engine, EngineImage, Record, Replay};

/// What a file of ours starts with; the number counts up when a record's format changes.
const MAGIC: &str = "ringwall-xenstore 1";
/// Bytes of records after which the state is written anew, if that disturbs nobody.
const ENOUGH: usize = 1 << 20;
/// Bytes that there are for records.
const ROOM: usize = 2 << 20;

/// The first record.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    magic: &'a str,
    /// Which start of the machine the state belongs to.
    boot: &'a str,
}

/// A file with the state.
#[derive(Debug)]
pub(super) struct StateFile {
    records: Records,
    enough: usize,
}

/// What a file had in it.
pub(super) enum Content {
    /// A state, and how many records led there from what was written as a whole.
    State(Box<Engine>, usize),
    /// That of another start of the machine.
    Old,
    /// Something that can't be read.
    Damaged,
}

impl StateFile {
    /// Writes the state to a new file.
    pub(super) fn create(path: &Path, boot: &str, image: &EngineImage) -> io::Result<Self> {
        let image = postcard::to_allocvec(image).map_err(io::Error::other)?;
        let head = postcard::to_allocvec(&Head { magic: MAGIC, boot }).map_err(io::Error::other)?;
        let start = head.len().saturating_add(image.len()).saturating_add(64);
        let mut records = Records::create(path, start.saturating_add(ROOM))?;
        for bytes in [head, image] {
            let copy = |room: &mut [u8]| {
                room.get_mut(..bytes.len())?.copy_from_slice(&bytes);
                Some(bytes.len())
            };
            records.append(copy).ok_or(io::ErrorKind::StorageFull)?;
        }
        Ok(Self {
            records,
            enough: start.saturating_add(ENOUGH),
        })
    }

    /// Reads what [`StateFile::create`] and [`StateFile::append`] wrote.
    pub(super) fn read(path: &Path, boot: &str) -> io::Result<Content> {
        let mut records = Records::open(path)?;
        let head = records
            .next()
            .and_then(|bytes| postcard::from_bytes::<Head<'_>>(bytes).ok());
        match head {
            Some(head) if head.magic == MAGIC && head.boot == boot => {}
            Some(head) if head.magic == MAGIC => return Ok(Content::Old),
            _ => return Ok(Content::Damaged),
        }
        let image = records
            .next()
            .and_then(|bytes| postcard::from_bytes(bytes).ok());
        let Some(mut engine) = image.and_then(Engine::restore) else {
            return Ok(Content::Damaged);
        };
        let (mut replay, mut count) = (Replay::default(), 0_usize);
        while let Some(bytes) = records.next() {
            let Ok(record) = postcard::from_bytes::<Record<'_>>(bytes) else {
                return Ok(Content::Damaged);
            };
            replay.apply(&mut engine, &record);
            count = count.saturating_add(1);
        }
        Ok(Content::State(Box::new(engine), count))
    }

    /// Keeps a record, if there is room.
    pub(super) fn append(&mut self, record: &Record<'_>) -> Option<()> {
        self.records
            .append(|room| Some(postcard::to_slice(record, room).ok()?.len()))
    }

    /// Whether there is enough in it to write the state anew.
    pub(super) const fn is_long(&self) -> bool {
        self.records.end() >= self.enough
    }
}
