use super::{Cell, Recurrence};

/// Numbers from -1 to 1, others for each seed.
fn numbers(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|at| ((at * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0).collect()
}

const CELLS: [Cell; 4] = [Cell::Tanh, Cell::Relu, Cell::Gru, Cell::Lstm];

/// What a network is given.
struct Given {
    of: Recurrence,
    x: Vec<f64>,
    weight: Vec<f64>,
    bias: Vec<f64>,
    h0: Vec<f64>,
    c0: Vec<f64>,
}

impl Given {
    fn new(cell: Cell, [steps, batch, hidden]: [usize; 3], reverse: bool) -> Self {
        let (row, memories) = (cell.gates() * hidden, usize::from(cell.has_memory()));
        Self {
            of: Recurrence { cell, steps, batch, hidden, reverse },
            x: numbers(steps * batch * row, 1),
            weight: numbers(row * hidden, 2),
            bias: numbers(row, 3),
            h0: numbers(batch * hidden, 4),
            c0: numbers(batch * hidden * memories, 5),
        }
    }

    /// The slots, and what is kept for the way back.
    fn forward(&self) -> (Vec<f64>, Vec<f64>) {
        let Recurrence { steps, batch, hidden, cell, .. } = self.of;
        let mut states = vec![f64::NAN; self.of.slots() * batch * hidden];
        let mut kept = vec![f64::NAN; steps * batch * hidden * cell.kept()];
        let bias = Some(&self.bias[..]);
        self.of.forward(&self.x, &self.weight, bias, &self.h0, &self.c0, &mut states, &mut kept);
        (states, kept)
    }

    /// The state of every step, and the last memory, a unit at a time.
    fn naive(&self) -> (Vec<f64>, Vec<f64>) {
        let Recurrence { cell, steps, batch, hidden, reverse } = self.of;
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        let (mut h, mut c, mut outputs) = (self.h0.clone(), self.c0.clone(), vec![0.0; steps * batch * hidden]);
        for step in 0..steps {
            let step = if reverse { steps - 1 - step } else { step };
            let before = h.clone();
            for sample in 0..batch {
                for unit in 0..hidden {
                    let state = &before[sample * hidden..][..hidden];
                    let x = |gate: usize| self.x[((step * batch + sample) * cell.gates() + gate) * hidden + unit];
                    let p = |gate: usize| {
                        let weight = &self.weight[(gate * hidden + unit) * hidden..][..hidden];
                        weight.iter().zip(state).map(|(w, h)| w * h).sum::<f64>() + self.bias[gate * hidden + unit]
                    };
                    let at = sample * hidden + unit;
                    h[at] = match cell {
                        Cell::Tanh => (x(0) + p(0)).tanh(),
                        Cell::Relu => (x(0) + p(0)).max(0.0),
                        Cell::Gru => {
                            let (r, z) = (sigmoid(x(0) + p(0)), sigmoid(x(1) + p(1)));
                            (1.0 - z) * (x(2) + r * p(2)).tanh() + z * before[at]
                        }
                        Cell::Lstm => {
                            let [i, f, o] = [0, 1, 3].map(|gate| sigmoid(x(gate) + p(gate)));
                            c[at] = f * c[at] + i * (x(2) + p(2)).tanh();
                            o * c[at].tanh()
                        }
                    };
                }
            }
            outputs[step * batch * hidden..][..batch * hidden].copy_from_slice(&h);
        }
        (outputs, c)
    }
}

#[track_caller]
fn assert_close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() < tolerance, "{at}: {a} and {b}");
    }
}

#[test]
fn states_are_those_of_plain_loops() {
    for cell in CELLS {
        for sizes in [[1, 1, 1], [3, 2, 5], [4, 9, 17], [2, 41, 33]] {
            for reverse in [false, true] {
                let given = Given::new(cell, sizes, reverse);
                let (states, _) = given.forward();
                let (outputs, c) = given.naive();
                let slot = sizes[1] * sizes[2];
                assert_close(&states[given.of.first_output() * slot..][..outputs.len()], &outputs, 1e-12);
                assert_close(&states[given.of.initial() * slot..][..slot], &given.h0, 1e-12);
                if cell.has_memory() {
                    assert_close(&states[given.of.memory() * slot..][..slot], &c, 1e-12);
                }
            }
        }
    }
}

#[test]
fn nothing_need_be_kept() {
    for cell in CELLS {
        let given = Given::new(cell, [3, 9, 5], false);
        let mut states = vec![f64::NAN; given.of.slots() * 45];
        given.of.forward(&given.x, &given.weight, Some(&given.bias), &given.h0, &given.c0, &mut states, &mut []);
        assert_eq!(states, given.forward().0);
    }
}

/// The sum of all outputs and the memory, each times a number of its own.
fn loss(given: &Given, seed: &[f64]) -> f64 {
    let (states, _) = given.forward();
    let slot = given.of.batch * given.of.hidden;
    let graded = if given.of.reverse { &states[..states.len() - slot] } else { &states[slot..] };
    graded.iter().zip(seed).map(|(state, seed)| state * seed).sum()
}

/// One of the things that a network is given.
type Field = fn(&mut Given) -> &mut Vec<f64>;

#[test]
fn gradients_are_those_of_differences() {
    for cell in CELLS {
        for reverse in [false, true] {
            let mut given = Given::new(cell, [3, 2, 5], reverse);
            let (states, kept) = given.forward();
            let seed = numbers((given.of.slots() - 1) * 10, 6);
            let mut dx = vec![f64::NAN; given.x.len()];
            let mut dp = vec![f64::NAN; if cell.splits() { given.x.len() } else { 0 }];
            let (mut dh0, mut dc0) = (vec![f64::NAN; 10], vec![f64::NAN; given.c0.len()]);
            given.of.backward(
                &seed,
                &given.weight,
                &given.c0,
                (&states, &kept),
                [&mut dx, &mut dp, &mut dh0, &mut dc0],
            );
            // The input of the state's side adds up over samples and steps in the gradient of the bias.
            let sides = if cell.splits() { &dp } else { &dx };
            let row = given.bias.len();
            let bias: Vec<f64> = (0..row).map(|at| sides.iter().skip(at).step_by(row).sum()).collect();
            let fields: [(Field, _); 4] = [
                (|given| &mut given.x, dx),
                (|given| &mut given.bias, bias),
                (|given| &mut given.h0, dh0),
                (|given| &mut given.c0, dc0),
            ];
            for (field, gradient) in fields {
                let differences: Vec<f64> = (0..gradient.len())
                    .map(|at| {
                        let mut moved = |by: f64| {
                            field(&mut given)[at] += by;
                            let loss = loss(&given, &seed);
                            field(&mut given)[at] -= by;
                            loss
                        };
                        (moved(1e-6) - moved(-1e-6)) / 2e-6
                    })
                    .collect();
                assert_close(&gradient, &differences, 1e-6);
            }
        }
    }
}
