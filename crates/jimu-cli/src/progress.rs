//! What the user sees while something takes its time: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jimu::train::{EpochMetrics, Step};
use jimu::vision::datasets::Progress;

/// Shows the steps of a training.
pub struct TrainingProgress {
    bar: Option<ProgressBar>,
    quiet: bool,
    epochs: usize,
}

impl TrainingProgress {
    /// For a training of so many epochs; silent if `quiet`.
    pub fn new(epochs: usize, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{prefix} {bar:28} {pos}/{len} {msg} eta {eta}")
                .expect("the template is well-formed");
            let bar = ProgressBar::new(0).with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, quiet, epochs }
    }

    /// After a step.
    pub fn step(&self, step: &Step, images_per_second: f64) {
        let Some(bar) = &self.bar else { return };
        bar.set_prefix(format!("epoch {}/{}", step.epoch, self.epochs));
        bar.set_length(step.steps as u64);
        bar.set_position(step.step as u64);
        let accuracy = 100.0 * step.accuracy;
        bar.set_message(format!("loss {:.4} accuracy {accuracy:.2} % {images_per_second:.0} images/s", step.loss));
    }

    /// After an epoch and its test.
    pub fn epoch(&self, metrics: &EpochMetrics) {
        if self.quiet {
            return;
        }
        let line = format!(
            "epoch {}/{}: train loss {:.4} accuracy {:.2} %, test loss {:.4} accuracy {:.2} %, {:.1} s, {:.0} images/s",
            metrics.epoch,
            self.epochs,
            metrics.train_loss,
            100.0 * metrics.train_accuracy,
            metrics.test_loss,
            100.0 * metrics.test_accuracy,
            metrics.seconds,
            metrics.images_per_second
        );
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Tells on standard error what is fetched: a bar of bytes on a terminal, a line a source elsewhere.
pub fn fetching() -> impl Fn(Progress<'_>) + Send + Sync + 'static {
    let bar: Mutex<Option<ProgressBar>> = Mutex::new(None);
    move |progress| {
        let mut bar = bar.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match progress {
            Progress::Received { done, total, .. } if std::io::stderr().is_terminal() => {
                let bar = bar.get_or_insert_with(|| ProgressBar::new(0).with_style(bytes_style()));
                bar.set_length(total.unwrap_or(done));
                bar.set_position(done);
            }
            Progress::Received { .. } => {}
            Progress::Trying { source } => {
                bar.take().inspect(ProgressBar::finish_and_clear);
                eprintln!("fetching from {source}");
            }
            Progress::Failed { source, reason } => eprintln!("  {source}: {reason}"),
            Progress::Waiting { lock } => eprintln!("waiting for another process ({})", lock.display()),
            other => eprintln!("{other:?}"),
        }
    }
}

fn bytes_style() -> ProgressStyle {
    ProgressStyle::with_template("  {bar:28} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}")
        .expect("the template is well-formed")
}
