//! What a training step asks of the system's allocator once it has run a few times: tensors' memory comes from jimu's own
//! pool of buffers; only the small records of the graph come from the heap.

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

/// More than the records of a step take (some 500 allocations of 140 bytes in the mean), and far less than its tensors,
/// of which the first activation alone has a megabyte.
const RECORDS: usize = 256 << 10;

/// Runs steps until they are steady, then counts.
fn check(name: &str, mut step: impl FnMut()) {
    (0..WARM_UP).for_each(|_| step());
    let (pool, heap) = (buffer::stats(), Region::new(ALLOCATOR));
    (0..STEPS).for_each(|_| step());
    let (used, change) = (buffer::stats(), heap.change());
    assert_eq!(used.fresh, pool.fresh, "{name}: a steady step took tensors' memory from the system");
    assert!(used.reused > pool.reused, "{name}: the pool was not used at all");
    let bytes = change.bytes_allocated / STEPS;
    assert!(bytes < RECORDS, "{name}: {bytes} bytes a step from the heap");
}

/// One test, so that no other allocates meanwhile.
#[test]
fn tensors_of_a_steady_step_come_from_the_pool() {
    // With one thread the blocks in use at once are the same in every step.
    set_num_threads(1);
    let model = LeNet::lenet5(1, 28, 28, 10).unwrap();
    let (x, y) = (Tensor::randn([64, 1, 28, 28]), Tensor::randint(0, 10, [64]));
    let parameters = model.parameters();
    let mut optimizer = Sgd::new(model.parameters(), 0.01).momentum(0.9);
    check("whole batch", || {
        model.zero_grad();
        model.forward(&x).cross_entropy(&y).backward();
        optimizer.step();
    });
    check("in shards", || {
        model.zero_grad();
        backward_in_shards(&parameters, &x, &y, |x, y| (model.forward(x).cross_entropy(y), ()));
        optimizer.step();
    });
}
