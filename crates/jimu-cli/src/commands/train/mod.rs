//! `jimu train`.

mod args;
mod preset;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use args::Args;
use clap::ArgMatches;
use session::Session;

use crate::failure::{Failure, INTERRUPTED};
use crate::run_folder::RunFolder;
use crate::ui::Ui;

/// Runs `jimu train`; `matches` tell which options were given.
pub fn run(asked: Args, matches: &ArgMatches) -> Result<(), Failure> {
    let asked = asked.with_preset(matches);
    let earlier = asked.resume.as_deref().map(RunFolder::open).transpose()?;
    let args = match &earlier {
        Some(folder) => asked.resumed(folder.config()?),
        None => asked,
    };
    jimu::manual_seed(args.seed);
    if let Some(threads) = args.threads {
        jimu::set_num_threads(threads);
    }
    let ui = Ui::new(args.quiet, args.epochs);
    let session = match earlier {
        Some(folder) => Session::resume(args, folder, &ui)?,
        None => Session::begin(args, &ui)?,
    };
    let stop = stop_on_ctrl_c()?;
    let ended = session.train(&ui, &stop);
    ui.finish();
    ended.and_then(|outcome| session.conclude(outcome, &ui))
}

/// Becomes true at the first Ctrl-C; the second one ends the program at once.
fn stop_on_ctrl_c() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            // Files are replaced whole or not at all, so there is nothing to wait for.
            std::process::exit(INTERRUPTED.into());
        }
        crate::ui::note("\nstopping after this step; Ctrl-C again stops at once, without saving it");
    })?;
    Ok(stop)
}
