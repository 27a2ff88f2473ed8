//! `split`, `chunk` and `unbind`: a tensor as several views.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

impl Tensor {
    /// Views of `size` positions of dimension `dim` each; the last may be smaller:
    /// [`torch.split`](https://pytorch.org/docs/stable/generated/torch.split.html).
    ///
    /// # Panics
    /// If there is no such dimension, or `size` is 0.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let parts = Tensor::arange(0, 5).split(2, 0);
    /// assert_eq!(parts.len(), 3);
    /// assert_eq!(parts[2].to_vec::<i64>(), [4]);
    /// ```
    #[track_caller]
    pub fn split(&self, size: usize, dim: isize) -> Vec<Tensor> {
        let whole = size_of(self, dim, "split").or_raise();
        if size == 0 && whole > 0 {
            crate::error::raise(
                ShapeError::new("split", "parts of no positions never end").help("give a size of at least 1"),
            );
        }
        let starts = (0..whole.max(1)).step_by(size.max(1));
        starts.map(|start| self.narrow(dim, start as isize, size.min(whole - start))).collect()
    }

    /// Views of the sizes given, one after the other along dimension `dim`: `x.split([2, 3], dim)`.
    ///
    /// # Panics
    /// If the sizes do not add up to the dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let parts = Tensor::arange(0, 5).split_with_sizes(&[1, 4], 0);
    /// assert_eq!(parts[1].to_vec::<i64>(), [1, 2, 3, 4]);
    /// ```
    #[track_caller]
    pub fn split_with_sizes(&self, sizes: &[usize], dim: isize) -> Vec<Tensor> {
        sizes_rule(self, sizes, dim).or_raise();
        let mut start = 0;
        let mut next = |&size: &usize| {
            start += size;
            self.narrow(dim, (start - size) as isize, size)
        };
        sizes.iter().map(&mut next).collect()
    }

    /// At most `chunks` views of equal size along dimension `dim`; the last may be smaller:
    /// [`torch.chunk`](https://pytorch.org/docs/stable/generated/torch.chunk.html).
    ///
    /// # Panics
    /// If there is no such dimension, or `chunks` is 0.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let gates = Tensor::zeros([8, 40]).chunk(4, 1);
    /// assert!(gates.len() == 4 && gates[0].size() == [8, 10]);
    /// ```
    #[track_caller]
    pub fn chunk(&self, chunks: usize, dim: isize) -> Vec<Tensor> {
        let whole = size_of(self, dim, "chunk").or_raise();
        if chunks == 0 {
            crate::error::raise(ShapeError::new("chunk", "no chunks hold no tensor").help("ask for at least 1"));
        }
        match whole {
            0 => vec![self.clone(); chunks],
            _ => self.split(whole.div_ceil(chunks), dim),
        }
    }

    /// A view of each position of dimension `dim`, without that dimension:
    /// [`torch.unbind`](https://pytorch.org/docs/stable/generated/torch.unbind.html).
    ///
    /// # Panics
    /// If there is no such dimension.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let rows = Tensor::new([[1, 2], [3, 4]]).unbind(0);
    /// assert_eq!(rows[1].to_vec::<i64>(), [3, 4]);
    /// ```
    #[track_caller]
    pub fn unbind(&self, dim: isize) -> Vec<Tensor> {
        let size = size_of(self, dim, "unbind").or_raise();
        (0..size as isize).map(|position| self.select(dim, position)).collect()
    }
}

fn size_of(x: &Tensor, dim: isize, name: &str) -> Result<usize, ShapeError> {
    match x.dim() {
        0 => Err(ShapeError::new(name, "a 0-d tensor has no dimension to cut").help("unsqueeze it first")),
        _ => Ok(x.shape()[x.shape().dim(dim, name)?]),
    }
}

fn sizes_rule(x: &Tensor, sizes: &[usize], dim: isize) -> Result<(), ShapeError> {
    let whole = size_of(x, dim, "split")?;
    let sum: usize = sizes.iter().sum();
    match sum == whole {
        true => Ok(()),
        false => Err(ShapeError::new(
            "split",
            format!("the sizes {sizes:?} add up to {sum}, but dimension {dim} of shape {} has {whole}", x.shape()),
        )
        .help("make the sizes add up to the dimension")),
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| &x[0].split(2, 1)[1] * &x[0].chunk(2, 1)[0].narrow(1, 0, 1), &[&variable([2, 3])]);
        check(|x| &x[0].split_with_sizes(&[1, 2], -1)[1] * &x[0].unbind(1)[0].unsqueeze(1), &[&variable([2, 3])]);
    }

    #[test]
    fn the_last_part_may_be_smaller() {
        let sizes = |parts: Vec<Tensor>| parts.iter().map(|part| part.numel()).collect::<Vec<_>>();
        let x = Tensor::arange(0, 7);
        assert_eq!(sizes(x.chunk(3, 0)), [3, 3, 1]);
        assert_eq!(sizes(x.chunk(5, 0)), [2, 2, 2, 1]);
        assert_eq!(sizes(x.split(4, 0)), [4, 3]);
    }

    #[test]
    fn empty_dimensions() {
        let x = Tensor::zeros([0, 2]);
        assert_eq!((x.split(3, 0).len(), x.split(0, 0).len(), x.chunk(3, 0).len(), x.unbind(0).len()), (1, 1, 3, 0));
    }

    #[test]
    #[should_panic(expected = "split: the sizes [1, 3] add up to 4, but dimension 0 of shape [5] has 5")]
    fn refusal() {
        Tensor::zeros([5]).split_with_sizes(&[1, 3], 0);
    }
}
