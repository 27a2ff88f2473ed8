//! Updates of parameters by their gradients: one pass over memory for all parameters, no temporaries.
//!
//! ```text
//! Part      a parameter, its gradient and the optimiser's state for it, element by element in the same order
//! update    cuts the parts into pieces of at most BLOCK elements and packs small pieces together, so that a task is
//!           about BLOCK elements; which thread runs a task changes no bit, since elements do not depend on each other
//! ```

use bytemuck::Pod;
use num_traits::Float;

use crate::strided::vectorized;
use crate::threads::parallel_chunks_mut;

/// Elements that one task updates.
const BLOCK: usize = 1 << 14;

/// The most arrays of state that an update can keep for each parameter.
pub const MAX_STATE: usize = 3;

/// An element type that is trained.
pub trait Real: Float + Pod + Send + Sync {
    /// The nearest value; hyper-parameters are given in `f64`.
    fn of(value: f64) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
}

/// Slices of equal length: a parameter or a piece of one.
pub struct Part<'a, T> {
    /// The values to update.
    pub values: &'a mut [T],
    /// Their gradient.
    pub gradient: &'a [T],
    /// The arrays that the update keeps from step to step; those that it does not use are `None`.
    pub state: [Option<&'a mut [T]>; MAX_STATE],
}

impl<'a, T> Part<'a, T> {
    /// The first `len` elements, and the rest.
    fn split_at(self, len: usize) -> (Self, Self) {
        let (values, values_rest) = self.values.split_at_mut(len);
        let (gradient, gradient_rest) = self.gradient.split_at(len);
        let mut state_rest = [const { None }; MAX_STATE];
        let mut state = self.state;
        for (first, rest) in state.iter_mut().zip(&mut state_rest) {
            if let Some(array) = first.take() {
                let (head, tail) = array.split_at_mut(len);
                (*first, *rest) = (Some(head), Some(tail));
            }
        }
        (Self { values, gradient, state }, Self { values: values_rest, gradient: gradient_rest, state: state_rest })
    }
}

/// What happens to the elements of a parameter in one step.
pub trait Update: Copy + Send + Sync {
    /// Updates every element of `part`. Should be `#[inline(always)]`, so that it is compiled for the best instruction
    /// set of the machine it runs on.
    fn apply<T: Real>(&self, part: Part<'_, T>);
}

/// Applies to each part its update.
///
/// # Panics
/// If the slices of a part differ in length.
pub fn update<'a, T: Real, U: Update>(parts: impl IntoIterator<Item = (Part<'a, T>, U)>) {
    let mut tasks = pack(parts);
    parallel_chunks_mut(&mut tasks, 1, |_, task| {
        for (part, update) in std::mem::take(&mut task[0]) {
            vectorized(
                #[inline(always)]
                || update.apply(part),
            );
        }
    });
}

/// The parts cut and packed into tasks.
fn pack<'a, T, U: Copy>(parts: impl IntoIterator<Item = (Part<'a, T>, U)>) -> Vec<Vec<(Part<'a, T>, U)>> {
    let mut tasks = vec![Vec::new()];
    let mut room = BLOCK;
    for (mut part, update) in parts {
        let len = part.values.len();
        assert_eq!(part.gradient.len(), len, "a gradient for each element");
        assert!(part.state.iter().flatten().all(|array| array.len() == len), "state for each element");
        while part.values.len() > room {
            let (piece, rest) = part.split_at(room);
            tasks.last_mut().expect("there is always a task").push((piece, update));
            tasks.push(Vec::new());
            (part, room) = (rest, BLOCK);
        }
        room -= part.values.len();
        tasks.last_mut().expect("there is always a task").push((part, update));
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `value -= gradient`, and counts the visits in the state.
    #[derive(Clone, Copy)]
    struct Descend;

    impl Update for Descend {
        #[inline(always)]
        fn apply<T: Real>(&self, part: Part<'_, T>) {
            let Part { values, gradient, state: [None, Some(visits), None] } = part else {
                panic!("the second array alone is given")
            };
            for ((value, &gradient), visits) in values.iter_mut().zip(gradient).zip(visits) {
                *value = *value - gradient;
                *visits = *visits + T::one();
            }
        }
    }

    #[test]
    fn every_element_is_updated_once() {
        let lens = [0, 1, 7, BLOCK - 8, BLOCK, 3 * BLOCK + 5, 2];
        let mut values: Vec<Vec<f32>> = lens.iter().map(|&len| (0..len).map(|i| i as f32).collect()).collect();
        let gradients: Vec<Vec<f32>> = lens.iter().map(|&len| (0..len).map(|i| (2 * i) as f32).collect()).collect();
        let mut visits: Vec<Vec<f32>> = lens.iter().map(|&len| vec![0.0; len]).collect();
        let parts = values.iter_mut().zip(&gradients).zip(&mut visits).map(|((values, gradient), visits)| {
            (Part { values, gradient, state: [None, Some(visits), None] }, Descend)
        });
        update(parts);
        assert!(values.iter().flat_map(|v| v.iter().enumerate()).all(|(i, &value)| value == -(i as f32)));
        assert!(visits.iter().flatten().all(|&count| count == 1.0));
    }

    #[test]
    fn tasks_are_whole_blocks() {
        let (mut values, gradient) = (vec![0.0f64; 2 * BLOCK + 10], vec![0.0; 2 * BLOCK + 10]);
        let (first, rest) = values.split_at_mut(10);
        let part = |values, gradient| (Part { values, gradient, state: [const { None }; MAX_STATE] }, Descend);
        let tasks = pack([part(first, &gradient[..10]), part(rest, &gradient[10..])]);
        let sizes: Vec<Vec<usize>> =
            tasks.iter().map(|task| task.iter().map(|(part, _)| part.values.len()).collect()).collect();
        assert_eq!(sizes, [vec![10, BLOCK - 10], vec![BLOCK], vec![10]]);
    }
}
