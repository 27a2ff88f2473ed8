//! jimu's own folder of data sets: `CACHE/datasets/NAME`.
//!
//! A set enters it whole or not at all: it is written beside its place, and renamed once it is complete. Writers hold a
//! lock file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::checksums;
use super::error::DatasetError;
use super::layout::Splits;
use super::name::DatasetName;
use super::places::{cached_folder, datasets_folder};
use super::progress::{Progress, Reporter};

/// The place of one set in the cache.
#[derive(Clone, Debug)]
pub(super) struct CacheSlot {
    name: DatasetName,
    datasets: PathBuf,
}

impl CacheSlot {
    pub(super) fn new(cache: &Path, name: DatasetName) -> Self {
        Self { name, datasets: datasets_folder(cache) }
    }

    /// Where the set lies once it is there.
    pub(super) fn folder(&self) -> PathBuf {
        self.datasets.join(cached_folder(self.name))
    }

    /// A hidden neighbour of that folder, on the same file system, so that a rename is atomic.
    fn beside(&self, purpose: &str) -> PathBuf {
        self.datasets.join(format!(".{}.{purpose}", self.name))
    }

    /// Where interrupted downloads wait to be resumed.
    pub(super) fn downloads(&self) -> PathBuf {
        self.beside("downloads")
    }

    /// Waits until no other process fetches this set. The lock ends when the file is dropped, or its process ends.
    pub(super) fn lock(&self, reporter: &Reporter) -> Result<File, DatasetError> {
        let path = self.beside("lock");
        let failed = |error| DatasetError::io("lock", &path, error);
        fs::create_dir_all(&self.datasets).map_err(|error| DatasetError::io("create", &self.datasets, error))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                reporter.report(Progress::Waiting { lock: &path });
                file.lock().map_err(failed)?;
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(file)
    }

    /// Writes the set's files and puts them in place at once. The caller holds the lock.
    pub(super) fn install(&self, splits: &Splits) -> Result<(), DatasetError> {
        let staging = self.beside("new");
        let installed = self.write(&staging, splits).and_then(|()| self.replace(&staging));
        // After success it has become the set's folder; after a failure nothing of it may be left.
        let _ = fs::remove_dir_all(&staging);
        installed
    }

    fn write(&self, staging: &Path, (train, test): &Splits) -> Result<(), DatasetError> {
        remove_folder(staging)?;
        fs::create_dir_all(staging).map_err(|error| DatasetError::io("create", staging, error))?;
        for (index, (file, _)) in checksums::published(self.name).iter().enumerate() {
            let path = staging.join(file);
            let content = checksums::file_content(self.name, index, train, test);
            let write = || {
                let mut file = File::create(&path)?;
                file.write_all(&content)?;
                file.sync_all()
            };
            write().map_err(|error| DatasetError::io("write", &path, error))?;
        }
        Ok(())
    }

    /// Renames the new folder into place. What was there before, which did not have the right content, is put back if
    /// that fails.
    fn replace(&self, staging: &Path) -> Result<(), DatasetError> {
        let (folder, old) = (self.folder(), self.beside("old"));
        let failed = |error| DatasetError::io("replace", &folder, error);
        remove_folder(&old)?;
        let had_old = folder.exists();
        if had_old {
            fs::rename(&folder, &old).map_err(failed)?;
        }
        if let Err(error) = fs::rename(staging, &folder) {
            if had_old {
                fs::rename(&old, &folder).map_err(failed)?;
            }
            return Err(failed(error));
        }
        remove_folder(&old)
    }
}

fn remove_folder(path: &Path) -> Result<(), DatasetError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(DatasetError::io("remove", path, error)),
        _ => Ok(()),
    }
}
