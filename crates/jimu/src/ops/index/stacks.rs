//! `hstack`, `vstack`, `dstack` and `column_stack`: tensors joined as columns, rows or layers.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

#[track_caller]
fn joined(tensors: &[&Tensor], name: &str, shaped: impl Fn(&Tensor) -> Tensor, dim: isize) -> Tensor {
    some_rule(tensors, name).or_raise();
    let shaped: Vec<Tensor> = tensors.iter().map(|x| shaped(x)).collect();
    let dim = if shaped[0].dim() == 1 { 0 } else { dim };
    Tensor::cat(&shaped.iter().collect::<Vec<_>>(), dim)
}

fn some_rule(tensors: &[&Tensor], name: &str) -> Result<(), ShapeError> {
    match tensors.is_empty() {
        true => Err(ShapeError::new(name, "there is no tensor to join").help("give at least one")),
        false => Ok(()),
    }
}

impl Tensor {
    /// Tensors side by side: joined along dimension 1, or 0 if they are vectors or numbers:
    /// [`torch.hstack`](https://pytorch.org/docs/stable/generated/torch.hstack.html).
    ///
    /// # Panics
    /// As [`cat`](Self::cat).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (a, b) = (Tensor::new([[1], [2]]), Tensor::new([[3], [4]]));
    /// assert_eq!(Tensor::hstack(&[&a, &b]).to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn hstack(tensors: &[&Tensor]) -> Tensor {
        joined(tensors, "hstack", Tensor::atleast_1d, 1)
    }

    /// Tensors one below the other: joined along dimension 0, vectors and numbers as rows:
    /// [`torch.vstack`](https://pytorch.org/docs/stable/generated/torch.vstack.html).
    ///
    /// # Panics
    /// As [`cat`](Self::cat).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::vstack(&[&Tensor::new([1, 2]), &Tensor::new([3, 4])]);
    /// assert_eq!(x.size(), [2, 2]);
    /// ```
    #[track_caller]
    pub fn vstack(tensors: &[&Tensor]) -> Tensor {
        joined(tensors, "vstack", Tensor::atleast_2d, 0)
    }

    /// Tensors one behind the other: joined along dimension 2:
    /// [`torch.dstack`](https://pytorch.org/docs/stable/generated/torch.dstack.html).
    ///
    /// # Panics
    /// As [`cat`](Self::cat).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::dstack(&[&Tensor::new([1, 2]), &Tensor::new([3, 4])]).size(), [1, 2, 2]);
    /// ```
    #[track_caller]
    pub fn dstack(tensors: &[&Tensor]) -> Tensor {
        joined(tensors, "dstack", Tensor::atleast_3d, 2)
    }

    /// As [`hstack`](Self::hstack), vectors and numbers as columns:
    /// [`torch.column_stack`](https://pytorch.org/docs/stable/generated/torch.column_stack.html).
    ///
    /// # Panics
    /// As [`cat`](Self::cat).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::column_stack(&[&Tensor::new([1, 2]), &Tensor::new([3, 4])]);
    /// assert_eq!(x.to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn column_stack(tensors: &[&Tensor]) -> Tensor {
        let column = |x: &Tensor| if x.dim() < 2 { x.reshape([-1, 1]) } else { x.clone() };
        joined(tensors, "column_stack", column, 1)
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let (a, b) = (variable([2, 1]), variable([2, 2]));
        check(|x| Tensor::hstack(&[x[0], x[1]]), &[&a, &b]);
        check(|x| Tensor::column_stack(&[x[0], x[1]]), &[&variable([2]), &b]);
        check(|x| Tensor::vstack(&[x[0], x[1]]), &[&variable([2]), &b]);
    }

    #[test]
    #[should_panic(expected = "vstack: there is no tensor to join")]
    fn refusal() {
        Tensor::vstack(&[]);
    }
}
