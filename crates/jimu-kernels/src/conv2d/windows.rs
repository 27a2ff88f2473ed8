//! Windows of 2x2 neighbouring outputs, of which only the greatest is wanted: a task pools what it has computed while that lies in
//! the nearest cache, and spreads a window's gradient over its pixels just before they are read.
//!
//! All is batch innermost. A last odd row or column is in no window: it is not computed, and its gradient is 0.

use std::ops::Range;

use pulp::Simd;

use super::{Activation, Geometry};
use crate::lanes::Lanes;
use crate::pool2d::{greatest, greatest_alone, spread};
use crate::shared::SharedSlice;

/// Where a forward pass leaves its output.
pub(super) enum Output<'a, T> {
    /// Every pixel, after the activation.
    Pixels(Activation, &'a mut [T]),
    /// The greatest pixel of every window, rectified, and which one it was; the taps are empty if they are not wanted.
    Windows(&'a mut [T], &'a mut [u32]),
}

/// The same for its tasks, each of which writes its own images and rows.
pub(super) enum Target<'a, T> {
    Pixels(Activation, SharedSlice<'a, T>),
    Windows(Windows<'a, T>),
}

impl<'a, T> Target<'a, T> {
    /// The target, and the height and width of what is computed for it.
    pub fn new(output: Output<'a, T>, geometry: &Geometry) -> (Self, [usize; 2]) {
        let size = geometry.output();
        match output {
            Output::Pixels(activation, y) => (Target::Pixels(activation, SharedSlice::new(y)), size),
            Output::Windows(y, taps) => {
                let size = size.map(|size| size / 2);
                let (y, taps) = (SharedSlice::new(y), SharedSlice::new(taps));
                (Target::Windows(Windows { y, taps, size, batch: geometry.batch }), size.map(|size| 2 * size))
            }
        }
    }

    /// Rows that are computed together.
    pub fn rows(&self) -> usize {
        match self {
            Target::Pixels(..) => 1,
            Target::Windows(_) => 2,
        }
    }

    /// Whether each pixel is rectified by itself.
    pub fn rectifies_pixels(&self) -> bool {
        matches!(self, Target::Pixels(Activation::Relu, _))
    }
}

impl<'a, T: Lanes> Target<'a, T> {
    /// Where a task's pixels go: those of the first of its images, from some channel, row and column on.
    ///
    /// # Args
    /// - `scratch`: where pixels wait that are pooled, `[channel][2][columns][lanes]`.
    /// - `first`: the channel, row and column.
    /// - `columns`: how many there are of them.
    /// - `lanes`: images in `scratch`.
    /// - `whole`: the batch, and the height and width of what is computed.
    /// - `image`: the task's first.
    #[inline(always)]
    pub fn place<'b>(
        &'b self,
        scratch: &'b SharedSlice<'b, T>,
        first: [usize; 3],
        columns: usize,
        lanes: usize,
        (batch, [height, width]): (usize, [usize; 2]),
        image: usize,
    ) -> Place<'b, T> {
        match self {
            Target::Pixels(_, to) => Place { to, first: [0; 3], rows: height, columns: width, batch, image },
            Target::Windows(_) => Place { to: scratch, first, rows: 2, columns, batch: lanes, image: 0 },
        }
    }
}

/// Where pixels go, `[channel][row][column][image]`.
pub(super) struct Place<'a, T> {
    pub to: &'a SharedSlice<'a, T>,
    /// The channel, row and column that lie first.
    first: [usize; 3],
    rows: usize,
    columns: usize,
    /// Images of a pixel, and the task's first.
    pub batch: usize,
    pub image: usize,
}

impl<T> Place<'_, T> {
    /// Which pixel of `to` it is, of all its rows.
    #[inline(always)]
    pub fn pixel(&self, [channel, row, column]: [usize; 3]) -> usize {
        let row = (channel - self.first[0]) * self.rows + row - self.first[1];
        row * self.columns + column - self.first[2]
    }

    /// Where the pixel of the task's first image lies.
    #[inline(always)]
    pub fn start(&self, pixel: [usize; 3]) -> usize {
        self.pixel(pixel) * self.batch + self.image
    }

    /// How far from each other channels lie.
    #[inline(always)]
    pub fn channel_len(&self) -> usize {
        self.rows * self.columns * self.batch
    }
}

