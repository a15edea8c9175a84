//! Convolutions described by their sizes, and the same described as jobs that one kernel can do.

/// A convolution over up to three spatial axes, channels last.
///
/// Arrays are ordered depth, height, width; a lower-dimensional convolution sets the outer axes to size 1 (kernel 1, stride 1,
/// dilation 1, no padding). Weights are `[kd, kh, kw, cin / groups, cout]`. Padding behind the input follows from `out`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ConvShape {
    pub batch: usize,
    pub input: [usize; 3],
    pub cin: usize,
    pub kernel: [usize; 3],
    pub cout: usize,
    pub out: [usize; 3],
    pub strides: [usize; 3],
    pub dilation: [usize; 3],
    pub pad_before: [usize; 3],
    pub groups: usize,
}

impl ConvShape {
    pub fn input_len(&self) -> usize {
        self.batch * self.input.iter().product::<usize>() * self.cin
    }

    pub fn weight_len(&self) -> usize {
        self.kernel.iter().product::<usize>() * (self.cin / self.groups.max(1)) * self.cout
    }

    pub fn out_len(&self) -> usize {
        self.batch * self.out.iter().product::<usize>() * self.cout
    }

    /// Floating point operations of one pass, padding counted as work.
    pub fn flops(&self) -> usize {
        2 * self.batch * self.out.iter().product::<usize>() * self.weight_len()
    }

    /// The convolution whose weights' gradient is this one's with taps in reverse and channels exchanged, input and gradient of the output
    /// changing places. Registers lie along output channels: only where those are few and there are more of the others, and the stride
    /// is one.
    pub(super) fn exchanged(&self) -> Option<Self> {
        let before = |i: usize| (self.dilation[i] * (self.kernel[i].max(1) - 1)).checked_sub(self.pad_before[i]);
        let pad_before = [before(0)?, before(1)?, before(2)?];
        let few = (1..=4).contains(&self.cout) && self.cin >= 2 * self.cout;
        let (cin, cout, input, out) = (self.cout, self.cin, self.out, self.input);
        (few && self.groups == 1 && self.strides == [1; 3]).then(|| Self { cin, cout, input, out, pad_before, ..self.clone() })
    }

    /// # Panics
    /// If the sizes contradict each other or the slices; callers infer shapes before they come here.
    pub(super) fn check(&self, x: usize, w: usize, y: usize) {
        assert!(self.groups > 0 && self.cin.is_multiple_of(self.groups) && self.cout.is_multiple_of(self.groups), "groups: {self:?}");
        assert!(self.strides.iter().chain(&self.dilation).all(|&v| v > 0), "steps: {self:?}");
        assert_eq!((x, w, y), (self.input_len(), self.weight_len(), self.out_len()), "lengths: {self:?}");
    }
}

/// One spatial axis of a job: output `j` lies at `out_start + j * out_step` and reads the input at
/// `origin + j * in_step + t * tap_step` for each tap `t`, which is row `kernel_first + t * kernel_step` of the weights.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    pub out: usize,
    pub out_start: usize,
    pub out_step: usize,
    pub in_len: usize,
    pub in_step: usize,
    pub origin: isize,
    pub taps: usize,
    pub tap_step: usize,
    pub kernel_first: usize,
    pub kernel_step: isize,
}

impl Axis {
    /// Axis `i` of the forward pass.
    pub fn forward(s: &ConvShape, i: usize) -> Self {
        Self {
            out: s.out[i],
            out_start: 0,
            out_step: 1,
            in_len: s.input[i],
            in_step: s.strides[i],
            origin: -(s.pad_before[i] as isize),
            taps: s.kernel[i],
            tap_step: s.dilation[i],
            kernel_first: 0,
            kernel_step: 1,
        }
    }

