//! Asking for memory ahead of its use, which then need not wait for it.

/// Numbers in a line of the caches, of 64 bytes.
pub(crate) const fn line<T>() -> usize {
    64 / size_of::<T>()
}

/// Asks for the lines of `len` numbers, if they are memory.
#[inline(always)]
pub(crate) fn prefetch_row<T>(start: *const T, len: usize) {
    for place in (0..len).step_by(line::<T>()) {
        prefetch(start.wrapping_add(place));
    }
}

/// Asks for a line of memory, if it is any.
#[inline(always)]
pub(crate) fn prefetch<T>(place: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read: the processor takes it as a hint, and any address will do.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Asks for the lines of `len` numbers, if they are memory, for this core alone: a line that another core holds, too, takes as
/// long to be written as one that is far away.
#[inline(always)]
pub(crate) fn prefetch_row_to_write<T>(start: *mut T, len: usize) {
    // Processors with AVX2 know the instruction, or pass over it.
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        for place in (0..len).step_by(line::<T>()) {
            let place = start.wrapping_add(place);
            // SAFETY: nothing is read or written: the processor takes it as a hint, and any address will do.
            unsafe { std::arch::asm!("prefetchw [{}]", in(reg) place, options(nostack, preserves_flags)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, len);
}
