//! `scaled_dot_product_attention`.

use super::attention::{Scoring, try_attention};
use super::dropout::{check_probability, dropout};
use crate::autograd::is_grad_enabled;
use crate::dtype::DType;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor, broadcast_shapes};

/// The options of [`scaled_dot_product_attention`]; the defaults are PyTorch's.
#[derive(Clone, Debug, Default)]
pub struct AttentionOptions {
    /// Truth values: which keys each query attends to. Real numbers: what is added to the scores.
    pub attn_mask: Option<Tensor>,
    /// The probability with which each weight is dropped. Always applied: give 0 outside training.
    pub dropout_p: f64,
    /// Whether query i attends to keys 0 to i alone. Not together with a mask.
    pub is_causal: bool,
    /// What the scores are multiplied by, 1/√e if none.
    pub scale: Option<f64>,
    /// Whether the keys and values have fewer heads (dimension -3) than the queries, each shared by a group of them.
    pub enable_gqa: bool,
}

/// softmax(Q Kᵀ / √e) V: for each query the mean of the values, weighted by how well query and key agree:
/// [`torch.nn.functional.scaled_dot_product_attention`](https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html)
/// (Vaswani et al., *Attention is all you need*, 2017). A query that may attend to nothing gives zeros.
///
/// # Shape
/// - `query`: (…, l, e); `key`: (…, s, e); `value`: (…, s, v), whose leading dimensions can be broadcast.
/// - `attn_mask`: what can be broadcast to (…, l, s).
/// - Output: (…, l, v).
///
/// # Panics
/// If the shapes do not fit, or a mask is given with `is_causal`.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::functional::{AttentionOptions, scaled_dot_product_attention}};
/// let (query, key) = (Tensor::new([[0.0, 0.0], [0.0, 100.0]]), Tensor::new([[100.0, 0.0], [0.0, 100.0]]));
/// let value = Tensor::new([[1.0], [3.0]]);
/// let y = scaled_dot_product_attention(&query, &key, &value, &AttentionOptions::default());
/// assert_eq!(y.to_vec::<f32>(), [2.0, 3.0]);
/// let causal = AttentionOptions { is_causal: true, ..Default::default() };
/// assert_eq!(scaled_dot_product_attention(&query, &key, &value, &causal).to_vec::<f32>(), [1.0, 3.0]);
/// ```
#[track_caller]
pub fn scaled_dot_product_attention(
    query: &Tensor,
    key: &Tensor,
    value: &Tensor,
    options: &AttentionOptions,
) -> Tensor {
    check(query, key, value, options).or_raise();
    let width = query.shape()[query.dim() - 1];
    let scale = options.scale.unwrap_or_else(|| 1.0 / (width as f64).sqrt());
    let scoring = Scoring { scale, causal: options.is_causal };
    if must_be_composed([query, key, value], options) {
        let (key, value) = match options.enable_gqa {
            true => (per_query_head(key, query), per_query_head(value, query)),
            false => (key.clone(), value.clone()),
        };
        let weights = weights(query, &key, options.attn_mask.as_ref(), scoring);
        return dropout(&weights, options.dropout_p, true).matmul(&value);
    }
    match options.enable_gqa {
        true => in_groups([query, key, value], options.attn_mask.as_ref(), scoring),
        false => in_one([query, key, value], options.attn_mask.as_ref(), scoring),
    }
    .or_raise()
}

/// Whether the one operation cannot do what is asked for: drop weights, find the gradient of a mask, mix types, or share the
/// heads of keys and values differently.
fn must_be_composed(inputs: [&Tensor; 3], options: &AttentionOptions) -> bool {
    let [query, key, value] = inputs;
    let dtype = query.dtype();
    let heads = |x: &Tensor| x.shape()[x.dim() - 3];
    options.dropout_p > 0.0
        || options.attn_mask.as_ref().is_some_and(mask_needs_gradient)
        || !dtype.is_floating_point()
        || [key.dtype(), value.dtype()] != [dtype; 2]
        || options.enable_gqa && heads(key) != heads(value)
}

/// Whether the gradient of a mask will be asked for, which only the composed functions find.
pub(crate) fn mask_needs_gradient(mask: &Tensor) -> bool {
    is_grad_enabled() && mask.requires_grad()
}

/// The one operation on inputs whose leading dimensions are broadcast first, which copies nothing.
fn in_one([query, key, value]: [&Tensor; 3], mask: Option<&Tensor>, scoring: Scoring) -> Result<Tensor, ShapeError> {
    const NAME: &str = "scaled_dot_product_attention";
    let leading = |x: &Tensor| Shape::from(&x.shape()[..x.dim().saturating_sub(2)]);
    let mut batch = leading(query);
    for x in [key, value].into_iter().chain(mask) {
        batch = broadcast_shapes(&batch, &leading(x), NAME)?;
    }
    let spread = |x: &Tensor| match leading(x) == batch {
        true => x.clone(),
        false => x.expand(Shape::from_iter(batch.iter().chain(&x.shape()[x.dim() - 2..]).copied())),
    };
    try_attention([&spread(query), &spread(key), &spread(value)], mask, scoring)
}

