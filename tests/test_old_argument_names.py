"""Every argument name of Keras 1 that a layer knows, by its effect under the name of today."""

import warnings

import pytest

import rkeras
from rkeras import layers

BIAS = {"b_regularizer": "bias_regularizer", "b_constraint": "bias_constraint", "bias": "use_bias"}
KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "W_constraint": "kernel_constraint",
    **BIAS,
}
LAYOUT = {"dim_ordering": "data_format"}
IMAGE = {"border_mode": "padding", **LAYOUT}
CONV = {"nb_filter": "filters", "subsample": "strides", **IMAGE}
FILTERS = {"filters": 2, "kernel_size": 3}

# Layers, arguments that they need, old name -> name of today.
TABLE = [
    (["Dense"], {"units": 3}, {"output_dim": "units", **KERNEL}),
    (["Dropout", "GaussianDropout", "SpatialDropout1D"], {"rate": 0.5}, {"p": "rate"}),
    (["SpatialDropout2D", "SpatialDropout3D"], {"rate": 0.5}, {"p": "rate", **LAYOUT}),
    (["GaussianNoise"], {"stddev": 0.5}, {"sigma": "stddev"}),
    (
        ["Embedding"],
        {"input_dim": 4, "output_dim": 2},
        {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
    ),
    (["PReLU"], {}, {"init": "alpha_initializer"}),
    (
        ["MaxPooling1D", "AveragePooling1D"],
        {"pool_size": 3},
        {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"},
    ),
    (
        ["MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D"],
        {"pool_size": 3},
        IMAGE,
    ),
    (["GlobalMaxPooling2D", "GlobalMaxPooling3D"], {}, LAYOUT),
    (["GlobalAveragePooling2D", "GlobalAveragePooling3D"], {}, LAYOUT),
    (["UpSampling1D"], {}, {"length": "size"}),
    (["UpSampling2D", "UpSampling3D", "ZeroPadding2D", "ZeroPadding3D"], {}, LAYOUT),
    (["Cropping2D", "Cropping3D"], {}, LAYOUT),
    (
        ["Conv1D"],
        FILTERS,
        {
            "nb_filter": "filters",
            "filter_length": "kernel_size",
            "subsample_length": "strides",
            "border_mode": "padding",
            **KERNEL,
        },
    ),
    (["Conv2D", "Conv2DTranspose", "Conv3D"], FILTERS, {**CONV, **KERNEL}),
    (["SeparableConv2D"], FILTERS, {**CONV, **BIAS}),
    (
        ["BatchNormalization"],
        {},
        {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    ),
]
CASES = [(layer, needed, *pair) for kinds, needed, names in TABLE for layer in kinds for pair in names.items()]

# What to give, and what the attribute is then: by the end of the name of today.
VALUES = {
    "data_format": ("th", "channels_first"),
    "padding": ("same", "same"),
    "use_bias": (False, False),
    "rate": (0.25, 0.25),
    "stddev": (0.25, 0.25),
    "initializer": ("zeros", "Zeros"),
    "regularizer": ("l2", "L2"),
    "constraint": ("non_neg", "NonNeg"),
}


@pytest.mark.parametrize(("layer", "needed", "old", "today"), CASES)
def test_old_name_does_what_the_name_of_today_does(layer, needed, old, today):
    given, expected = VALUES.get(today, VALUES.get(today.rsplit("_", 1)[-1], (2, 2)))
    others = {name: value for name, value in needed.items() if name != today}
    with pytest.warns(DeprecationWarning, match="old spelling") as caught:
        made = getattr(layers, layer)(**others, **{old: given})
    assert len(caught) == 1 and caught[0].filename == __file__
    found = getattr(made, today)
    if isinstance(found, tuple):
        assert set(found) == {expected}
    elif today.endswith(("initializer", "regularizer", "constraint")):
        assert type(found).__name__ == expected
    else:
        assert found == expected


@pytest.mark.parametrize("layer", sorted({case[0] for case in CASES}))
def test_names_of_today_do_not_warn(layer):
    needed = next(case[1] for case in CASES if case[0] == layer)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(layers, layer)(**needed)


def test_optimizers_by_their_legacy_names():
    legacy = rkeras.optimizers.legacy
    assert legacy.Adam is rkeras.optimizers.Adam
    with pytest.warns(DeprecationWarning, match="learning_rate"):
        optimizer = legacy.SGD(lr=0.5)
    assert float(optimizer.learning_rate) == 0.5
