//! Updates of parameters by their gradients: one pass over memory for all parameters, no temporaries.
//!
//! ```text
//! Part      a parameter, its gradient and the optimiser's state for it, element by element in the same order
//! update    puts the elements of all parts in a row, of which each task takes BLOCK: small parts go together, large ones
//!           are cut; which thread runs a task changes no bit, since elements do not depend on each other
//! ```

use bytemuck::Pod;
use num_traits::Float;
use smallvec::SmallVec;

use crate::prefetch::prefetch_row_to_write;
use crate::shared::SharedSlice;
use crate::strided::vectorized;
use crate::threads::parallel_for;

/// Elements that one task updates.
const BLOCK: usize = 1 << 14;

/// Elements that are asked for ahead: other threads have read the values since they were last written.
const STRETCH: usize = 512;

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
    let mut end = 0;
    let place = |(part, update)| {
        let placed = Placed::new(part, update, end);
        end = placed.end();
        placed
    };
    let parts: SmallVec<[Placed<'a, T, U>; 32]> = parts.into_iter().map(place).collect();
    parallel_for(end.div_ceil(BLOCK), |task| {
        let (start, end) = (task * BLOCK, end.min((task + 1) * BLOCK));
        let first = parts.partition_point(|part| part.end() <= start);
        for part in parts[first..].iter().take_while(|part| part.start < end) {
            let (start, end) = (start.max(part.start), end.min(part.end()));
            for first in (start..end).step_by(STRETCH) {
                let next = end.min(first + STRETCH);
                part.ask_for(next, end.min(next + STRETCH));
                // SAFETY: tasks have elements of their own, and `parallel_for` gives each to one thread.
                let piece = unsafe { part.piece(first, next) };
                vectorized(
                    #[inline(always)]
                    || part.update.apply(piece),
                );
            }
        }
    });
}

/// A part, and where it stands among the elements of all parts in a row.
struct Placed<'a, T, U> {
    start: usize,
    values: SharedSlice<'a, T>,
    gradient: &'a [T],
    state: [Option<SharedSlice<'a, T>>; MAX_STATE],
    update: U,
}

impl<'a, T, U> Placed<'a, T, U> {
    fn new(part: Part<'a, T>, update: U, start: usize) -> Self {
        let Part { values, gradient, state } = part;
        assert_eq!(gradient.len(), values.len(), "a gradient for each element");
        assert!(state.iter().flatten().all(|array| array.len() == values.len()), "state for each element");
        let state = state.map(|array| array.map(SharedSlice::new));
        Self { start, values: SharedSlice::new(values), gradient, state, update }
    }

    fn end(&self) -> usize {
        self.start + self.values.len()
    }

    /// Asks for the values from `start` to `end` in the row of all.
    fn ask_for(&self, start: usize, end: usize) {
        prefetch_row_to_write(self.values.start().wrapping_add(start - self.start), end - start);
    }

    /// The elements from `start` to `end` in the row of all.
    ///
    /// # Safety
    /// No other piece in use at the same time may overlap this one.
    unsafe fn piece(&self, start: usize, end: usize) -> Part<'_, T> {
        let (first, len) = (start - self.start, end - start);
        // SAFETY: the caller's promise, for each of the arrays.
        unsafe {
            let state = self.state.each_ref().map(|array| array.as_ref().map(|array| array.part(first, len)));
            Part { values: self.values.part(first, len), gradient: &self.gradient[first..first + len], state }
        }
    }
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
}
