//! Cutting images into tiles, and reading and writing the pixels of one.

use pulp::Simd;

use super::transform::{MAX_TILE, Tile};
use crate::lanes::Lanes;
use crate::shared::SharedSlice;

/// The tiles of a batch: image by image, row by row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tiles {
    batch: usize,
    grid: [usize; 2],
    /// Outputs in a tile along an axis.
    out: usize,
}

impl Tiles {
    pub fn new(batch: usize, outputs: [usize; 2], out: usize) -> Self {
        Self { batch, grid: outputs.map(|size| size.div_ceil(out)), out }
    }

    pub fn count(&self) -> usize {
        self.batch * self.grid[0] * self.grid[1]
    }

    /// The image of a tile, and the first row and column of its outputs.
    fn origin(&self, index: usize) -> (usize, [usize; 2]) {
        let [rows, columns] = self.grid;
        (index / (rows * columns), [index / columns % rows * self.out, index % columns * self.out])
    }
}

/// An image batch `[N, H, W, C]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Images {
    pub size: [usize; 2],
    pub channels: usize,
}

/// The pixels of a tile: where the first pixel of each of its rows begins, and how far from there each of its columns, or
/// [`OUTSIDE`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Pixels {
    rows: [usize; MAX_TILE],
    columns: [usize; MAX_TILE],
}

/// The place of a pixel that lies outside its image.
const OUTSIDE: usize = usize::MAX;

impl Images {
    /// The `size x size` pixels that begin `before` the outputs of a tile.
    #[inline(always)]
    pub fn pixels(&self, tiles: &Tiles, tile: usize, before: [usize; 2], size: usize) -> Pixels {
        let (image, origin) = tiles.origin(tile);
        let [height, width] = self.size;
        let mut pixels = Pixels { rows: [OUTSIDE; MAX_TILE], columns: [OUTSIDE; MAX_TILE] };
        for index in 0..size {
            // Before the image the difference wraps around, far beyond its size.
            let row = (origin[0] + index).wrapping_sub(before[0]);
            let column = (origin[1] + index).wrapping_sub(before[1]);
            if row < height {
                pixels.rows[index] = (image * height + row) * width * self.channels;
            }
            if column < width {
                pixels.columns[index] = column * self.channels;
            }
        }
        pixels
    }

    /// Reads a vector of channels from `channel` on, of each of the `size x size` pixels; zeros outside the image and
    /// beyond the last channel.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub fn load<T: Lanes, S: Simd>(
        &self,
        simd: S,
        values: &[T],
        pixels: &Pixels,
        channel: usize,
        size: usize,
        tile: &mut Tile<T::Vector<S>>,
    ) {
        let len = T::lanes::<S>().min(self.channels - channel);
        for i in 0..size {
            let row = pixels.rows[i];
            for j in 0..size {
                tile[i][j] = if row == OUTSIDE || pixels.columns[j] == OUTSIDE {
                    T::splat(simd, T::ZERO)
                } else {
                    let values = &values[row + pixels.columns[j] + channel..][..len];
                    match len == T::lanes::<S>() {
                        true => T::as_vectors::<S>(values).0[0],
                        false => T::load_part(simd, values),
                    }
                };
            }
        }
    }

    /// Writes a vector of channels from `channel` on, of each of the `size x size` pixels inside the image.
    ///
    /// # Safety
    /// Nobody else may use these channels of these pixels at the same time.
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    pub unsafe fn store<T: Lanes, S: Simd>(
        &self,
        simd: S,
        values: &SharedSlice<'_, T>,
        pixels: &Pixels,
        channel: usize,
        size: usize,
        tile: &Tile<T::Vector<S>>,
    ) {
        let len = T::lanes::<S>().min(self.channels - channel);
        for i in 0..size {
            let row = pixels.rows[i];
            for j in 0..size {
                if row != OUTSIDE && pixels.columns[j] != OUTSIDE {
                    // SAFETY: the caller has these channels of these pixels to itself.
                    let values = unsafe { values.part(row + pixels.columns[j] + channel, len) };
                    match len == T::lanes::<S>() {
                        true => T::as_vectors_mut::<S>(values).0[0] = tile[i][j],
                        false => T::store_part(simd, values, tile[i][j]),
                    }
                }
            }
        }
    }
}
