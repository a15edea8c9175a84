"""``tf.data.Dataset``: what pipelines yield, and training on them."""

import collections

import numpy as np
import pytest

import rkeras
from rkeras.compat import tf

Dataset = tf.data.Dataset
X = np.arange(20, dtype="float32").reshape(10, 2)
Y = np.arange(10)


def listed(dataset):
    return [tf.nest.map_structure(lambda x: np.asarray(x).tolist(), element) for element in dataset.as_numpy_iterator()]


def numbers(n):
    return Dataset.range(n)


OPTIONS = tf.data.Options()
OPTIONS.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA


def evens(x):
    return x % 2 == 0


# What a pipeline yields, and how many elements it is said to have.
CASES = {
    "range": (numbers(3), [0, 1, 2], 3),
    "range with a step": (Dataset.range(5, 0, -2), [5, 3, 1], 3),
    "slices": (Dataset.from_tensor_slices([[1, 2], [3, 4]]), [[1, 2], [3, 4]], 2),
    "slices of a tuple": (Dataset.from_tensor_slices((X[:2], Y[:2])), [([0, 1], 0), ([2, 3], 1)], 2),
    "slices of a dict": (Dataset.from_tensor_slices({"a": [1, 2]}), [{"a": 1}, {"a": 2}], 2),
    "slices of text": (Dataset.from_tensor_slices(["a", "b"]), ["a", "b"], 2),
    "tensors": (Dataset.from_tensors([1, 2]), [[1, 2]], 1),
    "batch": (numbers(5).batch(2), [[0, 1], [2, 3], [4]], 3),
    "batch, dropping the rest": (numbers(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]], 2),
    "batch of slices": (Dataset.from_tensor_slices((X, Y)).batch(8).skip(1), [(X[8:].tolist(), [8, 9])], 1),
    "batch of batches": (numbers(4).batch(2).batch(2), [[[0, 1], [2, 3]]], 1),
    "unbatch": (numbers(5).batch(2).unbatch(), [0, 1, 2, 3, 4], -2),
    "map": (numbers(3).map(lambda x: x * x, num_parallel_calls=tf.data.AUTOTUNE), [0, 1, 4], 3),
    "map of a tuple": (Dataset.from_tensor_slices((Y[:3], Y[1:4])).map(lambda a, b: {"sum": a + b}), [{"sum": 1}, {"sum": 3}, {"sum": 5}], 3),
    "filter": (numbers(6).filter(evens), [0, 2, 4], -2),
    "take": (numbers(6).take(2), [0, 1], 2),
    "take all": (numbers(2).take(-1), [0, 1], 2),
    "take of no end": (numbers(2).repeat().take(5), [0, 1, 0, 1, 0], 5),
    "skip": (numbers(6).skip(4), [4, 5], 2),
    "skip all": (numbers(6).skip(9), [], 0),
    "repeat": (numbers(2).repeat(2), [0, 1, 0, 1], 4),
    "repeat nothing": (numbers(0).repeat(), [], 0),
    "shard": (numbers(7).shard(3, 1), [1, 4], 2),
    "enumerate": (Dataset.from_tensor_slices(Y[5:7]).enumerate(start=2), [(2, 5), (3, 6)], 2),
    "concatenate": (numbers(2).concatenate(numbers(1)), [0, 1, 0], 3),
    "zip": (Dataset.zip((numbers(3), Dataset.from_tensor_slices((Y, X)))), [(i, (i, X[i].tolist())) for i in range(3)], 3),
    "zip of arguments": (Dataset.zip(numbers(2), numbers(9).repeat()), [(0, 0), (1, 1)], 2),
    "zip of a dict": (Dataset.zip({"a": numbers(1), "b": numbers(5)}), [{"a": 0, "b": 0}], 1),
    "flat_map": (numbers(3).flat_map(lambda n: Dataset.range(n)), [0, 0, 1], -2),
    "interleave": (Dataset.range(1, 4).interleave(lambda n: Dataset.from_tensors(n).repeat(3), cycle_length=2, block_length=2), [1, 1, 2, 2, 1, 2, 3, 3, 3], -2),
    "window": (numbers(5).window(3, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(3)), [[0, 1, 2], [1, 2, 3], [2, 3, 4]], -2),
    "window with gaps": (numbers(7).window(2, shift=4, stride=2).flat_map(lambda w: w.batch(2)), [[0, 2], [4, 6]], -2),
    "window of tuples": (Dataset.from_tensor_slices((Y[:4], Y[:4])).window(2).flat_map(lambda a, b: Dataset.zip((a, b))), [(i, i) for i in range(4)], -2),
    "take_while": (numbers(9).take_while(lambda n: n < 2), [0, 1], -2),
    "padded_batch": (numbers(4).flat_map(lambda n: Dataset.from_tensors(tf.range(n))).padded_batch(2), [[[0], [0]], [[0, 1, 0], [0, 1, 2]]], -2),
    "padded_batch to a shape": (numbers(2).map(lambda n: (tf.ones([n]), n)).padded_batch(2, padded_shapes=([2], []), padding_values=(9.0, np.int64(0))), [([[9, 9], [1, 9]], [0, 1])], 1),
    "options": (numbers(2).prefetch(tf.data.experimental.AUTOTUNE).with_options(OPTIONS).apply(lambda d: d.batch(2)), [[0, 1]], 1),
    "generator": (Dataset.from_generator(lambda: iter([(1, [2.0]), (3, [4.0])]), output_types=(tf.int32, tf.float32)), [(1, [2]), (3, [4])], -2),
    "generator with arguments": (Dataset.from_generator(lambda n: range(n), tf.int32, args=[3]), [0, 1, 2], -2),
    "generator of dicts": (Dataset.from_generator(lambda: [{"a": 1.5}], output_signature={"a": tf.TensorSpec((), tf.int32)}), [{"a": 1}], -2),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_elements(case):
    dataset, expected, count = CASES[case]
    for _ in range(2):
        got = listed(dataset)
        assert [list(e) if isinstance(e, list) else e for e in got] == expected
    assert dataset.cardinality() == tf.data.experimental.cardinality(dataset) == count
    if count >= 0:
        assert len(dataset) == count
    else:
        with pytest.raises(TypeError, match="cardinality"):
            len(dataset)


