"""Functions as layers."""

from __future__ import annotations

import inspect
from typing import Any

from rkeras import tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.layer import Layer


class Lambda(Layer):
    """A function of tensors as a layer.

    A lambda is saved as code, which only loads with ``safe_mode=False``; a named function that is registered
    (``rkeras.saving.register_keras_serializable``), or a layer class of one's own, loads anywhere.

    Args:
        function: called with the inputs, and with ``mask`` and ``training`` if it has these arguments.
        output_shape: shape of one sample of the output, or a function of the input's shape; found by tracing
            if not given.
        mask: the output's mask, or a function of inputs and their mask.
        arguments: keyword arguments for the function.
        kwargs: those of ``Layer``.

    Example:
        >>> import numpy as np
        >>> Lambda(lambda x: x**2)(np.array([3.0])).tolist()
        [9.0]
    """

    def __init__(
        self,
        function: Any,
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda needs a function of tensors, got {function!r}")
        self.function = function
        self.arguments = arguments or {}
        self.mask = mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        names = inspect.signature(function).parameters
        self._passed_on = [name for name in ("mask", "training") if name in names]

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function of the inputs."""
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._passed_on})

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """Symbolic outputs, of the shape that was promised or found by tracing."""
        if self._output_shape is None:
            return super().compute_output_spec(inputs, **kwargs)
        shapes = tree.map_structure(lambda x: x.shape, inputs)
        if callable(self._output_shape):
            shape = self._output_shape(shapes)
        else:
            batch = tree.flatten(inputs)[0].shape[0]
            shape = tree.map_shape_structure(lambda s: (batch, *s), self._output_shape)
        return tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), shape)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """What ``mask`` says."""
        return self.mask(inputs, previous_mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = {**super().get_config(), "function": _record(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = _record(self._output_shape)
        if self.mask is not None:
            config["mask"] = _record(self.mask)
        config["arguments"] = _record(self.arguments)
        return config

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: dict[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Any:
        """Makes the layer from ``get_config``; code is refused unless the safe mode is off."""
        from rkeras import saving
        from rkeras.saving.scopes import in_safe_mode

        safe = in_safe_mode() if safe_mode is None else safe_mode
        config = dict(config)
        for key in ("function", "output_shape", "mask", "arguments"):
            if config.get(key) is not None:
                record = _with_code(config[key], safe is not False)
                config[key] = saving.deserialize_keras_object(
                    record, custom_objects, safe_mode=safe is not False
                )
        shape = config.get("output_shape")
        if isinstance(shape, list) and all(size is None or isinstance(size, int) for size in shape):
            config["output_shape"] = tuple(shape)
        return super().from_config(config)


def _record(value: Any) -> Any:
    """Plain data; a lambda becomes code in the layout of Keras."""
    from rkeras import saving
    from rkeras.saving.lambdas import dump_lambda

    if inspect.isfunction(value) and value.__name__ == "<lambda>":
        code, defaults, closure = dump_lambda(value)
        return {
            "class_name": "__lambda__",
            "config": {"code": code, "defaults": defaults, "closure": closure},
        }
    return saving.serialize_keras_object(value)


def _with_code(record: Any, safe: bool) -> Any:
    """A record whose lambda, if it is one and code may run, is in the layout of records."""
    if not isinstance(record, dict) or record.get("class_name") != "__lambda__":
        return record
    inner = record["config"]
    if safe:
        raise ValueError(
            "a Lambda layer with a Python lambda is stored as code, which could do anything when run. If you "
            "trust where it comes from, pass safe_mode=False to the loading function or call "
            "rkeras.config.enable_unsafe_deserialization()."
        )
    if "code" not in inner:
        return record
    return {**record, "config": {"value": [inner["code"], inner.get("defaults"), inner.get("closure")]}}
