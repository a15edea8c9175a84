"""Recurrent layers that make their cell themselves."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, activations, ops
from rkeras.layers.input_spec import InputSpec
from rkeras.layers.rnn.recurrent_cell import RecurrentCell
from rkeras.layers.rnn.rnn import RNN
from rkeras.naming import to_snake_case
from rkeras.tracing import mode

# The arguments of such layers that are not for the cell.
_OF_LAYER = (
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "activity_regularizer",
)  # fmt: skip


class CellLayer(RNN):
    """A recurrent layer with the arguments of its cell, which it shows as attributes."""

    _cell_class: type[RecurrentCell]
    # The engine's op for all steps at once, if there is one.
    _op: str | None = None
    _of_cell: frozenset[str] = frozenset()

    def _take(self, arguments: dict[str, Any], rank: int = 3) -> None:
        """Takes the arguments of ``__init__``, as its ``locals()`` has them, and makes the cell."""
        options = arguments.pop("kwargs")
        use_cudnn = arguments.pop("use_cudnn", "auto")
        if use_cudnn not in ("auto", True, False):
            raise ValueError(
                f"{type(self).__name__} takes 'auto', True or False as use_cudnn, which says nothing here; "
                f"got use_cudnn={use_cudnn!r}"
            )
        own = {name: arguments.pop(name) for name in _OF_LAYER if name in arguments}
        shared = {"dtype": options.get("dtype"), "trainable": options.get("trainable", True)}
        if "implementation" in options:
            shared["implementation"] = options.pop("implementation")
        of_cell = {k: v for k, v in arguments.items() if k not in ("self", "__class__")}
        cell = self._cell_class(**of_cell, **shared, name=to_snake_case(self._cell_class.__name__))
        object.__setattr__(self, "_of_cell", frozenset(of_cell))
        super().__init__(cell, **own, **options)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=rank)

    def __getattr__(self, name: str) -> Any:
        # What is not found on the layer may be an argument of its cell.
        if name in type(self)._of_cell or name in self.__dict__.get("_of_cell", ()):
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool | None = False, constants: Any = None
    ) -> tuple[Any, Any, Any]:
        """All steps, in one op if it knows the activations and no step differs from the others."""
        by_steps = self.unroll or constants is not None or not self._has_kernel(training) or mode.common_ops
        if by_steps or self._op is None or not sequences.shape[1]:
            return super().inner_loop(sequences, initial_state, mask, training, constants)
        cell, options = self.cell, {"reverse": self.go_backwards}
        masks = cell._masks("dropout", sequences[:, 0], training)
        if masks is not None:
            sequences = ops.multiply(sequences, ops.expand_dims(masks[0], 1))
        x = _engine.apply("matmul", sequences, cell.kernel)
        bias, recurrent_bias = cell.bias, []
        if bias is not None and len(bias.shape) == 2:
            bias, recurrent_bias = bias[0], [bias[1]]
            options["bias"] = True
        if bias is not None:
            x = _engine.apply("add", x, bias)
        if self._op == "gru":
            options["reset_after"] = cell.reset_after
        zeroes = self.zero_output_for_mask and mask is not None
        operands = [x, *initial_state, cell.recurrent_kernel, *recurrent_bias]
        if mask is not None:
            operands.append(ops.cast(mask if len(mask.shape) == 2 else mask[..., 0], "bool"))
        sequence, *rest = _engine.apply(self._op, *operands, zero_masked=zeroes, **options)
        last = sequence[:, -1] if zeroes else rest[0]
        return last, sequence, rest[: len(initial_state)]

    def _has_kernel(self, training: bool | None) -> bool:
        """Whether the op computes what the cell does."""
        cell = self.cell
        if type(cell) is not self._cell_class or cell.activation is not activations.tanh:
            return False
        gate = cell.recurrent_activation if cell._gates > 1 else activations.sigmoid
        drops_by_gate = training and (cell.recurrent_dropout or (cell.dropout and cell.implementation == 1))
        return gate is activations.sigmoid and not drops_by_gate

    def get_config(self) -> dict[str, Any]:
        """The arguments to make the layer again."""
        from rkeras import regularizers

        config = super().get_config()
        del config["cell"]
        of_cell = self.cell.get_config()
        config |= {name: of_cell[name] for name in of_cell if name in self._of_cell}
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Makes the layer from ``get_config``."""
        del custom_objects
        return super(RNN, cls).from_config(config)

