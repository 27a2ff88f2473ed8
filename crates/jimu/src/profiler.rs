//! Where the time goes: every operation that a piece of code runs, forward and backward, with how often, how long and how
//! much arithmetic. [`torch.profiler`](https://docs.pytorch.org/docs/stable/profiler.html).
//!
//! ```
//! use jimu::{Tensor, profiler};
//! let w = Tensor::rand([16, 8]).requires_grad_();
//! let (loss, profile) = profiler::profile(|| {
//!     let loss = Tensor::rand([4, 16]).matmul(&w).sum();
//!     loss.backward();
//!     loss
//! });
//! let forward = profile.entries.iter().find(|entry| entry.name == "matmul" && entry.backward_of.is_none()).unwrap();
//! assert_eq!((forward.calls, forward.flops), (1, 2 * 4 * 16 * 8));
//! assert!(profile.entries.iter().any(|entry| entry.backward_of == Some("matmul")));
//! assert!(profile.total >= profile.entries.iter().map(|entry| entry.time).sum());
//! # assert!(loss.item() > 0.0);
//! ```
//!
//! Times are each operation's own: what it calls is told apart. Only the calling thread is watched, which is the one that
//! waits for the others; while nobody watches, an operation looks at one flag.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use jimu_kernels::pooled::Shared;

use crate::tensor::Tensor;

/// All calls of one operation, or of its backward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The operation, by PyTorch's name, or the name given to [`record`].
    pub name: &'static str,
    /// The operation whose derivative it was computed for; none in forward.
    pub backward_of: Option<&'static str>,
    /// How often it ran.
    pub calls: u64,
    /// How long it ran, without what it called.
    pub time: Duration,
    /// Multiplications and additions of products and convolutions, as their definitions count them; 0 for all else.
    pub flops: u64,
    /// Bytes of the inputs and of the result, as if each were moved once; 0 for views.
    pub bytes: u64,
}

/// What [`profile`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The entries, the longest first.
    pub entries: Vec<Entry>,
    /// From start to end, with what lies between the operations.
    pub total: Duration,
}

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static RECORDER: RefCell<Recorder> = RefCell::new(Recorder::default());
}

/// Runs `f` and tells which operations ran on this thread meanwhile.
///
/// # Panics
/// If called from within itself.
///
/// ```
/// let (sum, profile) = jimu::profiler::profile(|| jimu::Tensor::ones([1000]).sum().item());
/// assert_eq!((sum, profile.entries[0].name), (1000.0, "sum"));
/// ```
#[track_caller]
pub fn profile<R>(f: impl FnOnce() -> R) -> (R, Profile) {
    /// Stops watching, even if `f` panics.
    struct Stop;
    impl Drop for Stop {
        fn drop(&mut self) {
            WATCHED.set(false);
        }
    }
    assert!(!WATCHED.replace(true), "profile: this thread is being profiled already");
    RECORDER.set(Recorder::default());
    let stop = Stop;
    let start = Instant::now();
    let result = f();
    let total = start.elapsed();
    drop(stop);
    let mut entries: Vec<Entry> = RECORDER.take().entries.into_values().collect();
    entries.sort_by(|a, b| b.time.cmp(&a.time).then(a.name.cmp(b.name)));
    (result, Profile { entries, total })
}

/// Runs `f`, and gives its time an entry of its own: `torch.profiler.record_function`.
///
/// ```
/// use jimu::profiler::{profile, record};
/// let ((), profile) = profile(|| record("reading", || ()));
/// assert_eq!(profile.entries[0].name, "reading");
/// ```
pub fn record<R>(name: &'static str, f: impl FnOnce() -> R) -> R {
    if !WATCHED.get() {
        return f();
    }
    let span = Span::open(name, None);
    let result = f();
    span.close(0, 0);
    result
}

/// Begins an operation's forward; none unless this thread is being profiled.
pub(crate) fn begin(name: &'static str) -> Option<Span> {
    WATCHED.get().then(|| Span::open(name, None))
}

/// Ends an operation's forward.
pub(crate) fn end(span: Option<Span>, inputs: &[&Tensor], output: &Tensor, multiply_adds: impl FnOnce() -> u64) {
    if let Some(span) = span {
        span.close(2 * multiply_adds(), bytes(inputs, output));
    }
}

/// Runs the backward of an operation.
pub(crate) fn backward<R>(name: &'static str, run: impl FnOnce() -> R) -> R {
    if !WATCHED.get() {
        return run();
    }
    let span = Span::open(name, Some(name));
    let result = run();
    span.close(0, 0);
    result
}

