//! `broadcast_tensors` and `meshgrid`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor, broadcast_shapes};

/// Which of two coordinates comes first in a grid: `indexing` of [`Tensor::meshgrid`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Indexing {
    /// As in a matrix: the first vector goes down, the second to the right. PyTorch's `'ij'`.
    #[default]
    Matrix,
    /// As in a plane: the first vector goes to the right, the second down. PyTorch's `'xy'`.
    Plane,
}

impl Tensor {
    /// The tensors expanded to their common shape, as views:
    /// [`torch.broadcast_tensors`](https://pytorch.org/docs/stable/generated/torch.broadcast_tensors.html).
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let wide = Tensor::broadcast_tensors(&[&Tensor::zeros([3, 1]), &Tensor::zeros([4])]);
    /// assert!(wide.iter().all(|x| x.size() == [3, 4]));
    /// ```
    #[track_caller]
    pub fn broadcast_tensors(tensors: &[&Tensor]) -> Vec<Tensor> {
        let common = |shape: Shape, x: &&Tensor| broadcast_shapes(&shape, x.shape(), "broadcast_tensors");
        let shape = tensors.iter().try_fold(Shape::default(), common).or_raise();
        tensors.iter().map(|x| x.expand(&shape)).collect()
    }

    /// The coordinates of the points of a grid, a tensor for each of the vectors along its sides:
    /// [`torch.meshgrid`](https://pytorch.org/docs/stable/generated/torch.meshgrid.html).
    ///
    /// # Panics
    /// If a tensor has more than one dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::{Indexing, Tensor};
    /// let (a, b) = (Tensor::new([1, 2]), Tensor::new([5, 6, 7]));
    /// let grid = Tensor::meshgrid(&[&a, &b], Indexing::Matrix);
    /// assert_eq!(grid[0].to_vec::<i64>(), [1, 1, 1, 2, 2, 2]);
    /// assert_eq!(grid[1].to_vec::<i64>(), [5, 6, 7, 5, 6, 7]);
    /// assert_eq!(Tensor::meshgrid(&[&a, &b], Indexing::Plane)[0].size(), [3, 2]);
    /// ```
    #[track_caller]
    pub fn meshgrid(tensors: &[&Tensor], indexing: Indexing) -> Vec<Tensor> {
        vectors_rule(tensors).or_raise();
        let shape: Shape = tensors.iter().map(|x| x.numel()).collect();
        let along = |(dim, x): (usize, &&Tensor)| {
            let sizes: Shape = (0..shape.len()).map(|other| if other == dim { x.numel() } else { 1 }).collect();
            let grid = x.reshape(sizes).expand(&shape);
            if indexing == Indexing::Plane && shape.len() > 1 { grid.transpose(0, 1) } else { grid }
        };
        tensors.iter().enumerate().map(along).collect()
    }
}

fn vectors_rule(tensors: &[&Tensor]) -> Result<(), ShapeError> {
    match tensors.iter().find(|x| x.dim() > 1) {
        Some(odd) => Err(ShapeError::new("meshgrid", format!("vectors are needed, but one has shape {}", odd.shape()))
            .help("flatten it first")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        let grid = |x: &[&Tensor]| {
            let grid = Tensor::meshgrid(&[x[0], x[1]], Indexing::Plane);
            &grid[0] * &grid[1]
        };
        check(grid, &[&variable([2]), &variable([3])]);
    }

    #[test]
    #[should_panic(expected = "meshgrid: vectors are needed, but one has shape [2, 2]")]
    fn refusal() {
        Tensor::meshgrid(&[&Tensor::zeros([2, 2])], Indexing::Matrix);
    }
}
