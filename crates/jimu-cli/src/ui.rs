//! What a training shows: a progress bar on a terminal, plain lines elsewhere, nothing when asked to be quiet.

use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jimu::train::{ConfusionMatrix, EpochMetrics, Step};

const TEMPLATE: &str = "{prefix} {wide_bar} {pos}/{len} {msg} {eta} left";
const WORST_PAIRS: usize = 5;

/// Shows how a training goes.
pub struct Ui {
    bar: Option<ProgressBar>,
    quiet: bool,
    epochs: usize,
}

impl Ui {
    pub fn new(quiet: bool, epochs: usize) -> Self {
        let bar = (!quiet && io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.with_style(style)
        });
        Self { bar, quiet, epochs }
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
        if step.step == 1 {
            bar.reset();
            bar.set_length(step.steps as u64);
            bar.set_prefix(format!("epoch {}/{}", step.epoch, self.epochs));
        }
        bar.set_position(step.step as u64);
        let rate = step.samples as f64 / bar.elapsed().as_secs_f64().max(1e-3);
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

    /// The test's accuracy, and the pairs of classes that are mixed up most.
    pub fn summary(&self, confusion: &ConfusionMatrix, classes: &[String]) {
        let (right, all) = (confusion.correct(), confusion.total());
        self.line(&format!("test accuracy {:.2} % ({right} of {all})", 100.0 * confusion.accuracy()));
        let worst = confusion.worst(WORST_PAIRS);
        if !worst.is_empty() {
            self.line("most often mixed up:");
        }
        for pair in worst {
            let (actual, predicted) = (&classes[pair.actual], &classes[pair.predicted]);
            self.line(&format!("  {:>5} x {actual} taken for {predicted}", pair.count));
        }
    }
}
