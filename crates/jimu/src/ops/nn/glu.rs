//! `glu`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

fn try_glu(x: &Tensor, dim: isize) -> Result<Tensor, ShapeError> {
    if x.dim() == 0 {
        return Err(ShapeError::new("glu", "a 0-d tensor cannot be cut in half").help("give at least one dimension"));
    }
    let at = x.shape().dim(dim, "glu")?;
    let size = x.shape()[at];
    if !size.is_multiple_of(2) {
        let shape = x.shape();
        return Err(ShapeError::new("glu", format!("dimension {dim} of shape {shape} cannot be cut in half"))
            .help("make its size even: one half are values, the other their gates"));
    }
    let half = |start: usize| x.narrow(at as isize, start as isize, size / 2);
    Ok(half(0) * half(size / 2).sigmoid())
}

/// The gated linear unit a · sigmoid(b), where a and b are the halves of `x` along dimension `dim`:
/// [`torch.nn.functional.glu`](https://pytorch.org/docs/stable/generated/torch.nn.functional.glu.html), from
/// [Dauphin et al. 2016](https://arxiv.org/abs/1612.08083).
///
/// # Shape
/// Any with an even size in dimension `dim`, which the result has half of.
///
/// # Panics
/// If there is no such dimension, or its size is odd.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional as F};
/// let x = Tensor::new([1.0, 2.0, 0.0, 100.0]);
/// assert_eq!(F::glu(&x, -1).to_vec::<f32>(), [0.5, 2.0]);
/// ```
#[track_caller]
pub fn glu(x: &Tensor, dim: isize) -> Tensor {
    try_glu(x, dim).or_raise()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| glu(x[0], 1), &[&variable([2, 4, 3])]);
        check(|x| glu(x[0], -1), &[&variable([2])]);
    }

    #[test]
    #[should_panic(expected = "glu: dimension -1 of shape [2, 3] cannot be cut in half")]
    fn refusal() {
        glu(&Tensor::zeros([2, 3]), -1);
    }
}
