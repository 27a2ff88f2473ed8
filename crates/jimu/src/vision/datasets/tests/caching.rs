use std::fs;

use super::super::DatasetName;
use super::super::cache::CacheSlot;
use super::{assert_contains, mini, mini_files, write_own_idx};

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
