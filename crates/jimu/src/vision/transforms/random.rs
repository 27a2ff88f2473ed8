//! Single numbers from the calling thread's generator.

use crate::error::ShapeError;
use crate::tensor::next_stream;

/// Whether something happens that does with probability `p`.
pub(super) fn happens(p: f64) -> bool {
    f64::from(next_stream().uniform()) < p
}

/// Uniform between `low` and `high`.
pub(super) fn between([low, high]: [f64; 2]) -> f64 {
    low + (high - low) * f64::from(next_stream().uniform())
}

/// Uniform in 0..=`last`.
pub(super) fn up_to(last: usize) -> usize {
    next_stream().below(last as u64 + 1) as usize
}

/// Height and width of a rectangle whose area is a random share of `area` and whose sides have a random ratio, uniform in
/// its logarithm: (√(area · ratio), √(area / ratio)), rounded.
pub(super) fn sides(area: f64, scale: [f64; 2], ratio: [f64; 2]) -> (usize, usize) {
    let area = area * between(scale);
    let ratio = libm::exp(between(ratio.map(libm::log)));
    ((area * ratio).sqrt().round_ties_even() as usize, (area / ratio).sqrt().round_ties_even() as usize)
}

/// Refuses a range that is none, or does not lie between `least` and `most`.
pub(super) fn check_range(who: &str, what: &str, range: [f64; 2], least: f64, most: f64) -> Result<(), ShapeError> {
    let [low, high] = range;
    match least <= low && low <= high && high <= most && (low > 0.0 || least == 0.0) {
        true => Ok(()),
        false => Err(ShapeError::new(who, format!("the range of the {what} is {range:?}"))
            .help("give the least before the greatest; a share is from 0 to 1, a ratio above 0")),
    }
}
