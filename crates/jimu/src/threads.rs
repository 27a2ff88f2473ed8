/// How many threads work on an operation, the caller's included: `JIMU_NUM_THREADS`, or as many as the machine has, until
/// [`set_num_threads`] is called. [`torch.get_num_threads`](https://pytorch.org/docs/stable/generated/torch.get_num_threads.html).
///
/// ```
/// assert!(jimu::num_threads() >= 1);
/// ```
pub fn num_threads() -> usize {
    jimu_kernels::threads::num_threads()
}

/// Lets `threads` threads work on each later operation. The results are the same bits whatever their number.
/// [`torch.set_num_threads`](https://pytorch.org/docs/stable/generated/torch.set_num_threads.html).
///
/// # Panics
/// If `threads` is 0.
///
/// ```
/// jimu::set_num_threads(2);
/// assert_eq!(jimu::num_threads(), 2);
/// ```
#[track_caller]
pub fn set_num_threads(threads: usize) {
    jimu_kernels::threads::set_num_threads(threads);
}