    /// Axis `i` of one phase of the gradient of the input: positions `start`, `start + stride`, … read the same taps.
    ///
    /// Position `p` meets tap `k` at output `(p + pad - k * dilation) / stride` where that is whole. The taps of a phase
    /// are an arithmetic series, and so are the outputs they meet: a convolution with stride one over the gradient.
    pub fn backward(s: &ConvShape, i: usize, start: usize) -> Self {
        let (stride, dilation) = (s.strides[i], s.dilation[i]);
        let common = gcd(stride, dilation);
        let shifted = start + s.pad_before[i];
        let (period, tap_step) = (stride / common, dilation / common);
        let first = (0..period).find(|k| (k * dilation) % stride == shifted % stride);
        let taps = first.map_or(0, |k| s.kernel[i].saturating_sub(k).div_ceil(period));
        // Ascending outputs are descending taps.
        let last = first.unwrap_or(0) + taps.saturating_sub(1) * period;
        Self {
            out: s.input[i].saturating_sub(start).div_ceil(stride),
            out_start: start,
            out_step: stride,
            in_len: s.out[i],
            in_step: 1,
            origin: (shifted as isize - (last * dilation) as isize).div_euclid(stride as isize),
            taps,
            tap_step,
            kernel_first: last,
            kernel_step: -(period as isize),
        }
    }

    /// Input positions from the first to the last that `outputs` outputs read.
    pub fn span(&self, outputs: usize) -> usize {
        if outputs == 0 || self.taps == 0 {
            return 0;
        }
        (outputs - 1) * self.in_step + (self.taps - 1) * self.tap_step + 1
    }

    /// True if no output reads padding.
    pub fn inside(&self) -> bool {
        self.origin >= 0 && self.origin as usize + self.span(self.out) <= self.in_len
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The channels of one side of a job: `count` of `channels` per pixel, from `first` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub extent: [usize; 3],
    pub channels: usize,
    pub first: usize,
    pub count: usize,
}

impl Side {
    pub fn image(&self) -> usize {
        self.extent.iter().product::<usize>() * self.channels
    }

    /// Element of a pixel within its image, without the first channel.
    pub fn pixel(&self, d: usize, h: usize, w: usize) -> usize {
        ((d * self.extent[1] + h) * self.extent[2] + w) * self.channels
    }
}

/// Where a weight lies: `base + tap * tap_index + from * input channel + to * output channel`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub kernel: [usize; 3],
    pub base: usize,
    pub tap: usize,
    pub from: usize,
    pub to: usize,
}

/// What one kernel run does: a dense convolution of some channels of an input to some positions and channels of an output.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub batch: usize,
    pub axes: [Axis; 3],
    pub from: Side,
    pub to: Side,
    pub weights: Weights,
}

impl Job {
    /// Group `group` of the forward pass.
    pub fn forward(s: &ConvShape, group: usize) -> Self {
        let (cin, cout) = (s.cin / s.groups, s.cout / s.groups);
        Self {
            batch: s.batch,
            axes: [0, 1, 2].map(|i| Axis::forward(s, i)),
            from: Side { extent: s.input, channels: s.cin, first: group * cin, count: cin },
            to: Side { extent: s.out, channels: s.cout, first: group * cout, count: cout },
            weights: Weights { kernel: s.kernel, base: group * cout, tap: cin * s.cout, from: s.cout, to: 1 },
        }
    }

    /// Group `group` and one phase (a start per axis) of the gradient of the input.
    pub fn backward(s: &ConvShape, group: usize, start: [usize; 3]) -> Self {
        let forward = Self::forward(s, group);
        let Weights { from, to, .. } = forward.weights;
        Self {
            axes: [0, 1, 2].map(|i| Axis::backward(s, i, start[i])),
            from: forward.to,
            to: forward.from,
            weights: Weights { from: to, to: from, ..forward.weights },
            ..forward
        }
    }

    pub fn taps(&self) -> usize {
        self.axes.iter().map(|a| a.taps).product()
    }

    /// Products summed into one output element.
    pub fn depth(&self) -> usize {
        self.taps() * self.from.count
    }

    /// Calls `visit` with the index among the kernel's taps of each of the job's taps, in the order of the input.
    pub fn each_tap(&self, mut visit: impl FnMut(usize)) {
        let row = |a: &Axis, t: usize| (a.kernel_first as isize + t as isize * a.kernel_step) as usize;
        let [d, h, w] = &self.axes;
        for td in 0..d.taps {
            for th in 0..h.taps {
                for tw in 0..w.taps {
                    visit((row(d, td) * self.weights.kernel[1] + row(h, th)) * self.weights.kernel[2] + row(w, tw));
                }
            }
        }
    }
}
