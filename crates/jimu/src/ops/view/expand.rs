//! `expand`, and what brings its gradient back.

use super::{View, apply_view};
use crate::error::ShapeError;
use crate::tensor::{Dims, Layout, Shape, Small, Tensor};

struct Expand {
    shape: Shape,
}

impl View for Expand {
    const NAME: &'static str = "expand";

    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError> {
        let lead = self.shape.len().checked_sub(input.shape.len());
        let fits =
            lead.is_some_and(|lead| input.shape.iter().zip(&self.shape[lead..]).all(|(&a, &b)| a == b || a == 1));
        if !fits {
            let (from, to) = (&input.shape, &self.shape);
            return Err(ShapeError::new("expand", format!("the shape {from} cannot be expanded to {to}"))
                .help("only dimensions of size 1, and new ones in front, can be expanded"));
        }
        Ok(input.expanded(&self.shape))
    }

    fn gradient(&self, input: &Layout, grad: &Tensor) -> Tensor {
        grad.sum_to(&input.shape)
    }
}

impl Tensor {
    /// A view in which dimensions of size 1, and new ones in front, repeat:
    /// [`x.expand`](https://pytorch.org/docs/stable/generated/torch.Tensor.expand.html). Nothing is copied.
    ///
    /// # Args
    /// - `shape`: the sizes; -1 keeps a dimension as it is.
    ///
    /// # Panics
    /// If a size other than 1 would change.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1], [2]]);
    /// assert_eq!(x.expand([2, 3]).to_vec::<i64>(), [1, 1, 1, 2, 2, 2]);
    /// assert_eq!(x.expand([4, -1, 3]).size(), [4, 2, 3]);
    /// ```
    #[track_caller]
    pub fn expand(&self, shape: impl Into<Dims>) -> Tensor {
        let sizes = shape.into();
        let lead = sizes.len().saturating_sub(self.dim());
        let size = |(dim, &size): (usize, &isize)| match size {
            // A new dimension has nothing to keep: it stays wrong, and the rule refuses it.
            -1 => dim.checked_sub(lead).map_or(usize::MAX, |own| self.shape()[own]),
            _ => size as usize,
        };
        let shape: Shape = sizes.iter().enumerate().map(size).collect();
        if shape == *self.shape() {
            return self.clone();
        }
        apply_view(Expand { shape }, self)
    }

    /// As [`expand`](Self::expand), from sizes without -1:
    /// [`torch.broadcast_to`](https://pytorch.org/docs/stable/generated/torch.broadcast_to.html).
    ///
    /// # Panics
    /// If a size other than 1 would change.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([1, 3]).broadcast_to([2, 4, 3]).size(), [2, 4, 3]);
    /// ```
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Tensor {
        self.expand(shape.into())
    }

    /// The sums that undo an [`expand`](Self::expand) from `shape`.
    pub(crate) fn sum_to(&self, shape: &Shape) -> Tensor {
        if self.shape() == shape {
            return self.clone();
        }
        let lead = self.dim() - shape.len();
        let repeated = |&dim: &usize| dim < lead || (shape[dim - lead] == 1 && self.shape()[dim] != 1);
        let dims: Small<usize> = (0..self.dim()).filter(repeated).collect();
        match dims.is_empty() {
            true => self.reshape(shape),
            false => self.sum_dim(&*dims, true).reshape(shape),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check(|x| x[0].expand([4, 2, 3]) * x[1], &[&variable([2, 1]), &variable([4, 2, 3])]);
        check(|x| x[0].expand([2, 1, 3]) * x[1], &[&variable([1, 3]), &variable([2, 1, 3])]);
    }

    #[test]
    #[should_panic(expected = "the shape [2, 3] cannot be expanded to [4, 3]")]
    fn refusal() {
        Tensor::zeros([2, 3]).expand([4, 3]);
    }
}
