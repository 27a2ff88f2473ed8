//! Free lists of small blocks of memory, after Bonwick and Adams, *Magazines and Vmem* (2001).
//!
//! ```text
//! magazine    up to ROUNDS free blocks of one size class
//! a thread    two magazines for each class: it takes from and puts into them without any lock
//! depot       full and empty magazines of all threads, under a lock: exchanged when both of a thread's are empty or full,
//!             so that blocks made by one thread and dropped by another find back
//! bound       the depot keeps KEPT full magazines for each class; what is more goes back to the system
//! ```

use std::alloc::{self, Layout};
use std::cell::RefCell;
use std::mem;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sizes of a class are multiples of this, and so is every block's alignment.
const STEP: usize = 32;
/// Larger blocks are none of ours.
const LARGEST: usize = 768;
const CLASSES: usize = LARGEST / STEP;
/// Blocks in a full magazine.
const ROUNDS: usize = 64;
/// Full magazines that the depot keeps for each class: room for the records of some thousands of operations.
const KEPT: usize = 128;

/// A free block.
struct Block(NonNull<u8>);

// SAFETY: it is memory that nobody refers to; which thread uses it next does not matter.
unsafe impl Send for Block {}

type Magazine = Vec<Block>;

/// What a thread has of one class.
struct Pair {
    loaded: Magazine,
    other: Magazine,
}

/// What all threads have of one class.
struct Depot {
    full: Vec<Magazine>,
    empty: Vec<Magazine>,
}

static DEPOTS: [Mutex<Depot>; CLASSES] = [const { Mutex::new(Depot { full: Vec::new(), empty: Vec::new() }) }; CLASSES];

/// The magazines of a thread.
struct Own([Pair; CLASSES]);

thread_local! {
    static OWN: RefCell<Own> =
        const { RefCell::new(Own([const { Pair { loaded: Vec::new(), other: Vec::new() } }; CLASSES])) };
}

fn depot(class: usize) -> MutexGuard<'static, Depot> {
    DEPOTS[class].lock().unwrap_or_else(PoisonError::into_inner)
}

/// The class of blocks for values of this layout, unless they are too large or too well aligned.
fn class_of(layout: Layout) -> Option<usize> {
    let fits = layout.size() > 0 && layout.size() <= LARGEST && layout.align() <= STEP;
    fits.then(|| (layout.size() - 1) / STEP)
}

fn layout_of(class: usize) -> Layout {
    let layout = Layout::from_size_align((class + 1) * STEP, STEP);
    layout.expect("STEP is a power of two, and the largest class is small")
}

/// Memory for a value of this layout.
pub(super) fn allocate(layout: Layout) -> NonNull<u8> {
    if layout.size() == 0 {
        return layout.dangling_ptr();
    }
    let Some(class) = class_of(layout) else { return from_system(layout) };
    // A thread that is about to end has no magazines any more.
    match OWN.try_with(|own| own.borrow_mut().0[class].take(class)) {
        Ok(Some(Block(block))) => block,
        Ok(None) | Err(_) => from_system(layout_of(class)),
    }
}

/// Takes back what [`allocate`] gave.
///
/// # Safety
/// `block` came from `allocate` with this layout, and nobody uses it any more.
pub(super) unsafe fn release(block: NonNull<u8>, layout: Layout) {
    if layout.size() == 0 {
        return;
    }
    let Some(class) = class_of(layout) else {
        // SAFETY: blocks without a class came from the system with this very layout.
        return unsafe { alloc::dealloc(block.as_ptr(), layout) };
    };
    if OWN.try_with(|own| own.borrow_mut().0[class].put(Block(block), class)).is_err() {
        to_system(Block(block), class);
    }
}

fn from_system(layout: Layout) -> NonNull<u8> {
    // SAFETY: the layout's size is not zero: `allocate` has seen to it, and no class is that small.
    let block = unsafe { alloc::alloc(layout) };
    NonNull::new(block).unwrap_or_else(|| alloc::handle_alloc_error(layout))
}

fn to_system(block: Block, class: usize) {
    // SAFETY: a block of a class came from the system with the layout of the class, and a free one is used by nobody.
    unsafe { alloc::dealloc(block.0.as_ptr(), layout_of(class)) };
}

impl Pair {
    fn take(&mut self, class: usize) -> Option<Block> {
        if self.loaded.is_empty() {
            if self.other.is_empty() {
                let mut depot = depot(class);
                let full = depot.full.pop()?;
                depot.empty.push(mem::replace(&mut self.other, full));
            }
            mem::swap(&mut self.loaded, &mut self.other);
        }
        self.loaded.pop()
    }

    fn put(&mut self, block: Block, class: usize) {
        if self.loaded.len() == ROUNDS {
            if self.other.len() == ROUNDS {
                self.hand_over(class);
            }
            mem::swap(&mut self.loaded, &mut self.other);
        }
        if self.loaded.capacity() == 0 {
            self.loaded.reserve_exact(ROUNDS);
        }
        self.loaded.push(block);
    }

    /// Exchanges the other magazine, which is full, for an empty one.
    fn hand_over(&mut self, class: usize) {
        let mut depot = depot(class);
        let empty = depot.empty.pop().unwrap_or_default();
        let full = mem::replace(&mut self.other, empty);
        if depot.full.len() < KEPT {
            return depot.full.push(full);
        }
        drop(depot);
        self.other = full;
        self.other.drain(..).for_each(|block| to_system(block, class));
    }
}

impl Drop for Own {
    /// What a thread leaves goes to the depot, or to the system if that has enough.
    fn drop(&mut self) {
        for (class, pair) in self.0.iter_mut().enumerate() {
            for magazine in [mem::take(&mut pair.loaded), mem::take(&mut pair.other)] {
                if magazine.is_empty() {
                    continue;
                }
                let mut depot = depot(class);
                match depot.full.len() < KEPT {
                    true => depot.full.push(magazine),
                    false => magazine.into_iter().for_each(|block| to_system(block, class)),
                }
            }
        }
    }
}
