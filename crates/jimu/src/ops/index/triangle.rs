//! `tril` and `triu`.

use jimu_kernels::buffer::Buffer;

use super::Lanes;
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_dtype;
use crate::error::ShapeError;
use crate::tensor::{Layout, Tensor};

/// The part of each matrix below (or with `UPPER` above) a diagonal, zeros elsewhere.
struct Triangle<const UPPER: bool> {
    diagonal: isize,
}

impl<const UPPER: bool> Triangle<UPPER> {
    fn keeps(&self, row: usize, column: usize) -> bool {
        let above = column as isize - row as isize;
        if UPPER { above >= self.diagonal } else { above <= self.diagonal }
    }
}

impl<const UPPER: bool> Operation for Triangle<UPPER> {
    const NAME: &'static str = if UPPER { "triu" } else { "tril" };

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        match inputs[0].dim() {
            0 | 1 => {
                let shape = inputs[0].shape();
                Err(ShapeError::new(Self::NAME, format!("a matrix is needed, but the shape is {shape}"))
                    .help("give at least two dimensions"))
            }
            _ => Ok(Spec::like(inputs[0])),
        }
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        // A block is one matrix.
        let lanes = Lanes::of(&spec.shape, spec.shape.len() - 2);
        dispatch_dtype!(spec.dtype, T => {
            let mut out = Buffer::zeroed(spec.shape.numel());
            inputs[0].with_contiguous::<T, _>(|source| {
                lanes.for_each_block(&mut out, |block, out| {
                    let source = &source[block * lanes.block()..][..lanes.block()];
                    for (index, (out, &element)) in out.iter_mut().zip(source).enumerate() {
                        if self.keeps(index / lanes.inner, index % lanes.inner) {
                            *out = element;
                        }
                    }
                });
            });
            Tensor::from_buffer::<T>(out, Layout::contiguous(spec.shape.clone()))
        })
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| apply(Triangle::<UPPER> { diagonal: self.diagonal }, &[grad]))
    }
}

impl Tensor {
    /// The lower triangle of a matrix or of each of a batch, zeros above:
    /// [`torch.tril`](https://pytorch.org/docs/stable/generated/torch.tril.html). Of ones, it is the mask of causal
    /// attention.
    ///
    /// # Args
    /// - `diagonal`: the last diagonal that is kept: 0 is the main one, positive ones lie above it.
    ///
    /// # Panics
    /// If there are fewer than two dimensions.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.tril(0).to_vec::<i64>(), [1, 0, 3, 4]);
    /// ```
    #[track_caller]
    pub fn tril(&self, diagonal: isize) -> Tensor {
        apply(Triangle::<false> { diagonal }, &[self])
    }

    /// The upper triangle of a matrix or of each of a batch, zeros below:
    /// [`torch.triu`](https://pytorch.org/docs/stable/generated/torch.triu.html).
    ///
    /// # Args
    /// - `diagonal`: the first diagonal that is kept: 0 is the main one, positive ones lie above it.
    ///
    /// # Panics
    /// If there are fewer than two dimensions.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.triu(1).to_vec::<i64>(), [0, 2, 0, 0]);
    /// ```
    #[track_caller]
    pub fn triu(&self, diagonal: isize) -> Tensor {
        apply(Triangle::<true> { diagonal }, &[self])
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].tril(-1) * x[1], &[&variable([2, 3, 3]), &variable([3, 3])]);
        check(|x| x[0].triu(1), &[&variable([2, 4])]);
    }

    #[test]
    fn the_named_diagonal_stays() {
        let x = Tensor::arange(1, 7).reshape([2, 3]);
        assert_eq!(x.triu(1).to_vec::<i64>(), [0, 2, 3, 0, 0, 6]);
        assert_eq!(x.tril(1).to_vec::<i64>(), [1, 2, 0, 4, 5, 6]);
    }

    #[test]
    fn what_is_cut_off_is_gone_even_if_it_is_nan() {
        assert_eq!(Tensor::full([2, 2], f64::NAN).tril(-2).to_vec::<f32>(), [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "triu: a matrix is needed, but the shape is [3]")]
    fn refusal() {
        Tensor::zeros([3]).triu(0);
    }
}
