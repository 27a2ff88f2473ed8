//! `cumsum`.

use jimu_kernels::buffer::Buffer;

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::{DType, Element, dispatch_float};
use crate::error::{OrRaise, ShapeError};
use crate::ops::index::Lanes;
use crate::tensor::{Layout, Tensor};

/// Running sums along `dim`, from the front or from the back.
#[derive(Clone, Copy)]
struct Cumsum {
    dim: usize,
    backwards: bool,
}

impl Cumsum {
    /// `step` adds an element to its lane's running total and gives the sum.
    fn run<T: Send + Sync, A: Copy + Sync>(
        self,
        lanes: Lanes,
        source: &[T],
        out: &mut [T],
        zero: A,
        step: impl Fn(&mut A, &T) -> T + Sync,
    ) {
        lanes.for_each_block(out, |block, out| {
            let source = &source[block * lanes.block()..][..lanes.block()];
            let mut totals = vec![zero; lanes.inner];
            for position in 0..lanes.length {
                let row = if self.backwards { lanes.length - 1 - position } else { position } * lanes.inner;
                let elements = source[row..row + lanes.inner].iter().zip(&mut out[row..row + lanes.inner]);
                elements.zip(&mut totals).for_each(|((element, out), total)| *out = step(total, element));
            }
        });
    }
}

impl Operation for Cumsum {
    const NAME: &'static str = "cumsum";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let lanes = Lanes::of(&spec.shape, self.dim);
        let layout = Layout::contiguous(spec.shape.clone());
        if spec.dtype == DType::I64 {
            let mut out = Buffer::unspecified(spec.shape.numel());
            inputs[0].with_contiguous::<i64, _>(|source| {
                self.run(lanes, source, &mut out, 0i64, |total, &element| {
                    *total = total.wrapping_add(element);
                    *total
                });
            });
            return Tensor::from_buffer::<i64>(out, layout);
        }
        // Real numbers are summed in f64, so that a long run loses nothing.
        dispatch_float!(spec.dtype, T => {
            let mut out = Buffer::unspecified(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| {
                self.run(lanes, source, &mut out, 0.0f64, |total, &element: &T| {
                    *total += element.to_f64();
                    T::from_f64(*total)
                });
            });
            Tensor::from_buffer::<T>(out, layout)
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Cumsum { dim: self.dim, backwards: !self.backwards }, &[grad]))
    }
}

impl Tensor {
    /// Running sums along dimension `dim`: [`torch.cumsum`](https://pytorch.org/docs/stable/generated/torch.cumsum.html).
    /// Whole numbers and truth values are summed in `i64`.
    ///
    /// # Shape
    /// Any; the result has the same.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1, 2, 3]).cumsum(0).to_vec::<i64>(), [1, 3, 6]);
    /// assert_eq!(Tensor::new([[1.0, 2.0], [3.0, 4.0]]).cumsum(0).to_vec::<f32>(), [1.0, 2.0, 4.0, 6.0]);
    /// ```
    #[track_caller]
    pub fn cumsum(&self, dim: isize) -> Tensor {
        let dim = self.shape().dim(dim, "cumsum").or_raise();
        let x = if self.dtype().is_floating_point() { self.clone() } else { self.to(DType::I64) };
        apply(Cumsum { dim, backwards: false }, &[&x])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].cumsum(1) * x[1], &[&variable([2, 3, 2]), &variable([3, 2])]);
        check(|x| x[0].t().cumsum(-1), &[&variable([2, 3])]);
    }

    #[test]
    fn a_0d_tensor_is_its_own_sum() {
        assert_eq!(Tensor::new(2.5).cumsum(0).item(), 2.5);
    }
}
