use std::io::{Cursor, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::super::checksums::differences;
use super::super::cifar::{self, IMAGE, parse_binary, parse_pickle};
use super::super::idx::{encode_images, encode_labels, parse_images, parse_labels};
use super::super::layout::grey;
use super::super::npz::parse_mnist;
use super::super::{DatasetName, ImageData};
use super::{assert_contains, mini};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn images() -> Vec<u8> {
    encode_images(&(0..30).collect::<Vec<u8>>(), 5, 2, 3)
}

#[test]
fn idx_is_read_plain_and_gzipped() {
    for file in [images(), gzip(&images())] {
        let read = parse_images(&file).unwrap();
        assert_eq!((read.count, read.height, read.width), (5, 2, 3));
        assert_eq!(read.pixels, (0..30).collect::<Vec<u8>>());
    }
    assert_eq!(parse_labels(gzip(&encode_labels(&[3, 1, 9])), 10).unwrap(), [3, 1, 9]);
}

#[test]
fn idx_of_the_wrong_length_is_refused() {
    let file = images();
    for cut in [&file[..45], &gzip(&file[..45])[..]] {
        assert_contains(&parse_images(cut).unwrap_err(), "ends after 45 bytes, where 46 were expected");
    }
    for header in [0, 3, 4, 15] {
        assert_contains(&parse_images(&file[..header]).unwrap_err(), "truncated");
    }
    let longer = [&file[..], &[0]].concat();
    for file in [longer.clone(), gzip(&longer)] {
        assert_contains(&parse_images(&file).unwrap_err(), "more bytes follow the 46");
    }
}

#[test]
fn idx_with_a_wrong_header_is_refused() {
    let labels = encode_labels(&[0, 1]);
    assert_contains(&parse_images(&labels).unwrap_err(), "an IDX file of images starts with 0x00000803");
    assert_contains(&parse_labels(images(), 10).unwrap_err(), "an IDX file of labels starts with 0x00000801");
    assert_contains(&parse_images(b"<html>not found").unwrap_err(), "starts with 0x3c68746d");
    assert_contains(&parse_images(encode_images(&[], 0, 28, 28)).unwrap_err(), "holds no images");
    assert_contains(&parse_images(encode_images(&[], 5, 0, 28)).unwrap_err(), "0x28 pixels");
    let impossible = encode_images(&[], u32::MAX as usize, u32::MAX as usize, u32::MAX as usize);
    assert_contains(&parse_images(&impossible).unwrap_err(), "impossibly many images");
}

#[test]
fn damaged_gzip_is_refused() {
    let packed = gzip(&images());
    let mut flipped = packed.clone();
    let checksum = flipped.len() - 6;
    flipped[checksum] ^= 1;
    let trailing = [&packed[..], b"garbage"].concat();
    for damaged in [&packed[..packed.len() - 10], &packed[..12], &flipped, &trailing] {
        assert_contains(&parse_images(damaged).unwrap_err(), "gzip data is damaged");
    }
}

#[test]
fn no_more_is_inflated_than_the_header_promises() {
    let bomb = gzip(&[&images()[..], &vec![0; 50_000_000]].concat());
    assert!(bomb.len() < 500_000);
    assert_eq!(super::super::idx::inflate(&bomb).unwrap().len(), images().len() + 1);
}

#[test]
fn labels_must_fit_the_classes_and_the_images() {
    let error = parse_labels(encode_labels(&[9, 10, 11]), 10).unwrap_err();
    assert_contains(&error, "label 1 is 10, but there are 10 classes, so labels go from 0 to 9");
    let error = grey(DatasetName::Mnist, parse_images(images()).unwrap(), vec![0; 4], Path::new("images")).unwrap_err();
    assert_contains(&error, "there are 4 labels, but 5 images in images");
}

fn cifar_images(count: usize) -> (Vec<u8>, Vec<u8>) {
    let pixels = (0..count * IMAGE).map(|index| (index % 251) as u8).collect();
    (pixels, (0..count).map(|index| (index % 10) as u8).collect())
}

#[test]
fn cifar_batches_are_read_strictly() {
    let (pixels, labels) = cifar_images(12);
    let file = cifar::encode_binary(&pixels, &labels);
    assert_eq!(file.len(), 12 * 3073);
    let batch = parse_binary(&file, 10).unwrap();
    assert_eq!((batch.images, batch.labels), (pixels, labels));
    let error = parse_binary(&file[..file.len() - 1], 10).unwrap_err();
    assert_contains(&error, "36875 bytes are not a whole number of 3073-byte records");
    assert_contains(&parse_binary(&[], 10).unwrap_err(), "holds no images");
    let mut bad = file;
    bad[3073] = 200;
    assert_contains(&parse_binary(&bad, 10).unwrap_err(), "label 1 is 200");
}

/// What Python 2's `cPickle.dump({"data": array, "labels": list}, file, 2)` writes.
fn pickle(pixels: &[u8], labels: &[i32], fortran: bool) -> Vec<u8> {
    let number = |value: i32| [&b"J"[..], &value.to_le_bytes()].concat();
    let text = |text: &str| [&[b'U', text.len() as u8], text.as_bytes()].concat();
    let mut bytes = [&b"\x80\x02}("[..], &text("data")].concat();
    bytes.extend(b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01");
    bytes.extend([number(labels.len() as i32), number(IMAGE as i32), b"\x86".to_vec()].concat());
    bytes.extend(b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb");
    bytes.extend(if fortran { b"\x88T" } else { b"\x89T" });
    bytes.extend((pixels.len() as u32).to_le_bytes());
    bytes.extend(pixels);
    bytes.extend([&b"tb"[..], &text("labels"), b"]("].concat());
    labels.iter().for_each(|&label| bytes.extend(number(label)));
    bytes.extend(b"eu.");
    bytes
}

#[test]
fn pickled_batches_are_read_strictly() {
    let (pixels, labels) = cifar_images(3);
    let batch = parse_pickle(&pickle(&pixels, &[0, 1, 2], false), 10).unwrap();
    assert_eq!((batch.images, batch.labels), (pixels.clone(), labels));
    let whole = pickle(&pixels, &[0, 1, 2], false);
    assert_contains(&parse_pickle(&whole[..5_000], 10).unwrap_err(), "not a CIFAR-10 batch pickled by Python");
    assert_contains(&parse_pickle(&pickle(&pixels, &[0, 1, 2], true), 10).unwrap_err(), "[count, 3072]");
    assert_contains(&parse_pickle(&pickle(&pixels, &[0, 1], false), 10).unwrap_err(), "2 labels need 6144 bytes");
    assert_contains(&parse_pickle(&pickle(&pixels, &[0, -1, 2], false), 10).unwrap_err(), "label 1 is -1");
    assert_contains(&parse_pickle(b"\x80\x02}.", 10).unwrap_err(), "no entry \"data\"");
    assert_contains(&parse_pickle(b"\x80\x02].", 10).unwrap_err(), "no dictionary");
}

#[test]
fn a_pickle_runs_no_code() {
    // os.system("exit 1"), as an attacker would pickle it.
    let error = parse_pickle(b"cos\nsystem\n(S'exit 1'\ntR.", 10).unwrap_err();
    assert_contains(&error, "not a CIFAR-10 batch");
}

fn npy(kind: &str, shape: &str, content: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend([header.as_bytes(), content].concat());
    bytes
}

fn npz(train_images: Vec<u8>) -> Cursor<Vec<u8>> {
    let arrays = [
        ("x_train", train_images),
        ("y_train", npy("|u1", "(5,)", &[0, 1, 2, 3, 4])),
        ("x_test", npy("|u1", "(1, 2, 3)", &[7; 6])),
        ("y_test", npy("|u1", "(1,)", &[9])),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, array) in arrays {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
        archive.write_all(&array).unwrap();
    }
    archive.finish().unwrap()
}

#[test]
fn keras_archive_is_read_strictly() {
    let pixels: Vec<u8> = (0..30).collect();
    let [(train, train_labels), (test, test_labels)] = parse_mnist(npz(npy("|u1", "(5, 2, 3)", &pixels)), 10).unwrap();
    assert_eq!((train.pixels, train.count, train.height, train.width), (pixels.clone(), 5, 2, 3));
    assert_eq!((train_labels, test.pixels, test_labels), (vec![0, 1, 2, 3, 4], vec![7; 6], vec![9]));

    let refused = |array: Vec<u8>| parse_mnist(npz(array), 10).unwrap_err();
    assert_contains(&refused(npy("<f4", "(5, 2, 3)", &pixels)), "not made of unsigned bytes");
    assert_contains(&refused(npy("|u1", "(5, 2, 4)", &pixels)), "shape [5, 2, 4] has 30 bytes");
    assert_contains(&refused(npy("|u1", "(5, 6)", &pixels)), "not [count, height, width]");
    assert_contains(&refused(b"\x93NUMPY\x01\x00\xff\xff".to_vec()), "header is damaged");
    let whole = npz(npy("|u1", "(5, 2, 3)", &pixels)).into_inner();
    let half = Cursor::new(whole[..whole.len() / 2].to_vec());
    assert_contains(&parse_mnist(half, 10).unwrap_err(), "not the NumPy archive");
}

#[test]
fn statistics_are_those_of_each_channel() {
    let data = ImageData {
        images: vec![0, 255, 51, 51, 255, 0, 51, 51],
        labels: vec![0, 1],
        channels: 2,
        height: 1,
        width: 2,
        classes: vec!["a".into(), "b".into()],
    };
    let statistics = data.statistics();
    assert_eq!((statistics.mean, statistics.std), (vec![0.5, 0.2], vec![0.5, 0.0]));
    assert_eq!((data.len(), data.image(1)), (2, &[255, 0, 51, 51][..]));
}

#[test]
fn fashion_mini_is_drawn_evenly_and_intact() {
    let (train, test) = mini();
    assert_eq!(differences(DatasetName::FashionMini, &train, &test), Vec::<String>::new());
    for (data, each) in [(&train, 200), (&test, 50)] {
        for class in 0..10 {
            assert_eq!(data.labels.iter().filter(|&&label| label == class).count(), each, "class {class}");
        }
    }
    let mut changed = train.clone();
    changed.images[5] ^= 1;
    assert_eq!(differences(DatasetName::FashionMini, &changed, &test), ["train-images-idx3-ubyte"]);
}

#[test]
fn names_are_read_leniently_and_mistakes_are_explained() {
    for (text, name) in [("MNIST", DatasetName::Mnist), ("fashion_mnist", DatasetName::FashionMnist)] {
        assert_eq!(text.parse(), Ok(name));
    }
    for name in DatasetName::all() {
        assert_eq!(name.to_string().parse(), Ok(name));
        assert_eq!(name.classes().len(), 10);
    }
    let unknown = |text: &str| text.parse::<DatasetName>().unwrap_err().to_string();
    assert_contains(&unknown("minst"), "did you mean mnist?");
    assert_eq!(
        unknown("imagenet-1k"),
        "there is no data set \"imagenet-1k\": (known: mnist, fashion-mnist, cifar-10, fashion-mini)"
    );
}
