//! `argmax` and `argmin`: where the largest and the smallest elements stand.

use std::cmp::Ordering;

use jimu_kernels::buffer::Buffer;

use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::Lanes;
use crate::ops::numeric::Number;
use crate::tensor::{Layout, Tensor};

/// The position of the extreme element of each lane of dimension `dim`, which stays with size 1.
#[derive(Clone, Copy)]
struct ArgExtreme {
    dim: usize,
    /// How an element stands to the best so far when it takes its place: `Greater` for the largest.
    wanted: Ordering,
}

impl ArgExtreme {
    /// Whether `element` takes the place of `best`; NaN beats every number, and the first of equals stays.
    #[inline(always)]
    fn beats<N: Number>(self, element: N, best: N) -> bool {
        (element.is_nan() && !best.is_nan()) || element.partial_cmp(&best) == Some(self.wanted)
    }

    /// Positions for the `inner` lanes that lie side by side in `block`.
    fn positions<N: Number>(self, block: &[N], out: &mut [i64]) {
        let mut rows = block.chunks(out.len()).enumerate();
        let mut best: Vec<N> = rows.next().map_or_else(Vec::new, |(_, first)| first.to_vec());
        out.fill(0);
        for (position, row) in rows {
            for ((element, best), out) in row.iter().zip(&mut best).zip(out.iter_mut()) {
                if self.beats(*element, *best) {
                    (*best, *out) = (*element, position as i64);
                }
            }
        }
    }

    /// As [`positions`](Self::positions), for one lane.
    fn position<N: Number>(self, lane: &[N]) -> i64 {
        let (mut best, mut at) = (lane[0], 0);
        for (position, &element) in lane.iter().enumerate().skip(1) {
            if self.beats(element, best) {
                (best, at) = (element, position);
            }
        }
        at as i64
    }
}

impl NoDerivative for ArgExtreme {
    const NAME: &'static str = "argmax";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut shape = inputs[0].size();
        if let Some(size) = shape.as_mut().get_mut(self.dim) {
            *size = 1;
        }
        Ok(Spec::new(DType::I64, shape))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let lanes = Lanes::of(inputs[0].shape(), self.dim);
        let results = Lanes { length: 1, ..lanes };
        let mut out = Buffer::unspecified(spec.shape.numel());
        dispatch_number!(inputs[0].dtype(), T => inputs[0].with_contiguous::<T, _>(|elements| {
            results.for_each_block(&mut out, |block, out| {
                let block = &elements[block * lanes.block()..][..lanes.block()];
                match out {
                    [only] => *only = self.position(block),
                    _ => self.positions(block, out),
                }
            });
        }));
        Tensor::from_buffer::<i64>(out, Layout::contiguous(spec.shape.clone()))
    }
}

/// The positions of the extremes, the dimension kept.
#[track_caller]
pub(super) fn arg_extreme(x: &Tensor, dim: isize, wanted: Ordering, name: &str) -> Tensor {
    let dim = arg_rule(x, dim, name).or_raise();
    // Truth values are ordered as the bytes that they are.
    let x = if x.dtype() == DType::Bool { x.to(DType::U8) } else { x.detach() };
    apply_without_derivative(ArgExtreme { dim, wanted }, &[&x])
}

fn arg_rule(x: &Tensor, dim: isize, name: &str) -> Result<usize, ShapeError> {
    let dim = x.shape().dim(dim, name)?;
    match x.shape().get(dim) {
        Some(0) => Err(ShapeError::new(
            name,
            format!("dimension {dim} of a tensor of shape {} is empty and has no extreme element", x.shape()),
        )
        .help("give the dimension at least one element")),
        _ => Ok(dim),
    }
}

#[track_caller]
fn arg_extreme_dim(x: &Tensor, dim: isize, keepdim: bool, wanted: Ordering, name: &str) -> Tensor {
    let positions = arg_extreme(x, dim, wanted, name);
    if keepdim { positions } else { positions.squeeze_dim(dim) }
}

impl Tensor {
    /// The position of the largest element in the flattened tensor, 0-d, in `i64`:
    /// [`torch.argmax`](https://pytorch.org/docs/stable/generated/torch.argmax.html). The first of several; NaN counts
    /// as the largest.
    ///
    /// # Panics
    /// If there is no element.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1.0, 5.0], [2.0, 3.0]]).argmax().item(), 1.0);
    /// ```
    #[track_caller]
    pub fn argmax(&self) -> Tensor {
        arg_extreme_dim(&self.reshape([-1]), 0, false, Ordering::Greater, "argmax")
    }

    /// The positions of the largest elements along dimension `dim`, which goes, or stays with size 1:
    /// `x.argmax(dim, keepdim)`. What a classifier predicts from its scores.
    ///
    /// # Panics
    /// If there is no such dimension, or it is empty.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let scores = Tensor::new([[0.1, 0.7, 0.2], [0.9, 0.0, 0.1]]);
    /// assert_eq!(scores.argmax_dim(1, false).to_vec::<i64>(), [1, 0]);
    /// assert_eq!(scores.argmax_dim(1, true).size(), [2, 1]);
    /// ```
    #[track_caller]
    pub fn argmax_dim(&self, dim: isize, keepdim: bool) -> Tensor {
        arg_extreme_dim(self, dim, keepdim, Ordering::Greater, "argmax")
    }

    /// The position of the smallest element in the flattened tensor, 0-d, in `i64`:
    /// [`torch.argmin`](https://pytorch.org/docs/stable/generated/torch.argmin.html). The first of several; NaN counts
    /// as the smallest.
    ///
    /// # Panics
    /// If there is no element.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([3.0, 1.0, 2.0]).argmin().item(), 1.0);
    /// ```
    #[track_caller]
    pub fn argmin(&self) -> Tensor {
        arg_extreme_dim(&self.reshape([-1]), 0, false, Ordering::Less, "argmin")
    }

    /// The positions of the smallest elements along dimension `dim`, which goes, or stays with size 1:
    /// `x.argmin(dim, keepdim)`.
    ///
    /// # Panics
    /// If there is no such dimension, or it is empty.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[2, 1], [0, 3]]).argmin_dim(0, false).to_vec::<i64>(), [1, 0]);
    /// ```
    #[track_caller]
    pub fn argmin_dim(&self, dim: isize, keepdim: bool) -> Tensor {
        arg_extreme_dim(self, dim, keepdim, Ordering::Less, "argmin")
    }
}

#[cfg(test)]
mod tests {
    use crate::tensor::Tensor;

    #[test]
    fn the_first_of_equals_and_nan_before_all() {
        let x = Tensor::new([[1.0, f32::NAN, 3.0, f32::NAN], [2.0, 3.0, 3.0, 1.0]]);
        assert_eq!(x.argmax_dim(1, false).to_vec::<i64>(), [1, 1]);
        assert_eq!(x.argmin_dim(1, false).to_vec::<i64>(), [1, 3]);
        assert_eq!(x.argmax_dim(0, false).to_vec::<i64>(), [1, 0, 0, 0]);
        assert_eq!(x.t().argmax_dim(0, true).to_vec::<i64>(), [1, 1]);
        assert_eq!(Tensor::new([false, true]).argmax().item(), 1.0);
        assert_eq!(Tensor::new(3.0).argmax_dim(-1, true).dim(), 0);
    }

    #[test]
    #[should_panic(expected = "argmax: dimension 1 of a tensor of shape [2, 0] is empty")]
    fn refusal() {
        Tensor::zeros([2, 0]).argmax_dim(-1, false);
    }
}
