//! Aligned buffers from a caching pool.
//!
//! ```text
//! threads   each gets first what it put back itself, which lies in its core's caches, and all else only then
//! small     below LARGE bytes: a free block of the size's class (shelves.rs), else one from the system's allocator
//! large     the tightest free stretch of address space (stretches.rs): what is left of it stays free, neighbours that one
//!           thread frees grow together, and all if nothing else fits; else fresh pages, huge ones if the system has them
//! zeroed    what comes fresh from the system is zero; what was used before is filled
//! bound     live + cached <= 3/2 of the most that was ever live + SLACK: a training step finds all its memory again, while
//!           sizes that do not come back do not pile up
//! ```

mod pool;
mod shelves;
mod stretches;
mod system;

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use bytemuck::Pod;

pub use pool::Stats;

/// The alignment of every buffer in bytes: a cache line, and the widest vector register.
pub const ALIGNMENT: usize = 64;

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

    /// `value_of(index)` for each index below `len`.
    pub fn from_fn(len: usize, mut value_of: impl FnMut(usize) -> T) -> Self {
        let mut buffer = Self::unspecified(len);
        buffer.iter_mut().enumerate().for_each(|(index, value)| *value = value_of(index));
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
        let (block, recycled) = pool::allocate(bytes);
        (Self { data: block.cast(), len, owns: PhantomData }, recycled)
    }
}

#[repr(align(64))]
struct Aligned;

impl<T: Pod> Drop for Buffer<T> {
    fn drop(&mut self) {
        let bytes = self.len * size_of::<T>();
        if bytes > 0 {
            pool::release(self.data.cast(), bytes);
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

/// Asks the kernel to back the memory of `bytes` with huge pages, if there is much of it: filling a fresh `Vec` otherwise
/// takes longer than reading what fills it.
///
/// ```
/// # use jimu_kernels::buffer::advise_huge_pages;
/// let mut bytes = vec![0; 5 << 20]; // not touched yet
/// advise_huge_pages(&bytes);
/// bytes.fill(7);
/// assert!(bytes.iter().all(|&byte| byte == 7));
/// ```
pub fn advise_huge_pages(bytes: &Vec<u8>) {
    system::advise_huge(bytes.as_ptr(), bytes.capacity());
}

/// What the pool holds now.
pub fn stats() -> Stats {
    pool::lock().stats()
}

/// Gives all free memory back to the system and forgets how much was in use before.
pub fn trim() {
    let released = pool::lock().trim();
    released.free();
}

#[cfg(test)]
mod tests;
