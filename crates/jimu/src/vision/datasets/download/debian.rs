//! Debian's package `dataset-fashion-mnist`, taken apart without being installed: no privileges are needed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::checksums::published;
use super::super::layout::Splits;
use super::super::name::DatasetName;
use super::mirrors::{members, parse_files};
use super::{Job, Reason, command};

const PACKAGE: &str = "dataset-fashion-mnist";

pub(super) fn ask(job: &mut Job<'_>) -> Option<(Splits, String)> {
    if job.name != DatasetName::FashionMnist || !cfg!(target_os = "linux") {
        return None;
    }
    job.ask_for_set(&format!("apt-get download {PACKAGE}"), |job| {
        let folder = job.scratch_folder()?;
        let splits = download(&folder).and_then(|package| read(&package));
        // If it can't be removed, the next run does so.
        let _ = fs::remove_dir_all(&folder);
        splits
    })
}

/// Has apt put the package into the folder, with the system's lists of packages or else with fresh ones of our own: only
/// the administrator may renew the system's.
fn download(folder: &Path) -> Result<PathBuf, Reason> {
    if apt(folder, &["download", PACKAGE]).is_err() {
        let own_lists = own_lists(folder)?;
        let with_own = |arguments: &[&str]| -> Vec<String> {
            own_lists.iter().map(String::as_str).chain(arguments.iter().copied()).map(str::to_owned).collect()
        };
        apt(folder, &with_own(&["update"]))?;
        apt(folder, &with_own(&["download", PACKAGE]))?;
    }
    let package = fs::read_dir(folder).map_err(|error| error.to_string())?.flatten().map(|entry| entry.path());
    let mut package = package.filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    package.next().ok_or_else(|| "apt-get has left no package".to_owned())
}

fn apt(folder: &Path, arguments: &[impl AsRef<std::ffi::OsStr>]) -> Result<(), Reason> {
    // Run by root, apt would drop to a user that can't write to our folder.
    let quiet = ["-qq", "-o", "APT::Sandbox::User="];
    let patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=30"];
    command::run(Command::new("apt-get").args(quiet).args(patience).args(arguments).current_dir(folder)).map(drop)
}

/// Options that make apt keep its lists and its cache in our folder.
fn own_lists(folder: &Path) -> Result<Vec<String>, Reason> {
    let mut options = Vec::new();
    for (option, name) in [("Dir::State::lists", "lists"), ("Dir::Cache", "cache")] {
        let path = folder.join(name);
        fs::create_dir_all(path.join("partial"))
            .map_err(|error| format!("cannot create {}: {error}", path.display()))?;
        options.push("-o".to_owned());
        options.push(format!("{option}={}", path.display()));
    }
    Ok(options)
}

/// dpkg knows every way in which packages are packed, so it unpacks the archive for us.
fn read(package: &Path) -> Result<Splits, Reason> {
    let archive = command::run(Command::new("dpkg-deb").arg("--fsys-tarfile").arg(package))?;
    let wanted: Vec<String> =
        published(DatasetName::FashionMnist).iter().map(|(file, _)| format!("{file}.gz")).collect();
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    parse_files(DatasetName::FashionMnist, &members(archive.as_slice(), &wanted)?)
}
