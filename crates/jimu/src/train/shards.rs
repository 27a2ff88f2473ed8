//! A step, or a prediction, cut into shards of the batch: each thread takes forward and backward of a shard from end to end.
//!
//! ```text
//! whole batch   each operation is cut among the threads: they meet after every one, and what an operation wrote has left
//!               the nearest caches when the next reads it
//! shards        each thread keeps its shard's tensors in its own caches, and threads meet once, at the end of a step
//! ```
//! The shards depend on the batch alone, and their gradients are added in order: the same bits for any number of threads.

use std::ops::Range;

use jimu_kernels::threads::parallel_chunks_mut;
use smallvec::SmallVec;

use crate::autocast::{autocast, autocast_precision};
use crate::autograd::{BackwardOptions, gradients_of_leaves, no_grad};
use crate::nn::Block;
use crate::tensor::Tensor;

/// Samples in a shard: enough to fill two of the widest registers, few enough for a small network's tensors to stay in
/// a second-level cache.
const SHARD: usize = 32;
/// Steps of all sequences of a shard together, where the batch is of sequences (batch, length, width).
const SHARD_OF_SEQUENCES: usize = 256;
/// With more parameters than this, adding the shards' gradients takes longer than what the caches save.
const MAX_PARAMETERS: usize = 1 << 18;

/// Whether steps of `model` can be and are worth being computed in shards: no block of it acts differently in training
/// (batch normalisation looks at the whole batch, dropout draws random numbers in order), and it is small.
///
/// It knows the blocks within, but not what your own [`Forward`](crate::nn::Forward) computes: one that mixes the samples
/// of a batch must not be sharded.
///
/// ```
/// use jimu::nn::{Dropout, Linear, Sequential};
/// use jimu::train::suits_shards;
/// let model = Sequential::new().add(Linear::new(4, 2));
/// assert!(suits_shards(&model));
/// assert!(!suits_shards(&model.add(Dropout::new(0.5))));
/// ```
pub fn suits_shards(model: &dyn Block) -> bool {
    !model.differs_in_training() && model.num_parameters() <= MAX_PARAMETERS
}

/// Adds to the parameters' gradients that of the mean loss of a batch, computed in shards: `loss.backward()` for models
/// that [`suits_shards`] allows. Returns the loss, and what `forward` gave besides for each shard, in order.
///
/// # Args
/// - `parameters`: whose gradients are wanted.
/// - `x`, `y`: the batch; samples along the first dimension of both.
/// - `forward`: from a shard of both its mean loss, and anything else that is wanted.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module};
/// use jimu::{Tensor, train::backward_in_shards};
/// let model = Linear::new(4, 3);
/// let (x, y) = (Tensor::randn([70, 4]), Tensor::randint(0, 3, [70]));
/// let (loss, sizes) = backward_in_shards(&model.parameters(), &x, &y, |x, y| {
///     (model.forward(x).cross_entropy(y), x.size()[0])
/// });
/// assert_eq!(sizes, [32, 38]);
/// assert!((loss - model.forward(&x).cross_entropy(&y).item()).abs() < 1e-5);
/// assert!(model.weight.grad().is_some());
/// ```
#[track_caller]
pub fn backward_in_shards<R: Send>(
    parameters: &[Tensor],
    x: &Tensor,
    y: &Tensor,
    forward: impl Fn(&Tensor, &Tensor) -> (Tensor, R) + Sync,
) -> (f64, Vec<R>) {
    let (cuts, precision) = (Cuts::of(x), autocast_precision());
    let mut shards: SmallVec<[Option<Shard<R>>; 16]> = (0..cuts.count).map(|_| None).collect();
    parallel_chunks_mut(&mut shards, 1, |index, shard| {
        let samples = cuts.samples(index);
        let (loss, other) = autocast(precision, || forward(&part(x, &samples), &part(y, &samples)));
        let share = samples.len() as f64 / cuts.total as f64;
        let options = BackwardOptions::new().gradient(&loss.detach().full_like(share));
        let mut gradients = GradientsOfLeaves::new();
        gradients_of_leaves(&loss, options, |leaf, gradient| gradients.push((leaf.clone(), gradient)));
        shard[0] = Some(Shard { loss: loss.item() * share, gradients, other });
    });
    let mut total = (0.0, Vec::with_capacity(cuts.count));
    for shard in shards.into_iter().flatten() {
        for (leaf, gradient) in shard.gradients {
            if parameters.iter().any(|parameter| parameter.is_same(&leaf)) {
                leaf.set_grad(Some(leaf.grad().map_or_else(|| gradient.detach(), |so_far| &so_far + &gradient)));
            }
        }
        total.0 += shard.loss;
        total.1.push(shard.other);
    }
    total
}

