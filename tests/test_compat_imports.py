"""What old scripts import is found in rkeras, and what is not there says so."""

import importlib
import subprocess
import sys

import pytest

import rkeras
from rkeras.compat.old_paths import OLD_MODULES, TREES, canonical
from rkeras.compat.redirect import install_as_keras, uninstall_as_keras


@pytest.fixture(autouse=True)
def installed():
    install_as_keras()
    yield
    uninstall_as_keras()


@pytest.mark.parametrize("root", [tree for tree, place in TREES.items() if place == "rkeras"])
def test_every_tree_of_keras_is_rkeras(root):
    assert importlib.import_module(root) is rkeras
    assert importlib.import_module(f"{root}.layers") is rkeras.layers
    assert importlib.import_module(f"{root}.utils.np_utils").to_categorical is rkeras.utils.to_categorical


def test_classes_are_the_same_objects():
    from keras.layers import Dense, core
    from keras.layers.core import Dense as OldDense
    from tensorflow import keras
    from tensorflow.keras.layers import Dense as TfDense
    from tensorflow.python.keras.layers.core import Dense as PrivateDense

    assert Dense is OldDense is TfDense is PrivateDense is core.Dense is rkeras.layers.Dense
    assert keras is rkeras


def test_importing_leaves_modules_as_they_were():
    before = rkeras.layers.__spec__, rkeras.layers.__name__
    importlib.import_module("keras.layers")
    assert (rkeras.layers.__spec__, rkeras.layers.__name__) == before
    # Real modules that share a name with an old one are still there.
    assert importlib.import_module("keras.layers.core.dense") is importlib.import_module("rkeras.layers.core.dense")


@pytest.mark.parametrize("path", OLD_MODULES)
def test_every_old_module_can_be_imported_and_says_what_it_lacks(path):
    prefix, place = ("tensorflow", "rkeras.compat.tf") if path.startswith("rkeras.compat") else ("keras", "rkeras")
    module = importlib.import_module(prefix + path[len(place) :])
    assert module is importlib.import_module(path)
    with pytest.raises(AttributeError, match="no_such_name is not in rkeras"):
        _ = module.no_such_name


@pytest.mark.parametrize(
    "statement",
    [
        "from keras.layers.convolutional import Conv2D, MaxPooling2D, ZeroPadding2D",
        "from keras.layers.advanced_activations import LeakyReLU, PReLU",
        "from keras.layers.normalization import BatchNormalization",
        "from keras.layers.wrappers import TimeDistributed",
        "from keras.layers.merge import concatenate, Add",
        "from keras.layers import merge, Input; assert merge([Input((2,)), Input((3,))], mode='concat').shape == (None, 5)",
        "import keras.layers.merge; from keras.layers import merge; assert merge.Add and callable(merge)",
        "from keras.constraints import maxnorm, nonneg, unitnorm; from keras.layers import Dense; Dense(1, W_constraint='nonneg')",
        "from keras.regularizers import l1l2; assert float(l1l2(l1=0.1, l2=0.2)([2.0])) == 1.0",
        "from keras.layers.embeddings import Embedding",
        "from keras.layers.noise import GaussianNoise",
        "from keras.engine.topology import Layer, InputSpec, get_source_inputs",
        "from keras.engine.training import Model",
        "import keras.engine as KE; KE.Layer",
        "import keras; keras.utils.np_utils.to_categorical; keras.engine.topology.Layer",
        "from keras.utils.generic_utils import Progbar, get_custom_objects",
        "from keras.utils.layer_utils import print_summary",
        "from keras.optimizers.legacy import Adam",
        "from keras.optimizers.experimental import SGD",
        "from keras.optimizers.schedules import ExponentialDecay",
        "from tensorflow.keras.optimizers.schedules import PolynomialDecay",
        "import keras.backend as K; K.mean",
        "from keras import backend as K; from tensorflow.keras import backend as K2; assert K is K2",
        "from keras.backend import tensorflow_backend as K; K.epsilon",
        "from keras.objectives import mean_squared_error",
        "from keras.initializations import glorot_uniform",
        "import tensorflow.keras.callbacks",
        "import tensorflow.compat.v2 as tf; import tensorflow; assert tf is tensorflow",
        "from tensorflow.nn import relu",
        "from tensorflow.keras.models import Model, Sequential",
    ],
)
def test_statement(statement):
    exec(statement, {})


def test_missing_names_and_modules_say_that_they_are_not_in_rkeras():
    with pytest.raises(ModuleNotFoundError, match=r"'keras\.no_such': it is not in rkeras") as error:
        importlib.import_module("keras.no_such.thing")
    assert error.value.name == "keras.no_such"
    with pytest.raises(ModuleNotFoundError, match=r"'tensorflow\.raw_ops': it is not in rkeras"):
        importlib.import_module("tensorflow.raw_ops")
    with pytest.raises(ImportError, match=r"NoSuchLayer.*rkeras\.layers"):
        exec("from keras.layers import NoSuchLayer", {})
    with pytest.raises(ImportError, match=r"NoSuchLayer.*rkeras\.engine\.topology"):
        exec("from keras.engine.topology import NoSuchLayer", {})


def test_errors_inside_a_module_stay_what_they_are(tmp_path, monkeypatch):
    (tmp_path / "broken.py").write_text("import no_such_module_at_all")
    monkeypatch.setattr(rkeras, "__path__", [*rkeras.__path__, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all") as error:
        importlib.import_module("keras.broken")
    assert error.value.name == "no_such_module_at_all"


def test_uninstalling_takes_everything_back():
    importlib.import_module("tensorflow.keras.layers.core")
    uninstall_as_keras()
    assert not [name for name in sys.modules if canonical(name)]
    assert not hasattr(rkeras.utils, "np_utils") and not hasattr(rkeras.layers.core, "Dense")
    with pytest.raises(ImportError):
        importlib.import_module("keras")


def test_the_real_one_in_use_is_refused_unless_forced(tmp_path, monkeypatch):
    uninstall_as_keras()
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras" / "__init__.py").write_text("real = True")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.import_module("keras").real
    with pytest.raises(ImportError, match=r"keras was imported before rkeras\.install_as_keras"):
        install_as_keras()
    install_as_keras(force=True)
    assert importlib.import_module("keras") is rkeras


def test_an_installed_keras_is_not_found_once_installed(tmp_path, monkeypatch):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise RuntimeError('the real one')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.import_module("tensorflow").keras is rkeras


def test_import_rkeras_imports_none_of_this():
    code = (
        "import sys, rkeras; "
        "print([n for n in sys.modules if n.startswith(('rkeras.compat', 'rkeras.backend', 'keras', 'tensorflow'))])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_methods_that_tensors_had():
    x = rkeras.ops.ones((2, 3))
    assert x.get_shape().as_list() == [2, 3] and x.eval().shape == (2, 3)
    assert rkeras.Input((3,)).get_shape().as_list() == [None, 3] and rkeras.Variable(1.0).get_shape().rank == 0
    x.set_shape((None, 3))
    with pytest.raises(ValueError, match="incompatible"):
        x.set_shape((None, 4))
