//! `jimu predict`: what a saved model takes pictures for.

use std::path::{Path, PathBuf};

use jimu::data::{Dataset, ImageSet};
use jimu::nn::{Block, Module};
use jimu::no_grad;
use jimu::train::checkpoint::{self, ModelFile};
use serde::Serialize;

use crate::failure::{Failure, print_line};
use crate::images;
use crate::options::{Threads, at_least_1};
use crate::picture::{Fitted, Picture};

/// Tell what a saved model takes pictures for
///
/// A picture is turned as its camera says and brought into the model's size with its aspect kept; for grey models it is
/// made grey. If the training images show things on a plain background, as MNIST's digits do, and the picture has one, too,
/// then it is inverted where one of the two is light and the other dark, and what stands out is cropped, scaled and
/// centred as in the training images. A picture that has the model's size already is not moved. What was done is told.
///
/// A warning says when a picture looks nothing like the training images. Four things are measured and compared with the
/// limits that the training has left in the model's file: the mean brightness, the contrast and the roughness (the mean
/// difference of neighbouring pixels), each against the range of all but 1 in 500 training images, widened by 5 %; and
/// the log-sum-exp of the model's outputs, which is low where the model has learnt nothing (Liu et al., 2020, "Energy-based
/// out-of-distribution detection"), against the value that 1 in 100 test images stays below. So about 1 in 50 pictures of the
/// right kind is warned of, too.
#[derive(clap::Args)]
pub struct Args {
    /// PNG or JPEG pictures, of any size
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,
    /// The folder that `jimu train` has made, or the model's file
    #[arg(long, value_name = "RUN_FOLDER_OR_FILE")]
    model: PathBuf,
    /// How many classes to show for each picture
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_1)]
    top: usize,
    /// Print a JSON object a line and picture
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    threads: Threads,
}

/// What the model says of one picture.
#[derive(Serialize)]
struct Prediction<'a> {
    image: String,
    /// The likeliest first.
    classes: Vec<Likelihood<'a>>,
    /// What was done to the picture.
    steps: Vec<String>,
    /// In what it is unlike the training images; empty if in nothing.
    unlike_training: Vec<String>,
}

#[derive(Serialize)]
struct Likelihood<'a> {
    class: &'a str,
    probability: f64,
}

/// Runs `jimu predict`. A picture that cannot be read does not keep the others from being looked at.
pub fn run(args: &Args) -> Result<(), Failure> {
    args.threads.apply();
    let file = checkpoint::load(&args.model)?;
    let model = images::rebuild(&file)?;
    model.eval();
    let mut failed = 0;
    for path in &args.images {
        match Picture::open(path, file.channels) {
            Ok(picture) => {
                let prediction = predict(path, picture.fit(&file), &*model, &file, args.top);
                let text = if args.json { serde_json::to_string(&prediction)? } else { describe(&prediction, &file) };
                print_line(text)?;
            }
            Err(failure) if args.images.len() == 1 => return Err(failure),
            Err(failure) => {
                failure.report();
                failed += 1;
            }
        }
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(format_args!("{failed} of {} pictures could not be read", args.images.len()))),
    }
}

fn predict<'a>(path: &Path, fitted: Fitted, model: &dyn Block, file: &'a ModelFile, top: usize) -> Prediction<'a> {
    let size = [file.channels, file.height, file.width];
    let pixels: Vec<f32> = fitted.bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let set = images::normalized(ImageSet::new(fitted.bytes, size, vec![0]), &file.normalization);
    let (x, _) = set.batch(&[0]);
    let logits = no_grad(|| model.forward(&x));
    let score = logits.logsumexp(1, false).item() as f32;
    let probabilities = logits.softmax(1).to_vec::<f32>();
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
    let likelihood =
        |&class: &usize| Likelihood { class: &file.classes[class], probability: f64::from(probabilities[class]) };
    let looks = file.appearance.iter().flat_map(|look| look.oddities(&pixels, size)).map(|oddity| oddity.to_string());
    let lowest = file.lowest_score.filter(|&lowest| score < lowest);
    let weak = lowest.map(|lowest| {
        format!("the model finds less in it than in 99 of 100 test images (score {score:.2}, theirs from {lowest:.2})")
    });
    Prediction {
        image: path.display().to_string(),
        classes: order.iter().take(top).map(likelihood).collect(),
        steps: fitted.steps,
        unlike_training: looks.chain(weak).collect(),
    }
}

fn describe(prediction: &Prediction<'_>, file: &ModelFile) -> String {
    let mut text = format!("{}: {}", prediction.image, prediction.classes[0].class);
    for Likelihood { class, probability } in &prediction.classes {
        text += &format!("\n  {:6.2} %  {class}", 100.0 * probability);
    }
    if !prediction.steps.is_empty() {
        text += &format!("\n  the picture was {}", prediction.steps.join("; "));
    }
    if !prediction.unlike_training.is_empty() {
        text += &format!("\n  warning: this looks nothing like the training images ({}):", file.dataset);
        prediction.unlike_training.iter().for_each(|reason| text += &format!("\n    {reason}"));
    }
    text
}
