//! `jimu bench`: how fast this machine trains and infers.
//!
//! ```text
//! workloads.rs  what is measured: models, sizes, optimisers
//! blocks.rs     the network that jimu's own models do not have
//! measure.rs    warm-up, windows, medians
//! profile.rs    time by operation
//! ```

mod blocks;
mod measure;
mod profile;
mod workloads;

use std::time::Duration;

use serde::Serialize;

use crate::failure::{Failure, print_line};
use crate::options::{Threads, at_least_1};
use measure::Protocol;
use workloads::{Measure, Unit, Workload};

/// Measure how fast this machine trains and infers
///
/// Prints a line for each measurement: `jimu WORKLOAD METRIC VALUE UNIT min=… max=… n=…`. VALUE
/// is the median of n windows of about --window seconds each, after a warm-up of one and two
/// thirds of a window; of infer_b1 it is the median of single calls. Data is synthetic and in
/// memory, arithmetic is f32. "Train" is forward, mean cross-entropy, backward and a step of the
/// optimiser.
///
///   W1b64, W1b512  LeNet-5, 1x28x28, SGD 0.01 with momentum 0.9, batch 64 and 512: train
///   W2             MLP 784-512-256-10, Adam 0.001, batch 128: train
///   W3             ResNet-9, 3x32x32, SGD 0.01 with momentum 0.9, batch 128: train
///   W4             3x3 convolution 64 to 128 channels, padding 1, input 64x64x32x32:
///                  conv_fwd, conv_fwd_bwd
///   W5             LeNet-5 without gradients: infer_b1, infer_b256
///   W6             products of square matrices: gemm256, gemm1024, gemm2048
///   W7             transformer encoder block, 32x64x128, 4 heads, GELU 512, Adam 0.001: train
///
/// --profile shows where the time of one workload goes, operation by operation, forward and
/// backward, with the arithmetic and memory traffic a second beside what the machine's registers
/// and memory can do.
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Only measurements whose workload or metric contains one of these, whatever the case
    #[arg(long, value_name = "TEXT", value_delimiter = ',')]
    filter: Vec<String>,
    /// Print a JSON object a line
    #[arg(long)]
    json: bool,
    /// Show the time by operation of this workload instead
    #[arg(long, value_name = "WORKLOAD", ignore_case = true, value_parser = clap::value_parser!(Workload))]
    profile: Option<Workload>,
    /// Length of a window
    #[arg(long, value_name = "SECONDS", default_value_t = 0.6, value_parser = seconds)]
    window: f64,
    /// How many windows
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = at_least_1)]
    windows: usize,
    #[command(flatten)]
    threads: Threads,
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0 && *seconds <= 3600.0);
    number.ok_or_else(|| "a number of seconds above 0 is needed".to_owned())
}

/// A result as JSON.
#[derive(Serialize)]
struct Line<'a> {
    workload: &'a str,
    metric: &'a str,
    value: f64,
    unit: &'a str,
    min: f64,
    max: f64,
    n: usize,
    threads: usize,
}

/// Runs `jimu bench`.
pub fn run(args: &Args) -> Result<(), Failure> {
    args.threads.apply();
    jimu::manual_seed(0);
    let protocol = Protocol { window: Duration::from_secs_f64(args.window), windows: args.windows };
    if let Some(workload) = args.profile {
        return profile::run(workload, &protocol);
    }
    let wanted = |workload: &Workload, metric: &str| {
        let text = format!("{} {metric}", workload.name()).to_lowercase();
        args.filter.is_empty() || args.filter.iter().any(|part| text.contains(&part.to_lowercase()))
    };
    let mut found = false;
    for workload in Workload::ALL {
        for metric in workload.metrics().iter().filter(|metric| wanted(&workload, metric)) {
            found = true;
            // One at a time, so that none has another's memory beside it.
            report(args, workload, &protocol, workload.measure(metric, true))?;
        }
    }
    match found {
        true => Ok(()),
        false => Err(Failure::usage(format_args!(
            "nothing is called {}; there are {}",
            args.filter.join(", "),
            Workload::ALL.map(|workload| format!("{} ({})", workload.name(), workload.metrics().join(", "))).join(", ")
        ))),
    }
}

fn report(args: &Args, workload: Workload, protocol: &Protocol, mut measure: Measure) -> Result<(), Failure> {
    let mut values = match measure.unit {
        Unit::Microseconds => protocol.latencies(&mut measure.step).iter().map(|seconds| seconds * 1e6).collect(),
        _ => protocol.windows(&mut measure.step).iter().map(|seconds| measure.work / seconds).collect::<Vec<_>>(),
    };
    values.sort_by(f64::total_cmp);
    let (value, min, max) = (measure::median(&values), values[0], values[values.len() - 1]);
    let (metric, unit, n) = (measure.metric, measure.unit.name(), values.len());
    if args.json {
        let threads = jimu::num_threads();
        return print_line(serde_json::to_string(&Line {
            workload: workload.name(),
            metric,
            value,
            unit,
            min,
            max,
            n,
            threads,
        })?);
    }
    let digits = measure::significant;
    print_line(format_args!(
        "jimu {} {metric} {} {unit} min={} max={} n={n}",
        workload.name(),
        digits(value),
        digits(min),
        digits(max)
    ))
}
