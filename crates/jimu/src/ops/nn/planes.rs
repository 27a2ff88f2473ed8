//! Image batches [n, c, h, w] as the kernels take them: whole, in one of the kernels' orders.

use jimu_kernels::buffer::Buffer;
use jimu_kernels::conv2d::Layout as Order;

use crate::dtype::Element;
use crate::tensor::{Layout, Shape, Tensor};

fn dimensions(order: Order) -> [usize; 4] {
    match order {
        Order::Nchw => [0, 1, 2, 3],
        Order::Nhwc => [0, 2, 3, 1],
        Order::Chwn => [1, 2, 3, 0],
    }
}

/// Runs `read` on the elements of `x` in `order`, moving them only if they lie in another.
pub(super) fn with_planes<T: Element, R>(x: &Tensor, order: Order, read: impl FnOnce(&[T::Stored]) -> R) -> R {
    with_order::<T, R>(x, &dimensions(order), read)
}

/// Runs `read` on the elements of `x` with the dimensions in `order`, the last of them fastest, moving them only if they
/// lie in another.
pub(super) fn with_order<T: Element, R>(x: &Tensor, order: &[usize], read: impl FnOnce(&[T::Stored]) -> R) -> R {
    let x = x.to_memory_order(order);
    let start = x.layout().offset;
    read(&T::slice(&x.storage())[start..start + x.numel()])
}

/// `x` with its elements in `order`, as an operation of the graph: for what several operations read, forward and backward.
pub(super) fn laid_out(x: &Tensor, order: Order) -> Tensor {
    let order = dimensions(order);
    if x.is_meta() || x.layout().is_dense_in(order.into_iter()) {
        return x.clone();
    }
    let mut back = [0; 4];
    order.iter().enumerate().for_each(|(place, &dim)| back[dim] = place as isize);
    x.permute(order.map(|dim| dim as isize)).contiguous().permute(back)
}

/// The tensor of `shape` whose elements lie in `order`.
pub(super) fn planes_in<T: Element>(elements: Buffer<T::Stored>, shape: &Shape, order: Order) -> Tensor {
    Tensor::from_buffer::<T>(elements, Layout::in_order(shape.clone(), &dimensions(order)))
}

/// The order in which `x` lies already, or the plain one.
pub(super) fn order_of(x: &Tensor) -> Order {
    let lies_in = |order: Order| x.layout().is_dense_in(dimensions(order).into_iter());
    if x.is_contiguous() {
        Order::Nchw
    } else if x.shape()[1] > 1 && lies_in(Order::Nhwc) {
        Order::Nhwc
    } else if x.shape()[0] > 1 && lies_in(Order::Chwn) {
        Order::Chwn
    } else {
        Order::Nchw
    }
}
