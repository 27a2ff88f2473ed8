//! The orders of an image batch's axes in memory.

/// The order of an image batch's axes in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// `[N, C, H, W]`, the width innermost.
    Nchw,
    /// `[N, H, W, C]`, the channels innermost: channels last.
    Nhwc,
    /// `[C, H, W, N]`, the batch innermost.
    Chwn,
}

impl Layout {
    /// Where element `[n, c, h, w]` of a contiguous batch of the sizes `[batch, channels, height, width]` lies.
    ///
    /// ```
    /// use jimu_kernels::conv2d::Layout;
    /// let position = |layout: Layout| layout.position([2, 3, 4, 5], [1, 2, 0, 4]);
    /// assert_eq!([Layout::Nchw, Layout::Nhwc, Layout::Chwn].map(position), [104, 74, 89]);
    /// ```
    pub fn position(self, [batch, channels, height, width]: [usize; 4], [n, c, h, w]: [usize; 4]) -> usize {
        match self {
            Layout::Nchw => ((n * channels + c) * height + h) * width + w,
            Layout::Nhwc => ((n * height + h) * width + w) * channels + c,
            Layout::Chwn => ((c * height + h) * width + w) * batch + n,
        }
    }
}
