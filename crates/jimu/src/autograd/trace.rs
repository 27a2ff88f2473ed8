//! Watching a forward pass: which layers are entered, which operations they apply. What a model's summary is made from.

use std::cell::RefCell;

use super::operation::Saves;
use crate::tensor::Tensor;

/// What happened.
pub(crate) enum Event {
    /// A layer began its forward.
    Enter(Place),
    /// The layer entered last ended its forward.
    Leave,
    /// An operation was applied.
    Call(Call),
}

/// A layer, by something in it that no other layer has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The address of the layer's label.
    Label(usize),
    /// The address of the label of a list of blocks, and the block's name in it.
    Member(usize, String),
}

/// One operation: its inputs, which of them it keeps for backward, its output.
pub(crate) struct Call {
    pub(crate) name: &'static str,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) saved: Vec<bool>,
    pub(crate) output: Tensor,
    pub(crate) output_saved: bool,
    pub(crate) multiply_adds: u64,
    pub(crate) view: bool,
}

impl Call {
    /// A call that keeps `saves` for backward, with no multiply-adds.
    pub(super) fn new(name: &'static str, inputs: &[&Tensor], output: &Tensor, saves: Saves) -> Self {
        Self {
            name,
            inputs: inputs.iter().map(|&input| input.clone()).collect(),
            saved: (0..inputs.len()).map(|index| saves.input(index)).collect(),
            output: output.clone(),
            output_saved: saves.output(),
            multiply_adds: 0,
            view: false,
        }
    }
}

thread_local! {
    static EVENTS: RefCell<Option<Vec<Event>>> = const { RefCell::new(None) };
}

/// Whether the calling thread's operations are watched.
pub(crate) fn is_active() -> bool {
    EVENTS.with_borrow(Option::is_some)
}

pub(super) fn call(call: Call) {
    push(Event::Call(call));
}

fn push(event: Event) {
    EVENTS.with_borrow_mut(|events| {
        if let Some(events) = events {
            events.push(event);
        }
    });
}

/// Runs `f` and lists what happened on the calling thread meanwhile.
pub(crate) fn watch<R>(f: impl FnOnce() -> R) -> (R, Vec<Event>) {
    struct Restore(Option<Vec<Event>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            EVENTS.replace(self.0.take());
        }
    }
    let _restore = Restore(EVENTS.replace(Some(Vec::new())));
    let result = f();
    (result, EVENTS.take().unwrap_or_default())
}

/// A layer's forward, from its creation to its end.
pub(crate) struct Scope(());

impl Drop for Scope {
    fn drop(&mut self) {
        push(Event::Leave);
    }
}

/// Tells that the layer at `place` begins its forward, if anybody watches.
pub(crate) fn enter(place: impl FnOnce() -> Place) -> Option<Scope> {
    is_active().then(|| {
        push(Event::Enter(place()));
        Scope(())
    })
}
