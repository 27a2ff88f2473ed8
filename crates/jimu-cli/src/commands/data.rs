//! `jimu data`: where the data sets lie, and whether they are what was published.

use std::path::PathBuf;

use clap::Subcommand;
use jimu::vision::datasets::{DatasetName, Locator, Verdict};

use crate::failure::Failure;

/// What can be asked of `jimu data`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    /// The folder of the images
    #[arg(long, global = true)]
    data_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// Say where each data set lies
    List,
    /// Fetch data sets into the cache, unless they are there
    Fetch {
        /// mnist, fashion-mnist, cifar-10
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Compare what is there with the published checksums
    Verify {
        /// The data sets [default: all]
        names: Vec<String>,
    },
}

/// Runs `jimu data`.
pub fn run(args: &Args) -> Result<(), Failure> {
    let locator = Locator::new().data_dir(args.data_dir.clone()).on_progress(crate::progress::fetching());
    match &args.action {
        Action::List => list(&locator),
        Action::Fetch { names } => fetch(&locator, &parse(names)?),
        Action::Verify { names } => verify(&locator, &parse(names)?),
    }
}

fn parse(names: &[String]) -> Result<Vec<DatasetName>, Failure> {
    if names.is_empty() {
        return Ok(DatasetName::all().to_vec());
    }
    names.iter().map(|name| name.parse().map_err(Failure::usage)).collect()
}

fn list(locator: &Locator) -> Result<(), Failure> {
    for name in DatasetName::all() {
        let places = locator.locate(name);
        if places.is_empty() {
            println!("{name}: not on this machine (jimu data fetch {name})");
        }
        for place in places {
            let state = if place.missing.is_empty() { String::new() } else { format!(", without {}", place.missing.join(", ")) };
            println!("{name}: {}{state}", place.path.display());
        }
    }
    Ok(())
}

fn fetch(locator: &Locator, names: &[DatasetName]) -> Result<(), Failure> {
    for &name in names {
        println!("{name}: {}", locator.fetch(name)?.display());
    }
    Ok(())
}

fn verify(locator: &Locator, names: &[DatasetName]) -> Result<(), Failure> {
    let mut broken = 0;
    for &name in names {
        for (place, verdict) in locator.verify(name) {
            let words = match verdict {
                Verdict::Published => "as published".to_owned(),
                Verdict::Differs(files) => format!("well-formed, but not as published: {}", files.join(", ")),
                Verdict::Broken(error) => {
                    broken += 1;
                    format!("broken: {error}")
                }
                other => format!("{other:?}"),
            };
            println!("{name}: {}: {words}", place.path.display());
        }
    }
    match broken {
        0 => Ok(()),
        _ => Err(Failure::new(format!("{broken} of the places found are broken"))),
    }
}
