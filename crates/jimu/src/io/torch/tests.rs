use zip::CompressionMethod;

use super::*;
use crate::io::{Dict, Key, archive};
use crate::optim::{Optimizer, Sgd};
use crate::tensor::Tensor;

/// A file of a pickle and one storage, `0`.
fn file(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    let members =
        [("archive/data.pkl", pickle), ("archive/data/0", storage)].map(|(name, bytes)| (name.into(), bytes.to_vec()));
    archive::write(&members, CompressionMethod::Stored)
}

fn run(pickle: &[u8]) -> Result<Value, FormatError> {
    from_bytes(&file(pickle, &[0; 16]))
}

/// A pickle of a tensor over the storage `0`, with numbers below 256.
fn tensor(kind: &str, claimed: u8, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let sizes =
        |sizes: &[u8]| [&b"("[..], &sizes.iter().flat_map(|&size| [b'K', size]).collect::<Vec<_>>(), b"t"].concat();
    [
        &b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n"[..],
        kind.as_bytes(),
        b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK",
        &[claimed],
        b"tQK",
        &[offset],
        &sizes(shape),
        &sizes(strides),
        b"\x89ccollections\nOrderedDict\n)RtR.",
    ]
    .concat()
}

#[test]
fn values_of_every_kind_come_back() {
    let value = Value::from(Dict::from_iter([
        ("none".into(), Value::None),
        (Key::Int(-7), Value::Bool(true)),
        ("ints".into(), vec![0i64, -1, 255, 65_536, i64::MAX, i64::MIN].into()),
        ("floats".into(), vec![0.1, -0.0, f64::INFINITY].into()),
        ("名".into(), "积木\n".into()),
        ("bytes".into(), Value::Bytes(vec![0, 127, 128, 255])),
        ("tuple".into(), Value::Tuple(vec![Value::Tuple(vec![]), Value::List(vec![]), Dict::new().into()])),
        ("bool".into(), Tensor::new([true, false]).into()),
        ("u8".into(), Tensor::from_vec(vec![1u8, 255], [2, 1]).into()),
        ("i64".into(), Tensor::from_vec(vec![i64::MIN], []).into()),
        ("f32".into(), Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t().requires_grad_().into()),
        ("f64".into(), Tensor::from_vec(vec![std::f64::consts::PI], [1, 1]).into()),
        ("empty".into(), Tensor::zeros([0, 3]).into()),
    ]));
    let bytes = to_bytes(&value);
    let loaded = from_bytes(&bytes).unwrap();
    assert_eq!(format!("{loaded:?}"), format!("{value:?}"));
    assert!(loaded.get("f32").unwrap().as_tensor().unwrap().requires_grad());
    assert_eq!(to_bytes(&loaded).len(), bytes.len());
}

#[test]
fn shared_elements_are_stored_once() {
    let w = Tensor::zeros([1000]);
    let twice = to_bytes(&Value::List(vec![w.clone().into(), w.detach().into()]));
    assert!(twice.len() < 6000, "{}", twice.len());
    let loaded = from_bytes(&twice).unwrap();
    let [first, second] = [0, 1].map(|index| loaded.as_list().unwrap()[index].as_tensor().unwrap().clone());
    first.fill_(1.0);
    assert_eq!(second.sum().item(), 0.0);
}

#[test]
fn strides_and_types() {
    let halves = [0x00, 0x3e, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x3c];
    let read = |kind: &str, claimed, offset, shape: &[u8], strides: &[u8], bytes: &[u8]| {
        let value = from_bytes(&file(&tensor(kind, claimed, offset, shape, strides), bytes)).unwrap();
        value.as_tensor().unwrap().clone()
    };
    assert_eq!(read("HalfStorage", 4, 0, &[2, 2], &[1, 2], &halves).to_vec::<f32>(), [1.5, 0.0, -2.0, 1.0]);
    assert_eq!(read("BFloat16Storage", 2, 1, &[1], &[1], &[0, 0, 0xc0, 0x3f]).to_vec::<f32>(), [1.5]);
    assert_eq!(read("ShortStorage", 4, 1, &[2], &[2], &[1, 0, 254, 255, 0, 0, 3, 0]).to_vec::<i64>(), [-2, 3]);
    assert_eq!(read("CharStorage", 2, 0, &[2], &[1], &[128, 1]).to_vec::<i64>(), [-128, 1]);
    // A sliding window, and an expanded scalar.
    let bytes: Vec<u8> = (0..4).collect();
    let window = read("ByteStorage", 4, 0, &[3, 2], &[1, 1], &bytes);
    assert_eq!(window.to_vec::<u8>(), [0, 1, 1, 2, 2, 3]);
    window.fill_(9);
    assert_eq!(window.to_vec::<u8>(), [9; 6]);
    assert_eq!(read("BoolStorage", 1, 0, &[2, 2], &[0, 0], &[1]).to_vec::<bool>(), [true; 4]);
    assert_eq!(read("IntStorage", 0, 7, &[0, 3], &[3, 1], &[]).size(), [0, 3]);
}

