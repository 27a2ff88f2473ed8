//! `jimu eval`: a saved model against the test images of a data set.

use std::path::PathBuf;

use jimu::train::{checkpoint, evaluate};
use jimu::vision::datasets::DatasetName;
use jimu::vision::models;

use crate::failure::Failure;
use crate::{images, report};

/// What can be asked of `jimu eval`.
#[derive(clap::Args)]
pub struct Args {
    /// The run folder or model file
    model: PathBuf,
    /// The images [default: those that the model was trained on]
    #[arg(long)]
    dataset: Option<String>,
    /// The folder of the images
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Threads that compute [default: one a core]
    #[arg(long)]
    threads: Option<usize>,
}

/// Runs `jimu eval`.
pub fn run(args: &Args) -> Result<(), Failure> {
    if let Some(threads) = args.threads {
        jimu::set_num_threads(threads.max(1));
    }
    let file = checkpoint::load(&args.model)?;
    let model = models::by_name(&file.model, file.channels, file.height, file.width, file.classes.len())?;
    model.load_state_dict(&file.state)?;
    let name: DatasetName = args.dataset.as_ref().unwrap_or(&file.dataset).parse().map_err(Failure::usage)?;
    let data = images::load(name, args.data_dir.clone(), false)?.test;
    let (own, given) = ([file.channels, file.height, file.width], [data.channels, data.height, data.width]);
    if own != given || data.classes.len() != file.classes.len() {
        return Err(Failure::new(format!(
            "the model takes images of {own:?} (channels, height, width) in {} classes, but {name} has {given:?} in {}",
            file.classes.len(),
            data.classes.len()
        )));
    }
    let evaluation = evaluate(&*model, &images::test_loader(&data, &file.normalization));
    println!(
        "{}\nby class:\n{}",
        report::summary(&evaluation, &file.classes),
        report::by_class(&evaluation, &file.classes)
    );
    Ok(())
}
