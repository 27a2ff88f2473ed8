//! The program as its users run it: the real binary, its files, messages and exit codes.
#![forbid(unsafe_code)]

mod data;
mod disk;
mod interrupt;
mod measure;
mod options;
mod predict;
mod preset;
mod support;
mod terminal;
mod train;
