//! `permute`, `transpose`, `t`, `movedim`.

use super::{View, apply_view};
use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Dims, Layout, Small, Tensor};

struct Permute {
    order: Small<usize>,
}

impl View for Permute {
    const NAME: &'static str = "permute";

    fn layout(&self, input: &Layout) -> Result<Layout, ShapeError> {
        Ok(input.permuted(&self.order))
    }

    fn gradient(&self, _input: &Layout, grad: &Tensor) -> Tensor {
        let mut inverse: Small<usize> = Small::from_elem(0, self.order.len());
        for (position, &dim) in self.order.iter().enumerate() {
            inverse[dim] = position;
        }
        apply_view(Permute { order: inverse }, grad)
    }
}

impl Tensor {
    /// The dimensions in another order, as a view:
    /// [`x.permute`](https://pytorch.org/docs/stable/generated/torch.permute.html). Nothing is copied.
    ///
    /// # Panics
    /// If `dims` does not name every dimension once.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2, 3, 4]).permute([2, 0, 1]).size(), [4, 2, 3]);
    /// ```
    #[track_caller]
    pub fn permute(&self, dims: impl Into<Dims>) -> Tensor {
        let order = permute_rule(self, &dims.into()).or_raise();
        apply_view(Permute { order }, self)
    }

    /// Two dimensions exchanged, as a view:
    /// [`x.transpose`](https://pytorch.org/docs/stable/generated/torch.transpose.html). Nothing is copied.
    ///
    /// # Panics
    /// If there are no such dimensions.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2, 3, 4]).transpose(1, -1).size(), [2, 4, 3]);
    /// ```
    #[track_caller]
    pub fn transpose(&self, dim0: isize, dim1: isize) -> Tensor {
        let dim0 = self.shape().dim(dim0, "transpose").or_raise();
        let dim1 = self.shape().dim(dim1, "transpose").or_raise();
        let mut order: Small<usize> = (0..self.dim()).collect();
        if self.dim() > 0 {
            order.swap(dim0, dim1);
        }
        apply_view(Permute { order }, self)
    }

    /// The transposed matrix, as a view: [`x.t()`](https://pytorch.org/docs/stable/generated/torch.t.html). Tensors of
    /// fewer dimensions are returned as they are.
    ///
    /// # Panics
    /// If there are more than two dimensions: use [`transpose`](Self::transpose).
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::new([[1, 2], [3, 4]]).t().to_vec::<i64>(), [1, 3, 2, 4]);
    /// ```
    #[track_caller]
    pub fn t(&self) -> Tensor {
        match self.dim() {
            0 | 1 => self.clone(),
            2 => self.transpose(0, 1),
            _ => crate::error::raise(
                ShapeError::new("t", format!("a matrix is needed, but the shape is {}", self.shape()))
                    .help("use transpose(-2, -1) for a batch of matrices"),
            ),
        }
    }

    /// Dimensions moved to other places, the rest keeping their order, as a view:
    /// [`x.movedim`](https://pytorch.org/docs/stable/generated/torch.movedim.html).
    ///
    /// # Panics
    /// If the two lists differ in length, or name a dimension twice.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// assert_eq!(Tensor::zeros([2, 3, 4]).movedim(0, -1).size(), [3, 4, 2]);
    /// ```
    #[track_caller]
    pub fn movedim(&self, source: impl Into<Dims>, destination: impl Into<Dims>) -> Tensor {
        let order = movedim_rule(self, &source.into(), &destination.into()).or_raise();
        apply_view(Permute { order }, self)
    }
}

fn permute_rule(x: &Tensor, dims: &Dims) -> Result<Small<usize>, ShapeError> {
    let order = dims.iter().map(|&dim| x.shape().dim(dim, "permute")).collect::<Result<Small<usize>, _>>()?;
    let all_once = order.len() == x.dim() && (0..x.dim()).all(|dim| order.contains(&dim));
    if !all_once {
        let (dims, shape) = (&dims.0, x.shape());
        return Err(ShapeError::new(
            "permute",
            format!("{dims:?} does not name each dimension of a tensor of shape {shape} once"),
        )
        .help(format!("give the {} dimensions in their new order", x.dim())));
    }
    Ok(order)
}

fn movedim_rule(x: &Tensor, source: &Dims, destination: &Dims) -> Result<Small<usize>, ShapeError> {
    if source.len() != destination.len() {
        let (from, to) = (source.len(), destination.len());
        return Err(ShapeError::new("movedim", format!("{from} dimensions cannot move to {to} places"))
            .help("give as many destinations as sources"));
    }
    // A 0-d tensor counts as one of a single dimension, which can only stay.
    let mut places: Small<Option<usize>> = Small::from_elem(None, x.dim().max(1));
    let mut moved: Small<usize> = Small::new();
    for (&from, &to) in source.iter().zip(destination.iter()) {
        let (from, to) = (x.shape().dim(from, "movedim")?, x.shape().dim(to, "movedim")?);
        if moved.contains(&from) || places[to].is_some() {
            return Err(ShapeError::new("movedim", "a dimension is named twice").help("name each dimension once"));
        }
        places[to] = Some(from);
        moved.push(from);
    }
    let mut rest = (0..x.dim()).filter(|dim| !moved.contains(dim));
    Ok(places
        .into_iter()
        .take(x.dim())
        .map(|place| place.unwrap_or_else(|| rest.next().expect("as many as places")))
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].permute([2, 0, 1]) * x[1], &[&variable([2, 3, 4]), &variable([4, 2, 3])]);
        check(|x| x[0].transpose(0, -1), &[&variable([2, 3])]);
        check(|x| x[0].movedim([0, 1], [-1, 0]), &[&variable([2, 3, 2])]);
    }

    #[test]
    #[should_panic(expected = "[0, 0] does not name each dimension of a tensor of shape [2, 3] once")]
    fn refusal() {
        Tensor::zeros([2, 3]).permute([0, 0]);
    }
}
