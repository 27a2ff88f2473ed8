//! `slice_assign`, `slice_scatter` and `select_scatter`: a part replaced, with gradients.

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, apply};
use crate::dtype::dispatch_dtype;
use crate::error::{OrRaise, ShapeError};
use crate::ops::binary::both;
use crate::ops::operand::TensorOrScalar;
use crate::ops::unary::map_elements;
use crate::ops::view::{Index, IntoIndices};
use crate::tensor::{Shape, Tensor};

/// Inputs: the whole, and the part of the shape and type that it has there.
struct SliceAssign {
    indices: Vec<Index>,
}

impl Operation for SliceAssign {
    const NAME: &'static str = "slice_assign";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let copy = dispatch_dtype!(spec.dtype, T => map_elements::<T, T>(inputs[0], |element| element));
        copy.set(&*self.indices, inputs[1])
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        both(context, || grad.slice_assign(&*self.indices, 0), || grad.index(&*self.indices))
    }
}

/// The value as a tensor of the shape and type of the part. As in Python, dimensions of size 1 in front are too many.
fn fitted(x: &Tensor, part: &Shape, value: TensorOrScalar<'_>, name: &str) -> Result<Tensor, ShapeError> {
    let value = value.beside(x.dtype());
    let surplus = value.dim().saturating_sub(part.len());
    let (front, rest) = value.shape().split_at(surplus);
    let fits = rest.iter().rev().zip(part.iter().rev()).all(|(&from, &to)| from == to || from == 1);
    if !fits || front.iter().any(|&size| size != 1) {
        let given = value.shape();
        return Err(ShapeError::new(name, format!("a value of shape {given} does not fit a part of shape {part}"))
            .help("give a value of the part's shape, or one that broadcasts to it"));
    }
    let rest: Shape = rest.into();
    Ok(value.to(x.dtype()).reshape(rest).expand(part))
}

#[track_caller]
fn assign(x: &Tensor, indices: Vec<Index>, value: TensorOrScalar<'_>, name: &str) -> Tensor {
    let part = x.detach().index(&*indices).size();
    let value = fitted(x, &part, value, name).or_raise();
    apply(SliceAssign { indices }, &[x, &value])
}

/// `index` at dimension `dim`, everything before it.
fn at_dim(x: &Tensor, dim: isize, index: Index, name: &str) -> Result<Vec<Index>, ShapeError> {
    let place = x.shape().dim(dim, name)?;
    Ok(std::iter::repeat_n(Index::from(..), place).chain([index]).collect())
}

impl Tensor {
    /// A copy in which a part is replaced: Python's `x[1, 0:2] = value` as a function, through which gradients flow. The
    /// part is named as in [`index`](Self::index).
    ///
    /// The elements that are replaced get gradient 0, the value gets that of the elements it has become.
    /// [`set`](Self::set) does the same in place, on tensors that no graph depends on.
    ///
    /// # Args
    /// - `value`: a number, or a tensor that is broadcast to the part and converted to the tensor's type.
    ///
    /// # Panics
    /// If there is no such part, or the value's shape does not fit it.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 3]).requires_grad_();
    /// let value = Tensor::new([5.0, 6.0]).requires_grad_();
    /// let y = x.slice_assign((1, 0..2), &value);
    /// assert_eq!(y.to_vec::<f32>(), [0.0, 0.0, 0.0, 5.0, 6.0, 0.0]);
    /// (&y * &y).sum().backward();
    /// assert_eq!(value.grad().unwrap().to_vec::<f32>(), [10.0, 12.0]);
    /// ```
    #[track_caller]
    pub fn slice_assign<'a>(&self, indices: impl IntoIndices, value: impl Into<TensorOrScalar<'a>>) -> Tensor {
        assign(self, indices.into_indices(), value.into(), "slice_assign")
    }

    /// A copy in which every `step`-th element of dimension `dim` from `start` up to `end` is replaced by `source`:
    /// [`torch.slice_scatter`](https://pytorch.org/docs/stable/generated/torch.slice_scatter.html).
    ///
    /// # Panics
    /// If there is no such dimension, or the shape of `source` does not fit the part.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([4]).slice_scatter(&Tensor::ones([2]), 0, 1, 4, 2);
    /// assert_eq!(x.to_vec::<f32>(), [0.0, 1.0, 0.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn slice_scatter(&self, source: &Tensor, dim: isize, start: isize, end: isize, step: usize) -> Tensor {
        let indices = at_dim(self, dim, Index::step(start, end, step), "slice_scatter").or_raise();
        assign(self, indices, source.into(), "slice_scatter")
    }

    /// A copy in which position `index` of dimension `dim` is replaced by `source`:
    /// [`torch.select_scatter`](https://pytorch.org/docs/stable/generated/torch.select_scatter.html).
    ///
    /// # Panics
    /// If there is no such dimension or position, or the shape of `source` does not fit it.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::zeros([2, 2]).select_scatter(&Tensor::ones([2]), 1, 0);
    /// assert_eq!(x.to_vec::<f32>(), [1.0, 0.0, 1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn select_scatter(&self, source: &Tensor, dim: isize, index: isize) -> Tensor {
        let indices = at_dim(self, dim, Index::At(index), "select_scatter").or_raise();
        assign(self, indices, source.into(), "select_scatter")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let (x, value) = (variable([2, 3, 2]), variable([3, 1]));
        check(|x| x[0].slice_assign((Index::Ellipsis, 1..), x[1]) * x[0], &[&x, &value]);
        check(|x| x[0].t().slice_assign((-1, Index::NewAxis, 0..2), x[1]), &[&variable([2, 3]), &variable([1])]);
        check(|x| x[0].slice_scatter(x[1], 1, 0, 3, 2), &[&variable([2, 3]), &variable([2, 2])]);
        check(|x| x[0].select_scatter(x[1], -1, -1), &[&variable([2, 3]), &variable([2])]);
    }

    #[test]
    fn the_original_stays() {
        let x = Tensor::arange(0, 6).reshape([2, 3]);
        let y = x.t().slice_assign((.., 0), &Tensor::new([[7, 8, 9]]));
        assert_eq!(y.to_vec::<i64>(), [7, 3, 8, 4, 9, 5]);
        assert_eq!(x.to_vec::<i64>(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(Tensor::new(1).expand([3]).slice_assign(1, 2.9).to_vec::<i64>(), [1, 2, 1]);
    }

    #[test]
    fn empty_parts() {
        let x = Tensor::ones([2, 3]);
        assert_eq!(x.slice_assign((.., 1..1), 5).to_vec::<f32>(), [1.0; 6]);
        assert_eq!(Tensor::zeros([0, 3]).slice_assign((.., 1), 5).size(), [0, 3]);
    }

    #[test]
    #[should_panic(expected = "slice_assign: a value of shape [3] does not fit a part of shape [2]")]
    fn refusal() {
        Tensor::zeros([2, 2]).slice_assign(0, &Tensor::zeros([3]));
    }
}