#[test]
fn no_file_can_run_code() {
    for (pickle, name) in [
        (&b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."[..], "os.system"),
        (b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.", "posix.system"),
        (b"\x80\x02cbuiltins\neval\nX\x02\x00\x00\x00id\x85R.", "builtins.eval"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "os.system"),
        (b"\x80\x02ctorch\nload\n)R.", "torch.load"),
        (b"\x80\x02c__main__\nLeNet\n)\x81}b.", "__main__.LeNet"),
        (b"\x80\x02ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", "torch._utils._rebuild_tensor_v2.__globals__"),
        // Named, though never called.
        (b"\x80\x02csubprocess\nPopen\n0N.", "subprocess.Popen"),
    ] {
        let error = run(pickle).unwrap_err();
        assert_eq!(error, FormatError::Forbidden { name: name.into() });
        assert!(error.to_string().starts_with(&format!("the file asks for {name}, which is not allowed")), "{error}");
    }
    for instruction in [b'i', b'o', b'P', 0x82, b'\x92', b'V', b'I'] {
        let error = run(&[0x80, 2, instruction, b'.']).unwrap_err();
        assert!(matches!(error, FormatError::Unsupported(_)), "{instruction:#x}: {error}");
    }
}

#[test]
fn nonsense_is_refused_and_nothing_is_allocated_for_it() {
    let damaged = |pickle: &[u8]| {
        let error = run(pickle).unwrap_err();
        assert!(matches!(error, FormatError::Damaged(_)), "{error}");
        error.to_string()
    };
    for pickle in [
        &b""[..],
        b"\x80",
        b"\x80\x02.",
        b"\x80\x02(.",
        b"\x80\x02h\x05.",
        b"\x80\x02t.",
        b"\x80\x02\x87.",
        b"\x80\x02Na.",
        b"\x80\x02}(K\x01u.",
        b"\x80\x02NNR.",
        b"\x80\x02NQ.",
        b"\x80\x02N}b.",
        b"\x80\x02X\xff\xff\xff\xffabc",
        b"\x80\x05\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc",
        b"\x80\x02X\x01\x00\x00\x00\xff.",
        b"\x80\x02ccollections\nOrderedDict\nN\x85R.",
        // A list within itself.
        b"\x80\x02]q\x00h\x00a0}(K\x01h\x00u\x8a\x01\x01\x86.",
    ] {
        let _ = run(pickle).unwrap_err();
    }
    // 64 lists, each of which holds the one before it a hundred times.
    let mut bomb = b"\x80\x02]q\x00".to_vec();
    for _ in 0..64 {
        bomb.extend(b"](");
        bomb.extend(b"h\x00".repeat(100));
        bomb.extend(b"eq\x00");
    }
    bomb.push(b'.');
    assert!(damaged(&bomb).contains("the value is endless"));
    let deep = [&b"\x80\x02"[..], &b"]".repeat(1000), &b"a".repeat(999), b"."].concat();
    assert!(matches!(run(&deep), Err(FormatError::Unsupported(_))));
    // Storages that are smaller than they claim, and tensors beyond them.
    assert!(damaged(&tensor("FloatStorage", 5, 0, &[5], &[1])).contains("should have 5 elements, but has 16 bytes"));
    assert!(damaged(&tensor("FloatStorage", 4, 0, &[5], &[1])).contains("is beyond the 4 elements"));
    assert!(damaged(&tensor("FloatStorage", 4, 1, &[4], &[1])).contains("is beyond the 4 elements"));
    assert!(damaged(&tensor("FloatStorage", 4, 0, &[2, 2], &[4, 1])).contains("is beyond the 4 elements"));
    assert!(damaged(&tensor("FloatStorage", 4, 0, &[2, 2], &[1])).contains("is beyond the 4 elements"));
    assert!(damaged(&tensor("FloatStorage", 4, 0, &[255; 4], &[0; 4])).contains("of which 4 are stored"));
    assert!(damaged(&tensor("FloatStorage", 4, 0, &[255; 9], &[0; 9])).contains("is beyond the 4 elements"));
    let complex = run(&tensor("ComplexFloatStorage", 1, 0, &[1], &[1])).unwrap_err();
    assert_eq!(complex, FormatError::UnsupportedDtype { dtype: "torch.ComplexFloatStorage".into() });
}

#[test]
fn a_file_cut_anywhere_is_an_error_and_never_a_panic() {
    let w = Tensor::new([1.0, 2.0]).requires_grad_();
    let mut opt = Sgd::new([w.clone()], 0.1).momentum(0.9);
    w.sum().backward();
    opt.step();
    let bytes = to_bytes(&Value::from(&opt.state_dict()));
    for end in 0..bytes.len() {
        from_bytes(&bytes[..end]).unwrap_err();
    }
    // Any one byte changed: an error or a value, and never a panic.
    for position in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[position] ^= flip;
            let _ = from_bytes(&damaged).map(|value| to_optimizer_state(&value));
        }
    }
}

