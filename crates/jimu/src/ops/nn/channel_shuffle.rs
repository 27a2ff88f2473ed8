//! `channel_shuffle`.

use crate::error::{OrRaise, ShapeError};
use crate::tensor::{Shape, Tensor};

impl Tensor {
    /// Channels rearranged so that those of different groups become neighbours, as between grouped convolutions (Zhang et
    /// al., *ShuffleNet*, 2018):
    /// [`torch.nn.functional.channel_shuffle`](https://pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html).
    ///
    /// # Shape
    /// `(N, C, *)`, C a multiple of `groups`; the result has the same.
    ///
    /// # Panics
    /// If there are fewer than three dimensions, or the channels do not divide into the groups.
    ///
    /// # Examples
    /// ```
    /// use jimu::Tensor;
    /// let x = Tensor::arange(0, 4).reshape([1, 4, 1]);
    /// assert_eq!(x.channel_shuffle(2).to_vec::<i64>(), [0, 2, 1, 3]);
    /// ```
    #[track_caller]
    pub fn channel_shuffle(&self, groups: usize) -> Tensor {
        try_channel_shuffle(self, groups).or_raise()
    }
}

pub(crate) fn try_channel_shuffle(x: &Tensor, groups: usize) -> Result<Tensor, ShapeError> {
    let refuse = |problem: String, help: &str| Err(ShapeError::new("channel_shuffle", problem).help(help));
    let shape = x.shape();
    if x.dim() < 3 {
        return refuse(format!("the shape (N, C, *) is needed, but it is {shape}"), "give at least three dimensions");
    }
    let channels = shape[1];
    if groups == 0 || !channels.is_multiple_of(groups) {
        let problem =
            format!("the {channels} channels of an input of shape {shape} do not divide into {groups} groups");
        return refuse(problem, "choose a number of groups that divides the channels");
    }
    let mut apart: Vec<usize> = shape.to_vec();
    apart.splice(1..2, [groups, channels / groups]);
    Ok(x.reshape(Shape::from(apart)).transpose(1, 2).reshape(shape))
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, variable};
    use crate::tensor::Tensor;

    #[test]
    fn derivatives() {
        check(|x| x[0].channel_shuffle(3) * x[1], &[&variable([2, 6, 2]), &variable([2, 6, 2])]);
    }

    #[test]
    #[should_panic(
        expected = "channel_shuffle: the 5 channels of an input of shape [1, 5, 2, 2] do not divide into 2 groups"
    )]
    fn refusal() {
        Tensor::zeros([1, 5, 2, 2]).channel_shuffle(2);
    }
}