/// What `forward` makes of a batch, computed in shards and without gradients: for models of at most some hundred thousand
/// parameters in evaluation mode, which treat each sample for itself.
///
/// # Args
/// - `x`: the batch; samples along the first dimension.
/// - `forward`: from a shard its outputs, samples along the first dimension.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear};
/// use jimu::{Tensor, train::forward_in_shards};
/// let model = Linear::new(4, 3);
/// let x = Tensor::randn([70, 4]);
/// let outputs = forward_in_shards(&x, |x| model.forward(x));
/// assert!(outputs.allclose(&model.forward(&x), 1e-5, 1e-6, false));
/// ```
#[track_caller]
pub fn forward_in_shards(x: &Tensor, forward: impl Fn(&Tensor) -> Tensor + Sync) -> Tensor {
    let (cuts, precision) = (Cuts::of(x), autocast_precision());
    let mut outputs: Vec<Option<Tensor>> = (0..cuts.count).map(|_| None).collect();
    parallel_chunks_mut(&mut outputs, 1, |index, output| {
        output[0] = Some(autocast(precision, || no_grad(|| forward(&part(x, &cuts.samples(index))))));
    });
    let outputs: Vec<&Tensor> = outputs.iter().flatten().collect();
    no_grad(|| Tensor::cat(&outputs, 0))
}

/// Where a batch is cut.
struct Cuts {
    /// Samples in the batch.
    total: usize,
    /// Samples in a shard but the last, which takes what is left.
    size: usize,
    count: usize,
}

impl Cuts {
    fn of(x: &Tensor) -> Self {
        let (total, size) = match x.shape()[..] {
            // (batch, length, width) are sequences.
            [samples, length, _] => (samples, SHARD_OF_SEQUENCES.div_ceil(length.max(1)).min(SHARD)),
            [samples, ..] => (samples, SHARD),
            [] => (1, SHARD),
        };
        Self { total, size, count: (total / size).max(1) }
    }

    fn samples(&self, shard: usize) -> Range<usize> {
        let first = shard * self.size;
        first..if shard + 1 == self.count { self.total } else { first + self.size }
    }
}

fn part(tensor: &Tensor, samples: &Range<usize>) -> Tensor {
    tensor.narrow(0, samples.start as isize, samples.len())
}

/// Leaves with their gradients.
type GradientsOfLeaves = SmallVec<[(Tensor, Tensor); 32]>;

/// What has come of a shard.
struct Shard<R> {
    /// Its part of the batch's mean loss.
    loss: f64,
    gradients: GradientsOfLeaves,
    other: R,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Forward, Linear, Module, Sequential};

    fn model() -> Sequential {
        crate::manual_seed(3);
        Sequential::new().add(Linear::new(4, 8)).add(Linear::new(8, 3))
    }

    /// The loss and all gradients, as one row of numbers.
    fn step(samples: usize, shards: bool) -> Vec<f32> {
        let model = model();
        let (x, y) = (Tensor::randn([samples, 4]), Tensor::randint(0, 3, [samples]));
        let loss = if shards {
            backward_in_shards(&model.parameters(), &x, &y, |x, y| (model.forward(x).cross_entropy(y), ())).0
        } else {
            let loss = model.forward(&x).cross_entropy(&y);
            loss.backward();
            loss.item()
        };
        let gradients = model.parameters().into_iter().flat_map(|parameter| parameter.grad().unwrap().to_vec::<f32>());
        std::iter::once(loss as f32).chain(gradients).collect()
    }

    #[test]
    fn shards_give_the_gradient_of_the_whole_batch() {
        for samples in [1, 31, 64, 100] {
            for (sharded, whole) in step(samples, true).into_iter().zip(step(samples, false)) {
                assert!((sharded - whole).abs() < 1e-5, "{samples} samples: {sharded} and {whole}");
            }
        }
    }

    #[test]
    fn shards_give_the_outputs_of_the_whole_batch() {
        let model = model();
        for samples in [0, 1, 31, 64, 100] {
            let x = Tensor::randn([samples, 4]).requires_grad_();
            let outputs = forward_in_shards(&x, |x| model.forward(x));
            assert!(outputs.allclose(&model.forward(&x).detach(), 1e-5, 1e-6, false), "{samples} samples");
            assert!(!outputs.requires_grad());
        }
    }

    #[test]
    fn gradients_are_added_to_what_is_there() {
        let model = model();
        let (x, y) = (Tensor::ones([64, 4]), Tensor::zeros_of([64], crate::DType::I64));
        let backward =
            || backward_in_shards(&model.parameters(), &x, &y, |x, y| (model.forward(x).cross_entropy(y), ()));
        backward();
        let once = model.parameters()[0].grad().unwrap().to_vec::<f32>();
        backward();
        let twice = model.parameters()[0].grad().unwrap().to_vec::<f32>();
        assert!(once.iter().zip(&twice).all(|(once, twice)| (2.0 * once - twice).abs() < 1e-6));
    }
}
