//! What RNN, GRU and LSTM share: layers one above the other, each in one or both directions.

use super::cells::{State, Step, Weights};
use crate::error::{ShapeError, raise};
use crate::nn::field::{Field, Fields, Label, Mode};
use crate::nn::functional::dropout;
use crate::tensor::{Shape, Tensor};

/// The layers and their options.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    kind: &'static str,
    gates: usize,
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    pub(super) num_layers: usize,
    pub(super) bias: bool,
    pub(super) batch_first: bool,
    pub(super) dropout: f64,
    pub(super) bidirectional: bool,
    pub(super) proj_size: usize,
    /// By layer, then by direction.
    weights: Vec<Weights>,
    training: Mode,
    label: Label,
}

impl Stack {
    pub(super) fn new(kind: &'static str, gates: usize, input_size: usize, hidden_size: usize) -> Self {
        let stack = Self {
            kind,
            gates,
            input_size,
            hidden_size,
            num_layers: 1,
            bias: true,
            batch_first: false,
            dropout: 0.0,
            bidirectional: false,
            proj_size: 0,
            weights: Vec::new(),
            training: Mode::default(),
            label: Label::default(),
        };
        stack.renewed()
    }

    /// With new random weights, as the options ask for.
    #[track_caller]
    pub(super) fn renewed(mut self) -> Self {
        let refuse = |problem: String, help: &str| raise(ShapeError::new(self.kind, problem).help(help));
        if self.hidden_size == 0 || self.num_layers == 0 {
            refuse("hidden_size and num_layers must be positive".to_owned(), "choose 1 at least");
        }
        if self.proj_size >= self.hidden_size {
            let problem = format!("proj_size is {}, but hidden_size {}", self.proj_size, self.hidden_size);
            refuse(problem, "a projection makes the state smaller");
        }
        let Self { gates, hidden_size, bias, proj_size, .. } = self;
        let inputs = |layer: usize| if layer == 0 { self.input_size } else { self.output_size() * self.directions() };
        self.weights = (0..self.num_layers * self.directions())
            .map(|index| Weights::new(gates, inputs(index / self.directions()), hidden_size, bias, proj_size))
            .collect();
        self
    }

    fn directions(&self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }

    /// The size of what each direction passes on.
    fn output_size(&self) -> usize {
        if self.proj_size > 0 { self.proj_size } else { self.hidden_size }
    }

