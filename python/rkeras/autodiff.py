"""Derivatives: a tape that records ops, and functions that return gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from rkeras import _engine, tree
from rkeras.tracing import mode


class GradientTape:
    """Records the ops of a block, so that derivatives can be asked for after it.

    Args:
        persistent: whether gradients may be asked for more than once.
        watch_accessed_variables: whether trainable variables are followed by themselves.

    Example:
        >>> x = _engine.convert(3.0)
        >>> with GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> float(tape.gradient(y, x))
        6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._tape = _engine.Tape(watch_accessed_variables)
        self._watches_variables = watch_accessed_variables
        self._persistent = persistent
        self._watched: list[Any] = []
        self._calls: list[Any] = []
        self._recording = False
        self._used = False

    def __enter__(self) -> GradientTape:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._recording:
            self._stop()

    def _start(self) -> None:
        if self._recording:
            raise ValueError("this tape is already recording")
        self._tape.push()
        mode.tapes += 1
        mode.recording.append(self)
        self._recording = True

    def _stop(self) -> None:
        self._tape.pop()
        mode.tapes -= 1
        mode.recording.remove(self)
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Follows tensors (or variables); call it before they are used."""
        for leaf in tree.flatten(tensor):
            if not isinstance(leaf, (_engine.Tensor, _engine.Variable)):
                raise TypeError(
                    f"a tape can watch tensors and variables, not {type(leaf).__name__}; "
                    "make a tensor with rkeras.ops.convert_to_tensor first"
                )
            if isinstance(leaf, _engine.Variable):
                self._watched.append(leaf)
            self._tape.watch(leaf)

    def watched_variables(self) -> tuple[Any, ...]:
        """The variables that were passed to ``watch``."""
        return tuple(self._watched)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A context whose ops are not recorded."""
        if not self._recording:
            raise ValueError("this tape is not recording")
        self._stop()
        try:
            yield
        finally:
            self._start()

    def reset(self) -> None:
        """Forgets everything recorded so far."""
        self._clear()
        self._watched.clear()
        self._used = False

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Derivatives of the sum of ``target`` with respect to each source.

        Args:
            target: a tensor or a structure of them.
            sources: a tensor, a variable or a structure of them.
            output_gradients: derivatives of something with respect to each target, to go on from; ones if
                not given.
            unconnected_gradients: ``"none"`` gives None for a source without influence, ``"zero"`` zeros.

        Returns:
            A structure like ``sources``.

        Raises:
            RuntimeError: if a tape that is not persistent is asked a second time.

        Example:
            >>> x = _engine.convert([1.0, 2.0])
            >>> with GradientTape() as tape:
            ...     tape.watch(x)
            ...     y = x * x * x
            >>> tape.gradient(y, x).tolist()
            [3.0, 12.0]
        """
        if str(unconnected_gradients).lower() not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients must be 'none' or 'zero', got {unconnected_gradients!r}")
        self._check_reuse()
        targets = tree.flatten(target)
        flat = tree.flatten(sources)
        seeds = None if output_gradients is None else tree.flatten(output_gradients)
        if seeds is not None and len(seeds) != len(targets):
            raise ValueError(f"{len(targets)} targets need as many output_gradients, got {len(seeds)}")
        gradients = self._gradients(targets, flat, seeds)
        if not self._persistent:
            self._clear()
        if str(unconnected_gradients).lower() == "zero":
            gradients = [_zeros_like(s) if g is None else g for g, s in zip(gradients, flat, strict=True)]
        return tree.pack_sequence_as(sources, gradients)

    def take_call(self, call: Any) -> None:
        """Notes a call of a function that has a derivative of its own (``ops.custom_gradient``)."""
        self._calls.append(call)
        for output in tree.flatten(call.output):
            self._tape.watch(output)

    def _clear(self) -> None:
        self._tape.clear()
        self._calls.clear()

    def _gradients(self, targets: list[Any], sources: list[Any], seeds: list[Any] | None) -> list[Any]:
        # From the last call to the first: what is known by a call's outputs becomes known by its inputs.
        for call in reversed(tuple(self._calls)):
            seeds = [_ones_like(target) for target in targets] if seeds is None else seeds
            upstream = self._walk(targets, tree.flatten(call.output), seeds)
            if any(g is not None for g in upstream):
                pairs = call.input_gradients(upstream)
                targets = [*targets, *(x for x, _ in pairs)]
                seeds = [*seeds, *(g for _, g in pairs)]
        gradients = self._walk(targets, sources, seeds)
        # The engine also knows of variables that were used next to followed ones.
        return [g if self._follows(s) else None for g, s in zip(gradients, sources, strict=True)]

    def _walk(self, targets: list[Any], sources: list[Any], seeds: list[Any] | None) -> list[Any]:
        # A variable as target, as ``Activation("linear")(v)`` returns it, may not have met an op at all.
        ops = [i for i, target in enumerate(targets) if not isinstance(target, _engine.Variable)]
        gradients: list[Any] = self._tape.gradient(
            [targets[i] for i in ops], sources, None if seeds is None else [seeds[i] for i in ops]
        )
        for i, target in enumerate(targets):
            if isinstance(target, _engine.Variable):
                seed = _ones_like(target) if seeds is None else _engine.convert(seeds[i])
                gradients = [
                    (seed if g is None else _engine.apply("add", g, seed)) if source is target else g
                    for g, source in zip(gradients, sources, strict=True)
                ]
        return gradients

    def _follows(self, source: Any) -> bool:
        if not isinstance(source, _engine.Variable):
            return True
        return (self._watches_variables and source.engine_trainable) or any(
            v is source for v in self._watched
        )

    def _check_reuse(self) -> None:
        if self._persistent:
            return
        if self._used:
            raise RuntimeError(
                "this tape was asked for gradients already; GradientTape(persistent=True) can be asked again"
            )
        self._used = True
        if self._recording:
            self._stop()

    def jacobian(self, target: Any, sources: Any, unconnected_gradients: str = "none") -> Any:
        """Derivatives of each element of ``target`` with respect to each source.

        Args:
            target: one tensor.
            sources: a tensor, a variable or a structure of them.
            unconnected_gradients: as for ``gradient``.

        Returns:
            A structure like ``sources``, with tensors of shape ``target.shape + source.shape``.
        """
        self._check_reuse()
        size = max(target.size, 1)
        flat = tree.flatten(sources)
        rows = [self._gradients([target], flat, [_one_hot(target, i)]) for i in range(size)]
        if not self._persistent:
            self._clear()
        zero = str(unconnected_gradients).lower() == "zero"
        results: list[Any] = []
        for k, source in enumerate(flat):
            column = [row[k] for row in rows]
            if all(g is None for g in column) and not zero:
                results.append(None)
                continue
            parts = [_zeros_like(source) if g is None else g for g in column]
            shape = [*target.shape, *source.shape]
            results.append(_engine.apply("reshape", _engine.convert(parts), shape=shape))
        return tree.pack_sequence_as(sources, results)

    def batch_jacobian(self, target: Any, source: Any) -> Any:
        """Derivatives of each element of a sample's target with respect to that sample's source.

        Args:
            target: a tensor of shape ``(batch, …)``, each sample of which depends on its own source only.
            source: a tensor of shape ``(batch, …)``.

        Returns:
            A tensor of shape ``(batch, *target.shape[1:], *source.shape[1:])``.
        """
        if target.shape[:1] != source.shape[:1]:
            raise ValueError(
                f"batch_jacobian needs one batch size, got shapes {target.shape} and {source.shape}"
            )
        self._check_reuse()
        batch = target.shape[0]
        per_sample = int(np.prod(target.shape[1:], dtype=np.int64))
        columns = []
        for i in range(per_sample):
            seed = np.zeros((batch, per_sample), "float32")
            seed[:, i] = 1.0
            seed_tensor = _engine.convert(seed.reshape(target.shape), target.dtype)
            gradient = self._gradients([target], [source], [seed_tensor])[0]
            columns.append(_zeros_like(source) if gradient is None else gradient)
        if not self._persistent:
            self._clear()
        stacked = _engine.convert(columns)
        order = [1, 0, *range(2, len(source.shape) + 1)]
        moved = _engine.apply("transpose", stacked, axes=order)
        return _engine.apply("reshape", moved, shape=[*target.shape, *source.shape[1:]])


def _ones_like(source: Any) -> Any:
    return _engine.convert(np.ones(source.shape, "float32"), source.dtype)


def _zeros_like(source: Any) -> Any:
    return _engine.convert(np.zeros(source.shape, "float32"), source.dtype)


def _one_hot(target: Any, index: int) -> Any:
    seed = np.zeros(target.shape, "float32")
    seed.reshape(-1)[index] = 1.0
    return _engine.convert(seed, target.dtype)


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., tuple[Any, Any]]:
    """A function that returns the value of ``f`` and its derivatives.

    Args:
        f: returns a scalar tensor, with ``has_aux`` a pair of it and something else.
        argnums: which positional arguments to derive by; each may be a structure of tensors and variables.
        has_aux: see ``f``.

    Returns:
        A function with the arguments of ``f`` that returns ``(value, gradients)``.

    Example:
        >>> value, gradient = value_and_grad(lambda x: x * x)(_engine.convert(3.0))
        >>> float(value), float(gradient)
        (9.0, 6.0)
    """

    def wrapper(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        indices = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        lifted = list(args)
        for i in indices:
            lifted[i] = tree.map_structure(_as_source, args[i])
        with GradientTape() as tape:
            for i in indices:
                tape.watch(lifted[i])
            result = f(*lifted, **kwargs)
        value = result[0] if has_aux else result
        gradients = tape.gradient(value, [lifted[i] for i in indices], unconnected_gradients="zero")
        return result, gradients[0] if isinstance(argnums, int) else tuple(gradients)

    return wrapper


def _as_source(x: Any) -> Any:
    return x if isinstance(x, (_engine.Tensor, _engine.Variable)) else _engine.convert(x)


def grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that returns the derivatives of ``f``; see ``value_and_grad``.

    Example:
        >>> float(grad(grad(lambda x: x * x * x))(_engine.convert(2.0)))
        12.0
    """
    both = value_and_grad(f, argnums, has_aux)

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result, gradients = both(*args, **kwargs)
        return (gradients, result[1]) if has_aux else gradients

    return wrapper
