"""What a layer owns: variables, sublayers, metrics; and its dtype policy."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras import dtype_policies
from rkeras.dtype_policies import DTypePolicy, is_float_dtype, standardize_dtype
from rkeras.layers._attributes import LayerAttributes, note_change
from rkeras.naming import name_scope
from rkeras.variables import Variable


class LayerState(LayerAttributes):
    """The part of ``Layer`` that keeps its state."""

    _dtype_policy: DTypePolicy
    # The compute dtype of a mixed policy.
    _autocast_dtype: str | None

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Makes a variable of the layer.

        Args:
            shape: its shape; ``()`` if not given.
            initializer: an initializer or its name; ``glorot_uniform`` for floats and ``zeros`` for the rest
                if not given.
            dtype: the layer's variable dtype if not given.
            trainable: whether it is trained by gradients.
            autocast: whether it is read in the compute dtype of a mixed policy.
            regularizer: a penalty that joins the layer's losses.
            constraint: what optimizers apply after an update.
            aggregation: accepted for Keras' sake.
            overwrite_with_gradient: marks a variable that optimizers replace by its gradient.
            name: the last part of its path.

        Returns:
            The variable.
        """
        from rkeras import constraints, initializers, regularizers

        kwargs.pop("synchronization", None)
        kwargs.pop("use_resource", None)
        if kwargs:
            raise TypeError(f"add_weight of layer {self.name!r} does not know the arguments {sorted(kwargs)}")
        if isinstance(shape, str):
            raise ValueError(f"add_weight takes the name as a keyword: add_weight(shape=…, name={shape!r})")
        dtype = self.variable_dtype if dtype is None else standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if is_float_dtype(dtype) else "zeros"
        with name_scope(self.name, caller=self):
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._track("variables", variable)
        return variable

    def add_variable(self, *args: Any, **kwargs: Any) -> Variable:
        """Another name of ``add_weight``."""
        return self.add_weight(*args, **kwargs)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """This layer and those in it, each once, depth first."""
        found: list[Any] = [self] if include_self else []
        seen: set[int] = set()
        waiting = deque(self._layers)
        while waiting:
            layer = waiting.popleft()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            found.append(layer)
            if recursive:
                waiting.extendleft(layer._layers)
        return found

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it reaches all sublayers and weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        value = bool(value)
        object.__setattr__(self, "_trainable", value)
        note_change()
        for variable in self._trainable_variables:
            variable.trainable = value
        for layer in self._layers:
            layer.trainable = value

    def _collect(self, attribute: str, seeds: bool) -> list[Variable]:
        own: list[Variable] = [*self._trainable_variables, *self._non_trainable_variables]
        if seeds:
            own.extend(generator.state for generator in self._seed_generators)
        for layer in self._layers:
            own.extend(getattr(layer, attribute))
        return list({id(v): v for v in own}.values())

    @property
    def weights(self) -> list[Variable]:
        """All variables of the layer and its sublayers, without random seeds and metrics."""
        return self._collect("weights", False)

    @property
    def variables(self) -> list[Variable]:
        """All variables of the layer and its sublayers, random seeds included."""
        return self._collect("variables", True)

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes by gradients."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that gradients leave alone."""
        return [v for v in self.weights if not v.trainable] if self._trainable else self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes by gradients."""
        return [v for v in self.variables if v.trainable] if self._trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that gradients leave alone."""
        return [v for v in self.variables if not v.trainable] if self._trainable else self.variables

    @property
    def metrics(self) -> list[Any]:
        """The metrics of the layer and its sublayers."""
        return [*self._metrics, *(metric for layer in self._layers for metric in layer.metrics)]

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of those metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def get_weights(self) -> list[npt.NDArray[Any]]:
        """The numbers of ``weights`` as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assigns arrays to ``weights``, in order.

        Raises:
            ValueError: if their number or a shape differs; then nothing is assigned.
        """
        own = self.weights
        arrays = [np.asarray(value) for value in weights]
        if len(own) != len(arrays):
            raise ValueError(
                f"layer {self.name!r} has {len(own)} weights, but set_weights was given {len(arrays)} arrays."
                + (
                    ""
                    if own
                    else " It has no weights until it is built: call it on data, or build(input_shape)."
                )
            )
        for variable, value in zip(own, arrays, strict=True):
            if variable.shape != value.shape:
                raise ValueError(
                    f"weight {variable.path!r} of layer {self.name!r} has shape {variable.shape}, "
                    f"but set_weights was given an array of shape {value.shape} for it"
                )
        for variable, value in zip(own, arrays, strict=True):
            variable.assign(value)

    def count_params(self) -> int:
        """The number of numbers in ``weights``."""
        if not self.built:
            raise ValueError(
                f"layer {self.name!r} has no weights to count yet: call it on data, or build(input_shape), "
                "first"
            )
        return sum(math.prod(variable.shape) for variable in self.weights)

    def save_own_variables(self, store: Any) -> None:
        """Puts the layer's own variables into a mapping, as model files do."""
        for i, variable in enumerate((*self._trainable_variables, *self._non_trainable_variables)):
            store[f"{i}"] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Takes the layer's own variables from a mapping.

        Raises:
            ValueError: if their number or a shape differs.
        """
        own = [*self._trainable_variables, *self._non_trainable_variables]
        if len(store.keys()) != len(own):
            hint = "" if own or self.built else " It is not built yet: call the model on data first."
            raise ValueError(
                f"layer {self.name!r} has {len(own)} variables {[v.name for v in own]}, "
                f"but the file has {len(store.keys())} for it.{hint}"
            )
        for i, variable in enumerate(own):
            variable.assign(np.asarray(store[f"{i}"]))

    @property
    def dtype_policy(self) -> DTypePolicy:
        """In which dtypes the layer computes and keeps its weights."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._set_dtype_policy(value)

    def _set_dtype_policy(self, value: Any) -> None:
        policy = dtype_policies.get(value)
        mixed = policy.compute_dtype != policy.variable_dtype
        object.__setattr__(self, "_dtype_policy", policy)
        object.__setattr__(self, "_autocast_dtype", policy.compute_dtype if mixed else None)

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype of inputs and computations."""
        return self._dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that float inputs are cast to."""
        return self._dtype_policy.compute_dtype

    @property
    def quantization_mode(self) -> None:
        """Always None: weights are not quantized."""
        return None
