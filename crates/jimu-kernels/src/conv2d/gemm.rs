pub(super) use super::direct::*;
