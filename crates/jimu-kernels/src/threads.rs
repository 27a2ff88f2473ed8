//! One pool of threads, and the rule that keeps results bit-identical: work is cut by its own size, never by the
//! number of threads, so a task computes the same bits whoever runs it. Only a cut that changes no bits may look at what
//! threads there are (`available`).
//!
//! ```text
//! parallel_for     one task, one thread, or the pool busy -> inline on the calling thread
//!                  else: publish the job, wake sleepers, take tasks as the workers do, close the job, wait
//! a worker         spins for SPIN on `state`, then sleeps; enters an open job it has not seen, takes tasks until there
//!                  are none, leaves
//! tasks            are cut into runs of neighbours, one for each thread: a thread takes its own run first, in order, then
//!                  what is left of the others'. Jobs over the same arrays so find in a core's cache what it wrote there
//! `state`          one word: number of the job | WAITING | OPEN | workers inside
//! ```
//! Nobody waits for a worker that has not entered: a job goes at the speed of those who are awake, so more threads than
//! cores cost little.

use std::any::Any;
use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Duration, Instant};

use crate::cut::balanced;

/// How long a thread spins before it sleeps: longer than the gaps between the operations of a step, and than the longest
/// task of most, as a virtual core takes some tens of microseconds to wake; shorter than anyone would notice on an idle machine.
const SPIN: Duration = Duration::from_millis(1);

const INSIDE: u64 = 0xffff;
const OPEN: u64 = 1 << 16;
const WAITING: u64 = 1 << 17;
const JOB: u64 = 1 << 18;
/// More threads than this do not fit the count of workers inside.
const MAX_THREADS: usize = 1 << 10;
/// More runs of tasks than this would cost more to look through than they bring; threads beyond them share.
const MAX_RUNS: usize = 16;

/// Threads of the pool, the caller included; 0 until first asked.
static THREADS: AtomicUsize = AtomicUsize::new(0);
static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(|| Mutex::new(Pool::new()));

/// How many threads work on one call, the caller included: the environment variable `JIMU_NUM_THREADS` if it holds a
/// number above 0, otherwise as many as the machine runs at once, until [`set_num_threads`] says otherwise.
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let named = std::env::var("JIMU_NUM_THREADS").ok().and_then(|text| text.trim().parse().ok());
            let threads = named.filter(|&threads| threads > 0).unwrap_or_else(cores).min(MAX_THREADS);
            // A `set_num_threads` that came in between has the last word.
            match THREADS.compare_exchange(0, threads, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => threads,
                Err(set) => set,
            }
        }
        threads => threads,
    }
}

/// Lets `threads` threads, the caller included, work on each later call; more than there are cores is allowed.
///
/// # Panics
/// If `threads` is 0.
pub fn set_num_threads(threads: usize) {
    assert!(threads > 0, "set_num_threads(0): at least one thread, the caller, must work");
    THREADS.store(threads.min(MAX_THREADS), Ordering::Relaxed);
}

fn cores() -> usize {
    static CORES: LazyLock<usize> = LazyLock::new(|| thread::available_parallelism().map_or(1, usize::from));
    *CORES
}

/// Runs `task(0)`, …, `task(tasks - 1)`, each once, in any order and on any thread of the pool; returns when all are done.
///
/// A call from inside a task, or while another thread has the pool, runs its tasks in order on its own thread.
///
/// # Panics
/// If a task panics: with the payload of the first, once no task runs any more; tasks not yet begun are left out.
pub fn parallel_for(tasks: usize, task: impl Fn(usize) + Sync) {
    run(tasks, &task);
}

/// How many threads would work on a call of [`parallel_for`] from here: for choices that change no bits.
pub(crate) fn available() -> usize {
    match num_threads() {
        threads @ 2.. if !matches!(POOL.try_lock(), Err(TryLockError::WouldBlock)) => threads,
        _ => 1,
    }
}

/// [`parallel_for`], compiled once.
fn run(tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    if tasks > 1 && num_threads() > 1 {
        match POOL.try_lock() {
            Ok(pool) => return run_on(pool, tasks, task),
            Err(TryLockError::Poisoned(poisoned)) => return run_on(poisoned.into_inner(), tasks, task),
            Err(TryLockError::WouldBlock) => {}
        }
    }
    (0..tasks).for_each(task);
}

/// Runs the tasks on the pool and passes on a panic after the pool is free again.
fn run_on(mut pool: MutexGuard<Pool>, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
    pool.resize(num_threads() - 1);
    let panic = pool.shared.run(tasks, task);
    drop(pool);
    if let Some(payload) = panic {
        resume_unwind(payload);
    }
}

/// Cuts `data` into chunks of `chunk_len` elements (the last may be shorter) and runs `task(index, chunk)` on each.
///
/// # Panics
/// If `chunk_len` is 0 or a task panics.
pub fn parallel_chunks_mut<T: Send>(data: &mut [T], chunk_len: usize, task: impl Fn(usize, &mut [T]) + Sync) {
    let chunks = Chunks::new(data, chunk_len);
    // SAFETY: `parallel_for` gives each index to one task only.
    parallel_for(chunks.count(), |index| task(index, unsafe { chunks.get(index) }));
}

