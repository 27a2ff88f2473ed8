use std::fs;
use std::path::Path;

use super::super::cifar::{self, IMAGE};
use super::super::{DatasetError, DatasetName, Layout, PlaceKind, Verdict};
use super::{assert_contains, locator_in, mini_files, write_own_idx};

fn write_mini(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    mini_files().into_iter().for_each(|(file, content)| fs::write(folder.join(file), content).unwrap());
}

#[test]
fn an_empty_folder_is_an_error_that_says_where_was_looked() {
    let folder = tempfile::tempdir().unwrap();
    let locator = locator_in(folder.path()).data_dir(Some(folder.path().join("mine")));
    for name in [DatasetName::Mnist, DatasetName::Cifar10] {
        let error = locator.load(name).unwrap_err();
        assert!(matches!(error, DatasetError::NotInFolder { .. }), "{error:?}");
        assert_contains(&error, &format!("mine holds no {name}"));
    }
    let error = locator.load(DatasetName::Mnist).unwrap_err();
    assert_contains(&error, "its files are train-images-idx3-ubyte");
    assert_contains(&error, "mine/MNIST/raw");
}

#[test]
fn ones_own_images_are_accepted_but_not_as_the_published_ones() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("mine");
    let locator = locator_in(folder.path()).data_dir(Some(mine.clone()));
    for inner in ["", "MNIST/raw", "mnist"] {
        write_own_idx(&mine.join(inner));
        let set = locator.load(DatasetName::Mnist).unwrap();
        assert_eq!(Path::new(&set.origin), mine.join(inner));
        assert_eq!((set.train.len(), set.test.len(), set.train.height, set.train.width), (4, 2, 2, 3));
    }
    let verified = locator.verify(DatasetName::Mnist);
    assert_eq!(verified.len(), 3);
    for (location, verdict) in verified {
        assert_eq!((location.kind, location.layout), (PlaceKind::DataDir, Layout::Idx));
        assert!(matches!(verdict, Verdict::Differs(files) if files.len() == 4));
    }
}

#[test]
fn the_environment_comes_before_other_tools_and_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let mut locator = locator_in(folder.path());
    locator.surroundings.jimu_data = Some(folder.path().join("env"));
    write_own_idx(&folder.path().join("env/mnist"));
    write_own_idx(&folder.path().join("work/data/MNIST/raw"));
    write_own_idx(&folder.path().join("home/data/MNIST/raw"));
    write_own_idx(&folder.path().join("cache/datasets/mnist"));
    fs::create_dir_all(folder.path().join("home/.keras/datasets")).unwrap();
    fs::write(folder.path().join("home/.keras/datasets/mnist.npz"), "damaged").unwrap();
    assert_contains(&locator.load(DatasetName::Mnist).unwrap().origin, "env/mnist");
    let kinds: Vec<PlaceKind> = locator.locate(DatasetName::Mnist).iter().map(|location| location.kind).collect();
    let torchvision = PlaceKind::Torchvision;
    assert_eq!(kinds, [PlaceKind::Environment, torchvision, torchvision, PlaceKind::Keras, PlaceKind::Cache]);
}

#[test]
fn places_that_nobody_named_must_hold_the_published_set() {
    let folder = tempfile::tempdir().unwrap();
    let locator = locator_in(folder.path());
    write_own_idx(&folder.path().join("work/data/FashionMNIST/raw"));
    write_own_idx(&folder.path().join("cache/datasets/fashion-mnist"));
    fs::create_dir_all(folder.path().join("debian/fashion-mnist")).unwrap();
    let error = locator.load(DatasetName::FashionMnist).unwrap_err();
    assert_contains(&error, "fashion-mnist could not be found or fetched. Tried, in this order:");
    assert_contains(&error, "FashionMNIST/raw is not the published fashion-mnist: the MD5 checksum differs");
    assert_contains(&error, "debian/fashion-mnist): holds none of its files");
    assert_contains(&error, "home/.keras/datasets/fashion-mnist): no such folder");
    assert_contains(&error, "download: switched off");
    assert_contains(&error, "help: put its files");
    assert!(folder.path().join("cache/datasets/fashion-mnist/train-images-idx3-ubyte").exists());
}

#[test]
fn another_set_under_the_same_file_names_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    write_mini(folder.path());
    let locator = locator_in(folder.path()).data_dir(Some(folder.path().to_owned()));
    let error = locator.load(DatasetName::Mnist).unwrap_err();
    assert_contains(&error, "holds fashion-mini, not mnist");
}

#[test]
fn missing_and_damaged_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let locator = locator_in(folder.path()).data_dir(Some(folder.path().to_owned()));
    write_own_idx(folder.path());
    let labels = folder.path().join("t10k-labels-idx1-ubyte");
    fs::remove_file(&labels).unwrap();
    assert_contains(&locator.load(DatasetName::Mnist).unwrap_err(), "t10k-labels-idx1-ubyte is missing");
    assert_eq!(locator.locate(DatasetName::Mnist)[0].missing, ["t10k-labels-idx1-ubyte"]);

    fs::write(&labels, super::super::idx::encode_labels(&[0])).unwrap();
    let error = locator.load(DatasetName::Mnist).unwrap_err();
    assert_contains(&error, "t10k-labels-idx1-ubyte: there are 1 labels, but 2 images");
    assert!(matches!(locator.verify(DatasetName::Mnist)[0].1, Verdict::Broken(_)));

    fs::write(folder.path().join("t10k-images-idx3-ubyte"), super::super::idx::encode_images(&[0; 4], 1, 2, 2))
        .unwrap();
    let error = locator.load(DatasetName::Mnist).unwrap_err();
    assert_contains(&error, "its images are 2x2 pixels, but those of the training set are 2x3");
}

#[test]
fn cifar_is_read_from_its_six_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let batches = folder.path().join("cifar-10-batches-bin");
    fs::create_dir_all(&batches).unwrap();
    for (index, file) in ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
        .iter()
        .enumerate()
    {
        let content = cifar::encode_binary(&vec![index as u8; IMAGE], &[index as u8]);
        fs::write(batches.join(format!("{file}.bin")), content).unwrap();
    }
    let locator = locator_in(folder.path()).data_dir(Some(folder.path().to_owned()));
    let set = locator.load(DatasetName::Cifar10).unwrap();
    assert_eq!((set.train.labels.as_slice(), set.test.labels.as_slice()), (&[0, 1, 2, 3, 4][..], &[5][..]));
    assert_eq!((set.train.channels, set.train.image(3)), (3, &[3; IMAGE][..]));

    fs::write(batches.join("data_batch_2.bin"), [0; 100]).unwrap();
    let error = locator.load(DatasetName::Cifar10).unwrap_err();
    assert_contains(&error, "data_batch_2.bin: its 100 bytes are not a whole number");
}

#[test]
fn a_machine_without_a_home_folder_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut locator = locator_in(folder.path());
    locator.surroundings.cache = None;
    let error = locator.load(DatasetName::Mnist).unwrap_err();
    assert_contains(&error, "the system names no home folder, and JIMU_CACHE is not set");
}
