//! Functions that see a gradient, and may change it, on its way: `register_hook` and `retain_grad`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::backward::accumulate;
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{GradSlot, Tensor};

type Hook = Arc<dyn Fn(&Tensor) -> Option<Tensor> + Send + Sync>;

/// What happens to the gradient of one tensor before it goes on.
#[derive(Default)]
pub(crate) struct Hooks {
    list: Mutex<Vec<(u64, Hook)>>,
    registered: AtomicU64,
    /// That of the tensor which keeps its gradient though it is no leaf.
    retained_in: Mutex<Option<Weak<GradSlot>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hooks {
    fn add(&self, hook: Hook) -> u64 {
        let id = self.registered.fetch_add(1, Ordering::Relaxed);
        lock(&self.list).push((id, hook));
        id
    }

    /// The gradient that goes on.
    pub(super) fn run(&self, gradient: Tensor) -> Result<Tensor, ShapeError> {
        // A copy of the list: a hook may remove itself.
        let hooks = lock(&self.list).clone();
        let gradient = hooks.iter().try_fold(gradient, |gradient, (_, hook)| changed(hook, gradient))?;
        if let Some(slot) = lock(&self.retained_in).as_ref().and_then(Weak::upgrade) {
            accumulate(&slot, &gradient);
        }
        Ok(gradient)
    }
}

fn changed(hook: &Hook, gradient: Tensor) -> Result<Tensor, ShapeError> {
    let Some(other) = hook(&gradient) else {
        return Ok(gradient);
    };
    let (given, wanted) = (other.shape(), gradient.shape());
    match given == wanted && other.dtype() == gradient.dtype() {
        true => Ok(other),
        false => Err(ShapeError::new(
            "register_hook",
            format!(
                "a hook has made a {} gradient of shape {given} of a {} one of shape {wanted}",
                other.dtype(),
                gradient.dtype()
            ),
        )
        .help("a hook returns a gradient of the shape and type that it was given, or None to leave it as it is")),
    }
}

/// A hook that can be removed again: what [`Tensor::register_hook`] returns. Dropping it removes nothing.
#[derive(Clone)]
pub struct HookHandle {
    hooks: Weak<Hooks>,
    id: u64,
}

impl HookHandle {
    /// Removes the hook: `handle.remove()`. Once removed, it is gone; removing it again does nothing.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0]).requires_grad_();
    /// let handle = x.register_hook(|grad| Some(grad * 10.0));
    /// handle.remove();
    /// x.sum().backward();
    /// assert_eq!(x.grad().unwrap().item(), 1.0);
    /// ```
    pub fn remove(&self) {
        if let Some(hooks) = self.hooks.upgrade() {
            lock(&hooks.list).retain(|(id, _)| *id != self.id);
        }
    }
}

impl std::fmt::Debug for HookHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookHandle").field("id", &self.id).finish_non_exhaustive()
    }
}

fn differentiable(x: &Tensor, name: &str) -> Result<(), ShapeError> {
    match x.requires_grad() {
        true => Ok(()),
        false => Err(ShapeError::new(name, "the tensor does not require gradients, so it will never have one")
            .help("call requires_grad_() on it first, or on what it is computed from")),
    }
}

impl Tensor {
    /// Calls `hook` with the gradient of this tensor whenever backward has computed it:
    /// [`x.register_hook`](https://pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html). What the hook
    /// returns takes the gradient's place; `None` leaves it as it is. Several hooks run in the order of their
    /// registration, each on what the one before has left.
    ///
    /// A hook sees the whole gradient of one backward, all uses of the tensor added up. It lives as long as the tensor,
    /// or the graph that the tensor belongs to, unless [removed](HookHandle::remove).
    ///
    /// # Panics
    /// If the tensor does not require gradients. Backward panics if a hook returns another shape or type.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, 2.0]).requires_grad_();
    /// let y = &x * &x;
    /// y.register_hook(|grad| Some(grad.clamp(-1.0, 1.0))); // gradient clipping in the middle of a network
    /// (&y * 100.0).sum().backward();
    /// assert_eq!(x.grad().unwrap().to_vec::<f32>(), [2.0, 4.0]);
    /// ```
    #[track_caller]
    pub fn register_hook(&self, hook: impl Fn(&Tensor) -> Option<Tensor> + Send + Sync + 'static) -> HookHandle {
        differentiable(self, "register_hook").or_raise();
        let hooks = self.hooks_or_new();
        HookHandle { id: hooks.add(Arc::new(hook)), hooks: Arc::downgrade(hooks) }
    }

