//! `Embedding`.

use super::field::{Label, Parameter};
use super::functional::EmbeddingOptions;
use super::{Forward, Module};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::nn::embedding::try_embedding;
use crate::tensor::Tensor;

/// A table of vectors, looked up by index:
/// [`torch.nn.Embedding`](https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html). PyTorch's `sparse` has no
/// counterpart: gradients are dense.
///
/// # Args
/// - `num_embeddings`: the size of the vocabulary.
/// - `embedding_dim`: the length of each vector.
/// - [`padding_idx`](Self::padding_idx()): a row that is 0 at first and receives no gradient; it may count from the end.
/// - [`max_norm`](Self::max_norm()): rows that are looked up and have a larger norm are scaled down to this one, in place.
/// - [`norm_type`](Self::norm_type()): the p of that norm, by default 2.
/// - [`scale_grad_by_freq`](Self::scale_grad_by_freq()): whether the gradient of a row is divided by the number of times
///   that it is looked up, by default no.
///
/// # Shape
/// - Input: any, of whole numbers; output: (*, embedding_dim).
///
/// # Attributes
/// - `weight`: (num_embeddings, embedding_dim), from N(0, 1).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::{Embedding, Forward}};
/// let layer = Embedding::new(10, 3).padding_idx(0);
/// let y = layer.forward(&Tensor::new([[0, 2, 0, 5]]));
/// assert_eq!(y.size(), [1, 4, 3]);
/// assert_eq!(y.index((0, 0)).to_vec::<f32>(), [0.0; 3]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct Embedding {
    /// The table, (num_embeddings, embedding_dim).
    pub weight: Parameter,
    label: Label,
    #[module(skip)]
    options: EmbeddingOptions,
}

impl Embedding {
    /// A table of random vectors.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Self {
        Self::of(Parameter::new(Tensor::randn([num_embeddings, embedding_dim])))
    }

    fn of(weight: Parameter) -> Self {
        Self { weight, label: Label::default(), options: EmbeddingOptions::default() }
    }

    /// A table with the given vectors, which are not trained if `freeze`, as in PyTorch unless told otherwise. A
    /// [`padding_idx`](Self::padding_idx()) given after this zeroes its row; PyTorch leaves it.
    ///
    /// # Panics
    /// If `weight` is not of shape (num_embeddings, embedding_dim).
    ///
    /// ```
    /// use jimu::{Tensor, nn::{Embedding, Forward}};
    /// let layer = Embedding::from_pretrained(&Tensor::new([[1.0, 2.3], [4.0, 5.1]]), true);
    /// assert_eq!(layer.forward(&Tensor::new([1])).to_vec::<f32>(), [4.0, 5.1]);
    /// assert!(!layer.weight.requires_grad());
    /// ```
    #[track_caller]
    pub fn from_pretrained(weight: &Tensor, freeze: bool) -> Self {
        if weight.dim() != 2 {
            let problem =
                format!("the vectors must have the shape [num_embeddings, embedding_dim], but have {}", weight.shape());
            raise(ShapeError::new("Embedding", problem).help("give one row for each index"));
        }
        let weight = Parameter::new(weight.clone());
        weight.set_requires_grad(!freeze);
        Self::of(weight)
    }

    /// A row that is set to 0 and receives no gradient; it may count from the end.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn padding_idx(mut self, padding_idx: isize) -> Self {
        let rows = self.weight.size()[0] as isize;
        if !(-rows..rows).contains(&padding_idx) {
            let problem = format!("padding_idx {padding_idx} is out of range for {rows} embeddings");
            raise(ShapeError::new("Embedding", problem).help("name one of the rows"));
        }
        self.options.padding_idx = Some(padding_idx.rem_euclid(rows));
        crate::no_grad(|| self.weight.set(padding_idx, 0.0));
        self
    }

    /// Rows that are looked up and have a larger norm are scaled down to this one, in place.
    pub fn max_norm(mut self, max_norm: f64) -> Self {
        self.options.max_norm = Some(max_norm);
        self
    }

    /// The p of the norm that [`max_norm`](Self::max_norm()) limits.
    pub fn norm_type(mut self, norm_type: f64) -> Self {
        self.options.norm_type = norm_type;
        self
    }

    /// Whether the gradient of a row is divided by the number of times that it is looked up.
    pub fn scale_grad_by_freq(mut self, on: bool) -> Self {
        self.options.scale_grad_by_freq = on;
        self
    }

    fn extra_repr(&self) -> String {
        let EmbeddingOptions { padding_idx, max_norm, norm_type, scale_grad_by_freq } = self.options;
        let mut text = format!("{}, {}", self.weight.size()[0], self.weight.size()[1]);
        if let Some(padding_idx) = padding_idx {
            text += &format!(", padding_idx={padding_idx}");
        }
        if let Some(max_norm) = max_norm {
            text += &format!(", max_norm={max_norm:?}");
        }
        if norm_type != 2.0 {
            text += &format!(", norm_type={norm_type:?}");
        }
        if scale_grad_by_freq {
            text += ", scale_grad_by_freq=True";
        }
        text
    }
}

impl Forward for Embedding {
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        try_embedding(x, &self.weight, &self.options)
            .map_err(|error| error.told_by(self.label.describe("Embedding")))
            .or_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_as_pytorch_does() {
        assert_eq!(Embedding::new(4, 3).to_string(), "Embedding(4, 3)");
        let layer = Embedding::new(4, 3).padding_idx(-1).max_norm(2.0).scale_grad_by_freq(true);
        assert_eq!(layer.to_string(), "Embedding(4, 3, padding_idx=3, max_norm=2.0, scale_grad_by_freq=True)");
    }

    #[test]
    #[should_panic(expected = "Embedding: padding_idx 4 is out of range for 4 embeddings")]
    fn refusal() {
        let _ = Embedding::new(4, 3).padding_idx(4);
    }
}
