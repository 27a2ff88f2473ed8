//! `cross`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Tensor, broadcast_shapes};

impl Tensor {
    /// The cross products of the vectors of three elements that lie along dimension `dim`:
    /// [`torch.linalg.cross`](https://pytorch.org/docs/stable/generated/torch.linalg.cross.html).
    ///
    /// # Shape
    /// Any two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one, with size 3 in
    /// dimension `dim`; the result has that shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, or the dimension has another size than 3.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let (x, y) = (Tensor::new([1.0, 0.0, 0.0]), Tensor::new([0.0, 1.0, 0.0]));
    /// assert_eq!(x.cross(&y, -1).to_vec::<f32>(), [0.0, 0.0, 1.0]);
    /// ```
    #[track_caller]
    pub fn cross(&self, other: &Tensor, dim: isize) -> Tensor {
        let (a, b, dim) = cross_rule(self, other, dim).or_raise();
        // a₁b₂ - a₂b₁ and so on round: each with its neighbours on both sides.
        let turned = |x: &Tensor, by: isize| x.roll(by, dim);
        turned(&a, -1) * turned(&b, 1) - turned(&a, 1) * turned(&b, -1)
    }
}

fn cross_rule(a: &Tensor, b: &Tensor, dim: isize) -> Result<(Tensor, Tensor, isize), ShapeError> {
    let shape = broadcast_shapes(a.shape(), b.shape(), "cross")?;
    let place = shape.dim(dim, "cross")?;
    let sizes = [a, b].map(|x| (x.dim() + place).checked_sub(shape.len()).and_then(|own| x.shape().get(own).copied()));
    if sizes != [Some(3); 2] {
        let (left, right) = (a.shape(), b.shape());
        return Err(ShapeError::new(
            "cross",
            format!("dimension {dim} must have size 3 in both, but the shapes are {left} and {right}"),
        )
        .help("name the dimension along which the vectors lie"));
    }
    Ok((a.expand(&shape), b.expand(&shape), place as isize))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].cross(x[1], -1), &[&variable([2, 3]), &variable([3])]);
        check(|x| x[0].cross(x[1], 0), &[&variable([3, 2]), &variable([3, 1])]);
    }

    #[test]
    fn it_is_at_right_angles_to_both() {
        let (a, b) = (Tensor::new([1.0, 2.0, 3.0]), Tensor::new([-2.0, 0.5, 4.0]));
        let c = a.cross(&b, 0);
        assert_eq!(c.to_vec::<f32>(), [6.5, -10.0, 4.5]);
        assert_eq!([a.dot(&c).item(), b.dot(&c).item()], [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "cross: dimension 1 must have size 3 in both, but the shapes are [3, 2] and [3, 2]")]
    fn refusal() {
        Tensor::zeros([3, 2]).cross(&Tensor::zeros([3, 2]), 1);
    }
}
