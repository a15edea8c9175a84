"""Functions that build models as estimators of scikit-learn, as in Keras 2."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


class BaseWrapper:
    """What scikit-learn can fit, copy, and search parameters of.

    Parameters are those of the function that builds the model, and those of ``Model.fit``, ``predict`` and
    ``evaluate``; each goes where it is known. Arguments of a call override them.

    Args:
        build_fn: makes a compiled model; a subclass may define ``__call__`` instead.
        sk_params: the parameters.

    Raises:
        ValueError: a parameter is known nowhere.
    """

    # scikit-learn before version 1.6 looks here.
    _estimator_type: ClassVar[str] = ""

    def __init__(self, build_fn: Callable[..., Any] | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def _builder(self) -> Callable[..., Any]:
        if self.build_fn is not None:
            return self.build_fn
        if not callable(self):
            raise ValueError(
                f"{type(self).__name__} needs build_fn, a function that makes a compiled model, or a subclass with "
                "__call__"
            )
        return self

    def check_params(self, params: dict[str, Any]) -> None:
        """Raises ValueError for parameters that are known nowhere.

        Args:
            params: the parameters.
        """
        from rkeras.models.model import Model

        functions: list[Callable[..., Any]] = [Model.fit, Model.predict, Model.evaluate, self._builder()]
        known = {"nb_epoch", *(name for function in functions for name in _arguments(function))}
        unknown = sorted(set(params) - known)
        if unknown:
            raise ValueError(
                f"{unknown} are parameters neither of the function that builds the model nor of fit, predict or "
                "evaluate"
            )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, and ``build_fn``.

        Args:
            deep: of no meaning.
        """
        # No copies: scikit-learn's clone checks that it gets back what it gave.
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Changes parameters.

        Args:
            params: the new ones.

        Returns:
            The estimator.
        """
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn: Callable[..., Any], override: dict[str, Any] | None = None) -> dict[str, Any]:
        """The parameters that a function takes.

        Args:
            fn: the function.
            override: what comes before them.
        """
        known = _arguments(fn)
        return {**{name: value for name, value in self.sk_params.items() if name in known}, **(override or {})}

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Builds a model and trains it.

        Args:
            x: inputs.
            y: targets.
            kwargs: arguments of ``Model.fit``.

        Returns:
            The ``History``.
        """
        from rkeras.models.model import Model

        builder = self._builder()
        self.model: Any = builder(**self.filter_sk_params(builder))
        arguments = self.filter_sk_params(Model.fit, kwargs)
        if "nb_epoch" in self.sk_params:
            arguments.setdefault("epochs", self.sk_params["nb_epoch"])
        return self.model.fit(_plain(x), self._targets(np.asarray(y)), **arguments)

    def _targets(self, y: Array) -> Array:
        return y

    def _fitted(self) -> Any:
        if not hasattr(self, "model"):
            raise ValueError(f"this {type(self).__name__} was not fitted yet; call fit(x, y) first")
        return self.model

    def _predict(self, x: Any, kwargs: dict[str, Any]) -> Array:
        model = self._fitted()
        return np.asarray(model.predict(_plain(x), **self.filter_sk_params(type(model).predict, kwargs)))

    def _evaluate(self, x: Any, y: Any, kwargs: dict[str, Any]) -> dict[str, float]:
        model = self._fitted()
        arguments = self.filter_sk_params(type(model).evaluate, {**kwargs, "return_dict": True})
        found: dict[str, float] = model.evaluate(_plain(x), y, **arguments)
        return found

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        kind = self._estimator_type
        return Tags(
            estimator_type=kind,
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags() if kind == "classifier" else None,
            regressor_tags=RegressorTags() if kind == "regressor" else None,
            non_deterministic=True,
        )

    def __repr__(self) -> str:
        params = ", ".join(f"{name}={value!r}" for name, value in sorted(self.get_params().items()))
        return f"{type(self).__name__}({params})"


