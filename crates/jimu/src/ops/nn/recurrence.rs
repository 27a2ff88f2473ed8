//! The steps of a recurrent network as one operation.
//!
//! Composed of a matrix product and the gates' arithmetic at every step, a network would spend its time on small tensors,
//! and each view of a step would bring back a gradient of the size of all steps. Here forward and backward are one pass over
//! the steps each, with the products over all steps at once before and after. Second derivatives go through the
//! composed network.

use jimu_kernels::buffer::Buffer;
pub(crate) use jimu_kernels::recurrent::Cell;
use jimu_kernels::recurrent::Recurrence as Steps;

use crate::autograd::{Context, Gradients, Operation, Saves, Spec, gradients_through, is_grad_enabled, try_apply};
use crate::dtype::{Element, dispatch_float};
use crate::error::ShapeError;
use crate::tensor::{Layout, Tensor};

/// What is passed from step to step: h, and c if the cell has a memory.
pub(crate) type State = Vec<Tensor>;

/// What a network is given, besides the weight of the input.
pub(crate) struct Recurrent<'a> {
    pub(crate) cell: Cell,
    /// Whether the steps are taken from the last to the first.
    pub(crate) reverse: bool,
    /// The input's part in the gates, [steps, n, gates · hidden].
    pub(crate) of_input: &'a Tensor,
    /// [gates · hidden, hidden].
    pub(crate) weight_hh: &'a Tensor,
    /// [gates · hidden], where it must not be added to the input's part beforehand.
    pub(crate) bias_hh: Option<&'a Tensor>,
    /// Each [n, hidden].
    pub(crate) state: &'a [Tensor],
}

/// The states h after every step, [steps, n, hidden], and the last state.
pub(crate) fn try_recurrence(given: &Recurrent<'_>) -> Result<(Tensor, State), ShapeError> {
    let mut inputs = vec![given.of_input, given.weight_hh];
    inputs.extend(given.state);
    inputs.extend(given.bias_hh);
    let keep = is_grad_enabled() && inputs.iter().any(|input| input.requires_grad());
    let operation = Recurrence { cell: given.cell, reverse: given.reverse, keep, record: None };
    // Its shape rule makes sure that there are sizes to ask for.
    let states = try_apply(operation, &inputs)?;
    let slots = steps(given.cell, given.reverse, given.of_input, given.weight_hh);
    // The output has all slots but the initial one, which comes first if the steps go forward.
    let at = |slot: usize| (slot - usize::from(!given.reverse)) as isize;
    let mut state = vec![states.select(0, at(slots.last_output()))];
    if given.cell.has_memory() {
        state.push(states.select(0, at(slots.memory())));
    }
    Ok((states.narrow(0, at(slots.first_output()), slots.steps), state))
}

/// The network that the kernels are told of, by the shapes of the input's part and the weight.
fn steps(cell: Cell, reverse: bool, of_input: &Tensor, weight: &Tensor) -> Steps {
    let [steps, batch] = [of_input.shape()[0], of_input.shape()[1]];
    Steps { cell, steps, batch, hidden: weight.shape()[1], reverse }
}

/// One step, composed of operations: the next state from the parts of input and state in the gates.
pub(crate) fn step(cell: Cell, of_input: &Tensor, of_state: &Tensor, state: &[Tensor]) -> State {
    match cell {
        Cell::Tanh => vec![(of_input + of_state).tanh()],
        Cell::Relu => vec![(of_input + of_state).relu()],
        Cell::Gru => {
            let (x, p) = (of_input.chunk(3, -1), of_state.chunk(3, -1));
            let [r, z] = [0, 1].map(|gate| (&x[gate] + &p[gate]).sigmoid());
            let n = (&x[2] + r * &p[2]).tanh();
            vec![(1.0 - &z) * n + z * &state[0]]
        }
        Cell::Lstm => {
            let gates = (of_input + of_state).chunk(4, -1);
            let [i, f, o] = [0, 1, 3].map(|gate| gates[gate].sigmoid());
            let c = f * &state[1] + i * gates[2].tanh();
            vec![o * c.tanh(), c]
        }
    }
}

