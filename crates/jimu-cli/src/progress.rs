//! What the user sees while a data set is fetched.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressStyle};
use jimu::vision::datasets::Progress;

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
