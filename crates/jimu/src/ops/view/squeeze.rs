//! `squeeze` and `unsqueeze`: dimensions of size 1 taken away and put in.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Shape, Tensor};

impl Tensor {
    /// Without the dimensions of size 1: [`x.squeeze()`](https://pytorch.org/docs/stable/generated/torch.squeeze.html).
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([1, 3, 1]).squeeze().size(), [3]);
    /// ```
    pub fn squeeze(&self) -> Tensor {
        let shape: Shape = self.shape().iter().copied().filter(|&size| size != 1).collect();
        self.reshape(shape)
    }

    /// Without those of the dimensions `dims` that have size 1; the others stay.
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([1, 3, 1]).squeeze_dim(-1).size(), [1, 3]);
    /// assert_eq!(jimu::Tensor::zeros([1, 3, 1]).squeeze_dim([0, 1]).size(), [3, 1]);
    /// ```
    #[track_caller]
    pub fn squeeze_dim(&self, dims: impl Into<Dims>) -> Tensor {
        let dims = dims.into();
        if dims.is_empty() {
            return self.clone();
        }
        let mask = dims.mask(self.shape(), "squeeze").or_raise();
        let kept = self.shape().iter().zip(&mask).filter(|&(&size, &named)| size != 1 || !named);
        let shape: Shape = kept.map(|(&size, _)| size).collect();
        self.reshape(shape)
    }

    /// With a dimension of size 1 put in before dimension `dim`:
    /// [`x.unsqueeze`](https://pytorch.org/docs/stable/generated/torch.unsqueeze.html). -1 puts it last.
    ///
    /// # Panics
    /// If there is no such place.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::zeros([3]).unsqueeze(0).size(), [1, 3]);
    /// assert_eq!(jimu::Tensor::zeros([3]).unsqueeze(-1).size(), [3, 1]);
    /// ```
    #[track_caller]
    pub fn unsqueeze(&self, dim: isize) -> Tensor {
        let shape = unsqueeze_rule(self, dim).or_raise();
        self.reshape(shape)
    }
}

fn unsqueeze_rule(x: &Tensor, dim: isize) -> Result<Shape, ShapeError> {
    let rank = x.dim() as isize;
    let place = if dim < 0 { dim + rank + 1 } else { dim };
    if !(0..=rank).contains(&place) {
        let shape = x.shape();
        return Err(ShapeError::new("unsqueeze", format!("there is no place {dim} in a tensor of shape {shape}"))
            .help(format!("choose a place from {} to {rank}", -rank - 1)));
    }
    let mut sizes = x.shape().to_vec();
    sizes.insert(place as usize, 1);
    Ok(sizes.into())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};

    #[test]
    fn derivatives() {
        check(|x| x[0].unsqueeze(1) * x[1], &[&variable([2, 3]), &variable([2, 2, 3])]);
        check(|x| x[0].squeeze(), &[&variable([2, 1, 3])]);
    }
}
