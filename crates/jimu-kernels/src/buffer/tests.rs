use super::shelves::{CLASSES, Class};
use super::*;

#[test]
fn classes_are_tight_ordered_and_their_own() {
    let mut last = Class::of(1);
    for bytes in (1..100_000).chain((100_000..100_000_000).step_by(4999)) {
        let class = Class::of(bytes);
        assert!(class.bytes >= bytes && class.bytes.is_multiple_of(ALIGNMENT), "{bytes} {class:?}");
        assert!(class.bytes - bytes < ALIGNMENT.max(bytes / 8 + 1), "{bytes} {class:?}");
        assert!(
            class.index == last.index && class.bytes == last.bytes || class.index > last.index,
            "{bytes} {class:?}"
        );
        assert_eq!(Class::of(class.bytes), class, "a block's own size is of its class");
        last = class;
    }
    assert_eq!([Class::of(1).index, Class::of(512).index, Class::of(513).index], [0, 7, 8]);
    assert!(Class::of(isize::MAX as usize / 2).index < CLASSES);
}

#[test]
fn buffers_are_aligned_and_hold_what_they_are_given() {
    for len in [0, 1, 3, 16, 100, 4096, 300_000, 600_000, 3_000_000] {
        let buffer = Buffer::<f32>::zeroed(len);
        assert_eq!(buffer.as_ptr() as usize % ALIGNMENT, 0);
        assert_eq!(buffer.len(), len);
        assert!(buffer.iter().all(|&x| x == 0.0));
        let values: Vec<i64> = (0..len as i64).collect();
        let copy = Buffer::from_slice(&values);
        assert_eq!(*copy.clone(), *values);
        assert_eq!(*Buffer::from_vec(values.clone()), *copy);
        assert_eq!(*values.into_iter().collect::<Buffer<i64>>(), *copy);
    }
    assert_eq!(Buffer::<()>::zeroed(5).len(), 5);
    assert!(Buffer::<f64>::default().is_empty());
}

#[test]
#[should_panic(expected = "more than memory can address")]
fn absurd_lengths_are_refused() {
    Buffer::<f64>::zeroed(usize::MAX / 4);
}
