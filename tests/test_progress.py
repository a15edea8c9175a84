"""What fit, evaluate and predict print."""

import contextlib
import io
import re

import numpy as np
import pytest

import rkeras
from rkeras import layers
from rkeras.training.progress import Progbar

X = np.ones((40, 2), "float32")
Y = np.ones((40, 1), "float32")


def model_for():
    model = rkeras.Sequential([rkeras.Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal():
    return Terminal()


def plain(text):
    return re.sub(r"\x1b\[\d+m", "", text)


def test_a_file_gets_one_line_per_epoch(capsys):
    model_for().fit(X, Y, epochs=2, batch_size=8, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    pattern = r"5/5 ━{20} 0s .+/step - loss: \S+ - mae: \S+ - val_loss: \S+ - val_mae: \S+"
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    assert len(lines) == 4
    assert re.fullmatch(pattern, lines[1])
    assert re.fullmatch(pattern, lines[3])


def test_verbose_2(capsys):
    model_for().fit(X, Y, batch_size=8, verbose=2)
    assert re.fullmatch(r"5/5 - 0s - .+/step - loss: \S+ - mae: \S+\n", capsys.readouterr().out)


@pytest.mark.parametrize("verbose", [0, None])
def test_silence(capsys, verbose):
    model = model_for()
    model.fit(X, Y, epochs=2, verbose=verbose)
    model.evaluate(X, Y, verbose=verbose)
    model.predict(X, verbose=verbose)
    assert capsys.readouterr().out == ""


def test_evaluate_and_predict_show_a_line(capsys):
    model = model_for()
    model.evaluate(X, Y, batch_size=20)
    model.predict(X, batch_size=10)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"2/2 ━{20} 0s .+/step - loss: \S+ - mae: \S+", first)
    assert re.fullmatch(r"4/4 ━{20} 0s .+/step", second)


def test_a_stream_shows_its_length_at_the_end(capsys):
    model_for().fit(((X[i : i + 8], Y[i : i + 8]) for i in range(0, 40, 8)), verbose=1)
    assert capsys.readouterr().out.startswith("5/5 ")


def test_terminal_replaces_its_line(terminal):
    with contextlib.redirect_stdout(terminal):
        bar = Progbar(10, interval=0.0)
        bar.update(1, [("loss", 2.0)])
        bar.update(5, [("loss", 1.0)])
        bar.update(10, [("loss", 0.5)])
    lines = [plain(line).rstrip() for line in terminal.getvalue().split("\r")[1:]]
    assert len(lines) == 3
    assert re.fullmatch(r" 1/10 ━{20} 0s \S+/step - loss: 2.0000", lines[0])
    assert re.fullmatch(r" 5/10 ━{20} 0s \S+/step - loss: 1.2000", lines[1])
    assert lines[2].startswith("10/10")
    assert terminal.getvalue().endswith("\n")
    # Ten of twenty characters are green half way.
    assert "\x1b[32m" + "━" * 10 + "\x1b[0m" in terminal.getvalue()


def test_a_longer_line_is_wiped_out(terminal):
    with contextlib.redirect_stdout(terminal):
        bar = Progbar(3, interval=0.0)
        bar.update(1, [("value", 1e-9)])
        bar.update(2, [("value", 5.0)])
    first, second = (plain(line) for line in terminal.getvalue().split("\r")[1:])
    assert len(first) == len(second)


def test_a_live_line_is_no_wider_than_the_terminal(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    with contextlib.redirect_stdout(terminal):
        bar = Progbar(3, interval=0.0)
        bar.update(1, [("a_metric_with_a_long_name", 1.0), ("another_metric", 2.0)])
        bar.update(3)
    first, last = (plain(line) for line in terminal.getvalue().split("\r")[1:])
    assert len(first) < 60
    assert "another_metric: 2.0000" in last


def test_updates_are_few(terminal):
    with contextlib.redirect_stdout(terminal):
        bar = Progbar(100_000, interval=60)
        for i in range(1, 1001):
            bar.update(i)
    assert terminal.getvalue().count("\r") == 1


def test_ascii_where_the_encoding_has_no_bar():
    raw = io.BytesIO()
    screen = io.TextIOWrapper(raw, encoding="ascii")
    with contextlib.redirect_stdout(screen):
        Progbar(4).update(4)
    screen.flush()
    assert raw.getvalue().startswith(b"4/4 ==================== 0s")


def test_small_values_and_nan(capsys):
    Progbar(1, verbose=2).update(1, [("small", 1e-5), ("none", float("nan")), ("negative", -3.0)])
    assert "- small: 1.0000e-05 - none: nan - negative: -3.0000" in capsys.readouterr().out


def test_both_lists_of_metrics_are_refused():
    with pytest.raises(ValueError, match="not both"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])
