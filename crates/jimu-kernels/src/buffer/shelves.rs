//! Free blocks by size class.

use std::ptr::NonNull;

use super::ALIGNMENT;
use super::pool::Home;
use super::system::Memory;

/// The size of a block, one of eight to each doubling: less than 1/8 of a block is waste (beyond 512 bytes; below, up to 63
/// bytes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub index: usize,
    pub bytes: usize,
}

pub(super) const CLASSES: usize = 8 * usize::BITS as usize;

impl Class {
    /// The smallest class that holds `bytes` > 0.
    pub fn of(bytes: usize) -> Self {
        // 8 * step < bytes <= 16 * step, so that the class lies among those eight steps.
        let octave = ((bytes - 1) / ALIGNMENT / 8).checked_ilog2().map_or(0, |log| log as usize + 1);
        let step = if octave == 0 { ALIGNMENT } else { ALIGNMENT << (octave - 1) };
        let steps = bytes.div_ceil(step);
        Self { index: 8 * octave + steps - if octave == 0 { 1 } else { 9 }, bytes: steps * step }
    }
}

/// Of a class's blocks so many of those put back last are looked through for one of the asking thread's.
const NEAR: usize = 16;

/// The free blocks of one class, each with the thread that put it back.
#[derive(Default)]
struct Shelf {
    blocks: Vec<(Memory, Home)>,
    /// The tick at which a block was last taken or put back.
    used: u64,
}

/// The free blocks of all classes.
pub(super) struct Shelves {
    shelves: Vec<Shelf>,
    tick: u64,
}

impl Default for Shelves {
    fn default() -> Self {
        Self { shelves: (0..CLASSES).map(|_| Shelf::default()).collect(), tick: 0 }
    }
}

impl Shelves {
    /// The block of the class that this thread put back last, or else any thread.
    pub fn take(&mut self, class: Class, home: Home) -> Option<NonNull<u8>> {
        let blocks = &mut self.shelf(class).blocks;
        let last = blocks.len().checked_sub(1)?;
        let own = blocks.iter().rev().take(NEAR).position(|&(_, other)| other == home);
        Some(blocks.remove(last - own.unwrap_or(0)).0.start)
    }

    pub fn put(&mut self, block: NonNull<u8>, class: Class, home: Home) {
        self.shelf(class).blocks.push((Memory { start: block, bytes: class.bytes }, home));
    }

    fn shelf(&mut self, class: Class) -> &mut Shelf {
        self.tick += 1;
        let shelf = &mut self.shelves[class.index];
        shelf.used = self.tick;
        shelf
    }

    /// Takes out `excess` bytes or more, if there are as many, of the classes longest unused first.
    pub fn evict(&mut self, excess: usize) -> Vec<Memory> {
        let mut evicted = Vec::new();
        let mut bytes = 0;
        while bytes < excess {
            let filled = self.shelves.iter_mut().filter(|shelf| !shelf.blocks.is_empty());
            let Some(shelf) = filled.min_by_key(|shelf| shelf.used) else { break };
            while bytes < excess
                && let Some((block, _)) = shelf.blocks.pop()
            {
                bytes += block.bytes;
                evicted.push(block);
            }
        }
        evicted
    }
}