/// One call. Inputs: the input's part in the gates, the weight, h, c if the cell has a memory, and a bias if there is a
/// further one. Output: [steps, n, hidden], with a memory one more, which is the last memory and lies where the steps end.
struct Recurrence {
    cell: Cell,
    reverse: bool,
    /// Whether there will be a way back.
    keep: bool,
    record: Option<Record>,
}

/// What forward leaves: all states, and what each step has computed of gates.
struct Record {
    states: Tensor,
    kept: Tensor,
}

impl Recurrence {
    fn steps(&self, of_input: &Tensor, weight: &Tensor) -> Steps {
        steps(self.cell, self.reverse, of_input, weight)
    }

    fn check(&self, inputs: &[&Tensor]) -> Result<(), ShapeError> {
        let refuse = |problem: String, help: String| Err(ShapeError::new(Self::NAME, problem).help(help));
        let (dtype, gates) = (inputs[0].dtype(), self.cell.gates());
        if let Some(other) = inputs.iter().find(|input| input.dtype() != dtype || !dtype.is_floating_point()) {
            let other = other.dtype();
            let problem =
                format!("input, weights and states must be real numbers of one type, but are {dtype} and {other}");
            return refuse(problem, format!("convert them with .to(DType::{dtype:?})"));
        }
        let (x, weight) = (inputs[0].shape(), inputs[1].shape());
        if x.len() != 3 || x[0] == 0 || weight.len() != 2 || weight[1] == 0 {
            let problem = format!("the input's part has the shape {x}, the weight {weight}");
            return refuse(problem, format!("they are [steps, n, {gates} · hidden] and [{gates} · hidden, hidden]"));
        }
        let (row, hidden) = (gates * weight[1], weight[1]);
        let shapes_of = |bias| if bias { vec![row] } else { vec![x[1], hidden] };
        let bias = self.bias(inputs.len());
        let wrong = (2..inputs.len()).find(|&at| inputs[at].shape()[..] != shapes_of(Some(at) == bias)[..]);
        if x[2] != row || weight[0] != row || wrong.is_some() {
            let shapes: Vec<String> = inputs.iter().map(|input| input.shape().to_string()).collect();
            let problem = format!("inputs of shapes {} do not fit each other", shapes.join(", "));
            let help = "they are [steps, n, gates · hidden], [gates · hidden, hidden], and [n, hidden] for each state";
            return refuse(problem, help.to_owned());
        }
        Ok(())
    }

    /// The position of the bias among so many inputs.
    fn bias(&self, inputs: usize) -> Option<usize> {
        let before = if self.cell.has_memory() { 4 } else { 3 };
        (inputs > before).then_some(before)
    }

    /// The same from operations on each step.
    fn composed(&self, inputs: &[Tensor]) -> Tensor {
        let memories = usize::from(self.cell.has_memory());
        let mut state = inputs[2..3 + memories].to_vec();
        let bias = self.bias(inputs.len()).map(|bias| &inputs[bias]);
        let mut steps = inputs[0].unbind(0);
        let mut outputs = Vec::with_capacity(steps.len() + memories);
        if self.reverse {
            steps.reverse();
        }
        for x in &steps {
            let of_state = state[0].matmul(&inputs[1].t());
            let of_state = bias.map_or_else(|| of_state.clone(), |bias| &of_state + bias);
            state = step(self.cell, x, &of_state, &state);
            outputs.push(state[0].clone());
        }
        outputs.extend(state.into_iter().skip(1));
        if self.reverse {
            outputs.reverse();
        }
        Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0)
    }
}

/// The elements of an input that there may not be.
fn with_elements<T: Element, R>(x: Option<&Tensor>, read: impl FnOnce(&[T::Stored]) -> R) -> R {
    match x {
        Some(x) => x.with_contiguous::<T, _>(read),
        None => read(&[]),
    }
}

impl Operation for Recurrence {
    const NAME: &'static str = "recurrence";

    fn saves(&self) -> Saves {
        Saves::Inputs
    }

    fn spec(&self, inputs: &[&Tensor]) -> Result<Spec, ShapeError> {
        self.check(inputs)?;
        let steps = self.steps(inputs[0], inputs[1]);
        Ok(Spec::new(inputs[0].dtype(), [steps.slots() - 1, steps.batch, steps.hidden]))
    }

