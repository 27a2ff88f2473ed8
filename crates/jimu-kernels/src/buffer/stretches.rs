//! Free stretches of mapped address space, from which large blocks are cut.

use std::ptr::NonNull;

use super::system::Memory;

/// Sizes of large blocks are multiples of this: less than 1/16 of a block is waste.
pub(super) const GRAIN: usize = 16 << 10;

/// Free stretches in the order of their addresses; no two of them touch. A training step has some dozens.
#[derive(Default)]
pub(super) struct Stretches(Vec<Memory>);

impl Stretches {
    /// The beginning of the tightest stretch that holds `bytes`; the first of equally tight ones, so that a loop finds the
    /// same places in every turn. The rest of the stretch stays free.
    pub fn take(&mut self, bytes: usize) -> Option<NonNull<u8>> {
        let fitting = self.0.iter().enumerate().filter(|(_, stretch)| stretch.bytes >= bytes);
        let (index, stretch) = fitting.min_by_key(|(_, stretch)| stretch.bytes)?;
        let start = stretch.start;
        if stretch.bytes == bytes {
            self.0.remove(index);
        } else {
            // SAFETY: the stretch is longer than `bytes`.
            self.0[index] = Memory { start: unsafe { start.add(bytes) }, bytes: stretch.bytes - bytes };
        }
        Some(start)
    }

    /// Adds a stretch, grown together with those that it touches.
    pub fn put(&mut self, stretch: Memory) {
        let index = self.0.partition_point(|other| other.start < stretch.start);
        let before = index.checked_sub(1).filter(|&before| self.0[before].end() == stretch.start);
        let after = self.0.get(index).filter(|after| stretch.end() == after.start).map(|after| after.bytes);
        match (before, after) {
            (Some(before), Some(bytes)) => {
                self.0[before].bytes += stretch.bytes + bytes;
                self.0.remove(index);
            }
            (Some(before), None) => self.0[before].bytes += stretch.bytes,
            (None, Some(bytes)) => self.0[index] = Memory { bytes: stretch.bytes + bytes, ..stretch },
            (None, None) => self.0.insert(index, stretch),
        }
    }

    /// Takes out `excess` bytes or more, if there are as many, the longest stretches first.
    pub fn evict(&mut self, excess: usize) -> Vec<Memory> {
        let mut evicted = Vec::new();
        let mut bytes = 0;
        while bytes < excess
            && let Some(index) = (0..self.0.len()).max_by_key(|&index| self.0[index].bytes)
        {
            let stretch = self.0.remove(index);
            bytes += stretch.bytes;
            evicted.push(stretch);
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(start: usize, bytes: usize) -> Memory {
        Memory { start: NonNull::new(std::ptr::without_provenance_mut(start)).unwrap(), bytes }
    }

    fn held(stretches: &Stretches) -> Vec<[usize; 2]> {
        stretches.0.iter().map(|stretch| [stretch.start.as_ptr() as usize, stretch.bytes]).collect()
    }

    #[test]
    fn neighbours_grow_together_and_the_tightest_is_cut() {
        let mut stretches = Stretches::default();
        for (start, bytes) in [(100, 50), (10, 20), (200, 30)] {
            stretches.put(memory(start, bytes));
        }
        assert_eq!(held(&stretches), [[10, 20], [100, 50], [200, 30]]);
        assert_eq!(stretches.take(25).unwrap().as_ptr() as usize, 200);
        assert_eq!(held(&stretches), [[10, 20], [100, 50], [225, 5]]);
        assert!(stretches.take(51).is_none());
        assert_eq!(stretches.take(20).unwrap().as_ptr() as usize, 10);
        stretches.put(memory(30, 70));
        assert_eq!(held(&stretches), [[30, 120], [225, 5]]);
        stretches.put(memory(150, 75));
        assert_eq!(held(&stretches), [[30, 200]]);
        stretches.put(memory(230, 1));
        stretches.put(memory(10, 20));
        assert_eq!(held(&stretches), [[10, 221]]);
    }

    #[test]
    fn the_longest_are_evicted_first() {
        let mut stretches = Stretches::default();
        for (start, bytes) in [(100, 50), (10, 20), (200, 30)] {
            stretches.put(memory(start, bytes));
        }
        let evicted: Vec<usize> = stretches.evict(51).iter().map(|stretch| stretch.bytes).collect();
        assert_eq!(evicted, [50, 30]);
        assert_eq!(held(&stretches), [[10, 20]]);
        assert_eq!(stretches.evict(1000).len(), 1);
    }
}
