//! Sparse matrices.

use super::matrix;
use crate::autograd::no_grad;
use crate::error::{ShapeError, raise};
use crate::tensor::{Tensor, next_stream};

/// N(0, `std`²), with a share of `sparsity` of each column set to zero (Martens, *Deep learning via Hessian-free
/// optimization*, 2010). PyTorch's default for `std` is 0.01.
///
/// # Panics
/// If the tensor is no matrix, `sparsity` is not in [0, 1], or `std` is negative.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([10, 3]);
/// init::sparse_(&w, 0.25, 0.01);
/// assert_eq!(w.to_vec::<f32>().iter().filter(|w| **w == 0.0).count(), 9); // 3 of 10 in each column
/// ```
#[track_caller]
pub fn sparse_(tensor: &Tensor, sparsity: f64, std: f64) {
    let &[rows, columns] = &matrix(tensor, "sparse_")[..] else { unreachable!("a matrix has two dimensions") };
    if !(0.0..=1.0).contains(&sparsity) {
        raise(
            ShapeError::new("sparse_", format!("a sparsity of {sparsity}"))
                .help("give the share of zeros, a number from 0 to 1"),
        );
    }
    no_grad(|| tensor.normal_(0.0, std));
    if tensor.is_meta() {
        return;
    }
    let zeros = (sparsity * rows as f64).ceil() as usize;
    let mut generator = next_stream();
    let mut keep = vec![1.0_f64; tensor.numel()];
    for column in 0..columns {
        for row in generator.permutation(rows).into_iter().take(zeros) {
            keep[row * columns + column] = 0.0;
        }
    }
    let keep = Tensor::from_vec(keep, tensor.size()).to(tensor.dtype());
    no_grad(|| tensor.mul_(&keep));
}