class KerasClassifier(BaseWrapper):
    """A model that tells classes, as an estimator of scikit-learn.

    Args:
        build_fn: makes a compiled model.
        sk_params: parameters of it, and of fit, predict and evaluate.

    Attributes:
        classes_: the labels.
        n_classes_: how many there are.
        model: the trained model.

    Example:
        >>> import rkeras
        >>> def build(units=4):
        ...     model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(units, "softmax")])
        ...     model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        ...     return model
        >>> classifier = KerasClassifier(build, units=3, epochs=1, verbose=0)
        >>> _ = classifier.fit(np.zeros((6, 2)), list("abcabc"))
        >>> classifier.predict_proba(np.zeros((2, 2))).shape
        (2, 3)
    """

    _estimator_type = "classifier"

    def fit(self, x: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> Any:
        """Builds a model and trains it.

        Args:
            x: inputs.
            y: labels of any kind (samples,), or rows with a column for each class.
            sample_weight: weights of the samples.
            kwargs: arguments of ``Model.fit``.

        Returns:
            The ``History``.

        Raises:
            ValueError: the labels have another shape.
        """
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
        else:
            raise ValueError(f"KerasClassifier: labels must have shape (samples,) or (samples, classes), got {y.shape}")
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = np.asarray(sample_weight)
        return super().fit(x, y, **kwargs)

    def _targets(self, y: Array) -> Array:
        if y.ndim == 2 and y.shape[1] > 1:
            return y
        if y.ndim == 2:
            y = y[:, 0]
        numbers = np.searchsorted(self.classes_, y)
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "__name__", getattr(loss, "name", ""))
        # The only loss that wants a column for each class.
        return np.eye(self.n_classes_)[numbers] if name == "categorical_crossentropy" else numbers

    def predict(self, x: Any, **kwargs: Any) -> Array:
        """The label of each sample.

        Args:
            x: inputs.
            kwargs: arguments of ``Model.predict``.
        """
        p = self._predict(x, kwargs)
        numbers = p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32").reshape(len(p))
        labels: Array = self.classes_[numbers]
        return labels

    def predict_proba(self, x: Any, **kwargs: Any) -> Array:
        """The probability of each class for each sample.

        Args:
            x: inputs.
            kwargs: arguments of ``Model.predict``.

        Returns:
            An array (samples, classes).
        """
        p = self._predict(x, kwargs)
        # One output is the probability of the second class.
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The accuracy.

        Args:
            x: inputs.
            y: labels.
            kwargs: arguments of ``Model.evaluate``.

        Raises:
            ValueError: the model does not measure accuracy.
        """
        self._fitted()
        found = self._evaluate(x, self._targets(np.asarray(y)), kwargs)
        for name in ("accuracy", "acc"):
            if name in found:
                return float(found[name])
        raise ValueError(
            f"KerasClassifier.score needs accuracy, but the model measures {sorted(found)}; compile it with "
            "metrics=['accuracy']"
        )


class KerasRegressor(BaseWrapper):
    """A model that predicts numbers, as an estimator of scikit-learn.

    Args:
        build_fn: makes a compiled model.
        sk_params: parameters of it, and of fit, predict and evaluate.

    Example:
        >>> import rkeras
        >>> def build():
        ...     model = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1)])
        ...     model.compile("sgd", "mse")
        ...     return model
        >>> regressor = KerasRegressor(build, epochs=1, verbose=0)
        >>> _ = regressor.fit(np.zeros((6, 2)), np.zeros(6))
        >>> regressor.predict(np.zeros((3, 2))).shape
        (3,)
    """

    _estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> Array:
        """What the model predicts.

        Args:
            x: inputs.
            kwargs: arguments of ``Model.predict``.
        """
        p = self._predict(x, kwargs)
        return p[..., 0] if p.shape[-1] == 1 else p

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Minus the loss: more is better in scikit-learn.

        Args:
            x: inputs.
            y: targets.
            kwargs: arguments of ``Model.evaluate``.
        """
        return -float(self._evaluate(x, np.asarray(y), kwargs)["loss"])


def _arguments(fn: Callable[..., Any]) -> set[str]:
    parameters = inspect.signature(fn).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return {p.name for p in parameters if p.kind in kinds and p.name not in ("self", "x", "y")}


def _plain(x: Any) -> Any:
    """Tables of pandas, and lists of rows, as arrays."""
    return x if isinstance(x, dict) else np.asarray(x)
