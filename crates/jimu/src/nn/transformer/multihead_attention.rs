//! `MultiheadAttention`.

use super::masks::{additive, merge};
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError, raise};
use crate::nn::field::{Label, Mode, Parameter};
use crate::nn::functional::{self, AttentionOptions, scaled_dot_product_attention};
use crate::nn::{Forward, Linear, Module, init};
use crate::ops::nn::attention::{Scoring, try_stacked_attention};
use crate::ops::nn::dropout::check_probability;
use crate::ops::nn::scaled_dot_product_attention::mask_needs_gradient;
use crate::tensor::Tensor;

/// What each query of a [`MultiheadAttention`] may attend to, and whether the weights are wanted. PyTorch's defaults.
///
/// Masks hold truth values, true where attention is *not* allowed, or real numbers, which are added to the scores. Note
/// that [`scaled_dot_product_attention`] has its truth values the other way round, as in PyTorch.
///
/// ```
/// use jimu::{Tensor, nn::{AttentionMasks, MultiheadAttention}};
/// let (layer, x) = (MultiheadAttention::new(8, 2).batch_first(true), Tensor::randn([1, 2, 8]));
/// let masks = AttentionMasks { attn_mask: Some(Tensor::new([[false, true], [false, false]])), ..Default::default() };
/// let (_, weights) = layer.forward_masked(&x, &x, &x, &masks);
/// assert_eq!(weights.unwrap().index((0, 0)).to_vec::<f32>(), [1.0, 0.0]);
/// ```
#[derive(Clone, Debug)]
pub struct AttentionMasks {
    /// Keys that nobody attends to: (n, s), or (s) for inputs without a batch.
    pub key_padding_mask: Option<Tensor>,
    /// Whether the weights are returned. Without, the computation is shorter.
    pub need_weights: bool,
    /// Which keys each query attends to: (l, s), or (n · heads, l, s).
    pub attn_mask: Option<Tensor>,
    /// Whether the weights are the mean over the heads, or those of each.
    pub average_attn_weights: bool,
    /// Whether `attn_mask`, which must be given, is known to be causal: a hint that changes no value.
    pub is_causal: bool,
}

impl Default for AttentionMasks {
    fn default() -> Self {
        Self {
            key_padding_mask: None,
            need_weights: true,
            attn_mask: None,
            average_attn_weights: true,
            is_causal: false,
        }
    }
}

