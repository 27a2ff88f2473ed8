//! Files read by all threads: a set lies in fresh memory, and to make that ready takes longer than to copy the bytes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jimu_kernels::buffer::advise_huge_pages;
use jimu_kernels::threads::parallel_chunks_mut;

use super::error::DatasetError;

/// What a thread reads at a time: two huge pages.
const PIECE: usize = 4 << 20;

/// All bytes of a file.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, DatasetError> {
    read(path).map_err(|error| DatasetError::io("read", path, error))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    // Short ones, and those that do not know their length.
    if length <= PIECE {
        let mut bytes = Vec::with_capacity(length);
        file.read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let mut bytes = vec![0; length];
    advise_huge_pages(&bytes);
    let failed = Mutex::new(None);
    parallel_chunks_mut(&mut bytes, PIECE, |index, piece| {
        // Each piece through a file of its own, which has a position of its own.
        let mut read = || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start((index * PIECE) as u64))?;
            file.read_exact(piece)
        };
        if let Err(error) = read() {
            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_comes_to_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, PIECE, PIECE + 1, 3 * PIECE + 12_345] {
            let content: Vec<u8> = (0..length as u64).map(|i| (i * i / 1_000 % 251) as u8).collect();
            std::fs::write(&path, &content).unwrap();
            assert!(read_file(&path).unwrap() == content, "{length} bytes");
        }
        let error = read_file(&folder.path().join("none")).unwrap_err().to_string();
        assert!(error.contains("none"), "{error}");
    }
}
