//! The shape of a pass: which target pixels sum which taps of the source.

use super::Geometry;

/// Along one axis, target `first + q step` (for `q < count`) sums the source at `q stride + offset` for every tap.
#[derive(Clone, Debug)]
pub(super) struct PassAxis {
    pub first: usize,
    pub step: usize,
    pub count: usize,
    pub stride: usize,
    /// The kernel's tap and its offset, which is negative where the tap starts in the padding.
    pub taps: Vec<(usize, isize)>,
}

impl PassAxis {
    fn forward(geometry: &Geometry, axis: usize) -> Self {
        let (dilation, before) = (geometry.dilation[axis] as isize, geometry.padding[axis][0] as isize);
        let taps = (0..geometry.kernel[axis]).map(|tap| (tap, tap as isize * dilation - before)).collect();
        Self { first: 0, step: 1, count: geometry.output()[axis], stride: geometry.stride[axis], taps }
    }

    /// The targets `phase`, `phase + stride`, …: all meet the same taps, at neighbouring sources.
    fn backward(geometry: &Geometry, axis: usize, phase: usize) -> Self {
        let (stride, dilation) = (geometry.stride[axis] as isize, geometry.dilation[axis] as isize);
        let distance = |tap: usize| (phase + geometry.padding[axis][0]) as isize - tap as isize * dilation;
        let taps = (0..geometry.kernel[axis]).filter(|&tap| distance(tap) % stride == 0);
        let taps = taps.map(|tap| (tap, distance(tap) / stride)).collect();
        let step = geometry.stride[axis];
        let count = geometry.input[axis].saturating_sub(phase).div_ceil(step);
        Self { first: phase, step, count, stride: 1, taps }
    }

    /// The smallest offset; 0 without taps.
    pub fn low(&self) -> isize {
        self.taps.iter().map(|&(_, offset)| offset).min().unwrap_or(0)
    }

    /// Sources from the first to the last that `targets` neighbouring targets meet.
    pub fn span(&self, targets: usize) -> usize {
        let high = self.taps.iter().map(|&(_, offset)| offset).max().unwrap_or(0);
        (targets - 1) * self.stride + (high - self.low()) as usize + 1
    }

    /// Every tap of every target falls inside a source of this size.
    pub fn stays_inside(&self, size: usize) -> bool {
        self.low() >= 0 && self.low() as usize + self.span(self.count) <= size
    }
}

/// A pass over a batch of images.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub batch: usize,
    pub groups: usize,
    /// Source channels per group.
    pub sources: usize,
    /// Target channels per group.
    pub targets: usize,
    pub source_size: [usize; 2],
    pub target_size: [usize; 2],
    pub rows: PassAxis,
    pub columns: PassAxis,
    /// Taps in a row of the kernel.
    pub kernel_width: usize,
}

impl Pass {
    pub fn forward(geometry: &Geometry) -> Self {
        Self {
            batch: geometry.batch,
            groups: geometry.groups,
            sources: geometry.group_inputs(),
            targets: geometry.group_outputs(),
            source_size: geometry.input,
            target_size: geometry.output(),
            rows: PassAxis::forward(geometry, 0),
            columns: PassAxis::forward(geometry, 1),
            kernel_width: geometry.kernel[1],
        }
    }

    /// The passes that together reach every pixel of the input.
    pub fn backward(geometry: &Geometry) -> impl Iterator<Item = Self> {
        let phases = (0..geometry.stride[0]).flat_map(|row| (0..geometry.stride[1]).map(move |column| (row, column)));
        let pass = |(row, column)| Self {
            batch: geometry.batch,
            groups: geometry.groups,
            sources: geometry.group_outputs(),
            targets: geometry.group_inputs(),
            source_size: geometry.output(),
            target_size: geometry.input,
            rows: PassAxis::backward(geometry, 0, row),
            columns: PassAxis::backward(geometry, 1, column),
            kernel_width: geometry.kernel[1],
        };
        phases.map(pass).filter(|pass| pass.rows.count > 0 && pass.columns.count > 0)
    }

    /// The kernel's taps that take part, as `row * kernel width + column`.
    pub fn taps(&self) -> impl Iterator<Item = usize> {
        let columns = &self.columns.taps;
        self.rows.taps.iter().flat_map(move |row| columns.iter().map(|column| row.0 * self.kernel_width + column.0))
    }

    /// Taps that take part.
    pub fn taps_len(&self) -> usize {
        self.rows.taps.len() * self.columns.taps.len()
    }

    /// Products in the sum of a target pixel.
    pub fn depth(&self) -> usize {
        self.sources * self.taps_len()
    }
}