/// [`in_one`] with the queries' heads in a dimension of groups and one within each, along which keys and values repeat.
fn in_groups([query, key, value]: [&Tensor; 3], mask: Option<&Tensor>, scoring: Scoring) -> Result<Tensor, ShapeError> {
    let groups = key.shape()[key.dim() - 3] as isize;
    let mask = mask.map(|mask| match mask.dim() {
        0..=2 => mask.clone(),
        rank if mask.shape()[rank - 3] == 1 => mask.unsqueeze(-3),
        _ => mask.unflatten(-3, [groups, -1]),
    });
    let query = query.unflatten(-3, [groups, -1]);
    let output = in_one([&query, &key.unsqueeze(-3), &value.unsqueeze(-3)], mask.as_ref(), scoring)?;
    Ok(output.flatten(-4..-2))
}

/// Attention composed of other operations, without dropout.
pub(super) fn composed([query, key, value]: [&Tensor; 3], mask: Option<&Tensor>, scoring: Scoring) -> Tensor {
    weights(query, key, mask, scoring).matmul(value)
}

/// How much each query takes of each value.
fn weights(query: &Tensor, key: &Tensor, mask: Option<&Tensor>, scoring: Scoring) -> Tensor {
    let scores = (query * scoring.scale).matmul(&key.transpose(-2, -1));
    let causal = scoring.causal.then(|| causal_mask(&scores));
    match mask {
        None => match &causal {
            None => scores.softmax(-1),
            Some(causal) => softmax_of_some(&scores, causal),
        },
        Some(mask) => {
            let (scores, allowed) = match mask.dtype() {
                DType::Bool => (scores, mask.clone()),
                _ => {
                    let scores = scores + mask;
                    let reachable = scores.detach().ne(f64::NEG_INFINITY);
                    (scores, reachable)
                }
            };
            let allowed = causal.map_or_else(|| allowed.clone(), |causal| allowed.logical_and(&causal));
            softmax_of_some(&scores, &allowed)
        }
    }
}

/// Which keys come no later than the query: the lower triangle.
fn causal_mask(scores: &Tensor) -> Tensor {
    let shape = scores.shape();
    let (queries, keys) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    Tensor::ones_of([queries, keys], DType::Bool).tril(0)
}

/// The softmax over the last dimension of the scores that `allowed` leaves; zeros where it leaves none.
fn softmax_of_some(scores: &Tensor, allowed: &Tensor) -> Tensor {
    if allowed.is_meta() || allowed.any_dim(-1, true).all().item() != 0.0 {
        return allowed.where_(scores, f64::NEG_INFINITY).softmax(-1);
    }
    // A softmax of nothing is 0/0: such rows are computed as if nothing were masked, and then zeroed, gradient and all.
    let any = allowed.any_dim(-1, true);
    let allowed = allowed.logical_or(&any.logical_not());
    let scores = any.where_(scores, 0.0);
    any.where_(&allowed.where_(&scores, f64::NEG_INFINITY).softmax(-1), 0.0)
}

/// Each head of `x` (dimension -3) as many times as there are heads of `query` for it.
fn per_query_head(x: &Tensor, query: &Tensor) -> Tensor {
    let heads = |x: &Tensor| x.shape()[x.dim() - 3];
    match heads(query) / heads(x) {
        1 => x.clone(),
        times => x.repeat_interleave(times, -3),
    }
}