def test_elements_are_tensors():
    x, y = next(iter(Dataset.from_tensor_slices((X, Y))))
    assert isinstance(x, tf.Tensor) and x.shape == (2,) and (x.dtype, y.dtype) == (tf.float32, tf.int64)
    assert next(iter(Dataset.from_tensor_slices([1.5]))).dtype == tf.float32
    assert next(iter(Dataset.from_tensor_slices([1]))).dtype == tf.int32
    point = collections.namedtuple("Point", "x y")
    assert next(iter(Dataset.from_tensor_slices(point([1], [2])))).y == 2
    x, y = next(Dataset.from_tensor_slices((X, Y)).batch(4).as_numpy_iterator())
    assert type(x) is np.ndarray and y.tolist() == [0, 1, 2, 3]
    spec = Dataset.from_tensor_slices({"a": X, "b": ["t"] * 10}).batch(4).element_spec
    assert spec == {"a": tf.TensorSpec((4, 2)), "b": tf.TensorSpec((4,), tf.string)}


def test_shuffling():
    data = numbers(50).shuffle(50, seed=1)
    first, second = listed(data), listed(data)
    assert first != second and sorted(first) == sorted(second) == list(range(50))
    assert listed(numbers(50).shuffle(50, seed=1)) == first
    same = Dataset.from_tensor_slices(Y).shuffle(10, reshuffle_each_iteration=False)
    assert listed(same) == listed(same)
    # No element comes more than a buffer too early.
    order = listed(numbers(50).shuffle(5))
    assert all(value <= place + 4 for place, value in enumerate(order)) and sorted(order) == list(range(50))
    tf.random.set_seed(3)
    one = listed(numbers(9).shuffle(9))
    tf.random.set_seed(3)
    assert listed(numbers(9).shuffle(9)) == one
    pairs = listed(Dataset.from_tensor_slices((Y, Y * 2)).shuffle(10).repeat(2).batch(4))
    assert all((np.array(a) * 2 == b).all() for a, b in pairs) and len(pairs) == 5


def test_the_cache_is_filled_by_a_whole_pass():
    calls = []
    data = numbers(3).map(lambda n: calls.append(1) or n).cache()
    next(iter(data))
    assert listed(data) == listed(data) == [0, 1, 2]
    assert len(calls) == 4