    /// Parameters under PyTorch's names: `weight_ih_l0`, `weight_hh_l0_reverse`, ….
    pub(super) fn fields(&self) -> Fields<'_> {
        let mut fields = Fields::new();
        for (index, weights) in self.weights.iter().enumerate() {
            let reverse = if index % self.directions() == 1 { "_reverse" } else { "" };
            weights.list(&format!("_l{}{reverse}", index / self.directions()), &mut fields);
        }
        fields.push(("training".to_owned(), Field::Mode(&self.training)));
        fields.push(("label".to_owned(), Field::Label(&self.label)));
        fields
    }

    pub(super) fn extra_repr(&self) -> String {
        let mut text = format!("{}, {}", self.input_size, self.hidden_size);
        let mut tell = |differs: bool, option: String| {
            if differs {
                text += &format!(", {option}");
            }
        };
        tell(self.proj_size != 0, format!("proj_size={}", self.proj_size));
        tell(self.num_layers != 1, format!("num_layers={}", self.num_layers));
        tell(!self.bias, "bias=False".to_owned());
        tell(self.batch_first, "batch_first=True".to_owned());
        tell(self.dropout != 0.0, format!("dropout={:?}", self.dropout));
        tell(self.bidirectional, "bidirectional=True".to_owned());
        text
    }

    /// The output of the last layer at every step, and the last states of every layer and direction.
    ///
    /// `state` holds the initial states in the order that `step` has them, or nothing for zeros; `sizes` their last sizes.
    pub(super) fn run(
        &self,
        x: &Tensor,
        state: Option<Vec<&Tensor>>,
        sizes: &[usize],
        step: &Step,
    ) -> Result<(Tensor, State), ShapeError> {
        let _scope = self.label.enter();
        let time = usize::from(self.batch_first && x.dim() == 3);
        self.check(x, time)?;
        let batched = x.dim() == 3;
        let state = self.initial(x, state, sizes, time)?;
        let mut steps = x.unbind(time as isize);
        if !batched {
            steps = steps.iter().map(|x| x.unsqueeze(0)).collect();
        }
        let mut last: Vec<State> = Vec::new();
        for layer in 0..self.num_layers {
            let (outputs, states) = self.run_layer(layer, &steps, &state, step);
            last.extend(states);
            let between = layer + 1 < self.num_layers;
            steps = match between && self.dropout > 0.0 {
                true => outputs.iter().map(|x| dropout(x, self.dropout, self.training.is_training())).collect(),
                false => outputs,
            };
        }
        let unbatch = |x: Tensor, dim: isize| if batched { x } else { x.squeeze_dim(dim) };
        let output = Tensor::stack(&steps.iter().collect::<Vec<_>>(), if batched { time as isize } else { 0 });
        let states = (0..sizes.len()).map(|which| {
            let each: Vec<&Tensor> = last.iter().map(|state| &state[which]).collect();
            unbatch(Tensor::stack(&each, 0), 1)
        });
        Ok((unbatch(output, 1), states.collect()))
    }

    /// The outputs of one layer at every step, both directions side by side, and the last state of each.
    fn run_layer(&self, layer: usize, steps: &[Tensor], state: &[Tensor], step: &Step) -> (Vec<Tensor>, Vec<State>) {
        let mut sides: Vec<Vec<Tensor>> = Vec::new();
        let mut last = Vec::new();
        for direction in 0..self.directions() {
            let index = layer * self.directions() + direction;
            let mut current: State = state.iter().map(|state| state.select(0, index as isize)).collect();
            let mut outputs = Vec::with_capacity(steps.len());
            for position in 0..steps.len() {
                let position = if direction == 0 { position } else { steps.len() - 1 - position };
                current = step(&self.weights[index], &steps[position], &current);
                outputs.push(current[0].clone());
            }
            if direction == 1 {
                outputs.reverse();
            }
            sides.push(outputs);
            last.push(current);
        }
        let backward = sides.split_off(1).pop();
        let forward = sides.remove(0);
        let outputs = match backward {
            None => forward,
            Some(backward) => forward.iter().zip(&backward).map(|(f, b)| Tensor::cat(&[f, b], -1)).collect(),
        };
        (outputs, last)
    }

    fn who(&self) -> String {
        self.label.describe(self.kind)
    }

    fn check(&self, x: &Tensor, time: usize) -> Result<(), ShapeError> {
        let (size, shape) = (self.input_size, x.shape());
        let refuse = |problem: String, help: &str| Err(ShapeError::new(self.who(), problem).help(help));
        if !(2..=3).contains(&x.dim()) || shape.last() != Some(&size) {
            let wanted = if self.batch_first { "[n, l, " } else { "[l, n, " };
            return refuse(
                format!("the input must have the shape {wanted}{size}] or [l, {size}], but has {shape}"),
                "the last dimension is input_size; batch_first(true) puts the batch before the steps",
            );
        }
        if shape[time] == 0 {
            return refuse(format!("the sequence has no steps: the input has shape {shape}"), "give one step at least");
        }
        Ok(())
    }

    /// The initial states, [layers · directions, n, size].
    fn initial(
        &self,
        x: &Tensor,
        given: Option<Vec<&Tensor>>,
        sizes: &[usize],
        time: usize,
    ) -> Result<State, ShapeError> {
        let layers = self.num_layers * self.directions();
        let batch = (x.dim() == 3).then(|| x.shape()[1 - time]);
        let full = |size: usize| Shape::from([layers, batch.unwrap_or(1), size]);
        let Some(given) = given else {
            return Ok(sizes.iter().map(|&size| Tensor::zeros_of(full(size), x.dtype())).collect());
        };
        let mut states = State::new();
        for (state, &size) in given.into_iter().zip(sizes) {
            let wanted: Shape = [Some(layers), batch, Some(size)].into_iter().flatten().collect();
            if *state.shape() != wanted {
                let problem = format!("the initial state must have the shape {wanted}, but has {}", state.shape());
                let help = "it is [num_layers · directions, n, size], without n for an input without a batch";
                return Err(ShapeError::new(self.who(), problem).help(help));
            }
            states.push(if batch.is_some() { state.clone() } else { state.unsqueeze(1) });
        }
        Ok(states)
    }
}

#[cfg(test)]
mod tests {
    use crate::nn::{GRU, GRUCell, LSTM, LSTMCell, Module, RNN, RNNNonlinearity};
    use crate::tensor::Tensor;

