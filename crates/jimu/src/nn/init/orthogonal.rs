//! Orthogonal matrices.

use crate::autograd::no_grad;
use crate::dtype::DType;
use crate::error::{ShapeError, raise};
use crate::tensor::Tensor;

/// Vectors that are made orthogonal to each other one by one; between such blocks there are matrix products.
const BLOCK: usize = 32;

/// A random orthogonal matrix times `gain`, or as much of one as the shape allows: its rows, or its columns if they are
/// fewer, are orthogonal and of length `gain`. Dimensions after the first count as one.
///
/// Such weights keep lengths, and so the size of gradients through many layers (Saxe, McClelland and Ganguli, [*Exact
/// solutions to the nonlinear dynamics of learning in deep linear neural networks*](https://arxiv.org/abs/1312.6120),
/// 2013). All orthogonal matrices are equally likely.
///
/// # Panics
/// If the tensor has fewer than two dimensions.
///
/// ```
/// use jimu::{Tensor, nn::init};
/// let w = Tensor::zeros([3, 5]);
/// init::orthogonal_(&w, 2.0);
/// let products = w.matmul(&w.t()).to_vec::<f32>();
/// assert!(products.iter().enumerate().all(|(i, p)| (p - if i % 4 == 0 { 4.0 } else { 0.0 }).abs() < 1e-5));
/// ```
#[track_caller]
pub fn orthogonal_(tensor: &Tensor, gain: f64) {
    let shape = tensor.shape();
    if shape.len() < 2 {
        raise(
            ShapeError::new("orthogonal_", format!("at least two dimensions are needed, but the shape is {shape}"))
                .help("fill a bias with zeros_ or uniform_"),
        );
    }
    if tensor.is_meta() || tensor.numel() == 0 {
        return;
    }
    let (rows, columns) = (shape[0], tensor.numel() / shape[0]);
    no_grad(|| {
        let vectors = orthonormal(rows.min(columns), rows.max(columns));
        let matrix = if rows <= columns { vectors } else { vectors.t() };
        tensor.copy_(&(matrix * gain).reshape(shape.clone()));
    });
}

/// `count` orthogonal vectors of length 1 as the rows of a matrix: Gram and Schmidt's method on normal vectors, twice,
/// which makes up for what rounding spoils (Giraud, Langou and Rozložník, *The loss of orthogonality in the Gram-Schmidt
/// orthogonalization process*, 2005).
fn orthonormal(count: usize, len: usize) -> Tensor {
    let normal = Tensor::randn([count, len]).to(DType::F64);
    let mut blocks: Vec<Tensor> = Vec::new();
    for start in (0..count).step_by(BLOCK) {
        let mut block = normal.narrow(0, start as isize, BLOCK.min(count - start));
        for _ in 0..2 {
            for done in &blocks {
                block = &block - block.matmul(&done.t()).matmul(done);
            }
        }
        let size = block.size();
        let mut vectors = block.to_vec::<f64>();
        orthogonalize(&mut vectors, len);
        blocks.push(Tensor::from_vec(vectors, size));
    }
    Tensor::cat(&blocks.iter().collect::<Vec<_>>(), 0)
}

/// Makes the vectors of length `len` orthogonal to those before them, and their norms 1.
fn orthogonalize(vectors: &mut [f64], len: usize) {
    for index in 0..vectors.len() / len {
        let (before, rest) = vectors.split_at_mut(index * len);
        let vector = &mut rest[..len];
        for _ in 0..2 {
            for other in before.chunks_exact(len) {
                let share = dot(vector, other);
                vector.iter_mut().zip(other).for_each(|(x, y)| *x -= share * y);
            }
        }
        let norm = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
    }
}

/// The sum of products, in eight lanes.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    lanes.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}
