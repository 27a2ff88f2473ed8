//! What queries may attend to.

use std::ops::Range;

use super::AttentionElement;
use super::target::position;
use crate::strided::Operand;

/// What is done to the scores, whose shape is that of the heads, the queries and the keys; strides of 0 repeat.
#[derive(Clone, Copy)]
pub enum Mask<'a, T> {
    /// Nothing.
    None,
    /// Where this is 0 a query does not attend to a key.
    Allowed(Operand<'a, u8>),
    /// This is added.
    Added(Operand<'a, T>),
}

impl<T: AttentionElement> Mask<'_, T> {
    pub(super) fn is_some(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Masks the scores of one query and some neighbouring keys.
    #[inline(always)]
    pub(super) fn apply(&self, heads: &[usize], head: usize, row: usize, keys: &Range<usize>, scores: &mut [T]) {
        let never = T::of(f64::NEG_INFINITY);
        match self {
            Self::None => {}
            Self::Allowed(mask) => {
                let (row, step) = line(mask, heads, head, row, keys);
                match step {
                    0 if row[0] == 0 => scores.fill(never),
                    0 => {}
                    1 => {
                        for (score, &allowed) in scores.iter_mut().zip(row) {
                            *score = if allowed == 0 { never } else { *score };
                        }
                    }
                    _ => {
                        for (score, &allowed) in scores.iter_mut().zip(row.iter().step_by(step)) {
                            *score = if allowed == 0 { never } else { *score };
                        }
                    }
                }
            }
            Self::Added(mask) => {
                let (row, step) = line(mask, heads, head, row, keys);
                match step {
                    0 => {
                        for score in scores {
                            *score = *score + row[0];
                        }
                    }
                    1 => {
                        for (score, &term) in scores.iter_mut().zip(row) {
                            *score = *score + term;
                        }
                    }
                    _ => {
                        for (score, &term) in scores.iter_mut().zip(row.iter().step_by(step)) {
                            *score = *score + term;
                        }
                    }
                }
            }
        }
    }
}

/// The mask from the first of `keys` on, and the step to the next.
#[inline(always)]
fn line<'a, M>(
    mask: &Operand<'a, M>,
    heads: &[usize],
    head: usize,
    row: usize,
    keys: &Range<usize>,
) -> (&'a [M], usize) {
    let (row_step, step) = (mask.strides[heads.len()], mask.strides[heads.len() + 1]);
    let start = mask.offset + position(heads, mask.strides, head) + row * row_step + keys.start * step;
    (&mask.data[start..start + (keys.len() - 1) * step + 1], step)
}
