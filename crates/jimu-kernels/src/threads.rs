//! One pool of threads, and the rule that keeps results bit-identical: work is cut by its own size, never by the
//! number of threads, so a task computes the same bits whoever runs it.

/// Runs `task(0)`, …, `task(tasks - 1)`, each once, in any order and on any thread of the pool; returns when all are done.
pub fn parallel_for(tasks: usize, task: impl Fn(usize) + Sync) {
    for index in 0..tasks {
        task(index);
    }
}

/// Cuts `data` into chunks of `chunk_len` elements (the last may be shorter) and runs `task(index, chunk)` on each.
pub fn parallel_chunks_mut<T: Send>(data: &mut [T], chunk_len: usize, task: impl Fn(usize, &mut [T]) + Sync) {
    for (index, chunk) in data.chunks_mut(chunk_len).enumerate() {
        task(index, chunk);
    }
}
