"""Models as estimators of scikit-learn."""

from __future__ import annotations

from rkeras._lazy import lazy

_NAMES = {
    "KerasClassifier": "rkeras.wrappers.scikit_learn",
    "KerasRegressor": "rkeras.wrappers.scikit_learn",
    "SKLearnClassifier": "rkeras.wrappers.estimators",
    "SKLearnRegressor": "rkeras.wrappers.estimators",
    "SKLearnTransformer": "rkeras.wrappers.estimators",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, ("scikit_learn",))
