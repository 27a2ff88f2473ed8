//! What the JSON of a case stands for: its tensors in a given layout, and the leaves whose gradients are asked for.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, anyhow};
use jimu::Tensor;

use super::arguments::Arguments;
use super::cases::{Call, Expression, Named};
use super::layouts::Layout;
use super::value::{Value, dtype};

/// The tensors of a case's file, and how they are to lie in memory.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// By key.
    pub tensors: &'a HashMap<String, Tensor>,
    /// Of every tensor that goes into the library.
    pub layout: Layout,
}

/// The tensors of a call that must receive gradients, by path: `arg.0`, `arg.1.0`, `kw.mask`.
pub type Leaves = BTreeMap<String, Tensor>;

impl Scope<'_> {
    fn stored(&self, key: &str) -> Result<&Tensor> {
        self.tensors.get(key).ok_or_else(|| anyhow!("the file has no tensor {key}"))
    }

    /// An expected tensor, as it is stored.
    ///
    /// # Errors
    /// If the expression is no tensor.
    pub fn expected(&self, expression: &Expression) -> Result<&Tensor> {
        match expression {
            Expression::Tensor { tensor } => self.stored(tensor),
            other => Err(anyhow!("expected a tensor, not {other:?}")),
        }
    }

    /// A tensor that goes into the library, as a leaf of its own.
    ///
    /// # Errors
    /// If the expression is no tensor.
    pub fn tensor(&self, expression: &Expression) -> Result<Tensor> {
        Ok(self.layout.of(self.expected(expression)?).detach())
    }

    /// Several of them.
    ///
    /// # Errors
    /// If one is no tensor.
    pub fn tensors_of(&self, expressions: &[Expression]) -> Result<Vec<Tensor>> {
        expressions.iter().map(|expression| self.tensor(expression)).collect()
    }

    /// Named tensors that go into the library.
    ///
    /// # Errors
    /// If one is no tensor.
    pub fn named(&self, named: &Named) -> Result<Vec<(String, Tensor)>> {
        named.iter().map(|(name, expression)| Ok((name.clone(), self.tensor(expression)?))).collect()
    }

    /// Arguments of which none needs a gradient.
    ///
    /// # Errors
    /// If an expression stands for nothing.
    pub fn arguments(&self, call: &Call) -> Result<Arguments> {
        self.arguments_with_leaves(call, &Named::new()).map(|(arguments, _)| arguments)
    }

    /// Options given by name alone.
    ///
    /// # Errors
    /// If an expression stands for nothing.
    pub fn options(&self, kwargs: &Named) -> Result<Arguments> {
        self.arguments(&Call { args: Vec::new(), kwargs: kwargs.clone() })
    }

    /// Arguments, of which those named in `grads` require gradients and are listed.
    ///
    /// # Errors
    /// If an expression stands for nothing.
    pub fn arguments_with_leaves(&self, call: &Call, grads: &Named) -> Result<(Arguments, Leaves)> {
        let mut leaves = Leaves::new();
        let mut value = |path: String, expression| {
            self.value(&path, expression, grads, &mut leaves).with_context(|| format!("argument {path}"))
        };
        let args = call.args.iter().enumerate();
        let args = args.map(|(index, given)| value(format!("arg.{index}"), given)).collect::<Result<_>>()?;
        let kwargs = call.kwargs.iter();
        let kwargs = kwargs.map(|(name, given)| Ok((name.clone(), value(format!("kw.{name}"), given)?)));
        let kwargs = kwargs.collect::<Result<_>>()?;
        Ok((Arguments::new(args, kwargs), leaves))
    }

    fn value(&self, path: &str, expression: &Expression, grads: &Named, leaves: &mut Leaves) -> Result<Value> {
        Ok(match expression {
            Expression::None => Value::None,
            Expression::Bool(value) => Value::Bool(*value),
            Expression::Int(value) => Value::Int(*value),
            Expression::Number(value) => Value::Float(*value),
            Expression::Float { float } => Value::Float(float.parse().with_context(|| format!("the float {float}"))?),
            Expression::Text(value) => Value::Text(value.clone()),
            Expression::Slice { slice: (start, stop, step) } => Value::Slice(*start, *stop, *step),
            Expression::DType { dtype: name } => Value::DType(dtype(name)?),
            Expression::List(values) => {
                let element = |(index, value)| self.value(&format!("{path}.{index}"), value, grads, leaves);
                Value::List(values.iter().enumerate().map(element).collect::<Result<_>>()?)
            }
            Expression::Tensor { .. } => {
                let tensor = self.tensor(expression)?;
                if grads.contains_key(path) {
                    leaves.insert(path.to_owned(), tensor.requires_grad_());
                }
                Value::Tensor(tensor)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_found_by_path() {
        let tensors = [("a".to_owned(), Tensor::zeros([2])), ("b".to_owned(), Tensor::ones([3]))].into();
        let scope = Scope { tensors: &tensors, layout: Layout::RowMajor };
        let call: Call = serde_json::from_str(
            r#"{"args": [[{"tensor": "a"}, {"tensor": "b"}]], "kwargs": {"mask": {"tensor": "b"}}}"#,
        )
        .unwrap();
        let grads = ["arg.0.1", "kw.mask"].map(|path| (path.to_owned(), Expression::None)).into();
        let (mut arguments, leaves) = scope.arguments_with_leaves(&call, &grads).unwrap();
        assert_eq!(leaves.keys().collect::<Vec<_>>(), ["arg.0.1", "kw.mask"]);
        let list: Vec<Tensor> = arguments.take("tensors").unwrap();
        assert!(!list[0].requires_grad() && list[1].requires_grad());
        assert!(!tensors["b"].requires_grad());
        let missing = scope.expected(&Expression::Tensor { tensor: "c".into() });
        assert_eq!(missing.unwrap_err().to_string(), "the file has no tensor c");
    }
}
