//! Pointers whose memory comes from free lists: for the small records that a program makes and drops all the time.
//!
//! ```text
//! Shared<T>    a counted pointer, as `Arc` without weak references
//! Owned<U>     a single owner, as `Box`, also of a trait object
//! blocks       the free lists: by size, of each thread, and a depot that threads exchange with
//! ```
//! A training step makes some hundreds of records (tensors, nodes of the graph) and drops them again; here they find their
//! memory again, so that a steady step asks the system's allocator for nothing.

mod blocks;

use std::alloc::Layout;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

/// A counted pointer to a value that all clones share.
///
/// ```
/// use jimu_kernels::pooled::Shared;
/// let mut a = Shared::new(String::from("one"));
/// let b = a.clone();
/// assert!(Shared::ptr_eq(&a, &b));
/// Shared::make_mut(&mut a).push_str(" two"); // a copy, as `b` looks at the same value
/// assert_eq!((a.as_str(), b.as_str()), ("one two", "one"));
/// assert_eq!(Shared::into_inner(b).as_deref(), Some("one"));
/// ```
pub struct Shared<T> {
    counted: NonNull<Counted<T>>,
    owns: PhantomData<Counted<T>>,
}

struct Counted<T> {
    /// The pointers to this value.
    count: AtomicUsize,
    value: T,
}

// SAFETY: it gives `&T` to whoever has a clone, which needs `T: Sync`, and the last clone drops the value or gives it
// away on whatever thread it is, which needs `T: Send`.
unsafe impl<T: Send + Sync> Send for Shared<T> {}
// SAFETY: as above; from `&Shared<T>` comes `&T` and a clone.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

impl<T> Shared<T> {
    /// The first pointer to `value`.
    pub fn new(value: T) -> Self {
        let counted = blocks::allocate(Layout::new::<Counted<T>>()).cast::<Counted<T>>();
        // SAFETY: the block has the size and alignment of what is written, and nobody else refers to it.
        unsafe { counted.write(Counted { count: AtomicUsize::new(1), value }) };
        Self { counted, owns: PhantomData }
    }

    /// Whether both point to one value.
    pub fn ptr_eq(a: &Self, b: &Self) -> bool {
        a.counted == b.counted
    }

    /// Where the value is.
    pub fn as_ptr(this: &Self) -> *const T {
        &raw const **this
    }

    /// The value, if this is the only pointer to it; otherwise it is one pointer fewer.
    pub fn into_inner(this: Self) -> Option<T> {
        let this = std::mem::ManuallyDrop::new(this);
        // SAFETY: `this` is not dropped, so that its part in the count is given up once, here.
        if !unsafe { this.leave() } {
            return None;
        }
        // SAFETY: no other pointer is left, so the value can be moved out; its block is given back and not used again.
        unsafe {
            let Counted { value, .. } = this.counted.read();
            blocks::release(this.counted.cast(), Layout::new::<Counted<T>>());
            Some(value)
        }
    }

    /// Gives up this pointer's part in the count; whether it was the last.
    ///
    /// # Safety
    /// At most once for each pointer, and unless the answer is yes, the value must not be used through it any more.
    unsafe fn leave(&self) -> bool {
        // What other threads did with the value comes before what the last one does: they release, it acquires.
        if self.counted().count.fetch_sub(1, Ordering::Release) != 1 {
            return false;
        }
        fence(Ordering::Acquire);
        true
    }

    fn counted(&self) -> &Counted<T> {
        // SAFETY: the block lives as long as any pointer to it, and is never borrowed mutably while there are several.
        unsafe { self.counted.as_ref() }
    }
}

impl<T: Clone> Shared<T> {
    /// The value, to change it: a copy of it first, if others look at it.
    pub fn make_mut(this: &mut Self) -> &mut T {
        // Only holders of a pointer make others, so whoever sees that there is one knows that it stays so.
        if this.counted().count.load(Ordering::Acquire) != 1 {
            *this = Self::new(T::clone(this));
        }
        // SAFETY: this is the only pointer to the value, and it is borrowed mutably.
        unsafe { &mut this.counted.as_mut().value }
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.counted().value
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        let before = self.counted().count.fetch_add(1, Ordering::Relaxed);
        // As many pointers do not fit into memory, unless they are forgotten in a loop.
        if before > isize::MAX as usize {
            std::process::abort();
        }
        Self { counted: self.counted, owns: PhantomData }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: a pointer is dropped once; the last one drops the value and gives back the block, which nobody uses then.
        unsafe {
            if self.leave() {
                self.counted.drop_in_place();
                blocks::release(self.counted.cast(), Layout::new::<Counted<T>>());
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The only pointer to a value, which may be known as a trait object alone.
///
/// ```
/// use std::fmt::Display;
/// use jimu_kernels::pooled::Owned;
/// let number: Owned<dyn Display> = Owned::new(7, |number| number);
/// assert_eq!(number.to_string(), "7");
/// ```
pub struct Owned<U: ?Sized> {
    value: NonNull<U>,
    owns: PhantomData<U>,
}

// SAFETY: it owns the value alone, as a `Box` does.
unsafe impl<U: ?Sized + Send> Send for Owned<U> {}
// SAFETY: as above.
unsafe impl<U: ?Sized + Sync> Sync for Owned<U> {}

impl<U: ?Sized> Owned<U> {
    /// A pointer to `value`; `known_as` says as what, and is `|value| value` wherever the compiler can tell.
    ///
    /// # Panics
    /// If `known_as` gives another value than it was given.
    pub fn new<T>(value: T, known_as: for<'a> fn(&'a mut T) -> &'a mut U) -> Self {
        let block = blocks::allocate(Layout::new::<T>()).cast::<T>();
        // SAFETY: the block has the size and alignment of `T`, and nobody else refers to it.
        let known = NonNull::from(known_as(unsafe {
            block.write(value);
            &mut *block.as_ptr()
        }));
        // SAFETY: `known` was a reference a moment ago.
        let layout = Layout::for_value(unsafe { known.as_ref() });
        // Then it is the value itself or all of its bytes, and dropping and giving back `known` does it for the block.
        let same = known.cast::<T>() == block && layout == Layout::new::<T>();
        assert!(same, "an owned value can be known as itself only");
        Self { value: known, owns: PhantomData }
    }
}

impl<U: ?Sized> Deref for Owned<U> {
    type Target = U;
    fn deref(&self) -> &U {
        // SAFETY: the value lives as long as its only pointer.
        unsafe { self.value.as_ref() }
    }
}

impl<U: ?Sized> Drop for Owned<U> {
    fn drop(&mut self) {
        // SAFETY: the only pointer goes: the value is dropped once, and its block given back with the layout that it was
        // allocated with (`new` has made sure).
        unsafe {
            let layout = Layout::for_value(&**self);
            self.value.drop_in_place();
            blocks::release(self.value.cast(), layout);
        }
    }
}

#[cfg(test)]
mod tests;
