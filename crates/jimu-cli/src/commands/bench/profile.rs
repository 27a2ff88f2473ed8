//! Time by operation, beside what the machine can do.

use std::time::{Duration, Instant};

use jimu::profiler::{self, Entry};
use jimu_kernels::{peak, simd};

use super::measure::{Protocol, significant};
use super::workloads::Workload;
use crate::failure::{Failure, print_line};

/// How long the machine's peaks are looked for.
const PEAK_TIME: Duration = Duration::from_millis(300);

/// What the machine can do, in multiplications and additions, and in bytes, a second.
struct Peaks {
    flops: f64,
    bytes: f64,
}

/// Prints a table for each measurement of the workload.
pub fn run(workload: Workload, protocol: &Protocol) -> Result<(), Failure> {
    let peaks = Peaks { flops: peak::multiply_adds(PEAK_TIME), bytes: peak::copied_bytes(PEAK_TIME) };
    print_line(format_args!(
        "this machine, {} threads, {}: {:.0} GFLOP/s (f32, fused multiply-add), {:.1} GB/s (copy, read and written)",
        jimu::num_threads(),
        simd::name(),
        peaks.flops / 1e9,
        peaks.bytes / 1e9
    ))?;
    for metric in workload.metrics() {
        let mut measure = workload.measure(metric, false);
        let steps = protocol.warm_up(&mut measure.step);
        let start = Instant::now();
        (0..steps).for_each(|_| (measure.step)());
        let plain = start.elapsed();
        let ((), profile) = profiler::profile(|| (0..steps).for_each(|_| (measure.step)()));
        let between = profile.total.saturating_sub(profile.entries.iter().map(|entry| entry.time).sum());
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / steps as f64;
        print_line(format_args!(
            "\n{} {metric}: {} us a step, {} while watched; mean of {steps} steps",
            workload.name(),
            significant(micros(plain)),
            significant(micros(profile.total))
        ))?;
        print_line("  share      us/step  calls  GFLOP/s  of peak     GB/s  of copy  operation")?;
        for entry in &profile.entries {
            print_line(row(entry, profile.total, steps, &peaks))?;
        }
        let share = share(between, profile.total);
        print_line(format_args!("{share:6.1} % {:11.1} {:>43} between the operations", micros(between), ""))?;
    }
    Ok(())
}

fn share(part: Duration, whole: Duration) -> f64 {
    100.0 * part.as_secs_f64() / whole.as_secs_f64()
}

fn row(entry: &Entry, total: Duration, steps: usize, peaks: &Peaks) -> String {
    let seconds = entry.time.as_secs_f64();
    let rate = |amount: u64, peak: f64| match amount {
        0 => format!("{:>8} {:>8}", "", ""),
        amount => {
            let rate = amount as f64 / seconds;
            format!("{:8.1} {:>8}", rate / 1e9, format!("{:.0} %", 100.0 * rate / peak))
        }
    };
    let name = match entry.backward_of {
        Some(derived) if derived == entry.name => format!("backward of {derived}"),
        Some(derived) => format!("backward of {derived}: {}", entry.name),
        None => entry.name.to_owned(),
    };
    format!(
        "{:6.1} % {:11.1} {:6.1} {} {}  {name}",
        share(entry.time, total),
        seconds * 1e6 / steps as f64,
        entry.calls as f64 / steps as f64,
        rate(entry.flops, peaks.flops),
        rate(entry.bytes, peaks.bytes),
    )
}
