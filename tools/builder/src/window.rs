//! The frames of a domain that hold something at its start, mapped as one.

use core::ops::Range;

use ringwall_abi::{DomainId, PAGE_SHIFT, PAGE_SIZE, Pfn};
use ringwall_control::OutOfRange;

use crate::frames::Frames;
use crate::plan::pages;
use crate::{BuildError, Machine, Memory};

/// Which frames are to be mapped: ranges of frame numbers, in any order, that may overlap.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    ranges: Vec<Range<u64>>,
}

impl Touched {
    /// Adds the frames of a range of pseudo-physical addresses.
    pub(crate) fn add_bytes(&mut self, bytes: Range<u64>) {
        if !bytes.is_empty() {
            self.add(bytes.start >> PAGE_SHIFT..pages(bytes.end));
        }
    }

    /// Adds frames.
    pub(crate) fn add(&mut self, frames: Range<u64>) {
        if !frames.is_empty() {
            self.ranges.push(frames);
        }
    }

    /// The same frames as rising ranges with gaps between them.
    fn merged(mut self) -> Vec<Range<u64>> {
        self.ranges.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::new();
        for range in self.ranges {
            match merged.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => merged.push(range),
            }
        }
        merged
    }
}

/// A range of frames, and where it starts in the mapping, in bytes.
#[derive(Debug)]
struct Run {
    frames: Range<u64>,
    offset: usize,
}

/// Frames that are mapped, found by pseudo-physical address.
pub(crate) struct Window<M> {
    memory: M,
    runs: Vec<Run>,
}

impl<M: Memory> Window<M> {
    /// Maps the frames, all at once.
    pub(crate) fn map(
        machine: &impl Machine<Memory = M>,
        domain: DomainId,
        frames: &Frames,
        touched: Touched,
    ) -> Result<Self, BuildError> {
        let mut runs = Vec::new();
        let mut list = Vec::new();
        for range in touched.merged() {
            let offset = list.len() * PAGE_SIZE;
            for frame in range.clone() {
                list.push(frames.get(Pfn::new(frame))?);
            }
            runs.push(Run {
                frames: range,
                offset,
            });
        }
        Ok(Self {
            memory: machine.map_frames(domain, &list)?,
            runs,
        })
    }

    /// Copies bytes to a pseudo-physical address. They lie in one range of those that are mapped.
    pub(crate) fn write(&self, address: u64, bytes: &[u8]) -> Result<(), BuildError> {
        let offset = self.find(address, bytes.len() as u64)?;
        self.memory.write(offset, bytes).map_err(outside)
    }

    /// Fills pseudo-physical addresses with zeros.
    pub(crate) fn clear(&self, addresses: Range<u64>) -> Result<(), BuildError> {
        if addresses.is_empty() {
            return Ok(());
        }
        let length = addresses.end - addresses.start;
        let offset = self.find(addresses.start, length)?;
        let length = usize::try_from(length).map_err(|_| outside(OutOfRange))?;
        self.memory.clear(offset, length).map_err(outside)
    }

    fn find(&self, address: u64, length: u64) -> Result<usize, BuildError> {
        let frame = address >> PAGE_SHIFT;
        let after = self.runs.partition_point(|run| run.frames.start <= frame);
        let run = after
            .checked_sub(1)
            .and_then(|index| self.runs.get(index))
            .ok_or(outside(OutOfRange))?;
        let start = address - (run.frames.start << PAGE_SHIFT);
        let size = (run.frames.end - run.frames.start) << PAGE_SHIFT;
        match start.checked_add(length) {
            Some(end) if end <= size => usize::try_from(start)
                .map(|start| run.offset + start)
                .map_err(|_| outside(OutOfRange)),
            _ => Err(outside(OutOfRange)),
        }
    }
}

fn outside(_: OutOfRange) -> BuildError {
    BuildError::Inconsistent("what is written at the start")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged_where_they_meet() {
        let mut touched = Touched::default();
        for range in [5..7, 0..1, 6..9, 9..10, 20..21] {
            touched.add(range);
        }
        touched.add(3..3);
        touched.add_bytes(0x15_001..0x16_001);
        assert_eq!(touched.merged(), [0..1, 5..10, 20..23]);
    }
}