/// Attention in several heads, each with projections of its own:
/// [`torch.nn.MultiheadAttention`](https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html) (Vaswani et
/// al., *Attention is all you need*, 2017).
///
/// out_proj(\[head₁, …, headₕ\]), headᵢ = softmax(QᵢKᵢᵀ / √d) Vᵢ with Qᵢ = query W_Qᵢᵀ and likewise Kᵢ, Vᵢ, d = embed_dim / h.
///
/// # Args
/// - `embed_dim`: the size of queries and outputs.
/// - `num_heads`: the number of heads, which divides it.
/// - [`dropout`](Self::dropout()): the probability with which weights are dropped in training, by default 0.
/// - [`bias`](Self::bias()): whether the projections have biases, by default yes.
/// - [`add_bias_kv`](Self::add_bias_kv()): whether a learnt key and value is added to those given, by default no.
/// - [`add_zero_attn`](Self::add_zero_attn()): whether a key and value of zeros is added, by default no.
/// - [`kdim`](Self::kdim()), [`vdim`](Self::vdim()): the sizes of keys and values, by default embed_dim.
/// - [`batch_first`](Self::batch_first()): whether inputs and outputs are (n, l, …) instead of (l, n, …), by default no.
///
/// # Shape
/// - Query (l, n, embed_dim), key (s, n, kdim), value (s, n, vdim), or all without n.
/// - Output (l, n, embed_dim); weights (n, l, s), or (n, heads, l, s) unless averaged.
///
/// # Attributes
/// - `in_proj_weight`: (3·embed_dim, embed_dim), from U(-b, b) with b = √(6 / (4·embed_dim)) (Xavier). If kdim or vdim
///   differ, instead `q_proj_weight`, `k_proj_weight` and `v_proj_weight`: (embed_dim, size of the input).
/// - `in_proj_bias`: (3·embed_dim), zeros.
/// - `bias_k`, `bias_v`: (1, 1, embed_dim), from a normal distribution (Xavier).
/// - `out_proj`: a [`Linear`] of embed_dim to embed_dim, its bias zeros.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::MultiheadAttention};
/// let attention = MultiheadAttention::new(16, 4).batch_first(true);
/// let x = Tensor::randn([2, 5, 16]);
/// let (output, weights) = attention.forward(&x, &x, &x);
/// assert_eq!((output.size(), weights.unwrap().size()), ([2, 5, 16].into(), [2, 5, 5].into()));
/// ```
#[derive(Clone, Debug, Module)]
pub struct MultiheadAttention {
    /// The projections of query, key and value in one, if these have one size.
    pub in_proj_weight: Option<Parameter>,
    /// The projection of the query, if the sizes differ.
    pub q_proj_weight: Option<Parameter>,
    /// That of the key.
    pub k_proj_weight: Option<Parameter>,
    /// That of the value.
    pub v_proj_weight: Option<Parameter>,
    /// The biases of the three.
    pub in_proj_bias: Option<Parameter>,
    /// A key that is added to those given.
    pub bias_k: Option<Parameter>,
    /// Its value.
    pub bias_v: Option<Parameter>,
    /// The last projection.
    pub out_proj: Linear,
    embed_dim: usize,
    pub(super) num_heads: usize,
    pub(super) dropout: f64,
    kdim: usize,
    vdim: usize,
    add_zero_attn: bool,
    pub(super) batch_first: bool,
    training: Mode,
    label: Label,
}

impl MultiheadAttention {
    /// With random weights.
    ///
    /// # Panics
    /// If `num_heads` does not divide `embed_dim`.
    #[track_caller]
    pub fn new(embed_dim: usize, num_heads: usize) -> Self {
        if embed_dim == 0 || num_heads == 0 || !embed_dim.is_multiple_of(num_heads) {
            let problem = format!("embed_dim {embed_dim} cannot be divided among {num_heads} heads");
            raise(ShapeError::new("MultiheadAttention", problem).help("choose a multiple of num_heads"));
        }
        let layer = Self {
            in_proj_weight: None,
            q_proj_weight: None,
            k_proj_weight: None,
            v_proj_weight: None,
            in_proj_bias: Some(zeros(3 * embed_dim)),
            bias_k: None,
            bias_v: None,
            out_proj: Linear::new(embed_dim, embed_dim),
            embed_dim,
            num_heads,
            dropout: 0.0,
            kdim: embed_dim,
            vdim: embed_dim,
            add_zero_attn: false,
            batch_first: false,
            training: Mode::default(),
            label: Label::default(),
        };
        init::zeros_(layer.out_proj.bias.as_deref().unwrap_or(&Tensor::zeros([0])));
        layer.with_projections()
    }

    fn with_projections(mut self) -> Self {
        let (embed_dim, same) = (self.embed_dim, self.kdim == self.embed_dim && self.vdim == self.embed_dim);
        self.in_proj_weight = same.then(|| xavier_uniform([3 * embed_dim, embed_dim]));
        self.q_proj_weight = (!same).then(|| xavier_uniform([embed_dim, embed_dim]));
        self.k_proj_weight = (!same).then(|| xavier_uniform([embed_dim, self.kdim]));
        self.v_proj_weight = (!same).then(|| xavier_uniform([embed_dim, self.vdim]));
        self
    }

    /// The probability with which weights are dropped, in training.
    ///
    /// # Panics
    /// If it is not from 0 to 1.
    #[track_caller]
    pub fn dropout(mut self, p: f64) -> Self {
        check_probability(p, "MultiheadAttention").or_raise();
        self.dropout = p;
        self
    }

