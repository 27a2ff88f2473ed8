//! Holds jimu against golden cases from PyTorch: see `conformance/FORMAT.md`.
//!
//! `cargo test --release --test conformance` runs all cases; `-- nn.Conv2d` only those whose id contains `nn.Conv2d`.
//! The environment can change two things:
//! - `JIMU_CONFORMANCE`: the folder of the cases; by default the copy beside this file.
//! - `JIMU_CONFORMANCE_LAYOUTS=0`: leaves out the repetition of each case with its tensors in other memory layouts.
#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use jimu_tests::runner::layouts::Layout;
use jimu_tests::runner::{panics, report};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    match run(&Arguments::from_args()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("conformance: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no case failed.
fn run(arguments: &Arguments) -> Result<bool> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance");
    let folder = env::var_os("JIMU_CONFORMANCE").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let wanted = |id: &str| wanted(arguments, id);
    if arguments.list {
        // None is ignored, so a list of the ignored ones is empty.
        let ids = if arguments.ignored { Vec::new() } else { report::list(&folder, wanted)? };
        ids.iter().for_each(|id| println!("{id}: test"));
        return Ok(true);
    }
    let layouts = match env::var("JIMU_CONFORMANCE_LAYOUTS") {
        Ok(off) if off == "0" => &[],
        _ => Layout::OTHERS.as_slice(),
    };
    panics::silence();
    let report = report::run(&folder, wanted, layouts, &mut io::stdout().lock())?;
    Ok(report.failed == 0)
}

/// Whether libtest would run a test named `id`.
fn wanted(arguments: &Arguments, id: &str) -> bool {
    let matches = |filter: &String| if arguments.exact { id == filter } else { id.contains(filter.as_str()) };
    arguments.filter.iter().all(matches) && !arguments.skip.iter().any(matches)
}
