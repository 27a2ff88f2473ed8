use std::collections::HashSet;
use std::sync::Barrier;

use super::*;

/// The pool is one for the process: tests that set its size take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Runs `work` with the pool at this size, which no other test changes meanwhile. Others may have the pool, though, so that
/// tasks run one after the other: those that wait for each other need a [`Pair`].
pub(crate) fn with_threads<R>(threads: usize, work: impl FnOnce() -> R) -> R {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = num_threads();
    set_num_threads(threads);
    let result = catch_unwind(AssertUnwindSafe(work));
    set_num_threads(before);
    result.unwrap_or_else(|payload| resume_unwind(payload))
}

/// A pool of two threads that one test has to itself.
struct Pair(Pool);

impl Pair {
    fn new() -> Self {
        let mut pool = Pool::new();
        pool.resize(1);
        Self(pool)
    }

    /// Runs tasks, two of which may wait for each other.
    fn run(&self, tasks: usize, task: impl Fn(usize) + Sync) {
        assert!(self.0.shared.run(tasks, &task).is_none(), "a task panicked");
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.0.dismiss();
    }
}

#[test]
fn each_task_runs_once_whatever_the_number_of_threads() {
    for threads in [1, 2, 3, 7, MAX_RUNS + 3, 2] {
        with_threads(threads, || {
            assert_eq!(num_threads(), threads);
            for tasks in [0, 1, 2, 3, 8, 100, 1000] {
                let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                parallel_for(tasks, |index| {
                    runs[index].fetch_add(1, Ordering::Relaxed);
                });
                assert!(runs.iter().all(|runs| runs.load(Ordering::Relaxed) == 1), "{tasks} tasks, {threads} threads");
            }
        });
    }
}

#[test]
fn many_short_jobs_lose_no_task() {
    for threads in [2, 5] {
        with_threads(threads, || {
            let total = AtomicUsize::new(0);
            for job in 0..20_000 {
                let before = total.load(Ordering::Relaxed);
                parallel_for(job % 5 + 1, |index| {
                    total.fetch_add(index + 1, Ordering::Relaxed);
                });
                let tasks = job % 5 + 1;
                assert_eq!(total.load(Ordering::Relaxed) - before, tasks * (tasks + 1) / 2);
            }
        });
    }
}

#[test]
fn workers_take_part_after_they_have_slept() {
    let pair = Pair::new();
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(5));
        // Neither task ends before the other has begun, so two threads must be there.
        let barrier = Barrier::new(2);
        let ids = Mutex::new(HashSet::new());
        pair.run(2, |_| {
            barrier.wait();
            ids.lock().unwrap().insert(thread::current().id());
        });
        assert_eq!(ids.into_inner().unwrap().len(), 2);
    }
}

#[test]
fn each_thread_begins_with_its_own_run_of_tasks() {
    let (both, done) = (Barrier::new(2), AtomicUsize::new(0));
    Pair::new().run(9, |task| {
        // The first of each run: nothing else has been taken before, and nothing will be until both have looked.
        if task == 0 || task == 4 {
            both.wait();
            assert_eq!(done.load(Ordering::SeqCst), 0);
            both.wait();
        }
        done.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(done.into_inner(), 9);
}

#[test]
fn the_caller_waits_for_a_worker_that_takes_long() {
    let barrier = Barrier::new(2);
    let done = AtomicUsize::new(0);
    let caller = thread::current().id();
    Pair::new().run(2, |_| {
        barrier.wait();
        if thread::current().id() != caller {
            thread::sleep(Duration::from_millis(20));
        }
        done.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(done.into_inner(), 2);
}

#[test]
fn chunks_cover_the_slice() {
    for threads in [1, 2, 7] {
        with_threads(threads, || {
            for (len, chunk_len) in [(0, 3), (1, 3), (3, 3), (10, 3), (1000, 7), (5, 100)] {
                let mut data = vec![0; len];
                parallel_chunks_mut(&mut data, chunk_len, |index, chunk| {
                    assert!(chunk.len() == chunk_len || (index + 1) * chunk_len > len);
                    chunk.iter_mut().enumerate().for_each(|(i, x)| *x += index * chunk_len + i + 1);
                });
                assert_eq!(data, (1..=len).collect::<Vec<_>>());
            }
        });
    }
}

#[test]
fn two_slices_are_cut_in_step() {
    with_threads(2, || {
        let (mut a, mut b) = (vec![0; 10], vec![0; 19]);
        parallel_chunks2_mut(&mut a, 2, &mut b, 4, |index, a, b| {
            a.fill(index);
            b.fill(index);
        });
        assert_eq!(a, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(b, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4]);
    });
}

#[test]
#[should_panic(expected = "equally many chunks")]
fn slices_with_different_numbers_of_chunks_are_refused() {
    parallel_chunks2_mut(&mut [0; 4], 2, &mut [0; 5], 2, |_, _, _| {});
}

#[test]
fn nested_calls_run_on_the_thread_that_makes_them() {
    with_threads(3, || {
        let total = AtomicUsize::new(0);
        parallel_for(10, |_| {
            let own = thread::current().id();
            parallel_for(10, |index| {
                assert_eq!(thread::current().id(), own);
                total.fetch_add(index, Ordering::Relaxed);
            });
        });
        assert_eq!(total.into_inner(), 450);
    });
}

#[test]
fn calls_from_many_threads_all_finish() {
    with_threads(2, || {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let total = AtomicUsize::new(0);
                        parallel_for(20, |index| {
                            total.fetch_add(index, Ordering::Relaxed);
                        });
                        assert_eq!(total.into_inner(), 190);
                    }
                });
            }
        });
    });
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    for threads in [1, 2, 7] {
        with_threads(threads, || {
            for bad in [0, 5, 19] {
                let running = AtomicUsize::new(0);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    parallel_for(20, |index| {
                        running.fetch_add(1, Ordering::SeqCst);
                        if index == bad {
                            running.fetch_sub(1, Ordering::SeqCst);
                            panic!("task {index} failed");
                        }
                        thread::sleep(Duration::from_micros(100));
                        running.fetch_sub(1, Ordering::SeqCst);
                    });
                }));
                let payload = result.expect_err("the panic must reach the caller");
                assert_eq!(payload.downcast_ref::<String>().unwrap(), &format!("task {bad} failed"));
                assert_eq!(running.into_inner(), 0, "no task may run on after the call");
                let total = AtomicUsize::new(0);
                parallel_for(20, |index| {
                    total.fetch_add(index, Ordering::Relaxed);
                });
                assert_eq!(total.into_inner(), 190);
            }
        });
    }
}

#[test]
#[should_panic(expected = "at least one thread")]
fn no_threads_at_all_are_refused() {
    set_num_threads(0);
}
