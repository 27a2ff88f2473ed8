//! Where transformed tiles, or transformed weights, lie in memory.

use pulp::Simd;

use super::transform::{Tile, Variant};
use crate::lanes::Lanes;
use crate::shared::SharedSlice;

/// The places of rows of channels, one row for each element of each tile: `[element][tile][channel]`, the channels filled
/// up to whole vectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Numbers in a row.
    pub width: usize,
    element_len: usize,
}

impl Form {
    pub fn new(tiles: usize, channels: usize, lanes: usize) -> Self {
        let width = channels.next_multiple_of(lanes);
        // A vector more, lest all elements of a tile meet in the same few places of the first-level cache.
        Self { width, element_len: tiles * width + lanes }
    }

    /// Numbers in all elements.
    pub fn len<W: Variant>(&self) -> usize {
        W::ELEMENTS * self.element_len
    }

    /// The rows of one element.
    #[inline(always)]
    pub fn element<'a, T>(&self, values: &'a [T], element: usize) -> &'a [T] {
        &values[element * self.element_len..][..self.element_len]
    }

    /// The rows of one element.
    #[inline(always)]
    pub fn element_mut<'a, T>(&self, values: &'a mut [T], element: usize) -> &'a mut [T] {
        &mut values[element * self.element_len..][..self.element_len]
    }

    /// Where the row of a tile begins.
    #[inline(always)]
    pub fn row(&self, element: usize, tile: usize) -> usize {
        element * self.element_len + tile * self.width
    }

    /// Writes a vector of channels from `channel` on, of each element of a tile.
    ///
    /// # Safety
    /// Nobody else may use these channels of this tile at the same time.
    #[inline(always)]
    pub unsafe fn store<T: Lanes, W: Variant, S: Simd>(
        &self,
        values: &SharedSlice<'_, T>,
        tile: usize,
        channel: usize,
        vectors: &Tile<T::Vector<S>>,
    ) {
        for element in 0..W::ELEMENTS {
            // SAFETY: the caller has these channels of this tile to itself.
            let to = unsafe { values.part(self.row(element, tile) + channel, T::lanes::<S>()) };
            T::as_vectors_mut::<S>(to).0[0] = vectors[element / W::TILE][element % W::TILE];
        }
    }

    /// Reads a vector of channels from `channel` on, of each element of a tile.
    #[inline(always)]
    pub fn load<T: Lanes, W: Variant, S: Simd>(
        &self,
        values: &[T],
        tile: usize,
        channel: usize,
        vectors: &mut Tile<T::Vector<S>>,
    ) {
        for element in 0..W::ELEMENTS {
            let from = &values[self.row(element, tile) + channel..][..T::lanes::<S>()];
            vectors[element / W::TILE][element % W::TILE] = T::as_vectors::<S>(from).0[0];
        }
    }
}
