//! Which copies of jimu's cache have been compared with the published checksums already. Comparing MNIST takes longer than
//! reading it, and training would wait for that at every start.
//!
//! A note beside the folder tells names, sizes and times of the files that were found right. While all are the same, the
//! files are taken to be; `jimu data verify` looks again.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::checksums::published;
use super::layout::Detected;
use super::name::DatasetName;

/// A file younger than this could change again without a change of its time: clocks of file systems tick slowly.
const SETTLED: Duration = Duration::from_secs(2);

/// The note about the files in their present state.
pub(super) struct Note {
    path: PathBuf,
    text: String,
    settled: bool,
}

impl Note {
    /// What there is to note about these files; nothing if the system does not tell.
    pub(super) fn of(name: DatasetName, detected: &Detected) -> Option<Self> {
        let path = detected.folder.parent()?.join(format!(".{name}.verified"));
        let (mut text, mut newest) = (String::new(), SystemTime::UNIX_EPOCH);
        for (file, checksum) in published(name) {
            writeln!(text, "published {file} {checksum}").ok()?;
        }
        for file in &detected.files {
            let metadata = fs::metadata(file).ok()?;
            let time = metadata.modified().ok()?;
            newest = newest.max(time);
            let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            writeln!(text, "{} {} {}", file.display(), metadata.len(), since.as_nanos()).ok()?;
        }
        let settled = newest.elapsed().is_ok_and(|age| age > SETTLED);
        Some(Self { path, text, settled })
    }

    /// Whether an earlier run has found these very files to be right.
    pub(super) fn is_left(&self) -> bool {
        fs::read(&self.path).is_ok_and(|text| text == self.text.as_bytes())
    }

    /// Leaves the note for later runs. A cache that cannot be written to goes without.
    pub(super) fn leave(&self) {
        if self.settled {
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let written = tempfile::NamedTempFile::new_in(folder)
                .and_then(|mut file| file.write_all(self.text.as_bytes()).map(|()| file))
                .map(|file| file.persist(&self.path));
            drop(written);
        }
    }
}
