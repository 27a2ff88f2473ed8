//! `cummax` and `cummin`.

use jimu_kernels::buffer::Buffer;

use crate::autograd::{NoDerivative, Spec, apply_without_derivative};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::Lanes;
use crate::ops::numeric::Number;
use crate::tensor::{Layout, Tensor};

/// Where along `dim` the extreme of each element and those before it is: the last of several that are equal, and NaN once
/// there is one.
struct CumulativePositions {
    dim: usize,
    largest: bool,
}

impl CumulativePositions {
    fn beats<N: Number>(&self, element: N, best: N) -> bool {
        element.is_nan() || (!best.is_nan() && if self.largest { element >= best } else { element <= best })
    }
}

impl NoDerivative for CumulativePositions {
    const NAME: &'static str = "cummax";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::new(DType::I64, inputs[0].shape()))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let lanes = Lanes::of(&spec.shape, self.dim);
        let mut out = Buffer::unspecified(spec.shape.numel());
        dispatch_number!(inputs[0].dtype(), T => inputs[0].with_contiguous::<T, _>(|elements| {
            lanes.for_each_block(&mut out, |block, out| {
                let elements = &elements[block * lanes.block()..][..lanes.block()];
                for lane in 0..lanes.inner {
                    let mut best = 0;
                    for position in 0..lanes.length {
                        let at = |position: usize| elements[position * lanes.inner + lane];
                        if self.beats(at(position), at(best)) {
                            best = position;
                        }
                        out[position * lanes.inner + lane] = best as i64;
                    }
                }
            });
        }));
        Tensor::from_buffer::<i64>(out, Layout::contiguous(spec.shape.clone()))
    }
}

#[track_caller]
fn cumulative(x: &Tensor, dim: isize, largest: bool, name: &str) -> (Tensor, Tensor) {
    let at = x.shape().dim(dim, name).or_raise();
    // Truth values are ordered as the bytes that they are.
    let numbers = if x.dtype() == DType::Bool { x.to(DType::U8) } else { x.detach() };
    let positions = apply_without_derivative(CumulativePositions { dim: at, largest }, &[&numbers]);
    (x.gather(at as isize, &positions), positions)
}

impl Tensor {
    /// The largest of each element and those before it along dimension `dim`, and its position:
    /// [`torch.cummax`](https://pytorch.org/docs/stable/generated/torch.cummax.html). Of elements that are equal the last
    /// one counts; NaN is larger than all. The gradient goes to the elements at the positions.
    ///
    /// # Shape
    /// Any; both results have the same.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// let (largest, positions) = jimu::Tensor::new([1.0, 3.0, 2.0, 3.0]).cummax(0);
    /// assert_eq!(largest.to_vec::<f32>(), [1.0, 3.0, 3.0, 3.0]);
    /// assert_eq!(positions.to_vec::<i64>(), [0, 1, 1, 3]);
    /// ```
    #[track_caller]
    pub fn cummax(&self, dim: isize) -> (Tensor, Tensor) {
        cumulative(self, dim, true, "cummax")
    }

    /// The smallest of each element and those before it along dimension `dim`, and its position:
    /// [`torch.cummin`](https://pytorch.org/docs/stable/generated/torch.cummin.html). As [`cummax`](Self::cummax); NaN is
    /// smaller than all.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([3, 4, 1]).cummin(0).0.to_vec::<i64>(), [3, 3, 1]);
    /// ```
    #[track_caller]
    pub fn cummin(&self, dim: isize) -> (Tensor, Tensor) {
        cumulative(self, dim, false, "cummin")
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn values_and_positions_of_pytorch() {
        let x = Tensor::new([[1.0, 3.0, 2.0, 3.0, f32::NAN, 5.0], [2.0, 2.0, 1.0, 0.0, 0.0, 3.0]]);
        let (largest, at) = x.cummax(1);
        assert_eq!(at.to_vec::<i64>(), [0, 1, 1, 3, 4, 4, 0, 1, 1, 1, 1, 5]);
        assert_eq!(largest.select(0, 1).to_vec::<f32>(), [2.0, 2.0, 2.0, 2.0, 2.0, 3.0]);
        assert!(largest.index((0, 5)).item().is_nan());
        assert_eq!(x.cummin(-1).1.to_vec::<i64>(), [0, 0, 0, 0, 4, 4, 0, 1, 2, 3, 4, 4]);
        assert_eq!(x.cummin(0).1.select(0, 1).to_vec::<i64>(), [0, 1, 1, 1, 0, 1]);
        assert_eq!(Tensor::new(2.0).cummax(0).0.item(), 2.0);
        assert_eq!(Tensor::new([true, false, true]).cummax(0).1.to_vec::<i64>(), [0, 0, 2]);
        assert_eq!(Tensor::zeros([2, 0]).cummax(1).0.size(), [2, 0]);
    }

    #[test]
    fn derivatives() {
        check(|x| x[0].cummax(0).0 * x[0].cummin(1).0, &[&variable([3, 4])]);
    }
}