/// The pooled output of all tasks.
pub(super) struct Windows<'a, T> {
    y: SharedSlice<'a, T>,
    taps: SharedSlice<'a, u32>,
    /// Its height and width.
    size: [usize; 2],
    batch: usize,
}

impl<T: Lanes> Windows<'_, T> {
    /// Pools two rows of some columns from `first` on, `[channel][2][columns][lanes]`; of the lanes as many are written as there
    /// are `images`.
    ///
    /// # Safety
    /// No other task may have the same images and rows.
    #[inline(always)]
    pub unsafe fn write(
        &self,
        pixels: &[T],
        lanes: usize,
        channels: Range<usize>,
        [row, first, columns]: [usize; 3],
        images: &Range<usize>,
    ) {
        for (index, channel) in channels.enumerate() {
            let rows = &pixels[index * 2 * columns * lanes..][..2 * columns * lanes];
            let (upper, lower) = rows.split_at(columns * lanes);
            for window in 0..columns / 2 {
                let pixel = (channel * self.size[0] + row / 2) * self.size[1] + first / 2 + window;
                let place = pixel * self.batch + images.start;
                let at = 2 * window * lanes;
                let pair = [&upper[at..][..2 * lanes], &lower[at..][..2 * lanes]];
                if images.len() == lanes {
                    // A constant number of whole vectors.
                    // SAFETY: the caller's promise.
                    unsafe { self.window(pair, lanes, place, lanes) };
                } else {
                    // SAFETY: the caller's promise.
                    unsafe { self.window(pair, lanes, place, images.len()) };
                }
            }
        }
    }

    /// # Safety
    /// No other task may write the same place.
    #[inline(always)]
    unsafe fn window(&self, [upper, lower]: [&[T]; 2], lanes: usize, place: usize, count: usize) {
        let pixels = [&upper[..count], &upper[lanes..][..count], &lower[..count], &lower[lanes..][..count]];
        // SAFETY: the caller's promise.
        let y = unsafe { self.y.part(place, count) };
        if self.taps.len() == 0 {
            return greatest_alone::<T, true>(pixels, y);
        }
        // SAFETY: likewise.
        greatest::<T, true>(pixels, y, unsafe { self.taps.part(place, count) });
    }
}

/// The gradient of pooled outputs, and their taps.
#[derive(Clone, Copy)]
pub(super) struct Pooled<'a, T> {
    pub grad: &'a [T],
    pub taps: &'a [u32],
    /// Height and width of the pooled output.
    pub size: [usize; 2],
    pub batch: usize,
}

impl<T: Lanes> Pooled<'_, T> {
    /// Spreads the windows of two or more rows over their pixels, `[channel][row][column][image]`.
    #[inline(always)]
    pub fn spread<S: Simd>(
        &self,
        simd: S,
        to: &mut [T],
        channels: Range<usize>,
        rows: Range<usize>,
        images: &Range<usize>,
    ) {
        let ([height, width], lanes) = (self.size, images.len());
        let pairs = rows.start / 2..rows.end / 2;
        let row_len = 2 * width * lanes;
        let mut to = to.chunks_exact_mut(2 * row_len);
        for channel in channels {
            for (pair, to) in pairs.clone().zip(&mut to) {
                let (upper, lower) = to.split_at_mut(row_len);
                let windows = upper.chunks_exact_mut(2 * lanes).zip(lower.chunks_exact_mut(2 * lanes));
                let first = (channel * height + pair) * width;
                for (pixel, (upper, lower)) in (first..first + width).zip(windows) {
                    let at = pixel * self.batch + images.start;
                    let (grad, taps) = (&self.grad[at..][..lanes], &self.taps[at..][..lanes]);
                    let ((a, b), (c, d)) = (upper.split_at_mut(lanes), lower.split_at_mut(lanes));
                    spread(simd, [a, b, c, d], grad, taps);
                }
            }
        }
    }
}
