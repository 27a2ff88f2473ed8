//! In which order samples are taken.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::Generator;

/// Keeps the numbers drawn here apart from those that tensors draw with the same seed.
const ORDER: u64 = 0x6f_7264_6572;

fn generator(seed: u64, epoch: u64) -> Generator {
    Generator::new(seed ^ ORDER, epoch)
}

/// In which order a [`DataLoader`](super::DataLoader) takes the samples of a dataset: `torch.utils.data.Sampler`.
///
/// ```
/// use jimu::data::Sampler;
///
/// /// Every second sample.
/// struct Even(usize);
///
/// impl Sampler for Even {
///     fn len(&self) -> usize {
///         self.0.div_ceil(2)
///     }
///     fn indices(&self, _epoch: u64) -> Vec<usize> {
///         (0..self.0).step_by(2).collect()
///     }
/// }
/// assert_eq!(Even(5).indices(0), [0, 2, 4]);
/// ```
pub trait Sampler: Send + Sync {
    /// The number of samples in an epoch.
    fn len(&self) -> usize;

    /// The samples of epoch number `epoch`, in order. The same epoch has the same samples each time.
    fn indices(&self, epoch: u64) -> Vec<usize>;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The samples in the dataset's own order: `torch.utils.data.SequentialSampler`.
///
/// ```
/// use jimu::data::{Sampler, SequentialSampler};
/// assert_eq!(SequentialSampler::new(3).indices(0), [0, 1, 2]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SequentialSampler {
    count: usize,
}

impl SequentialSampler {
    /// The samples 0, 1, …, `count` - 1.
    ///
    /// ```
    /// use jimu::data::{Sampler, SequentialSampler};
    /// assert_eq!(SequentialSampler::new(3).len(), 3);
    /// ```
    pub fn new(count: usize) -> Self {
        Self { count }
    }
}

impl Sampler for SequentialSampler {
    fn len(&self) -> usize {
        self.count
    }

    fn indices(&self, _epoch: u64) -> Vec<usize> {
        (0..self.count).collect()
    }
}

/// The samples in random order, another in each epoch: `torch.utils.data.RandomSampler`.
///
/// ```
/// use jimu::data::{RandomSampler, Sampler};
/// let sampler = RandomSampler::new(100).seed(7);
/// assert_eq!(sampler.indices(0), sampler.indices(0));
/// assert_ne!(sampler.indices(0), sampler.indices(1));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomSampler {
    count: usize,
    draws: Option<usize>,
    replacement: bool,
    seed: u64,
}

impl RandomSampler {
    /// All of `count` samples, each once, with the thread's [`initial_seed`](crate::initial_seed).
    ///
    /// ```
    /// use jimu::data::{RandomSampler, Sampler};
    /// let mut indices = RandomSampler::new(10).indices(0);
    /// indices.sort();
    /// assert!(indices.into_iter().eq(0..10));
    /// ```
    pub fn new(count: usize) -> Self {
        Self { count, draws: None, replacement: false, seed: crate::initial_seed() }
    }

    /// The seed.
    ///
    /// ```
    /// use jimu::data::{RandomSampler, Sampler};
    /// let order = |seed| RandomSampler::new(50).seed(seed).indices(0);
    /// assert!(order(1) == order(1) && order(1) != order(2));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether each draw is from all samples, so that some come twice and others not at all.
    ///
    /// ```
    /// use jimu::data::{RandomSampler, Sampler};
    /// let mut drawn = RandomSampler::new(50).replacement(true).indices(0);
    /// drawn.sort();
    /// assert!(drawn.windows(2).any(|pair| pair[0] == pair[1]));
    /// ```
    pub fn replacement(mut self, on: bool) -> Self {
        self.replacement = on;
        self
    }

