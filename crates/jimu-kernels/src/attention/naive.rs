//! Attention as its formula reads, in `f64`: the twin that the fast way is tested against.

use super::{Attention, AttentionElement, Mask};

/// The matrices of one head.
pub(super) struct Head {
    pub(super) query: Vec<Vec<f64>>,
    pub(super) key: Vec<Vec<f64>>,
    pub(super) value: Vec<Vec<f64>>,
    pub(super) grad: Vec<Vec<f64>>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(to: &mut [f64], from: &[f64], factor: f64) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from * factor);
}

/// The weights of each query.
fn weights<T: AttentionElement + Into<f64>>(
    head: &Head,
    sizes: &Attention<'_>,
    index: usize,
    mask: &Mask<'_, T>,
) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let score = |j: usize| {
            let mut score = [T::nearest(dot(&head.query[i], &head.key[j]) * sizes.scale)];
            mask.apply(sizes.heads, index, i, &(j..j + 1), &mut score);
            if sizes.causal && j > i { f64::NEG_INFINITY } else { score[0].into() }
        };
        let scores: Vec<f64> = (0..sizes.keys).map(score).collect();
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let powers: Vec<f64> = scores.iter().map(|score| (score - largest).exp()).collect();
        let sum: f64 = powers.iter().sum();
        let hidden = largest == f64::NEG_INFINITY;
        powers.into_iter().map(|power| if hidden { 0.0 } else { power / sum }).collect()
    };
    (0..sizes.queries).map(row).collect()
}

/// The output of a head, and the gradients of its queries, keys and values.
pub(super) fn attend<T: AttentionElement + Into<f64>>(
    head: &Head,
    sizes: &Attention<'_>,
    index: usize,
    mask: &Mask<'_, T>,
) -> [Vec<Vec<f64>>; 4] {
    let zeros = |rows: usize, columns: usize| vec![vec![0.0; columns]; rows];
    let mut out = zeros(sizes.queries, sizes.value_width);
    let (mut of_query, mut of_key) = (zeros(sizes.queries, sizes.width), zeros(sizes.keys, sizes.width));
    let mut of_value = zeros(sizes.keys, sizes.value_width);
    for (i, weights) in weights(head, sizes, index, mask).iter().enumerate() {
        weights.iter().zip(&head.value).for_each(|(&weight, value)| add(&mut out[i], value, weight));
        let of_weight: Vec<f64> = head.value.iter().map(|value| dot(&head.grad[i], value)).collect();
        let mean = dot(&of_weight, weights);
        for j in 0..sizes.keys {
            let of_score = weights[j] * (of_weight[j] - mean) * sizes.scale;
            add(&mut of_query[i], &head.key[j], of_score);
            add(&mut of_key[j], &head.query[i], of_score);
            add(&mut of_value[j], &head.grad[i], weights[j]);
        }
    }
    [out, of_query, of_key, of_value]
}
