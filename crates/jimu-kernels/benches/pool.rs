//! What the machinery costs: handing a job to the thread pool, and a buffer from the buffer pool.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jimu_kernels::buffer::Buffer;
use jimu_kernels::threads::{num_threads, parallel_for, set_num_threads};

/// The median time of one call, over `rounds` rounds of `calls` calls.
fn median(rounds: usize, calls: u32, mut call: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed() / calls
        })
        .collect();
    times.sort();
    times[rounds / 2]
}

/// A task of about `nanoseconds`.
fn work(nanoseconds: u64) {
    let start = Instant::now();
    while (start.elapsed().as_nanos() as u64) < nanoseconds {
        std::hint::spin_loop();
    }
}

fn main() {
    let cores = num_threads();
    for threads in [1, 2, cores, 7] {
        set_num_threads(threads);
        println!(
            "{threads} threads: empty job of {threads} tasks {:?}",
            median(51, 1000, || {
                parallel_for(black_box(threads), |index| {
                    black_box(index);
                });
            })
        );
        for nanoseconds in [1_000, 5_000, 20_000] {
            let time = median(51, 200, || parallel_for(black_box(8), |_| work(nanoseconds)));
            println!("{threads} threads: 8 tasks of {nanoseconds} ns: {time:?}");
        }
    }
    set_num_threads(cores);
    let time = median(51, 10, || {
        std::thread::sleep(Duration::from_millis(1));
        parallel_for(black_box(2), |_| work(5_000));
    });
    println!(
        "after a sleep of 1 ms: 2 tasks of 5000 ns: {:?}",
        time - median(51, 10, || {
            std::thread::sleep(Duration::from_millis(1));
        })
    );
    for bytes in [256, 65_536, 1 << 20, 16 << 20] {
        let pooled = median(51, 1000, || drop(black_box(Buffer::<u8>::unspecified(bytes))));
        let vec = median(51, 1000, || drop(black_box(Vec::<u8>::with_capacity(bytes))));
        println!("buffer of {bytes} bytes: pool {pooled:?}, Vec without touching it {vec:?}");
    }
    let fresh = median(5, 1, || {
        let mut buffer = Buffer::<u8>::unspecified(64 << 20);
        buffer.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        drop(buffer);
        jimu_kernels::buffer::trim();
    });
    let vec = median(5, 1, || {
        let mut vec = vec![0u8; 64 << 20];
        black_box(&mut vec).iter_mut().step_by(4096).for_each(|byte| *byte = 1);
    });
    println!("64 MB from the system, every page touched: pool {fresh:?}, vec {vec:?}");
}
