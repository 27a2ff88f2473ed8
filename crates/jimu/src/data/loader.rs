//! Batches of a dataset, epoch after epoch.
//!
//! ```text
//! for batch in &loader
//!   order    the sampler's indices for this epoch
//!   Maker    the next batch_size indices -> Dataset::batch; random numbers that this draws are those of (seed, epoch,
//!            batch), so a batch is the same whoever makes it
//!   prefetch the Maker on a thread, batches through a channel; a panic there goes on where the loop asks for the batch,
//!            and an iterator that is dropped early closes the channel, which ends the thread
//! ```

use std::iter::FusedIterator;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::prefetch::Source;
use super::sampler::{check_batch_size, count_batches};
use super::{Collate, Dataset, RandomSampler, Sampler, SequentialSampler};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::with_seed;

type Batch<D> = <<D as Dataset>::Item as Collate>::Batch;

/// Takes a dataset's samples in batches: `torch.utils.data.DataLoader`. Each `for` over it is an epoch.
///
/// Shuffled or not, prefetched or not, the same seed gives the same batches; the number of the epoch counts, so that
/// each epoch has another order.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{DataLoader, TensorDataset};
/// let set = TensorDataset::new((Tensor::rand([100, 4]), Tensor::randint(0, 3, [100])));
/// let loader = DataLoader::new(set, 32).shuffle(true).seed(7).drop_last(true).prefetch(2);
/// assert_eq!(loader.len(), 3);
/// for epoch in 0..2 {
///     for (x, y) in &loader {
///         assert_eq!((x.size(), y.size()), ([32, 4].into(), [32].into()));
///     }
/// }
/// ```
pub struct DataLoader<D> {
    dataset: Arc<D>,
    batch_size: usize,
    shuffle: bool,
    sampler: Option<Box<dyn Sampler>>,
    seed: u64,
    drop_last: bool,
    prefetch: usize,
    epoch: AtomicU64,
}

