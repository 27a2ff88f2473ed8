//! Memory from the operating system, zeroed.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;

use super::ALIGNMENT;

/// The size of a huge page; maps are multiples of it, and aligned to it.
const HUGE: usize = 2 << 20;

/// A piece of memory, initialised.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub start: NonNull<u8>,
    pub bytes: usize,
}

// SAFETY: it is memory that nobody refers to while it is passed around here; which thread gives it back does not matter.
unsafe impl Send for Memory {}

impl Memory {
    /// The address behind the last byte.
    pub fn end(&self) -> NonNull<u8> {
        NonNull::new(self.start.as_ptr().wrapping_add(self.bytes))
            .expect("no memory ends at the end of the address space")
    }
}

/// `bytes` > 0 bytes of zeros from the allocator, aligned to [`ALIGNMENT`].
pub(super) fn allocate_zeroed(bytes: usize) -> NonNull<u8> {
    let layout = layout(bytes);
    // SAFETY: `bytes` is not 0.
    NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives back what [`allocate_zeroed`] gave.
///
/// # Safety
/// `memory` must come from [`allocate_zeroed`] with the same size, and nobody may use it any more.
pub(super) unsafe fn release(memory: Memory) {
    // SAFETY: the caller's promise; `allocate_zeroed` used this layout.
    unsafe { dealloc(memory.start.as_ptr(), layout(memory.bytes)) }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, ALIGNMENT).expect("sizes are checked before they come here")
}

/// Maps at least `bytes` fresh bytes: they are zero until written, and the kernel is asked to back them with huge pages.
#[cfg(unix)]
pub(super) fn map(bytes: usize) -> Memory {
    let failed = || handle_alloc_error(layout(bytes));
    let bytes = bytes.next_multiple_of(HUGE);
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANON);
    let mapped = bytes.checked_add(HUGE).unwrap_or_else(failed);
    // SAFETY: a new anonymous mapping at an address of the kernel's choice touches no memory in use.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), mapped, protection, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        failed();
    }
    let before = start.cast::<u8>().align_offset(HUGE);
    let block = start.cast::<u8>().wrapping_add(before);
    // SAFETY: both parts lie in the mapping just made, outside the block, and nobody has used them. Where unmapping fails
    // the part stays, unused; madvise only advises.
    unsafe {
        if before > 0 {
            libc::munmap(start, before);
        }
        if before < HUGE {
            libc::munmap(block.wrapping_add(bytes).cast(), HUGE - before);
        }
        #[cfg(target_os = "linux")]
        libc::madvise(block.cast(), bytes, libc::MADV_HUGEPAGE);
    }
    // Neighbouring maps grow together later: a pointer into one must be good for the other.
    let start = std::ptr::with_exposed_provenance_mut(block.expose_provenance());
    Memory { start: NonNull::new(start).expect("a successful map is not null"), bytes }
}

/// Asks the kernel to back the pages between two addresses of one allocation with huge ones.
#[cfg(target_os = "linux")]
pub(super) fn advise_huge(start: *const u8, bytes: usize) {
    const PAGE: usize = 4096;
    let before = start.align_offset(PAGE);
    let bytes = bytes.saturating_sub(before) / PAGE * PAGE;
    if bytes >= HUGE {
        // SAFETY: whatever lies there, the advice changes nothing but what backs it; where it does not suit, it is refused.
        unsafe { libc::madvise(start.wrapping_add(before).cast_mut().cast(), bytes, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn advise_huge(_: *const u8, _: usize) {}

/// Unmaps memory, be it a whole [`map`], a part of one or several that touch.
///
/// # Safety
/// `memory` must come from [`map`], and nobody may use it any more.
#[cfg(unix)]
pub(super) unsafe fn unmap(memory: Memory) {
    // SAFETY: the caller's promise. It can fail only for want of memory in the kernel; then the pages stay mapped, unused.
    unsafe { libc::munmap(memory.start.as_ptr().cast(), memory.bytes) };
}

#[cfg(not(unix))]
pub(super) fn map(_: usize) -> Memory {
    unreachable!("no size is large here")
}

#[cfg(not(unix))]
pub(super) unsafe fn unmap(_: Memory) {
    unreachable!("no size is large here")
}