def test_reducing():
    assert int(numbers(5).reduce(0, lambda total, n: total + n)) == 10
    assert numbers(1).get_single_element() == 0
    with pytest.raises(ValueError, match="more than one"):
        numbers(2).get_single_element()


def test_errors():
    with pytest.raises(ValueError, match=r"same first size, got shapes \(10, 2\), \(9,\)"):
        Dataset.from_tensor_slices((X, Y[:9]))
    with pytest.raises(ValueError, match="same first size"):
        Dataset.from_tensor_slices(3.0)
    with pytest.raises(ValueError, match=r"differ in shape \(\(0,\), \(1,\)\).*padded_batch"):
        listed(numbers(2).map(lambda n: tf.zeros([n])).batch(2))
    with pytest.raises(ValueError, match="batch_size=0"):
        numbers(2).batch(0)
    with pytest.raises(ValueError, match="buffer_size"):
        numbers(2).shuffle(0)
    with pytest.raises(ValueError, match="empty"):
        _ = numbers(0).element_spec
    with pytest.raises(AttributeError, match="no_such_name is not in rkeras"):
        _ = tf.data.no_such_name


def test_training_on_datasets():
    rkeras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    y = (x @ [1.0, -2.0])[:, None].astype("float32")
    model = rkeras.Sequential([rkeras.layers.Dense(1, input_shape=(2,))])
    model.compile(rkeras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    data = Dataset.from_tensor_slices((x, y)).shuffle(64).batch(16).prefetch(tf.data.AUTOTUNE)
    history = model.fit(data, epochs=20, validation_data=data, verbose=0).history
    assert history["loss"][-1] < 1e-3 and history["val_loss"][-1] < 1e-3
    assert model.evaluate(data, verbose=0)[0] < 1e-3
    ordered = Dataset.from_tensor_slices(x).batch(16)
    np.testing.assert_allclose(model.predict(ordered, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    endless = data.repeat()
    assert len(model.fit(endless, epochs=2, steps_per_epoch=3, verbose=0).history["loss"]) == 2
    # A loop of one's own.
    optimizer = rkeras.optimizers.SGD(0.1)
    for inputs, labels in data:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(inputs, training=True) - labels))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    assert float(loss) < 1e-3


def test_a_model_with_two_optimizers_and_its_own_step():
    class Adversarial(rkeras.Model):
        def __init__(self, critic, generator):
            super().__init__()
            self.critic, self.generator = critic, generator
            self.loss_metric = rkeras.metrics.Mean(name="d_loss")

        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

        @property
        def metrics(self):
            return [self.loss_metric]

        def train_step(self, real):
            batch = tf.shape(real)[0]
            fake = self.generator(tf.random.normal(shape=(batch, 3)))
            labels = tf.concat([tf.ones((batch, 1)), tf.zeros((batch, 1))], axis=0)
            labels += 0.05 * tf.random.uniform(tf.shape(labels))
            with tf.GradientTape() as tape:
                loss = self.loss_fn(labels, self.critic(tf.concat([fake, real], axis=0)))
            gradients = tape.gradient(loss, self.critic.trainable_weights)
            self.d_optimizer.apply_gradients(zip(gradients, self.critic.trainable_weights, strict=True))
            with tf.GradientTape() as tape:
                fake = self.generator(tf.random.normal(shape=(batch, 3)))
                own_loss = self.loss_fn(tf.zeros((batch, 1)), self.critic(fake))
            gradients = tape.gradient(own_loss, self.generator.trainable_weights)
            self.g_optimizer.apply_gradients(zip(gradients, self.generator.trainable_weights, strict=True))
            self.loss_metric.update_state(loss)
            return {"d_loss": self.loss_metric.result()}

    critic = rkeras.Sequential([rkeras.Input((2,)), rkeras.layers.Dense(1, activation="sigmoid")])
    generator = rkeras.Sequential([rkeras.Input((3,)), rkeras.layers.Dense(2)])
    before = [w.numpy().copy() for w in critic.weights + generator.weights]
    model = Adversarial(critic, generator)
    adam = rkeras.optimizers.Adam
    model.compile(adam(0.01), adam(0.01), rkeras.losses.BinaryCrossentropy())
    history = model.fit(Dataset.from_tensor_slices(X).shuffle(10).batch(5), epochs=2, verbose=0).history
    assert len(history["d_loss"]) == 2
    assert all((w.numpy() != old).any() for w, old in zip(critic.weights + generator.weights, before, strict=True))
