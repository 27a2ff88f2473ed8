//! `sort`, `argsort` and `topk`.

use std::cmp::Ordering;

use jimu_kernels::buffer::Buffer;

use super::Lanes;
use super::gather::gather_checked;
use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::numeric::Number;
use crate::tensor::{Layout, Tensor};

/// The positions of the first `count` elements of each lane of `dim` in sorted order.
struct ArgSort {
    dim: usize,
    count: usize,
    descending: bool,
}

impl ArgSort {
    /// NaN is larger than every number; equals keep their order.
    fn order<N: Number>(&self, (a, at_a): &(N, i64), (b, at_b): &(N, i64)) -> Ordering {
        let ascending = a.partial_cmp(b).unwrap_or_else(|| Number::is_nan(*a).cmp(&Number::is_nan(*b)));
        let order = if self.descending { ascending.reverse() } else { ascending };
        order.then(at_a.cmp(at_b))
    }

    /// Sorts one lane and writes its positions, at distance `step`, to `out`.
    fn sort_lane<N: Number>(&self, lane: &mut [(N, i64)], out: &mut [i64], step: usize) {
        if (1..lane.len()).contains(&self.count) {
            lane.select_nth_unstable_by(self.count - 1, |a, b| self.order(a, b));
        }
        let first = &mut lane[..self.count];
        first.sort_unstable_by(|a, b| self.order(a, b));
        out.iter_mut().step_by(step).zip(first.iter()).for_each(|(out, &(_, position))| *out = position);
    }
}

impl NoDerivative for ArgSort {
    const NAME: &'static str = "argsort";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let mut shape = inputs[0].size();
        if let Some(size) = shape.as_mut().get_mut(self.dim) {
            *size = self.count;
        }
        Ok(Spec::new(DType::I64, shape))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let (from, to) = (Lanes::of(inputs[0].shape(), self.dim), Lanes::of(&spec.shape, self.dim));
        let mut out = Buffer::unspecified(spec.shape.numel());
        dispatch_number!(inputs[0].dtype(), T => inputs[0].with_contiguous::<T, _>(|source| {
            to.for_each_block(&mut out, |block, out| {
                let source = &source[block * from.block()..][..from.block()];
                let mut lane: Vec<(T, i64)> = Vec::with_capacity(from.length);
                for first in 0..from.inner {
                    lane.clear();
                    lane.extend(source[first..].iter().step_by(from.inner).zip(0..).map(|(&element, at)| (element, at)));
                    self.sort_lane(&mut lane, &mut out[first..], from.inner);
                }
            });
        }));
        Tensor::from_buffer::<i64>(out, Layout::contiguous(spec.shape.clone()))
    }
}

fn arg_sort(x: &Tensor, dim: usize, count: usize, descending: bool) -> Tensor {
    let x = if x.dtype() == DType::Bool { x.to(DType::U8) } else { x.detach() };
    apply_without_derivative(ArgSort { dim, count, descending }, &[&x])
}

impl Tensor {
    /// The elements sorted along dimension `dim`, and where each came from:
    /// [`torch.sort`](https://pytorch.org/docs/stable/generated/torch.sort.html). Always stable: equals keep their order.
    /// NaN counts as larger than every number.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (values, indices) = Tensor::new([3.0, 1.0, 2.0]).sort(0, false);
    /// assert_eq!(values.to_vec::<f32>(), [1.0, 2.0, 3.0]);
    /// assert_eq!(indices.to_vec::<i64>(), [1, 2, 0]);
    /// ```
    #[track_caller]
    pub fn sort(&self, dim: isize, descending: bool) -> (Tensor, Tensor) {
        let dim = self.shape().dim(dim, "sort").or_raise();
        let positions = arg_sort(self, dim, self.shape().get(dim).copied().unwrap_or(1), descending);
        (gather_checked(self, dim, &positions), positions)
    }

    /// The positions that sort the tensor along dimension `dim`:
    /// [`torch.argsort`](https://pytorch.org/docs/stable/generated/torch.argsort.html). As [`sort`](Self::sort).
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3, 1, 2, 1]).argsort(0, true).to_vec::<i64>(), [0, 2, 1, 3]);
    /// ```
    #[track_caller]
    pub fn argsort(&self, dim: isize, descending: bool) -> Tensor {
        let dim = self.shape().dim(dim, "argsort").or_raise();
        arg_sort(self, dim, self.shape().get(dim).copied().unwrap_or(1), descending)
    }

    /// The `k` largest (or smallest) elements along dimension `dim`, in order, and their positions:
    /// [`torch.topk`](https://pytorch.org/docs/stable/generated/torch.topk.html). Of equals the first come first; the
    /// result is always sorted.
    ///
    /// # Panics
    /// If there is no such dimension, or it has fewer than `k` elements.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let scores = Tensor::new([[0.1, 0.6, 0.3]]);
    /// let (values, classes) = scores.topk(2, -1, true);
    /// assert_eq!(values.to_vec::<f32>(), [0.6, 0.3]);
    /// assert_eq!(classes.to_vec::<i64>(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn topk(&self, k: usize, dim: isize, largest: bool) -> (Tensor, Tensor) {
        let dim = topk_rule(self, k, dim).or_raise();
        let positions = arg_sort(self, dim, k, largest);
        (gather_checked(self, dim, &positions), positions)
    }
}

fn topk_rule(x: &Tensor, k: usize, dim: isize) -> Result<usize, ShapeError> {
    let place = x.shape().dim(dim, "topk")?;
    let size = x.shape().get(place).copied().unwrap_or(1);
    if k > size || (x.dim() == 0 && k != 1) {
        let shape = x.shape();
        return Err(ShapeError::new(
            "topk",
            format!("{k} elements are asked of dimension {dim} of a tensor of shape {shape}"),
        )
        .help(format!("ask for at most {size}")));
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].sort(1, true).0 * x[1], &[&variable([2, 4, 2]), &variable([4, 2])]);
        check(|x| x[0].topk(2, 0, false).0, &[&variable([4, 2])]);
        check(|x| x[0].t().sort(-1, false).0, &[&variable([3, 2])]);
    }

    #[test]
    fn nan_is_the_largest_and_equals_keep_their_order() {
        let x = Tensor::new([2.0, f32::NAN, 1.0, f32::NAN, 2.0]);
        assert_eq!(x.argsort(0, false).to_vec::<i64>(), [2, 0, 4, 1, 3]);
        assert_eq!(x.argsort(0, true).to_vec::<i64>(), [1, 3, 0, 4, 2]);
        assert_eq!(x.topk(3, 0, true).1.to_vec::<i64>(), [1, 3, 0]);
        assert_eq!(Tensor::new([true, false, true]).sort(0, false).0.to_vec::<bool>(), [false, true, true]);
    }

    #[test]
    fn a_part_is_the_start_of_the_whole() {
        let x = Tensor::randint(0, 20, [3, 50, 4]);
        let (values, positions) = x.sort(1, false);
        for k in [0, 1, 7, 50] {
            let (top, at) = x.topk(k, 1, false);
            assert_eq!(top.to_vec::<i64>(), values.narrow(1, 0, k).to_vec::<i64>());
            assert_eq!(at.to_vec::<i64>(), positions.narrow(1, 0, k).to_vec::<i64>());
        }
    }

    #[test]
    #[should_panic(expected = "topk: 4 elements are asked of dimension -1 of a tensor of shape [2, 3]")]
    fn refusal() {
        Tensor::zeros([2, 3]).topk(4, -1, true);
    }
}