impl<D> DataLoader<D>
where
    D: Dataset + Send + Sync + 'static,
    Batch<D>: Send + 'static,
{
    /// Batches of `batch_size` samples in the dataset's order, made when they are asked for. With the dataset's length
    /// as the batch size the only batch is the whole set.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2);
    /// let batches: Vec<Vec<i64>> = loader.iter().map(|batch| batch.to_vec()).collect();
    /// assert_eq!(batches, [vec![0, 1], vec![2, 3], vec![4]]);
    /// ```
    #[track_caller]
    pub fn new(dataset: D, batch_size: usize) -> Self {
        check_batch_size("DataLoader", batch_size).or_raise();
        Self {
            dataset: Arc::new(dataset),
            batch_size,
            shuffle: false,
            sampler: None,
            seed: crate::initial_seed(),
            drop_last: false,
            prefetch: 0,
            epoch: AtomicU64::new(0),
        }
    }

    /// Whether each epoch has the samples in another random order.
    ///
    /// # Panics
    /// If a [`sampler`](Self::sampler) is given too.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 50)), 50).shuffle(true);
    /// let mut epoch = || loader.iter().next().unwrap().to_vec::<i64>();
    /// assert_ne!(epoch(), epoch());
    /// ```
    #[track_caller]
    pub fn shuffle(mut self, on: bool) -> Self {
        self.shuffle = on;
        self.check_order().or_raise();
        self
    }

    /// Takes the samples as `sampler` says.
    ///
    /// # Panics
    /// If the loader shuffles too.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, SubsetRandomSampler, TensorDataset};
    /// let set = TensorDataset::new(Tensor::arange(0, 10));
    /// let loader = DataLoader::new(set, 2).sampler(SubsetRandomSampler::new(vec![1, 4, 6]));
    /// assert_eq!(loader.len(), 2);
    /// ```
    #[track_caller]
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self.check_order().or_raise();
        self
    }

    fn check_order(&self) -> Result<(), ShapeError> {
        match self.shuffle && self.sampler.is_some() {
            false => Ok(()),
            true => Err(ShapeError::new("DataLoader", "a sampler, and shuffle(true)")
                .help("leave one out: RandomSampler and SubsetRandomSampler shuffle by themselves")),
        }
    }

    /// The seed of the order and of random transforms; by default the thread's [`initial_seed`](crate::initial_seed).
    /// A given [`sampler`](Self::sampler) has a seed of its own.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let first = |seed| {
    ///     let set = TensorDataset::new(Tensor::arange(0, 50));
    ///     DataLoader::new(set, 10).shuffle(true).seed(seed).iter().next().unwrap().to_vec::<i64>()
    /// };
    /// assert!(first(1) == first(1) && first(1) != first(2));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether a last batch of fewer samples is left out.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2).drop_last(true);
    /// assert_eq!(loader.iter().count(), 2);
    /// ```
    pub fn drop_last(mut self, on: bool) -> Self {
        self.drop_last = on;
        self
    }

    /// How many batches a background thread makes ahead; 0, the default, for none, and no thread. A panic in the
    /// dataset comes through to the loop, after the batches before it.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 6)), 2).prefetch(2);
    /// assert_eq!(loader.iter().map(|batch| batch.sum().item()).collect::<Vec<_>>(), [1.0, 5.0, 9.0]);
    /// ```
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.prefetch = batches;
        self
    }

    /// The number of batches in an epoch.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// assert_eq!(DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        let samples = self.sampler.as_ref().map_or(self.dataset.len(), |sampler| sampler.len());
        count_batches(samples, self.batch_size, self.drop_last)
    }

    /// Whether an epoch has no batches.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// assert!(DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 6).drop_last(true).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The dataset.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, Dataset, TensorDataset};
    /// assert_eq!(DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2).dataset().len(), 5);
    /// ```
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// The number of the epoch that the next `for` begins, counted from 0.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2);
    /// for batch in &loader {}
    /// assert_eq!(loader.epoch(), 1);
    /// ```
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Makes the next `for` begin epoch `epoch`: for a training that is resumed.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 50)), 50).shuffle(true);
    /// let epoch = || loader.iter().next().unwrap().to_vec::<i64>();
    /// let (first, second) = (epoch(), epoch());
    /// loader.set_epoch(1);
    /// assert!(epoch() == second && first != second);
    /// ```
    pub fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Relaxed);
    }

    /// The batches of the next epoch; what `for batch in &loader` calls.
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{DataLoader, TensorDataset};
    /// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2);
    /// assert_eq!(loader.iter().len(), 3);
    /// ```
    pub fn iter(&self) -> Batches<D> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let order = match &self.sampler {
            Some(sampler) => sampler.indices(epoch),
            None if self.shuffle => RandomSampler::new(self.dataset.len()).seed(self.seed).indices(epoch),
            None => SequentialSampler::new(self.dataset.len()).indices(epoch),
        };
        let remaining = count_batches(order.len(), self.batch_size, self.drop_last);
        let (dataset, batch_size) = (self.dataset.clone(), self.batch_size);
        let maker = Maker { dataset, order, batch_size, made: 0, count: remaining, seed: mix(self.seed, epoch) };
        Batches { source: Source::new(maker, self.prefetch), remaining }
    }
}

impl<D> IntoIterator for &DataLoader<D>
where
    D: Dataset + Send + Sync + 'static,
    Batch<D>: Send + 'static,
{
    type Item = Batch<D>;
    type IntoIter = Batches<D>;

    fn into_iter(self) -> Batches<D> {
        self.iter()
    }
}

