"""Methods and arguments of Keras 1 and 2 around training: what they do, and what they say."""

import warnings

import numpy as np
import pytest

import rkeras
from rkeras import layers

X = np.sin(np.arange(48)).reshape(16, 3).astype("float32")
Y = X.sum(1, keepdims=True)


def model_for():
    model = rkeras.Sequential([rkeras.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(rkeras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    return model


def steps(model):
    return int(model.optimizer.iterations.numpy())


class Quarters(rkeras.utils.Sequence):
    """Four batches of four; notes from which threads and processes they come."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return X[4 * i : 4 * i + 4], Y[4 * i : 4 * i + 4]


def endless():
    while True:
        yield from (Quarters()[i] for i in range(4))


def old(call, *names):
    """Calls, and checks that just these names were warned of, where they are."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    assert [w.category for w in caught] == [DeprecationWarning] * len(names)
    assert all(w.filename == __file__ for w in caught)
    for warning, name in zip(caught, names, strict=True):
        assert name in str(warning.message)
    return result


def test_epochs_of_keras_1():
    assert old(lambda: model_for().fit(X, Y, nb_epoch=3, verbose=0), "nb_epoch=…) is old; write epochs=…").epoch == [
        0, 1, 2,
    ]  # fmt: skip
    with pytest.raises(TypeError, match="old name of `epochs`"):
        model_for().fit(X, Y, nb_epoch=3, epochs=2)
    with pytest.raises(TypeError, match="n_epoch"):
        model_for().fit(X, Y, n_epoch=3)


@pytest.mark.parametrize("processes", [False, True])
def test_workers_as_arguments(processes):
    import os
    import threading

    class Tells(Quarters):
        def __getitem__(self, i):
            return X[:1], np.array([[float(os.getpid() if processes else threading.get_ident() % 10**6)]])

    seen = set()

    class Spy(rkeras.Sequential):
        def test_step(self, data):
            seen.add(float(np.asarray(data[1])[0, 0]))
            return {"loss": 0.0}

    model = Spy([rkeras.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    old(
        lambda: model.evaluate(Tells(), workers=1, use_multiprocessing=processes, max_queue_size=2, verbose=0),
        "workers",
        "use_multiprocessing",
        "max_queue_size",
    )
    here = float(np.float32(os.getpid() if processes else threading.get_ident() % 10**6))
    assert (here in seen) != processes  # a single thread makes each batch when it is needed
    assert old(lambda: model_for().predict(Quarters(), workers=2, verbose=0), "workers").shape == (16, 1)


def test_metrics_of_each_batch_alone_or_over_batches():
    batches = [(X[i : i + 8], Y[i : i + 8]) for i in (0, 8)]
    model = model_for()
    alone = [model.evaluate(x, y, verbose=0) for x, y in batches]
    for _ in range(2):
        np.testing.assert_allclose([model.test_on_batch(x, y) for x, y in batches], alone, rtol=1e-6)
    reset = [old(lambda x=x, y=y: model.test_on_batch(x, y, reset_metrics=True), "nothing") for x, y in batches]
    np.testing.assert_allclose(reset, alone, rtol=1e-6)

    model.reset_metrics()
    kept = [
        old(lambda x=x, y=y: model.test_on_batch(x, y, reset_metrics=False), "metrics of your own") for x, y in batches
    ]
    np.testing.assert_allclose(kept, [alone[0], np.mean(alone, axis=0)], rtol=1e-6)
    np.testing.assert_allclose(model.test_on_batch(*batches[1]), alone[1], rtol=1e-6)
    model = model_for()
    expected = model.evaluate(*batches[1], verbose=0)
    model.compile(rkeras.optimizers.SGD(0.0), "mse", metrics=["mae"])
    model.train_on_batch(*batches[0])
    np.testing.assert_allclose(model.train_on_batch(*batches[1]), expected, rtol=1e-6)


def test_samples_become_batches():
    model = model_for()
    history = old(
        lambda: model.fit_generator(
            endless(), samples_per_epoch=10, nb_epoch=2, validation_data=endless(), nb_val_samples=8, verbose=0
        ),
        "use model.fit(generator)",
    )
    assert steps(model) == 2 * 3  # batches of 4 until there are 10 samples
    assert len(history.history["val_loss"]) == 2
    assert old(lambda: model.predict_generator(endless(), val_samples=8), "model.predict").shape == (8, 1)
    loss = old(lambda: model.evaluate_generator(Quarters(), val_samples=8, max_q_size=3, nb_worker=2), "model.evaluate")
    assert loss == model.evaluate(X[:8], Y[:8], batch_size=4, verbose=0)


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"workers": 2, "pickle_safe": True}, {"workers": 0}])
def test_fit_generator_is_fit(options):
    first, second = model_for(), model_for()
    history = old(
        lambda: first.fit_generator(Quarters(), 4, 2, 0, shuffle=False, validation_data=Quarters(), **options),
        "fit_generator",
    )
    expected = second.fit(X, Y, batch_size=4, epochs=2, verbose=0, shuffle=False, validation_data=(X, Y))
    for name, values in expected.history.items():
        np.testing.assert_allclose(history.history[name], values, rtol=1e-6)


def test_generators_run_ahead_in_a_thread():
    import threading

    def noted(threads):
        for batch in endless():
            threads.add(threading.current_thread())
            yield batch

    by_default, without = set(), set()
    old(lambda: model_for().fit_generator(noted(by_default), 4, verbose=0), "fit_generator")
    assert threading.current_thread() not in by_default
    old(lambda: model_for().fit_generator(noted(without), 4, verbose=0, workers=0), "fit_generator")
    assert without == {threading.current_thread()}


def test_classes_and_probabilities():
    model = rkeras.Sequential([rkeras.Input((3,)), layers.Dense(4, activation="softmax")])
    scores = model.predict(X, verbose=0)
    np.testing.assert_array_equal(old(lambda: model.predict_proba(X), "use model.predict(x)"), scores)
    np.testing.assert_array_equal(old(lambda: model.predict_classes(X, batch_size=3), "argmax"), scores.argmax(-1))
    single = rkeras.Sequential([rkeras.Input((3,)), layers.Dense(1, activation="sigmoid")])
    classes = old(lambda: single.predict_classes(X), "> 0.5")
    np.testing.assert_array_equal(classes, single.predict(X, verbose=0) > 0.5)
    assert classes.dtype == np.int32


def short():
    yield from (Quarters()[i] for i in range(3))


def test_a_generator_that_ends_early_ends_training():
    model = model_for()
    with pytest.warns(UserWarning, match="1 of 2 batches") as caught:
        history = model.fit(short(), steps_per_epoch=2, epochs=5, verbose=0)
    assert history.epoch == [0, 1]
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="ended after epoch 1") as caught:
        assert model.fit(short(), epochs=5, verbose=0).epoch == [0]
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="3 of 5 batches") as caught:
        assert model.predict(short(), steps=5, verbose=0).shape == (12, 1)
        model.evaluate(short(), steps=5, verbose=0)
        model.fit(X, Y, validation_data=short(), validation_steps=5, verbose=0)
    assert [w.filename for w in caught] == [__file__] * 3


def test_a_generator_that_ends_between_epochs_ends_training():
    with pytest.warns(UserWarning, match="0 of 3 batches"):
        assert model_for().fit(short(), steps_per_epoch=3, epochs=5, verbose=0).epoch == [0]
