use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::cache::CacheSlot;
use super::super::{Attempt, DatasetName, ImageDataset};
use super::{assert_contains, locator_in, mini, mini_files, write_own_idx};

fn load_cached(folder: &Path) -> Result<ImageDataset, Vec<Attempt>> {
    let mut attempts = Vec::new();
    locator_in(folder).load_cached(DatasetName::FashionMini, &mut attempts).ok_or(attempts)
}

/// Changes a pixel.
fn damage(file: &Path) {
    let mut content = fs::read(file).unwrap();
    content[100] ^= 1;
    fs::write(file, content).unwrap();
}

/// Lets the file look so many seconds old, counted from a day that is long past.
fn set_age(file: &Path, seconds: u64) {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - seconds);
    File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
}

#[test]
fn files_found_right_are_not_compared_again_until_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let slot = CacheSlot::new(&folder.path().join("cache"), DatasetName::FashionMini);
    slot.install(&mini()).unwrap();
    let note = folder.path().join("cache/datasets/.fashion-mini.verified");
    let images = slot.folder().join(mini_files()[0].0);
    load_cached(folder.path()).unwrap();
    assert!(!note.exists(), "files this young could change within the same tick of the clock");
    for (file, _) in mini_files() {
        set_age(&slot.folder().join(file), 10);
    }
    load_cached(folder.path()).unwrap();
    assert!(note.exists());

    // The note is believed: a change that leaves size and time is not looked for.
    damage(&images);
    set_age(&images, 10);
    assert_ne!(load_cached(folder.path()).unwrap().train, mini().0);
    // Any other change is found.
    set_age(&images, 9);
    let attempts = load_cached(folder.path()).unwrap_err();
    assert_contains(&attempts[0].reason, "the MD5 checksum differs for train-images-idx3-ubyte");
    set_age(&images, 10);
    fs::write(&note, "another note").unwrap();
    assert_contains(&load_cached(folder.path()).unwrap_err()[0].reason, "the MD5 checksum differs");
}

#[test]
fn installing_replaces_the_whole_folder() {
    let folder = tempfile::tempdir().unwrap();
    let slot = CacheSlot::new(folder.path(), DatasetName::FashionMini);
    fs::create_dir_all(slot.folder()).unwrap();
    fs::write(slot.folder().join("stray"), "").unwrap();
    slot.install(&mini()).unwrap();
    for (file, content) in mini_files() {
        assert_eq!(fs::read(slot.folder().join(file)).unwrap(), content, "{file}");
    }
    assert!(!slot.folder().join("stray").exists());
    assert_eq!(fs::read_dir(folder.path().join("datasets")).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_failed_install_leaves_the_cache_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let slot = CacheSlot::new(folder.path(), DatasetName::FashionMini);
    write_own_idx(&slot.folder());
    // A file where the staging folder should be: nothing can be written there.
    fs::write(folder.path().join("datasets/.fashion-mini.new"), "in the way").unwrap();
    let before = fs::read(slot.folder().join("train-images-idx3-ubyte")).unwrap();
    assert_contains(&slot.install(&mini()).unwrap_err(), ".fashion-mini.new");
    assert_eq!(fs::read(slot.folder().join("train-images-idx3-ubyte")).unwrap(), before);
}
