"""Models as estimators of scikit-learn, as in Keras 3."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from rkeras.models.cloning import clone_model
from rkeras.models.model import Model

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.utils.multiclass import type_of_target
    from sklearn.utils.validation import check_is_fitted
except ImportError:
    raise ImportError("the estimators of rkeras.wrappers need scikit-learn: pip install scikit-learn") from None

Array = npt.NDArray[Any]


def _checked(estimator: Any, *data: Any, **options: Any) -> Any:
    """Arrays as scikit-learn wants them, with the number of features noted or compared."""
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:
        # Before version 1.6 it is a method.
        return estimator._validate_data(*data, **options)
    return validate_data(estimator, *data, **options)


class SKLBase(BaseEstimator):  # type: ignore[misc]
    """What the estimators below have in common.

    Args:
        model: a compiled model, of which each ``fit`` trains a copy, or a function of ``X``, ``y`` and
            ``model_kwargs`` that makes one.
        warm_start: whether ``fit`` goes on training the model it has.
        model_kwargs: arguments of the function.
        fit_kwargs: arguments of ``Model.fit``; those of ``fit`` come before them.

    Attributes:
        model_: the trained model.
        history_: the ``History`` of its training.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    def __sklearn_clone__(self) -> Any:
        # A model is copied by fit anyway, and a deep copy would lose that it is compiled.
        return type(self)(self.model, self.warm_start, copy.deepcopy(self.model_kwargs), copy.deepcopy(self.fit_kwargs))

    def _new_model(self, X: Array, y: Array) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        if self.warm_start or not self.model.compiled:
            return self.model
        new = clone_model(self.model)
        new.compile_from_config(self.model.get_compile_config())
        return new

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Trains a model.

        Args:
            X: inputs (samples, features).
            y: targets (samples,) or (samples, outputs).
            kwargs: arguments of ``Model.fit``.

        Returns:
            The estimator.

        Raises:
            RuntimeError: the model is not compiled.
        """
        X, y = _checked(self, X, y, multi_output=True)
        y = self._encoded(y)
        model = self._new_model(X, y)
        if not model.compiled:
            raise RuntimeError(f"{type(self).__name__}: compile the model first, with a loss and an optimizer")
        self.history_ = model.fit(X, y, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    def _encoded(self, y: Array) -> Array:
        type_of_target(y, raise_unknown=True)
        self._target_ndim = y.ndim
        return y[:, None] if y.ndim == 1 else y

    def _outputs(self, X: Any) -> Array:
        check_is_fitted(self, "model_")
        return np.asarray(self.model_.predict(_checked(self, X, reset=False), verbose=0))


class SKLearnClassifier(ClassifierMixin, SKLBase):  # type: ignore[misc]
    """A model that tells classes, as an estimator of scikit-learn.

    Args:
        model: a compiled model with an output for each class, or a function that makes one.
        warm_start: whether ``fit`` goes on training the model it has.
        model_kwargs: arguments of the function.
        fit_kwargs: arguments of ``Model.fit``.

    Attributes:
        classes_: the labels.
    """

    def _encoded(self, y: Array) -> Array:
        kind = type_of_target(y, raise_unknown=True)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        return np.eye(len(self.classes_))[numbers.ravel()]

    def decision_function(self, X: Any) -> Array:
        """The outputs of the model.

        Args:
            X: inputs (samples, features).
        """
        return self._outputs(X)

    def predict(self, X: Any) -> Array:
        """The label of each sample.

        Args:
            X: inputs (samples, features).
        """
        labels: Array = self.classes_[self._outputs(X).argmax(axis=-1)]
        return labels


class SKLearnRegressor(RegressorMixin, SKLBase):  # type: ignore[misc]
    """A model that predicts numbers, as an estimator of scikit-learn.

    Args:
        model: a compiled model, or a function that makes one.
        warm_start: whether ``fit`` goes on training the model it has.
        model_kwargs: arguments of the function.
        fit_kwargs: arguments of ``Model.fit``.
    """

    def predict(self, X: Any) -> Array:
        """What the model predicts, in the shape of the targets.

        Args:
            X: inputs (samples, features).
        """
        found = self._outputs(X)
        return found[:, 0] if self._target_ndim == 1 and found.ndim == 2 and found.shape[1] == 1 else found


class SKLearnTransformer(TransformerMixin, SKLBase):  # type: ignore[misc]
    """A model that makes features, as a transformer of scikit-learn.

    Args:
        model: a compiled model, or a function that makes one.
        warm_start: whether ``fit`` goes on training the model it has.
        model_kwargs: arguments of the function.
        fit_kwargs: arguments of ``Model.fit``.
    """

    def transform(self, X: Any) -> Array:
        """The outputs of the model.

        Args:
            X: inputs (samples, features).
        """
        return self._outputs(X)
