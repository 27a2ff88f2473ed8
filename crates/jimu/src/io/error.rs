//! Trouble with files.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

/// Why tensors could not be loaded or saved; `E` tells what is wrong with a file's content.
///
/// ```
/// use jimu::io::{FileError, npy};
/// let error = npy::load("no/such.npy").unwrap_err();
/// assert!(matches!(error, FileError::Io { action: "read", .. }));
/// assert!(error.to_string().starts_with("cannot read no/such.npy: "));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError<E: Error + 'static> {
    /// The file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// "read" or "write".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could be read, but its content could not be understood.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Why.
        source: E,
    },
}

/// Reads a file and then its content.
pub(super) fn load<T, E: Error>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<T, FileError<E>> {
    let bytes =
        std::fs::read(path).map_err(|source| FileError::Io { action: "read", path: path.to_owned(), source })?;
    parse(&bytes).map_err(|source| FileError::Format { path: path.to_owned(), source })
}

/// Writes a file, which is replaced whole or not at all.
pub(super) fn save<E: Error>(path: &Path, content: &[u8]) -> Result<(), FileError<E>> {
    super::write_atomically(path, content).map_err(|source| FileError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    })
}
