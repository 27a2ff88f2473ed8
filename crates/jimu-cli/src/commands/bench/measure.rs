//! Warm-up, windows, medians.

use std::time::{Duration, Instant};

/// No measurement takes longer than so many times its windows: machines that are slow enough for that get fewer windows.
const PATIENCE: f64 = 10.0;
const FEWEST_WINDOWS: usize = 3;
/// Single calls that a median is taken of, for each second of a window.
const CALLS: f64 = 500.0;

/// How long to measure.
pub struct Protocol {
    pub window: Duration,
    pub windows: usize,
}

impl Protocol {
    /// The seconds that a step takes, for each window.
    pub fn windows(&self, step: &mut dyn FnMut()) -> Vec<f64> {
        let steps = self.warm_up(step);
        let (start, limit) = (Instant::now(), self.window.as_secs_f64() * self.windows as f64 * PATIENCE);
        let mut seconds = Vec::with_capacity(self.windows);
        while seconds.len() < self.windows {
            seconds.push(time(steps, step));
            if seconds.len() >= FEWEST_WINDOWS && start.elapsed().as_secs_f64() > limit {
                break;
            }
        }
        seconds
    }

    /// The seconds that a single call takes: for each window, the median of some hundred calls.
    pub fn latencies(&self, call: &mut dyn FnMut()) -> Vec<f64> {
        self.warm_up(call);
        let calls = ((self.window.as_secs_f64() * CALLS) as usize).max(3);
        (0..self.windows)
            .map(|_| {
                let mut seconds: Vec<f64> = (0..calls).map(|_| time(1, call)).collect();
                seconds.sort_by(f64::total_cmp);
                median(&seconds)
            })
            .collect()
    }

    /// Runs steps for one and two thirds of a window, and gives how many fill a window.
    pub fn warm_up(&self, step: &mut dyn FnMut()) -> usize {
        let warm = self.window.mul_f64(5.0 / 3.0);
        let start = Instant::now();
        time(2, step);
        let mut seconds = time(1, step);
        while start.elapsed() < warm {
            seconds = time(steps_in(self.window.as_secs_f64() / 3.0, seconds), step);
        }
        steps_in(self.window.as_secs_f64(), seconds)
    }
}

fn steps_in(time: f64, step: f64) -> usize {
    (time / step.max(1e-7)).round().clamp(1.0, 1e5) as usize
}

/// The mean seconds of a step.
fn time(steps: usize, step: &mut dyn FnMut()) -> f64 {
    let start = Instant::now();
    (0..steps).for_each(|_| step());
    start.elapsed().as_secs_f64() / steps as f64
}

/// The middle of sorted values, or the mean of the two in the middle.
pub fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

/// A number with four significant digits, or all digits before the point.
pub fn significant(value: f64) -> String {
    let whole = value.abs().max(1e-9).log10().floor() as i32 + 1;
    format!("{value:.*}", usize::try_from(4 - whole).unwrap_or(0).min(9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let shown = [13170.4, 1517.6, 174.23, 3.25149, 0.012345, 0.0].map(significant);
        assert_eq!(shown, ["13170", "1518", "174.2", "3.251", "0.01235", "0.000000000"]);
    }

    #[test]
    fn medians_lie_in_the_middle() {
        assert_eq!((median(&[1.0, 2.0, 9.0]), median(&[1.0, 2.0, 4.0, 9.0])), (2.0, 3.0));
    }

    #[test]
    fn a_step_that_sleeps_takes_as_long() {
        let protocol = Protocol { window: Duration::from_millis(6), windows: 3 };
        let mut sleep = || std::thread::sleep(Duration::from_millis(2));
        let seconds = protocol.windows(&mut sleep);
        assert!(seconds.len() == 3 && seconds.iter().all(|&seconds| seconds >= 0.002), "{seconds:?}");
        assert_eq!(protocol.latencies(&mut sleep).len(), 3);
    }
}
