//! Samples that come one after the other, and can't be asked for by number: lines of a file, messages, numbers drawn anew.

use std::iter::FusedIterator;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Collate;
use super::loader::mix;
use super::prefetch::Source;
use super::sampler::check_batch_size;
use crate::error::OrRaise;
use crate::tensor::with_seed;

/// The samples of an epoch of an [`IterableDataset`].
pub type Samples<T> = Box<dyn Iterator<Item = T> + Send>;

/// A stream of samples, whose end shows only when it is reached: `torch.utils.data.IterableDataset`. An
/// [`IterableLoader`] makes batches of it.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{IterableDataset, IterableLoader, Samples};
///
/// /// The numbers of a text, one a line.
/// struct Lines(String);
///
/// impl IterableDataset for Lines {
///     type Item = f32;
///     fn iter(&self, _epoch: u64) -> Samples<f32> {
///         let numbers: Vec<f32> = self.0.lines().filter_map(|line| line.parse().ok()).collect();
///         Box::new(numbers.into_iter())
///     }
/// }
/// let loader = IterableLoader::new(Lines("1\n2\n3".into()), 2);
/// let batches: Vec<Vec<f32>> = loader.iter().map(|batch| batch.to_vec()).collect();
/// assert_eq!(batches, [vec![1.0, 2.0], vec![3.0]]);
/// ```
pub trait IterableDataset {
    /// One sample.
    type Item: Collate;

    /// The samples of epoch number `epoch`, in order. The same epoch should have the same samples each time.
    fn iter(&self, epoch: u64) -> Samples<Self::Item>;
}

macro_rules! iterable_behind {
    ($($pointer:ty),*) => {$(
        impl<D: IterableDataset + ?Sized> IterableDataset for $pointer {
            type Item = D::Item;

            fn iter(&self, epoch: u64) -> Samples<D::Item> {
                (**self).iter(epoch)
            }
        }
    )*};
}
iterable_behind!(&D, Box<D>, Arc<D>);

/// A stream of what a function gives for each epoch: anything that can be iterated over.
///
/// # Examples
/// ```
/// use jimu::data::{IterableDataset, Stream};
/// let squares = Stream::new(|epoch| (0..3).map(move |number| number * number + 100 * epoch as i64));
/// assert!(squares.iter(1).eq([100, 101, 104]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Stream<F> {
    f: F,
}

impl<F> Stream<F> {
    /// The samples of epoch number `epoch` are `f(epoch)`.
    pub fn new<I: IntoIterator>(f: F) -> Self
    where
        F: Fn(u64) -> I,
    {
        Self { f }
    }
}

impl<F, I> IterableDataset for Stream<F>
where
    F: Fn(u64) -> I,
    I: IntoIterator<Item: Collate, IntoIter: Send + 'static>,
{
    type Item = I::Item;

    fn iter(&self, epoch: u64) -> Samples<I::Item> {
        Box::new((self.f)(epoch).into_iter())
    }
}

/// The samples of several streams, one stream after the other: `torch.utils.data.ChainDataset`. Each begins when the one before
/// has ended.
///
/// Streams of different types with samples of one type go as `Box<dyn IterableDataset<Item = …> + Send + Sync>`.
///
/// # Examples
/// ```
/// use jimu::data::{ChainDataset, IterableDataset, Stream};
/// let up_to = |end: i64| Stream::new(move |_epoch| 0..end);
/// let both = ChainDataset::new(vec![up_to(2), up_to(3)]);
/// assert!(both.iter(0).eq([0, 1, 0, 1, 2]));
/// ```
#[derive(Clone, Debug)]
pub struct ChainDataset<D> {
    datasets: Arc<[D]>,
}

impl<D: IterableDataset> ChainDataset<D> {
    /// The streams in this order.
    ///
    /// ```
    /// use jimu::data::{ChainDataset, IterableDataset, Stream};
    /// assert_eq!(ChainDataset::new(vec![Stream::new(|_epoch| 0..4)]).iter(0).count(), 4);
    /// ```
    pub fn new(datasets: Vec<D>) -> Self {
        Self { datasets: datasets.into() }
    }
}

impl<D: IterableDataset + Send + Sync + 'static> IterableDataset for ChainDataset<D> {
    type Item = D::Item;

    fn iter(&self, epoch: u64) -> Samples<D::Item> {
        let datasets = self.datasets.clone();
        Box::new((0..datasets.len()).flat_map(move |dataset| datasets[dataset].iter(epoch)))
    }
}

