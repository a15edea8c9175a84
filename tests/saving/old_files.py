"""HDF5 files in the layout of Keras 1, written byte by byte as that version did."""

import json

import h5py
import numpy as np


def fixed(texts):
    """Names as Keras 1 wrote them: an array of texts of one length."""
    return np.array([text.encode() for text in texts], dtype="S") if texts else np.zeros(0, "S1")


def write_weights(group, layers):
    """The group ``model_weights``, or a whole file of weights: (layer, [(weight, array), …]) in order."""
    group.attrs["layer_names"] = fixed([name for name, _ in layers])
    group.attrs["backend"] = np.bytes_(b"theano")
    group.attrs["keras_version"] = np.bytes_(b"1.2.2")
    for name, weights in layers:
        inner = group.create_group(name)
        inner.attrs["weight_names"] = fixed([weight for weight, _ in weights])
        for weight, array in weights:
            inner.create_dataset(weight, data=np.asarray(array, "float32"))


def write_model(path, config, layers, training=None, optimizer=()):
    """A whole model; ``optimizer`` has the arrays of its state."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = np.bytes_(b"1.2.2")
        file.attrs["model_config"] = np.bytes_(json.dumps(config).encode())
        write_weights(file.create_group("model_weights"), layers)
        if training is not None:
            file.attrs["training_config"] = np.bytes_(json.dumps(training).encode())
            group = file.create_group("optimizer_weights")
            group.attrs["weight_names"] = fixed([f"param_{i}" for i in range(len(optimizer))])
            for i, array in enumerate(optimizer):
                group.create_dataset(f"param_{i}", data=array)
    return path


def dense1(name, units, activation="linear", **more):
    """The record of a Dense layer."""
    config = {
        "name": name, "trainable": True, "output_dim": units, "init": "glorot_uniform", "activation": activation,
        "W_regularizer": None, "b_regularizer": None, "activity_regularizer": None, "W_constraint": None,
        "b_constraint": None, "bias": True, "input_dim": None, **more,
    }  # fmt: skip
    return {"class_name": "Dense", "config": config}