    /// With biases of the projections, or without.
    pub fn bias(mut self, on: bool) -> Self {
        self.in_proj_bias = on.then(|| zeros(3 * self.embed_dim));
        self.out_proj.bias = on.then(|| zeros(self.embed_dim));
        self
    }

    /// Whether a learnt key and value is added to those given.
    pub fn add_bias_kv(mut self, on: bool) -> Self {
        let learnt = || {
            let tensor = Tensor::zeros([1, 1, self.embed_dim]);
            init::xavier_normal_(&tensor, 1.0);
            Parameter::new(tensor)
        };
        (self.bias_k, self.bias_v) = if on { (Some(learnt()), Some(learnt())) } else { (None, None) };
        self
    }

    /// Whether a key and value of zeros is added to those given.
    pub fn add_zero_attn(mut self, on: bool) -> Self {
        self.add_zero_attn = on;
        self
    }

    /// The size of the keys.
    pub fn kdim(mut self, kdim: usize) -> Self {
        self.kdim = kdim;
        self.with_projections()
    }

    /// The size of the values.
    pub fn vdim(mut self, vdim: usize) -> Self {
        self.vdim = vdim;
        self.with_projections()
    }

    /// Whether inputs and outputs are (n, l, …) instead of (l, n, …).
    pub fn batch_first(mut self, on: bool) -> Self {
        self.batch_first = on;
        self
    }

