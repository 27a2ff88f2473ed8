//! How a peer written in Rust measures and reports: the protocol of `jimu bench`, whose lines have the same form.

use std::time::Instant;

pub const WORKLOADS: [&str; 8] = ["W1b64", "W1b512", "W2", "W3", "W4", "W5", "W6", "W7"];
/// Billions of operations of a 3x3 convolution from 64 to 128 channels over 64 images of 32x32.
pub const CONVOLUTION: f64 = 2.0 * 64.0 * 64.0 * 128.0 * 9.0 * 32.0 * 32.0 / 1e9;

/// Times steps. `run(n)` does n of them and comes back when they are done.
pub struct Clock {
    peer: &'static str,
    window: f64,
    windows: usize,
    pub workloads: Vec<String>,
}

impl Clock {
    /// As the command line says: `[--window SECONDS] [--windows N] [--threads N] [WORKLOAD…]`.
    pub fn from_arguments(peer: &'static str) -> Self {
        let mut clock = Self { peer, window: 0.6, windows: 7, workloads: Vec::new() };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            match word.as_str() {
                "--window" => clock.window = value().parse().expect("seconds"),
                "--windows" => clock.windows = value().parse().expect("a number of windows"),
                // Set by RAYON_NUM_THREADS, before the first thread starts.
                "--threads" => drop(value()),
                workload if WORKLOADS.contains(&workload) => clock.workloads.push(word),
                _ => panic!("{word} is neither an option nor a workload"),
            }
        }
        if clock.workloads.is_empty() {
            clock.workloads = WORKLOADS.map(String::from).to_vec();
        }
        clock
    }

    /// Runs for one and two thirds of a window, and tells how many steps fill a window.
    fn warm_up(&self, run: &mut dyn FnMut(usize)) -> usize {
        let start = Instant::now();
        run(2);
        let mut step = mean(run, 1);
        while start.elapsed().as_secs_f64() < self.window * 5.0 / 3.0 {
            step = mean(run, steps_in(self.window / 3.0, step));
        }
        steps_in(self.window, step)
    }

    /// Work done a second, window by window.
    pub fn rate(&self, workload: &str, metric: &str, work: f64, unit: &str, run: &mut dyn FnMut(usize)) {
        let (steps, start, mut values) = (self.warm_up(run), Instant::now(), Vec::new());
        while values.len() < self.windows {
            values.push(work / mean(run, steps));
            let limit = 10.0 * self.window * self.windows as f64;
            if values.len() >= 3 && start.elapsed().as_secs_f64() > limit {
                break;
            }
        }
        self.report(workload, metric, values, unit);
    }

    /// Microseconds that a single call takes: the median of some hundred calls, window by window.
    pub fn latency(&self, workload: &str, metric: &str, call: &mut dyn FnMut()) {
        self.warm_up(&mut |steps| (0..steps).for_each(|_| call()));
        let calls = ((500.0 * self.window) as usize).max(3);
        let mut window = |_| median((0..calls).map(|_| 1e6 * mean(&mut |_| call(), 1)).collect());
        let values = (0..self.windows).map(&mut window).collect();
        self.report(workload, metric, values, "us");
    }

    fn report(&self, workload: &str, metric: &str, values: Vec<f64>, unit: &str) {
        let digits = |value: f64| if value >= 1000.0 { format!("{value:.0}") } else { format!("{value:.2}") };
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        let (count, middle) = (values.len(), digits(median(values)));
        let (least, most, peer) = (digits(least), digits(most), self.peer);
        println!("{peer} {workload} {metric} {middle} {unit} min={least} max={most} n={count}");
    }
}

fn steps_in(time: f64, step: f64) -> usize {
    ((time / step.max(1e-7)).round() as usize).max(1)
}

fn mean(run: &mut dyn FnMut(usize), steps: usize) -> f64 {
    let start = Instant::now();
    run(steps);
    start.elapsed().as_secs_f64() / steps as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