#[test]
fn damaged_pickles_never_panic() {
    // Past the archive's checksums.
    let value = Value::List(vec![Tensor::new([1.0, 2.0]).into(), Dict::from_iter([("a".into(), 1.into())]).into()]);
    let mut whole = Archive::open(&to_bytes(&value)).unwrap().read("archive/data.pkl").unwrap();
    for position in 0..whole.len() {
        for byte in 0..=255 {
            let kept = std::mem::replace(&mut whole[position], byte);
            let _ = run(&whole);
            whole[position] = kept;
        }
        let _ = run(&whole[..position]);
    }
}

#[test]
fn other_files_are_told_apart() {
    let says = |bytes: &[u8], expected: &str| {
        let error = from_bytes(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    says(&[LEGACY, b"\x80\x02M\xe9\x03."].concat(), "PyTorch's old format, from before version 1.6");
    says(b"\x80\x04N.", "this is not a PyTorch file: it is no zip archive");
    let archive = |names: &[&str]| {
        let members: Vec<(String, Vec<u8>)> = names.iter().map(|name| ((*name).into(), b"N.".to_vec())).collect();
        archive::write(&members, CompressionMethod::Stored)
    };
    says(&archive(&["x.npy"]), "the zip archive has no data.pkl");
    says(&archive(&["m/data.pkl", "m/constants.pkl", "m/code/m.py"]), "the file holds a TorchScript program");
    let big = [
        ("a/data.pkl", tensor("ShortStorage", 1, 0, &[1], &[1])),
        ("a/byteorder", b"big".to_vec()),
        ("a/data/0", vec![1, 2]),
    ];
    let big = big.map(|(name, bytes)| (name.to_owned(), bytes));
    let value = from_bytes(&archive::write(&big, CompressionMethod::Deflated)).unwrap();
    assert_eq!(value.as_tensor().unwrap().to_vec::<i64>(), [258]);
}

#[test]
fn what_is_no_state_dict_is_told() {
    let says = |value: &Value, expected: &str| {
        let error = to_optimizer_state(value).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    assert!(to_state_dict(&3.into()).unwrap_err().to_string().contains("but the file holds an int"));
    says(&Value::None, "a dictionary `state` and a list `param_groups`");
    let state = |state: Dict, groups: Vec<Value>| -> Value {
        Dict::from_iter([("state".into(), state.into()), ("param_groups".into(), Value::List(groups))]).into()
    };
    let group = |params: Vec<i64>| -> Value { Dict::from_iter([("params".into(), params.into())]).into() };
    says(&state(Dict::new(), vec![group(vec![0]), group(vec![0])]), "parameter 0 is in two groups");
    says(
        &state(Dict::from_iter([(3.into(), Dict::new().into())]), vec![group(vec![0])]),
        "of parameter 3 belongs to no",
    );
    says(&state(Dict::new(), vec![Value::None]), "group 0 has no list `params`");
    let odd = Dict::from_iter([("params".into(), vec![0i64].into()), ("lr".into(), Dict::new().into())]);
    says(&state(Dict::new(), vec![odd.into()]), "`lr` of group 0 is a dict");
}
