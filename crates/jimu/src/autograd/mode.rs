//! Whether operations are recorded.

use std::cell::Cell;

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
}

/// Puts the mode back when dropped, so that a panic in between leaves it as it was.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        ENABLED.set(self.0);
    }
}

/// Whether operations on this thread are recorded for backward.
///
/// ```
/// use jimu::autograd::is_grad_enabled;
/// assert!(is_grad_enabled());
/// jimu::no_grad(|| assert!(!is_grad_enabled()));
/// ```
pub fn is_grad_enabled() -> bool {
    ENABLED.get()
}

/// Runs `f` without recording: `with torch.no_grad():`. For evaluation, and for changing parameters by hand.
///
/// ```
/// use jimu::Tensor;
/// let w = Tensor::ones([2]).requires_grad_();
/// let y = jimu::no_grad(|| &w * 2.0);
/// assert!(!y.requires_grad());
/// ```
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    with_grad(false, f)
}

/// Runs `f` with recording on or off: `with torch.set_grad_enabled(on):`.
///
/// ```
/// use jimu::{Tensor, autograd::with_grad};
/// let w = Tensor::ones([2]).requires_grad_();
/// assert!(with_grad(true, || &w * 2.0).requires_grad());
/// ```
pub fn with_grad<R>(on: bool, f: impl FnOnce() -> R) -> R {
    let _restore = Restore(ENABLED.replace(on));
    f()
}