/// Takes the samples of a stream in batches: what `torch.utils.data.DataLoader` is for an
/// [`IterableDataset`]. Each `for` over it is an epoch.
///
/// The order is the stream's own; random numbers that it draws depend on the seed, the epoch and the batch alone, whichever
/// thread makes the batch.
///
/// # Examples
/// ```
/// use jimu::Tensor;
/// use jimu::data::{IterableLoader, Stream};
/// let noise = Stream::new(|_epoch| (0..5).map(|_| Tensor::randn([3])));
/// let loader = IterableLoader::new(noise, 2).drop_last(true).prefetch(2).seed(7);
/// let mut sizes = Vec::new();
/// for batch in &loader {
///     sizes.push(batch.size());
/// }
/// assert_eq!(sizes, [[2, 3], [2, 3]]);
/// ```
pub struct IterableLoader<D> {
    dataset: D,
    batch_size: usize,
    drop_last: bool,
    prefetch: usize,
    seed: u64,
    epoch: AtomicU64,
}

impl<D: IterableDataset> IterableLoader<D>
where
    D::Item: 'static,
    <D::Item as Collate>::Batch: Send + 'static,
{
    /// Batches of `batch_size` samples, made when they are asked for.
    ///
    /// # Panics
    /// If `batch_size` is 0.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// assert_eq!(IterableLoader::new(Stream::new(|_epoch| 0..5_i64), 2).iter().count(), 3);
    /// ```
    #[track_caller]
    pub fn new(dataset: D, batch_size: usize) -> Self {
        check_batch_size("IterableLoader", batch_size).or_raise();
        let seed = crate::initial_seed();
        Self { dataset, batch_size, drop_last: false, prefetch: 0, seed, epoch: AtomicU64::new(0) }
    }

    /// Whether a last batch of fewer samples is left out.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// assert_eq!(IterableLoader::new(Stream::new(|_epoch| 0..5_i64), 2).drop_last(true).iter().count(), 2);
    /// ```
    pub fn drop_last(mut self, on: bool) -> Self {
        self.drop_last = on;
        self
    }

    /// How many batches a background thread makes ahead; 0, the default, for none, and no thread. A panic in the
    /// stream comes through to the loop, after the batches before it.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// let loader = IterableLoader::new(Stream::new(|_epoch| 0..5_i64), 2).prefetch(2);
    /// assert_eq!(loader.iter().map(|batch| batch.sum().item()).collect::<Vec<_>>(), [1.0, 5.0, 4.0]);
    /// ```
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.prefetch = batches;
        self
    }

    /// The seed of what the stream draws; by default the thread's [`initial_seed`](crate::initial_seed).
    ///
    /// ```
    /// use jimu::Tensor;
    /// use jimu::data::{IterableLoader, Stream};
    /// let first = |seed| {
    ///     let noise = Stream::new(|_epoch| (0..5).map(|_| Tensor::rand([1])));
    ///     IterableLoader::new(noise, 2).seed(seed).iter().next().unwrap().to_vec::<f32>()
    /// };
    /// assert!(first(1) == first(1) && first(1) != first(2));
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The dataset.
    ///
    /// ```
    /// use jimu::data::{IterableDataset, IterableLoader, Stream};
    /// assert!(IterableLoader::new(Stream::new(|_epoch| 0..3_i64), 2).dataset().iter(0).eq(0..3));
    /// ```
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// The number of the epoch that the next `for` begins, counted from 0.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// let loader = IterableLoader::new(Stream::new(|_epoch| 0..5_i64), 2);
    /// for batch in &loader {}
    /// assert_eq!(loader.epoch(), 1);
    /// ```
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed)
    }

    /// Makes the next `for` begin epoch `epoch`: for a training that is resumed.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// let loader = IterableLoader::new(Stream::new(|epoch| 0..epoch as i64), 10);
    /// loader.set_epoch(4);
    /// assert_eq!(loader.iter().next().unwrap().to_vec::<i64>(), [0, 1, 2, 3]);
    /// ```
    pub fn set_epoch(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Relaxed);
    }

    /// The batches of the next epoch; what `for batch in &loader` calls.
    ///
    /// ```
    /// use jimu::data::{IterableLoader, Stream};
    /// let batch = IterableLoader::new(Stream::new(|_epoch| 0..5_i64), 3).iter().next();
    /// assert_eq!(batch.unwrap().to_vec::<i64>(), [0, 1, 2]);
    /// ```
    pub fn iter(&self) -> IterableBatches<D::Item> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        let (samples, seed) = (self.dataset.iter(epoch), mix(self.seed, epoch));
        let maker = Maker { samples, batch_size: self.batch_size, drop_last: self.drop_last, made: 0, seed };
        IterableBatches { source: Some(Source::new(maker, self.prefetch)) }
    }
}

impl<D: IterableDataset> IntoIterator for &IterableLoader<D>
where
    D::Item: 'static,
    <D::Item as Collate>::Batch: Send + 'static,
{
    type Item = <D::Item as Collate>::Batch;
    type IntoIter = IterableBatches<D::Item>;

    fn into_iter(self) -> IterableBatches<D::Item> {
        self.iter()
    }
}

