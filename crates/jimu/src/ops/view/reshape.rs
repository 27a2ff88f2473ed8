//! `reshape`, `view`, `flatten`, `unflatten`: other sizes for the same elements in the same order.

use std::ops::{Bound, RangeBounds};

use super::{View, apply_view, try_view};
use crate::autograd::{Context, Gradients, Operation, Saves, Spec, try_apply};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Layout, Shape, Tensor};

struct Reshape {
    shape: Shape,
}

impl View for Reshape {
    const NAME: &'static str = "view";

    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError> {
        input.reshaped(&self.shape).ok_or_else(|| {
            let (from, to) = (&input.shape, &self.shape);
            let strides = &input.strides;
            ShapeError::new("view", format!("the shape {from} with strides {strides:?} has no view of shape {to}"))
                .help("use reshape, which copies where it must")
        })
    }

    fn gradient(&self, input: &Layout, grad: &Tensor) -> Tensor {
        grad.reshape(&input.shape)
    }
}

/// The elements moved into plain order: what [`Tensor::contiguous`] records.
struct Contiguous;

impl Operation for Contiguous {
    const NAME: &'static str = "contiguous";

    fn saves(&self) -> Saves {
        Saves::Nothing
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        Ok(Spec::like(inputs[0]))
    }

    fn forward(&mut self, inputs: &[&Tensor], _spec: &Spec) -> Tensor {
        inputs[0].to_contiguous()
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        context.first(|| grad.clone())
    }
}

impl Tensor {
    /// The same elements in the same order with other sizes, as a view if the strides allow, else as a copy:
    /// [`x.reshape`](https://pytorch.org/docs/stable/generated/torch.reshape.html).
    ///
    /// # Args
    /// - `shape`: the sizes; one of them may be -1 and is then worked out.
    ///
    /// # Panics
    /// If the number of elements would change.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::arange(0, 6);
    /// assert_eq!(x.reshape([2, 3]).size(), [2, 3]);
    /// assert_eq!(x.reshape([3, -1]).size(), [3, 2]);
    /// ```
    #[track_caller]
    pub fn reshape(&self, shape: impl Into<Dims>) -> Tensor {
        try_reshape(self, &shape.into(), "reshape").or_raise()
    }

    /// As [`reshape`](Self::reshape), but never a copy:
    /// [`x.view`](https://pytorch.org/docs/stable/generated/torch.Tensor.view.html).
    ///
    /// # Panics
    /// If the number of elements would change, or the strides do not allow a view.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2, 3]).view([-1]).size(), [6]);
    /// ```
    #[track_caller]
    pub fn view(&self, shape: impl Into<Dims>) -> Tensor {
        let shape = shape_rule(self, &shape.into(), "view").or_raise();
        apply_view(Reshape { shape }, self)
    }

    /// The same elements in order in memory: `x.contiguous()`. A tensor that is so already is returned as it is.
    ///
    /// ```
    /// use jimu::Tensor;
    /// assert!(Tensor::zeros([2, 3]).t().contiguous().is_contiguous());
    /// ```
    pub fn contiguous(&self) -> Tensor {
        match self.is_contiguous() {
            true => self.clone(),
            false => try_apply(Contiguous, &[self]).or_raise(),
        }
    }

    /// The dimensions of a range made one: [`x.flatten`](https://pytorch.org/docs/stable/generated/torch.flatten.html).
    ///
    /// # Args
    /// - `dims`: the range; `..` flattens everything, `1..` keeps the batch, `-2..` takes the last two.
    ///
    /// # Panics
    /// If the range names no dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([64, 16, 5, 5]).flatten(1..).size(), [64, 400]);
    /// assert_eq!(Tensor::zeros([2, 3, 4]).flatten(0..=1).size(), [6, 4]);
    /// assert_eq!(Tensor::zeros([2, 3]).flatten(..).size(), [6]);
    /// ```
    #[track_caller]
    pub fn flatten(&self, dims: impl RangeBounds<isize>) -> Tensor {
        try_flatten(self, dims).or_raise()
    }

    /// One dimension made several: [`x.unflatten`](https://pytorch.org/docs/stable/generated/torch.unflatten.html).
    ///
    /// # Panics
    /// If the product of `sizes`, of which one may be -1, is not the dimension's size.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([3, 4]).unflatten(1, [2, -1]).size(), [3, 2, 2]);
    /// ```
    #[track_caller]
    pub fn unflatten(&self, dim: isize, sizes: impl Into<Dims>) -> Tensor {
        try_unflatten(self, dim, &sizes.into()).or_raise()
    }
}

/// [`Tensor::flatten`], if the dimensions allow it.
pub(crate) fn try_flatten(x: &Tensor, dims: impl RangeBounds<isize>) -> Result<Tensor, ShapeError> {
    let shape = flatten_rule(x, dims)?;
    try_reshape(x, &shape.into(), "flatten")
}

