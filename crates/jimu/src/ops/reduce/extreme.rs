//! `amax` and `amin`, and `max` and `min` of everything: the largest and the smallest elements, whose gradient is shared
//! evenly among equals.

use jimu_kernels::reduce::Fold;

use super::{Over, fold_elements};
use crate::autograd::{Context, Gradients, NoDerivative, Operation, Saves, Spec, apply, apply_without_derivative};
use crate::dtype::{DType, dispatch_number};
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::zip_elements;
use crate::ops::numeric::Number;
use crate::tensor::{Dims, Tensor};

/// The largest element, or with `LARGEST` false the smallest.
struct Extreme<const LARGEST: bool> {
    over: Over,
}

impl<const LARGEST: bool, N: Number> Fold<N> for Extreme<LARGEST> {
    type Accumulator = N;

    fn identity(&self) -> N {
        if LARGEST { N::LOWEST } else { N::HIGHEST }
    }

    #[inline(always)]
    fn step(&self, best: N, element: N) -> N {
        // NaN is never beaten, and takes every place.
        let beats = if LARGEST { element > best } else { element < best };
        if beats || element.is_nan() { element } else { best }
    }

    #[inline(always)]
    fn merge(&self, a: N, b: N) -> N {
        self.step(a, b)
    }
}

impl<const LARGEST: bool> Operation for Extreme<LARGEST> {
    const NAME: &'static str = if LARGEST { "amax" } else { "amin" };

    fn saves(&self) -> Saves {
        Saves::InputsAndOutput
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        let shape = inputs[0].shape();
        let result = self.over.shape(shape);
        if self.over.count(shape) == 0 && result.numel() > 0 {
            let name = <Self as Operation>::NAME;
            return Err(ShapeError::new(name, format!("a tensor of shape {shape} is empty there and has no extreme"))
                .help("give the folded dimensions at least one element"));
        }
        Ok(Spec::new(inputs[0].dtype(), result))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => fold_elements::<T, T, _>(inputs[0], &self.over, self))
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| {
            let input = context.input(0).detach();
            let shape = input.shape();
            let best = self.over.spread(&context.output().detach(), shape);
            let ties = apply_without_derivative(Ties, &[&input, &best]);
            let folded: Vec<usize> = (0..shape.len()).filter(|&dim| self.over.mask[dim]).collect();
            let shares = if folded.is_empty() { ties } else { &ties / ties.sum_dim(folded, true) };
            self.over.spread(grad, shape) * shares
        })
    }
}

/// 1 where two numbers are equal, or both NaN; 0 elsewhere.
struct Ties;

impl NoDerivative for Ties {
    const NAME: &'static str = "ties";

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        dispatch_number!(spec.dtype, T => zip_elements::<T, T, T>(inputs[0], inputs[1], |a, b| {
            if a == b || (a.is_nan() && b.is_nan()) { T::ONE } else { T::ZERO }
        }))
    }
}

/// The largest or smallest elements. Not generic, as the methods are: compiled here, not in each crate that calls them.
#[track_caller]
fn extreme(x: &Tensor, over: Over, largest: bool) -> Tensor {
    match largest {
        true => apply_extreme::<true>(x, over),
        false => apply_extreme::<false>(x, over),
    }
}

#[track_caller]
fn apply_extreme<const LARGEST: bool>(x: &Tensor, over: Over) -> Tensor {
    match x.dtype() {
        DType::Bool => apply(Extreme::<LARGEST> { over }, &[&x.to(DType::U8)]).to(DType::Bool),
        _ => apply(Extreme::<LARGEST> { over }, &[x]),
    }
}

impl Tensor {
    /// The largest element, 0-d: [`torch.max`](https://pytorch.org/docs/stable/generated/torch.max.html). NaN if any
    /// element is. Equal elements share the gradient evenly.
    ///
    /// # Panics
    /// If there is no element.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, 3.0, 3.0]).requires_grad_();
    /// let largest = x.max();
    /// assert_eq!(largest.item(), 3.0);
    /// largest.backward();
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.5, 0.5]);
    /// ```
    #[track_caller]
    pub fn max(&self) -> Tensor {
        extreme(self, Over::all(self), true)
    }

    /// The smallest element, 0-d: [`torch.min`](https://pytorch.org/docs/stable/generated/torch.min.html). As
    /// [`max`](Self::max).
    ///
    /// # Panics
    /// If there is no element.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::new([2.0, 1.0]).min().item(), 1.0);
    /// ```
    #[track_caller]
    pub fn min(&self) -> Tensor {
        extreme(self, Over::all(self), false)
    }

    /// The largest elements over the dimensions `dims`, which go, or stay with size 1:
    /// [`torch.amax`](https://pytorch.org/docs/stable/generated/torch.amax.html). Equal elements share the gradient
    /// evenly, while [`max_dim`](Self::max_dim) gives it to the one that it names.
    ///
    /// # Args
    /// - `dims`: one dimension or several, which may count from the end; none (or `..`) means all.
    ///
    /// # Panics
    /// If there is no such dimension, or there is nothing to fold.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1.0, 4.0], [3.0, 2.0]]);
    /// assert_eq!(x.amax(1, false).to_vec::<f32>(), [4.0, 3.0]);
    /// assert_eq!(x.amax([0, 1], true).size(), [1, 1]);
    /// ```
    #[track_caller]
    pub fn amax(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        extreme(self, Over::dims(self, dims, keepdim, "amax").or_raise(), true)
    }

    /// The smallest elements over the dimensions `dims`, which go, or stay with size 1:
    /// [`torch.amin`](https://pytorch.org/docs/stable/generated/torch.amin.html). As [`amax`](Self::amax).
    ///
    /// # Panics
    /// If there is no such dimension, or there is nothing to fold.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1, 4], [3, 2]]).amin(0, false).to_vec::<i64>(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn amin(&self, dims: impl Into<Dims>, keepdim: bool) -> Tensor {
        extreme(self, Over::dims(self, dims, keepdim, "amin").or_raise(), false)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].max() * x[1], &[&variable([2, 3]), &variable([1])]);
        check(|x| x[0].amin([0, 2], true) * x[1], &[&variable([2, 3, 2]), &variable([3, 1])]);
        check(|x| x[0].t().amax(0, false), &[&variable([2, 3])]);
    }

    #[test]
    fn equals_share_the_gradient() {
        let x = Tensor::new([[1.0, 2.0, 2.0], [0.0, 0.0, 0.0]]).requires_grad_();
        x.amax(1, false).sum().backward();
        let third = 1.0f32 / 3.0;
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [0.0, 0.5, 0.5, third, third, third]);
    }

    #[test]
    fn nan_propagates() {
        let x = Tensor::new([[1.0, f32::NAN], [3.0, 2.0]]);
        assert!(x.max().item().is_nan() && x.min().item().is_nan());
        assert!(x.amax(0, false).to_vec::<f32>()[1].is_nan());
        assert_eq!(x.amax(0, false).to_vec::<f32>()[0], 3.0);
    }

    #[test]
    fn truth_values_and_bytes() {
        assert_eq!(Tensor::new([true, false]).amin(0, false).to_vec::<bool>(), [false]);
        assert_eq!(Tensor::new([200u8, 3]).max().to_vec::<u8>(), [200]);
        assert_eq!(Tensor::zeros([0, 3]).amax(1, false).size(), [0]);
    }

    #[test]
    #[should_panic(expected = "amax: a tensor of shape [0] is empty there")]
    fn refusal() {
        Tensor::zeros([0]).max();
    }
}
