use super::*;

fn raw(version: u8, header: &str, content: &[u8]) -> Vec<u8> {
    let length = match version {
        1 => (header.len() as u16).to_le_bytes().to_vec(),
        _ => (header.len() as u32).to_le_bytes().to_vec(),
    };
    [&MAGIC[..], &[version, 0], &length, header.as_bytes(), content].concat()
}

fn described(descr: &str, shape: &str, content: &[u8]) -> Result<Tensor, FormatError> {
    from_bytes(&raw(1, &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n"), content))
}

#[test]
fn every_type_and_shape_comes_back() {
    for tensor in [
        Tensor::new([true, false, true]),
        Tensor::from_vec(vec![0u8, 255], [2, 1]),
        Tensor::from_vec(vec![i64::MIN, -1, i64::MAX], [3]),
        Tensor::from_vec(vec![f32::MIN_POSITIVE, -0.0, f32::INFINITY, 1e-40], [2, 2]),
        Tensor::from_vec(vec![std::f64::consts::PI], [1, 1, 1]),
        Tensor::from_vec(vec![7i64], []),
        Tensor::zeros([0, 3]),
        Tensor::new([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).t(),
    ] {
        let bytes = to_bytes(&tensor);
        assert_eq!((bytes.len() - tensor.numel() * tensor.dtype().size_in_bytes()) % 64, 0);
        let loaded = from_bytes(&bytes).unwrap();
        assert_eq!((loaded.dtype(), loaded.size()), (tensor.dtype(), tensor.size()));
        assert_eq!(little_endian(&loaded), little_endian(&tensor));
    }
}

#[test]
fn other_types_are_widened() {
    let whole = |descr: &str, bytes: &[u8]| described(descr, "(2,)", bytes).unwrap().to_vec::<i64>();
    assert_eq!(whole("|i1", &[255, 1]), [-1, 1]);
    assert_eq!(whole("<i2", &[0, 128, 1, 0]), [-32768, 1]);
    assert_eq!(whole(">i2", &[128, 0, 0, 1]), [-32768, 1]);
    assert_eq!(whole("<u2", &[255, 255, 1, 0]), [65535, 1]);
    assert_eq!(whole(">u4", &[255, 255, 255, 255, 0, 0, 0, 1]), [4294967295, 1]);
    assert_eq!(whole("<u8", &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]), [1, 2]);
    assert_eq!(described("<f2", "(2,)", &[0x00, 0x3e, 0x00, 0xc0]).unwrap().to_vec::<f32>(), [1.5, -2.0]);
    assert_eq!(described(">f8", "(1,)", &1.5f64.to_be_bytes()).unwrap().to_vec::<f64>(), [1.5]);
    assert_eq!(described("<u8", "()", &[255; 8]).unwrap_err(), FormatError::TooLarge(u64::MAX));
}

#[test]
fn versions_and_orders() {
    for version in [1, 2, 3] {
        let header = "{'shape': (2L, 3), 'fortran_order': True, 'descr': '|u1'}   \n";
        let tensor = from_bytes(&raw(version, header, &[1, 4, 2, 5, 3, 6])).unwrap();
        assert_eq!(tensor.size(), [2, 3]);
        assert_eq!(tensor.to_vec::<u8>(), [1, 2, 3, 4, 5, 6]);
    }
    let message = from_bytes(&raw(4, "", &[])).unwrap_err().to_string();
    assert!(message.contains("its version is 4, and 1 to 3 are known"), "{message}");
}

#[test]
fn damage_is_told_and_nothing_is_allocated_for_it() {
    let whole = to_bytes(&Tensor::new([1.0, 2.0]));
    for end in 0..whole.len() {
        from_bytes(&whole[..end]).unwrap_err();
    }
    let length = described("<f4", "(3,)", &[0; 8]).unwrap_err();
    assert_eq!(length, FormatError::Length { expected: 12, found: 8 });
    for shape in ["(9000000000000000000,)", "(4000000000, 4000000000, 4000000000)"] {
        assert!(matches!(described("<f8", shape, &[0; 8]), Err(FormatError::Length { .. })));
    }
    for (descr, named) in [("|O", "|O"), ("<U3", "<U3"), ("<c8", "<c8"), ("<M8[ns]", "<M8[ns]"), ("<f16", "<f16")] {
        let message = described(descr, "(1,)", &[0; 8]).unwrap_err().to_string();
        assert!(message.contains(&format!("of type {named}, which jimu does not have")), "{message}");
    }
    for header in ["{}", "{'descr': '<f4', 'fortran_order': 1, 'shape': (1,)}", "{'descr': 3, 'shape': ()}"] {
        assert!(matches!(from_bytes(&raw(1, header, &[0; 4])), Err(FormatError::Damaged(_))), "{header}");
    }
    let structure = from_bytes(&raw(1, "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': ()}", &[]));
    assert!(matches!(structure, Err(FormatError::UnsupportedDtype(_))));
}
