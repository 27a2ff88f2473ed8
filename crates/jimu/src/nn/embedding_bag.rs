//! `EmbeddingBag`.

use super::Module;
use super::field::{Label, Parameter};
use super::functional::{EmbeddingBagMode, EmbeddingBagOptions};
use crate::error::{OrRaise, ShapeError, raise};
use crate::ops::nn::embedding_bag::try_embedding_bag;
use crate::tensor::Tensor;

/// The sums, means or maxima of bags of vectors, looked up by index:
/// [`torch.nn.EmbeddingBag`](https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html).
///
/// # Args
/// - `num_embeddings`: the size of the vocabulary.
/// - `embedding_dim`: the length of each vector.
/// - [`mode`](Self::mode()): what becomes of the vectors of a bag, by default their mean.
/// - [`max_norm`](Self::max_norm()), [`norm_type`](Self::norm_type()), [`scale_grad_by_freq`](Self::scale_grad_by_freq()):
///   as of [`Embedding`](super::Embedding).
/// - [`include_last_offset`](Self::include_last_offset()): whether the last offset is the number of indices, by default no.
/// - [`padding_idx`](Self::padding_idx()): a row that is left out of its bag and receives no gradient.
///
/// # Shape
/// - Input: (bags, n), or a list with offsets (bags); output: (bags, embedding_dim).
///
/// # Attributes
/// - `weight`: (num_embeddings, embedding_dim), from N(0, 1).
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::EmbeddingBag};
/// let layer = EmbeddingBag::new(10, 3);
/// assert_eq!(layer.forward(&Tensor::new([[1, 2, 4], [4, 3, 9]]), None).size(), [2, 3]);
/// let offsets = Tensor::new([0, 4]);
/// assert_eq!(layer.forward(&Tensor::new([1, 2, 4, 5, 4, 3]), Some(&offsets)).size(), [2, 3]);
/// ```
#[derive(Clone, Debug, Module)]
#[module(extra_repr)]
pub struct EmbeddingBag {
    /// The table, (num_embeddings, embedding_dim).
    pub weight: Parameter,
    label: Label,
    #[module(skip)]
    options: EmbeddingBagOptions,
}

impl EmbeddingBag {
    /// A table of random vectors, of which means are taken.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Self {
        Self {
            weight: Parameter::new(Tensor::randn([num_embeddings, embedding_dim])),
            label: Label::default(),
            options: EmbeddingBagOptions::default(),
        }
    }

    /// What becomes of the vectors of a bag.
    pub fn mode(mut self, mode: EmbeddingBagMode) -> Self {
        self.options.mode = mode;
        self
    }

    /// Rows that are looked up and have a larger norm are scaled down to this one, in place.
    pub fn max_norm(mut self, max_norm: f64) -> Self {
        self.options.lookup.max_norm = Some(max_norm);
        self
    }

    /// The p of the norm that [`max_norm`](Self::max_norm()) limits.
    pub fn norm_type(mut self, norm_type: f64) -> Self {
        self.options.lookup.norm_type = norm_type;
        self
    }

    /// Whether the gradient of a row is divided by the number of times that it is looked up.
    pub fn scale_grad_by_freq(mut self, on: bool) -> Self {
        self.options.lookup.scale_grad_by_freq = on;
        self
    }

    /// Whether the last offset is the number of indices instead of the start of a bag.
    pub fn include_last_offset(mut self, on: bool) -> Self {
        self.options.include_last_offset = on;
        self
    }

    /// A row that is set to 0, left out of its bag, and receives no gradient; it may count from the end.
    ///
    /// # Panics
    /// If there is no such row.
    #[track_caller]
    pub fn padding_idx(mut self, padding_idx: isize) -> Self {
        let rows = self.weight.size()[0] as isize;
        if !(-rows..rows).contains(&padding_idx) {
            let problem = format!("padding_idx {padding_idx} is out of range for {rows} embeddings");
            raise(ShapeError::new("EmbeddingBag", problem).help("name one of the rows"));
        }
        self.options.lookup.padding_idx = Some(padding_idx.rem_euclid(rows));
        crate::no_grad(|| self.weight.set(padding_idx, 0.0));
        self
    }

    /// The vectors of the bags.
    ///
    /// # Panics
    /// If the shapes do not fit, or an index is out of range.
    #[track_caller]
    pub fn forward(&self, x: &Tensor, offsets: Option<&Tensor>) -> Tensor {
        let _scope = self.label.enter();
        self.bags(x, offsets, &self.options)
    }

    /// The same with a factor for each index; only for sums.
    ///
    /// # Panics
    /// As [`forward`](Self::forward()), and if the mode is not [`EmbeddingBagMode::Sum`].
    #[track_caller]
    pub fn forward_weighted(&self, x: &Tensor, offsets: Option<&Tensor>, per_sample_weights: &Tensor) -> Tensor {
        let _scope = self.label.enter();
        let per_sample_weights = Some(per_sample_weights.clone());
        self.bags(x, offsets, &EmbeddingBagOptions { per_sample_weights, ..self.options.clone() })
    }

    #[track_caller]
    fn bags(&self, x: &Tensor, offsets: Option<&Tensor>, options: &EmbeddingBagOptions) -> Tensor {
        let _scope = self.label.enter();
        try_embedding_bag(x, &self.weight, offsets, options)
            .map_err(|error| error.told_by(self.label.describe("EmbeddingBag")))
            .or_raise()
    }

    fn extra_repr(&self) -> String {
        let (rows, width) = (self.weight.size()[0], self.weight.size()[1]);
        let lookup = &self.options.lookup;
        let mut text = format!("{rows}, {width}");
        if let Some(max_norm) = lookup.max_norm {
            text += &format!(", max_norm={max_norm:?}");
        }
        if lookup.norm_type != 2.0 {
            text += &format!(", norm_type={:?}", lookup.norm_type);
        }
        if lookup.scale_grad_by_freq {
            text += ", scale_grad_by_freq=True";
        }
        text += &format!(", mode='{}'", format!("{:?}", self.options.mode).to_lowercase());
        if let Some(padding_idx) = lookup.padding_idx {
            text += &format!(", padding_idx={padding_idx}");
        }
        text
    }
}
