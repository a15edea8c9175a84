"""Names of arguments that older versions of Keras used, and what they are called today."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_BIAS = {"b_regularizer": "bias_regularizer", "b_constraint": "bias_constraint", "bias": "use_bias"}
_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "W_constraint": "kernel_constraint",
    **_BIAS,
}
_LAYOUT = {"dim_ordering": "data_format"}
_IMAGE = {"border_mode": "padding", **_LAYOUT}
_CONV = {"nb_filter": "filters", "subsample": "strides", **_IMAGE}
_RECURRENT = {
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
}

OLD_NAMES: dict[str, dict[str, str]] = {
    "dense": {"output_dim": "units", **_KERNEL},
    "dropout": {"p": "rate"},
    "spatial_dropout": {"p": "rate", **_LAYOUT},
    "gaussian_noise": {"sigma": "stddev"},
    "embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "prelu": {"init": "alpha_initializer"},
    "leaky_relu": {"alpha": "negative_slope"},
    "pooling": {"pool_length": "pool_size", "stride": "strides", **_IMAGE},
    "layout": _LAYOUT,
    "upsampling1d": {"length": "size"},
    "conv": {"filter_length": "kernel_size", "subsample_length": "strides", **_CONV, **_KERNEL},
    "separable_conv": {
        **_CONV,
        **_BIAS,
        "depthwise_init": "depthwise_initializer",
        "pointwise_init": "pointwise_initializer",
    },
    "batch_normalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "recurrent": {"output_dim": "units", **_RECURRENT, "consume_less": "implementation"},
    "plateau": {"epsilon": "min_delta"},
    "texts": {"nb_words": "num_words"},
    "conv_lstm": {**_CONV, **_RECURRENT, "bias": "use_bias"},
}

_OLD_VALUES = {"data_format": {"tf": "channels_last", "th": "channels_first"}}
# Sizes of windows that used to be one argument an axis.
_WINDOW = (("kernel_dim1", "kernel_dim2", "kernel_dim3"), ("nb_row", "nb_col"))


def _warn(owner: str, old: str, new: str) -> None:
    warnings.warn(
        f"{owner}({old}) is an old spelling; write {owner}({new})", DeprecationWarning, stacklevel=4
    )


def renamed(
    kind: str, owner: str, arguments: dict[str, Any], warn: Callable[[str, str, str], None] = _warn
) -> dict[str, Any]:
    """The keyword arguments under the names of today, with a DeprecationWarning for each old one.

    Args:
        kind: row of ``OLD_NAMES``.
        owner: what is called, for the warning.
        arguments: keyword arguments.
        warn: called with the owner, the old and the new spelling.

    Raises:
        TypeError: an argument is given under both names.

    Example:
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     renamed("dropout", "Dropout", {"p": 0.5})
        {'rate': 0.5}
    """
    table = OLD_NAMES[kind]
    if table.keys().isdisjoint(arguments):
        return arguments
    result = {}
    for name, value in arguments.items():
        new = table.get(name, name)
        if new != name:
            if isinstance(value, str):
                value = _OLD_VALUES.get(new, {}).get(value, value)
            warn(owner, f"{name}=…", f"{new}={value!r}")
            if new in arguments:
                raise TypeError(f"{owner} got both {name} and {new}, its name of today")
        result[new] = value
    return result


def arguments_of_today(cls: type, arguments: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments of a class under the names of today, without a warning: a file cannot be edited.

    Args:
        cls: a class whose ``__init__`` has ``old_arguments``, or any other.
        arguments: keyword arguments.

    Example:
        >>> from rkeras.layers import Conv2D
        >>> arguments_of_today(Conv2D, {"nb_filter": 8, "nb_row": 3, "nb_col": 5, "dim_ordering": "tf"})
        {'filters': 8, 'data_format': 'channels_last', 'kernel_size': (3, 5)}
    """
    kind = getattr(cls.__init__, "old_arguments", None)  # type: ignore[misc]
    if kind is None:
        return arguments
    arguments = renamed(kind, cls.__name__, arguments, lambda *_: None)
    if "conv" in kind:
        for names in _WINDOW:
            sizes = tuple(arguments[name] for name in names if name in arguments)
            if sizes:
                arguments = {name: value for name, value in arguments.items() if name not in names}
                arguments["kernel_size"] = sizes
    return arguments


def _with_window(owner: str, rank: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Joins window sizes given one an axis, as in ``Convolution2D(8, 3, 3, border_mode="same")``."""
    for names in _WINDOW:
        if any(name in kwargs for name in names):
            sizes = (*args[1:], *(kwargs.pop(name) for name in names if name in kwargs))
            _warn(owner, ", ".join(f"{name}=…" for name in names), f"kernel_size={sizes}")
            kwargs["kernel_size"] = sizes
            return args[:1]
    if rank > 1 and len(args) == rank + 1 and all(type(n) is int for n in args):
        _warn(owner, ", ".join(map(str, args)), f"{args[0]}, {args[1:]}")
        kwargs["kernel_size"] = args[1:]
        return args[:1]
    return args


def old_arguments(kind: str) -> Callable[[F], F]:
    """Lets an ``__init__`` take the names that older code uses.

    Args:
        kind: row of ``OLD_NAMES``.

    Example:
        >>> class Layer:
        ...     @old_arguments("dropout")
        ...     def __init__(self, rate):
        ...         self.rate = rate
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     Layer(p=0.5).rate
        0.5
    """
    old = OLD_NAMES[kind].keys()
    windows = frozenset(name for names in _WINDOW for name in names) if "conv" in kind else frozenset()

    def decorate(init: F) -> F:
        @functools.wraps(init)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
            if kwargs and not (old.isdisjoint(kwargs) and windows.isdisjoint(kwargs)):
                owner = type(self).__name__
                if windows:
                    args = _with_window(owner, getattr(self, "_rank", 0), args, kwargs)
                kwargs = renamed(kind, owner, kwargs)
            init(self, *args, **kwargs)

        wrapper.old_arguments = kind  # type: ignore[attr-defined]
        return cast(F, wrapper)

    return decorate