    /// The output, and the weights averaged over the heads.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn forward(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> (Tensor, Option<Tensor>) {
        let _scope = self.label.enter();
        self.forward_masked(query, key, value, &AttentionMasks::default())
    }

    /// The output under masks, and the weights if they are wanted.
    ///
    /// # Panics
    /// If the shapes do not fit, or `is_causal` is set without a mask.
    #[track_caller]
    pub fn forward_masked(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        masks: &AttentionMasks,
    ) -> (Tensor, Option<Tensor>) {
        let _scope = self.label.enter();
        self.check(query, key, value, masks)
            .map_err(|e| e.told_by(self.label.describe("MultiheadAttention")))
            .or_raise();
        let batched = query.dim() == 3;
        // Inside, the batch comes first, then the heads, then the steps.
        let inward = |x: &Tensor| match (batched, self.batch_first) {
            (false, _) => x.unsqueeze(0),
            (true, true) => x.clone(),
            (true, false) => x.transpose(0, 1),
        };
        let itself = query.is_same(key) && key.is_same(value);
        let (heads, weights) = match self.attend_to_itself(query, itself, masks) {
            Some(heads) => (heads, None),
            None => {
                let query_inward = inward(query);
                // What is one tensor outside is to be one inside.
                let [key, value] = [key, value].map(|x| if itself { query_inward.clone() } else { inward(x) });
                self.attend_to([&query_inward, &key, &value], masks)
            }
        };
        let steps_first = match batched && !self.batch_first {
            true => heads.permute([2, 0, 1, 3]),
            false => heads.transpose(1, 2),
        };
        let output = self.out_proj.forward(&steps_first.flatten(-2..));
        let output = if batched { output } else { output.squeeze_dim(0) };
        let weights = weights.map(|weights| {
            let weights = if masks.average_attn_weights { weights.mean_dim(1, false) } else { weights };
            if batched { weights } else { weights.squeeze_dim(0) }
        });
        (output, weights)
    }

    /// The outputs of the heads, [n, heads, l, d], of a sequence that attends to itself, as one operation on the projections of
    /// queries, keys and values, which are one tensor; nothing where more is asked for than that operation can do.
    fn attend_to_itself(&self, x: &Tensor, itself: bool, masks: &AttentionMasks) -> Option<Tensor> {
        let weight = self.in_proj_weight.as_ref()?;
        let more_keys = self.bias_k.is_some() || self.add_zero_attn;
        if !itself || masks.need_weights || more_keys || self.dropout_now() > 0.0 {
            return None;
        }
        let batched = x.dim() == 3;
        let x = if batched { x.clone() } else { x.unsqueeze(0) };
        // The order of the input stays: the operation finds its way by strides.
        let order = if batched && !self.batch_first { [2, 1, 3, 0, 4] } else { [2, 0, 3, 1, 4] };
        let projected = functional::linear(&x, weight, self.in_proj_bias.as_deref());
        let stacked = projected.unflatten(-1, [3, self.num_heads as isize, -1]).permute(order);
        let mask = self.mask(masks, stacked.shape()[1], x.dtype(), stacked.shape()[3]);
        let scale = 1.0 / (stacked.shape()[4] as f64).sqrt();
        if mask.as_ref().is_some_and(mask_needs_gradient) {
            let [query, key, value] = [0, 1, 2].map(|part| stacked.select(0, part));
            let options = AttentionOptions { attn_mask: mask, ..Default::default() };
            return Some(scaled_dot_product_attention(&query, &key, &value, &options));
        }
        Some(try_stacked_attention(&stacked, mask.as_ref(), Scoring { scale, causal: false }).or_raise())
    }

    /// The outputs of the heads, and the weights if they are wanted, of inputs whose batch comes first.
    fn attend_to(&self, [query, key, value]: [&Tensor; 3], masks: &AttentionMasks) -> (Tensor, Option<Tensor>) {
        let (q, k, v) = self.project(query, key, value);
        let (k, v) = (self.extend(k, self.bias_k.as_deref()), self.extend(v, self.bias_v.as_deref()));
        let [q, k, v] = [q, k, v].map(|x| x.unflatten(-1, [self.num_heads as isize, -1]).transpose(1, 2));
        let (k, v) = if self.add_zero_attn { (with_zeros(&k), with_zeros(&v)) } else { (k, v) };
        let mask = self.mask(masks, q.shape()[0], q.dtype(), k.shape()[2]);
        self.attend(&q, &k, &v, mask, masks.need_weights)
    }

    /// The probability with which weights are dropped now.
    fn dropout_now(&self) -> f64 {
        if self.training.is_training() { self.dropout } else { 0.0 }
    }

    /// Query, key and value through their projections.
    fn project(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> (Tensor, Tensor, Tensor) {
        let bias = self.in_proj_bias.as_deref();
        if let Some(weight) = &self.in_proj_weight {
            if query.is_same(key) && key.is_same(value) {
                let all = functional::linear(query, weight, bias).chunk(3, -1);
                return (all[0].clone(), all[1].clone(), all[2].clone());
            }
            return self.project_each([query, key, value], &weight.chunk(3, 0), bias);
        }
        let weights = [&self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight];
        let weights: Vec<Tensor> = weights.into_iter().flatten().map(|weight| Tensor::clone(weight)).collect();
        self.project_each([query, key, value], &weights, bias)
    }

    fn project_each(
        &self,
        inputs: [&Tensor; 3],
        weights: &[Tensor],
        bias: Option<&Tensor>,
    ) -> (Tensor, Tensor, Tensor) {
        let biases = bias.map(|bias| bias.chunk(3, 0));
        let each = |i: usize| functional::linear(inputs[i], &weights[i], biases.as_ref().map(|biases| &biases[i]));
        (each(0), each(1), each(2))
    }

    /// `x`, [n, s, e], with the learnt key or value at the end, if there is one.
    fn extend(&self, x: Tensor, learnt: Option<&Tensor>) -> Tensor {
        match learnt {
            Some(learnt) => Tensor::cat(&[&x, &learnt.expand([x.shape()[0], 1, self.embed_dim])], 1),
            None => x,
        }
    }

    /// What is added to the scores, in a shape that can be broadcast to [n, heads, l, s].
    fn mask(&self, masks: &AttentionMasks, batch: usize, dtype: DType, keys: usize) -> Option<Tensor> {
        let attention = masks.attn_mask.as_ref().map(|mask| {
            let mask = additive(mask, dtype);
            if mask.dim() == 3 { mask.unflatten(0, [batch as isize, -1]) } else { mask }
        });
        let padding = masks.key_padding_mask.as_ref().map(|mask| {
            let mask = additive(mask, dtype);
            if mask.dim() == 1 { mask } else { mask.unsqueeze(1).unsqueeze(1) }
        });
        // Keys that the layer adds are allowed to all.
        let widened = |mask: Tensor| {
            let missing = keys - mask.shape()[mask.dim() - 1];
            if missing > 0 { mask.pad_constant([0, missing as isize], 0.0) } else { mask }
        };
        merge(attention.map(widened), padding.map(widened))
    }

    /// The outputs of the heads, and the weights if they are wanted.
    fn attend(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        mask: Option<Tensor>,
        need_weights: bool,
    ) -> (Tensor, Option<Tensor>) {
        let dropout_p = self.dropout_now();
        if !need_weights {
            let options = AttentionOptions { attn_mask: mask, dropout_p, ..Default::default() };
            return (scaled_dot_product_attention(q, k, v, &options), None);
        }
        let scale = 1.0 / (q.shape()[3] as f64).sqrt();
        let scores = (q * scale).matmul(&k.transpose(-2, -1));
        let scores = mask.map_or_else(|| scores.clone(), |mask| &scores + mask);
        let weights = functional::dropout(&scores.softmax(-1), dropout_p, true);
        (weights.matmul(v), Some(weights))
    }

    fn check(&self, query: &Tensor, key: &Tensor, value: &Tensor, masks: &AttentionMasks) -> Result<(), ShapeError> {
        let refuse = |problem: String, help: &str| Err(ShapeError::new("MultiheadAttention", problem).help(help));
        let shapes = [query, key, value].map(Tensor::shape);
        let told = format!("query {}, key {}, value {}", shapes[0], shapes[1], shapes[2]);
        let rank = query.dim();
        if !(2..=3).contains(&rank) || shapes.iter().any(|shape| shape.len() != rank) {
            return refuse(
                format!("three inputs of 2 or 3 dimensions are needed, but there are {told}"),
                "unsqueeze some",
            );
        }
        let widths = [self.embed_dim, self.kdim, self.vdim];
        if let Some(at) = (0..3).find(|&at| shapes[at].last() != Some(&widths[at])) {
            let name = [("query", "embed_dim"), ("key", "kdim"), ("value", "vdim")][at];
            return refuse(
                format!(
                    "the last dimension of the {} must be {} ({}), but there are {told}",
                    name.0, widths[at], name.1
                ),
                "change the layer before, or embed_dim, kdim and vdim",
            );
        }
        let (time, batch) = if rank == 2 || !self.batch_first { (0, 1) } else { (1, 0) };
        let batches = if rank == 3 { shapes.map(|shape| shape[batch]) } else { [1; 3] };
        if shapes[1][time] != shapes[2][time] || batches[0] != batches[1] || batches[0] != batches[2] {
            return refuse(
                format!("keys and values must be equally many, and all batches equal, but there are {told}"),
                "batch_first(true) puts the batch before the steps",
            );
        }
        if masks.is_causal && masks.attn_mask.is_none() {
            return refuse(
                "is_causal is only a hint: the mask is missing".to_owned(),
                "give attn_mask, as from Transformer::generate_square_subsequent_mask",
            );
        }
        let (queries, keys) = (shapes[0][time], shapes[1][time]);
        check_mask(
            "attn_mask",
            masks.attn_mask.as_ref(),
            query.dtype(),
            &[&[queries, keys], &[batches[0] * self.num_heads, queries, keys]],
        )?;
        let padding: &[usize] = if rank == 2 { &[keys] } else { &[batches[0], keys] };
        check_mask("key_padding_mask", masks.key_padding_mask.as_ref(), query.dtype(), &[padding])
    }
}

