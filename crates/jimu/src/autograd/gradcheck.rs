//! Derivatives against finite differences.

use super::backward::{BackwardOptions, grad_allow_unused};
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
    check_inputs(inputs)?;
    let leaves: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_()).collect();
    let references: Vec<&Tensor> = leaves.iter().collect();
    first_derivatives(&|| f(&references), &references)
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
    check_inputs(inputs)?;
    let leaves: Vec<Tensor> = inputs.iter().map(|x| x.detach().requires_grad_()).collect();
    let references: Vec<&Tensor> = leaves.iter().collect();
    second_derivatives(&|| f(&references), &references)
}

/// As [`gradcheck`], for a function that holds its variables, as a layer holds its parameters: they are moved in place and
/// have their values and gradients back in the end.
///
/// # Errors
/// The first disagreement.
///
/// # Examples
/// ```
/// use jimu::nn::{Forward, Linear, Module};
/// use jimu::{DType, Tensor, autograd::gradcheck_in_place};
/// let (layer, x) = (Linear::new(3, 2), Tensor::randn([4, 3]).to(DType::F64).requires_grad_());
/// layer.to(DType::F64);
/// gradcheck_in_place(|| layer.forward(&x).tanh(), &[&x, &layer.weight, layer.bias.as_ref().unwrap()]).unwrap();
/// ```
pub fn gradcheck_in_place(f: impl Fn() -> Tensor, variables: &[&Tensor]) -> Result<(), GradcheckError> {
    check_inputs(variables)?;
    first_derivatives(&f, variables)
}

/// As [`gradgradcheck`], for a function that holds its variables: see [`gradcheck_in_place`].
///
/// # Errors
/// The first disagreement.
///
/// ```
/// use jimu::{DType, Tensor, autograd::gradgradcheck_in_place};
/// let x = Tensor::randn([4]).to(DType::F64).requires_grad_();
/// gradgradcheck_in_place(|| x.exp(), &[&x]).unwrap();
/// ```
pub fn gradgradcheck_in_place(f: impl Fn() -> Tensor, variables: &[&Tensor]) -> Result<(), GradcheckError> {
    check_inputs(variables)?;
    second_derivatives(&f, variables)
}

/// [`gradcheck_in_place`] of variables that have been checked.
fn first_derivatives(f: &dyn Fn() -> Tensor, variables: &[&Tensor]) -> Result<(), GradcheckError> {
    let output = f();
    let rows = analytical_rows(&output, variables);
    for (input, &variable) in variables.iter().enumerate() {
        for element in 0..variable.numel() {
            let numerical = central_difference(f, variable, element);
            for (row, &numerical) in numerical.iter().enumerate() {
                let analytical = rows[row][input].as_ref().map_or(0.0, |gradient| gradient[element]);
                let close = (analytical - numerical).abs() <= ABSOLUTE + RELATIVE * numerical.abs();
                if !close {
                    return Err(GradcheckError::Mismatch { input, element, output: row, analytical, numerical });
                }
            }
        }
    }
    Ok(())
}

/// [`gradgradcheck_in_place`] of variables that have been checked.
fn second_derivatives(f: &dyn Fn() -> Tensor, variables: &[&Tensor]) -> Result<(), GradcheckError> {
    let output = no_grad(f);
    let gradient = Tensor::randn(output.size()).to(DType::F64).requires_grad_();
    let first_order = || {
        let options = BackwardOptions::new().gradient(&gradient).create_graph(true);
        let gradients = grad_allow_unused(&[&f()], variables, options);
        let flat: Vec<Tensor> = gradients.iter().flatten().map(|gradient| gradient.reshape([-1])).collect();
        Tensor::cat(&flat.iter().collect::<Vec<_>>(), 0)
    };
    first_derivatives(&first_order, &[variables, &[&gradient]].concat())
}

fn check_inputs(inputs: &[&Tensor]) -> Result<(), GradcheckError> {
    match inputs.iter().position(|x| x.dtype() != DType::F64 || !x.requires_grad()) {
        Some(input) => Err(GradcheckError::Input { input }),
        None => Ok(()),
    }
}

/// For each element of the output, its gradient with respect to each variable that it depends on.
fn analytical_rows(output: &Tensor, variables: &[&Tensor]) -> Vec<Vec<Option<Vec<f64>>>> {
    if !output.requires_grad() {
        return vec![vec![None; variables.len()]; output.numel()];
    }
    let row = |index: usize| {
        let mut basis = vec![0.0f64; output.numel()];
        basis[index] = 1.0;
        let basis = Tensor::from_vec(basis, output.size());
        let options = BackwardOptions::new().gradient(&basis).retain_graph(true);
        let gradients = grad_allow_unused(&[output], variables, options);
        gradients.iter().map(|gradient| gradient.as_ref().map(Tensor::to_vec::<f64>)).collect()
    };
    (0..output.numel()).map(row).collect()
}

/// How each element of the output changes with one element of `variable`, which is put back.
fn central_difference(f: &dyn Fn() -> Tensor, variable: &Tensor, element: usize) -> Vec<f64> {
    let values = variable.to_vec::<f64>();
    let write = |values: Vec<f64>| {
        no_grad(|| variable.copy_(&Tensor::from_vec(values, variable.size())));
    };
    let at = |value: f64| {
        let mut moved = values.clone();
        moved[element] = value;
        write(moved);
        f().detach().to_vec::<f64>()
    };
    let (up, down) = (at(values[element] + STEP), at(values[element] - STEP));
    write(values);
    up.iter().zip(&down).map(|(up, down)| (up - down) / (2.0 * STEP)).collect()
}
