"""Sequences of different lengths, windows of time series, and pairs of words."""

from __future__ import annotations

from rkeras.preprocessing.padding import pad_sequences
from rkeras.preprocessing.skip_grams import make_sampling_table, skipgrams
from rkeras.preprocessing.timeseries_generator import TimeseriesGenerator, timeseries_generator_from_json

__all__ = [
    "TimeseriesGenerator",
    "make_sampling_table",
    "pad_sequences",
    "skipgrams",
    "timeseries_generator_from_json",
]