    fn multiply_adds(&self, inputs: &[&Tensor], _output: &Tensor) -> u64 {
        (inputs[0].numel() * inputs[1].shape()[1]) as u64
    }

    fn forward(&mut self, inputs: &[&Tensor], spec: &Spec) -> Tensor {
        let steps = self.steps(inputs[0], inputs[1]);
        let Steps { batch, hidden, .. } = steps;
        let slots = steps.slots();
        let kept = if self.keep { steps.steps * batch * hidden * self.cell.kept() } else { 0 };
        let memory = self.cell.has_memory().then(|| inputs[3]);
        let bias = self.bias(inputs.len()).map(|bias| inputs[bias]);
        let (states, kept) = dispatch_float!(spec.dtype, T => {
            let (mut states, mut keeping) = (Buffer::unspecified(slots * batch * hidden), Buffer::unspecified(kept));
            inputs[0].with_contiguous::<T, _>(|x| inputs[1].with_contiguous::<T, _>(|weight| {
                inputs[2].with_contiguous::<T, _>(|h| with_elements::<T, _>(memory, |c| {
                    with_elements::<T, _>(bias, |elements| {
                        let bias = bias.map(|_| elements);
                        steps.forward(x, weight, bias, h, c, &mut states, &mut keeping);
                    });
                }));
            }));
            let tensor = |values, shape: &[usize]| Tensor::from_buffer::<T>(values, Layout::contiguous(shape.into()));
            (tensor(states, &[slots, batch, hidden]), tensor(keeping, &[kept]))
        });
        let output = states.narrow(0, isize::from(!self.reverse), slots - 1);
        self.record = self.keep.then_some(Record { states, kept });
        output
    }

    fn backward(&self, context: &Context<'_>, grad: &Tensor) -> Gradients {
        let inputs: Vec<Tensor> = (0..context.inputs()).map(|index| context.input(index)).collect();
        match &self.record {
            Some(record) if !is_grad_enabled() => self.gradients(context, &inputs, record, grad),
            _ => gradients_through(context, &inputs, &self.composed(&inputs), grad),
        }
    }
}

impl Recurrence {
    /// The gradients as numbers, outside any graph.
    fn gradients(&self, context: &Context<'_>, inputs: &[Tensor], record: &Record, grad: &Tensor) -> Gradients {
        let steps = self.steps(&inputs[0], &inputs[1]);
        let rows = [steps.steps * steps.batch, inputs[1].shape()[0]];
        let [dx, dp, dh, dc] = self.pass_back(steps, inputs, record, grad);
        let of_state = if self.cell.splits() { &dp } else { &dx }.reshape(rows);
        let weight = || {
            let before = record.states.narrow(0, steps.first_before() as isize, steps.steps);
            of_state.t().matmul(&before.reshape([rows[0], steps.hidden]))
        };
        let mut gradients: Gradients = [Some(dx), context.needs(1).then(weight), Some(dh)].into_iter().collect();
        if self.cell.has_memory() {
            gradients.push(Some(dc));
        }
        if let Some(bias) = self.bias(inputs.len()) {
            gradients.push(context.needs(bias).then(|| of_state.sum_dim(0, false)));
        }
        gradients
    }

