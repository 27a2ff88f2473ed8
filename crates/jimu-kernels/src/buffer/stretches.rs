//! Free stretches of mapped address space, from which large blocks are cut.

use std::ptr::NonNull;

use super::pool::Home;
use super::system::Memory;

/// Sizes of large blocks are multiples of this: less than 1/16 of a block is waste.
pub(super) const GRAIN: usize = 16 << 10;

/// A free stretch, and the thread that put it back.
#[derive(Clone, Copy)]
struct Stretch {
    memory: Memory,
    home: Home,
}

/// Free stretches in the order of their addresses; no two of one thread touch. A training step has some dozens.
#[derive(Default)]
pub(super) struct Stretches(Vec<Stretch>);

impl Stretches {
    /// The beginning of the tightest stretch of this thread, or else of any, that holds `bytes`; the first of equally tight ones,
    /// so that a loop finds the same places in every turn. The rest of the stretch stays free.
    pub fn take(&mut self, bytes: usize, home: Home) -> Option<NonNull<u8>> {
        self.take_tightest(bytes, home).or_else(|| {
            self.unite(home);
            self.take_tightest(bytes, home)
        })
    }

    fn take_tightest(&mut self, bytes: usize, home: Home) -> Option<NonNull<u8>> {
        let fitting = self.0.iter().enumerate().filter(|(_, stretch)| stretch.memory.bytes >= bytes);
        let (index, stretch) = fitting.min_by_key(|(_, stretch)| (stretch.home != home, stretch.memory.bytes))?;
        let Memory { start, bytes: whole } = stretch.memory;
        if whole == bytes {
            self.0.remove(index);
        } else {
            // SAFETY: the stretch is longer than `bytes`.
            self.0[index].memory = Memory { start: unsafe { start.add(bytes) }, bytes: whole - bytes };
        }
        Some(start)
    }

    /// Adds a stretch, grown together with those of the same thread that it touches.
    pub fn put(&mut self, memory: Memory, home: Home) {
        let index = self.0.partition_point(|other| other.memory.start < memory.start);
        self.0.insert(index, Stretch { memory, home });
        for first in [Some(index), index.checked_sub(1)].into_iter().flatten() {
            self.join(first, |a, b| a.home == b.home);
        }
    }

    /// Lets all stretches that touch grow together, for a block that fits none of them alone.
    fn unite(&mut self, home: Home) {
        self.0.iter_mut().for_each(|stretch| stretch.home = home);
        (0..self.0.len()).rev().for_each(|first| self.join(first, |_, _| true));
    }

    /// Joins stretch `first` and the next one, if they touch and may.
    fn join(&mut self, first: usize, may: impl Fn(&Stretch, &Stretch) -> bool) {
        if let Some([a, b]) = self.0.get(first..first + 2)
            && a.memory.end() == b.memory.start
            && may(a, b)
        {
            self.0[first].memory.bytes += self.0[first + 1].memory.bytes;
            self.0.remove(first + 1);
        }
    }

    /// Takes out `excess` bytes or more, if there are as many, the longest stretches first.
    pub fn evict(&mut self, excess: usize) -> Vec<Memory> {
        let mut evicted = Vec::new();
        let mut bytes = 0;
        while bytes < excess
            && let Some(index) = (0..self.0.len()).max_by_key(|&index| self.0[index].memory.bytes)
        {
            let Stretch { memory, .. } = self.0.remove(index);
            bytes += memory.bytes;
            evicted.push(memory);
        }
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Home = Home(1);
    const OTHER: Home = Home(2);

    fn memory(start: usize, bytes: usize) -> Memory {
        Memory { start: NonNull::new(std::ptr::without_provenance_mut(start)).unwrap(), bytes }
    }

    fn held(stretches: &Stretches) -> Vec<[usize; 2]> {
        stretches.0.iter().map(|Stretch { memory, .. }| [memory.start.as_ptr() as usize, memory.bytes]).collect()
    }

    #[test]
    fn neighbours_grow_together_and_the_tightest_is_cut() {
        let mut stretches = Stretches::default();
        for (start, bytes) in [(100, 50), (10, 20), (200, 30)] {
            stretches.put(memory(start, bytes), ONE);
        }
        assert_eq!(held(&stretches), [[10, 20], [100, 50], [200, 30]]);
        assert_eq!(stretches.take(25, ONE).unwrap().as_ptr() as usize, 200);
        assert_eq!(held(&stretches), [[10, 20], [100, 50], [225, 5]]);
        assert!(stretches.take(51, ONE).is_none());
        assert_eq!(stretches.take(20, ONE).unwrap().as_ptr() as usize, 10);
        stretches.put(memory(30, 70), ONE);
        assert_eq!(held(&stretches), [[30, 120], [225, 5]]);
        stretches.put(memory(150, 75), ONE);
        assert_eq!(held(&stretches), [[30, 200]]);
        stretches.put(memory(230, 1), ONE);
        stretches.put(memory(10, 20), ONE);
        assert_eq!(held(&stretches), [[10, 221]]);
    }

    #[test]
    fn the_longest_are_evicted_first() {
        let mut stretches = Stretches::default();
        for (start, bytes) in [(100, 50), (10, 20), (200, 30)] {
            stretches.put(memory(start, bytes), ONE);
        }
        let evicted: Vec<usize> = stretches.evict(51).iter().map(|stretch| stretch.bytes).collect();
        assert_eq!(evicted, [50, 30]);
        assert_eq!(held(&stretches), [[10, 20]]);
        assert_eq!(stretches.evict(1000).len(), 1);
    }

    #[test]
    fn a_thread_finds_its_own_stretches_first() {
        let mut stretches = Stretches::default();
        stretches.put(memory(10, 30), ONE);
        stretches.put(memory(40, 20), OTHER);
        stretches.put(memory(60, 40), ONE);
        assert_eq!(held(&stretches), [[10, 30], [40, 20], [60, 40]], "those of other threads stay apart");
        let mut take = |bytes, home| stretches.take(bytes, home).map(|start| start.as_ptr() as usize);
        assert_eq!(take(10, ONE), Some(10));
        assert_eq!(take(5, OTHER), Some(40));
        assert_eq!(take(18, OTHER), Some(20), "the tightest of the other thread's");
        // Nobody has as much in one piece.
        assert_eq!(take(50, OTHER), Some(45));
        assert_eq!(held(&stretches), [[38, 2], [95, 5]]);
    }
}
