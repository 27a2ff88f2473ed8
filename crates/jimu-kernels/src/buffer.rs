//! Aligned buffers from a caching pool.
//!
//! ```text
//! allocate   a block of the request's size class that was freed before, else memory from the system, which is zero
//! drop       the block goes to the list of its class; if the cache has grown beyond its bound, blocks of the classes
//!            longest unused go back to the system
//! classes    eight to a doubling: less than 1/8 of a block is waste (beyond 512 bytes; below, up to 63 bytes)
//! bound      live + cached <= 9/8 of the most that was ever live + SLACK: a training step finds all its blocks again,
//!            while sizes that do not come back do not pile up
//! ```
//! Blocks of `HUGE` bytes or more are aligned to it and ask for huge pages.

mod system;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytemuck::Pod;

/// The alignment of every buffer in bytes: a cache line, and the widest vector register.
pub const ALIGNMENT: usize = 64;
/// The size of a huge page, and of the smallest block that asks for them.
const HUGE: usize = 2 << 20;
/// What may be cached beyond what the program has been seen to need.
const SLACK: usize = 16 << 20;
const CLASSES: usize = 8 * usize::BITS as usize;

/// A fixed-length array of plain numbers, aligned to 64 bytes, whose memory goes back to the pool when dropped.
///
/// ```
/// # use jimu_kernels::buffer::Buffer;
/// let mut buffer = Buffer::<f32>::zeroed(1000);
/// buffer[7] = 1.5;
/// assert_eq!(buffer.as_ptr() as usize % 64, 0);
/// assert_eq!(buffer.iter().sum::<f32>(), 1.5);
/// ```
pub struct Buffer<T: Pod> {
    data: NonNull<T>,
    len: usize,
    owns: PhantomData<T>,
}

// SAFETY: a buffer owns its memory alone, like a Box<[T]>; Pod types are Send and Sync when the bound says so.
unsafe impl<T: Pod + Send> Send for Buffer<T> {}
// SAFETY: as above; `&Buffer<T>` gives only `&[T]`.
unsafe impl<T: Pod + Sync> Sync for Buffer<T> {}

impl<T: Pod> Buffer<T> {
    /// `len` zeros.
    ///
    /// # Panics
    /// If `len` elements are more than memory can address.
    pub fn zeroed(len: usize) -> Self {
        let (mut buffer, recycled) = Self::allocate(len);
        if recycled {
            buffer.fill(T::zeroed());
        }
        buffer
    }

    /// `len` elements whose values are not specified (recycled memory): for results that are written whole.
    ///
    /// # Panics
    /// If `len` elements are more than memory can address.
    pub fn unspecified(len: usize) -> Self {
        Self::allocate(len).0
    }

    /// A copy of `values`.
    pub fn from_slice(values: &[T]) -> Self {
        let mut buffer = Self::unspecified(values.len());
        buffer.copy_from_slice(values);
        buffer
    }

    /// The values of `values`, which are copied: a `Vec` is not aligned as a buffer is.
    pub fn from_vec(values: Vec<T>) -> Self {
        Self::from_slice(&values)
    }

    /// `len` elements, and whether other values may have been in them before.
    fn allocate(len: usize) -> (Self, bool) {
        const { assert!(align_of::<T>() <= ALIGNMENT) };
        let Some(bytes) = len.checked_mul(size_of::<T>()).filter(|&bytes| bytes <= isize::MAX as usize / 2) else {
            panic!("a buffer of {len} elements of {} bytes is more than memory can address", size_of::<T>());
        };
        if bytes == 0 {
            return (Self { data: NonNull::<Aligned>::dangling().cast(), len, owns: PhantomData }, false);
        }
        let (block, recycled) = allocate(Class::of(bytes));
        (Self { data: block.cast(), len, owns: PhantomData }, recycled)
    }
}

#[repr(align(64))]
struct Aligned;

impl<T: Pod> Drop for Buffer<T> {
    fn drop(&mut self) {
        let bytes = self.len * size_of::<T>();
        if bytes > 0 {
            release(Block(self.data.cast()), Class::of(bytes));
        }
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::from_slice(self)
    }
}