/// A seed for each pair of a seed and a number: the finalizer of SplitMix64 (Steele et al., *Fast splittable
/// pseudorandom number generators*, 2014).
pub(super) fn mix(seed: u64, number: u64) -> u64 {
    let mut bits = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Makes the batches of one epoch, one after the other.
struct Maker<D> {
    dataset: Arc<D>,
    order: Vec<usize>,
    batch_size: usize,
    made: usize,
    count: usize,
    seed: u64,
}

impl<D: Dataset> Iterator for Maker<D> {
    type Item = Batch<D>;

    fn next(&mut self) -> Option<Batch<D>> {
        if self.made == self.count {
            return None;
        }
        let start = self.made * self.batch_size;
        let indices = &self.order[start..(start + self.batch_size).min(self.order.len())];
        let seed = mix(self.seed, self.made as u64);
        self.made += 1;
        Some(crate::no_grad(|| with_seed(seed, || self.dataset.batch(indices))))
    }
}

/// The batches of one epoch, from [`DataLoader::iter`].
///
/// ```
/// use jimu::Tensor;
/// use jimu::data::{Batches, DataLoader, TensorDataset};
/// let loader = DataLoader::new(TensorDataset::new(Tensor::arange(0, 5)), 2);
/// let mut batches: Batches<_> = loader.iter();
/// batches.next();
/// assert_eq!(batches.len(), 2);
/// ```
pub struct Batches<D: Dataset> {
    source: Source<Maker<D>>,
    remaining: usize,
}

impl<D: Dataset> Iterator for Batches<D> {
    type Item = Batch<D>;

    fn next(&mut self) -> Option<Batch<D>> {
        // After a panic there is nothing left.
        let remaining = std::mem::take(&mut self.remaining).checked_sub(1)?;
        let batch = self.source.next()?;
        self.remaining = remaining;
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.remaining, Some(self.remaining))
    }
}