fn check_mask(name: &str, mask: Option<&Tensor>, dtype: DType, shapes: &[&[usize]]) -> Result<(), ShapeError> {
    let Some(mask) = mask else { return Ok(()) };
    if !shapes.iter().any(|&shape| *mask.shape() == *shape) {
        let wanted = shapes.iter().map(|shape| format!("{shape:?}")).collect::<Vec<_>>().join(" or ");
        let problem = format!("{name} must have the shape {wanted}, but has {}", mask.shape());
        return Err(ShapeError::new("MultiheadAttention", problem).help("the last dimension is that of the keys"));
    }
    if mask.dtype() != DType::Bool && mask.dtype() != dtype {
        let problem = format!("{name} is {}, but the query is {dtype}", mask.dtype());
        let help = "a mask is bool, true where attention is not allowed, or of the query's type, added to the scores";
        return Err(ShapeError::new("MultiheadAttention", problem).help(help));
    }
    Ok(())
}

fn xavier_uniform(shape: [usize; 2]) -> Parameter {
    let tensor = Tensor::zeros(shape);
    init::xavier_uniform_(&tensor, 1.0);
    Parameter::new(tensor)
}

fn zeros(size: usize) -> Parameter {
    Parameter::new(Tensor::zeros([size]))
}

/// `x`, [n, heads, s, d], with a step of zeros at the end.
fn with_zeros(x: &Tensor) -> Tensor {
    x.pad_constant([0, 0, 0, 1], 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attention() -> MultiheadAttention {
        MultiheadAttention::new(6, 2).batch_first(true)
    }

    #[test]
    fn with_and_without_weights_the_output_is_the_same() {
        let (layer, x) = (attention().add_bias_kv(true).add_zero_attn(true), Tensor::randn([2, 3, 6]));
        let padding = Tensor::new([[false, false, true], [false, true, true]]);
        let masks = AttentionMasks { key_padding_mask: Some(padding), ..Default::default() };
        let (with, weights) = layer.forward_masked(&x, &x, &x, &masks);
        assert_eq!(weights.unwrap().size(), [2, 3, 5]);
        let (without, none) =
            layer.forward_masked(&x, &x, &x, &AttentionMasks { need_weights: false, ..masks.clone() });
        assert!(none.is_none() && (with - without).abs().max().item() < 1e-6);
    }

    #[test]
    fn the_batch_may_come_second() {
        let (layer, x) = (attention(), Tensor::randn([2, 3, 6]));
        let first = layer.forward(&x, &x, &x).0;
        let second = layer.batch_first(false);
        let x = x.transpose(0, 1);
        assert!((second.forward(&x, &x, &x).0.transpose(0, 1) - first).abs().max().item() < 1e-6);
    }

    #[test]
    fn keys_and_values_of_other_sizes_have_projections_of_their_own() {
        let layer = MultiheadAttention::new(6, 2).kdim(4).vdim(5);
        let names: Vec<String> = layer.named_parameters().into_iter().map(|(name, _)| name).collect();
        let separate = ["q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias"];
        assert_eq!(names, [&separate[..], &["out_proj.weight", "out_proj.bias"]].concat());
        let (output, weights) =
            layer.forward(&Tensor::randn([3, 2, 6]), &Tensor::randn([7, 2, 4]), &Tensor::randn([7, 2, 5]));
        assert_eq!((output.size(), weights.unwrap().size()), ([3, 2, 6].into(), [2, 3, 7].into()));
    }

    #[test]
    #[should_panic(expected = "MultiheadAttention: attn_mask must have the shape [3, 3] or [4, 3, 3], but has [2, 3]")]
    fn a_wrong_mask() {
        let x = Tensor::zeros([2, 3, 6]);
        let masks = AttentionMasks { attn_mask: Some(Tensor::zeros([2, 3])), ..Default::default() };
        attention().forward_masked(&x, &x, &x, &masks);
    }

    #[test]
    #[should_panic(expected = "MultiheadAttention: embed_dim 5 cannot be divided among 2 heads")]
    fn refusal() {
        let _ = MultiheadAttention::new(5, 2);
    }
}
