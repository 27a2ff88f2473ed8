//! Networks for images.
//!
//! | name | what | parameters for 28x28 grey images, 10 classes |
//! |---|---|---|
//! | `lenet` | [`LeNet`]: the course's, without padding | 44,426 |
//! | `lenet5` | [`LeNet::lenet5`]: 400 features after the convolutions | 61,706 |
//! | `mlp` | [`Mlp`]: three linear layers | 535,818 |

mod lenet;
mod mlp;

pub use lenet::LeNet;
pub use mlp::Mlp;

use crate::nn::Block;

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 3] = ["lenet", "lenet5", "mlp"];

/// Why a network cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No network has this name.
    #[error("there is no model {name:?}{}\n  help: choose one of {}", did_you_mean(name), NAMES.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
    },
    /// The network does not fit the images.
    #[error("{model} cannot take images of {height}x{width}: {reason}")]
    Size {
        /// The network.
        model: &'static str,
        /// Rows of the images.
        height: usize,
        /// Columns of the images.
        width: usize,
        /// What it needs.
        reason: &'static str,
    },
}

fn did_you_mean(name: &str) -> String {
    let closest = NAMES.iter().max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)));
    match closest {
        Some(close) if strsim::jaro(name, close) > 0.7 => format!(" (did you mean {close:?}?)"),
        _ => String::new(),
    }
}

/// The network called `name`, with random weights, for images [channels, height, width] of `classes` classes.
///
/// # Errors
/// If no network has the name, or it does not fit the images.
///
/// # Examples
/// ```
/// use jimu::{Tensor, nn::Forward, vision::models};
/// let model = models::by_name("lenet5", 3, 32, 32, 10)?;
/// assert_eq!(model.forward(&Tensor::zeros([2, 3, 32, 32])).size(), [2, 10]);
/// assert!(models::by_name("lenet7", 1, 28, 28, 10).err().unwrap().to_string().contains("did you mean"));
/// # Ok::<(), models::ModelError>(())
/// ```
pub fn by_name(
    name: &str,
    channels: usize,
    height: usize,
    width: usize,
    classes: usize,
) -> Result<Box<dyn Block>, ModelError> {
    Ok(match name {
        "lenet" => Box::new(LeNet::for_images(channels, height, width, classes)?),
        "lenet5" => Box::new(LeNet::lenet5(channels, height, width, classes)?),
        "mlp" => Box::new(Mlp::new(channels * height * width, classes)),
        _ => return Err(ModelError::Unknown { name: name.to_owned() }),
    })
}
