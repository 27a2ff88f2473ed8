//! Derivatives against finite differences.

use super::backward::{BackwardOptions, grad};
use super::mode::no_grad;
use crate::dtype::DType;
use crate::tensor::Tensor;

/// Where an analytical derivative and a finite difference disagree.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GradcheckError {
    /// The inputs are not what the check needs.
    #[error("gradcheck: input {input} must be float64 and require gradients")]
    Input {
        /// Which input.
        input: usize,
    },
    /// The two derivatives differ.
    #[error(
        "gradcheck: d output[{output}] / d input {input}[{element}] is {analytical:.9e} by backward but {numerical:.9e} by finite differences"
    )]
    Mismatch {
        /// Which input.
        input: usize,
        /// Which element of the input.
        element: usize,
        /// Which element of the output.
        output: usize,
        /// What backward says.
        analytical: f64,
        /// What finite differences say.
        numerical: f64,
    },
}

const STEP: f64 = 1e-6;
const ABSOLUTE: f64 = 1e-5;
const RELATIVE: f64 = 1e-3;

/// Compares `f`'s backward, row by row of the Jacobian, with central differences: `torch.autograd.gradcheck`, with its
/// tolerances (step 1e-6, absolute 1e-5, relative 1e-3). `f` must be a function of `inputs` alone, in `f64`.
///
/// # Errors
/// The first disagreement.
///
/// ```
/// use jimu::{DType, Tensor, autograd::gradcheck};
/// let x = Tensor::randn([2, 3]).to(DType::F64).requires_grad_();
/// gradcheck(|x| x[0].tanh(), &[&x]).unwrap();
/// ```
pub fn gradcheck(f: impl Fn(&[&Tensor]) -> Tensor, inputs: &[&Tensor]) -> Result<(), GradcheckError> {
    if let Some(input) = inputs.iter().position(|x| x.dtype() != DType::F64 || !x.requires_grad()) {
        return Err(GradcheckError::Input { input });
    }
    let leaves: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_()).collect();
    let references: Vec<&Tensor> = leaves.iter().collect();
    let output = f(&references);
    let rows = analytical_rows(&output, &references);
    for (input, leaf) in leaves.iter().enumerate() {
        let values = leaf.to_vec::<f64>();
        for (element, _) in values.iter().enumerate() {
            let numerical = central_difference(&f, &leaves, input, &values, element);
            for (row, &numerical) in numerical.iter().enumerate() {
                let analytical = rows[row][input][element];
                let close = (analytical - numerical).abs() <= ABSOLUTE + RELATIVE * numerical.abs();
                if !close {
                    return Err(GradcheckError::Mismatch { input, element, output: row, analytical, numerical });
                }
            }
        }
    }
    Ok(())
}

/// As [`gradcheck`], of the gradients themselves: `torch.autograd.gradgradcheck`. The gradient fed to backward is
/// random and is checked too.
///
/// # Errors
/// The first disagreement.
///
/// ```
/// use jimu::{DType, Tensor, autograd::gradgradcheck};
/// let x = Tensor::randn([4]).to(DType::F64).requires_grad_();
/// gradgradcheck(|x| x[0].exp(), &[&x]).unwrap();
/// ```
pub fn gradgradcheck(f: impl Fn(&[&Tensor]) -> Tensor, inputs: &[&Tensor]) -> Result<(), GradcheckError> {
    let output = no_grad(|| f(inputs));
    let gradient = Tensor::randn(output.size()).to(DType::F64).requires_grad_();
    let mut all = inputs.to_vec();
    all.push(&gradient);
    let first_order = |all: &[&Tensor]| {
        let (gradient, inputs) = all.split_last().expect("the gradient is the last");
        let options = BackwardOptions::new().gradient(gradient).create_graph(true);
        let gradients = grad(&[&f(inputs)], inputs, options);
        let flat: Vec<Tensor> = gradients.iter().map(|gradient| gradient.reshape([-1])).collect();
        Tensor::cat(&flat.iter().collect::<Vec<_>>(), 0)
    };
    gradcheck(first_order, &all)
}

/// For each element of the output, its gradient with respect to each input.
fn analytical_rows(output: &Tensor, inputs: &[&Tensor]) -> Vec<Vec<Vec<f64>>> {
    let size = output.numel();
    let row = |index: usize| {
        let mut basis = vec![0.0f64; size];
        basis[index] = 1.0;
        let basis = Tensor::from_vec(basis, output.size());
        let leaves: Vec<Tensor> = inputs.iter().map(|&input| input.clone()).collect();
        leaves.iter().for_each(|leaf| leaf.set_grad(None));
        if output.requires_grad() {
            output.backward_with(BackwardOptions::new().gradient(&basis).retain_graph(true));
        }
        leaves
            .iter()
            .map(|leaf| leaf.grad().map_or_else(|| vec![0.0; leaf.numel()], |gradient| gradient.to_vec::<f64>()))
            .collect()
    };
    (0..size).map(row).collect()
}

fn central_difference(
    f: &impl Fn(&[&Tensor]) -> Tensor,
    leaves: &[Tensor],
    input: usize,
    values: &[f64],
    element: usize,
) -> Vec<f64> {
    let at = |value: f64| {
        let mut moved = values.to_vec();
        moved[element] = value;
        let moved = Tensor::from_vec(moved, leaves[input].size()).requires_grad_();
        let all: Vec<&Tensor> = (0..leaves.len()).map(|i| if i == input { &moved } else { &leaves[i] }).collect();
        f(&all).detach().to_vec::<f64>()
    };
    let (up, down) = (at(values[element] + STEP), at(values[element] - STEP));
    up.iter().zip(&down).map(|(up, down)| (up - down) / (2.0 * STEP)).collect()
}
