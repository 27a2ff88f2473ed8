//! A training step asks the system's allocator for nothing once it has run a few times: tensors' memory comes from jimu's own
//! pool of buffers, and the records of the graph from its free lists. And how much memory such a training takes in all.

use std::alloc::System;

use jimu::nn::{Forward, Module};
use jimu::optim::{Optimizer, Sgd};
use jimu::train::backward_in_shards;
use jimu::vision::models::LeNet;
use jimu::{Tensor, set_num_threads};
use jimu_kernels::buffer;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Steps before counting: the pool holds whatever a step needs by then.
const WARM_UP: usize = 20;
const STEPS: usize = 20;

/// The most memory that training may take, the program itself included.
const MEMORY: usize = 60 << 20;

/// Runs steps until they are steady, then counts.
fn check(name: &str, mut step: impl FnMut()) {
    (0..WARM_UP).for_each(|_| step());
    let (pool, heap) = (buffer::stats(), Region::new(ALLOCATOR));
    (0..STEPS).for_each(|_| step());
    let (used, change) = (buffer::stats(), heap.change());
    assert_eq!(used.fresh, pool.fresh, "{name}: a steady step took tensors' memory from the system");
    assert!(used.reused > pool.reused, "{name}: the pool was not used at all");
    let allocations = change.allocations + change.reallocations;
    assert_eq!(allocations, 0, "{name}: allocations from the heap in {STEPS} steps");
}

/// The most memory that this process has had at once, where the system tells.
fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<usize>().ok()? << 10)
}

/// One test, so that no other allocates meanwhile.
#[test]
fn a_steady_step_finds_its_memory_again() {
    // With one thread the blocks in use at once are the same in every step.
    set_num_threads(1);
    let model = LeNet::lenet5(1, 28, 28, 10).unwrap();
    let (x, y) = (Tensor::randn([64, 1, 28, 28]), Tensor::randint(0, 10, [64]));
    let parameters = model.parameters();
    let mut optimizer = Sgd::new(model.parameters(), 0.01).momentum(0.9);
    check("whole batch", || {
        optimizer.zero_grad();
        model.forward(&x).cross_entropy(&y).backward();
        optimizer.step();
    });
    check("in shards", || {
        optimizer.zero_grad();
        backward_in_shards(&parameters, &x, &y, |x, y| (model.forward(x).cross_entropy(y), ()));
        optimizer.step();
    });
    if let Some(peak) = peak() {
        assert!(peak < MEMORY, "training LeNet-5 took {} MB", peak >> 20);
    }
}
