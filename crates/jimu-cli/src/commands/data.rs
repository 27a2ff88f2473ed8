//! `jimu data`: list, fetch and verify data sets.

use std::path::PathBuf;

use clap::Subcommand;
use jimu::vision::datasets::{DatasetName, Location, Locator, Verdict};

use crate::failure::{Failure, print_line};
use crate::options::dataset;

/// The options of `jimu data`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// Look for data sets in this folder as well
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// Show which data sets lie on this machine, and where
    List,
    /// Put data sets into the cache
    Fetch {
        /// Which: mnist, fashion-mnist, cifar-10
        #[arg(required = true, value_name = "DATASET", value_parser = dataset)]
        names: Vec<DatasetName>,
    },
    /// Compare the data sets on this machine with their published checksums
    Verify {
        /// Which; by default all
        #[arg(value_name = "DATASET", value_parser = dataset)]
        names: Vec<DatasetName>,
    },
}

/// Does what is asked for.
pub fn run(args: &Args) -> Result<(), Failure> {
    let locator = Locator::new().data_dir(args.data_dir.clone());
    match &args.action {
        Action::List => list(&locator),
        Action::Fetch { names } => fetch(locator, names),
        Action::Verify { names } if names.is_empty() => verify(&locator, &DatasetName::all()),
        Action::Verify { names } => verify(&locator, names),
    }
}

fn list(locator: &Locator) -> Result<(), Failure> {
    for name in DatasetName::all() {
        let found = locator.locate(name);
        if found.is_empty() {
            print_line(format_args!("{name:<14} not on this machine: `jimu data fetch {name}` gets it"))?;
        }
        for location in found {
            print_line(format_args!("{name:<14} {}", describe(&location)))?;
        }
    }
    Ok(())
}

fn describe(location: &Location) -> String {
    let Location { kind, path, layout, missing, .. } = location;
    let incomplete = match missing.is_empty() {
        true => String::new(),
        false => format!(", incomplete: {} missing", missing.join(", ")),
    };
    format!("{kind}: {} ({layout}{incomplete})", path.display())
}

fn fetch(locator: Locator, names: &[DatasetName]) -> Result<(), Failure> {
    let locator = locator.on_progress(crate::progress::fetching());
    for &name in names {
        print_line(format_args!("{name}: {}", locator.fetch(name)?.display()))?;
    }
    Ok(())
}

fn verify(locator: &Locator, names: &[DatasetName]) -> Result<(), Failure> {
    let mut bad = 0;
    for &name in names {
        let found = locator.verify(name);
        if found.is_empty() {
            print_line(format_args!("{name}: not on this machine"))?;
        }
        for (location, verdict) in found {
            bad += usize::from(!matches!(verdict, Verdict::Published));
            print_line(format_args!("{name}: {}: {}", describe(&location), tell(&verdict)))?;
        }
    }
    match bad {
        0 => Ok(()),
        _ => Err(Failure::new(format_args!("{bad} of the copies are not the published data sets"))),
    }
}

fn tell(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Published => "as published".to_owned(),
        Verdict::Differs(files) => format!("not as published: {} differ", files.join(", ")),
        Verdict::Broken(error) => format!("broken: {error}"),
        _ => "not understood".to_owned(),
    }
}