impl<T: Pod> Default for Buffer<T> {
    fn default() -> Self {
        Self::unspecified(0)
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Pod> From<Vec<T>> for Buffer<T> {
    fn from(values: Vec<T>) -> Self {
        Self::from_vec(values)
    }
}

impl<T: Pod> FromIterator<T> for Buffer<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self::from_vec(values.into_iter().collect())
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `data` points to `len` elements (or dangles, aligned, if they take no bytes) that this buffer owns. They
        // are initialised, by the system with zeros or by an earlier owner, and any bits are a valid T: Pod.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and the buffer is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

/// The size of a block, one of eight to each doubling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    index: usize,
    bytes: usize,
}

impl Class {
    /// The smallest class that holds `bytes` > 0.
    fn of(bytes: usize) -> Self {
        // 8 * step < bytes <= 16 * step, so that the class lies among those eight steps.
        let octave = ((bytes - 1) / ALIGNMENT / 8).checked_ilog2().map_or(0, |log| log as usize + 1);
        let step = if octave == 0 { ALIGNMENT } else { ALIGNMENT << (octave - 1) };
        let steps = bytes.div_ceil(step);
        Self { index: 8 * octave + steps - if octave == 0 { 1 } else { 9 }, bytes: steps * step }
    }
}

/// A free block of memory, initialised.
struct Block(NonNull<u8>);

// SAFETY: it is memory that nobody refers to; which thread gave it back does not matter.
unsafe impl Send for Block {}

/// The free blocks of one class.
#[derive(Default)]
struct Shelf {
    blocks: Vec<Block>,
    bytes: usize,
    /// The tick at which a block was last taken or put back.
    used: u64,
}

struct Cache {
    shelves: Vec<Shelf>,
    tick: u64,
    stats: Stats,
}

/// What the pool holds, in bytes, and how often it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of the blocks in use.
    pub live: usize,
    /// The most that was in use at once, since the program began or [`trim`] was called.
    pub peak: usize,
    /// Bytes of the free blocks kept for reuse.
    pub cached: usize,
    /// How many blocks were taken from the system.
    pub fresh: u64,
    /// How many blocks were reused.
    pub reused: u64,
}

static CACHE: LazyLock<Mutex<Cache>> = LazyLock::new(|| {
    Mutex::new(Cache { shelves: (0..CLASSES).map(|_| Shelf::default()).collect(), tick: 0, stats: Stats::default() })
});

fn cache() -> MutexGuard<'static, Cache> {
    CACHE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the pool holds now.
pub fn stats() -> Stats {
    cache().stats
}

/// Gives all free blocks back to the system and forgets how much was in use before.
pub fn trim() {
    let mut cache = cache();
    let released = cache.evict_to(0);
    cache.stats.peak = cache.stats.live;
    drop(cache);
    free(released);
}

/// A block of the class, and whether it was used before.
fn allocate(class: Class) -> (NonNull<u8>, bool) {
    match cache().take(class) {
        Some(block) => (block.0, true),
        None => (system::allocate_zeroed(class.bytes), false),
    }
}

/// Puts a block back, and gives back to the system what is then too much.
fn release(block: Block, class: Class) {
    let released = cache().put(block, class);
    free(released);
}

/// Gives blocks back to the system; not under the lock, as it takes long.
fn free(blocks: Vec<(Block, usize)>) {
    for (block, bytes) in blocks {
        // SAFETY: the block came from `allocate_zeroed` with its class's size, and left the cache, so nobody refers to it.
        unsafe { system::release(block.0, bytes) };
    }
}

impl Cache {
    fn take(&mut self, class: Class) -> Option<Block> {
        self.tick += 1;
        self.stats.live += class.bytes;
        self.stats.peak = self.stats.peak.max(self.stats.live);
        let shelf = &mut self.shelves[class.index];
        (shelf.bytes, shelf.used) = (class.bytes, self.tick);
        let block = shelf.blocks.pop();
        match block {
            Some(_) => {
                self.stats.cached -= class.bytes;
                self.stats.reused += 1;
            }
            None => self.stats.fresh += 1,
        }
        block
    }

    /// Puts a block back; returns the blocks, with their sizes, that are now too many.
    fn put(&mut self, block: Block, class: Class) -> Vec<(Block, usize)> {
        self.tick += 1;
        let shelf = &mut self.shelves[class.index];
        shelf.blocks.push(block);
        (shelf.bytes, shelf.used) = (class.bytes, self.tick);
        self.stats.live -= class.bytes;
        self.stats.cached += class.bytes;
        let bound = self.stats.peak / 8 * 9 + SLACK;
        if self.stats.live + self.stats.cached <= bound { Vec::new() } else { self.evict_to(bound - self.stats.live) }
    }

    /// Takes blocks out, those of the classes longest unused first, until at most `bytes` are cached.
    fn evict_to(&mut self, bytes: usize) -> Vec<(Block, usize)> {
        let mut evicted = Vec::new();
        while self.stats.cached > bytes {
            let filled = self.shelves.iter_mut().filter(|shelf| !shelf.blocks.is_empty());
            let Some(shelf) = filled.min_by_key(|shelf| shelf.used) else { break };
            while self.stats.cached > bytes
                && let Some(block) = shelf.blocks.pop()
            {
                self.stats.cached -= shelf.bytes;
                evicted.push((block, shelf.bytes));
            }
        }
        evicted
    }
}

#[cfg(test)]
mod tests;
