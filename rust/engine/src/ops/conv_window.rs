//! How the window of a convolution moves over an image.

use smallvec::SmallVec;

use rkeras_kernels::conv::ConvShape;

use crate::attrs::Attrs;
use crate::error::{Error, Result};
use crate::spec::{Shape, ShapeText};

/// Padding before and after each spatial axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Padding {
    Valid,
    Same,
    Causal,
    Explicit(Vec<(usize, usize)>),
}

impl Padding {
    /// From the attributes `padding` ("valid", "same", "causal" or pairs of numbers, flattened).
    pub(crate) fn parse(attrs: &Attrs) -> Result<Self> {
        if let Ok(Some(pairs)) = attrs.opt_ints("padding") {
            if pairs.len() % 2 != 0 || pairs.iter().any(|p| *p < 0) {
                return Err(Error::value(format!("padding {pairs:?} must be pairs of sizes that are not negative")));
            }
            return Ok(Self::Explicit(pairs.chunks(2).map(|p| (p[0] as usize, p[1] as usize)).collect()));
        }
        match attrs.opt_str("padding")?.unwrap_or("valid") {
            "valid" => Ok(Self::Valid),
            "same" => Ok(Self::Same),
            "causal" => Ok(Self::Causal),
            other => Err(Error::value(format!("padding must be \"valid\", \"same\" or \"causal\", got {other:?}"))),
        }
    }

    /// Output size and padding before, along one axis.
    pub(crate) fn along(&self, axis: usize, size: usize, window: usize, stride: usize) -> Result<(usize, usize)> {
        let fit = |padded: usize| if padded < window { 0 } else { (padded - window) / stride + 1 };
        match self {
            Self::Valid => Ok((fit(size), 0)),
            Self::Same => {
                let out = size.div_ceil(stride);
                let total = (out.saturating_sub(1) * stride + window).saturating_sub(size);
                Ok((if size == 0 { 0 } else { out }, total / 2))
            }
            Self::Causal => Ok((fit(size + window - 1), window - 1)),
            Self::Explicit(pairs) => {
                let (before, after) = *pairs
                    .get(axis)
                    .ok_or_else(|| Error::value(format!("padding has {} pairs, too few", pairs.len())))?;
                Ok((fit(size + before + after), before))
            }
        }
    }
}

/// How a window moves over the image.
#[derive(Debug, Clone)]
pub(super) struct Window {
    pub strides: SmallVec<[usize; 3]>,
    pub dilation: SmallVec<[usize; 3]>,
    pub padding: Padding,
    pub groups: usize,
}

impl Window {
    pub fn new(attrs: &Attrs) -> Result<Self> {
        let list = |name: &str| -> Result<SmallVec<[usize; 3]>> {
            match attrs.opt_ints(name)? {
                None => Ok(SmallVec::new()),
                Some(_) => Ok(attrs.sizes(name)?.into_iter().collect()),
            }
        };
        let window = Self {
            strides: list("strides")?,
            dilation: list("dilation_rate")?,
            padding: Padding::parse(attrs)?,
            groups: attrs.int_or("groups", 1)?.max(0) as usize,
        };
        if window.groups == 0 || window.strides.contains(&0) || window.dilation.contains(&0) {
            return Err(Error::value("strides, dilation_rate and groups must be at least 1"));
        }
        Ok(window)
    }

    /// The kernel's description for an image (batch, spatial…, channels) and weights (spatial…, in / groups, out).
    pub fn shape(&self, image: &[usize], weights: &[usize]) -> Result<ConvShape> {
        let rank = image.len().wrapping_sub(2);
        if !(1..=3).contains(&rank) || weights.len() != rank + 2 {
            return Err(Error::value(format!(
                "needs an image of rank 3, 4 or 5 (batch, spatial axes, channels) and weights of the same rank, got {} and {}",
                ShapeText(image),
                ShapeText(weights)
            )));
        }
        let (cin, cout) = (image[rank + 1], weights[rank + 1]);
        if weights[rank] * self.groups != cin || cout % self.groups != 0 {
            return Err(Error::value(format!(
                "weights of shape {} expect {} input channels ({} groups), the image of shape {} has {cin}",
                ShapeText(weights),
                weights[rank] * self.groups,
                self.groups,
                ShapeText(image)
            )));
        }
        let mut s = ConvShape {
            batch: image[0],
            input: [1; 3],
            cin,
            kernel: [1; 3],
            cout,
            out: [1; 3],
            strides: [1; 3],
            dilation: [1; 3],
            pad_before: [0; 3],
            groups: self.groups,
        };
        let pick = |list: &[usize], i: usize| match list.len() {
            0 => Ok(1),
            1 => Ok(list[0]),
            n if n == rank => Ok(list[i]),
            n => Err(Error::value(format!("{n} strides or dilation rates for {rank} spatial axes"))),
        };
        for i in 0..rank {
            let at = 3 - rank + i;
            s.input[at] = image[1 + i];
            s.kernel[at] = weights[i];
            s.strides[at] = pick(&self.strides, i)?;
            s.dilation[at] = pick(&self.dilation, i)?;
            if weights[i] == 0 {
                return Err(Error::value(format!("a kernel of size zero: weights of shape {}", ShapeText(weights))));
            }
            let reach = (weights[i] - 1) * s.dilation[at] + 1;
            (s.out[at], s.pad_before[at]) = self.padding.along(i, image[1 + i], reach, s.strides[at])?;
            if s.out[at] == 0 && image[1 + i] != 0 {
                return Err(Error::value(format!(
                    "a window of {reach} (kernel {} at dilation {}) does not fit an image of shape {}; use \
                     padding=\"same\", a smaller kernel or a larger image",
                    weights[i],
                    s.dilation[at],
                    ShapeText(image)
                )));
            }
        }
        Ok(s)
    }
}

pub(super) fn image_shape(s: &ConvShape, rank: usize, spatial: &[usize; 3], channels: usize) -> Shape {
    let mut out = Shape::from_slice(&[s.batch]);
    out.extend(spatial[3 - rank..].iter().copied());
    out.push(channels);
    out
}
