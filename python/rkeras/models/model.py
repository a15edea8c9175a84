"""The base class of models."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from rkeras import tree
from rkeras.keras_tensor import KerasTensor
from rkeras.layers.call_context import context, training_scope
from rkeras.layers.layer import Layer
from rkeras.models._compiled_call import CompiledCalls
from rkeras.models._saving import Saving
from rkeras.models.network import Network
from rkeras.naming import current_path, name_scope
from rkeras.operation import Operation, default, is_default
from rkeras.symbolic import compute_output_spec
from rkeras.tracing import eager_scope
from rkeras.training.trainer import Trainer


def is_functional_call(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether these arguments make a functional model: inputs and outputs."""
    return (
        len(args) == 2
        or (len(args) == 1 and ("outputs" in kwargs or "output" in kwargs))
        or ("inputs" in kwargs and "outputs" in kwargs)
        or ("input" in kwargs and "output" in kwargs)
    )


def _renamed(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments with ``input=`` and ``output=`` of Keras 1 under their names of today."""
    if "input" in kwargs or "output" in kwargs:
        warnings.warn(
            "Model(input=, output=) is deprecated: the arguments are called inputs and outputs",
            DeprecationWarning,
            stacklevel=3,
        )
    names = {"input": "inputs", "output": "outputs"}
    return {names.get(name, name): value for name, value in kwargs.items()}


class Model(Trainer, Saving, Layer):
    """Layers that are trained and saved together.

    ``Model(inputs, outputs)`` makes a functional model from symbolic tensors. A subclass makes layers in
    ``__init__`` and wires them in ``call``. A subclass without a ``call`` may be made from inputs and
    outputs too.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them.
        outputs: likewise, computed from the inputs.
        name: made up if not given.
        trainable: whether training changes the weights.

    Example:
        >>> from rkeras import Input, layers
        >>> inputs = Input(shape=(3,))
        >>> model = Model(inputs, layers.Dense(2, name="out")(inputs))
        >>> [w.shape for w in model.weights]
        [(3, 2), (2,)]
    """

    # The layer graph of a functional or sequential model, and its compiled calls.
    _network: Network | None = None
    _compiled_calls: CompiledCalls | None = None
    # What a model computes is up to its layers; training assigns its attributes all the time.
    _attributes_matter = False

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: D102
        if cls is Model and is_functional_call(args, kwargs):
            from rkeras.models.functional import Functional

            cls = Functional
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if is_functional_call(args, kwargs):
            self._init_functional(*args, **_renamed(kwargs))
        else:
            Layer.__init__(self, *args, **kwargs)
            Trainer.__init__(self)

    def _init_functional(
        self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool | None = None, **kwargs: Any
    ) -> None:
        Layer.__init__(self, name=name, **kwargs)
        Trainer.__init__(self)
        self._set_network(Network(inputs, outputs, self.name))
        self._mark_built(None)
        if trainable is not None:
            self.trainable = trainable

    def _set_network(self, network: Network | None) -> None:
        object.__setattr__(self, "_network", network)
        wired = network is not None and getattr(type(self).call, "_runs_network", False)
        object.__setattr__(self, "_compiled_calls", CompiledCalls(self) if wired else None)
        if network is not None:
            self._convert_input_args = False
            for layer in network.layers:
                self._track("layers", layer)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Computes on tensors or arrays; on symbolic tensors it adds a node to a functional model."""
        if self._compiled_calls is not None and len(args) == 1:
            outputs = self._compiled_calls(args[0], kwargs)
            if outputs is not NotImplemented:
                return outputs
        return Layer.__call__(self, *args, **kwargs)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The computation; subclasses define it, functional models run their layers."""
        if self._network is None:
            raise NotImplementedError(
                f"{type(self).__name__} does not define `call(self, inputs)`, which computes its output"
            )
        if training is None or training is context.training:
            return self._network.run(inputs, mask)
        with training_scope(training):
            return self._network.run(inputs, mask)

    def _pass_mask_on(self, inputs: Any, outputs: Any, mask: Any) -> None:
        """Does nothing: the layers inside pass masks on, up to the outputs."""

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs."""
        if self._network is not None and args:
            spec = self._network.output_spec(args[0])
            if spec is not None:
                return spec
        if not is_default(self.compute_output_shape):
            return Layer.compute_output_spec(self, *args, **kwargs)
        return Operation.compute_output_spec(self, *args, **kwargs)

    @default
    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of all layers by going through ``call`` with symbolic tensors.

        Args:
            input_shape: the input's shape, batch axis first (None for any size); a list or dict of shapes for
                several inputs.

        Raises:
            ValueError: if ``call`` does not work for that shape.

        Example:
            >>> from rkeras import layers
            >>> class Two(Model):
            ...     def __init__(self):
            ...         super().__init__()
            ...         self.dense = layers.Dense(2)
            ...     def call(self, x):
            ...         return self.dense(x)
            >>> model = Two()
            >>> model.build((None, 3))
            >>> len(model.weights)
            2
        """
        if self._network is not None:
            self.built = True
            return
        if type(self).call is Model.call:
            raise NotImplementedError(
                f"{type(self).__name__} cannot be built: it does not define `call(self, inputs)`"
            )
        if input_shape is None:
            raise ValueError(
                f"model {self.name!r} cannot be built without knowing its input: pass "
                "build(input_shape=(None, …)), "
                "or call the model on data"
            )
        inputs = tree.map_shape_structure(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape)
        with name_scope(self.name, caller=self), eager_scope():
            try:
                compute_output_spec(self.call, inputs)
            except (ValueError, TypeError) as error:
                raise ValueError(
                    f"model {self.name!r} cannot be built for input_shape={input_shape}: {error}\n"
                    "Check that the shape has the batch axis first, as in (None, 28, 28, 1); a model whose "
                    "call takes "
                    "several arguments or other dtypes is built by calling it on data."
                ) from error
            object.__setattr__(self, "_path", current_path())
        object.__setattr__(self, "_build_shapes", {"input_shape": input_shape})
        self._after_build()

    @property
    def layers(self) -> list[Layer]:
        """The model's own layers in order, not those inside of them."""
        if self._network is not None:
            return self._network.layers
        return self._flatten_layers(include_self=False, recursive=False)

    @layers.setter
    def layers(self, value: Any) -> None:
        raise AttributeError(
            f"`layers` of a model lists its layers and cannot be set; use another attribute name ({value!r})"
        )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or at a place in ``layers``.

        Raises:
            ValueError: if there is none.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer needs either a name or an index, got name={name!r}, index={index!r}")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(
                    f"model {self.name!r} has {len(self.layers)} layers, there is none at index {index}"
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(
            f"model {self.name!r} has no layer called {name!r}; its layers are "
            f"{[layer.name for layer in self.layers]}"
        )

    def _needs_network(self, what: str) -> Network:
        if self._network is None:
            raise AttributeError(
                f"model {self.name!r} has no {what}: only functional models, and sequential ones that know "
                "their input "
                "(an Input first, or build(input_shape)), have symbolic tensors"
            )
        return self._network

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs as a list."""
        return self._needs_network("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs as a list."""
        return self._needs_network("outputs").outputs

    @property
    def input(self) -> Any:
        """The symbolic input, or the structure of them the model was made with."""
        if self._network is None:
            return super().input
        return _single(self._network.inputs_struct)

    @property
    def output(self) -> Any:
        """The symbolic output, or the structure of them the model was made with."""
        if self._network is None:
            return super().output
        return _single(self._network.outputs_struct)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs, the keys of a dict of data."""
        return [x.name for x in self._needs_network("input_names").inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that make the outputs, the keys of a dict of targets."""
        return [x._keras_history.operation.name for x in self._needs_network("output_names").outputs]

    @property
    def input_shape(self) -> Any:
        """The shape of the input, or the structure of shapes."""
        return _shapes(self._needs_network("input_shape").inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the output, or the structure of shapes."""
        return _shapes(self._needs_network("output_shape").outputs)

    def add_loss(self, loss: Any, inputs: Any = None) -> None:
        """Adds to what training minimises: a symbolic tensor of the model, or in ``call`` a scalar."""
        for value in tree.flatten(loss):
            if isinstance(value, KerasTensor):
                self._needs_network("symbolic losses").add_extra(value, super().add_loss, is_loss=True)
            else:
                super().add_loss(value)

    @property
    def losses(self) -> list[Any]:
        """The scalars added in the last call and the penalties on weights; symbolic ones before any call."""
        network = self._network
        symbolic = [] if network is None else [x for x, _, is_loss in network.extras if is_loss]
        if symbolic and not self._own_losses():
            return [*symbolic, *super().losses]
        return super().losses

    def add_metric(self, value: Any, name: str | None = None, aggregation: str = "mean") -> None:
        """Shows the mean of a symbolic tensor of the model, or in ``call`` of a value, under a name."""
        # A partial, unlike a function made here, is copied and pickled together with the model.
        receive = functools.partial(Layer.add_metric, self, name=name, aggregation=aggregation)
        if isinstance(value, KerasTensor):
            network = self._needs_network("symbolic metrics")
            self._added_metric(name, aggregation)
            network.add_extra(value, receive)
        else:
            receive(value)

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: list[str] | tuple[str, str] | None = None,
    ) -> None:
        """Prints a table of the layers with their output shapes and numbers of weights.

        Args:
            line_length: the table's width in characters; it follows the terminal if not given.
            positions: where the columns end, as fractions of the width.
            print_fn: gets the text, instead of printing it.
            expand_nested: whether the layers of models inside are listed too.
            show_trainable: whether a column tells if a layer is trained.
            layer_range: names (or patterns) of the first and the last layer to list.
        """
        from rkeras.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def _repr_svg_(self) -> str | None:
        """The picture that notebooks show for the model, once it is built."""
        if not self.built:
            return None
        from rkeras.visualization.plot import model_to_dot

        return model_to_dot(self, show_shapes=True, show_layer_activations=True)._repr_svg_()


Model.call._runs_network = True  # type: ignore[attr-defined]


def _single(structure: Any) -> Any:
    if isinstance(structure, (list, tuple)) and len(structure) == 1:
        return structure[0]
    return structure


def _shapes(tensors: list[KerasTensor]) -> Any:
    shapes = [x.shape for x in tensors]
    return shapes[0] if len(shapes) == 1 else shapes
