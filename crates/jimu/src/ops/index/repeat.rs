//! `repeat`, `tile` and `repeat_interleave`.

use super::{index_rule, index_select_checked};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

impl Tensor {
    /// The tensor put side by side with itself, as a copy:
    /// [`x.repeat`](https://pytorch.org/docs/stable/generated/torch.Tensor.repeat.html).
    ///
    /// # Args
    /// - `repeats`: how often in each dimension; additional ones in front make new dimensions.
    ///
    /// # Panics
    /// If there are fewer numbers than dimensions ([`tile`](Self::tile) allows that).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1, 2]);
    /// assert_eq!(x.repeat(2).to_vec::<i64>(), [1, 2, 1, 2]);
    /// assert_eq!(x.repeat([3, 1]).size(), [3, 2]);
    /// ```
    #[track_caller]
    pub fn repeat(&self, repeats: impl Into<Shape>) -> Tensor {
        let repeats = repeats.into();
        let lead = repeat_rule(self, &repeats).or_raise();
        let size = |dim: usize| dim.checked_sub(lead).map_or(1, |own| self.shape()[own]);
        // Each dimension gets one of size 1 in front of it, which is expanded and then merged into it.
        let apart: Shape = (0..repeats.len()).flat_map(|dim| [1, size(dim)]).collect();
        let spread: Shape = (0..repeats.len()).flat_map(|dim| [repeats[dim], size(dim)]).collect();
        let merged: Shape = (0..repeats.len()).map(|dim| repeats[dim] * size(dim)).collect();
        self.reshape(apart).expand(spread).reshape(merged)
    }

    /// As [`repeat`](Self::repeat), where missing numbers in front are taken as 1:
    /// [`torch.tile`](https://pytorch.org/docs/stable/generated/torch.tile.html).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1, 2], [3, 4]]).tile(2).to_vec::<i64>(), [1, 2, 1, 2, 3, 4, 3, 4]);
    /// ```
    #[track_caller]
    pub fn tile(&self, repeats: impl Into<Shape>) -> Tensor {
        let repeats = repeats.into();
        let missing = self.dim().saturating_sub(repeats.len());
        let all: Shape = std::iter::repeat_n(1, missing).chain(repeats.iter().copied()).collect();
        self.repeat(all)
    }

    /// Every element repeated in place, as a copy:
    /// [`torch.repeat_interleave`](https://pytorch.org/docs/stable/generated/torch.repeat_interleave.html).
    ///
    /// # Args
    /// - `repeats`: how often: one number for all, or a 1-d `i64` tensor with a number for each position of `dim`.
    /// - `dim`: the dimension, or `None` for the flattened tensor.
    ///
    /// # Panics
    /// If the repeats do not fit the dimension, or one is negative.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([[1, 2], [3, 4]]);
    /// assert_eq!(x.repeat_interleave(2, None).to_vec::<i64>(), [1, 1, 2, 2, 3, 3, 4, 4]);
    /// assert_eq!(x.repeat_interleave(&Tensor::new([1, 2]), 0).to_vec::<i64>(), [1, 2, 3, 4, 3, 4]);
    /// ```
    #[track_caller]
    pub fn repeat_interleave(&self, repeats: impl Into<Repeats>, dim: impl Into<Option<isize>>) -> Tensor {
        let Some(dim) = dim.into() else {
            return self.reshape([-1]).repeat_interleave(repeats, 0);
        };
        let x = if self.dim() == 0 { self.reshape([1]) } else { self.clone() };
        let dim = x.shape().dim(dim, "repeat_interleave").or_raise();
        let positions = interleave_rule(&repeats.into(), x.shape()[dim]).or_raise();
        let count = positions.len();
        index_select_checked(&x, dim, &Tensor::from_vec(positions, count))
    }
}

/// How often [`Tensor::repeat_interleave`] repeats.
#[derive(Clone, Debug)]
pub enum Repeats {
    /// Every element as often.
    All(usize),
    /// A number for each position.
    Each(Tensor),
}

impl From<usize> for Repeats {
    fn from(repeats: usize) -> Self {
        Self::All(repeats)
    }
}

impl From<&Tensor> for Repeats {
    fn from(repeats: &Tensor) -> Self {
        Self::Each(repeats.clone())
    }
}

fn repeat_rule(x: &Tensor, repeats: &Shape) -> Result<usize, ShapeError> {
    repeats.len().checked_sub(x.dim()).ok_or_else(|| {
        let shape = x.shape();
        ShapeError::new("repeat", format!("{repeats} names fewer dimensions than a tensor of shape {shape} has"))
            .help("give a number for each dimension, or use tile")
    })
}

/// The position that each row of the result is taken from.
fn interleave_rule(repeats: &Repeats, size: usize) -> Result<Vec<i64>, ShapeError> {
    let repeated = |(position, count): (usize, usize)| std::iter::repeat_n(position as i64, count);
    let counts = match repeats {
        Repeats::All(count) => return Ok((0..size).map(|position| (position, *count)).flat_map(repeated).collect()),
        Repeats::Each(counts) => counts,
    };
    let counts = index_rule(counts, usize::MAX, "repeat_interleave")?.to_vec::<i64>();
    match counts[..] {
        [count] => Ok((0..size).map(|position| (position, count as usize)).flat_map(repeated).collect()),
        _ if counts.len() == size => Ok(counts
            .iter()
            .enumerate()
            .map(|(position, &count)| (position, count as usize))
            .flat_map(repeated)
            .collect()),
        _ => Err(ShapeError::new(
            "repeat_interleave",
            format!("{} repeats do not fit a dimension of size {size}", counts.len()),
        )
        .help("give one number for each position, or one for all")),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].repeat([2, 1, 3]) * x[1], &[&variable([2, 2]), &variable([2, 2, 6])]);
        check(|x| x[0].tile(2), &[&variable([2, 2])]);
        check(|x| x[0].repeat_interleave(&Tensor::new([2, 0, 1]), 1), &[&variable([2, 3])]);
    }

    #[test]
    fn none_at_all() {
        assert_eq!(Tensor::zeros([2, 3]).repeat([1, 0]).size(), [2, 0]);
        assert_eq!(Tensor::new(5).repeat([2]).to_vec::<i64>(), [5, 5]);
    }

    #[test]
    #[should_panic(expected = "repeat: [2] names fewer dimensions than a tensor of shape [2, 3] has")]
    fn refusal() {
        Tensor::zeros([2, 3]).repeat(2);
    }

    #[test]
    #[should_panic(expected = "2 repeats do not fit a dimension of size 3")]
    fn repeats_must_fit() {
        Tensor::zeros([3]).repeat_interleave(&Tensor::new([1, 2]), 0);
    }
}