/// [`Tensor::unflatten`], if the sizes allow it.
pub(crate) fn try_unflatten(x: &Tensor, dim: isize, sizes: &Dims) -> Result<Tensor, ShapeError> {
    if x.dim() == 0 {
        return Err(ShapeError::new("unflatten", "a 0-d tensor has no dimension that could become several")
            .help("use x.reshape(sizes)"));
    }
    let dim = x.shape().dim(dim, "unflatten")?;
    let part = Tensor::empty_meta([x.shape()[dim]], x.dtype());
    let part = shape_rule(&part, sizes, "unflatten")?;
    let shape: Shape = [&x.shape()[..dim], &part, &x.shape()[dim + 1..]].concat().into();
    try_reshape(x, &shape.into(), "unflatten")
}

fn try_reshape(x: &Tensor, dims: &Dims, operation: &str) -> Result<Tensor, ShapeError> {
    let shape = shape_rule(x, dims, operation)?;
    if shape == *x.shape() {
        return Ok(x.clone());
    }
    match x.layout().reshaped(&shape) {
        Some(_) => try_view(Reshape { shape }, x),
        None => try_view(Reshape { shape }, &x.contiguous()),
    }
}

/// The sizes with -1 worked out.
fn shape_rule(x: &Tensor, dims: &Dims, operation: &str) -> Result<Shape, ShapeError> {
    let have = x.numel();
    let refuse = |why: &str| {
        let (dims, shape) = (&dims.0, x.shape());
        ShapeError::new(
            operation,
            format!("a tensor of shape {shape} ({have} elements) cannot take the shape {dims:?}: {why}"),
        )
        .help("make the product of the sizes equal to the number of elements; one size may be -1")
    };
    let unknown = dims.iter().filter(|&&dim| dim == -1).count();
    if unknown > 1 || dims.iter().any(|&dim| dim < -1) {
        return Err(refuse("at most one size may be -1, and none may be below"));
    }
    let known: usize = dims.iter().filter(|&&dim| dim != -1).map(|&dim| dim as usize).product();
    if unknown == 1 && (known == 0 || !have.is_multiple_of(known)) {
        return Err(refuse("no size fits in place of -1"));
    }
    if unknown == 0 && known != have {
        return Err(refuse(&format!("that would be {known} elements")));
    }
    Ok(dims.iter().map(|&dim| if dim == -1 { have / known } else { dim as usize }).collect())
}

fn flatten_rule(x: &Tensor, dims: impl RangeBounds<isize>) -> Result<Shape, ShapeError> {
    let rank = x.dim().max(1) as isize;
    let from_start = |dim: isize| if dim < 0 { dim + rank } else { dim };
    let first = match dims.start_bound() {
        Bound::Included(&dim) => from_start(dim),
        Bound::Excluded(&dim) => from_start(dim) + 1,
        Bound::Unbounded => 0,
    };
    let end = match dims.end_bound() {
        Bound::Included(&dim) => from_start(dim) + 1,
        Bound::Excluded(&dim) => from_start(dim),
        Bound::Unbounded => rank,
    };
    if first < 0 || first >= end || end > rank {
        return Err(ShapeError::new(
            "flatten",
            format!("{first}..{end} is no range of dimensions of shape {}", x.shape()),
        )
        .help(format!("choose a range within 0..{rank}")));
    }
    let (first, end) = (first as usize, end as usize);
    if x.dim() == 0 {
        return Ok(Shape::from([1]));
    }
    let flat = x.shape()[first..end].iter().product();
    Ok(x.shape()[..first].iter().copied().chain([flat]).chain(x.shape()[end..].iter().copied()).collect())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].reshape([3, 2]) * x[1], &[&variable([2, 3]), &variable([3, 2])]);
        check(|x| x[0].t().reshape([-1]) * x[1], &[&variable([2, 3]), &variable([6])]);
        check(|x| x[0].flatten(..), &[&variable([2, 3])]);
    }

    #[test]
    fn a_transposed_tensor_is_read_in_its_own_order() {
        let x = Tensor::new([[1, 2, 3], [4, 5, 6]]);
        assert_eq!(x.t().reshape([6]).to_vec::<i64>(), [1, 4, 2, 5, 3, 6]);
    }

    #[test]
    #[should_panic(expected = "a tensor of shape [2, 3] (6 elements) cannot take the shape [4, -1]")]
    fn refusal() {
        Tensor::zeros([2, 3]).reshape([4, -1]);
    }

    #[test]
    #[should_panic(expected = "use reshape, which copies where it must")]
    fn view_never_copies() {
        Tensor::zeros([2, 3]).t().view([6]);
    }
}