    /// How many samples an epoch has; by default as many as there are. Without replacement, more than that are drawn
    /// by going through all samples again.
    ///
    /// ```
    /// use jimu::data::{RandomSampler, Sampler};
    /// assert_eq!(RandomSampler::new(50).num_samples(120).indices(0).len(), 120);
    /// ```
    pub fn num_samples(mut self, draws: usize) -> Self {
        self.draws = Some(draws);
        self
    }
}

impl Sampler for RandomSampler {
    fn len(&self) -> usize {
        if self.count == 0 { 0 } else { self.draws.unwrap_or(self.count) }
    }

    fn indices(&self, epoch: u64) -> Vec<usize> {
        let mut generator = generator(self.seed, epoch);
        let len = self.len();
        if self.replacement {
            return (0..len).map(|_| generator.below(self.count as u64) as usize).collect();
        }
        let mut indices = Vec::with_capacity(len);
        while indices.len() < len {
            let rest = len - indices.len();
            indices.extend(generator.permutation(self.count).into_iter().take(rest));
        }
        indices
    }
}

/// Some of the samples in random order: `torch.utils.data.SubsetRandomSampler`.
///
/// ```
/// use jimu::data::{Sampler, SubsetRandomSampler};
/// let mut indices = SubsetRandomSampler::new(vec![2, 5, 9]).seed(7).indices(0);
/// indices.sort();
/// assert_eq!(indices, [2, 5, 9]);
/// ```
#[derive(Clone, Debug)]
pub struct SubsetRandomSampler {
    indices: Vec<usize>,
    seed: u64,
}

impl SubsetRandomSampler {
    /// The samples at `indices`, with the thread's [`initial_seed`](crate::initial_seed).
    ///
    /// ```
    /// use jimu::data::{Sampler, SubsetRandomSampler};
    /// assert_eq!(SubsetRandomSampler::new(vec![4]).indices(3), [4]);
    /// ```
    pub fn new(indices: Vec<usize>) -> Self {
        Self { indices, seed: crate::initial_seed() }
    }

    /// The seed.
    ///
    /// ```
    /// use jimu::data::{Sampler, SubsetRandomSampler};
    /// let order = |seed| SubsetRandomSampler::new((10..60).collect()).seed(seed).indices(0);
    /// assert_ne!(order(1), order(2));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl Sampler for SubsetRandomSampler {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn indices(&self, epoch: u64) -> Vec<usize> {
        let order = generator(self.seed, epoch).permutation(self.len());
        order.into_iter().map(|index| self.indices[index]).collect()
    }
}

/// Samples drawn with probabilities in proportion to their weights, as for classes of unequal size:
/// `torch.utils.data.WeightedRandomSampler`.
///
/// ```
/// use jimu::data::{Sampler, WeightedRandomSampler};
/// let drawn = WeightedRandomSampler::new(vec![1.0, 0.0, 3.0], 4000).seed(7).indices(0);
/// let count = |sample| drawn.iter().filter(|&&index| index == sample).count();
/// assert_eq!(count(1), 0);
/// assert!((2800..3200).contains(&count(2)));
/// ```
#[derive(Clone, Debug)]
pub struct WeightedRandomSampler {
    weights: Vec<f64>,
    draws: usize,
    replacement: bool,
    seed: u64,
}

impl WeightedRandomSampler {
    /// `num_samples` draws a epoch, with replacement and the thread's [`initial_seed`](crate::initial_seed).
    ///
    /// # Panics
    /// If a weight is negative or not finite, or all are 0.
    ///
    /// ```
    /// use jimu::data::{Sampler, WeightedRandomSampler};
    /// assert_eq!(WeightedRandomSampler::new(vec![0.0, 1.0], 3).indices(0), [1, 1, 1]);
    /// ```
    #[track_caller]
    pub fn new(weights: Vec<f64>, num_samples: usize) -> Self {
        let invalid = weights.iter().position(|weight| !(0.0..f64::INFINITY).contains(weight));
        let refuse = |problem: String| Err(ShapeError::new("WeightedRandomSampler", problem));
        let checked = match invalid {
            Some(index) => refuse(format!("weight {index} is {}", weights[index])),
            None if weights.iter().all(|&weight| weight == 0.0) => refuse("no weight is above 0".to_owned()),
            None => Ok(()),
        };
        checked.map_err(|error| error.help("give finite weights of 0 or more, and one above 0")).or_raise();
        Self { weights, draws: num_samples, replacement: true, seed: crate::initial_seed() }
    }

