//! Memory from the operating system, zeroed.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::{ALIGNMENT, HUGE};

/// `bytes` > 0 bytes of zeros, aligned to [`ALIGNMENT`].
pub(super) fn allocate_zeroed(bytes: usize) -> NonNull<u8> {
    let block = if cfg!(unix) && bytes >= HUGE { map(bytes) } else { allocate_small(bytes) };
    block.unwrap_or_else(|| handle_alloc_error(layout(bytes)))
}

/// Gives a block back.
///
/// # Safety
/// `block` must come from [`allocate_zeroed`] with the same size, and nobody may use it any more.
pub(super) unsafe fn release(block: NonNull<u8>, bytes: usize) {
    if cfg!(unix) && bytes >= HUGE {
        // SAFETY: the caller's promise; blocks of this size come from `map`.
        unsafe { unmap(block, bytes) }
    } else {
        // SAFETY: the caller's promise; blocks of this size come from `alloc_zeroed` with this layout.
        unsafe { dealloc(block.as_ptr(), layout(bytes)) }
    }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, ALIGNMENT).expect("sizes are checked before they come here")
}

fn allocate_small(bytes: usize) -> Option<NonNull<u8>> {
    // SAFETY: `bytes` is not 0.
    NonNull::new(unsafe { alloc_zeroed(layout(bytes)) })
}

/// Maps fresh pages aligned to [`HUGE`]: they are zero until written, and the kernel is asked to back them with huge pages.
#[cfg(unix)]
fn map(bytes: usize) -> Option<NonNull<u8>> {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
    let mapped = bytes.checked_add(HUGE)?;
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory in use.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), mapped, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return None;
    }
    let before = start.cast::<u8>().align_offset(HUGE);
    let block = start.cast::<u8>().wrapping_add(before);
    // The block ends on a multiple of its class's step, a multiple of every page size.
    let end = block.wrapping_add(bytes);
    // SAFETY: both parts lie in the mapping just made, outside the block, and nobody has used them. Where unmapping fails
    // the part stays, unused; madvise only advises.
    unsafe {
        if before > 0 {
            libc::munmap(start, before);
        }
        if before < HUGE {
            libc::munmap(end.cast(), HUGE - before);
        }
        #[cfg(target_os = "linux")]
        libc::madvise(block.cast(), bytes, libc::MADV_HUGEPAGE);
    }
    NonNull::new(block)
}

/// Undoes [`map`].
///
/// # Safety
/// `block` must come from [`map`] with the same size, and nobody may use it any more.
#[cfg(unix)]
unsafe fn unmap(block: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's promise. It can fail only for want of memory in the kernel; then the pages stay mapped, unused.
    unsafe { libc::munmap(block.as_ptr().cast(), bytes) };
}

#[cfg(not(unix))]
fn map(bytes: usize) -> Option<NonNull<u8>> {
    allocate_small(bytes)
}

#[cfg(not(unix))]
unsafe fn unmap(block: NonNull<u8>, bytes: usize) {
    // SAFETY: the caller's promise; here `map` allocates with this layout.
    unsafe { dealloc(block.as_ptr(), layout(bytes)) }
}
