//! `jimu predict`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::{GrayImage, Luma, Rgb, RgbImage};
use jimu::vision::datasets::{self, DatasetName, ImageData};

use crate::support::jimu;

/// A model that has learnt the built-in set well enough, for all tests here.
static MODEL: LazyLock<(tempfile::TempDir, String)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    jimu(["train", "--dataset", "fashion-mini", "--epochs", "8", "--quiet", "--out", &path]).ok();
    (folder, path)
});

fn model() -> &'static str {
    &MODEL.1
}

fn test_images() -> ImageData {
    datasets::load(DatasetName::FashionMini).unwrap().test
}

fn save(image: &ImageData, index: usize, path: &Path) {
    let pixels = image.image(index).to_vec();
    GrayImage::from_raw(28, 28, pixels).unwrap().save(path).unwrap();
}

fn predict(images: &[PathBuf]) -> Vec<serde_json::Value> {
    let images = images.iter().map(|path| path.to_str().unwrap());
    let ran = jimu(["predict", "--json", "--model", model()].into_iter().chain(images)).ok();
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn test_images_are_recognised_as_often_as_the_test_says() {
    let (folder, data) = (tempfile::tempdir().unwrap(), test_images());
    let paths: Vec<PathBuf> = (0..200).map(|index| folder.path().join(format!("{index}.png"))).collect();
    paths.iter().enumerate().for_each(|(index, path)| save(&data, index, path));
    let found = predict(&paths);
    let right = (0..200).filter(|&i| found[i]["classes"][0]["class"] == data.classes[usize::from(data.labels[i])]);
    let metrics = fs::read_to_string(MODEL.0.path().join("metrics.jsonl")).unwrap();
    let metrics: serde_json::Value = serde_json::from_str(metrics.lines().last().unwrap()).unwrap();
    let (share, expected) = (right.count() as f64 / 200.0, metrics["test_accuracy"].as_f64().unwrap());
    assert!(expected > 0.7 && (share - expected).abs() < 0.1, "{share} {expected}");
    let odd = found.iter().filter(|prediction| prediction["unlike_training"] != serde_json::json!([])).count();
    assert!(odd <= 10, "{odd} of 200 test images are said to be unlike the training images");
    for prediction in &found {
        let classes = prediction["classes"].as_array().unwrap();
        let probability = |i: usize| classes[i]["probability"].as_f64().unwrap();
        assert!(classes.len() == 3 && probability(0) >= probability(1) && probability(1) >= probability(2));
    }
}

#[test]
fn size_format_and_inversion_do_not_matter() {
    let (folder, data) = (tempfile::tempdir().unwrap(), test_images());
    let path = |name: &str| folder.path().join(name);
    // A trouser: it has the background on both sides.
    let index = (0..data.len()).find(|&index| data.labels[index] == 1).unwrap();
    let small = GrayImage::from_raw(28, 28, data.image(index).to_vec()).unwrap();
    small.save(path("plain.png")).unwrap();
    let large = image::imageops::resize(&small, 280, 280, image::imageops::FilterType::Triangle);
    let mut sheet = RgbImage::from_pixel(600, 400, Rgb([250, 250, 245]));
    for (x, y, Luma([ink])) in large.enumerate_pixels() {
        sheet.put_pixel(x + 30, y + 60, Rgb([250, 250, 245].map(|paper: u8| paper.saturating_sub(*ink))));
    }
    sheet.save(path("photo.jpg")).unwrap();
    let found = predict(&[path("plain.png"), path("photo.jpg")]);
    for prediction in &found {
        assert_eq!(prediction["classes"][0]["class"], "Trouser", "{prediction}");
    }
    assert_eq!(found[0]["steps"], serde_json::json!([]));
    let steps = found[1]["steps"].to_string();
    assert!(steps.contains("made grey") && steps.contains("inverted") && steps.contains("cropped to"), "{steps}");
}

#[test]
fn what_is_nothing_like_the_training_images_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let mut bits = 1u32;
    let noise = RgbImage::from_fn(64, 64, |_, _| {
        bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Rgb([(bits >> 24) as u8; 3])
    });
    let stripes = GrayImage::from_fn(28, 28, |x, _| Luma([if x % 2 == 0 { 255 } else { 0 }]));
    let blank = GrayImage::from_pixel(100, 80, Luma([128]));
    noise.save(folder.path().join("noise.png")).unwrap();
    stripes.save(folder.path().join("stripes.png")).unwrap();
    blank.save(folder.path().join("blank.png")).unwrap();
    for name in ["noise.png", "stripes.png", "blank.png"] {
        let path = folder.path().join(name);
        let ran = jimu(["predict", path.to_str().unwrap(), "--model", model()]).ok();
        let warning = "warning: this looks nothing like the training images (fashion-mini)";
        assert!(ran.out.contains(warning), "{}", ran.out);
    }
}

#[test]
fn pictures_that_cannot_be_read_do_not_keep_the_others_back() {
    let (folder, data) = (tempfile::tempdir().unwrap(), test_images());
    let (good, bad) = (folder.path().join("good.png"), folder.path().join("bad.jpg"));
    save(&data, 0, &good);
    fs::write(&bad, "no picture").unwrap();
    let [good, bad] = [good.to_str().unwrap(), bad.to_str().unwrap()];
    let ran = jimu(["predict", bad, good, "--model", model(), "--top", "1"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("neither a PNG nor a JPEG") && ran.err.contains("1 of 2 pictures"), "{}", ran.err);
    assert!(ran.out.starts_with(&format!("{good}: ")) && ran.out.matches('%').count() == 1, "{}", ran.out);
    jimu(["predict", bad, "--model", model()]).fails(1, "neither a PNG nor a JPEG");
    jimu(["predict", "no-such.png", "--model", model()]).fails(1, "cannot read no-such.png");
}
