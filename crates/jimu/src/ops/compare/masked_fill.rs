//! `masked_fill`.

use super::where_::try_where;
use crate::error::{OrRaise, ShapeError};
use crate::ops::operand::TensorOrScalar;
use crate::tensor::Tensor;

fn try_masked_fill(x: &Tensor, mask: &Tensor, value: &Tensor) -> Result<Tensor, ShapeError> {
    if value.dim() != 0 {
        return Err(ShapeError::new("masked_fill", format!("the value must be 0-d, but has shape {}", value.shape()))
            .help("use mask.where_(&values, &x) to choose element by element"));
    }
    try_where(mask, value, x, x.dtype()).map_err(|error| error.told_by("masked_fill"))
}

impl Tensor {
    /// The elements where `mask` is false, and `value` where it is true:
    /// [`x.masked_fill`](https://pytorch.org/docs/stable/generated/torch.Tensor.masked_fill.html). The type stays.
    ///
    /// # Args
    /// - `mask`: truth values.
    /// - `value`: a number, or a 0-d tensor, to which gradients flow.
    ///
    /// # Shape
    /// Two that can be [broadcast](https://pytorch.org/docs/stable/notes/broadcasting.html) to one; the result has that
    /// shape.
    ///
    /// # Panics
    /// If the shapes cannot be broadcast, the mask does not hold truth values, or the value is not 0-d.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, -2.0, 3.0]);
    /// assert_eq!(x.masked_fill(&x.lt(0.0), 0.0).to_vec::<f32>(), [1.0, 0.0, 3.0]);
    /// ```
    #[track_caller]
    pub fn masked_fill<'a>(&self, mask: &Tensor, value: impl Into<TensorOrScalar<'a>>) -> Tensor {
        try_masked_fill(self, mask, &value.into().beside(self.dtype())).or_raise()
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        let mask = Tensor::new([[true, false, true], [false, false, true]]);
        check(|x| x[0].masked_fill(&mask, x[1]), &[&variable([2, 3]), &variable([])]);
        check(|x| x[0].masked_fill(&mask, 2.0), &[&variable([3])]);
    }

    #[test]
    fn the_type_stays() {
        let filled = Tensor::new([1, 2]).masked_fill(&Tensor::new([true, false]), 7.0);
        assert_eq!(filled.to_vec::<i64>(), [7, 2]);
    }

    #[test]
    #[should_panic(expected = "masked_fill: the value must be 0-d, but has shape [1]")]
    fn refusal() {
        Tensor::new([1]).masked_fill(&Tensor::new([true]), &Tensor::new([1]));
    }
}