    /// Keeps the gradient of this tensor in [`grad`](Self::grad) though it is no leaf:
    /// [`x.retain_grad()`](https://pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html). Does nothing to a
    /// leaf, which keeps its gradient anyway. What hooks have changed is kept as they have left it.
    ///
    /// # Panics
    /// If the tensor does not require gradients.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0, 2.0]).requires_grad_();
    /// let y = &x * 3.0;
    /// y.retain_grad();
    /// (&y * &y).sum().backward();
    /// assert_eq!(y.grad().unwrap().to_vec::<f32>(), [6.0, 12.0]);
    /// ```
    #[track_caller]
    pub fn retain_grad(&self) {
        differentiable(self, "retain_grad").or_raise();
        if !self.is_leaf() {
            *lock(&self.hooks_or_new().retained_in) = Some(Arc::downgrade(self.grad_slot_or_new()));
        }
    }

    /// Whether [`retain_grad`](Self::retain_grad) was asked of this tensor; never of a leaf: `x.retains_grad`.
    ///
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::new([1.0]).requires_grad_();
    /// let y = &x * 3.0;
    /// y.retain_grad();
    /// assert!(y.retains_grad() && !x.retains_grad());
    /// ```
    pub fn retains_grad(&self) -> bool {
        let own = self.grad_slot().map(Arc::as_ptr);
        self.hooks().is_some_and(|hooks| own.is_some() && lock(&hooks.retained_in).as_ref().map(Weak::as_ptr) == own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{BackwardOptions, grad};

    #[test]
    fn hooks_run_in_order_on_the_whole_gradient() {
        let x = Tensor::new([1.0]).requires_grad_();
        let y = &x * 1.0;
        let seen = Arc::new(Mutex::new(Vec::new()));
        for (index, factor) in [2.0, 3.0].into_iter().enumerate() {
            let seen = seen.clone();
            y.register_hook(move |grad| {
                lock(&seen).push((index, grad.item()));
                Some(grad * factor)
            });
        }
        // Two uses: the hooks see their sum, once.
        (&y * 5.0 + &y * 2.0).sum().backward();
        assert_eq!(*lock(&seen), [(0, 7.0), (1, 14.0)]);
        assert_eq!(x.grad().unwrap().item(), 42.0);
    }

    #[test]
    fn leaves_have_hooks_too_and_grad_sees_what_they_leave() {
        let x = Tensor::new([2.0]).requires_grad_();
        let handle = x.register_hook(|grad| Some(grad * 10.0));
        assert_eq!(grad(&[&(&x * &x)], &[&x], BackwardOptions::new())[0].item(), 40.0);
        (&x * &x).backward();
        assert_eq!(x.grad().unwrap().item(), 40.0);
        handle.remove();
        handle.remove();
        (&x * &x).backward();
        assert_eq!(x.grad().unwrap().item(), 44.0);
    }

    #[test]
    fn a_retained_gradient_adds_up_as_that_of_a_leaf() {
        let x = Tensor::new([1.0, 2.0]).requires_grad_();
        let y = &x * 3.0;
        y.retain_grad();
        y.register_hook(|grad| Some(grad * 2.0));
        let loss = y.sum();
        loss.backward_with(BackwardOptions::new().retain_graph(true));
        loss.backward();
        assert_eq!(y.grad().unwrap().to_vec::<f32>(), [4.0, 4.0]);
        assert_eq!(x.grad().unwrap().to_vec::<f32>(), [12.0, 12.0]);
    }

    #[test]
    fn a_hook_may_remove_itself_and_gradients_of_gradients_pass_through_it() {
        let x = Tensor::new(3.0).requires_grad_();
        let y = &x * 1.0;
        y.register_hook(|grad| Some(grad * grad));
        let first = &grad(&[&(&y * &y)], &[&x], BackwardOptions::new().create_graph(true))[0];
        assert_eq!(first.item(), 36.0); // (2x)²
        // The second gradient flows through y, too, and meets the hook there: (8x)².
        assert_eq!(grad(&[first], &[&x], BackwardOptions::new())[0].item(), 576.0);

        let slot: Arc<Mutex<Option<HookHandle>>> = Arc::default();
        let own = slot.clone();
        let handle = x.register_hook(move |_| {
            lock(&own).take().unwrap().remove();
            None
        });
        *lock(&slot) = Some(handle);
        (&x * 1.0).backward();
        (&x * 1.0).backward();
        assert_eq!(x.grad().unwrap().item(), 2.0);
    }

    #[test]
    #[should_panic(expected = "a hook has made a float32 gradient of shape [] of a float32 one of shape [2]")]
    fn the_shape_must_stay() {
        let x = Tensor::zeros([2]).requires_grad_();
        x.register_hook(|grad| Some(grad.sum()));
        x.sum().backward();
    }

    #[test]
    #[should_panic(expected = "retain_grad: the tensor does not require gradients")]
    fn constants_have_no_gradient_to_retain() {
        Tensor::zeros([2]).retain_grad();
    }
}
