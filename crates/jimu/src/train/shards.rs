//! A step, or a prediction, cut into shards of the batch: each thread takes forward and backward of a shard from end to end.
//!
//! ```text
//! whole batch   each operation is cut among the threads: they meet after every one, and what an operation wrote has left
//!               the nearest caches when the next reads it
//! shards        each thread keeps its shard's tensors in its own caches, and threads meet once, at the end of a step
//! ```
//! The shards depend on the batch alone, and so does the order in which their gradients are added: the same bits for any number
//! of threads. They are added in pairs, and the sums of pairs in pairs:
//!
//! ```text
//! (((0 + 1) + (2 + 3)) + ((4 + 5) + 6))
//! ```
//! Whoever comes second to a pair adds it, while what it brings lies in its caches; all threads together add the last one.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    let mut shards: SmallVec<[Option<(f64, R)>; 16]> = (0..cuts.count).map(|_| None).collect();
    let sums = Sums::new(cuts.count);
    parallel_chunks_mut(&mut shards, 1, |index, shard| {
        let samples = cuts.samples(index);
        let (loss, other) = autocast(precision, || forward(&part(x, &samples), &part(y, &samples)));
        let share = samples.len() as f64 / cuts.total as f64;
        let options = BackwardOptions::new().gradient(&loss.detach().full_like(share));
        let mut gradients = GradientsOfLeaves::new();
        gradients_of_leaves(&loss, options, |leaf, gradient| {
            if parameters.iter().any(|parameter| parameter.is_same(leaf)) {
                // A handle of its own: two leaves may have been sent the same tensor, and this one is added to.
                gradients.push((leaf.clone(), gradient.detach()));
            }
        });
        shard[0] = Some((loss.item() * share, other));
        sums.add(index, gradients);
    });
    for (leaf, gradient) in sums.total() {
        let sum = match leaf.grad() {
            Some(so_far) => &so_far + &gradient,
            None => gradient,
        };
        leaf.set_grad(Some(sum));
    }
    let mut total = (0.0, Vec::with_capacity(cuts.count));
    for (loss, other) in shards.into_iter().flatten() {
        total.0 += loss;
        total.1.push(other);
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

/// Each leaf's gradients of both, in the memory of the left ones.
fn added(mut left: GradientsOfLeaves, right: GradientsOfLeaves) -> GradientsOfLeaves {
    for (leaf, gradient) in right {
        match left.iter_mut().find(|(known, _)| known.is_same(&leaf)) {
            Some((_, so_far)) => drop(so_far.add_(&gradient)),
            None => left.push((leaf, gradient)),
        }
    }
    left
}

/// The sums of the shards' gradients, as they come.
struct Sums {
    /// What came first to its pair, in the place of the shard with which the pair's right half begins; no right half begins with
    /// shard 0, whose place is that of the last pair's other half.
    waiting: SmallVec<[Mutex<Option<GradientsOfLeaves>>; 16]>,
}

impl Sums {
    fn new(shards: usize) -> Self {
        Self { waiting: (0..shards).map(|_| Mutex::new(None)).collect() }
    }

    fn place(&self, index: usize) -> MutexGuard<'_, Option<GradientsOfLeaves>> {
        // A thread that panicked has left nothing half done.
        self.waiting[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds those of the shard `index`, and of all pairs that it completes but the last.
    fn add(&self, index: usize, gradients: GradientsOfLeaves) {
        let (mut first, mut half, mut sum) = (index, 1, gradients);
        while half < self.waiting.len() {
            let left = first / (2 * half) * (2 * half);
            let right = left + half;
            if right < self.waiting.len() {
                let mut place = self.place(right);
                match place.take() {
                    None => return *place = Some(sum),
                    Some(other) if left == 0 && 2 * half >= self.waiting.len() => {
                        *place = Some(other);
                        break;
                    }
                    Some(other) => {
                        drop(place);
                        sum = if first == left { added(sum, other) } else { added(other, sum) };
                    }
                }
            }
            (first, half) = (left, 2 * half);
        }
        *self.place(0) = Some(sum);
    }

    /// The sum of all.
    fn total(self) -> GradientsOfLeaves {
        let halves = self.waiting.into_iter().map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
        halves.flatten().reduce(added).unwrap_or_default()
    }
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
    fn sums_depend_on_no_order_of_arrival() {
        let leaf = Tensor::zeros([1]);
        let values = [1e8f32, 1.0, -1e8, 3.0, 0.1, 1e-3, 7.0];
        let total = |order: &[usize]| {
            let sums = Sums::new(order.len());
            order.iter().for_each(|&shard| {
                sums.add(shard, std::iter::once((leaf.clone(), Tensor::new([values[shard]]))).collect());
            });
            sums.total()[0].1.to_vec::<f32>()[0]
        };
        let [a, b, c, d, e, f, g] = values;
        let pairs = ((a + b) + (c + d)) + ((e + f) + g);
        assert_ne!(pairs, values.iter().sum::<f32>());
        for order in [[0, 1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1, 0], [3, 6, 0, 5, 2, 4, 1], [4, 1, 5, 0, 6, 3, 2]] {
            assert_eq!(total(&order), pairs, "{order:?}");
        }
        assert_eq!([total(&[0]), total(&[1, 0]), total(&[2, 0, 1])], [a, a + b, (a + b) + c]);
    }

    #[test]
    fn leaves_with_one_gradient_do_not_add_to_each_other() {
        let (a, b) = (Tensor::zeros([3]).requires_grad_(), Tensor::zeros([3]).requires_grad_());
        let (x, y) = (Tensor::ones([64, 3]), Tensor::zeros([64]));
        // Both get the very gradient of their sum.
        backward_in_shards(&[a.clone(), b.clone()], &x, &y, |x, _| (((&a + &b) * x).sum(), ()));
        assert_eq!([a, b].map(|leaf| leaf.grad().unwrap().to_vec::<f32>()), [[32.0; 3], [32.0; 3]]);
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
