//! Holds jimu against golden cases from PyTorch: see `conformance/FORMAT.md`.
//!
//! `cargo test --release --test conformance` runs all cases; `-- nn.Conv2d` only those whose id contains `nn.Conv2d`. Then it
//! runs them again with each lesser instruction set that the machine has, in a process of its own, as the choice is made
//! once. The environment can change three things:
//! - `JIMU_CONFORMANCE`: the folder of the cases; by default the copy beside this file.
//! - `JIMU_CONFORMANCE_LAYOUTS=0`: leaves out the repetition of each case with its tensors in other memory layouts. The
//!   lesser instruction sets are always without it.
//! - `JIMU_SIMD`: an instruction set; only this one is tested.
#![forbid(unsafe_code)]

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use jimu_kernels::simd;
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
    let lesser_passed = match env::var_os("JIMU_SIMD") {
        Some(_) => true,
        None => lesser_instruction_sets()?,
    };
    Ok(report.failed == 0 && lesser_passed)
}

/// Runs this program again with each instruction set but the best; whether no case failed.
fn lesser_instruction_sets() -> Result<bool> {
    let mut passed = true;
    for name in &simd::names()[1..] {
        println!("with JIMU_SIMD={name}:");
        let mut again = Command::new(env::current_exe()?);
        again.args(env::args_os().skip(1)).env("JIMU_SIMD", name).env("JIMU_CONFORMANCE_LAYOUTS", "0");
        passed &= again.status().with_context(|| format!("starting the run with {name}"))?.success();
    }
    Ok(passed)
}

/// Whether libtest would run a test named `id`.
fn wanted(arguments: &Arguments, id: &str) -> bool {
    let matches = |filter: &String| if arguments.exact { id == filter } else { id.contains(filter.as_str()) };
    arguments.filter.iter().all(matches) && !arguments.skip.iter().any(matches)
}
