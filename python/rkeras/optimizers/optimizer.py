"""The base class of optimizers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rkeras import ops
from rkeras.labels import work_of
from rkeras.naming import auto_name, name_scope
from rkeras.optimizers.clipping import clip_gradients
from rkeras.optimizers.schedules import LearningRateSchedule
from rkeras.optimizers.slots import SlotOwner
from rkeras.tracing import eager_scope
from rkeras.variables import Variable

_SETTINGS = (
    "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
    "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip


class Optimizer(SlotOwner):
    """Changes variables by their gradients.

    Subclasses make slots in ``build`` (with ``add_variable_from_reference``) and define
    ``update_step(gradient, variable, learning_rate)``, with ops and assignments only.

    Args:
        learning_rate: a number, a ``LearningRateSchedule`` or a function without arguments.
        weight_decay: share of each variable that is taken off a step, times the learning rate.
        clipnorm: largest length of each gradient.
        clipvalue: largest size of an element.
        global_clipnorm: largest length of all gradients together.
        use_ema: keeps a moving average of the variables.
        ema_momentum: its momentum.
        ema_overwrite_frequency: after how many steps the average replaces the variables; None for never.
        loss_scale_factor: by what the loss was multiplied.
        gradient_accumulation_steps: how many steps' gradients are averaged before one update.
        name: made up if not given.
        kwargs: old names: ``lr``, ``decay`` (rate ``lr / (1 + decay * step)``).

    Raises:
        ValueError: several ways of clipping, or an argument that is not known.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if "lr" in kwargs:
            warnings.warn("The argument `lr` is now `learning_rate`.", DeprecationWarning, stacklevel=3)
            learning_rate = kwargs.pop("lr")
        self._decay = 0.0
        if "decay" in kwargs:
            warnings.warn(
                "`decay` is old: use learning_rate=InverseTimeDecay(...).", DeprecationWarning, stacklevel=3
            )
            self._decay = float(kwargs.pop("decay") or 0.0)
        kwargs.pop("jit_compile", None)
        if kwargs:
            raise ValueError(f"{type(self).__name__} does not know the argument(s) {sorted(kwargs)}")
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError("give only one of clipnorm, clipvalue and global_clipnorm")
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise ValueError(
                f"gradient_accumulation_steps must be at least 2, got {gradient_accumulation_steps}"
            )
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay, self.clipnorm, self.clipvalue = weight_decay, clipnorm, clipvalue
        self.global_clipnorm, self.use_ema, self.ema_momentum = global_clipnorm, use_ema, ema_momentum
        self.ema_overwrite_frequency, self.loss_scale_factor = ema_overwrite_frequency, loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}
        self._no_decay: set[int] = set()
        self._no_decay_names: tuple[str, ...] = ()
        self._averages: list[Variable] = []
        self._accumulators: list[Variable] = []
        with name_scope(self.name, caller=self), eager_scope():
            self._iterations = Variable(
                np.zeros((), "int64"), trainable=False, name="iteration", autocast=False
            )
            self._variables.append(self._iterations)
            if isinstance(learning_rate, LearningRateSchedule) or callable(learning_rate):
                self._learning_rate: Any = learning_rate
            else:
                rate = float(learning_rate)
                self._learning_rate = Variable(
                    np.asarray(rate, "float32"), trainable=False, name="learning_rate", autocast=False
                )
                self._variables.append(self._learning_rate)

    @property
    def iterations(self) -> Any:
        """The number of updates: of steps, divided by those whose gradients are averaged before an update."""
        n = self.gradient_accumulation_steps
        return ops.floor_divide(self._iterations, n) if n else self._iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or the present value of a schedule."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        return self._current_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if isinstance(value, LearningRateSchedule):
            if isinstance(self._learning_rate, Variable):
                self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(value)
        elif isinstance(self._learning_rate, LearningRateSchedule):
            raise TypeError(
                "this optimizer follows a learning rate schedule; assign another LearningRateSchedule, or "
                "make the optimizer with a number to be able to set it"
            )
        else:
            self._learning_rate = value

    lr = learning_rate

    def _current_rate(self) -> Any:
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        if isinstance(rate, Variable):
            return rate.value
        return ops.convert_to_tensor(rate())

    def build(self, variables: Sequence[Variable]) -> None:
        """Makes the slots of these variables.

        Args:
            variables: what will be trained.
        """
        self._trainable_variables = list(variables)
        self._index = {id(v): i for i, v in enumerate(variables)}
        with eager_scope():
            if self.use_ema:
                self._averages = [self.add_variable_from_reference(v, "average", "copy") for v in variables]
            if self.gradient_accumulation_steps:
                self._accumulators = [
                    self.add_variable_from_reference(v, "gradient_accumulator") for v in variables
                ]
        self.built = True

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Names variables that do not decay; call it before training.

        Args:
            var_list: the variables.
            var_names: parts of the names of variables.
        """
        self._no_decay |= {id(v) for v in var_list or ()}
        self._no_decay_names = tuple(var_names or ())

    def _decays(self, variable: Variable) -> bool:
        named = any(name in str(variable.path) for name in self._no_decay_names)
        return id(variable) not in self._no_decay and not named

    def _decay_of(self, variable: Variable) -> float | None:
        """What share of a variable decays; None for nothing."""
        return self.weight_decay if self._decays(variable) else None

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Takes a step from pairs of gradients and variables.

        Args:
            grads_and_vars: the pairs.

        Returns:
            The number of steps taken.
        """
        grads, variables = zip(*grads_and_vars, strict=True)
        self.apply(list(grads), list(variables))
        return self._iterations

    def minimize(self, loss: Any, var_list: Any, tape: Any = None) -> Variable:
        """Takes a step against the gradients of a loss, as in Keras 2.

        Args:
            loss: a function without arguments that gives the loss, or a loss that ``tape`` recorded.
            var_list: the variables, or a function that gives them.
            tape: the ``GradientTape`` in which ``loss`` was computed.

        Returns:
            The number of steps taken.

        Raises:
            ValueError: ``loss`` is a tensor, and there is no tape.

        Example:
            >>> import rkeras
            >>> x = rkeras.Variable(3.0)
            >>> optimizer = rkeras.optimizers.SGD(0.25)
            >>> step = optimizer.minimize(lambda: x * x, [x])
            >>> float(x.numpy())
            1.5
        """
        from rkeras.autodiff import GradientTape

        scale = getattr(self, "scale_loss", None)
        if callable(loss):
            with GradientTape() as tape:
                loss = loss() if scale is None else scale(loss())
            scale = None
        elif tape is None:
            raise ValueError(
                "minimize() needs a function that computes the loss, or the tape in which it was computed: "
                "minimize(loss, variables, tape=tape)"
            )
        variables = list(var_list() if callable(var_list) else var_list)
        grads = tape.gradient(loss, variables)
        if scale is not None:
            grads = [None if g is None else scale(g) for g in grads]
        return self.apply_gradients(zip(grads, variables, strict=True))

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Takes a step.

        Args:
            grads: a gradient for each variable; None where the loss does not depend on it.
            trainable_variables: the variables; those of ``build`` by default.

        Raises:
            ValueError: no variable has a gradient, or there is one that ``build`` did not see.
        """
        variables = list(self._trainable_variables if trainable_variables is None else trainable_variables)
        if not self.built:
            self.build(variables)
        unknown = [v for v in variables if id(v) not in self._index]
        if unknown:
            paths = [str(v.path) for v in unknown]
            raise ValueError(
                f"{self.name} was built for other variables and does not know {paths}; "
                "compile the model again, or make a new optimizer"
            )
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if not pairs:
            raise ValueError(
                "no variable has a gradient: the loss does not depend on any of them (was it "
                "computed inside the tape, with the model's own layers?)"
            )
        if len(pairs) < len(variables):
            missing = [str(v.path) for g, v in zip(grads, variables, strict=True) if g is None]
            warnings.warn(f"the loss does not depend on {missing}; they stay as they are", stacklevel=3)
        gradients = [ops.cast(ops.convert_to_tensor(g), str(v.dtype)) for g, v in pairs]
        if self.loss_scale_factor:
            gradients = [g / self.loss_scale_factor for g in gradients]
        step = self._accumulate if self.gradient_accumulation_steps else self._step
        with work_of(self.name):
            step(gradients, [v for _, v in pairs])
        self._iterations.assign(self._iterations + 1)

    def _accumulate(self, gradients: list[Any], variables: list[Variable]) -> None:
        """Adds to the accumulators; the step is computed each time and kept every n-th."""
        n = self.gradient_accumulation_steps or 1
        due = ops.equal(ops.mod(self._iterations + 1, n), 0)
        slots = [self._accumulators[self._position(v)] for v in variables]
        sums = [ops.add(s, g) for s, g in zip(slots, gradients, strict=True)]
        others = [v for v in self._variables if v is not self._iterations and all(v is not s for s in slots)]
        state = [*variables, *others]
        before = [v.value for v in state]
        self._step([s / float(n) for s in sums], variables)
        for variable, old in zip(state, before, strict=True):
            variable.assign(ops.where(due, variable, old))
        for slot, total in zip(slots, sums, strict=True):
            slot.assign(ops.where(due, ops.zeros_like(total), total))

    def _step(self, gradients: list[Any], variables: list[Variable]) -> None:
        gradients = clip_gradients(gradients, self.clipnorm, self.clipvalue, self.global_clipnorm)
        rate = self._current_rate()
        if self._decay:
            rate = rate / (1.0 + self._decay * ops.cast(self._iterations, "float32"))
        for variable in variables:
            decay = self._decay_of(variable)
            if decay is not None:
                factor = 1.0 - ops.cast(rate, str(variable.dtype)) * decay
                variable.assign(ops.multiply(variable, factor))
        for gradient, variable in zip(gradients, variables, strict=True):
            self.update_step(gradient, variable, ops.cast(rate, str(variable.dtype)))
        for variable in variables:
            constraint = getattr(variable, "constraint", None)
            if constraint is not None:
                variable.assign(constraint(variable.value))
        if self.use_ema:
            self._average(variables)

    def _average(self, variables: list[Variable]) -> None:
        m = self.ema_momentum
        for variable in variables:
            average = self._averages[self._position(variable)]
            # The first step starts the average from the variable itself.
            first = ops.cast(ops.equal(self.iterations, 0), str(variable.dtype))
            momentum = m * (1.0 - first)
            average.assign(momentum * average + (1.0 - momentum) * variable)
            if self.ema_overwrite_frequency:
                due = ops.equal(ops.mod(self.iterations + 1, self.ema_overwrite_frequency), 0)
                variable.assign(ops.where(due, average, variable))

    @property
    def moving_averages(self) -> list[tuple[Variable, Variable]]:
        """Each variable with its moving average; none before the first step, or without ``use_ema``."""
        return list(zip(self._trainable_variables, self._averages, strict=True)) if self._averages else []

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replaces variables by their moving averages, if there are any.

        Args:
            var_list: the variables.
        """
        if self.use_ema:
            for variable in var_list:
                variable.assign(self._averages[self._position(variable)])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Changes one variable; defined by subclasses."""
        raise NotImplementedError(
            f"{type(self).__name__} must define update_step(gradient, variable, learning_rate)"
        )

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the loss scale factor."""
        return loss if not self.loss_scale_factor else loss * self.loss_scale_factor

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        from rkeras.saving.serialization import serialize_keras_object

        rate = self._learning_rate
        if isinstance(rate, Variable):
            number = float(rate.numpy())
            # Nine digits name a float32; more would be noise.
            rate = float(f"{number:.9g}") if math.isfinite(number) else number
        elif isinstance(rate, LearningRateSchedule) or callable(rate):
            rate = serialize_keras_object(rate)
        return {"name": self.name, "learning_rate": rate, **{key: getattr(self, key) for key in _SETTINGS}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Optimizer:
        """Makes an optimizer from ``get_config``."""
        from rkeras.saving.deserialization import deserialize_keras_object

        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {
                **config,
                "learning_rate": deserialize_keras_object(rate, custom_objects=custom_objects),
            }
        return cls(**config)
