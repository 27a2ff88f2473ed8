//! Which taps of the kernel meet which pixels, along one axis.
//!
//! Seen from an output pixel (forward) the taps that fall inside the input are neighbours: tap `k`, `k + 1`, … at
//! source pixels `i`, `i + dilation`, …. Seen from an input pixel (the gradient of the input, in gather form) they are
//! an arithmetic progression too: with `g = gcd(stride, dilation)` every `stride / g`-th tap, at source pixels that go
//! down by `dilation / g`. So one kernel serves both, and padding costs nothing: a [`Run`] leaves it out.

use smallvec::SmallVec;

/// The taps of one target pixel: tap `tap + t tap_step` meets source pixel `source + t source_step` for `t < count`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub source: usize,
    pub tap: usize,
    pub count: usize,
}

/// Target pixels along an axis that need no memory from the heap.
const TARGETS: usize = 64;

/// The runs of all target pixels along one axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub runs: SmallVec<[Run; TARGETS]>,
    pub source_step: isize,
    pub tap_step: usize,
}

impl Axis {
    /// Targets are output pixels, sources input pixels.
    pub fn forward(geometry: &super::Geometry, axis: usize) -> Self {
        let (stride, dilation, before) = (geometry.stride[axis], geometry.dilation[axis], geometry.padding[axis][0]);
        let run = |output: usize| {
            let source_of = |tap: usize| (output * stride + tap * dilation).checked_sub(before);
            Self::run_of(geometry.kernel[axis], |tap| source_of(tap).filter(|&source| source < geometry.input[axis]))
        };
        let runs = (0..geometry.output()[axis]).map(run).collect();
        Self { runs, source_step: dilation as isize, tap_step: 1 }
    }

    /// Targets are input pixels, sources output pixels.
    pub fn backward(geometry: &super::Geometry, axis: usize) -> Self {
        let (stride, dilation, before) = (geometry.stride[axis], geometry.dilation[axis], geometry.padding[axis][0]);
        let outputs = geometry.output()[axis];
        let run = |input: usize| {
            Self::run_of(geometry.kernel[axis], |tap| {
                let distance = (input + before).checked_sub(tap * dilation)?;
                (distance.is_multiple_of(stride) && distance / stride < outputs).then(|| distance / stride)
            })
        };
        let runs = (0..geometry.input[axis]).map(run).collect();
        let common = greatest_common_divisor(stride, dilation);
        Self { runs, source_step: -((dilation / common) as isize), tap_step: stride / common }
    }

    fn run_of(taps: usize, source_of: impl Fn(usize) -> Option<usize>) -> Run {
        let mut run = Run::default();
        for tap in 0..taps {
            if let Some(source) = source_of(tap) {
                if run.count == 0 {
                    (run.source, run.tap) = (source, tap);
                }
                run.count += 1;
            }
        }
        run
    }

    /// The sources that the targets in `targets` meet, from the first to the last.
    pub fn sources(&self, targets: std::ops::Range<usize>) -> std::ops::Range<usize> {
        let (mut start, mut end) = (usize::MAX, 0);
        for run in self.runs[targets].iter().filter(|run| run.count > 0) {
            let last = run.source.wrapping_add_signed(self.source_step * (run.count - 1) as isize);
            start = start.min(run.source).min(last);
            end = end.max(run.source + 1).max(last + 1);
        }
        start.min(end)..end
    }
}

fn greatest_common_divisor(mut a: usize, mut b: usize) -> usize {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
