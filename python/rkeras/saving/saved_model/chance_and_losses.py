"""Translations of losses and of random numbers, for models that have them among their outputs."""

from __future__ import annotations

from rkeras.saving.saved_model.elementwise import clamp
from rkeras.saving.saved_model.emitter import EMITTERS, Emission, Emitter, emits
from rkeras.saving.saved_model.graph_def import Ref
from rkeras.saving.saved_model.protobuf import DType

# What probabilities are kept away from 0 and 1.
_EPSILON = 1e-7


def _log_probabilities(e: Emission, scores: Ref) -> Ref:
    if e.fixed("from_logits", False):
        return e.graph("LogSoftmax", scores)
    share = scores / e.graph("Sum", scores, e.graph.constant([-1], "int32"), keep_dims=True)
    return e.graph("Log", clamp(share, _EPSILON, 1 - _EPSILON))


@emits("categorical_crossentropy")
def _categorical(e: Emission) -> Ref:
    target, scores = e.computing()
    return -e.graph("Sum", target * _log_probabilities(e, scores), e.graph.constant([-1], "int32"))


@emits("sparse_categorical_crossentropy")
def _sparse_categorical(e: Emission) -> Ref:
    scores = e.computing()[1]
    index = e.graph.cast(e.operands[0], "int64")
    on, off = e.graph.constant(1, scores.dtype), e.graph.constant(0, scores.dtype)
    target = e.graph("OneHot", index, e.size(e.shape(1)[-1]), on, off)
    return -e.graph("Sum", target * _log_probabilities(e, scores), e.graph.constant([-1], "int32"))


@emits("binary_crossentropy")
def _binary(e: Emission) -> Ref:
    target, scores = e.computing()
    if e.fixed("from_logits", False):
        return e.graph("Softplus", scores) - target * scores
    p = clamp(scores, _EPSILON, 1 - _EPSILON)
    return -(target * e.graph("Log", p) + (1.0 - target) * e.graph("Log", 1.0 - p))


def _random(op: str, location: str, scale: str) -> Emitter:
    def emit(e: Emission) -> Ref:
        output = e.step.outputs[0]
        drawn = e.graph(op, e.sizes(output.shape), dtype=DType(output.dtype))
        start = float(e.fixed(location, 0.0))
        return drawn * (float(e.fixed(scale, 1.0)) - (start if scale == "high" else 0.0)) + start

    return emit


# The numbers differ from those that are drawn here, their distribution does not.
EMITTERS["random_normal"] = _random("RandomStandardNormal", "mean", "stddev")
EMITTERS["random_truncated_normal"] = _random("TruncatedNormal", "mean", "stddev")
EMITTERS["random_uniform"] = _random("RandomUniform", "low", "high")
