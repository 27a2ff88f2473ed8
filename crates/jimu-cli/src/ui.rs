//! What a training shows: a progress bar on a terminal, plain lines elsewhere, nothing when asked to be quiet.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jimu::train::{EpochMetrics, Step};

const TEMPLATE: &str = "{prefix} {wide_bar} {pos}/{len} {msg} {eta} left";

/// When the program began: set as it starts.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The seconds since this was first called, which the program does as it starts.
pub fn seconds_since_start() -> f64 {
    START.elapsed().as_secs_f64()
}

/// Shows how a training goes.
pub struct Ui {
    bar: Option<ProgressBar>,
    quiet: bool,
    epochs: usize,
    /// The epoch that the bar is for, and its samples before the bar.
    epoch: Cell<usize>,
    before: Cell<usize>,
}

impl Ui {
    pub fn new(quiet: bool, epochs: usize) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style)
        });
        Self { bar, quiet, epochs, epoch: Cell::new(0), before: Cell::new(0) }
    }

    /// Prints a line, above the bar where there is one.
    pub fn line(&self, text: &str) {
        if self.quiet {
            return;
        }
        let print = || {
            // A reader who has gone away is no reason to stop a training.
            let _ = writeln!(io::stdout(), "{text}");
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub fn step(&self, step: &Step) {
        let Some(bar) = &self.bar else { return };
        if self.epoch.replace(step.epoch) != step.epoch {
            bar.reset();
            bar.set_length(step.steps as u64);
            bar.set_prefix(format!("epoch {}/{}", step.epoch, self.epochs));
            self.before.set(step.samples);
        }
        bar.set_position(step.step as u64);
        let rate = (step.samples - self.before.get()) as f64 / bar.elapsed().as_secs_f64().max(1e-3);
        bar.set_message(format!("loss {:.4}  accuracy {:.2} %  {rate:.0} images/s", step.loss, 100.0 * step.accuracy));
    }

    pub fn epoch(&self, metrics: &EpochMetrics) {
        self.line(&format!(
            "epoch {}/{}  train loss {:.4}  accuracy {:.2} %  test loss {:.4}  accuracy {:.2} %  {:.1} s  {:.0} images/s",
            metrics.epoch,
            self.epochs,
            metrics.train_loss,
            100.0 * metrics.train_accuracy,
            metrics.test_loss,
            100.0 * metrics.test_accuracy,
            metrics.seconds,
            metrics.images_per_second,
        ));
    }

    /// Removes the bar.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Says something on standard error from anywhere, the thread that answers Ctrl-C included.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
