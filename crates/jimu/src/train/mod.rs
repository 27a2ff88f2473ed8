//! Training and testing classifiers: the loop around model, loss and optimiser.
//!
//! ```
//! use jimu::data::{DataLoader, ImageSet};
//! use jimu::nn::{Flatten, Linear, Module, Sequential};
//! use jimu::optim::Sgd;
//! use jimu::train::Trainer;
//!
//! // Dark images are of class 0, bright ones of class 1.
//! let images = (0..64).flat_map(|i| [if i % 2 == 0 { 10 } else { 240 }; 4]).collect();
//! let set = ImageSet::new(images, [1, 2, 2], (0..64).map(|i| i % 2).collect());
//! let model = Sequential::new().add(Flatten::new()).add(Linear::new(4, 2));
//! let mut optimizer = Sgd::new(model.parameters(), 0.5);
//! let (train, test) = (DataLoader::new(set.clone(), 8).shuffle(true), DataLoader::new(set, 32));
//! let outcome = Trainer::new(&model, &mut optimizer).epochs(10).fit(&train, &test)?;
//! assert_eq!(outcome.epochs.last().unwrap().test_accuracy, 1.0);
//! # Ok::<(), jimu::train::Diverged>(())
//! ```
//!
//! ```text
//! trainer.rs    the epochs: step after step, the scheduler's steps, who may interrupt
//! evaluate.rs   a pass without gradients
//! metrics.rs    loss and accuracy, the confusion matrix
//! shards.rs     a step or a prediction of a small network, each thread with a part of the batch
//! appearance.rs how images look, so that a picture of something else can be told
//! checkpoint.rs the model as a file
//! ```

mod appearance;
pub mod checkpoint;
mod evaluate;
mod metrics;
mod shards;
mod trainer;

pub use appearance::{Appearance, Oddity, Range};
pub use evaluate::{Evaluation, evaluate};
pub use metrics::{Confusion, ConfusionMatrix, EpochMetrics};
pub use shards::{backward_in_shards, forward_in_shards, suits_shards};
pub use trainer::{Diverged, EpochEnd, Every, Outcome, Step, Trainer};
