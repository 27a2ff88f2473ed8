//! `unique`, `bincount` and `searchsorted`: what values there are, how often, and where they belong.

use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::Tensor;

/// What [`Tensor::unique`] finds.
#[derive(Clone, Debug)]
pub struct Unique {
    /// Each value once, in ascending order.
    pub values: Tensor,
    /// For each element of the tensor, where its value stands among the values.
    pub inverse: Tensor,
    /// How often each value occurs.
    pub counts: Tensor,
}

impl Tensor {
    /// The different values of the elements, in ascending order, with where each element's value stands among them and
    /// how often each occurs: [`torch.unique`](https://pytorch.org/docs/stable/generated/torch.unique.html) with
    /// `return_inverse` and `return_counts`. NaN differs from NaN.
    ///
    /// # Panics
    /// If the tensor is on the meta device: the shape of the result depends on the values.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let found = Tensor::new([3, 1, 3, 2]).unique();
    /// assert_eq!(found.values.to_vec::<i64>(), [1, 2, 3]);
    /// assert_eq!(found.inverse.to_vec::<i64>(), [2, 0, 2, 1]);
    /// assert_eq!(found.counts.to_vec::<i64>(), [1, 1, 2]);
    /// ```
    #[track_caller]
    pub fn unique(&self) -> Unique {
        self.readable("unique").or_raise();
        let (sorted, order) = self.detach().reshape([-1]).sort(0, false);
        let count = sorted.numel() as isize;
        if count == 0 {
            let none = || Tensor::zeros_of([0], DType::I64);
            return Unique { values: sorted, inverse: none().reshape(self.size()), counts: none() };
        }
        let new = sorted.slice(0, 1, count, 1).ne(&sorted.slice(0, 0, count - 1, 1));
        let first = Tensor::cat(&[&Tensor::new([true]), &new], 0);
        let group = first.cumsum(0) - 1;
        let values = sorted.masked_select(&first);
        let counts = Tensor::zeros_of([values.numel()], DType::I64).index_add(0, &group, &group.ones_like());
        let inverse = Tensor::zeros_of([count as usize], DType::I64).index_copy(0, &order, &group);
        Unique { values, inverse: inverse.reshape(self.size()), counts }
    }

    /// How often each of the numbers 0, 1, 2, … occurs in a vector of whole numbers, or what weights they have together:
    /// [`torch.bincount`](https://pytorch.org/docs/stable/generated/torch.bincount.html).
    ///
    /// # Args
    /// - `weights`: what each element counts, or nothing: then each counts 1.
    /// - `minlength`: the least number of counts, 0 in PyTorch unless given.
    ///
    /// The counts are `i64`; with weights they are `f32` if the weights are, and `f64` otherwise. There is no gradient.
    ///
    /// # Panics
    /// If the tensor is no vector, an element is negative or no whole number, or there is not a weight for each element.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let numbers = Tensor::new([1, 3, 1]);
    /// assert_eq!(numbers.bincount(None, 0).to_vec::<i64>(), [0, 2, 0, 1]);
    /// let weights = Tensor::new([0.5, 1.0, 2.0]);
    /// assert_eq!(numbers.bincount(Some(&weights), 5).to_vec::<f32>(), [0.0, 2.5, 0.0, 1.0, 0.0]);
    /// ```
    #[track_caller]
    pub fn bincount(&self, weights: Option<&Tensor>, minlength: usize) -> Tensor {
        let numbers = bincount_rule(self, weights).or_raise();
        let length = numbers.to_vec::<i64>().into_iter().map(|number| number as usize + 1).max().unwrap_or(0);
        // Of no elements at all the counts are whole, weights or not, as in PyTorch.
        let each = match weights.filter(|_| numbers.numel() > 0) {
            None => numbers.ones_like(),
            Some(weights) if weights.dtype() == DType::F32 => weights.detach(),
            Some(weights) => weights.detach().to(DType::F64),
        };
        Tensor::zeros_of([length.max(minlength)], each.dtype()).index_add(0, &numbers, &each)
    }

    /// Where `values` would have to be put into this ascending sequence to keep it in order, in `i64`:
    /// [`torch.searchsorted`](https://pytorch.org/docs/stable/generated/torch.searchsorted.html), or, of a vector and with
    /// the two changed round, [`torch.bucketize`](https://pytorch.org/docs/stable/generated/torch.bucketize.html).
    ///
    /// # Args
    /// - `right`: whether equals lie before the place found, rather than after it.
    ///
    /// # Shape
    /// Of a vector (n), `values` of any shape; of sequences (*, n), values (*, m). The result has the shape of the values.
    ///
    /// # Panics
    /// If the shapes do not fit.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let edges = Tensor::new([1.0, 3.0, 5.0]);
    /// assert_eq!(edges.searchsorted(&Tensor::new([0.0, 3.0, 9.0]), false).to_vec::<i64>(), [0, 1, 3]);
    /// assert_eq!(edges.searchsorted(&Tensor::new([3.0]), true).to_vec::<i64>(), [2]);
    /// ```
    #[track_caller]
    pub fn searchsorted(&self, values: &Tensor, right: bool) -> Tensor {
        sequence_rule(self, values).or_raise();
        // NaN stands behind every number, as sorting has it.
        let before = |edge: f64, value: f64| match (edge.is_nan(), value.is_nan()) {
            (false, true) => true,
            (true, _) => right && value.is_nan(),
            (false, false) => edge < value || (right && edge == value),
        };
        let numbers = |x: &Tensor| x.detach().to(DType::F64).to_vec::<f64>();
        let (edges, wanted) = (numbers(self), numbers(values));
        let length = self.shape()[self.dim() - 1];
        // A vector serves all values, sequences each a row of them.
        let row = if self.dim() == 1 { wanted.len() } else { values.shape()[values.dim() - 1] };
        let place = |(index, &value): (usize, &f64)| {
            let edges = &edges[index / row.max(1) * length..][..length];
            edges.partition_point(|&edge| before(edge, value)) as i64
        };
        Tensor::from_vec(wanted.iter().enumerate().map(place).collect(), values.size())
    }
}

