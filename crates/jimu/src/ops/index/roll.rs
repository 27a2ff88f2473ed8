//! `roll`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Tensor};

impl Tensor {
    /// The elements moved by `shifts` along the dimensions `dims`; what leaves at one end enters at the other:
    /// [`torch.roll`](https://pytorch.org/docs/stable/generated/torch.roll.html).
    ///
    /// # Args
    /// - `shifts`: how far, one number for each dimension; negative towards the front.
    /// - `dims`: the dimensions; `..` rolls the flattened tensor by one shift.
    ///
    /// # Panics
    /// If there are not as many shifts as dimensions, or there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2, 3], [4, 5, 6]]);
    /// assert_eq!(x.roll(1, 1).to_vec::<i64>(), [3, 1, 2, 6, 4, 5]);
    /// assert_eq!(x.roll([1, -1], [0, 1]).to_vec::<i64>(), [5, 6, 4, 2, 3, 1]);
    /// assert_eq!(x.roll(2, ..).to_vec::<i64>(), [5, 6, 1, 2, 3, 4]);
    /// ```
    #[track_caller]
    pub fn roll(&self, shifts: impl Into<Dims>, dims: impl Into<Dims>) -> Tensor {
        let (shifts, dims) = (shifts.into(), dims.into());
        if dims.is_empty() && shifts.len() == 1 {
            return self.reshape([-1]).roll(shifts, 0).reshape(self.size());
        }
        let places = roll_rule(self, &shifts, &dims).or_raise();
        shifts.iter().zip(places).fold(self.clone(), |x, (&shift, dim)| rolled(&x, shift, dim))
    }
}

fn rolled(x: &Tensor, shift: isize, dim: usize) -> Tensor {
    let size = x.shape().get(dim).copied().unwrap_or(0);
    let shift = if size == 0 { 0 } else { shift.rem_euclid(size as isize) as usize };
    if shift == 0 {
        return x.clone();
    }
    let (dim, kept) = (dim as isize, size - shift);
    Tensor::cat(&[&x.narrow(dim, kept as isize, shift), &x.narrow(dim, 0, kept)], dim)
}

fn roll_rule(x: &Tensor, shifts: &Dims, dims: &Dims) -> Result<Vec<usize>, ShapeError> {
    if shifts.len() != dims.len() {
        return Err(ShapeError::new("roll", format!("{} shifts do not fit {} dimensions", shifts.len(), dims.len()))
            .help("give one shift for each dimension, or one shift and .. for the flattened tensor"));
    }
    dims.iter().map(|&dim| x.shape().dim(dim, "roll")).collect()
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivative() {
        check(|x| x[0].roll([2, -1], [1, 0]) * x[1], &[&variable([2, 3]), &variable([2, 3])]);
        check(|x| x[0].roll(4, ..) * x[1], &[&variable([2, 3]), &variable([2, 3])]);
    }

    #[test]
    fn both_directions() {
        let x = Tensor::arange(0, 5);
        assert_eq!(x.roll(1, 0).to_vec::<i64>(), [4, 0, 1, 2, 3]);
        assert_eq!(x.roll(-1, 0).to_vec::<i64>(), [1, 2, 3, 4, 0]);
    }

    #[test]
    fn shifts_wrap_around() {
        let x = Tensor::arange(0, 4);
        assert_eq!(x.roll(-1001, 0).to_vec::<i64>(), x.roll(3, 0).to_vec::<i64>());
        assert_eq!(Tensor::zeros([0, 2]).roll(1, 0).size(), [0, 2]);
    }

    #[test]
    #[should_panic(expected = "roll: 2 shifts do not fit 1 dimensions")]
    fn refusal() {
        Tensor::zeros([2, 2]).roll([1, 1], 0);
    }
}
