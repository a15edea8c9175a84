"""Sequences and texts against figures from Keras (fixtures/make_preprocessing.py), and their own rules."""

from __future__ import annotations

import json
import pickle
import random
from pathlib import Path

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.preprocessing import sequence, text
from tests.fixtures.preprocessing_cases import (
    MODES,
    PADDING,
    SEQUENCES,
    SKIPGRAMS,
    TEXTS,
    TOKENIZERS,
    UNSEEN,
    WINDOWS,
    WORDS,
)

FIGURES = json.loads((Path(__file__).parent / "fixtures" / "preprocessing.json").read_text())


@pytest.mark.parametrize("case", range(len(PADDING)))
def test_padding_as_keras(case):
    found = sequence.pad_sequences(SEQUENCES, **PADDING[case])
    assert found.tolist() == FIGURES["padding"][case]
    assert found.dtype == PADDING[case].get("dtype", "int32")


def test_padding_of_vectors_and_strings():
    # Keras keeps everything there and fails.
    assert sequence.pad_sequences(SEQUENCES, maxlen=0).shape == (4, 0)
    rows = [np.ones((1, 2)), np.full((3, 2), 2.0)]
    assert rkeras.utils.pad_sequences(rows, maxlen=2).tolist() == [[[0, 0], [1, 1]], [[2, 2], [2, 2]]]
    words = rkeras.utils.pad_sequences([["a"], ["b", "cd"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "cd"]]


@pytest.mark.parametrize(
    "sequences, arguments, message",
    [
        (3, {}, "list of sequences"),
        ([1, 2], {}, "sequence 0"),
        ([[1]], {"padding": "left"}, "padding"),
        ([[1]], {"truncating": "left"}, "truncating"),
        ([[1]], {"value": "x"}, "dtype=object"),
        ([[[1, 2]], [[1, 2, 3]]], {}, r"\(3,\)"),
    ],
)
def test_padding_refuses(sequences, arguments, message):
    with pytest.raises(ValueError, match=message):
        sequence.pad_sequences(sequences, **arguments)


@pytest.mark.parametrize("case", range(len(SKIPGRAMS)))
def test_skipgrams_as_keras(case):
    random.seed(5)
    pairs, labels = sequence.skipgrams(WORDS, 10, **SKIPGRAMS[case])
    assert [pairs, labels] == FIGURES["skipgrams"][case]


def test_sampling_table_as_keras():
    np.testing.assert_allclose(sequence.make_sampling_table(20, 0.01), FIGURES["sampling_table"], rtol=1e-12)
    random.seed(0)
    never = sequence.skipgrams([1, 2, 3], 4, sampling_table=np.zeros(4), negative_samples=1)
    assert never == ([], [])


@pytest.mark.parametrize("case", range(len(WINDOWS)))
def test_windows_as_keras(case):
    series = np.arange(11.0)
    generator = sequence.TimeseriesGenerator(series, series * 2, **WINDOWS[case])
    for g in (generator, sequence.timeseries_generator_from_json(generator.to_json())):
        assert [[a.tolist() for a in batch] for batch in g] == FIGURES["windows"][case]


def test_windows_train_and_refuse():
    series = np.linspace(0, 1, 30).astype("float32")[:, None]
    model = rkeras.Sequential([rkeras.Input((4, 1)), layers.Flatten(), layers.Dense(1)])
    model.compile(rkeras.optimizers.Adam(0.1), "mse")
    history = model.fit(sequence.TimeseriesGenerator(series, series, 4, batch_size=5), epochs=10, verbose=0)
    assert history.history["loss"][-1] < 0.1 * history.history["loss"][0]
    with pytest.raises(ValueError, match="no window fits"):
        sequence.TimeseriesGenerator([1, 2], [1, 2], length=2)
    with pytest.raises(ValueError, match="3 times of data but 2"):
        sequence.TimeseriesGenerator([1, 2, 3], [1, 2], length=1)


@pytest.mark.parametrize("case", range(len(TOKENIZERS)))
def test_tokenizer_as_keras(case):
    wanted = FIGURES["tokenizers"][case]
    tokenizer = text.Tokenizer(**TOKENIZERS[case])
    tokenizer.fit_on_texts(TEXTS)
    seen = UNSEEN[:1] if TOKENIZERS[case].get("char_level") else UNSEEN
    copies = [text.tokenizer_from_json(tokenizer.to_json()), text.tokenizer_from_json(wanted["json"])]
    for t in (tokenizer, pickle.loads(pickle.dumps(tokenizer)), *copies):
        assert t.word_index == wanted["word_index"]
        numbers = t.texts_to_sequences([*TEXTS, *seen])
        assert numbers == wanted["sequences"]
        assert t.sequences_to_texts([*numbers, [1, 999]]) == wanted["texts"]
        for mode in MODES:
            np.testing.assert_allclose(t.sequences_to_matrix(numbers, mode), wanted["matrices"][mode], atol=1e-6)


def test_tokenizer_of_numbers_and_own_words():
    tokenizer = text.Tokenizer(num_words=5)
    tokenizer.fit_on_sequences([[1, 2], [1, 3, 9]])
    # Two of two sequences have 1, none has 4.
    np.testing.assert_allclose(
        tokenizer.sequences_to_matrix([[1, 4, 9]], "tfidf"), [[0, np.log(1 + 2 / 3), 0, 0, np.log(3)]]
    )
    split = text.Tokenizer(analyzer=lambda t: t.split("-"))
    split.fit_on_texts(["a-b-a"])
    assert split.texts_to_sequences(["b-a-c"]) == [[2, 1]]


def test_tokenizer_refuses():
    with pytest.raises(ValueError, match="fit_on_texts"):
        text.Tokenizer().texts_to_matrix(["a"])
    with pytest.raises(ValueError, match="fit_on_texts"):
        text.Tokenizer(num_words=3).texts_to_matrix(["a"], "tfidf")
    with pytest.raises(ValueError, match="mode"):
        text.Tokenizer(num_words=3).texts_to_matrix(["a"], "log")
    with pytest.raises(TypeError, match="nb_word"):
        text.Tokenizer(nb_word=3)
    with pytest.warns(DeprecationWarning, match="num_words"):
        assert text.Tokenizer(nb_words=3).num_words == 3


def test_words_by_hash():
    assert text.hashing_trick(TEXTS[0], 50, "md5") == FIGURES["md5"]
    assert text.hashing_trick("a bb a", 10, len) == [2, 3, 2]
    assert text.one_hot("a b a", 9) == text.hashing_trick("a b a", 9)
    with pytest.raises(ValueError, match="sha"):
        text.hashing_trick("a", 9, "sha")


def test_timeseries_dataset():
    data, targets = np.arange(10.0), np.arange(10) * 10
    make = rkeras.utils.timeseries_dataset_from_array
    batches = list(make(data, targets, 3, sequence_stride=2, sampling_rate=2, batch_size=2, start_index=1, end_index=9))
    assert [b[0].tolist() for b in batches] == [[[1, 3, 5], [3, 5, 7]]]
    assert [b[1].tolist() for b in batches] == [[10, 30]]
    single = [x.tolist() for x in make(data, None, 4, batch_size=None, end_index=6)]
    assert single == [[0, 1, 2, 3], [1, 2, 3, 4], [2, 3, 4, 5]]
    shuffled = make(data, None, 2, batch_size=20, shuffle=True, seed=1)
    first, second = (next(iter(shuffled)).numpy() for _ in range(2))
    assert not np.array_equal(first, second)
    assert sorted(first[:, 0]) == sorted(second[:, 0]) == list(range(9))
    assert rkeras.preprocessing.timeseries_dataset_from_array is make
    with pytest.raises(ValueError, match="sampling_rate"):
        make(data, None, 3, sampling_rate=10)
    with pytest.raises(ValueError, match="end_index"):
        make(data, None, 3, start_index=5, end_index=4)


def test_split_dataset():
    x, y = np.arange(10), np.arange(10) * 2
    left, right = rkeras.utils.split_dataset((x, y), left_size=0.7)
    assert [(int(a), int(b)) for a, b in right] == [(7, 14), (8, 16), (9, 18)]
    assert len(left) == 7
    first = rkeras.utils.split_dataset(x, right_size=2, shuffle=True, seed=3)
    assert len(first[0]) == 8
    assert sorted(int(v) for part in first for v in part) == x.tolist()
    again = rkeras.utils.split_dataset(first[0], left_size=3, right_size=4)
    assert [len(part) for part in again] == [3, 4]
    for sizes, error in (({}, ValueError), ({"left_size": 1.5}, ValueError), ({"left_size": 8, "right_size": 8}, ValueError), ({"left_size": "a"}, TypeError)):
        with pytest.raises(error, match="split_dataset"):
            rkeras.utils.split_dataset(x, **sizes)