fn bincount_rule(x: &Tensor, weights: Option<&Tensor>) -> Result<Tensor, ShapeError> {
    if let Some(weights) = weights
        && weights.shape() != x.shape()
    {
        let (given, shape) = (weights.shape(), x.shape());
        return Err(ShapeError::new(
            "bincount",
            format!("weights of shape {given} do not fit numbers of shape {shape}"),
        )
        .help("give a weight for each number"));
    }
    match x.dim() {
        1 => super::index_rule(x, i64::MAX as usize, "bincount"),
        _ => Err(ShapeError::new("bincount", format!("a vector is needed, but the shape is {}", x.shape()))
            .help("flatten it first")),
    }
}

fn sequence_rule(x: &Tensor, values: &Tensor) -> Result<(), ShapeError> {
    let (sequences, given) = (x.shape(), values.shape());
    let fits = match (sequences.split_last(), given.split_last()) {
        (Some((_, [])), _) => true,
        (Some((_, own)), Some((_, front))) => own == front,
        _ => false,
    };
    match fits {
        true => Ok(()),
        false => Err(ShapeError::new(
            "searchsorted",
            format!("values of shape {given} do not fit sequences of shape {sequences}"),
        )
        .help("give a vector to search for any values, or values for each sequence")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_shape_and_nan() {
        let found = Tensor::new([[2.0, f32::NAN], [f32::NAN, 2.0]]).unique();
        assert_eq!((found.values.numel(), found.counts.to_vec::<i64>()), (3, vec![2, 1, 1]));
        assert_eq!(found.inverse.to_vec::<i64>(), [0, 1, 2, 0]);
        assert_eq!(Tensor::zeros([0, 2]).unique().inverse.size(), [0, 2]);
        assert_eq!(Tensor::new([true, false, true]).unique().counts.to_vec::<i64>(), [1, 2]);
    }

    #[test]
    fn counts_have_a_least_length() {
        assert_eq!(Tensor::arange(0, 0).bincount(None, 2).to_vec::<i64>(), [0, 0]);
        assert_eq!(Tensor::arange(0, 0).bincount(Some(&Tensor::zeros([0])), 2).to_vec::<i64>(), [0, 0]);
    }

    #[test]
    fn whole_weights_are_added_as_f64() {
        let (numbers, weights) = (Tensor::new([2, 0, 2]), Tensor::new([1, 5, 3]));
        assert_eq!(numbers.bincount(Some(&weights), 0).to_vec::<f64>(), [5.0, 0.0, 4.0]);
    }

    #[test]
    #[should_panic(expected = "bincount: weights of shape [2] do not fit numbers of shape [3]")]
    fn each_number_has_a_weight() {
        Tensor::new([2, 0, 2]).bincount(Some(&Tensor::zeros([2])), 0);
    }

    #[test]
    fn nan_belongs_to_the_end() {
        let edges = Tensor::new([1.0, f32::NAN]);
        assert_eq!(edges.searchsorted(&Tensor::new([5.0, f32::NAN]), false).to_vec::<i64>(), [1, 1]);
        assert_eq!(edges.searchsorted(&Tensor::new([f32::NAN]), true).to_vec::<i64>(), [2]);
    }

    #[test]
    fn each_row_is_searched_by_itself() {
        let edges = Tensor::new([[1, 3, 5], [2, 4, 6]]);
        assert_eq!(edges.searchsorted(&Tensor::new([[3, 9], [3, 0]]), false).to_vec::<i64>(), [1, 3, 1, 0]);
        assert_eq!(edges.searchsorted(&Tensor::new([[3], [4]]), true).to_vec::<i64>(), [2, 2]);
    }

    #[test]
    #[should_panic(expected = "searchsorted: values of shape [3] do not fit sequences of shape [2, 3]")]
    fn sequences_must_fit() {
        Tensor::zeros([2, 3]).searchsorted(&Tensor::zeros([3]), false);
    }

    #[test]
    #[should_panic(expected = "bincount: index -1 is out of range")]
    fn negative_numbers_are_not_counted() {
        Tensor::new([-1]).bincount(None, 0);
    }
}