    /// Whether a sample can be drawn more than once.
    ///
    /// # Panics
    /// If it cannot, and there are fewer samples with a weight above 0 than draws.
    ///
    /// ```
    /// use jimu::data::{Sampler, WeightedRandomSampler};
    /// let mut drawn = WeightedRandomSampler::new(vec![1.0, 0.0, 3.0], 2).replacement(false).indices(0);
    /// drawn.sort();
    /// assert_eq!(drawn, [0, 2]);
    /// ```
    #[track_caller]
    pub fn replacement(mut self, on: bool) -> Self {
        let (draws, possible) = (self.draws, self.weights.iter().filter(|&&weight| weight > 0.0).count());
        if !on && possible < draws {
            let problem = format!("{draws} draws without replacement from {possible} samples with a weight above 0");
            Err(ShapeError::new("WeightedRandomSampler", problem).help("draw fewer, or with replacement")).or_raise()
        }
        self.replacement = on;
        self
    }

    /// The seed.
    ///
    /// ```
    /// use jimu::data::{Sampler, WeightedRandomSampler};
    /// let drawn = |seed| WeightedRandomSampler::new(vec![1.0; 9], 50).seed(seed).indices(0);
    /// assert!(drawn(1) == drawn(1) && drawn(1) != drawn(2));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl Sampler for WeightedRandomSampler {
    fn len(&self) -> usize {
        self.draws
    }

    fn indices(&self, epoch: u64) -> Vec<usize> {
        let mut generator = generator(self.seed, epoch);
        // Above 0 and at most 1.
        let mut uniform = || (generator.below(1 << 53) + 1) as f64 / (1u64 << 53) as f64;
        if !self.replacement {
            return self.without_replacement(uniform);
        }
        let sums: Vec<f64> = self
            .weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        let total = sums.last().copied().unwrap_or(0.0);
        (0..self.draws)
            .map(|_| {
                let point = uniform() * total;
                sums.partition_point(|&sum| sum < point)
            })
            .collect()
    }
}

impl WeightedRandomSampler {
    /// The samples that would be struck first if each were struck at random at the rate of its weight (Efraimidis and
    /// Spirakis, *Weighted random sampling with a reservoir*, 2006).
    fn without_replacement(&self, mut uniform: impl FnMut() -> f64) -> Vec<usize> {
        let mut times: Vec<(f64, usize)> =
            self.weights.iter().enumerate().map(|(index, weight)| (-libm::log(uniform()) / weight, index)).collect();
        times.retain(|&(_, index)| self.weights[index] > 0.0);
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        times.into_iter().take(self.draws).map(|(_, index)| index).collect()
    }
}

/// The samples of a sampler in batches: `torch.utils.data.BatchSampler`.
///
/// ```
/// use jimu::data::{BatchSampler, SequentialSampler};
/// let batches = BatchSampler::new(SequentialSampler::new(5), 2, false);
/// assert_eq!(batches.batches(0), [vec![0, 1], vec![2, 3], vec![4]]);
/// assert_eq!(batches.len(), 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchSampler<S> {
    sampler: S,
    batch_size: usize,
    drop_last: bool,
}

impl<S: Sampler> BatchSampler<S> {
    /// Batches of `batch_size` samples; the last may be smaller, or is left out.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    ///
    /// ```
    /// use jimu::data::{BatchSampler, SequentialSampler};
    /// assert_eq!(BatchSampler::new(SequentialSampler::new(5), 2, true).len(), 2);
    /// ```
    #[track_caller]
    pub fn new(sampler: S, batch_size: usize, drop_last: bool) -> Self {
        check_batch_size("BatchSampler", batch_size).or_raise();
        Self { sampler, batch_size, drop_last }
    }

