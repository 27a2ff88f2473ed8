//! Packed sequences on their way through a recurrent layer: side by side at the length of the longest, so that every step is
//! one product for all of them.
//!
//! A sequence's outputs don't depend on what follows its last step, so nothing needs to be masked but two things: the other
//! direction begins at each sequence's own end, for which each is turned within its own length; and the last states are those
//! of its own last step.

use crate::tensor::Tensor;

/// Where the steps of packed sequences are. Rows are those of a tensor [steps, n, …] whose first two dimensions are one.
#[derive(Debug)]
pub(super) struct Ragged {
    /// Of the longest sequence.
    steps: usize,
    count: usize,
    /// For each row the packed step; beyond a sequence's end any, here the first of all.
    spread: Tensor,
    /// For each packed step the row.
    packed: Tensor,
    /// For each row the one with which it changes places.
    turned: Tensor,
    /// For each sequence the row of its last step.
    last: Tensor,
    /// Which rows lie beyond the end of their sequence, [steps, n, 1].
    pub(super) ended: Tensor,
}

impl Ragged {
    /// Of so many sequences at each step, fewer from step to step.
    pub(super) fn new(batch_sizes: &[usize]) -> Self {
        let (steps, count) = (batch_sizes.len(), batch_sizes[0]);
        let length = |sequence: usize| batch_sizes.partition_point(|&having| having > sequence);
        let lengths: Vec<usize> = (0..count).map(length).collect();
        let starts: Vec<usize> =
            batch_sizes.iter().scan(0, |end, having| Some(std::mem::replace(end, *end + having))).collect();
        let rows = || (0..steps).flat_map(|step| (0..count).map(move |sequence| (step, sequence)));
        let row = |step: usize, sequence: usize| (step * count + sequence) as i64;
        let inside = |&(step, sequence): &(usize, usize)| step < lengths[sequence];
        let index = |places: Vec<i64>| Tensor::from(places);
        let spread = |place: (usize, usize)| if inside(&place) { (starts[place.0] + place.1) as i64 } else { 0 };
        let turned = |(step, sequence): (usize, usize)| match inside(&(step, sequence)) {
            true => row(lengths[sequence] - 1 - step, sequence),
            false => row(step, sequence),
        };
        let ended: Vec<bool> = rows().map(|place| !inside(&place)).collect();
        Self {
            steps,
            count,
            spread: index(rows().map(spread).collect()),
            packed: index(rows().filter(inside).map(|(step, sequence)| row(step, sequence)).collect()),
            turned: index(rows().map(turned).collect()),
            last: index((0..count).map(|sequence| row(lengths[sequence] - 1, sequence)).collect()),
            ended: Tensor::from_vec(ended, [steps, count, 1]),
        }
    }

    /// Packed steps side by side, [steps, n, …].
    pub(super) fn spread(&self, data: &Tensor) -> Tensor {
        self.in_rows(data.index_select(0, &self.spread))
    }

    /// The steps packed again.
    pub(super) fn packed(&self, x: &Tensor) -> Tensor {
        x.flatten(..=1).index_select(0, &self.packed)
    }

    /// Each sequence from its last step to its first.
    pub(super) fn turned(&self, x: &Tensor) -> Tensor {
        self.in_rows(x.flatten(..=1).index_select(0, &self.turned))
    }

    /// The last step of each sequence, [n, …].
    pub(super) fn last(&self, x: &Tensor) -> Tensor {
        x.flatten(..=1).index_select(0, &self.last)
    }

    fn in_rows(&self, rows: Tensor) -> Tensor {
        let sizes: Vec<usize> = [self.steps, self.count].into_iter().chain(rows.shape()[1..].iter().copied()).collect();
        rows.reshape(sizes)
    }
}
