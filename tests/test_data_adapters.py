"""What may be passed as data."""

import itertools
import os
import threading
import time

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.training.arrays import as_array, is_array_like
from rkeras.training.data import ArrayData, Batches, class_weights_of, split_validation
from rkeras.training.prefetch import in_background
from rkeras.training.stream import Stream
from rkeras.training.structure import put_together, take_apart

X = np.arange(24.0).reshape(8, 3).astype("float32") / 24
Y = X.sum(1, keepdims=True)


def model_for(features=3):
    model = rkeras.Sequential([rkeras.Input((features,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(rkeras.optimizers.SGD(0.0), "mse")
    return model


LOSS = float(np.mean((X.sum(1) - 0.5) ** 2))
HALF = np.full((8, 1), 0.5, "float32")


class Frame:
    """A stand-in for a data frame."""

    def __init__(self, values):
        self._values = values
        self.iloc = None
        self.ndim = values.ndim

    def __array__(self, dtype=None, copy=None):
        return self._values


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X, HALF),
        (X.astype("float64"), HALF.astype("float64")),
        (X.astype(">f4"), HALF),
        (np.asfortranarray(X), HALF[:, 0]),
        (np.repeat(X, 2, 0)[::2], HALF),
        (X.tolist(), HALF.tolist()),
        (X.tolist(), [0.5] * 8),
        (tuple(map(tuple, X.tolist())), (0.5,) * 8),
        ([X], [HALF]),
        (Frame(X), Frame(HALF[:, 0])),
        (rkeras.ops.convert_to_tensor(X), rkeras.ops.convert_to_tensor(HALF)),
    ],
)
def test_forms_of_the_same_data(x, y):
    assert model_for().evaluate(x, y, verbose=0) == pytest.approx(LOSS, rel=1e-5)


def test_small_integers_and_booleans():
    images = np.arange(24, dtype="uint8").reshape(8, 3)
    assert model_for().predict(images, verbose=0)[:, 0].tolist() == images.sum(1).tolist()
    assert model_for().predict(images > 11, verbose=0)[:, 0].tolist() == (images > 11).sum(1).tolist()


def test_one_row_as_nested_list():
    assert model_for().predict([[1.0, 2.0, 3.0]], verbose=0).tolist() == [[6.0]]
    assert model_for().predict([[1, 2, 3]], verbose=0).tolist() == [[6.0]]


def test_named_inputs_and_lists_of_lists_for_several_inputs():
    a, b = rkeras.Input((2,), name="a"), rkeras.Input((1,), name="b")
    out = layers.Dense(1, kernel_initializer="ones")(layers.Concatenate()([a, b]))
    model = rkeras.Model([a, b], out)
    for x in (
        {"b": [[3.0]], "a": [[1.0, 2.0]]},
        [[[1.0, 2.0]], [[3.0]]],
        [np.array([[1.0, 2.0]]), np.array([[3.0]])],
    ):
        assert model.predict(x, verbose=0).tolist() == [[6.0]]


def batches(n=4, repeat=1):
    for _ in range(repeat):
        for i in range(n):
            yield X[2 * i : 2 * i + 2], HALF[2 * i : 2 * i + 2]


class Indexed:
    """A dataset as users write them."""

    def __init__(self):
        self.epochs = 0
        self.asked = []

    def __len__(self):
        return 4

    def __getitem__(self, i):
        self.asked.append(i)
        return X[2 * i : 2 * i + 2], HALF[2 * i : 2 * i + 2]

    def on_epoch_end(self):
        self.epochs += 1


class Iterable:
    def __iter__(self):
        return batches()


@pytest.mark.parametrize("source", [batches, Indexed, Iterable])
def test_streams(source):
    assert model_for().evaluate(source(), verbose=0) == pytest.approx(LOSS, rel=1e-5)
    history = model_for().fit(source(), validation_data=source(), verbose=0).history
    assert history["loss"] == [pytest.approx(LOSS, rel=1e-5)]
    assert history["val_loss"] == [pytest.approx(LOSS, rel=1e-5)]
    np.testing.assert_allclose(model_for().predict(source(), verbose=0)[:, 0], X.sum(1), rtol=1e-5)


def test_indexed_dataset_is_told_of_epochs_and_shuffled():
    dataset = Indexed()
    rkeras.utils.set_random_seed(3)
    model_for().fit(dataset, epochs=5, verbose=0)
    assert dataset.epochs == 5
    epochs = [dataset.asked[i : i + 4] for i in range(0, 20, 4)]
    assert all(sorted(e) == [0, 1, 2, 3] for e in epochs)
    assert len({tuple(e) for e in epochs}) > 1


def test_generator_goes_on_over_epochs():
    model = model_for()
    history = model.fit(batches(repeat=2), steps_per_epoch=3, epochs=2, verbose=0)
    assert history.epoch == [0, 1]
    assert int(model.optimizer.iterations.numpy()) == 6


def test_generator_that_ends_early_warns():
    with pytest.warns(UserWarning, match="ended after 4 of 6 batches"):
        model_for().fit(batches(), steps_per_epoch=6, verbose=0)


def test_generator_that_is_used_up_is_an_error():
    used = batches()
    list(used)
    with pytest.raises(ValueError, match="no batch at all"):
        model_for().fit(used, verbose=0)


def test_batches_of_changing_size_with_weights():
    def ragged():
        for i, j in [(0, 3), (3, 4), (4, 8)]:
            yield X[i:j], HALF[i:j], np.ones(j - i)

    assert model_for().evaluate(ragged(), verbose=0) == pytest.approx(LOSS, rel=1e-5)


def test_labels_beside_a_dataset_are_refused():
    with pytest.raises(ValueError, match="`y` must not be given when `x` is a Indexed"):
        model_for().fit(Indexed(), HALF, verbose=0)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([[1, "a"]], object), r"Python objects \(int\).*astype\('float32'\)"),
        (np.array([["a"]]), "StringLookup"),
        ([[1.0], [1.0, 2.0]], "differ in length"),
        (np.float32(3.0), "single number"),
        (np.array(["2020-01-01"], "datetime64[D]"), "dates"),
        (np.ones((2, 3), "complex64"), "real numbers"),
    ],
)
def test_unusable_arrays(x, message):
    with pytest.raises(ValueError, match=message):
        model_for().predict(x, verbose=0)


