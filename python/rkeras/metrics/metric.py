"""The base class of metrics."""

from __future__ import annotations

from typing import Any

from rkeras import _engine, config, dtype_policies, initializers, ops
from rkeras.naming import auto_name, name_scope
from rkeras.tracing import eager_scope
from rkeras.variables import Variable


class Metric:
    """Collects a number over batches.

    Subclasses make state with ``add_variable``, change it in ``update_state`` and compute ``result`` from it, with ops
    only, so that training can compile them.

    Args:
        dtype: dtype of the state; the default float by default.
        name: made up if not given.

    Example:
        >>> class Largest(Metric):
        ...     def __init__(self):
        ...         super().__init__(name="largest")
        ...         self.found = self.add_variable((), "zeros", name="found")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.found.assign(ops.maximum(self.found, ops.max(y_pred)))
        ...     def result(self):
        ...         return ops.copy(self.found)
        >>> metric = Largest()
        >>> metric.update_state(None, ops.array([1.0, 3.0]))
        >>> float(metric.result())
        3.0
    """

    _tracked_as = "metrics"
    _direction: str | None = None

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(type(self).__name__)
        self._dtype = None if dtype is None else dtype_policies.get(dtype).variable_dtype
        self._variables: list[Variable] = []
        self._inner: list[Metric] = []

    @property
    def dtype(self) -> str:
        """The dtype of the state."""
        return self._dtype or config.floatx()

    def __setattr__(self, name: str, value: Any) -> None:
        # Variables and metrics assigned as attributes count as state.
        if isinstance(value, Variable) and hasattr(self, "_variables"):
            if not any(v is value for v in self._variables):
                self._variables.append(value)
        elif isinstance(value, Metric) and hasattr(self, "_inner") and not any(m is value for m in self._inner):
            self._inner.append(value)
        super().__setattr__(name, value)

    @property
    def variables(self) -> list[Variable]:
        """The state."""
        return [*self._variables, *(v for metric in self._inner for v in metric.variables)]

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Makes a variable of the state.

        Args:
            shape: its shape.
            initializer: its first value, to which ``reset_state`` returns.
            dtype: the metric's by default.
            aggregation: accepted for compatibility.
            name: its name.

        Returns:
            The variable.
        """
        del aggregation
        initializer = initializers.get(initializer)
        with name_scope(self.name, caller=self), eager_scope():
            variable = Variable(
                initializer, shape=tuple(shape), dtype=dtype or self.dtype, trainable=False, name=name, autocast=False
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Makes a variable of the state; the older name of ``add_variable``."""
        return self.add_variable(shape, initializer or "zeros", dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Takes a batch into account; defined by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state")

    def result(self) -> Any:
        """The number so far; defined by subclasses."""
        raise NotImplementedError(f"{type(self).__name__} must define result")

    def reset_state(self) -> None:
        """Forgets all batches."""
        for variable in self._variables:
            variable.assign(ops.zeros(variable.shape, variable.dtype))
        for metric in self._inner:
            metric.reset_state()

    def reset_states(self) -> None:
        """Forgets all batches; the older name of ``reset_state``."""
        self.reset_state()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Takes a batch into account and gives the number so far."""
        self.update_state(*args, **kwargs)
        result = self.result()
        if isinstance(result, _engine.Tensor):
            result._keras_metric = self  # type: ignore[attr-defined]  # add_metric asks for it
        return result

    def get_config(self) -> dict[str, Any]:
        """The arguments to make it again."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Makes a metric from ``get_config``."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
