"""Logs for TensorBoard."""

from __future__ import annotations

import os
import time
import warnings
from typing import Any

import numpy as np

from rkeras.callbacks.batch_profile import BatchProfile, profiled_batches
from rkeras.callbacks.callback import Callback
from rkeras.callbacks.projector import Projector
from rkeras.layers.core.embedding import Embedding
from rkeras.training.event_file import EventFile

_OLD_ARGUMENTS = ("write_grads", "batch_size", "embeddings_layer_names", "embeddings_data")


class TensorBoard(Callback):
    """Writes logs that ``tensorboard --logdir`` shows; needs neither TensorFlow nor TensorBoard itself.

    Values of training go to ``train`` under ``log_dir``, those of validation to ``validation``.

    Args:
        log_dir: where to.
        histogram_freq: write the distribution of each weight every so many epochs; 0 for never.
        write_graph: whether to write the graph of layers.
        write_images: whether to write the weights as pictures too, when histograms are written.
        write_steps_per_second: whether to write the speed.
        update_freq: ``epoch``; ``batch``, or a number of batches after which values are written in between.
        profile_batch: a batch, or the first and the last, whose kernel calls are timed: a trace that Chrome and
            Perfetto show, and tables, are written under ``plugins/profile``; see ``rkeras.profiler``.
        embeddings_freq: write the vectors of ``Embedding`` layers for the projector every so many epochs.
        embeddings_metadata: file with a label a line for those vectors, relative to ``log_dir``; or a dict of
            such files by layer name.
        old_arguments: ``write_grads``, ``batch_size``, ``embeddings_layer_names`` and ``embeddings_data`` of
            Keras 2, which have no effect.

    >>> TensorBoard("logs", update_freq=100).log_dir
    'logs'
    """

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
        **old_arguments: Any,
    ) -> None:
        super().__init__()
        for name in old_arguments:
            if name not in _OLD_ARGUMENTS:
                raise TypeError(f"TensorBoard() got an unexpected argument '{name}'.")
            warnings.warn(f"TensorBoard({name}=…) is old and has no effect.", DeprecationWarning, stacklevel=2)
        self.log_dir: str = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        if self.update_freq != "epoch" and not isinstance(self.update_freq, int):
            raise ValueError(f"`update_freq` must be 'epoch', 'batch' or a number; received {update_freq!r}.")
        profiled = profiled_batches(profile_batch)
        self._profile = BatchProfile(self.log_dir, profiled)
        self.batches = "every" if self.update_freq != "epoch" or profiled else "no"
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        self._projector: Projector | None = None
        self._files: dict[str, EventFile] = {}
        self._step = 0
        self._epoch_start = (0.0, 0)
        self._in_fit = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Opens the files and writes the graph."""
        self._in_fit = True
        self._step = 0
        if self.write_graph:
            self._file("train").graph(_graph(self.model))
        if self.embeddings_freq:
            layers = [layer for layer in self.model._flatten_layers() if isinstance(layer, Embedding)]
            self._projector = Projector(self.log_dir, layers, self.embeddings_metadata)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._epoch_start = (time.monotonic(), self._iterations())

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the profile if it is due."""
        self._profile.begin(self._step + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes values of batches if asked to."""
        self._step += 1
        self._profile.end(self._step)
        if self.update_freq != "epoch" and self._step % self.update_freq == 0:
            self._scalars("train", "batch_", logs or {}, self._step)

    def on_test_end(self, logs: dict[str, Any] | None = None) -> None:
        """Writes values of validation against training steps."""
        file = self._file("validation")
        for name, value in (logs or {}).items():
            file.scalar(f"evaluation_{name}_vs_iterations", float(value), self._iterations())
        file.flush()
        if not self._in_fit:
            self._close()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes the values of the epoch, and histograms and pictures of the weights if they are due."""
        logs = dict(logs or {})
        rate = getattr(self.model.optimizer, "learning_rate", None)
        if rate is not None:
            logs.setdefault("learning_rate", float(rate.numpy() if hasattr(rate, "numpy") else rate))
        if self.write_steps_per_second:
            start, steps = self._epoch_start
            logs["steps_per_second"] = (self._iterations() - steps) / max(time.monotonic() - start, 1e-9)
        held = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
        trained = {name: value for name, value in logs.items() if not name.startswith("val_")}
        self._scalars("train", "epoch_", trained, epoch)
        if held:
            self._scalars("validation", "epoch_", held, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._weights(epoch)
        if self._projector is not None and epoch % self.embeddings_freq == 0:
            self._projector.write()

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Closes the files."""
        self._in_fit = False
        self._profile.stop()
        self._close()

    def _file(self, part: str) -> EventFile:
        if part not in self._files:
            self._files[part] = EventFile(os.path.join(self.log_dir, part))
        return self._files[part]

    def _close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _iterations(self) -> int:
        return int(self.model.optimizer.iterations.numpy())

    def _scalars(self, part: str, prefix: str, logs: dict[str, Any], step: int) -> None:
        file = self._file(part)
        for name, value in logs.items():
            if np.ndim(value) == 0:
                file.scalar(prefix + name, float(value), step)
        file.flush()

    def _weights(self, epoch: int) -> None:
        file = self._file("train")
        for weight in self.model.weights:
            values = np.asarray(weight.numpy(), np.float32)
            file.histogram(f"{weight.path}/histogram", values, epoch)
            if self.write_images:
                for i, picture in enumerate(_pictures(values)):
                    file.image(f"{weight.path}/image/{i}", picture, epoch)
        file.flush()


def _pictures(values: Any) -> list[Any]:
    """A weight as grey pictures: a matrix as one, a convolution's kernel as one for each of three filters."""
    if values.ndim == 4:
        planes = [values[:, :, 0, i] for i in range(min(values.shape[3], 3))]
    else:
        planes = [values.reshape(values.shape[0] if values.ndim > 1 else 1, -1)]
    pictures = []
    for plane in planes:
        low, high = float(plane.min()), float(plane.max())
        scaled = (plane - low) / (high - low) if high > low else np.zeros_like(plane)
        pictures.append((scaled * 255).astype(np.uint8)[:, :, None])
    return pictures


def _graph(model: Any) -> list[tuple[str, str, list[str]]]:
    """The model's layers, with those that feed them where the graph of layers is known, else in a row."""
    network = getattr(model, "_network", None)
    layers = model.layers
    names = {id(layer) for layer in layers}
    nodes = []
    before: list[str] = []
    for layer in layers:
        sources = before
        if network is not None:
            feeding = [
                parent for node in getattr(layer, "_inbound_nodes", ()) for parent in node.parent_nodes
            ]
            sources = [p.operation.name for p in feeding if id(p.operation) in names]
        nodes.append((layer.name, type(layer).__name__, list(dict.fromkeys(sources))))
        before = [layer.name]
    return nodes
