use super::*;

fn state(tensors: impl IntoIterator<Item = (&'static str, Tensor)>) -> StateDict {
    tensors.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
}

fn small() -> Vec<u8> {
    to_bytes(&state([("w", Tensor::new([1.0, -2.5]))]), &Metadata::new())
}

/// A file with one tensor, written by hand.
fn raw(dtype: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[0,{}]}}}}"#, data.len());
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
}

fn error(bytes: &[u8]) -> String {
    from_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn every_type_and_shape_comes_back() {
    let tensors = state([
        ("bool", Tensor::new([true, false, true])),
        ("u8", Tensor::from_vec(vec![0u8, 255], [2, 1])),
        ("i64", Tensor::from_vec(vec![i64::MIN, -1, i64::MAX], [3])),
        ("f32", Tensor::from_vec(vec![f32::MIN_POSITIVE, -0.0, f32::INFINITY, 1e-40], [2, 2])),
        ("f64", Tensor::from_vec(vec![std::f64::consts::PI], [1, 1, 1])),
        ("scalar", Tensor::from_vec(vec![7i64], [])),
        ("empty", Tensor::zeros([0, 3])),
        ("transposed", Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t()),
    ]);
    let metadata = Metadata::from([("format".to_owned(), "pt".to_owned()), ("名".to_owned(), "\"积木\"".to_owned())]);
    let (loaded, read) = from_bytes(&to_bytes(&tensors, &metadata)).unwrap();
    assert_eq!(read, metadata);
    assert_eq!(loaded.len(), tensors.len());
    for (name, tensor) in &tensors {
        let found = &loaded[name];
        assert_eq!((found.dtype(), found.size()), (tensor.dtype(), tensor.size()), "{name}");
        assert_eq!(little_endian(found), little_endian(tensor), "{name}");
    }
}

#[test]
fn half_precision_becomes_single() {
    // 1.5 and -2.0 in both formats, by their definition: sign, exponent, fraction.
    let (x, _) = from_bytes(&raw("F16", "[2]", &[0x00, 0x3e, 0x00, 0xc0])).unwrap();
    assert_eq!(x["x"].to_vec::<f32>(), [1.5, -2.0]);
    let (x, _) = from_bytes(&raw("BF16", "[2]", &[0xc0, 0x3f, 0x00, 0xc0])).unwrap();
    assert_eq!(x["x"].to_vec::<f32>(), [1.5, -2.0]);
}

#[test]
fn the_bytes_are_those_of_the_specification() {
    let bytes = small();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap().trim_end();
    assert_eq!(header, r#"{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#);
    assert_eq!(bytes[8 + length..], [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]);
}

#[test]
fn equal_content_gives_equal_bytes() {
    let names = ["w", "b", "n", "running_mean", "x", "y"];
    let tensor = |name: &str| if name == "n" { Tensor::new([1]) } else { Tensor::zeros([name.len()]) };
    let forward = state(names.map(|name| (name, tensor(name))));
    let backward: StateDict = forward.clone().into_iter().rev().collect();
    let metadata: Metadata = names.iter().map(|name| (format!("key {name}"), "value".to_owned())).collect();
    let bytes = to_bytes(&forward, &metadata);
    assert_eq!(bytes, to_bytes(&backward, &metadata));
    let header = String::from_utf8_lossy(&bytes[8..]);
    assert!(header.starts_with(r#"{"__metadata__":{"key b":"value","key n":"value","#), "{header}");
    assert!(header.contains(r#"},"n":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"b":{"dtype""#), "{header}");
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_never_a_panic() {
    let bytes = small();
    for end in 0..bytes.len() {
        let message = error(&bytes[..end]);
        assert!(message.contains("the file is truncated"), "{end}: {message}");
    }
    assert!(error(&bytes[..bytes.len() - 1]).contains("it does not have the number of bytes that its header promises"));
    assert!(error(&bytes[..20]).contains("bytes, but 12 are there"));
}

#[test]
fn other_files_are_told_apart() {
    let message = error(b"PK\x03\x04 and the rest of what torch.save writes");
    assert!(
        message.starts_with("this is not a safetensors file: no header follows its first eight bytes"),
        "{message}"
    );
    assert!(message.contains("safetensors.torch.save_file"), "{message}");
    let message = error(&[&4u64.to_le_bytes()[..], b"{]}}"].concat());
    assert!(message.starts_with("the safetensors file is damaged: invalid JSON"), "{message}");
    // More elements than bytes.
    assert!(error(&raw("F32", "[3]", &[0; 8])).starts_with("the safetensors file is damaged"));
    let message = error(&raw("I16", "[1]", &[0; 2]));
    assert!(message.contains("the tensor \"x\" has elements of type I16"), "{message}");
}

#[test]
fn a_failed_save_names_the_file_and_keeps_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none/model.safetensors");
    let message = save(&path, &StateDict::new(), &Metadata::new()).unwrap_err().to_string();
    assert!(message.starts_with(&format!("cannot write {}: ", path.display())), "{message}");

    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, "damaged").unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: the file is truncated", path.display())), "{message}");
    save(&path, &state([("w", Tensor::new([1.0]))]), &Metadata::new()).unwrap();
    assert_eq!(load(&path).unwrap().0["w"].to_vec::<f32>(), [1.0]);
}

#[test]
fn the_same_content_is_the_same_bytes() {
    let metadata: Metadata = (0..20).map(|i| (format!("key {i}"), i.to_string())).collect();
    let tensors = state([("w", Tensor::new([1.0, -2.5])), ("a", Tensor::new([true]))]);
    let bytes = to_bytes(&tensors, &metadata);
    assert_eq!(bytes, to_bytes(&tensors, &metadata));
    let header = String::from_utf8_lossy(&bytes[8..]).into_owned();
    let places: Vec<_> = metadata.keys().map(|key| header.find(&format!("\"{key}\"")).unwrap()).collect();
    assert!(places.is_sorted(), "{header}");
    // Without tensors, there are still the strings.
    assert_eq!(from_bytes(&to_bytes(&StateDict::new(), &metadata)).unwrap().1, metadata);
}
