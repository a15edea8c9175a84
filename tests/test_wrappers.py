"""Models as estimators of scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
LABELS = np.array(["low", "mid", "top"])[np.digitize(X[:, 0], [-0.4, 0.4])]
Y = X @ np.array([1.0, -2.0, 0.5])


def classifier(units=3, loss="sparse_categorical_crossentropy", rate=0.1, hidden=()):
    model = rkeras.Sequential([rkeras.Input((3,)), *(layers.Dense(h, "relu") for h in hidden)])
    model.add(layers.Dense(units, "softmax" if units > 1 else "sigmoid"))
    model.compile(rkeras.optimizers.Adam(rate), loss, metrics=["accuracy"])
    return model


def regressor(rate=0.1):
    model = rkeras.Sequential([rkeras.Input((3,)), layers.Dense(1)])
    model.compile(rkeras.optimizers.Adam(rate), "mse")
    return model


@pytest.fixture(autouse=True)
def _seed():
    rkeras.utils.set_random_seed(1)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy"])
def test_classifier(loss):
    estimator = KerasClassifier(build_fn=classifier, loss=loss, epochs=40, batch_size=16, verbose=0)
    history = estimator.fit(X, LABELS)
    assert len(history.history["loss"]) == 40
    assert estimator.classes_.tolist() == ["low", "mid", "top"]
    assert estimator.n_classes_ == 3
    predicted = estimator.predict(X)
    assert estimator.score(X, LABELS) == pytest.approx((predicted == LABELS).mean(), abs=1e-6)
    assert estimator.score(X, LABELS) > 0.8
    np.testing.assert_allclose(estimator.predict_proba(X).sum(1), 1, rtol=1e-5)


def test_two_classes_from_one_output():
    y = np.where(X[:, 0] > 0, 7, 3)
    estimator = KerasClassifier(classifier, units=1, loss="binary_crossentropy", epochs=30, verbose=0)
    estimator.fit(X, y, batch_size=20)
    p = estimator.predict_proba(X)
    assert p.shape == (60, 2)
    assert set(estimator.predict(X)) == {3, 7}
    np.testing.assert_array_equal(estimator.predict(X), np.where(p[:, 1] > 0.5, 7, 3))
    assert estimator.score(X, y) > 0.9


def test_one_hot_labels_and_weights():
    rows = np.eye(3)[np.searchsorted(["low", "mid", "top"], LABELS)]
    estimator = KerasClassifier(classifier, loss="categorical_crossentropy", nb_epoch=2, verbose=0)
    assert len(estimator.fit(X, rows, sample_weight=np.ones(60)).history["loss"]) == 2
    assert estimator.classes_.tolist() == [0, 1, 2]
    assert estimator.predict(X).shape == (60,)
    with pytest.raises(ValueError, match=r"\(60, 1, 1\)"):
        estimator.fit(X, rows[:, :1, None])


def test_regressor():
    estimator = KerasRegressor(regressor, epochs=60, verbose=0)
    estimator.fit(X, Y)
    error = ((estimator.predict(X) - Y) ** 2).mean()
    assert estimator.predict(X).shape == (60,)
    assert estimator.score(X, Y) == pytest.approx(-error, rel=1e-3)
    assert error < 0.1


def test_parameters():
    estimator = KerasClassifier(classifier, rate=0.5, epochs=2)
    assert estimator.get_params() == {"build_fn": classifier, "rate": 0.5, "epochs": 2}
    assert estimator.set_params(rate=0.1, hidden=[4]) is estimator
    assert estimator.filter_sk_params(classifier, {"units": 5}) == {"rate": 0.1, "hidden": [4], "units": 5}
    for bad in (lambda: KerasClassifier(classifier, depth=3), lambda: estimator.set_params(depth=3)):
        with pytest.raises(ValueError, match="depth"):
            bad()
    with pytest.raises(ValueError, match="build_fn"):
        KerasRegressor()
    with pytest.raises(ValueError, match="not fitted"):
        KerasRegressor(regressor).predict(X)
    copy = pickle.loads(pickle.dumps(estimator))
    assert copy.get_params() == estimator.get_params()


def test_subclass_that_builds():
    class Own(KerasRegressor):
        def __call__(self, rate=0.3):
            return regressor(rate)

    estimator = Own(rate=0.2, epochs=1, verbose=0)
    estimator.fit(X, Y)
    assert float(estimator.model.optimizer.learning_rate.numpy()) == pytest.approx(0.2)


def test_score_needs_accuracy():
    def build():
        model = classifier()
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model

    estimator = KerasClassifier(build, verbose=0)
    estimator.fit(X, LABELS)
    with pytest.raises(ValueError, match="accuracy"):
        estimator.score(X, LABELS)


def test_inside_scikit_learn():
    pytest.importorskip("sklearn")
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    estimator = KerasClassifier(classifier, epochs=30, batch_size=16, verbose=0, hidden=[4])
    assert is_classifier(estimator)
    assert is_regressor(KerasRegressor(regressor))
    assert clone(estimator).get_params() == estimator.get_params()
    assert cross_val_score(estimator, X, LABELS, cv=KFold(2)).shape == (2,)
    search = GridSearchCV(estimator, {"rate": [1e-6, 0.1], "hidden": [[], [4]]}, cv=2).fit(X, LABELS)
    assert search.best_params_["rate"] == 0.1
    assert search.best_estimator_.predict(X[:2]).shape == (2,)
    pipeline = make_pipeline(StandardScaler(), KerasRegressor(regressor, epochs=30, verbose=0))
    assert cross_val_predict(pipeline, X, Y, cv=2).shape == (60,)
    assert pipeline.fit(X, Y).score(X, Y) <= 0


def test_estimators_of_keras_3():
    pytest.importorskip("sklearn")
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from rkeras.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

    def build(X, y, rate):
        model = rkeras.Sequential([rkeras.Input((X.shape[1],)), layers.Dense(y.shape[1], "softmax")])
        model.compile(rkeras.optimizers.Adam(rate), "categorical_crossentropy")
        return model

    options = {"epochs": 30, "verbose": 0}
    estimator = SKLearnClassifier(build, model_kwargs={"rate": 0.1}, fit_kwargs=options)
    assert clone(estimator).fit_kwargs == options
    assert cross_val_score(estimator, X, LABELS, cv=2).min() > 0.7
    assert estimator.fit(X, LABELS).decision_function(X).shape == (60, 3)
    with pytest.raises(ValueError, match="one class"):
        estimator.fit(X, np.zeros(60, int))

    model = regressor()
    before = model.get_weights()
    pipeline = make_pipeline(StandardScaler(), SKLearnRegressor(model, fit_kwargs=options))
    assert pipeline.fit(X, Y).score(X, Y) > 0.5
    assert pipeline.predict(X).shape == (60,)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs=options).fit(X, Y)
    assert warm.model_ is model
    assert SKLearnTransformer(model, fit_kwargs=options).fit_transform(X, Y).shape == (60, 1)
    with pytest.raises(RuntimeError, match="compile"):
        SKLearnRegressor(rkeras.Sequential([layers.Dense(1)])).fit(X, Y)