/// Cuts two slices in step: chunk `index` of `a` has `a_len` elements, that of `b` has `b_len`, and one task gets both.
///
/// # Panics
/// If a chunk length is 0, the slices do not have equally many chunks, or a task panics.
pub fn parallel_chunks2_mut<A: Send, B: Send>(
    a: &mut [A],
    a_len: usize,
    b: &mut [B],
    b_len: usize,
    task: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let (a, b) = (Chunks::new(a, a_len), Chunks::new(b, b_len));
    assert_eq!(a.count(), b.count(), "both slices must have equally many chunks");
    // SAFETY: `parallel_for` gives each index to one task only.
    parallel_for(a.count(), |index| unsafe { task(index, a.get(index), b.get(index)) });
}

/// A slice whose chunks are handed to different threads.
struct Chunks<'a, T> {
    data: *mut T,
    len: usize,
    chunk_len: usize,
    lifetime: PhantomData<&'a mut [T]>,
}

// SAFETY: it only hands out chunks that do not overlap, each `&mut [T]` to one thread, which needs `T: Send`.
unsafe impl<T: Send> Sync for Chunks<'_, T> {}

impl<'a, T> Chunks<'a, T> {
    fn new(data: &'a mut [T], chunk_len: usize) -> Self {
        assert!(chunk_len > 0, "chunks must have at least one element");
        Self { data: data.as_mut_ptr(), len: data.len(), chunk_len, lifetime: PhantomData }
    }

    fn count(&self) -> usize {
        self.len.div_ceil(self.chunk_len)
    }

    /// Chunk `index`.
    ///
    /// # Safety
    /// No chunk may be asked for twice.
    unsafe fn get(&self, index: usize) -> &'a mut [T] {
        assert!(index < self.count(), "chunk {index} of {}", self.count());
        let start = index * self.chunk_len;
        // SAFETY: `start..start + length` lies inside the slice, which is borrowed for 'a, and belongs to this chunk alone.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), self.chunk_len.min(self.len - start)) }
    }
}

/// The workers; whoever holds the lock around it may publish a job.
struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The number of workers last asked for: the system may have refused some.
    wanted: usize,
}

impl Pool {
    /// Without workers.
    fn new() -> Self {
        Self { shared: Arc::new(Shared::new(0)), workers: Vec::new(), wanted: 0 }
    }

    /// Makes the number of workers `wanted`, or as near to it as the system allows.
    fn resize(&mut self, wanted: usize) {
        if wanted == self.wanted {
            return;
        }
        self.wanted = wanted;
        self.dismiss();
        self.shared = Arc::new(Shared::new(wanted));
        for thread in 1..=wanted {
            let shared = Arc::clone(&self.shared);
            let name = format!("jimu-{thread}");
            match thread::Builder::new().name(name).spawn(move || shared.work(thread)) {
                Ok(worker) => self.workers.push(worker),
                Err(_) => break,
            }
        }
    }

    /// Ends all workers.
    fn dismiss(&mut self) {
        self.shared.dismissed.store(true, Ordering::SeqCst);
        self.shared.wake(usize::MAX);
        // A worker catches the panics of tasks, so joining cannot fail.
        self.workers.drain(..).for_each(|worker| drop(worker.join()));
    }
}

/// A cache line of its own, so that threads polling one value do not slow down writes to another.
#[derive(Default)]
#[repr(align(128))]
struct Line<T>(T);

/// What the caller and the workers share.
struct Shared {
    state: Line<AtomicU64>,
    /// Of each run of tasks the first that nobody has taken.
    next: Box<[Line<AtomicUsize>]>,
    job: UnsafeCell<Option<Job>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    caller: Mutex<Option<Thread>>,
    sleepers: AtomicUsize,
    bed: Mutex<()>,
    alarm: Condvar,
    dismissed: AtomicBool,
    /// Whether each thread has a core to spin on.
    spin: bool,
}

#[derive(Clone, Copy)]
struct Job {
    tasks: usize,
    task: *const (dyn Fn(usize) + Sync),
}

// SAFETY: `job` is written only by the holder of the pool's lock while no job is open and nobody is inside (`run`), and
// read only by workers that are inside (`work`); entering and leaving `state` order the two. The closure behind it is Sync.
unsafe impl Sync for Shared {}
// SAFETY: as for Sync; nothing in it belongs to one thread.
unsafe impl Send for Shared {}

impl Shared {
    fn new(workers: usize) -> Self {
        Self {
            state: Line::default(),
            next: (0..MAX_RUNS.min(workers + 1)).map(|_| Line::default()).collect(),
            job: UnsafeCell::new(None),
            panic: Mutex::new(None),
            caller: Mutex::new(None),
            sleepers: AtomicUsize::new(0),
            bed: Mutex::new(()),
            alarm: Condvar::new(),
            dismissed: AtomicBool::new(false),
            spin: workers < cores(),
        }
    }

