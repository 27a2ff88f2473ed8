//! Random numbers: counter-based, so a number depends on the seed and its place alone.
//!
//! Each call that draws takes the next stream of a ChaCha generator with 8 rounds (Bernstein, *ChaCha, a variant of
//! Salsa20*, 2008), keyed by the seed. The transcendental functions come from `libm`, not from the platform, so the
//! numbers are the same on every machine. Each thread has a generator of its own: what other threads draw, and how many
//! threads compute, changes nothing.

use std::cell::Cell;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Shape, Tensor};
use crate::device::Device;
use crate::dtype::DType;
use crate::error::{ShapeError, raise};

/// The seed of a thread that has not called [`manual_seed`].
const DEFAULT_SEED: u64 = 0;

thread_local! {
    static STATE: Cell<(u64, u64)> = const { Cell::new((DEFAULT_SEED, 0)) };
}

/// Seeds the calling thread's generator, as `torch.manual_seed`. Without a call the seed is 0: a program is
/// repeatable unless it asks not to be.
///
/// ```
/// use jimu::Tensor;
/// jimu::manual_seed(7);
/// let first = Tensor::randn([3]).to_vec::<f32>();
/// jimu::manual_seed(7);
/// assert_eq!(first, Tensor::randn([3]).to_vec::<f32>());
/// ```
pub fn manual_seed(seed: u64) {
    STATE.set((seed, 0));
}

/// The seed that the calling thread's generator started from.
///
/// ```
/// jimu::manual_seed(7);
/// assert_eq!(jimu::initial_seed(), 7);
/// ```
pub fn initial_seed() -> u64 {
    STATE.get().0
}

/// The state of the calling thread's generator: the seed, and how many calls have drawn from it. What
/// [`set_rng_state`] puts back, so that an interrupted program goes on with the numbers that it would have drawn:
/// [`torch.get_rng_state`](https://docs.pytorch.org/docs/stable/generated/torch.get_rng_state.html).
///
/// ```
/// use jimu::Tensor;
/// let state = jimu::get_rng_state();
/// let first = Tensor::rand([3]).to_vec::<f32>();
/// jimu::set_rng_state(state);
/// assert_eq!(first, Tensor::rand([3]).to_vec::<f32>());
/// ```
pub fn get_rng_state() -> (u64, u64) {
    STATE.get()
}

/// Puts the calling thread's generator into a state that [`get_rng_state`] has given, and that has an example:
/// [`torch.set_rng_state`](https://docs.pytorch.org/docs/stable/generated/torch.set_rng_state.html).
pub fn set_rng_state(state: (u64, u64)) {
    STATE.set(state);
}

/// The generator for one drawing call: the thread's seed, and a stream that no other call has.
pub(crate) fn next_stream() -> Generator {
    let (seed, stream) = STATE.get();
    STATE.set((seed, stream + 1));
    Generator::new(seed, stream)
}

/// Runs `f` with the calling thread's generator started from `seed`, and puts the generator back.
pub(crate) fn with_seed<R>(seed: u64, f: impl FnOnce() -> R) -> R {
    with_random_state((seed, 0), f)
}

/// Runs `f` with the calling thread's generator at `state`, and puts the generator back.
pub(crate) fn with_random_state<R>(state: (u64, u64), f: impl FnOnce() -> R) -> R {
    struct Restore((u64, u64));
    impl Drop for Restore {
        fn drop(&mut self) {
            STATE.set(self.0);
        }
    }
    let _restore = Restore(STATE.replace(state));
    f()
}

/// A stream of random numbers.
pub(crate) struct Generator(ChaCha8Rng);

impl Generator {
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform in [0, 1), a multiple of 2^-24, so that it is exact in `f32`.
    pub(crate) fn uniform(&mut self) -> f32 {
        (self.0.next_u32() >> 8) as f32 * (1.0 / (1 << 24) as f32)
    }

    /// Two independent standard normal numbers (Box and Muller, 1958).
    pub(crate) fn normal_pair(&mut self) -> (f32, f32) {
        // 1 - u is in (0, 1], where the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - f64::from(self.uniform())));
        let (sin, cos) = libm::sincos(std::f64::consts::TAU * f64::from(self.uniform()));
        ((radius * cos) as f32, (radius * sin) as f32)
    }

    /// Uniform in 0..bound, without bias (Lemire, *Fast random integer generation in an interval*, 2019).
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A random order of 0..n (Fisher and Yates).
    pub(crate) fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}

impl Tensor {
    /// Numbers uniform in [0, 1), in `f32`: `torch.rand`.
    ///
    /// ```
    /// let x = jimu::Tensor::rand([100]);
    /// assert!(x.to_vec::<f32>().iter().all(|x| (0.0..1.0).contains(x)));
    /// ```
    pub fn rand(shape: impl Into<Shape>) -> Self {
        let (shape, mut generator) = (shape.into(), next_stream());
        if Device::of_new_tensors() == Device::Meta {
            return Self::meta(DType::F32, shape);
        }
        Self::from_vec((0..shape.numel()).map(|_| generator.uniform()).collect(), shape)
    }

    /// Numbers from the normal distribution with mean 0 and variance 1, in `f32`: `torch.randn`.
    ///
    /// ```
    /// assert_eq!(jimu::Tensor::randn([128, 20]).size(), [128, 20]);
    /// ```
    pub fn randn(shape: impl Into<Shape>) -> Self {
        let (shape, mut generator) = (shape.into(), next_stream());
        if Device::of_new_tensors() == Device::Meta {
            return Self::meta(DType::F32, shape);
        }
        let mut values = vec![0.0f32; shape.numel()];
        for pair in values.chunks_mut(2) {
            let (first, second) = generator.normal_pair();
            pair[0] = first;
            if let Some(last) = pair.get_mut(1) {
                *last = second;
            }
        }
        Self::from_vec(values, shape)
    }

    /// Whole numbers uniform in `low..high`, in `i64`: `torch.randint`.
    ///
    /// # Panics
    /// If the range is empty.
    ///
    /// ```
    /// let x = jimu::Tensor::randint(0, 10, [100]);
    /// assert!(x.to_vec::<i64>().iter().all(|x| (0..10).contains(x)));
    /// ```
    #[track_caller]
    pub fn randint(low: i64, high: i64, shape: impl Into<Shape>) -> Self {
        if low >= high {
            raise(
                ShapeError::new("randint", format!("the range {low}..{high} is empty"))
                    .help("make high larger than low"),
            );
        }
        let (shape, mut generator) = (shape.into(), next_stream());
        if Device::of_new_tensors() == Device::Meta {
            return Self::meta(DType::I64, shape);
        }
        let span = high.wrapping_sub(low) as u64;
        Self::from_vec((0..shape.numel()).map(|_| low.wrapping_add(generator.below(span) as i64)).collect(), shape)
    }

    /// The whole numbers `0..n` in random order: `torch.randperm`.
    ///
    /// ```
    /// let mut order = jimu::Tensor::randperm(5).to_vec::<i64>();
    /// order.sort();
    /// assert_eq!(order, [0, 1, 2, 3, 4]);
    /// ```
    pub fn randperm(n: usize) -> Self {
        Self::from_vec(next_stream().permutation(n).into_iter().map(|index| index as i64).collect(), n)
    }
}
