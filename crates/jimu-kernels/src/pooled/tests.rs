use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;

/// Counts how often it is dropped.
struct Counter(Arc<AtomicUsize>);

impl Drop for Counter {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counter() -> (Counter, impl Fn() -> usize) {
    let drops = Arc::new(AtomicUsize::new(0));
    (Counter(drops.clone()), move || drops.load(Ordering::Relaxed))
}

#[test]
fn the_last_pointer_drops_the_value_once() {
    let (value, drops) = counter();
    let a = Shared::new(value);
    let b = a.clone();
    drop(a);
    assert_eq!(drops(), 0);
    drop(b);
    assert_eq!(drops(), 1);
}

#[test]
fn only_the_last_pointer_gives_the_value_away() {
    let (value, drops) = counter();
    let a = Shared::new(value);
    let b = a.clone();
    assert!(Shared::into_inner(a).is_none());
    let value = Shared::into_inner(b).expect("the last pointer");
    assert_eq!(drops(), 0);
    drop(value);
    assert_eq!(drops(), 1);
}

#[test]
fn a_value_that_nobody_else_sees_is_changed_in_place() {
    let mut a = Shared::new([1; 40]);
    let place = Shared::as_ptr(&a);
    Shared::make_mut(&mut a)[3] = 2;
    assert_eq!((Shared::as_ptr(&a), a[3]), (place, 2));
    let b = a.clone();
    Shared::make_mut(&mut a)[3] = 5;
    assert!(!Shared::ptr_eq(&a, &b));
    assert_eq!((a[3], b[3]), (5, 2));
}

#[test]
fn memory_is_found_again() {
    // The block freed last is the one that is taken next.
    let first = Shared::new([0u64; 9]);
    let place = Shared::as_ptr(&first);
    drop(first);
    assert_eq!(Shared::as_ptr(&Shared::new([1u64; 9])), place);
}

#[test]
fn blocks_come_aligned_and_apart_in_all_sizes() {
    #[repr(align(128))]
    struct Wide(u8);
    let wide: Vec<Shared<Wide>> = (0..5).map(|i| Shared::new(Wide(i))).collect();
    assert!(wide.iter().enumerate().all(|(i, x)| x.0 == i as u8 && Shared::as_ptr(x).addr() % 128 == 0));
    let small: Vec<Shared<u8>> = (0..200).map(Shared::new).collect();
    let large: Vec<Shared<[u8; 1000]>> = (0..200).map(|i| Shared::new([i; 1000])).collect();
    let empty: Vec<Owned<()>> = (0..3).map(|_| Owned::new((), |value| value)).collect();
    assert!(small.iter().zip(&large).enumerate().all(|(i, (a, b))| **a == i as u8 && **b == [i as u8; 1000]));
    drop((wide, small, large, empty));
}

#[test]
fn an_object_is_dropped_as_what_it_is() {
    let (value, drops) = counter();
    let object: Owned<dyn Any> = Owned::new(value, |value| value);
    assert!(object.is::<Counter>());
    drop(object);
    assert_eq!(drops(), 1);
}

#[test]
#[should_panic(expected = "an owned value can be known as itself only")]
fn an_object_is_known_as_itself() {
    Owned::<dyn Any>::new((0u8, 0u64), |pair| &mut pair.1);
}

/// More blocks than the magazines of a thread hold, made by some threads and dropped by another, and a thread's own
/// magazines when it ends.
#[test]
fn blocks_travel_between_threads() {
    let (value, drops) = counter();
    let shared = Shared::new(value);
    for _ in 0..3 {
        let made: Vec<Shared<(usize, Shared<Counter>)>> = thread::scope(|scope| {
            let threads: Vec<_> = (0..3usize)
                .map(|thread| {
                    let shared = &shared;
                    let make = move |index| Shared::new((1000 * thread + index, shared.clone()));
                    scope.spawn(move || (0..1000).map(make).collect::<Vec<_>>())
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("it does not panic")).collect()
        });
        assert!(made.iter().enumerate().all(|(index, pair)| pair.0 == index));
    }
    assert_eq!(drops(), 0);
    drop(shared);
    assert_eq!(drops(), 1);
}

/// A value that outlives the magazines of its thread still gives its memory back.
#[test]
fn a_value_may_be_dropped_while_its_thread_ends() {
    thread_local!(static LAST: Cell<Option<Shared<Counter>>> = const { Cell::new(None) });
    let (value, drops) = counter();
    thread::spawn(move || LAST.set(Some(Shared::new(value)))).join().expect("it does not panic");
    assert_eq!(drops(), 1);
}