fn check(query: &Tensor, key: &Tensor, value: &Tensor, options: &AttentionOptions) -> Result<(), ShapeError> {
    const NAME: &str = "scaled_dot_product_attention";
    let refuse = |problem: String, help: &str| Err(ShapeError::new(NAME, problem).help(help));
    let (q, k, v) = (query.shape(), key.shape(), value.shape());
    check_probability(options.dropout_p, NAME)?;
    let told = format!("query {q}, key {k}, value {v}");
    if q.len() < 2 || k.len() < 2 || v.len() < 2 {
        return refuse(
            format!("two dimensions are needed at least, but the shapes are {told}"),
            "unsqueeze the inputs",
        );
    }
    if q[q.len() - 1] != k[k.len() - 1] || k[k.len() - 2] != v[v.len() - 2] {
        return refuse(
            format!("the shapes {told} do not fit [*, l, e], [*, s, e], [*, s, v]"),
            "queries and keys have one width, and there is a value for each key",
        );
    }
    if options.is_causal && options.attn_mask.is_some() {
        return refuse("is_causal and a mask exclude each other".to_owned(), "put the triangle into the mask");
    }
    if options.enable_gqa {
        let heads = |shape: &[usize]| if shape.len() < 3 { 0 } else { shape[shape.len() - 3] };
        let divides = |shape: &[usize]| heads(shape) > 0 && heads(q).is_multiple_of(heads(shape));
        if !divides(k) || !divides(v) {
            return refuse(
                format!("the heads (dimension -3) of {told} cannot be grouped"),
                "the number of query heads must be a multiple of that of key and value heads",
            );
        }
    }
    if let Some(mask) = &options.attn_mask {
        let scores = [q[q.len() - 2], k[k.len() - 2]];
        let (rows, columns) = mask.shape().split_at(mask.dim().saturating_sub(1));
        let fits = |size: Option<&usize>, wanted: usize| size.is_none_or(|&size| size == 1 || size == wanted);
        if !fits(rows.last(), scores[0]) || !fits(columns.first(), scores[1]) {
            return refuse(
                format!("a mask of shape {} does not fit {} queries and {} keys", mask.shape(), scores[0], scores[1]),
                "give the mask the shape [queries, keys], or one that can be broadcast to it",
            );
        }
        if mask.dtype() != DType::Bool && mask.dtype() != query.dtype() {
            return refuse(
                format!("the mask is {}, but the query is {}", mask.dtype(), query.dtype()),
                "a mask is bool, true where a query attends, or of the query's type, added to the scores",
            );
        }
    }
    if !options.enable_gqa {
        broadcast_shapes(&q[..q.len() - 2], &k[..k.len() - 2], NAME)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{check as check_derivatives, variable};

    fn attend(x: &[&Tensor], options: &AttentionOptions) -> Tensor {
        scaled_dot_product_attention(x[0], x[1], x[2], options)
    }

    #[test]
    fn derivatives() {
        let inputs = [&variable([2, 3, 4]), &variable([2, 5, 4]), &variable([2, 5, 2])];
        let causal = AttentionOptions { is_causal: true, scale: Some(0.3), ..Default::default() };
        check_derivatives(|x| attend(x, &causal), &inputs);
        let mask = Tensor::new([[true, false, true, true, false], [false; 5], [true; 5]]);
        let masked = AttentionOptions { attn_mask: Some(mask), ..Default::default() };
        check_derivatives(|x| attend(x, &masked), &inputs);
        let bias = variable([3, 5]);
        let with_bias =
            |x: &[&Tensor]| attend(&x[..3], &AttentionOptions { attn_mask: Some(x[3].clone()), ..Default::default() });
        check_derivatives(with_bias, &[inputs[0], inputs[1], inputs[2], &bias]);
    }

    #[test]
    fn a_query_that_attends_to_nothing_gives_zeros_and_gradients_without_nan() {
        let [q, k, v] = [variable([2, 3]), variable([4, 3]), variable([4, 3])];
        let mask = Tensor::new([[true; 4], [false; 4]]);
        let bias = mask.where_(&Tensor::zeros_of([], DType::F64), f64::NEG_INFINITY);
        for mask in [mask, bias] {
            let options = AttentionOptions { attn_mask: Some(mask), ..Default::default() };
            let y = scaled_dot_product_attention(&q, &k, &v, &options);
            assert_eq!(y.select(0, 1).to_vec::<f64>(), [0.0; 3]);
            y.sum().backward();
            assert!(q.grad().unwrap().isfinite().all().item() == 1.0);
        }
    }

    #[test]
    fn grouped_heads_are_shared() {
        let (q, k, v) = (variable([4, 2, 3]), variable([2, 5, 3]), variable([2, 5, 3]));
        let options = AttentionOptions { enable_gqa: true, ..Default::default() };
        let grouped = scaled_dot_product_attention(&q, &k, &v, &options);
        let shared = |x: &Tensor| x.index_select(0, &Tensor::new([0, 0, 1, 1]));
        let plain = scaled_dot_product_attention(&q, &shared(&k), &shared(&v), &AttentionOptions::default());
        assert_eq!(grouped.to_vec::<f64>(), plain.to_vec::<f64>());
    }

    #[test]
    #[should_panic(expected = "a mask of shape [3, 4] does not fit 3 queries and 5 keys")]
    fn refusal() {
        let options = AttentionOptions { attn_mask: Some(Tensor::zeros([3, 4])), ..Default::default() };
        scaled_dot_product_attention(&Tensor::zeros([3, 2]), &Tensor::zeros([5, 2]), &Tensor::zeros([5, 2]), &options);
    }
}