    /// Runs all tasks, the caller's thread taking part; returns the payload of the first task that panicked.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) -> Option<Box<dyn Any + Send>> {
        // SAFETY: only the lifetime changes. Workers use the closure only while inside, and `run` returns only after the
        // job is closed and they have left.
        let task: &'static (dyn Fn(usize) + Sync) = unsafe { std::mem::transmute(task) };
        let job = Job { tasks, task };
        let number = self.state.0.load(Ordering::Relaxed) & !(JOB - 1);
        // SAFETY: no job is open and nobody is inside, and the caller holds the pool's lock.
        unsafe { *self.job.get() = Some(job) };
        for (run, next) in self.next.iter().enumerate() {
            next.0.store(balanced(tasks, self.next.len(), run).start, Ordering::Relaxed);
        }
        self.state.0.store(number.wrapping_add(JOB) | OPEN, Ordering::SeqCst);
        self.wake(tasks - 1);
        self.take_tasks(job, 0);
        let state = self.state.0.fetch_and(!OPEN, Ordering::AcqRel);
        if state & INSIDE != 0 {
            self.wait_until_left();
        }
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Takes tasks until there are none left, those of the thread's own run first.
    fn take_tasks(&self, job: Job, thread: usize) {
        let runs = self.next.len();
        let result = catch_unwind(AssertUnwindSafe(|| {
            (thread..thread + runs).for_each(|run| self.take_run(job, run % runs));
        }));
        if let Err(payload) = result {
            // Far from overflowing by the last looks of the others.
            self.next.iter().for_each(|next| next.0.store(usize::MAX / 2, Ordering::Relaxed));
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
    }

    /// Takes what is left of a run.
    fn take_run(&self, job: Job, run: usize) {
        // SAFETY: the caller of `run` keeps the closure alive until all who could be here have left.
        let task = unsafe { &*job.task };
        let (next, end) = (&self.next[run].0, balanced(job.tasks, self.next.len(), run).end);
        // A look changes nothing, so that the line can stay with the one who counts on it.
        while next.load(Ordering::Relaxed) < end {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index < end {
                task(index);
            }
        }
    }

    /// Waits until no worker is inside.
    fn wait_until_left(&self) {
        if spin_until(self.spin, || self.state.0.load(Ordering::Acquire) & INSIDE == 0) {
            return;
        }
        *self.caller.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
        self.state.0.fetch_or(WAITING, Ordering::AcqRel);
        while self.state.0.load(Ordering::Acquire) & INSIDE != 0 {
            thread::park();
        }
    }

    /// Wakes up to `count` sleeping workers.
    fn wake(&self, count: usize) {
        let sleepers = self.sleepers.load(Ordering::SeqCst);
        if sleepers == 0 {
            return;
        }
        drop(self.bed.lock().unwrap_or_else(PoisonError::into_inner));
        if count < sleepers {
            (0..count).for_each(|_| self.alarm.notify_one());
        } else {
            self.alarm.notify_all();
        }
    }

    /// The life of a worker; the caller is `thread` 0.
    fn work(&self, thread: usize) {
        let mut seen = 0;
        loop {
            let is_new = |state: u64| state & OPEN != 0 && state / JOB != seen;
            let called = || is_new(self.state.0.load(Ordering::SeqCst)) || self.dismissed.load(Ordering::SeqCst);
            if !spin_until(self.spin, called) {
                self.sleep_until(called);
            }
            if self.dismissed.load(Ordering::SeqCst) {
                return;
            }
            let state = self.state.0.load(Ordering::Relaxed);
            let enter = || self.state.0.compare_exchange(state, state + 1, Ordering::AcqRel, Ordering::Relaxed);
            if !is_new(state) || enter().is_err() {
                continue;
            }
            seen = state / JOB;
            // SAFETY: this thread is inside an open job, so its caller does not write `job` until it has left.
            if let Some(job) = unsafe { *self.job.get() } {
                self.take_tasks(job, thread);
            }
            let before = self.state.0.fetch_sub(1, Ordering::AcqRel);
            if before & WAITING != 0 && before & INSIDE == 1 {
                let caller = self.caller.lock().unwrap_or_else(PoisonError::into_inner);
                caller.iter().for_each(Thread::unpark);
            }
        }
    }

    /// Sleeps until `called`, which looks at what `run` and `dismiss` change before they call `wake`.
    fn sleep_until(&self, called: impl Fn() -> bool) {
        let mut bed = self.bed.lock().unwrap_or_else(PoisonError::into_inner);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while !called() {
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Polls `done` for [`SPIN`], or just once if not `patient`; returns whether it came true.
fn spin_until(patient: bool, done: impl Fn() -> bool) -> bool {
    const LOOKS_BETWEEN_CLOCKS: usize = 64;
    if done() {
        return true;
    }
    if !patient {
        return false;
    }
    let start = Instant::now();
    loop {
        for _ in 0..LOOKS_BETWEEN_CLOCKS {
            if done() {
                return true;
            }
            std::hint::spin_loop();
        }
        if start.elapsed() > SPIN {
            return false;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