/// Bytes that go in and out; a view moves none.
fn bytes(inputs: &[&Tensor], output: &Tensor) -> u64 {
    let storage = output.storage();
    if inputs.iter().any(|input| Shared::ptr_eq(&input.storage(), &storage)) {
        return 0;
    }
    let size = |tensor: &Tensor| (tensor.numel() * tensor.dtype().size_in_bytes()) as u64;
    inputs.iter().map(|input| size(input)).sum::<u64>() + size(output)
}

/// What has been seen, and what is going on.
#[derive(Default)]
struct Recorder {
    entries: HashMap<(Option<&'static str>, &'static str), Entry>,
    open: Vec<Open>,
}

/// An operation that has begun.
struct Open {
    name: &'static str,
    backward_of: Option<&'static str>,
    start: Instant,
    /// The time of the operations within.
    within: Duration,
}

/// The place of an [`Open`] in the list. Those that a panic has left behind lie after it.
pub(crate) struct Span(usize);

impl Span {
    fn open(name: &'static str, backward_of: Option<&'static str>) -> Self {
        RECORDER.with_borrow_mut(|recorder| {
            let backward_of = backward_of.or_else(|| recorder.open.last()?.backward_of);
            recorder.open.push(Open { name, backward_of, start: Instant::now(), within: Duration::ZERO });
            Self(recorder.open.len() - 1)
        })
    }

    fn close(self, flops: u64, bytes: u64) {
        RECORDER.with_borrow_mut(|recorder| {
            recorder.open.truncate(self.0 + 1);
            let Some(Open { name, backward_of, start, within }) = recorder.open.pop() else { return };
            let elapsed = start.elapsed();
            if let Some(around) = recorder.open.last_mut() {
                around.within += elapsed;
            }
            let new = || Entry { name, backward_of, calls: 0, time: Duration::ZERO, flops: 0, bytes: 0 };
            let entry = recorder.entries.entry((backward_of, name)).or_insert_with(new);
            entry.calls += 1;
            entry.time += elapsed.saturating_sub(within);
            entry.flops += flops;
            entry.bytes += bytes;
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find<'a>(profile: &'a Profile, name: &str, backward_of: Option<&str>) -> Option<&'a Entry> {
        profile.entries.iter().find(|entry| entry.name == name && entry.backward_of == backward_of)
    }

    #[test]
    fn nothing_is_recorded_outside() {
        Tensor::ones([3]).exp();
        let ((), profile) = profile(|| ());
        assert!(profile.entries.is_empty());
    }

    #[test]
    fn operations_of_backward_name_what_they_derive() {
        let weight = Tensor::ones([2, 1, 3, 3]).requires_grad_();
        let x = Tensor::ones([4, 1, 8, 8]).requires_grad_();
        let ((), profile) =
            profile(|| crate::nn::functional::conv2d(&x, &weight, None, &Default::default()).sum().backward());
        let flops = 2 * 4 * 2 * 6 * 6 * 9;
        assert_eq!(find(&profile, "conv2d", None).unwrap().flops, flops);
        for name in ["conv2d_backward_input", "conv2d_backward_weight"] {
            let entry = find(&profile, name, Some("conv2d")).unwrap();
            assert_eq!((entry.calls, entry.flops), (1, flops), "{name}");
        }
    }

    #[test]
    fn views_move_no_bytes_and_copies_do() {
        let x = Tensor::ones([4, 8]);
        let ((), profile) = profile(|| drop(x.reshape([32]).exp()));
        assert_eq!(find(&profile, "exp", None).unwrap().bytes, 2 * 32 * 4);
        assert!(profile.entries.iter().filter(|entry| entry.name != "exp").all(|entry| entry.bytes == 0));
    }

    #[test]
    fn what_lies_within_is_told_apart() {
        let pause = || std::thread::sleep(Duration::from_millis(5));
        let ((), profile) = profile(|| {
            record("outer", || {
                record("inner", pause);
            });
        });
        let (outer, inner) = (find(&profile, "outer", None).unwrap(), find(&profile, "inner", None).unwrap());
        assert!(inner.time >= Duration::from_millis(5) && outer.time < inner.time, "{profile:?}");
    }

    #[test]
    fn a_panic_ends_the_watch() {
        std::panic::catch_unwind(|| profile(|| record("fails", || panic!("on purpose")))).unwrap_err();
        let (_, profile) = profile(|| Tensor::ones([2]).exp());
        assert_eq!(profile.entries.len(), 1);
    }
}
