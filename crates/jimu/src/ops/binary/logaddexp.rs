//! `logaddexp` and `logaddexp2`.

use super::prepare;
use crate::error::OrRaise;
use crate::tensor::Tensor;

#[track_caller]
fn pairs(a: &Tensor, b: &Tensor, name: &str) -> Tensor {
    let dtype = a.dtype().promote(b.dtype()).to_floating_point();
    let (a, b) = prepare(name, a, b, dtype).or_raise();
    Tensor::stack(&[&a, &b], 0)
}

impl Tensor {
    /// ln(eᵃ + eᵇ), element by element, without overflow:
    /// [`torch.logaddexp`](https://pytorch.org/docs/stable/generated/torch.logaddexp.html). Sums probabilities whose
    /// logarithms are given.
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1000.0, 0.0]);
    /// assert_eq!(x.logaddexp(&x).to_vec::<f32>(), [1000.0 + 2f32.ln(), 2f32.ln()]);
    /// ```
    #[track_caller]
    pub fn logaddexp(&self, other: &Tensor) -> Tensor {
        pairs(self, other, "logaddexp").logsumexp(0, false)
    }

    /// log₂(2ᵃ + 2ᵇ), element by element, without overflow:
    /// [`torch.logaddexp2`](https://pytorch.org/docs/stable/generated/torch.logaddexp2.html).
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([3.0]).logaddexp2(&Tensor::new([3.0])).to_vec::<f32>(), [4.0]);
    /// ```
    #[track_caller]
    pub fn logaddexp2(&self, other: &Tensor) -> Tensor {
        (pairs(self, other, "logaddexp2") * std::f64::consts::LN_2).logsumexp(0, false) / std::f64::consts::LN_2
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check_binary;
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check_binary(|a, b| a.logaddexp(b), [2, 3], [3]);
        check_binary(|a, b| a.logaddexp2(b), [2, 1], [3]);
    }

    #[test]
    fn infinities() {
        let low = Tensor::new([f32::NEG_INFINITY, f32::NEG_INFINITY]);
        assert_eq!(low.logaddexp(&Tensor::new([f32::NEG_INFINITY, 2.0])).to_vec::<f32>(), [f32::NEG_INFINITY, 2.0]);
    }
}
