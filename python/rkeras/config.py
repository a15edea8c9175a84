"""Global settings: default float dtype, fuzz factor, image layout, logging."""

from __future__ import annotations

from typing import Any

from rkeras import _engine

_epsilon = 1e-7
_image_data_format = "channels_last"
_interactive_logging = True
_traceback_filtering = True
_unsafe_deserialization = False
_flash_attention: bool | None = None
_max_epochs: int | None = None
_max_steps_per_epoch: int | None = None


def backend() -> str:
    """The name of the tensor engine, always ``"rkeras"``.

    Example:
        >>> backend()
        'rkeras'
    """
    return "rkeras"


def set_backend(backend: str) -> None:
    """Accepts ``"rkeras"`` only: there is one engine."""
    if backend != "rkeras":
        raise ValueError(f"rkeras runs on its own engine; it cannot switch to backend={backend!r}")


def floatx() -> str:
    """The default float dtype of new weights and converted numbers.

    Example:
        >>> floatx()
        'float32'
    """
    return _engine.floatx()


def set_floatx(value: str) -> None:
    """Sets the default float dtype: ``bfloat16``, ``float16``, ``float32`` or ``float64``."""
    if value not in ("bfloat16", "float16", "float32", "float64"):
        raise ValueError(f"unknown floatx {value!r}; expected 'bfloat16', 'float16', 'float32' or 'float64'")
    _engine.set_floatx(value)


def epsilon() -> float:
    """The small number that keeps divisions and logarithms finite.

    Example:
        >>> epsilon()
        1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Sets the small number that keeps divisions and logarithms finite."""
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """Where images keep their channels: ``channels_last`` or ``channels_first``."""
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets where images keep their channels by default."""
    global _image_data_format
    _image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """The given layout in lower case, or the default one for ``None``.

    Example:
        >>> standardize_data_format("Channels_First")
        'channels_first'
    """
    if data_format is None:
        return _image_data_format
    value = str(data_format).lower()
    if value not in ("channels_last", "channels_first"):
        raise ValueError(
            f"data_format must be 'channels_last' or 'channels_first', got data_format={data_format!r}"
        )
    return value


def enable_interactive_logging() -> None:
    """Lets progress bars redraw themselves on standard output."""
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging() -> None:
    """Sends progress through ``logging`` instead, one line each."""
    global _interactive_logging
    _interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress bars redraw themselves on standard output."""
    return _interactive_logging


def enable_traceback_filtering() -> None:
    """Notes that tracebacks may leave out frames of this package."""
    global _traceback_filtering
    _traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Notes that tracebacks must show every frame."""
    global _traceback_filtering
    _traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """The setting made by the two functions above."""
    return _traceback_filtering


def enable_unsafe_deserialization() -> None:
    """Lets model files carry Python code (lambdas) from now on."""
    global _unsafe_deserialization
    _unsafe_deserialization = True


def is_unsafe_deserialization_enabled() -> bool:
    """Whether model files may carry Python code."""
    return _unsafe_deserialization


def enable_flash_attention() -> None:
    """Undoes ``disable_flash_attention``: attention layers avoid holding all scores where they can."""
    global _flash_attention
    _flash_attention = None


def disable_flash_attention() -> None:
    """Notes that attention layers need not avoid holding all scores."""
    global _flash_attention
    _flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """False after ``disable_flash_attention``, else None.

    Example:
        >>> is_flash_attention_enabled() is None
        True
    """
    return _flash_attention


def max_epochs() -> int | None:
    """The cap on epochs of every ``fit``, or None."""
    return _max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Caps the epochs of every ``fit``."""
    global _max_epochs
    _max_epochs = max_epochs


def max_steps_per_epoch() -> int | None:
    """The cap on steps of every epoch, or None."""
    return _max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Caps the steps of every epoch."""
    global _max_steps_per_epoch
    _max_steps_per_epoch = max_steps_per_epoch


def dtype_policy() -> Any:
    """The dtype policy of layers that are made without one."""
    from rkeras import dtype_policies

    return dtype_policies.dtype_policy()


def set_dtype_policy(policy: Any) -> None:
    """Sets the dtype policy of layers that are made from now on without one."""
    from rkeras import dtype_policies

    dtype_policies.set_dtype_policy(policy)
