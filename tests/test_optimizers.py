"""Optimizers and schedules against figures from Keras (fixtures/make_optimizers.py), and their own rules."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rkeras
from rkeras import optimizers
from tests.fixtures.optimizer_cases import CASES, SCHEDULE_STEPS, SCHEDULES, START, STEPS, gradients

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "optimizers.json").read_text())


def _variables() -> list[Any]:
    return [rkeras.Variable(np.array(start, "float32"), name=f"v{i}") for i, start in enumerate(START)]


def _tensors(step: int) -> list[Any]:
    return [rkeras.ops.convert_to_tensor(np.array(g, "float32")) for g in gradients(step)]


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("case", list(CASES))
def test_steps_as_keras(case: str, traced: bool) -> None:
    name, arguments = CASES[case]
    variables, optimizer = _variables(), getattr(optimizers, name)(**arguments)
    optimizer.build(variables)

    def take(a: Any, b: Any) -> Any:
        optimizer.apply([a, b], variables)
        return variables[0].value

    run = rkeras.function(take) if traced else take
    for step in range(STEPS):
        run(*_tensors(step))
    wanted = FIGURES["optimizers"][case]
    for variable, figures in zip(variables, wanted["variables"], strict=True):
        np.testing.assert_allclose(variable.numpy(), figures, rtol=2e-5, atol=2e-6)
    for variable, figures in zip(optimizer.variables, wanted["state"], strict=True):
        np.testing.assert_allclose(variable.numpy(), figures, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("case", list(SCHEDULES))
def test_schedules_as_keras(case: str) -> None:
    name, arguments = SCHEDULES[case]
    schedule = getattr(optimizers.schedules, name)(**arguments)
    again = optimizers.schedules.deserialize(optimizers.schedules.serialize(schedule))
    for s in (schedule, again):
        np.testing.assert_allclose(
            [float(s(step)) for step in SCHEDULE_STEPS], FIGURES["schedules"][case], rtol=1e-5, atol=1e-8
        )


@pytest.mark.parametrize("case", list(CASES))
def test_config_round_trip(case: str) -> None:
    name, arguments = CASES[case]
    optimizer = getattr(optimizers, name)(**arguments)
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert type(optimizers.get(name.lower())) is type(optimizer)


def test_schedule_is_followed() -> None:
    variable = rkeras.Variable(0.0)
    optimizer = optimizers.SGD(optimizers.schedules.PiecewiseConstantDecay([0], [1.0, 0.5]))
    for _ in range(3):
        optimizer.apply([rkeras.ops.ones(())], [variable])
    assert float(variable) == -2.0
    assert [int(optimizer.iterations.numpy()), len(optimizer.variables)] == [3, 1]
    with pytest.raises(TypeError, match="schedule"):
        optimizer.learning_rate = 0.1


def test_old_names_warn_and_decay_is_applied() -> None:
    variable = rkeras.Variable(0.0)
    with pytest.warns(DeprecationWarning, match="lr"):
        optimizer = optimizers.SGD(lr=1.0)
    assert float(optimizer.learning_rate.numpy()) == 1.0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        optimizer = optimizers.SGD(1.0, decay=1.0)
    assert [w.category for w in caught] == [DeprecationWarning]
    for _ in range(2):
        optimizer.apply([rkeras.ops.ones(())], [variable])
    assert float(variable) == -1.5


def test_state_is_saved_and_loaded() -> None:
    variables, optimizer, store = _variables(), optimizers.Adam(0.05), {}
    optimizer.apply(_tensors(0), variables)
    optimizer.save_own_variables(store)
    other_variables, other = _variables(), optimizers.Adam(0.5)
    other.build(other_variables)
    other.load_own_variables(store)
    for a, b in zip(optimizer.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_missing_gradients() -> None:
    variables, optimizer = _variables(), optimizers.SGD(0.1)
    with pytest.warns(UserWarning, match="v1"):
        optimizer.apply([_tensors(0)[0], None], variables)
    np.testing.assert_array_equal(variables[1].numpy(), START[1])
    with pytest.raises(ValueError, match="no variable has a gradient"):
        optimizer.apply([None, None], variables)
    with pytest.raises(ValueError, match="does not know"):
        optimizer.apply(_tensors(0), _variables())


def test_bad_arguments() -> None:
    for arguments in (
        {"clipnorm": 1.0, "clipvalue": 1.0},
        {"nonsense": 1},
        {"gradient_accumulation_steps": 1},
    ):
        with pytest.raises(ValueError):
            optimizers.SGD(0.1, **arguments)
    with pytest.raises(ValueError, match="adma"):
        optimizers.get("adma")


@pytest.mark.parametrize("traced", [False, True])
def test_loss_scale_optimizer(traced: bool) -> None:
    variable = rkeras.Variable(1.0)
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5), initial_scale=4.0, dynamic_growth_steps=2)
    optimizer.build([variable])

    def take(gradient: Any) -> Any:
        optimizer.apply([gradient], [variable])
        return variable.value

    run = rkeras.function(take) if traced else take
    seen = []
    for gradient in (np.inf, 4.0, 2.0, 4.0, np.nan):
        run(rkeras.ops.convert_to_tensor(gradient, "float32"))
        seen.append(
            (float(variable), float(optimizer.dynamic_scale.numpy()), int(optimizer.iterations.numpy()))
        )
    assert seen == [(1.0, 2.0, 0), (0.0, 2.0, 1), (-0.5, 4.0, 2), (-1.0, 4.0, 3), (-1.0, 2.0, 3)]
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert again.get_config() == optimizer.get_config()
