"""Recurrent layers over whole sequences."""

from __future__ import annotations

import numpy as np

from .case import Case


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, h, c, u):
    i, f, n, o = np.split(x + h @ u, 4)
    gates = np.concatenate([sigmoid(i), sigmoid(f), np.tanh(n), sigmoid(o)])
    i, f, n, o = np.split(gates, 4)
    new = f * c + i * n
    return o * np.tanh(new), new, gates, c


def gru_step(x, h, u, bias, reset_after):
    units = len(h)
    x_k, x_r, x_n = np.split(x, 3)
    if reset_after:
        k, r, inner = np.split(h @ u + bias, 3)
        k, r = sigmoid(x_k + k), sigmoid(x_r + r)
        memo, n = inner, np.tanh(x_n + r * inner)
    else:
        k, r = (sigmoid(part) for part in np.split(x[: 2 * units] + h @ u[:, : 2 * units], 2))
        memo = r * h
        n = np.tanh(x_n + memo @ u[:, 2 * units :])
    return k * h + (1 - k) * n, np.concatenate([k, r, n]), memo


def reference(op, reverse=False, zero_masked=False, reset_after=True, bias=False):
    """One row and step after the other; results as the op has them."""

    def compute(x, h0, *rest):
        rest = list(rest)
        states = [h0, rest.pop(0)] if op == "lstm" else [h0]
        u = rest.pop(0)
        recurrent_bias = rest.pop(0) if bias else 0.0
        mask = rest[0] if rest else np.ones(x.shape[:2], bool)
        batch, steps, _ = x.shape
        units = len(u)
        sequence, before, memo = (np.zeros((batch, steps, units)) for _ in range(3))
        gates, last = x.copy(), [s.copy() for s in states]
        for b in range(batch):
            for number in range(steps):
                t = steps - 1 - number if reverse else number
                h = last[0][b].copy()
                before[b, t] = h
                if op == "lstm":
                    memo[b, t] = last[1][b]
                if mask[b, t]:
                    if op == "lstm":
                        last[0][b], last[1][b], gates[b, t], memo[b, t] = lstm_step(x[b, t], h, last[1][b].copy(), u)
                    elif op == "gru":
                        last[0][b], gates[b, t], memo[b, t] = gru_step(x[b, t], h, u, recurrent_bias, reset_after)
                    else:
                        last[0][b] = gates[b, t] = np.tanh(x[b, t] + h @ u)
                if mask[b, t] or not zero_masked:
                    sequence[b, number] = last[0][b]
        saved = [gates, before] if op == "simple_rnn" else [gates, before, memo]
        return [sequence, *last, *saved]

    return compute


GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}


def operands(op, batch, steps, units, masked=False, bias=False):
    def draw(rng):
        width = GATES[op] * units
        arrays = [rng.normal(size=(batch, steps, width)), rng.normal(size=(batch, units))]
        if op == "lstm":
            arrays.append(rng.normal(size=(batch, units)))
        arrays.append(rng.normal(size=(units, width)))
        if bias:
            arrays.append(rng.normal(size=width))
        return [*arrays, rng.random((batch, steps)) < 0.6] if masked else arrays

    return draw


def case(op, sizes, masked=False, **attrs):
    bias = attrs.get("bias", False)
    floats = 3 + (op == "lstm") + bias
    return Case(
        op,
        operands(op, *sizes, masked=masked, bias=bias),
        reference(op, **attrs),
        attrs,
        wrt=range(floats),
        outputs=range(2 + (op == "lstm")),
        second=False,
    )


def way_back(op, states, sequence):
    """The op behind the gradients that the cases above compare with central differences."""
    saved = 2 if op == "simple_rnn" else 3

    def draw(rng):
        width = GATES[op] * 3
        arrays = [rng.random((2, 4, width)), *(rng.random((2, 4, 3)) for _ in range(saved - 1))]
        arrays += [rng.normal(size=(3, width)), *(rng.normal(size=(2, 3)) for _ in range(states))]
        return [*arrays, rng.normal(size=(2, 4, 3))] if sequence else arrays

    return Case(f"{op}_grad", draw, None, {"sequence": sequence}, wrt=(), second=False)


def cases():
    made = []
    for op in GATES:
        for attrs in ({}, {"reverse": True}):
            made.append(case(op, (3, 4, 3), **attrs))
            made.append(case(op, (3, 4, 3), masked=True, **attrs))
        made.append(case(op, (11, 3, 5), masked=True, zero_masked=True))
        # More units than a block of lanes, more rows than a task, a single step, no rows.
        made += [case(op, (9, 2, 35)), case(op, (1, 1, 1)), case(op, (0, 2, 3))]
        made += [way_back(op, 1 + (op == "lstm"), sequence) for sequence in (True, False)]
    for attrs in ({"bias": True}, {"reset_after": False}):
        made += [case("gru", (9, 3, 5), **attrs), case("gru", (3, 4, 3), masked=True, reverse=True, **attrs)]
    return made