impl<D: Dataset> ExactSizeIterator for Batches<D> {}
impl<D: Dataset> FusedIterator for Batches<D> {}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::Tensor;
    use crate::data::TensorDataset;
    use crate::optim::testing::message;

    fn numbers(count: i64) -> TensorDataset<Tensor> {
        TensorDataset::new(Tensor::arange(0, count))
    }

    fn epoch<D>(loader: &DataLoader<D>) -> Vec<Vec<i64>>
    where
        D: Dataset<Item = Tensor> + Send + Sync + 'static,
    {
        loader.iter().map(|batch| batch.to_vec::<i64>()).collect()
    }

    #[test]
    fn an_epoch_has_every_sample_once() {
        for (count, batch_size, prefetch) in [(10, 3, 0), (10, 3, 1), (12, 4, 3), (3, 10, 2), (0, 4, 2), (7, 1, 20)] {
            let loader = DataLoader::new(numbers(count), batch_size).shuffle(true).seed(3).prefetch(prefetch);
            let batches = epoch(&loader);
            assert_eq!(batches.len(), loader.len());
            assert!(batches.iter().rev().skip(1).all(|batch| batch.len() == batch_size));
            let mut all = batches.concat();
            all.sort();
            assert!(all.into_iter().eq(0..count), "{count} samples, batches of {batch_size}");
        }
    }

    #[test]
    fn drop_last_leaves_out_what_does_not_fill_a_batch() {
        for prefetch in [0, 2] {
            let loader = DataLoader::new(numbers(11), 4).drop_last(true).prefetch(prefetch);
            assert_eq!(loader.len(), 2);
            assert_eq!(epoch(&loader), [[0, 1, 2, 3], [4, 5, 6, 7]]);
        }
    }

    #[test]
    fn the_order_depends_on_seed_and_epoch_alone() {
        let loader = |seed, prefetch| DataLoader::new(numbers(100), 7).shuffle(true).seed(seed).prefetch(prefetch);
        let run = |loader: &DataLoader<_>| [epoch(loader), epoch(loader), epoch(loader)];
        let here = run(&loader(5, 0));
        assert_eq!(here, run(&loader(5, 0)));
        assert_eq!(here, run(&loader(5, 1)));
        assert_eq!(here, run(&loader(5, 4)));
        assert_ne!(here, run(&loader(6, 0)));
        assert!(here[0] != here[1] && here[1] != here[2]);
        let resumed = loader(5, 2);
        resumed.set_epoch(2);
        assert_eq!(epoch(&resumed), here[2]);
    }

    #[test]
    fn random_transforms_do_not_depend_on_the_thread() {
        let run = |prefetch| {
            let noisy = numbers(20).map(|x| x + Tensor::randint(0, 1000, [1]));
            let loader = DataLoader::new(noisy, 6).seed(5).prefetch(prefetch);
            [epoch(&loader), epoch(&loader)]
        };
        crate::manual_seed(1);
        let here = run(0);
        let drawn = Tensor::rand([4]).to_vec::<f32>();
        assert_eq!(here, run(3));
        assert_ne!(here[0], here[1]);
        assert_ne!(here[0][0][0], here[0][1][0] - 6, "batches should have numbers of their own");
        crate::manual_seed(1);
        assert_eq!(drawn, Tensor::rand([4]).to_vec::<f32>(), "a loader should leave the thread's generator alone");
    }

    /// Tells through a channel when it is dropped, and panics at one sample.
    struct Probe {
        dropped: Mutex<std::sync::mpsc::Sender<()>>,
        bad: usize,
    }

    impl Dataset for Probe {
        type Item = i64;

        fn len(&self) -> usize {
            1000
        }

        fn get(&self, index: usize) -> i64 {
            assert_ne!(index, self.bad, "sample {index} is torn");
            index as i64
        }
    }

    impl Drop for Probe {
        fn drop(&mut self) {
            let _ = self.dropped.lock().unwrap_or_else(PoisonError::into_inner).send(());
        }
    }

    #[test]
    fn an_iterator_dropped_early_ends_its_thread() {
        let (dropped, told) = channel();
        let loader = DataLoader::new(Probe { dropped: Mutex::new(dropped), bad: usize::MAX }, 4).prefetch(3);
        let mut batches = loader.iter();
        assert_eq!(batches.next().unwrap().to_vec::<i64>(), [0, 1, 2, 3]);
        drop(loader);
        assert!(told.try_recv().is_err(), "the thread still has the dataset");
        drop(batches);
        told.try_recv().expect("the thread has ended, and with it the dataset");
    }

    #[test]
    fn a_panic_in_the_thread_comes_through_after_the_batches_before_it() {
        for prefetch in [0, 1, 5] {
            let (dropped, _told) = channel();
            let loader = DataLoader::new(Probe { dropped: Mutex::new(dropped), bad: 9 }, 4).prefetch(prefetch);
            let mut batches = loader.iter();
            assert_eq!(batches.by_ref().take(2).count(), 2);
            let panic = message(|| batches.next());
            assert!(panic.contains("sample 9 is torn"), "{panic}");
        }
    }

    #[test]
    fn errors_are_batches() {
        let torn = numbers(6).map(|x| if x.item() == 3.0 { Err("torn") } else { Ok(x) });
        let loader = DataLoader::new(torn, 2).prefetch(1);
        let outcomes: Vec<_> = loader.iter().map(|batch| batch.map(|batch| batch.numel())).collect();
        assert_eq!(outcomes, [Ok(2), Err("torn"), Ok(2)]);
    }

    #[test]
    fn batches_are_outside_any_graph() {
        let w = Tensor::ones([1]).requires_grad_();
        let loader = DataLoader::new(numbers(4).map(move |x| x * &w), 2);
        assert!(loader.iter().all(|batch| !batch.requires_grad()));
    }

    #[test]
    fn contradictions_are_refused() {
        assert!(message(|| DataLoader::new(numbers(4), 0)).contains("batch size of 0"));
        let both = message(|| DataLoader::new(numbers(4), 2).shuffle(true).sampler(SequentialSampler::new(4)));
        assert!(both.contains("a sampler, and shuffle(true)"), "{both}");
    }
}
