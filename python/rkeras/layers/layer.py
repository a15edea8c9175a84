"""The base class of layers."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np

from rkeras import _engine, dtype_policies, naming, tree
from rkeras.dtype_policies import is_float_dtype
from rkeras.graph import Node
from rkeras.keras_tensor import KerasTensor
from rkeras.layers._building import Building
from rkeras.layers._losses import Losses
from rkeras.layers._old_names import OldLayerNames
from rkeras.layers._signature import arguments_by_name, call_signature, shape_arguments
from rkeras.layers._stateless import Stateless
from rkeras.layers.call_context import context, get_mask, masks_of, set_mask
from rkeras.layers.input_spec import InputSpec, assert_input_compatibility
from rkeras.operation import Operation, default, is_default
from rkeras.symbolic import any_symbolic

_Tensor = _engine.Tensor


class Layer(Building, Losses, Stateless, OldLayerNames):
    """A computation with weights.

    A subclass makes its weights in ``build`` (which is given the input's shape) with ``add_weight``, and
    computes in ``call``. Layers assigned to attributes, also in lists and dicts, belong to it with their
    weights.

    Args:
        activity_regularizer: a penalty on outputs that joins ``losses``.
        trainable: whether training changes the weights.
        dtype: a dtype or dtype policy; the global policy if not given.
        autocast: whether float inputs are cast to the compute dtype.
        name: made from the class name if not given.
        kwargs: ``input_shape``, ``input_dim``, ``batch_input_shape``, ``batch_size`` (the input of a layer
            that comes first in a Sequential) and ``weights`` (arrays to begin with) as in older code.

    Example:
        >>> class Scale(Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> layer = Scale()
        >>> layer(np.full((1, 2), 3.0)).tolist()
        [[3.0, 3.0]]
        >>> [w.path for w in layer.weights]
        ['scale/factor']
    """

    _tracked_as = "layers"
    # Whether arrays among the arguments become tensors; models convert their inputs by themselves.
    _convert_input_args = True

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        Operation.__init__(self, name=name)
        self._set_dtype_policy(dtype)
        self.autocast = autocast
        self.supports_jit = True
        self._input_spec: Any = None
        self._path: str | None = None
        self._build_shapes: dict[str, Any] | None = None
        self._supports_masking = not is_default(self.compute_mask)
        self.activity_regularizer = activity_regularizer
        if activity_regularizer is not None:
            from rkeras import regularizers

            self.activity_regularizer = regularizers.get(activity_regularizer)
        if not isinstance(trainable, bool):
            raise ValueError(f"trainable must be True or False, got trainable={trainable!r}")
        self._trainable = trainable
        self._take_input_arguments(kwargs)
        if kwargs:
            raise ValueError(
                f"{type(self).__name__} does not know the argument(s) "
                f"{', '.join(f'{k}={v!r}' for k, v in kwargs.items())}"
            )

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation; subclasses define it."""
        raise NotImplementedError(
            f"{type(self).__name__} does not define `call(self, inputs)`, which computes its output"
        )

    @property
    def input_spec(self) -> Any:
        """What the input must look like; checked before each call."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        self._input_spec = value

    @property
    def supports_masking(self) -> bool:
        """Whether masks pass through the layer."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        self._supports_masking = value

    @property
    def path(self) -> str | None:
        """Where the layer lives, such as ``sequential/dense``; None before it is built."""
        return self._path

    @default
    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output, from that of the input."""
        return previous_mask

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Computes on tensors or arrays; on symbolic tensors it adds a node to a functional model."""
        if "_dtype_policy" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ must call super().__init__() before the layer is used"
            )
        node_args, node_kwargs = args, kwargs
        first = args[0] if args else None
        if len(args) == 1 and not kwargs and first.__class__ is _Tensor:
            symbolic = False
            if first.dtype != self.input_dtype and self._convert_input_args:
                first = self._convert(first)
                args = (first,)
        else:
            symbolic = any_symbolic(args, kwargs)
            if self._convert_input_args:
                args = tuple(self._convert(arg, i == 0) for i, arg in enumerate(args))
                kwargs = {key: self._convert(value) for key, value in kwargs.items()}
            elif kwargs:
                kwargs = dict(kwargs)
            if args:
                first = args[0]
        info = call_signature(self)
        if not args and info.first in kwargs:
            first = kwargs[info.first]
        spec = self.input_spec
        if spec is not None and spec != []:
            self._check_input(spec, first)

        training = kwargs.get("training") if kwargs else None
        positional = info.training_index < len(args)
        if training is None and positional:
            training = args[info.training_index]
        outer_entry, outer_training, outer_autocast = context.entry, context.training, context.autocast
        if training is None:
            training = outer_training if outer_training is not None else info.training_default
        if info.has_training:
            if training is not None and not positional:
                kwargs["training"] = training
        elif kwargs and not info.has_kwargs:
            kwargs.pop("training", None)

        scopes = naming._stack.scopes
        nested = not (scopes and scopes[-1][1] is self)
        if nested:
            scopes.append((self.name, self))
        autocast = self._autocast_dtype if self.autocast else None
        tracing = _engine.trace_active()
        if tracing:
            _engine.enter_scope(self.name)
        try:
            context.training = training
            if outer_entry is None:
                context.entry = self
                self._clear_losses()
            if not self.built:
                self._maybe_build(info, args, kwargs, first)
            mask = self._find_masks(info, args, kwargs, first)
            if autocast != outer_autocast:
                context.autocast = autocast
                _engine.set_autocast(autocast)
            try:
                outputs = self.symbolic_call(*args, **kwargs) if symbolic else self.call(*args, **kwargs)
            except (ValueError, TypeError) as error:
                raise self._explain(error, args, kwargs) from error.__cause__
            if self.activity_regularizer is not None and not symbolic:
                self._add_activity_loss(outputs)
            if mask is not None or (self._supports_masking and not is_default(self.compute_mask)):
                self._pass_mask_on(first, outputs, mask)
        finally:
            if tracing:
                _engine.leave_scope()
            if nested:
                scopes.pop()
            if autocast != outer_autocast:
                context.autocast = outer_autocast
                _engine.set_autocast(outer_autocast)
            context.entry, context.training = outer_entry, outer_training
        if symbolic:
            self.built = True
            if "mask" in kwargs and len(node_args) == 1 and not node_kwargs:
                # The op that made the mask belongs to the model, as it does in Keras.
                node_kwargs = {"mask": kwargs["mask"]}
            Node(self, node_args, node_kwargs, outputs)
        return outputs

    def _convert(self, x: Any, is_input: bool = False) -> Any:
        """A tensor of the compute dtype from an array; other dtypes than floats stay."""
        kind = x.__class__
        if kind is _Tensor or isinstance(x, KerasTensor):
            if not self.autocast or x.dtype == self.input_dtype or not is_float_dtype(x.dtype):
                return x
            if kind is _Tensor:
                return _engine.convert(x, self.input_dtype)
            cast = KerasTensor(x.shape, self.input_dtype, name=x.name)
            if get_mask(x) is not None:
                set_mask(cast, get_mask(x))
            return cast
        if isinstance(x, (list, tuple, dict)):
            if is_input and not isinstance(x, dict) and _is_numbers(x):
                return self._convert(_engine.convert(x))
            return tree.map_structure(self._convert, x)
        if isinstance(x, (np.ndarray, np.generic)) or (
            hasattr(x, "__array__") and not isinstance(x, _engine.Variable)
        ):
            array = np.asarray(x)
            if array.dtype.kind in "US":
                # Text is for layers that know what to do with it.
                return x
            return self._convert(_engine.convert(array))
        return x

    def _check_input(self, spec: Any, first: Any) -> None:
        if spec.__class__ is InputSpec and first.__class__ is _Tensor and spec.problem(first) is None:
            return
        try:
            assert_input_compatibility(spec, first, self.name)
        except ValueError as error:
            error._rkeras_explained = True  # type: ignore[attr-defined]
            raise

    def _find_masks(self, info: Any, args: tuple[Any, ...], kwargs: dict[str, Any], first: Any) -> Any:
        """Fills in mask arguments that were not given, and returns the mask of the first input."""
        mask = get_mask(first) if first.__class__ is _Tensor else masks_of(first)
        if info.has_mask and "mask" not in info.names[: len(args)]:
            if kwargs.get("mask") is None:
                if mask is not None:
                    kwargs["mask"] = mask
            else:
                mask = kwargs["mask"]
        if info.mask_names:
            given = arguments_by_name(info, args, kwargs)
            for argument, name in info.mask_names:
                if given.get(argument) is not None and given.get(name) is None:
                    found = masks_of(given[argument])
                    if found is not None:
                        kwargs[name] = found
        return mask

    def _pass_mask_on(self, inputs: Any, outputs: Any, mask: Any) -> None:
        if not self._supports_masking:
            warnings.warn(
                f"layer {self.name!r} ({type(self).__name__}) was given a masked input, but does not "
                "support masking: the mask ends here and layers after it will not see it",
                stacklevel=4,
            )
            return
        leaves = tree.flatten(outputs)
        if all(get_mask(x) is not None for x in leaves):
            return
        masks = self.compute_mask(inputs, mask)
        if masks is None:
            return
        for x, m in zip(leaves, tree.flatten(masks), strict=False):
            if m is not None and get_mask(x) is None:
                set_mask(x, m)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs; the node is added by ``__call__``."""
        return self.compute_output_spec(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs, from ``compute_output_shape`` or by tracing ``call``."""
        if is_default(self.compute_output_shape) or not all(layer.built for layer in self._layers):
            # Tracing also builds the layers inside.
            return Operation.compute_output_spec(self, *args, **kwargs)
        info = call_signature(self)
        shapes = self._tensor_shapes(info, args, kwargs)
        method = type(self).compute_output_shape
        names = info.signature.parameters
        found = shape_arguments(method, "compute_output_shape", type(self).__name__, names, shapes)
        shape = self.compute_output_shape(**found)
        if tree.is_shape(shape):
            return KerasTensor(shape, dtype=self.compute_dtype)
        return tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), shape)

    @default
    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The output's shape for an input's shape; without a rule of its own, by tracing ``call``.

        Args:
            args: the shape of the input, None for unknown axes.
            kwargs: shapes by ``<argument>_shape``.
        """
        shapes = args[0] if args else next(iter(kwargs.values()))
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), shapes)
        # Asking for a shape must not make the weights, so a layer without them is asked through a copy.
        spec = Operation.compute_output_spec(self, inputs) if self.built else copy.deepcopy(self)(inputs)
        return tree.map_structure(lambda x: x.shape, spec)

    def _explain(self, error: Exception, args: Any, kwargs: Any) -> Exception:
        """The error with the innermost layer and its input named."""
        if getattr(error, "_rkeras_explained", False) or isinstance(error, _engine.TracedValueError):
            return error
        if len(error.args) == 1 and isinstance(error.args[0], str):
            shapes = [str(tuple(x.shape)) for x in tree.flatten((args, kwargs)) if hasattr(x, "shape")]
            given = f" called with shape {', '.join(shapes)}" if shapes else ""
            error.args = (f"{error.args[0]}\n  in layer {self.name!r} ({type(self).__name__}){given}",)
        error._rkeras_explained = True  # type: ignore[attr-defined]
        return error

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self._dtype_policy),
        }
        if self.activity_regularizer is not None:
            from rkeras import regularizers

            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if is_default(self.get_config):
            plain = self._plain_arguments(config)
            config = {**config, **plain} if "name" in config else plain
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


default(Layer.get_config)


def _is_numbers(x: Any) -> bool:
    leaves = tree.flatten(x)
    return bool(leaves) and all(isinstance(leaf, (int, float)) for leaf in leaves)
