"""``python -m rkeras`` runs programs as python does."""

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
import sys, os
import tensorflow as tf
from keras.models import Sequential
from tensorflow.keras.layers import Dense
from tensorflow.python.keras.utils.np_utils import to_categorical
import neighbour

class Marker:
    pass

if __name__ == "__main__":
    import pickle, __main__
    assert __main__.Marker is Marker and pickle.loads(pickle.dumps(Marker())).__class__ is Marker
    model = Sequential([Dense(2, input_shape=(3,), activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    model.fit(tf.random.normal((4, 3)), to_categorical([0, 1, 0, 1]), verbose=0)
    print(sys.argv, os.path.basename(__file__), os.path.isabs(__file__), __spec__, sys.path[0] == os.path.dirname(__file__))
    sys.exit(int(sys.argv[1]))
"""


def run(cwd, *arguments, plain=False, **options):
    command = [sys.executable, *([] if plain else ["-m", "rkeras"]), *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, **options)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "script.py").write_text(SCRIPT)
    (tmp_path / "sub" / "neighbour.py").write_text("")
    return tmp_path


def test_a_script_with_arguments_and_an_exit_code(folder):
    result = run(folder, "sub/script.py", "3", "-m")
    assert (result.returncode, result.stderr) == (3, "")
    assert result.stdout == "['sub/script.py', '3', '-m'] script.py True None True\n"


def test_tracebacks_are_those_of_python(folder):
    path = folder / "fails.py"
    path.write_text("def f():\n    raise ValueError('no')\nf()\n")
    (folder / "wrong.py").write_text("a = = 1\n")
    for arguments in (["fails.py"], ["wrong.py"], ["-c", "1 / 0"], ["missing.py"]):
        here, there = run(folder, *arguments), run(folder, *arguments, plain=True)
        assert (here.returncode, here.stdout) == (there.returncode, there.stdout)
        assert here.stderr.splitlines() == there.stderr.splitlines()


def test_a_module_a_directory_and_standard_input(folder):
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("")
    code = "import sys, keras; from . import other; print(__package__, __spec__.name, sys.argv[1:])"
    (folder / "pack" / "__main__.py").write_text(code)
    (folder / "pack" / "other.py").write_text("")
    result = run(folder, "-m", "pack", "x")
    assert (result.stdout, result.returncode) == ("pack pack.__main__ ['x']\n", 0), result.stderr
    (folder / "sub" / "__main__.py").write_text("import keras, neighbour, sys; print(sys.argv)")
    assert run(folder, "sub", "y").stdout == "['sub', 'y']\n"
    assert run(folder, "-", "z", input="import sys, keras; print(sys.argv)").stdout == "['-', 'z']\n"


def test_nothing_to_run(folder):
    assert run(folder).returncode == 2
    result = run(folder, "-m", "no_such_module")
    assert result.returncode == 1 and result.stderr.endswith("No module named no_such_module\n")


def test_old_functions_of_the_backend_in_an_unchanged_script(folder):
    # Class activation maps, as they were made before gradient tapes.
    script = textwrap.dedent(
        """
        import numpy as np
        from keras import backend as K
        from keras.layers import Conv2D, Dense, GlobalAveragePooling2D, Input
        from keras.models import Model

        x = Input(shape=(6, 6, 1))
        features = Conv2D(2, 3, activation="relu", name="features")(x)
        model = Model(x, Dense(2, activation="softmax")(GlobalAveragePooling2D()(features)))
        layer = model.get_layer("features")
        grads = K.gradients(model.output[:, 1], layer.output)[0]
        pooled = K.mean(grads, axis=(0, 1, 2))
        iterate = K.function([model.input], [pooled, layer.output[0]])
        pooled_value, output = iterate([np.ones((1, 6, 6, 1))])
        print(pooled_value.shape, output.shape, bool(np.abs(pooled_value).sum() > 0))
        """
    )
    result = run(folder, "-c", script)
    assert result.stdout == "(2,) (4, 4, 2) True\n", result.stderr