def test_shapes_that_differ_name_all_sizes():
    with pytest.raises(ValueError, match="x: 8; y: 8; sample_weight: 3"):
        ArrayData(X, Y, np.ones(3), model=model_for())


def test_is_array_like():
    assert is_array_like([1, 2])
    assert is_array_like([[True]])
    assert not is_array_like([X])
    assert not is_array_like([[X], 1])
    assert not is_array_like([{"a": 1}])


def test_as_array_copies_nothing_that_fits():
    assert as_array(X, "x") is X


def test_structures_come_back():
    data = ({"b": 1, "a": [2, None]}, (3,))
    leaves = []
    spec = take_apart(data, lambda v: isinstance(v, int), leaves)
    assert leaves == [1, 2, 3]
    assert put_together(spec, iter(leaves)) == data
    assert list(put_together(spec, iter(leaves))[0]) == ["b", "a"]
    hash(spec)


def test_class_weights():
    assert class_weights_of(np.array([[0], [1], [5]]), {1: 2.0, 5: 3.0}).tolist() == [1.0, 2.0, 3.0]
    assert class_weights_of(np.eye(3)[[2, 0]], {2: 4.0}).tolist() == [4.0, 1.0]
    data = ArrayData(X, np.arange(8) % 2, np.full(8, 0.5), model=model_for(), class_weight={1: 3.0})
    assert data.weights[0].tolist() == [0.5, 1.5] * 4
    with pytest.raises(ValueError, match="exactly one output; there are 2"):
        ArrayData(X, [Y, Y], None, model=model_for(), class_weight={1: 3.0})


def test_validation_takes_the_last_samples():
    train, held = split_validation(ArrayData(X, Y, None, model=model_for()), 0.3)
    assert train.samples == 5
    assert np.array_equal(held.x[0], X[5:])


def test_orders_of_batches():
    data = Batches(ArrayData(X, Y, None, model=model_for()), 3, "batch")
    data.start()
    assert data.order.tolist() in ([0, 1, 2, 3, 4, 5, 6, 7], [3, 4, 5, 0, 1, 2, 6, 7])
    assert np.array_equal(data.remainder()[0], X[6:])
    with pytest.raises(ValueError, match="'batch'"):
        Batches(ArrayData(X, Y, None, model=model_for()), 3, "all")
    assert Stream(Indexed(), True).count == 4


class Workers(rkeras.utils.PyDataset):
    """Each batch tells which thread or process made it."""

    def __len__(self):
        return 6

    def __getitem__(self, i):
        time.sleep(0.01)
        return np.full((1, 3), float(i)), np.array(
            [os.getpid() if self.use_multiprocessing else threading.get_ident()]
        )


@pytest.mark.parametrize("processes", [False, True])
def test_workers_make_batches_in_order(processes):
    stream = Stream(Workers(workers=3, use_multiprocessing=processes, max_queue_size=3), False)
    made = list(stream.iterator(fresh=True))
    assert [x[0, 0] for x, _ in made] == [0, 1, 2, 3, 4, 5]
    here = os.getpid() if processes else threading.get_ident()
    assert here not in {int(who[0]) for _, who in made}
    assert len({int(who[0]) for _, who in made}) > 1


def test_errors_of_workers_arrive():
    class Bad(Workers):
        def __getitem__(self, i):
            raise RuntimeError("broken batch")

    with pytest.raises(RuntimeError, match="broken batch"):
        model_for().predict(Bad(workers=2), verbose=0)
    with pytest.raises(NotImplementedError, match="__getitem__"):
        model_for().predict(rkeras.utils.PyDataset(), verbose=0, steps=1)


def test_background_generator_is_stopped_with_its_user():
    seen = []

    def endless():
        for i in itertools.count():
            seen.append(i)
            yield i

    ahead = in_background(endless(), 2)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    time.sleep(0.3)
    count = len(seen)
    time.sleep(0.1)
    assert len(seen) == count <= 6


def test_old_generator_methods():
    model = model_for()
    with pytest.deprecated_call(match="use model.fit"):
        history = model.fit_generator(batches(repeat=2), 4, 2, verbose=0, max_queue_size=2)
    assert history.history["loss"] == [pytest.approx(LOSS, rel=1e-5)] * 2
    with pytest.deprecated_call(match="use model.evaluate"):
        assert model.evaluate_generator(Indexed(), workers=2) == pytest.approx(LOSS, rel=1e-5)
    with pytest.deprecated_call(match="use model.predict"):
        assert model.predict_generator(batches(), steps=2).shape == (4, 1)
    with pytest.deprecated_call(), pytest.raises(TypeError, match="'stpes'"):
        model.fit_generator(batches(), stpes=3)
    with pytest.deprecated_call(match="0.5"):
        assert model.predict_classes(X)[:, 0].tolist() == (X.sum(1) > 0.5).astype(int).tolist()