    /// The gradients of the parts of input and state in the gates, of h and of c; without elements where they are none.
    fn pass_back(&self, steps: Steps, inputs: &[Tensor], record: &Record, grad: &Tensor) -> [Tensor; 4] {
        let (gates, state): (&[usize], &[usize]) = (inputs[0].shape(), inputs[2].shape());
        let split = if self.cell.splits() { gates } else { &[0] };
        let memory = self.cell.has_memory().then(|| &inputs[3]);
        let shapes = [gates, split, state, if memory.is_some() { state } else { &[0] }];
        dispatch_float!(grad.dtype(), T => {
            let mut buffers = shapes.map(|shape| Buffer::<T>::unspecified(shape.iter().product()));
            grad.with_contiguous::<T, _>(|grad| inputs[1].with_contiguous::<T, _>(|weight| {
                with_elements::<T, _>(memory, |c| {
                    record.states.with_contiguous::<T, _>(|states| record.kept.with_contiguous::<T, _>(|kept| {
                        let gradients = buffers.each_mut().map(|buffer| &mut buffer[..]);
                        steps.backward(grad, weight, c, (states, kept), gradients);
                    }));
                });
            }));
            let mut shapes = shapes.into_iter();
            buffers.map(|buffer| {
                let shape = shapes.next().expect("a shape for each");
                Tensor::from_buffer::<T>(buffer, Layout::contiguous(shape.into()))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::DType;
    use crate::ops::testing::{check, variable};

    const CELLS: [Cell; 4] = [Cell::Tanh, Cell::Relu, Cell::Gru, Cell::Lstm];

    /// The inputs of a network of 3 units for 2 samples.
    fn inputs(cell: Cell, steps: usize) -> Vec<Tensor> {
        let row = 3 * cell.gates();
        let mut inputs = vec![variable([steps, 2, row]), variable([row, 3]), variable([2, 3])];
        if cell.has_memory() {
            inputs.push(variable([2, 3]));
        }
        inputs.push(variable([row]));
        inputs
    }

    fn run(cell: Cell, reverse: bool, inputs: &[&Tensor]) -> (Tensor, State) {
        let (bias_hh, rest) = inputs.split_last().unwrap();
        let state: Vec<Tensor> = rest[2..].iter().map(|&state| state.clone()).collect();
        let (of_input, weight_hh) = (rest[0], rest[1]);
        try_recurrence(&Recurrent { cell, reverse, of_input, weight_hh, bias_hh: Some(bias_hh), state: &state })
            .unwrap()
    }

    #[test]
    fn derivatives() {
        for cell in CELLS {
            for reverse in [false, true] {
                let inputs = inputs(cell, 2);
                let inputs: Vec<&Tensor> = inputs.iter().collect();
                check(|x| run(cell, reverse, x).0, &inputs);
                // Every last state alone, so that the gradients of the others are zeros.
                let last = |x: &[&Tensor]| run(cell, reverse, x).1.iter().fold(Tensor::ones([]), |all, one| all * one);
                check(last, &inputs);
            }
        }
    }

    #[test]
    fn the_composed_network_computes_the_same() {
        for cell in CELLS {
            for reverse in [false, true] {
                let inputs = inputs(cell, 4);
                let given: Vec<&Tensor> = inputs.iter().collect();
                let whole = try_apply(Recurrence { cell, reverse, keep: false, record: None }, &given).unwrap();
                let composed = Recurrence { cell, reverse, keep: false, record: None }.composed(&inputs);
                assert!((whole - composed).abs().max().item() < 1e-12, "{cell:?}");
            }
        }
    }

    #[test]
    fn the_last_state_is_that_of_the_last_step_taken() {
        for (reverse, last) in [(false, 3), (true, 0)] {
            let inputs = inputs(Cell::Gru, 4);
            let (outputs, state) = run(Cell::Gru, reverse, &inputs.iter().collect::<Vec<_>>());
            assert_eq!(outputs.select(0, last).to_vec::<f64>(), state[0].to_vec::<f64>());
        }
    }

    #[test]
    fn shapes_must_fit() {
        for (at, shape) in [(0, vec![2, 2]), (1, vec![3, 2]), (2, vec![1, 3]), (3, vec![4])] {
            let mut inputs = inputs(Cell::Tanh, 1);
            inputs[at] = variable(shape);
            let operation = Recurrence { cell: Cell::Tanh, reverse: false, keep: false, record: None };
            assert!(operation.spec(&inputs.iter().collect::<Vec<_>>()).is_err(), "input {at}");
        }
    }

    #[test]
    fn types_do_not_mix() {
        let mut inputs = inputs(Cell::Tanh, 1);
        inputs[2] = inputs[2].to(DType::F32);
        let operation = Recurrence { cell: Cell::Tanh, reverse: false, keep: false, record: None };
        let error = operation.spec(&inputs.iter().collect::<Vec<_>>()).unwrap_err().to_string();
        assert!(error.starts_with("recurrence: input, weights and states must be real numbers of one type"), "{error}");
    }
}
