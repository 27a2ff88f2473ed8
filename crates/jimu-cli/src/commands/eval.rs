//! `jimu eval`: a saved model against the test images of a data set.

use std::path::PathBuf;

use jimu::train::{checkpoint, evaluate};
use jimu::vision::datasets::DatasetName;

use crate::failure::{Failure, print_line};
use crate::options::{Threads, dataset};
use crate::{images, report};

/// What can be asked of `jimu eval`.
#[derive(clap::Args)]
pub struct Args {
    /// The run folder or model file
    #[arg(value_name = "RUN_FOLDER_OR_FILE")]
    model: PathBuf,
    /// The images [default: those that the model was trained on]
    #[arg(long, value_name = "NAME", value_parser = dataset)]
    dataset: Option<DatasetName>,
    /// Take the data from this folder
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
}

/// Runs `jimu eval`.
pub fn run(args: &Args) -> Result<(), Failure> {
    args.threads.apply();
    let file = checkpoint::load(&args.model)?;
    let model = images::rebuild(&file)?;
    let name = args.dataset.map_or_else(|| file.dataset.parse(), Ok)?;
    let data = images::load(name, args.data_dir.clone(), false)?.test;
    let (own, given) = ([file.channels, file.height, file.width], [data.channels, data.height, data.width]);
    if own != given || data.classes.len() != file.classes.len() {
        return Err(Failure::new(format!(
            "the model takes images of {own:?} (channels, height, width) in {} classes, but {name} has {given:?} in {}",
            file.classes.len(),
            data.classes.len()
        )));
    }
    let set = images::normalized(images::image_set(data), &file.normalization);
    let evaluation = evaluate(&*model, &images::test_loader(set));
    let (summary, by_class) =
        (report::summary(&evaluation, &file.classes), report::by_class(&evaluation, &file.classes));
    print_line(format_args!("{summary}\nby class:\n{by_class}"))
}