    /// The cell's weights are those of the layer's first layer.
    fn share(layer: &dyn Module, cell: &dyn Module) {
        let state = layer.state_dict();
        let own = state.iter().map(|(name, tensor)| (name.replace("_l0", ""), tensor.clone()));
        cell.load_state_dict(&own.filter(|(name, _)| !name.contains("_l") && !name.ends_with("reverse")).collect())
            .unwrap();
    }

    #[track_caller]
    fn assert_close(a: &Tensor, b: &Tensor) {
        assert_eq!(a.size(), b.size());
        assert!((a - b).abs().max().item() < 1e-5);
    }

    #[test]
    fn a_layer_is_a_loop_over_its_cell() {
        let (x, h0, c0) = (Tensor::randn([4, 2, 3]), Tensor::randn([1, 2, 5]), Tensor::randn([1, 2, 5]));
        let (lstm, cell) = (LSTM::new(3, 5), LSTMCell::new(3, 5));
        share(&lstm, &cell);
        let (mut h, mut c) = (h0.select(0, 0), c0.select(0, 0));
        let mut outputs = Vec::new();
        for x in x.unbind(0) {
            (h, c) = cell.forward(&x, Some((&h, &c)));
            outputs.push(h.clone());
        }
        let (output, (hn, cn)) = lstm.forward(&x, Some((&h0, &c0)));
        assert_close(&output, &Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 0));
        assert_close(&hn.select(0, 0), &h);
        assert_close(&cn.select(0, 0), &c);

        let (gru, cell) = (GRU::new(3, 5).bias(false), GRUCell::new(3, 5).bias(false));
        share(&gru, &cell);
        let last = x.unbind(0).iter().fold(h0.select(0, 0), |h, x| cell.forward(x, Some(&h)));
        assert_close(&gru.forward(&x, Some(&h0)).1.select(0, 0), &last);
    }

    #[test]
    fn the_other_direction_runs_over_the_reversed_sequence() {
        let (x, both) = (Tensor::randn([4, 2, 3]), GRU::new(3, 5).bidirectional(true));
        let one = GRU::new(3, 5);
        let state = both.state_dict().into_iter();
        let reverse = state.filter_map(|(name, tensor)| Some((name.strip_suffix("_reverse")?.to_owned(), tensor)));
        one.load_state_dict(&reverse.collect()).unwrap();
        let (output, _) = both.forward(&x, None);
        assert_close(&output.narrow(-1, 5, 5), &one.forward(&x.flip(0), None).0.flip(0));
    }

    #[test]
    fn batches_may_come_first_or_not_at_all() {
        let rnn = RNN::new(3, 5).num_layers(2).nonlinearity(RNNNonlinearity::Relu);
        let x = Tensor::randn([4, 2, 3]);
        let (output, hn) = rnn.forward(&x, None);
        let (alone, h) = rnn.forward(&x.select(1, 1), None);
        assert_close(&alone, &output.select(1, 1));
        assert_close(&h, &hn.select(1, 1));
        let (first, _) = rnn.batch_first(true).forward(&x.transpose(0, 1), None);
        assert_close(&first.transpose(0, 1), &output);
    }

    #[test]
    fn options_can_come_in_any_order() {
        let lstm = LSTM::new(3, 5).proj_size(2).bidirectional(true).num_layers(2).dropout(0.5);
        let (output, (h, c)) = lstm.forward(&Tensor::randn([4, 2, 3]), None);
        assert_eq!((output.size(), h.size(), c.size()), ([4, 2, 4].into(), [4, 2, 2].into(), [4, 2, 5].into()));
        assert_eq!(lstm.to_string(), "LSTM(3, 5, proj_size=2, num_layers=2, dropout=0.5, bidirectional=True)");
        assert_eq!(lstm.named_parameters()[4].0, "weight_hr_l0");
    }

    #[test]
    #[should_panic(expected = "LSTM: the input must have the shape [l, n, 3] or [l, 3], but has [4, 2, 7]")]
    fn a_wrong_input() {
        LSTM::new(3, 5).forward(&Tensor::zeros([4, 2, 7]), None);
    }

    #[test]
    #[should_panic(expected = "GRU: the initial state must have the shape [2, 2, 5], but has [1, 2, 5]")]
    fn a_wrong_state() {
        GRU::new(3, 5).num_layers(2).forward(&Tensor::zeros([4, 2, 3]), Some(&Tensor::zeros([1, 2, 5])));
    }
}
