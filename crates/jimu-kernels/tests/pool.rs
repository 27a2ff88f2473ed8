//! The buffer pool as a whole. It is one for the process, and what these tests look at (addresses, counts, bytes cached)
//! changes with every buffer that anyone takes: so they have a process of their own, and take turns in it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use jimu_kernels::buffer::{Buffer, stats, trim};

/// What the pool may cache beyond what the program has been seen to need.
const SLACK: usize = 16 << 20;

static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn blocks_are_reused_and_zeroed_again() {
    let _turn = turn();
    for len in [100, 12_345, 1_000_003] {
        let mut buffer = Buffer::<u64>::unspecified(len);
        buffer.fill(u64::MAX);
        let address = buffer.as_ptr();
        drop(buffer);
        let reused = Buffer::<u64>::zeroed(len);
        assert_eq!(reused.as_ptr(), address, "the block freed last is the first to be taken");
        assert!(reused.iter().all(|&x| x == 0));
    }
}

#[test]
fn a_steady_loop_takes_nothing_from_the_system() {
    let _turn = turn();
    let step = || {
        let kept: Vec<Buffer<f32>> = (1..20).map(|i| Buffer::unspecified(i * 10_007)).collect();
        drop(Buffer::<f64>::from_slice(&[1.0; 500]));
        drop(kept);
    };
    step();
    let before = stats();
    (0..10).for_each(|_| step());
    let after = stats();
    assert_eq!(after.fresh, before.fresh);
    assert_eq!(after.reused - before.reused, 200);
}

#[test]
fn a_loop_of_many_sizes_in_turn_takes_nothing_from_the_system() {
    let _turn = turn();
    trim();
    // Of each size a free block would be far more than what is ever in use at once.
    let step = || {
        let kept = Buffer::<u8>::unspecified(3 << 20);
        (8..28).rev().for_each(|i| drop(Buffer::<u8>::unspecified(i << 20)));
        drop(kept);
    };
    step();
    let before = stats();
    (0..3).for_each(|_| step());
    assert_eq!(stats().fresh, before.fresh);
}

#[test]
fn a_thread_gets_first_what_it_put_back_itself() {
    let _turn = turn();
    trim();
    for len in [777, 1_000_003] {
        let (own, other) = (Buffer::<f32>::unspecified(len), Buffer::<f32>::unspecified(len));
        let addresses = [own.as_ptr() as usize, other.as_ptr() as usize];
        drop(own);
        thread::spawn(move || drop(other)).join().unwrap();
        let again = [0, 1].map(|_| Buffer::<f32>::unspecified(len));
        assert_eq!(again.map(|buffer| buffer.as_ptr() as usize), addresses, "its own, then the other thread's");
    }
}

#[test]
fn buffers_may_die_on_another_thread() {
    let _turn = turn();
    let buffer = Buffer::<f32>::from_slice(&[2.0; 777]);
    let address = buffer.as_ptr() as usize;
    thread::spawn(move || assert_eq!(buffer.iter().sum::<f32>(), 1554.0)).join().unwrap();
    assert_eq!(Buffer::<f32>::unspecified(777).as_ptr() as usize, address);
    thread::scope(|scope| {
        for seed in 0..4 {
            scope.spawn(move || {
                for i in 0..2000 {
                    let len = (i * 37 + seed) % 3000 + 1;
                    let mut buffer = Buffer::<usize>::unspecified(len);
                    buffer.fill(seed);
                    assert!(buffer.iter().all(|&x| x == seed), "no two threads share a block");
                }
            });
        }
    });
}

#[test]
fn trimming_gives_everything_back() {
    let _turn = turn();
    let kept = Buffer::<u8>::zeroed(5_000_000);
    drop(Buffer::<u8>::zeroed(10_000_000));
    assert!(stats().cached >= 10_000_000);
    trim();
    let stats = stats();
    assert_eq!(stats.cached, 0);
    assert_eq!(stats.peak, stats.live);
    assert!(stats.live >= kept.len());
}

#[test]
fn sizes_that_do_not_come_back_do_not_pile_up() {
    let _turn = turn();
    trim();
    for len in (1..60).map(|i| i << 20) {
        drop(Buffer::<u8>::unspecified(len));
        let stats = stats();
        assert!(stats.live + stats.cached <= stats.peak / 2 * 3 + 2 * SLACK, "{stats:?}");
    }
    assert!(stats().cached >= 59 << 20, "the newest size is kept: {:?}", stats());
    trim();
}
