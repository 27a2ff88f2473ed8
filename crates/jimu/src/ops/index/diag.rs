//! `diag`, `diag_embed` and `diagflat`: vectors as diagonals, and diagonals as vectors.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

impl Tensor {
    /// The diagonal of a matrix, or, of a vector, the matrix with that diagonal:
    /// [`torch.diag`](https://pytorch.org/docs/stable/generated/torch.diag.html).
    ///
    /// # Args
    /// - `diagonal`: 0 is the main one, positive ones lie above it.
    ///
    /// # Panics
    /// If the tensor is neither a vector nor a matrix.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1, 2]).diag(0);
    /// assert_eq!(x.to_vec::<i64>(), [1, 0, 0, 2]);
    /// assert_eq!(x.diag(0).to_vec::<i64>(), [1, 2]);
    /// ```
    #[track_caller]
    pub fn diag(&self, diagonal: isize) -> Tensor {
        diag_rule(self).or_raise();
        if self.dim() == 1 { self.diag_embed(diagonal, 0, 1) } else { self.diagonal(diagonal, 0, 1) }
    }

    /// Matrices whose diagonals are the vectors along the last dimension, zeros elsewhere:
    /// [`torch.diag_embed`](https://pytorch.org/docs/stable/generated/torch.diag_embed.html).
    ///
    /// # Args
    /// - `offset`: 0 is the main diagonal, positive ones lie above it; 0 in PyTorch unless given.
    /// - `dim1`, `dim2`: where rows and columns of the result lie, -2 and -1 in PyTorch unless given.
    ///
    /// # Panics
    /// If the tensor is 0-d, there are no such dimensions, or the two are one.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([1, 2]).diag_embed(1, -2, -1).to_vec::<i64>(), [0, 1, 0, 0, 0, 2, 0, 0, 0]);
    /// ```
    #[track_caller]
    pub fn diag_embed(&self, offset: isize, dim1: isize, dim2: isize) -> Tensor {
        let (rows, columns) = embed_rule(self, dim1, dim2).or_raise();
        let (length, shift) = (self.shape()[self.dim() - 1], offset.unsigned_abs());
        let (before, after) = if offset < 0 { (shift, 0) } else { (0, shift) };
        // Chosen, not multiplied by 0 and 1, which would make NaN of an infinity.
        let places = Tensor::eye_of(length, length, DType::Bool);
        let square = places.where_(&self.unsqueeze(-1), false);
        let padded = square.pad_constant([after, before, before, after].map(|side| side as isize), 0);
        padded.movedim([-2, -1], [rows, columns])
    }

    /// The matrix whose diagonal is the flattened tensor:
    /// [`torch.diagflat`](https://pytorch.org/docs/stable/generated/torch.diagflat.html).
    ///
    /// # Examples
    /// ```
    /// assert_eq!(jimu::Tensor::ones([2, 2]).diagflat(0).size(), [4, 4]);
    /// ```
    #[track_caller]
    pub fn diagflat(&self, offset: isize) -> Tensor {
        self.reshape([-1]).diag_embed(offset, 0, 1)
    }
}

fn diag_rule(x: &Tensor) -> Result<(), ShapeError> {
    match x.dim() {
        1 | 2 => Ok(()),
        _ => Err(ShapeError::new("diag", format!("a vector or a matrix is needed, but the shape is {}", x.shape()))
            .help("use diagonal or diag_embed for batches")),
    }
}

fn embed_rule(x: &Tensor, dim1: isize, dim2: isize) -> Result<(isize, isize), ShapeError> {
    if x.dim() == 0 {
        return Err(ShapeError::new("diag_embed", "a 0-d tensor is no diagonal").help("unsqueeze it first"));
    }
    let result: Shape = x.shape().iter().copied().chain([1]).collect();
    let (rows, columns) = (result.dim(dim1, "diag_embed")?, result.dim(dim2, "diag_embed")?);
    match rows == columns {
        true => Err(ShapeError::new("diag_embed", format!("dimensions {dim1} and {dim2} are one"))
            .help("name two dimensions of the result")),
        false => Ok((rows as isize, columns as isize)),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].diag_embed(-1, 0, 2) * x[1], &[&variable([2, 2]), &variable([3, 1, 1])]);
        check(|x| x[0].diag(1), &[&variable([2])]);
        check(|x| x[0].diag(1), &[&variable([2, 3])]);
    }

    #[test]
    fn it_undoes_diagonal() {
        let x = Tensor::arange(1, 7).reshape([2, 3]);
        for offset in [-2, 0, 1] {
            let matrices = x.diag_embed(offset, -2, -1);
            assert_eq!(matrices.diagonal(offset, -2, -1).to_vec::<i64>(), x.to_vec::<i64>());
            assert_eq!(matrices.sum().item(), 21.0);
        }
        assert_eq!(Tensor::new([f32::INFINITY, 1.0]).diag(0).to_vec::<f32>(), [f32::INFINITY, 0.0, 0.0, 1.0]);
        assert_eq!(Tensor::zeros([0]).diag(1).size(), [1, 1]);
    }

    #[test]
    #[should_panic(expected = "diag: a vector or a matrix is needed, but the shape is []")]
    fn refusal() {
        Tensor::new(1).diag(0);
    }
}
