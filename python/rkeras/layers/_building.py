"""Making a layer's weights when the shape of its input becomes known."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from rkeras import _engine, tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._signature import arguments_by_name, shape_arguments
from rkeras.layers._state import LayerState
from rkeras.naming import current_path, name_scope
from rkeras.operation import default, is_default
from rkeras.symbolic import symbolic_shape
from rkeras.tracing import eager_scope


def _wrapped_build(build: Callable[..., None]) -> Callable[..., None]:
    """A ``build`` that opens the layer's name scope, is never traced and notes what it was given."""
    signature = inspect.signature(build)

    @functools.wraps(build)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            with name_scope(self.name, caller=self), eager_scope():
                object.__setattr__(self, "_path", current_path())
                build(self, *args, **kwargs)
        except (ValueError, MemoryError) as error:
            raise _named(error, self) from error.__cause__
        shapes = dict(signature.bind(self, *args, **kwargs).arguments)
        shapes.pop(next(iter(shapes)))
        object.__setattr__(self, "_build_shapes", shapes)
        self._after_build()

    wrapper._is_wrapped = True  # type: ignore[attr-defined]
    return wrapper


def _named(error: Exception, layer: Any) -> Exception:
    """The error with the innermost layer that was being built named."""
    if not getattr(error, "_rkeras_explained", False) and len(error.args) == 1:
        error.args = (f"{error.args[0]}\n  while building layer {layer.name!r} ({type(layer).__name__})",)
        error._rkeras_explained = True  # type: ignore[attr-defined]
    return error


class Building(LayerState):
    """The part of ``Layer`` that builds."""

    _path: str | None
    _build_shapes: dict[str, Any] | None
    _input_shape_arg: Any = None
    _batch_size_arg: int | None = None
    _initial_weights: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        build = cls.__dict__.get("build")
        if build is not None and not is_default(build) and not hasattr(build, "_is_wrapped"):
            cls.build = _wrapped_build(build)  # type: ignore[method-assign]

    def _take_input_arguments(self, kwargs: dict[str, Any]) -> None:
        """Takes the arguments that older code passes to the first layer of a model."""
        kwargs.pop("input_dtype", None)
        batch_size = kwargs.pop("batch_size", None)
        if "batch_input_shape" in kwargs:
            shape = tuple(kwargs.pop("batch_input_shape"))
            batch_size, self._input_shape_arg = shape[0], shape[1:]
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
            self._input_shape_arg = (shape,) if isinstance(shape, int) else tuple(shape)
        if kwargs.get("input_dim") is not None:
            length = kwargs.pop("input_length", None)
            dim = kwargs.pop("input_dim")
            self._input_shape_arg = (dim,) if length is None else (length, dim)
        kwargs.pop("input_dim", None)
        if batch_size is not None:
            self._batch_size_arg = batch_size
        if "weights" in kwargs:
            self._initial_weights = kwargs.pop("weights")

    @default
    def build(self, input_shape: Any = None) -> None:
        """Makes the weights; subclasses that have any define it.

        Args:
            input_shape: the shape of the first argument of ``call``, None for unknown axes. A ``build`` with
                several arguments names them ``<argument>_shape``.
        """
        self._mark_built(input_shape)

    def _mark_built(self, input_shape: Any) -> None:
        object.__setattr__(self, "_path", current_path() or self.name)
        object.__setattr__(self, "_build_shapes", {"input_shape": input_shape})
        self._after_build()

    def _after_build(self) -> None:
        self.built = True
        if self._initial_weights is not None:
            weights = self._initial_weights
            object.__setattr__(self, "_initial_weights", None)
            self.set_weights(weights)

    def _tensor_shapes(self, info: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The shapes of those arguments that are tensors or structures of tensors, by name."""
        shapes = {}
        for name, value in arguments_by_name(info, args, kwargs).items():
            if name in ("mask", "training") or value is None:
                continue
            if _is_tensor(value):
                shapes[name] = _shape_of(value)
            elif tree.is_nested(value) and value:
                leaves = tree.flatten(value)
                if all(leaf is None or _is_tensor(leaf) for leaf in leaves):
                    shapes[name] = tree.map_structure(_shape_of, value, none_is_leaf=False)
        return shapes

    def _maybe_build(self, info: Any, args: tuple[Any, ...], kwargs: dict[str, Any], first: Any) -> None:
        shapes = self._tensor_shapes(info, args, kwargs)
        if is_default(self.build):
            # Sublayers build themselves when `call` reaches them.
            self._mark_built(next(iter(shapes.values()), None))
            return
        names = info.signature.parameters
        self.build(**shape_arguments(type(self).build, "build", type(self).__name__, names, shapes))
        if self.input_spec is not None:
            self._check_input(self.input_spec, first)

    def _check_input(self, spec: Any, first: Any) -> None:
        raise NotImplementedError

    input_spec: Any

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that ``build`` was given, as model files hold them."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": dict(self._build_shapes)}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Builds from what ``get_build_config`` returned."""
        if not config:
            return
        if "input_shape" in config:
            self.build(_shapes_from_lists(config["input_shape"]))
        elif "shapes_dict" in config:
            self.build(**{name: _shapes_from_lists(shape) for name, shape in config["shapes_dict"].items()})


def _is_tensor(x: Any) -> bool:
    return isinstance(x, (_engine.Tensor, KerasTensor, _engine.Variable))


def _shape_of(x: Any) -> tuple[int | None, ...]:
    return x.shape if isinstance(x, KerasTensor) else symbolic_shape(x.shape)


def _shapes_from_lists(shape: Any) -> Any:
    """Shapes as tuples again after a trip through JSON."""
    return None if shape is None else tree.map_shape_structure(tuple, shape)
