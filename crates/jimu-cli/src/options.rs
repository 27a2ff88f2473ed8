//! Values of options that several commands have, and what is said about bad ones.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use jimu::vision::datasets::{DatasetName, UnknownDataset};
use jimu::vision::models;

/// The option `--threads` of every command that computes.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Threads {
    /// How many threads work [default: as many as the machine has]
    #[arg(long, value_name = "N", value_parser = at_least_1)]
    threads: Option<usize>,
}

impl Threads {
    /// Lets so many threads work from now on.
    pub fn apply(self) {
        if let Some(threads) = self.threads {
            jimu::set_num_threads(threads);
        }
    }
}

pub fn dataset(text: &str) -> Result<DatasetName, UnknownDataset> {
    text.parse()
}

/// The models' names; clap lists them, and suggests the nearest to a name that is none.
pub fn model() -> impl TypedValueParser<Value = String> {
    PossibleValuesParser::new(models::NAMES)
}

pub fn at_least_1(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&number| number > 0).ok_or_else(|| "a whole number from 1 is needed".to_owned())
}

pub fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "a number from 0 is needed".to_owned())
}
