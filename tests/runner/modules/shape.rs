//! Layers that only name dimensions anew.

use jimu::nn::Flatten;

use super::{Build, Layer};

pub(super) fn find(name: &str) -> Option<Build> {
    Some(match name {
        "Flatten" => |a| Layer::of_input(Flatten::new().start_dim(a.or("start_dim", 1)?).end_dim(a.or("end_dim", -1)?)),
        _ => return None,
    })
}
