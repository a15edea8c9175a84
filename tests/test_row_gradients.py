"""Gradients of tables that stay rows through what is done to them, and steps that are taken or not."""

import numpy as np
import pytest

import rkeras
from rkeras import ops, optimizers

ROWS, WIDTH = 400, 6


def adam(**kwargs):
    return lambda: optimizers.Adam(0.01, **kwargs)


def trained(make, reads, read_gradient, steps=3):
    """The plan of a step that reads a table so many times, and table and slots after some steps."""
    rng = np.random.default_rng(4)
    table = rkeras.Variable(rng.normal(size=(ROWS, WIDTH)).astype("float32"))
    weights = rng.normal(size=(reads, WIDTH)).astype("float32")
    # Many indices come again, within a read and in another; some count from the end, some name no row.
    batches = [rng.integers(-30, 60, (reads, 8, 5)) for _ in range(steps)]
    for batch in batches:
        batch[:, 0, 0] = ROWS + 3
    optimizer = make()
    optimizer.build([table])

    def step(indices):
        with rkeras.GradientTape() as tape:
            losses = [ops.sum(ops.square(ops.take(table, indices[i], axis=0)) * weights[i]) for i in range(reads)]
            loss = sum(losses[1:], losses[0])
            scaled = optimizer.scale_loss(loss)
        gradient = tape.gradient(scaled, table)
        optimizer.apply([gradient], [table])
        return (loss, gradient) if read_gradient else loss

    compiled = rkeras.function(step)
    for indices in batches:
        compiled(indices)
    state = [table.numpy(), *(v.numpy() for v in optimizer.variables)]
    return rkeras.debug.plan(step, batches[0]), state


WAYS = {
    "clipnorm": (adam(clipnorm=0.5), 1),
    "clipvalue": (adam(clipvalue=0.5), 1),
    "global_clipnorm": (adam(global_clipnorm=0.5), 1),
    "loss_scale_factor": (adam(loss_scale_factor=16.0), 1),
    "momentum": (lambda: optimizers.SGD(0.1, momentum=0.9, clipnorm=2.0), 1),
    "sgd": (lambda: optimizers.SGD(0.1, clipvalue=0.25), 1),
    "loss scaling": (lambda: optimizers.LossScaleOptimizer(optimizers.Adam(0.01), initial_scale=64.0), 1),
    "read twice": (adam(), 2),
    "read three times": (lambda: optimizers.SGD(0.1), 3),
    "read twice and clipped": (adam(clipnorm=0.5), 2),
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_stay_rows(way):
    make, reads = WAYS[way]
    (plan, rows), (whole_plan, whole) = trained(make, reads, False), trained(make, reads, True)
    assert "row_sums" in plan and "scatter_add" not in plan and "gradient: Rows" in plan
    as_large = [line for line in plan.splitlines() if f"float32({ROWS}, {WIDTH})" in line and "_update" not in line]
    assert not [line for line in as_large if "take" not in line and "variable" not in line], as_large
    assert "scatter_add" in whole_plan and "gradient: Rows" not in whole_plan
    for ours, theirs in zip(rows, whole, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-6, atol=1e-7)
    assert not np.array_equal(rows[0], np.random.default_rng(4).normal(size=(ROWS, WIDTH)).astype("float32"))


def test_more_rows_than_the_table_has_are_added_up_whole():
    table = rkeras.Variable(np.ones((4, 3), "float32"))
    optimizer = optimizers.SGD(0.5, clipvalue=0.25)
    optimizer.build([table])

    def step(indices):
        with rkeras.GradientTape() as tape:
            loss = ops.sum(ops.take(table, indices, axis=0))
        optimizer.apply([tape.gradient(loss, table)], [table])

    indices = np.array([0, 0, 1, 3, 3])
    assert "row_sums" not in rkeras.debug.plan(step, indices)
    rkeras.function(step)(indices)
    np.testing.assert_array_equal(table.numpy()[:, 0], [0.875, 0.875, 1.0, 0.875])


def test_a_gradient_that_is_moved_from_zero_stays_whole():
    table = rkeras.Variable(np.ones((40, 3), "float32"))
    optimizer = optimizers.SGD(0.5)
    optimizer.build([table])

    def step(indices):
        with rkeras.GradientTape() as tape:
            loss = ops.sum(ops.take(table, indices, axis=0))
        optimizer.apply([tape.gradient(loss, table) + 1.0], [table])

    rkeras.function(step)(np.array([0, 1]))
    np.testing.assert_array_equal(table.numpy()[:4, 0], [0.0, 0.0, 0.5, 0.5])


def small_net(optimizer):
    rkeras.utils.set_random_seed(3)
    net = rkeras.Sequential([rkeras.Input((3,)), rkeras.layers.Dense(2)])
    net.compile(optimizer, "mse")
    return net


@pytest.mark.parametrize("make", [lambda: optimizers.SGD(0.1, momentum=0.9), lambda: optimizers.Adam(0.1)], ids=["momentum", "adam"])
def test_a_step_that_overflows_changes_nothing(make):
    net = small_net(optimizers.LossScaleOptimizer(make(), initial_scale=8.0))
    x, y = np.ones((4, 3), "float32"), np.ones((4, 2), "float32")
    net.fit(x, y, batch_size=4, verbose=0)
    inner = net.optimizer.inner_optimizer
    before = [v.numpy().copy() for v in [*net.weights, *inner.variables]]
    net.fit(np.full_like(x, np.inf), y, batch_size=4, verbose=0)
    for old, now in zip(before, [*net.weights, *inner.variables], strict=True):
        np.testing.assert_array_equal(old, now.numpy())
    assert float(net.optimizer.dynamic_scale.numpy()) == 4.0
    net.fit(x, y, batch_size=4, verbose=0)
    assert not np.array_equal(before[0], net.weights[0].numpy())


@pytest.mark.parametrize(
    "make", [adam(gradient_accumulation_steps=3), lambda: optimizers.LossScaleOptimizer(optimizers.RMSprop(0.1), initial_scale=2.0)],
    ids=["accumulation", "loss scaling"],
)  # fmt: skip
def test_a_step_that_is_not_taken_is_told_so(make):
    rng = np.random.default_rng(1)
    start, batches = rng.normal(size=(5, 4)).astype("float32"), rng.normal(size=(7, 4)).astype("float32")

    def run(compiled):
        weights, optimizer = rkeras.Variable(start), make()
        optimizer.build([weights])

        def step(x):
            with rkeras.GradientTape() as tape:
                loss = optimizer.scale_loss(ops.sum(ops.square(ops.matmul(weights, x[:, None]))))
            optimizer.apply([tape.gradient(loss, weights)], [weights])

        of_step = rkeras.function(step) if compiled else step
        seen = []
        for x in batches:
            of_step(x)
            seen.append([v.numpy().copy() for v in [weights, *optimizer.variables]])
        return rkeras.debug.plan(step, batches[0]), seen

    (plan, compiled), (_, eager) = run(True), run(False)
    update = next(line for line in plan.splitlines() if "_update" in line)
    assert "guarded: true" in update, plan
    for ours, theirs in zip(compiled, eager, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
