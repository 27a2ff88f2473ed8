//! `jimu summary`: a model's layers, shapes and costs, without running it.

use std::path::Path;

use jimu::nn::{Block, summary};
use jimu::train::checkpoint;
use jimu::vision::models;
use jimu::{Device, Shape};

use crate::failure::{Failure, print_line};

/// What can be asked of `jimu summary`.
#[derive(clap::Args)]
pub struct Args {
    /// A model's name, or a run folder or model file
    #[arg(required_unless_present = "list")]
    model: Option<String>,
    /// The input's shape: batch, channels, height, width [default: one image of those that the model is made for]
    #[arg(long, value_name = "N,C,H,W", value_delimiter = ',')]
    input: Vec<usize>,
    /// Classes that the model tells apart [default: as many as it is made for]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    classes: Option<u32>,
    /// As in use rather than in training: no dropout, batch normalisation by its running statistics
    #[arg(long)]
    eval: bool,
    /// List the models' names
    #[arg(long, exclusive = true)]
    list: bool,
}

/// Runs `jimu summary`.
pub fn run(args: &Args) -> Result<(), Failure> {
    let Some(name) = args.model.as_ref().filter(|_| !args.list) else {
        for model in models::all() {
            print_line(format_args!("{:<14} {}", model.name, model.about))?;
        }
        return Ok(());
    };
    let (model, image) = Device::Meta.with(|| build(name, args))?;
    if args.eval {
        model.eval();
    }
    let input = match args.input.is_empty() {
        true => Shape::from([1, image[0], image[1], image[2]]),
        false => Shape::from(args.input.as_slice()),
    };
    print_line(summary(&*model, input)?)
}

/// The model, and the channels, height and width of its images.
fn build(name: &str, args: &Args) -> Result<(Box<dyn Block>, [usize; 3]), Failure> {
    if Path::new(name).exists() {
        if args.classes.is_some() {
            return Err(Failure::usage("a saved model has its classes: leave --classes out"));
        }
        let file = checkpoint::load(name)?;
        let model = models::by_name(&file.model, file.channels, file.height, file.width, file.classes.len())?;
        return Ok((model, [file.channels, file.height, file.width]));
    }
    let info = models::info(name).map_err(Failure::usage)?;
    let image = match *args.input {
        [] => info.input,
        [_, channels, height, width] => [channels, height, width],
        _ => {
            let message = format!("{name} takes images: --input needs batch, channels, height and width");
            return Err(Failure::usage(format!(
                "{message}, such as 1,{},{},{}",
                info.input[0], info.input[1], info.input[2]
            )));
        }
    };
    let classes = args.classes.map_or(info.classes, |classes| classes as usize);
    let model = models::by_name(name, image[0], image[1], image[2], classes).map_err(Failure::usage)?;
    Ok((model, image))
}