    /// The number of batches in an epoch.
    ///
    /// ```
    /// use jimu::data::{BatchSampler, SequentialSampler};
    /// assert_eq!(BatchSampler::new(SequentialSampler::new(4), 2, false).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        count_batches(self.sampler.len(), self.batch_size, self.drop_last)
    }

    /// Whether there are no batches.
    ///
    /// ```
    /// use jimu::data::{BatchSampler, SequentialSampler};
    /// assert!(BatchSampler::new(SequentialSampler::new(3), 4, true).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The batches of an epoch.
    ///
    /// ```
    /// use jimu::data::{BatchSampler, SequentialSampler};
    /// assert_eq!(BatchSampler::new(SequentialSampler::new(3), 2, true).batches(0), [[0, 1]]);
    /// ```
    pub fn batches(&self, epoch: u64) -> Vec<Vec<usize>> {
        self.sampler.indices(epoch).chunks(self.batch_size).take(self.len()).map(<[usize]>::to_vec).collect()
    }
}

pub(super) fn check_batch_size(who: &str, batch_size: usize) -> Result<(), ShapeError> {
    match batch_size {
        0 => Err(ShapeError::new(who, "a batch size of 0").help("give at least 1; 64 is usual")),
        _ => Ok(()),
    }
}

pub(super) fn count_batches(samples: usize, batch_size: usize, drop_last: bool) -> usize {
    if drop_last { samples / batch_size } else { samples.div_ceil(batch_size) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;

    #[test]
    fn a_random_order_has_every_sample_once() {
        for epoch in 0..3 {
            let indices = RandomSampler::new(1000).seed(5).indices(epoch);
            assert!(!indices.is_sorted());
            let mut sorted = indices;
            sorted.sort();
            assert!(sorted.into_iter().eq(0..1000));
        }
    }

    #[test]
    fn more_draws_than_samples_go_through_all_again() {
        let indices = RandomSampler::new(10).num_samples(25).indices(0);
        let counts: Vec<usize> = (0..10).map(|sample| indices.iter().filter(|&&i| i == sample).count()).collect();
        assert!(counts.iter().all(|count| (2..=3).contains(count)), "{counts:?}");
        assert_eq!(RandomSampler::new(0).num_samples(5).indices(0), Vec::<usize>::new());
        assert!(RandomSampler::new(3).num_samples(200).replacement(true).indices(0).iter().all(|&i| i < 3));
    }

    #[test]
    fn weights_are_probabilities() {
        let weights = vec![0.0, 1.0, 2.0, 0.0, 5.0, 0.0];
        let with = WeightedRandomSampler::new(weights.clone(), 80_000).seed(1).indices(0);
        for (sample, weight) in weights.iter().enumerate() {
            let share = with.iter().filter(|&&index| index == sample).count() as f64 / 80_000.0;
            assert!((share - weight / 8.0).abs() < 0.01, "sample {sample}: {share}");
        }
        let sampler = WeightedRandomSampler::new(weights, 1).replacement(false).seed(1);
        let first = (0..8000).filter(|&epoch| sampler.indices(epoch) == [4]).count() as f64 / 8000.0;
        assert!((first - 5.0 / 8.0).abs() < 0.02, "{first}");
    }

    #[test]
    fn refusals_name_the_value_and_the_fix() {
        assert!(message(|| WeightedRandomSampler::new(vec![1.0, -2.0], 3)).contains("weight 1 is -2"));
        assert!(message(|| WeightedRandomSampler::new(vec![0.0], 3)).contains("no weight is above 0"));
        let few = message(|| WeightedRandomSampler::new(vec![1.0, 0.0], 2).replacement(false));
        assert!(few.contains("2 draws without replacement from 1 samples"), "{few}");
        assert!(message(|| BatchSampler::new(SequentialSampler::new(3), 0, false)).contains("batch size of 0"));
    }
}
