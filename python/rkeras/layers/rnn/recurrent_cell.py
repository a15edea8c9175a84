"""What the cells of SimpleRNN, LSTM, GRU and ConvLSTM share: arguments, weights, dropout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rkeras import _engine, initializers, ops
from rkeras.layers._arguments import ArgumentLayer, positive
from rkeras.random.seed_generator import SeedGenerator


class RecurrentCell(ArgumentLayer):
    """One step of a recurrent layer whose gates are products with a kernel and a recurrent kernel."""

    # How many vectors of `units` numbers the products give.
    _gates = 1
    units: int
    use_bias: bool
    dropout: float
    recurrent_dropout: float
    seed: int | None
    activation: Any
    recurrent_activation: Any
    bias_initializer: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any

    def _take(self, arguments: dict[str, Any], sizes: tuple[str, ...] = ("units",)) -> None:
        """Takes the arguments of ``__init__``, as its ``locals()`` has them."""
        options = arguments.pop("kwargs")
        self.implementation = options.pop("implementation", 2)
        super().__init__(**options)
        for name in sizes:
            arguments[name] = positive(type(self).__name__, name, arguments[name])
        for name in ("dropout", "recurrent_dropout"):
            arguments[name] = min(1.0, max(0.0, arguments[name]))
        self._keep(**{k: v for k, v in arguments.items() if k not in ("self", "__class__")})
        if self.dropout or self.recurrent_dropout:
            self.seed_generator = SeedGenerator(self.seed)
        if self.recurrent_dropout:
            self.implementation = 1
        object.__setattr__(self, "_held_masks", None)

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        return self.units

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Zeros.

        Args:
            batch_size: how many rows they have.
        """
        from rkeras.layers.rnn.rnn import zero_states

        states: list[Any] = zero_states(self.state_size, batch_size, self.compute_dtype)
        return states

    def build(self, input_shape: Any) -> None:
        """Makes kernel, recurrent kernel and bias."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the size of its input's last axis; got shape {input_shape}"
            )
        width = self._gates * self.units
        self.kernel = self._weight("kernel", (features, width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width), "recurrent")
        self.bias = self._bias(self._bias_shape(width)) if self.use_bias else None

    def _bias_shape(self, width: int) -> tuple[int, ...]:
        return (width,)

    def _bias(self, shape: tuple[int, ...]) -> Any:
        return self._weight("bias", shape)

    # The one mask of a rate, or one a gate where the gates have products of their own.
    def _masks(self, kind: str, x: Any, training: bool | None) -> list[Any] | None:
        rate: float = getattr(self, kind)
        if not training or rate == 0:
            return None
        held = self._held_masks
        if held is not None and kind in held:
            return held[kind]
        ones = ops.ones_like(x)
        count = self._gates if self.implementation == 1 else 1
        masks = [
            _engine.apply("dropout", ones, self.seed_generator.next(), rate=rate) for _ in range(count)
        ]
        if held is not None:
            held[kind] = masks
        return masks

    _held_masks: dict[str, list[Any]] | None

    def hold_dropout_masks(self) -> None:
        """From now on the same elements are dropped in each call."""
        object.__setattr__(self, "_held_masks", {})

    def drop_dropout_masks(self) -> None:
        """Each call drops other elements again."""
        object.__setattr__(self, "_held_masks", None)

    def _product(
        self,
        x: Any,
        kernel: Any,
        masks: list[Any] | None,
        product: Callable[[Any, Any], Any] = ops.matmul,
        axis: int = -1,
    ) -> Any:
        """The product of ``x`` with the kernel, gates along ``axis``; with masks, that of what they leave."""
        if masks is None:
            return product(x, kernel)
        if len(masks) == 1:
            return product(_engine.apply("multiply", x, masks[0]), kernel)
        kernels = ops.split(kernel, len(masks), axis=-1)
        parts = [product(ops.multiply(x, m), k) for m, k in zip(masks, kernels, strict=True)]
        return _engine.apply("concatenate", *parts, axis=axis)


def forget_bias(cell: Any, units: int, shape: tuple[int, ...]) -> Any:
    """A bias of four gates that begins at one for the second, which forgets (Jozefowicz et al. 2015)."""
    ones = initializers.get("ones")

    def initial(shape: Any, dtype: Any = None) -> Any:
        first, rest = (cell.bias_initializer((n * units,), dtype=dtype) for n in (1, 2))
        return ops.concatenate([first, ones((units,), dtype=dtype), rest])

    return cell.add_weight(
        name="bias",
        shape=shape,
        initializer=initial,
        regularizer=cell.bias_regularizer,
        constraint=cell.bias_constraint,
    )

