//! Layers that only name dimensions anew.

use jimu::Dims;
use jimu::nn::{Flatten, Unflatten};

use super::{Build, Layer};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "Flatten" => |a| Layer::of_input(Flatten::new().start_dim(a.or("start_dim", 1)?).end_dim(a.or("end_dim", -1)?)),
        "Unflatten" => |a| Layer::of_input(Unflatten::new(a.take("dim")?, a.take::<Dims>("unflattened_size")?)),
        _ => return None,
    })
}
