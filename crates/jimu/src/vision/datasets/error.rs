use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::name::DatasetName;

/// Why a file is not what its format asks for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file is shorter than its header, or its format, says.
    #[error("it ends after {found} bytes, where {expected} were expected: the file is truncated")]
    Truncated {
        /// Bytes that the file should have.
        expected: u64,
        /// Bytes that it has.
        found: u64,
    },
    /// The file is longer than its header says.
    #[error("more bytes follow the {expected} that its header promises")]
    TrailingBytes {
        /// Bytes that the file should have.
        expected: u64,
    },
    /// The first four bytes are not those of the kind of IDX file that is asked for.
    #[error("it starts with {found:#010x}, but an IDX file of {kind} starts with {expected:#010x}")]
    WrongMagic {
        /// "images" or "labels".
        kind: &'static str,
        /// The number that should be there.
        expected: u32,
        /// The number that is there.
        found: u32,
    },
    /// Images of no pixels, of too many, or of two sizes in one set.
    #[error("{0}")]
    WrongSize(String),
    /// A label outside the classes.
    #[error("label {index} is {label}, but there are {classes} classes, so labels go from 0 to {}", classes - 1)]
    LabelOutOfRange {
        /// Which image.
        index: usize,
        /// Its label.
        label: i64,
        /// How many classes there are.
        classes: usize,
    },
    /// As many labels as images are needed.
    #[error("there are {labels} labels, but {images} images in {images_path}")]
    CountsDiffer {
        /// How many images.
        images: usize,
        /// How many labels.
        labels: usize,
        /// Where the images are.
        images_path: String,
    },
    /// The set has no image at all.
    #[error("it holds no images")]
    Empty,
    /// The gzip stream is broken.
    #[error("its gzip data is damaged: {0}")]
    Gzip(#[source] io::Error),
    /// A CIFAR-10 batch is not made of whole records.
    #[error("its {found} bytes are not a whole number of {record}-byte records (a label and 3x32x32 pixels)")]
    PartialRecord {
        /// Bytes in the file.
        found: u64,
        /// Bytes in a record.
        record: usize,
    },
    /// The Python pickle is broken, or is not a batch of CIFAR-10.
    #[error("it is not a CIFAR-10 batch pickled by Python: {0}")]
    Pickle(String),
    /// The NumPy archive is broken, or is not MNIST as Keras keeps it.
    #[error("it is not the NumPy archive that Keras keeps MNIST in: {0}")]
    Npz(String),
}

/// Why a data set could not be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file is there, but its content is not what its format asks for.
    #[error("{}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// "read", "write", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The folder that the user named does not hold the set.
    #[error("{} holds no {name}\n{}", folder.display(), not_in_folder_help(*.name, .looked_for))]
    NotInFolder {
        /// The set that was asked for.
        name: DatasetName,
        /// The folder that the user named.
        folder: PathBuf,
        /// Where in it the set was looked for.
        looked_for: Vec<PathBuf>,
    },
    /// Some of a set's files are there, others are not.
    #[error("{} holds only a part of {name}: {} missing", folder.display(), is_or_are(missing))]
    Incomplete {
        /// The set that was asked for.
        name: DatasetName,
        /// The folder.
        folder: PathBuf,
        /// The files that it lacks.
        missing: Vec<String>,
    },
    /// The folder holds another known set, whose files have the same names.
    #[error("{} holds {found}, not {wanted}\n  help: name the folder of {wanted}, or ask for {found}", folder.display())]
    OtherSet {
        /// The set that was asked for.
        wanted: DatasetName,
        /// The set that is there.
        found: DatasetName,
        /// The folder.
        folder: PathBuf,
    },
    /// The files are well-formed, but are not the published ones.
    #[error("{} is not the published {name}: the MD5 checksum differs for {}", folder.display(), files.join(", "))]
    ChecksumMismatch {
        /// The set that was asked for.
        name: DatasetName,
        /// The folder, or the source.
        folder: PathBuf,
        /// The files whose content differs.
        files: Vec<String>,
    },
    /// No source has the set.
    #[error("{}", unavailable(*.name, .attempts))]
    Unavailable {
        /// The set that was asked for.
        name: DatasetName,
        /// Each source tried, in order.
        attempts: Vec<Attempt>,
    },
}

impl DatasetError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }

    pub(super) fn malformed(path: impl Into<PathBuf>, source: FormatError) -> Self {
        Self::Malformed { path: path.into(), source }
    }
}

/// A source that was tried, and why it did not give the data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// A folder, an address or a command.
    pub source: String,
    /// Why it failed.
    pub reason: String,
}

impl Attempt {
    pub(super) fn new(source: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { source: source.into(), reason: reason.to_string() }
    }
}

/// A name that is no data set's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no data set {name:?}: {}", unknown_help(*.nearest))]
pub struct UnknownDataset {
    /// What was asked for.
    pub name: String,
    /// The nearest known name, if there is one near enough.
    pub nearest: Option<DatasetName>,
}

fn unknown_help(nearest: Option<DatasetName>) -> String {
    let known = DatasetName::all().map(DatasetName::as_str).join(", ");
    let suggestion = nearest.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
    format!("{suggestion}(known: {known})")
}

fn is_or_are(missing: &[String]) -> String {
    format!("{} {}", missing.join(", "), if missing.len() == 1 { "is" } else { "are" })
}

fn files_of(name: DatasetName) -> &'static str {
    match name {
        DatasetName::Cifar10 => {
            "data_batch_1.bin to data_batch_5.bin and test_batch.bin (or Python's batches, without .bin)"
        }
        _ => {
            "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte \
              (plain or .gz)"
        }
    }
}

fn not_in_folder_help(name: DatasetName, looked_for: &[PathBuf]) -> String {
    let mut lines = format!("  help: its files are {}\n  looked in:", files_of(name));
    for folder in looked_for {
        lines += &format!("\n    {}", folder.display());
    }
    lines
}

fn unavailable(name: DatasetName, attempts: &[Attempt]) -> String {
    let mut lines = format!("{name} could not be found or fetched. Tried, in this order:");
    for Attempt { source, reason } in attempts {
        lines += &format!("\n  {source}: {}", reason.replace('\n', "\n    "));
    }
    lines += &format!(
        "\n  help: put its files ({}) into a folder, and name that folder with --data-dir or JIMU_DATA;\
         \n        or go online, or install npm, and try again (what was downloaded so far is kept);\
         \n        or use fashion-mini, which is built in",
        files_of(name)
    );
    lines
}
