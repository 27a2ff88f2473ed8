//! The one pool of the process: what is taken and put back, and how much of it may lie idle.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::shelves::{Class, Shelves};
use super::stretches::{GRAIN, Stretches};
use super::system::{self, Memory};

/// The smallest size that is cut from stretches. A system that cannot give back a part of what it gave has none.
pub(super) const LARGE: usize = if cfg!(unix) { 256 << 10 } else { usize::MAX };
/// What may be cached beyond what the program has been seen to need.
const SLACK: usize = 16 << 20;

/// A thread: memory that it put back lies in its core's caches, so it is the first to get it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Home(pub usize);

impl Home {
    /// The calling thread.
    fn own() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static OWN: Home = Home(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        OWN.with(|&own| own)
    }
}

/// What the pool holds, in bytes, and how often it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of the blocks in use.
    pub live: usize,
    /// The most that was in use at once, small and large blocks each for themselves, since the program began or
    /// [`trim`](super::trim) was called.
    pub peak: usize,
    /// Bytes of the free memory kept for reuse.
    pub cached: usize,
    /// How often memory was taken from the system.
    pub fresh: u64,
    /// How many blocks were reused.
    pub reused: u64,
}

impl Stats {
    /// Counts a block that is now in use.
    fn taken(&mut self, bytes: usize) {
        self.live += bytes;
        self.peak = self.peak.max(self.live);
    }

    /// Counts a block that was in use.
    fn put(&mut self, bytes: usize) {
        self.live -= bytes;
        self.cached += bytes;
    }

    /// How much may be cached now.
    fn allowance(&self) -> usize {
        self.peak / 2 * 3 + SLACK - self.live
    }
}

#[derive(Default)]
pub(super) struct Pool {
    shelves: Shelves,
    small: Stats,
    stretches: Stretches,
    large: Stats,
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

pub(super) fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At least `bytes` > 0 bytes, and whether they were used before.
pub(super) fn allocate(bytes: usize) -> (NonNull<u8>, bool) {
    if bytes < LARGE { allocate_small(Class::of(bytes)) } else { allocate_large(bytes.next_multiple_of(GRAIN)) }
}

/// Takes back what [`allocate`] gave for `bytes`.
pub(super) fn release(block: NonNull<u8>, bytes: usize) {
    let mut pool = lock();
    if bytes >= LARGE {
        let bytes = bytes.next_multiple_of(GRAIN);
        pool.large.put(bytes);
        return pool.stretches.put(Memory { start: block, bytes }, Home::own());
    }
    let class = Class::of(bytes);
    pool.small.put(class.bytes);
    pool.shelves.put(block, class, Home::own());
    let allowance = pool.small.allowance();
    if pool.small.cached > allowance {
        let released = pool.evict_small(allowance);
        drop(pool);
        released.free();
    }
}

fn allocate_small(class: Class) -> (NonNull<u8>, bool) {
    let mut pool = lock();
    let block = pool.shelves.take(class, Home::own());
    let stats = &mut pool.small;
    stats.taken(class.bytes);
    if let Some(block) = block {
        stats.cached -= class.bytes;
        stats.reused += 1;
        return (block, true);
    }
    stats.fresh += 1;
    drop(pool);
    (system::allocate_zeroed(class.bytes), false)
}

fn allocate_large(bytes: usize) -> (NonNull<u8>, bool) {
    let mut pool = lock();
    let block = pool.stretches.take(bytes, Home::own());
    let stats = &mut pool.large;
    stats.taken(bytes);
    if let Some(block) = block {
        stats.cached -= bytes;
        stats.reused += 1;
        return (block, true);
    }
    stats.fresh += 1;
    // Every free stretch is too small: rather than to keep them all, give back what is too much with the new one.
    let allowance = pool.large.allowance();
    let released = pool.evict_large(allowance);
    drop(pool);
    released.free();
    let Memory { start, bytes: mapped } = system::map(bytes);
    if mapped > bytes {
        // SAFETY: `bytes` lie within what was mapped.
        let rest = unsafe { start.add(bytes) };
        let mut pool = lock();
        pool.large.cached += mapped - bytes;
        pool.stretches.put(Memory { start: rest, bytes: mapped - bytes }, Home::own());
    }
    (start, false)
}

/// Memory on its way back to the system; not under the lock, as it takes long.
#[must_use]
pub(super) struct Released {
    blocks: Vec<Memory>,
    stretches: Vec<Memory>,
}

impl Released {
    pub fn free(self) {
        for block in self.blocks {
            // SAFETY: it came from the system's allocator and left the pool free, so nobody refers to it.
            unsafe { system::release(block) };
        }
        for stretch in self.stretches {
            // SAFETY: it was mapped, and left the pool free, so nobody refers to it.
            unsafe { system::unmap(stretch) };
        }
    }
}

impl Pool {
    pub fn stats(&self) -> Stats {
        let (small, large) = (&self.small, &self.large);
        Stats {
            live: small.live + large.live,
            peak: small.peak + large.peak,
            cached: small.cached + large.cached,
            fresh: small.fresh + large.fresh,
            reused: small.reused + large.reused,
        }
    }

    /// Takes out all that is free.
    pub fn trim(&mut self) -> Released {
        let (small, large) = (self.evict_small(0), self.evict_large(0));
        for stats in [&mut self.small, &mut self.large] {
            stats.peak = stats.live;
        }
        Released { blocks: small.blocks, stretches: large.stretches }
    }

    /// Takes blocks out until at most `allowance` bytes are cached.
    fn evict_small(&mut self, allowance: usize) -> Released {
        let blocks = self.shelves.evict(self.small.cached.saturating_sub(allowance));
        self.small.cached -= total(&blocks);
        Released { blocks, stretches: Vec::new() }
    }

    /// Takes stretches out until at most `allowance` bytes are cached.
    fn evict_large(&mut self, allowance: usize) -> Released {
        let stretches = self.stretches.evict(self.large.cached.saturating_sub(allowance));
        self.large.cached -= total(&stretches);
        Released { blocks: Vec::new(), stretches }
    }
}

fn total(memory: &[Memory]) -> usize {
    memory.iter().map(|memory| memory.bytes).sum()
}
