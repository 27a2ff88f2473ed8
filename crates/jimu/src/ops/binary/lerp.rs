//! `lerp`.

use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

impl Tensor {
    /// The points on the lines from the elements of `self`, at weight 0, to those of `end`, at weight 1:
    /// [`torch.lerp`](https://pytorch.org/docs/stable/generated/torch.lerp.html), `self + weight · (end - self)`.
    ///
    /// # Args
    /// - `weight`: a tensor or a number.
    ///
    /// # Shape
    /// Any three that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has
    /// that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (start, end) = (Tensor::new([1.0, 2.0]), Tensor::new([3.0, 2.0]));
    /// assert_eq!(start.lerp(&end, 0.25).to_vec::<f32>(), [1.5, 2.0]);
    /// ```
    #[track_caller]
    pub fn lerp<'a>(&self, end: &Tensor, weight: impl Into<TensorOrScalar<'a>>) -> Tensor {
        let way = end - self;
        let weight = weight.into().beside(way.dtype());
        // From the nearer end, so that both ends are met exactly.
        weight.abs().lt(0.5).where_(&(self + &way * &weight), &(end - &way * (1.0 - &weight)))
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].lerp(x[1], x[2]), &[&variable([2, 3]), &variable([3]), &variable([2, 1])]);
        check(|x| x[0].lerp(x[1], 0.3), &[&variable([2]), &variable([2])]);
    }

    #[test]
    fn both_ends_are_exact() {
        let (start, end) = (Tensor::new([1e8, 0.1]), Tensor::new([0.1, 0.3]));
        assert_eq!(start.lerp(&end, 1.0).to_vec::<f32>(), end.to_vec::<f32>());
        assert_eq!(start.lerp(&end, 0.0).to_vec::<f32>(), start.to_vec::<f32>());
    }
}
