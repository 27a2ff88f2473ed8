//! Padding.

mod circular;
mod constant;
mod reflection;
mod replication;
mod zero;

pub use circular::{CircularPad1d, CircularPad2d};
pub use constant::{ConstantPad1d, ConstantPad2d};
pub use reflection::{ReflectionPad1d, ReflectionPad2d};
pub use replication::{ReplicationPad1d, ReplicationPad2d};
pub use zero::{ZeroPad1d, ZeroPad2d};

use crate::error::{OrRaise, ShapeError};
use crate::ops::index::{PadMode, try_pad};
use crate::tensor::{Dims, Tensor};

/// A layer that pads the last one or two dimensions; `$value` is the field of its options, if it has one.
macro_rules! padding {
    ($(#[$doc:meta])* $layer:ident, $dimensions:literal $(, $value:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Module)]
        #[module(extra_repr)]
        pub struct $layer {
            #[module(skip)]
            padding: Dims,
            $($value: f64,)?
            label: Label,
        }

        impl $layer {
            /// By one number on all sides, or by one for each: left, right (and top, bottom). A negative one cuts off.
            ///
            /// # Panics
            /// If there are neither one number nor one for each side.
            #[track_caller]
            pub fn new(padding: impl Into<Dims> $(, $value: f64)?) -> Self {
                let padding = super::sides(stringify!($layer), padding.into(), 2 * $dimensions);
                Self { padding, $($value,)? label: Label::default() }
            }
        }
    };
}

use padding;

/// One number for each side.
#[track_caller]
fn sides(layer: &str, padding: Dims, count: usize) -> Dims {
    let sides = match *padding {
        [all] => Ok(Dims::from(vec![all; count])),
        ref sides if sides.len() == count => Ok(padding),
        ref sides => Err(ShapeError::new(layer, format!("{} numbers do not pad {count} sides", sides.len()))
            .help(format!("give one for all sides, or {count}"))),
    };
    sides.or_raise()
}

/// The sides as printed.
fn shown(padding: &Dims) -> String {
    let sides: Vec<String> = padding.iter().map(isize::to_string).collect();
    format!("({})", sides.join(", "))
}

/// `x` padded; in the modes that look at its elements it must be a signal or an image, with or without a batch.
#[track_caller]
fn padded(x: &Tensor, padding: &Dims, mode: PadMode, layer: impl Fn() -> String) -> Tensor {
    let dimensions = padding.len() / 2;
    let any_rank = matches!(mode, PadMode::Constant(_));
    let fits = any_rank || (dimensions + 1..=dimensions + 2).contains(&x.dim());
    let result = match fits {
        true => try_pad(x, padding, mode),
        false => {
            let sizes = if dimensions == 1 { "channels, length" } else { "channels, height, width" };
            let problem = format!("the input must have the shape [batch, {sizes}] or [{sizes}], but has {}", x.shape());
            Err(ShapeError::new("pad", problem).help("unsqueeze or reshape it"))
        }
    };
    result.map_err(|error| error.told_by(layer())).or_raise()
}
