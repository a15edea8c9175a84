"""Products, convolution, pooling, softmax, losses, normalisation, random numbers, optimizer updates."""

from __future__ import annotations

import itertools

import numpy as np

from .case import Case, distinct, uniform


def softmax(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def matmul(a, b, transpose_a=False, transpose_b=False):
    return (np.swapaxes(a, -1, -2) if transpose_a else a) @ (np.swapaxes(b, -1, -2) if transpose_b else b)


def geometry(size, window, stride, dilation, padding):
    """Output size and padding before, along one axis."""
    reach = (window - 1) * dilation + 1
    if padding == "same":
        out = -(-size // stride)
        return out, max((out - 1) * stride + reach - size, 0) // 2
    before = reach - 1 if padding == "causal" else 0
    return (size + before - reach) // stride + 1, before


def taps(x_shape, window, strides, dilation, padding):
    """For each output position and tap: the input position, or None outside."""
    rank = len(window)
    sizes = x_shape[1 : 1 + rank]
    geo = [geometry(*g, padding) for g in zip(sizes, window, strides, dilation, strict=True)]
    for out in itertools.product(*(range(n) for n, _ in geo)):
        for tap in itertools.product(*(range(n) for n in window)):
            at = tuple(o * s - before + t * d for o, s, (_, before), t, d in zip(out, strides, geo, tap, dilation, strict=True))
            inside = all(0 <= a < n for a, n in zip(at, sizes, strict=True))
            yield out, tap, at if inside else None


def out_shape(x_shape, window, strides, dilation, padding, channels):
    sizes = x_shape[1 : 1 + len(window)]
    geo = [geometry(*g, padding)[0] for g in zip(sizes, window, strides, dilation, strict=True)]
    return (x_shape[0], *geo, channels)


def conv(x, w, strides, dilation_rate, padding, groups):
    *window, _, cout = w.shape
    y = np.zeros(out_shape(x.shape, window, strides, dilation_rate, padding, cout))
    cin = x.shape[-1] // groups
    for out, tap, at in taps(x.shape, window, strides, dilation_rate, padding):
        if at is None:
            continue
        for g in range(groups):
            o = slice(g * cout // groups, (g + 1) * cout // groups)
            y[(slice(None), *out, o)] += x[(slice(None), *at, slice(g * cin, (g + 1) * cin))] @ w[tap][:, o]
    return y


def conv_backward_data(g, w, strides, dilation_rate, padding, groups, input_size):
    *window, cin, cout = w.shape
    dx = np.zeros((g.shape[0], *input_size, cin * groups))
    for out, tap, at in taps(dx.shape, window, strides, dilation_rate, padding):
        if at is None:
            continue
        for k in range(groups):
            o = slice(k * cout // groups, (k + 1) * cout // groups)
            dx[(slice(None), *at, slice(k * cin, (k + 1) * cin))] += g[(slice(None), *out, o)] @ w[tap][:, o].T
    return dx


def conv_backward_weights(x, g, strides, dilation_rate, padding, groups, kernel_size):
    cin, cout = x.shape[-1] // groups, g.shape[-1]
    dw = np.zeros((*kernel_size, cin, cout))
    for out, tap, at in taps(x.shape, kernel_size, strides, dilation_rate, padding):
        if at is None:
            continue
        for k in range(groups):
            o = slice(k * cout // groups, (k + 1) * cout // groups)
            dw[tap][:, o] += x[(slice(None), *at, slice(k * cin, (k + 1) * cin))].T @ g[(slice(None), *out, o)]
    return dw


CONVOLUTIONS = [
    ((2, 7, 3), (3, 3, 4), [2], [1], "causal", 1),
    ((1, 8, 2), (3, 2, 3), [1], [2], "valid", 1),
    ((2, 6, 5, 3), (3, 2, 3, 4), [1, 1], [1, 1], "same", 1),
    ((2, 6, 7, 1), (3, 3, 1, 8), [2, 1], [1, 1], "valid", 1),
    ((1, 6, 6, 4), (3, 3, 2, 6), [1, 2], [1, 1], "same", 2),
    ((1, 6, 6, 4), (2, 2, 1, 8), [1, 1], [2, 1], "same", 4),
    ((1, 4, 4, 3, 2), (2, 2, 2, 2, 3), [1, 2, 1], [1, 1, 1], "same", 1),
]


def convolutions() -> list[Case]:
    found = []
    for x, w, strides, dilation, padding, groups in CONVOLUTIONS:
        attrs = {"strides": strides, "dilation_rate": dilation, "padding": padding, "groups": groups}
        y = out_shape(x, w[:-2], strides, dilation, padding, w[-1])
        found += [
            Case("conv", uniform(-1, 1, x, w), lambda a, b, k=attrs: conv(a, b, **k), attrs, (0, 1)),
            Case(
                "conv_backward_data",
                uniform(-1, 1, y, w),
                lambda a, b, k=attrs, s=x[1:-1]: conv_backward_data(a, b, **k, input_size=s),
                {**attrs, "input_size": list(x[1:-1])},
                (0, 1),
            ),
            Case(
                "conv_backward_weights",
                uniform(-1, 1, x, y),
                lambda a, b, k=attrs, s=w[:-2]: conv_backward_weights(a, b, **k, kernel_size=s),
                {**attrs, "kernel_size": list(w[:-2])},
                (0, 1),
            ),
        ]
    return found


POOLS = [((2, 7, 3), [2], [2], "valid"), ((2, 5, 6, 3), [3, 2], [2, 1], "same"), ((1, 4, 4, 4, 2), [2, 2, 2], [2, 1, 2], "valid")]


def pool_windows(x, pool_size, strides, padding):
    ones = [1] * len(pool_size)
    y = {}
    for out, tap, at in taps(x.shape, pool_size, strides, ones, padding):
        if at is not None:
            y.setdefault(out, []).append((int(np.ravel_multi_index(tap, pool_size)), at))
    return y


def max_pool(x, pool_size, strides, padding):
    shape = out_shape(x.shape, pool_size, strides, [1] * len(pool_size), padding, x.shape[-1])
    y, index = np.zeros(shape), np.zeros(shape, dtype=np.uint8)
    for out, places in pool_windows(x, pool_size, strides, padding).items():
        values = np.stack([x[(slice(None), *at)] for _, at in places])
        y[(slice(None), *out)] = values.max(0)
        index[(slice(None), *out)] = np.array([t for t, _ in places])[values.argmax(0)]
    return [y, index]


def average_pool(x, pool_size, strides, padding):
    y = np.zeros(out_shape(x.shape, pool_size, strides, [1] * len(pool_size), padding, x.shape[-1]))
    for out, places in pool_windows(x, pool_size, strides, padding).items():
        y[(slice(None), *out)] = np.mean([x[(slice(None), *at)] for _, at in places], axis=0)
    return y


def average_pool_grad(g, pool_size, strides, padding, size):
    dx = np.zeros((g.shape[0], *size, g.shape[-1]))
    for out, places in pool_windows(dx, pool_size, strides, padding).items():
        for _, at in places:
            dx[(slice(None), *at)] += g[(slice(None), *out)] / len(places)
    return dx


def max_scatter(g, index, pool_size, strides, padding, size):
    dx = np.zeros((g.shape[0], *size, g.shape[-1]))
    for out, places in pool_windows(dx, pool_size, strides, padding).items():
        for tap, at in places:
            dx[(slice(None), *at)] += np.where(index[(slice(None), *out)] == tap, g[(slice(None), *out)], 0)
    return dx


def max_gather(x, index, pool_size, strides, padding):
    y = np.zeros(index.shape)
    for out, places in pool_windows(x, pool_size, strides, padding).items():
        for tap, at in places:
            y[(slice(None), *out)] += np.where(index[(slice(None), *out)] == tap, x[(slice(None), *at)], 0)
    return y


def pools() -> list[Case]:
    found = []
    for x, window, strides, padding in POOLS:
        attrs = {"pool_size": window, "strides": strides, "padding": padding}
        y = out_shape(x, window, strides, [1] * len(window), padding, x[-1])
        size = x[1:-1]
        back = {**attrs, "input_size": list(size)}

        def pooled(rng, x=x, k=attrs):
            index = max_pool(rng.normal(size=x), **k)[1]
            return [rng.normal(size=index.shape), index]

        def image(rng, x=x, k=attrs):
            return [rng.normal(size=x), max_pool(rng.normal(size=x), **k)[1]]

        found += [
            Case("max_pool", distinct(x), lambda a, k=attrs: max_pool(a, **k), attrs),
            Case("max_pool_scatter", pooled, lambda g, i, k=attrs, s=size: max_scatter(g, i, **k, size=s), back),
            Case("max_pool_gather", image, lambda a, i, k=attrs: max_gather(a, i, **k), attrs),
            Case("average_pool", uniform(-1, 1, x), lambda a, k=attrs: average_pool(a, **k), attrs),
            Case("average_pool_grad", uniform(-1, 1, y), lambda g, k=attrs, s=size: average_pool_grad(g, **k, size=s), back),
        ]
    return found


def log_of(p):
    return np.log(np.clip(p, 1e-7, 1 - 1e-7))


def dense_entropy(t, s, from_logits):
    log_p = np.log(softmax(s, -1)) if from_logits else log_of(s / s.sum(-1, keepdims=True))
    return -(t * log_p).sum(-1)


def sparse_entropy(t, s, from_logits):
    log_p = np.log(softmax(s, -1)) if from_logits else log_of(s / s.sum(-1, keepdims=True))
    return -np.take_along_axis(log_p, t[..., None], -1)[..., 0]


def binary_entropy(t, s, from_logits):
    p = 1 / (1 + np.exp(-s)) if from_logits else s
    return -(t * log_of(p) + (1 - t) * log_of(1 - p))


def losses() -> list[Case]:
    found = []
    for logits in (False, True):
        attrs = {"from_logits": logits}
        low, high = (-2, 2) if logits else (0.1, 0.9)

        def dense(rng, low=low, high=high):
            t = rng.uniform(0.1, 1, (4, 3))
            return [t / t.sum(-1, keepdims=True), rng.uniform(low, high, (4, 3))]

        def sparse(rng, low=low, high=high):
            return [rng.integers(0, 3, (4,)), rng.uniform(low, high, (4, 3))]

        def binary(rng, low=low, high=high):
            return [rng.uniform(0.1, 0.9, (4, 3)), rng.uniform(low, high, (4, 3))]

        table = [
            ("categorical_crossentropy", dense, dense_entropy, (0, 1), (4,)),
            ("sparse_categorical_crossentropy", sparse, sparse_entropy, (1,), (4,)),
            ("binary_crossentropy", binary, binary_entropy, (0, 1), (4, 3)),
        ]
        for name, draw, reference, wrt, losses_shape in table:
            found.append(Case(name, draw, lambda t, s, f=reference, k=logits: f(t, s, k), attrs, wrt, rtol=1e-8))

            def with_cotangent(rng, draw=draw, shape=losses_shape):
                return [*draw(rng), rng.normal(size=shape)]

            # Its values are those of the loss' own derivative, which is checked there by differences.
            second = (*wrt, 2)
            found.append(Case(name + "_grad", with_cotangent, None, attrs, second, second=False))
    return found


def batch_norm(x, gamma, beta, axis, epsilon):
    others = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    shape = [1] * x.ndim
    shape[axis] = -1
    mean, var = x.mean(others), x.var(others)
    y = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + epsilon) * gamma.reshape(shape) + beta.reshape(shape)
    return [y, mean, var]


def layer_norm(x, gamma, beta, epsilon):
    mean, var = x.mean(-1), x.var(-1)
    rstd = 1 / np.sqrt(var + epsilon)
    return [(x - mean[..., None]) * rstd[..., None] * gamma + beta, mean, rstd]


def norms() -> list[Case]:
    from rkeras import _engine

    def batch_grad(x, gamma, g, axis, epsilon):
        _, mean, var = _engine.apply("batch_norm", x, gamma, np.zeros(gamma.shape), axis=axis, epsilon=epsilon)
        return _engine.apply("batch_norm_grad", x, gamma, mean, var, g, axis=axis, epsilon=epsilon)

    def layer_grad(x, gamma, g, epsilon):
        _, mean, rstd = _engine.apply("layer_norm", x, gamma, np.zeros(gamma.shape), epsilon=epsilon)
        return _engine.apply("layer_norm_grad", x, gamma, mean, rstd, g, epsilon=epsilon)

    found = []
    for shape, axis in (((5, 3), -1), ((2, 3, 4), 1), ((4, 2, 2, 3), -1)):
        c = shape[axis]
        attrs = {"axis": axis, "epsilon": 1e-3}
        draw = uniform(-2, 2, shape, (c,), (c,))
        found.append(Case("batch_norm", draw, lambda *v, k=attrs: batch_norm(*v, **k), attrs, (0, 1, 2), (0, 1, 2), rtol=1e-8))
        found.append(
            Case("batch_norm_grad", uniform(-2, 2, shape, (c,), shape), None, attrs, (0, 1, 2), (0, 1, 2), False, call=batch_grad)
        )
    for shape in ((4, 5), (2, 3, 6)):
        n = shape[-1]
        attrs = {"epsilon": 1e-3}
        draw = uniform(-2, 2, shape, (n,), (n,))
        found.append(Case("layer_norm", draw, lambda *v, k=attrs: layer_norm(*v, **k), attrs, (0, 1, 2), (0, 1, 2), rtol=1e-8))
        found.append(
            Case("layer_norm_grad", uniform(-2, 2, shape, (n,), shape), None, attrs, (0, 1, 2), (0, 1, 2), False, call=layer_grad)
        )
    return found


def products() -> list[Case]:
    found = []
    shapes = [((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 1, 3, 4), (3, 4, 5)), ((0, 4), (4, 2)), ((3, 0), (0, 2)), ((1, 1), (1, 1))]
    for a, b in shapes:
        found.append(Case("matmul", uniform(-1, 1, a, b), matmul, {}, (0, 1)))
    for ta, tb in ((True, False), (False, True), (True, True)):
        a = (2, 4, 3) if ta else (2, 3, 4)
        b = (5, 4) if tb else (4, 5)
        attrs = {"transpose_a": ta, "transpose_b": tb}
        found.append(Case("matmul", uniform(-1, 1, a, b), lambda x, y, k=attrs: matmul(x, y, **k), attrs, (0, 1)))
    for shape, axis in (((3, 5), -1), ((2, 4, 3), 1)):
        attrs = {"axis": axis}
        x, two = uniform(-2, 2, shape), uniform(-1, 1, shape, shape)
        found += [
            Case("softmax", x, lambda v, a=axis: softmax(v, a), attrs),
            Case("log_softmax", x, lambda v, a=axis: np.log(softmax(v, a)), attrs),
            Case("softmax_grad", two, lambda y, g, a=axis: y * (g - (g * y).sum(a, keepdims=True)), attrs, (0, 1)),
            Case("log_softmax_grad", two, lambda y, g, a=axis: g - np.exp(y) * g.sum(a, keepdims=True), attrs, (0, 1)),
        ]
    return found


SEED = np.array([7, 3], dtype=np.int64)


def draws() -> list[Case]:
    """Random ops have no reference here: their statistics are tested in tests/test_random.py."""
    seed = lambda rng: [SEED]  # noqa: E731
    found = []
    for name in ("random_uniform", "random_normal", "random_truncated_normal"):
        found.append(Case(name, seed, None, {"shape": [4, 3], "dtype": "float64"}, ()))
    found.append(Case("random_integers", seed, None, {"shape": [4], "low": -2, "high": 5}, ()))
    found.append(Case("random_permutation", seed, None, {"n": 9}, ()))
    found.append(Case("dropout", lambda rng: [rng.normal(size=(5, 4)), SEED], None, {"rate": 0.4}, (0,)))
    return found


def updates() -> list[Case]:
    lr = np.float64(0.1)

    def operands(slots):
        return lambda rng: [rng.normal(size=(3, 2)), *(rng.uniform(0.1, 1, (3, 2)) for _ in range(slots)), rng.normal(size=(3, 2)), np.asarray(lr)]

    def momentum(p, m, g, rate):
        m = 0.9 * m - rate * g
        return [p + m, m]

    def rmsprop(p, v, g, rate):
        v = 0.9 * v + 0.1 * g * g
        return [p - rate * g / np.sqrt(v + 1e-7), v]

    def adam_rate(rate, steps):
        return rate * np.sqrt(1 - 0.999 ** (steps + 1)) / (1 - 0.9 ** (steps + 1))

    def adam(p, m, v, g, rate):
        m, v = m + 0.1 * (g - m), v + 0.001 * (g * g - v)
        return [p - rate * m / (np.sqrt(v) + 1e-7), m, v]

    def of_rows(slots):
        def draw(rng):
            *state, _, rate = operands(slots)(rng)
            # One row twice, one counted from the end, one that does not exist.
            indices = np.array([[2, 0, 2], [-2, 3, 2]])
            return [*state, rng.normal(size=(2, 3, 2)), indices, rate]

        return draw

    def added_up(rule):
        def reference(*operands):
            *state, updates, indices, rate = operands
            g = np.zeros_like(state[0])
            there = indices < 3
            np.add.at(g, indices[there], updates[there])
            return rule(*state, g, rate)

        return reference

    rules = [
        ("sgd_update", 0, lambda p, g, rate: p - rate * g, {}),
        ("sgd_momentum_update", 1, momentum, {"momentum": 0.9}),
        ("rmsprop_update", 1, rmsprop, {"rho": 0.9, "epsilon": 1e-7}),
        ("adam_update", 2, adam, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
    ]
    found = [Case("adam_rate", lambda rng: [np.asarray(lr), np.int64(6)], adam_rate, {"beta_1": 0.9, "beta_2": 0.999}, ())]
    for name, slots, rule, attrs in rules:
        found.append(Case(name, operands(slots), rule, attrs, ()))
        found.append(Case(name, of_rows(slots), added_up(rule), {**attrs, "rows": True}, ()))
    return found


def cases() -> list[Case]:
    return products() + convolutions() + pools() + losses() + norms() + draws() + updates()