/// Makes the batches of one epoch, one after the other.
struct Maker<T> {
    samples: Samples<T>,
    batch_size: usize,
    drop_last: bool,
    made: u64,
    seed: u64,
}

impl<T: Collate> Iterator for Maker<T> {
    type Item = T::Batch;

    fn next(&mut self) -> Option<T::Batch> {
        let seed = mix(self.seed, self.made);
        self.made += 1;
        let make = || {
            let samples: Vec<T> = self.samples.by_ref().take(self.batch_size).collect();
            let least = if self.drop_last { self.batch_size } else { 1 };
            (samples.len() >= least).then(|| Collate::collate(samples))
        };
        crate::no_grad(|| with_seed(seed, make))
    }
}

/// The batches of one epoch, from [`IterableLoader::iter`].
pub struct IterableBatches<T: Collate> {
    /// None once the end has been reached.
    source: Option<Source<Maker<T>>>,
}

impl<T: Collate> Iterator for IterableBatches<T> {
    type Item = T::Batch;

    fn next(&mut self) -> Option<T::Batch> {
        let batch = self.source.as_mut()?.next();
        if batch.is_none() {
            self.source = None;
        }
        batch
    }
}

impl<T: Collate> FusedIterator for IterableBatches<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optim::testing::message;
    use crate::tensor::Tensor;

    /// So many numbers, each with noise and its epoch; 13 is torn.
    struct Noisy(i64);

    impl IterableDataset for Noisy {
        type Item = (Tensor, i64);

        fn iter(&self, epoch: u64) -> Samples<(Tensor, i64)> {
            Box::new((0..self.0).map(move |number| {
                assert_ne!(number, 13, "sample 13 is torn");
                (Tensor::rand([1]) + number, epoch as i64)
            }))
        }
    }

    fn epoch(loader: &IterableLoader<Noisy>) -> Vec<(Vec<f32>, Vec<i64>)> {
        loader.iter().map(|(x, y)| (x.to_vec(), y.to_vec())).collect()
    }

    #[test]
    fn an_epoch_ends_with_the_stream() {
        for (count, drop_last, sizes) in [
            (7, false, vec![3, 3, 1]),
            (7, true, vec![3, 3]),
            (6, true, vec![3, 3]),
            (0, false, vec![]),
            (2, true, vec![]),
        ] {
            for prefetch in [0, 1, 4] {
                let loader = IterableLoader::new(Noisy(count), 3).drop_last(drop_last).prefetch(prefetch);
                let batches = epoch(&loader);
                assert_eq!(batches.iter().map(|batch| batch.0.len()).collect::<Vec<_>>(), sizes);
                assert!(batches.iter().flat_map(|batch| &batch.0).map(|x| x.floor()).is_sorted());
            }
        }
    }

    #[test]
    fn numbers_depend_on_seed_epoch_and_batch_alone() {
        let loader = |seed, prefetch| IterableLoader::new(Noisy(10), 4).seed(seed).prefetch(prefetch);
        let run = |loader: &IterableLoader<_>| [epoch(loader), epoch(loader)];
        let here = run(&loader(5, 0));
        assert_eq!(here, run(&loader(5, 3)));
        assert_ne!(here, run(&loader(6, 0)));
        assert!(here[0][0].0 != here[1][0].0 && here[1][0].1 == [1; 4]);
        let resumed = loader(5, 2);
        resumed.set_epoch(1);
        assert_eq!(epoch(&resumed), here[1]);
        assert_eq!(resumed.epoch(), 2);
    }

    #[test]
    fn a_panic_comes_through_after_the_batches_before_it() {
        for prefetch in [0, 2] {
            let mut batches = IterableLoader::new(Noisy(20), 5).prefetch(prefetch).iter();
            assert_eq!(batches.by_ref().take(2).count(), 2);
            assert!(message(|| batches.next()).contains("sample 13 is torn"));
        }
        assert!(message(|| IterableLoader::new(Noisy(1), 0)).contains("IterableLoader: a batch size of 0"));
    }

    #[test]
    fn an_endless_stream_is_dropped_at_will() {
        let loader = IterableLoader::new(Box::new(Noisy(12)) as Box<dyn IterableDataset<Item = _>>, 2).prefetch(3);
        assert_eq!(loader.iter().take(2).count(), 2);
        let chain = ChainDataset::new(vec![Noisy(2), Noisy(0), Noisy(1)]);
        let numbers: Vec<f64> = chain.iter(0).map(|(x, _)| x.item().floor()).collect();
        assert_eq!(numbers, [0.0, 1.0, 0.0]);
    }
}
