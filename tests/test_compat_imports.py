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
    keras = importlib.import_module(root)
    assert keras.Model is rkeras.Model and set(dir(keras)) == set(dir(rkeras))
    assert importlib.import_module(f"{root}.layers") is rkeras.layers
    assert importlib.import_module(f"{root}.utils.np_utils").to_categorical is rkeras.utils.to_categorical


def test_classes_are_the_same_objects():
    from keras.layers import Dense, core
    from keras.layers.core import Dense as OldDense
    from tensorflow import keras
    from tensorflow.keras.layers import Dense as TfDense
    from tensorflow.python.keras.layers.core import Dense as PrivateDense

    assert Dense is OldDense is TfDense is PrivateDense is core.Dense is rkeras.layers.Dense
    assert keras.layers is rkeras.layers and keras.Model is rkeras.Model


def test_versions_are_those_that_scripts_compare():
    import keras
    import tensorflow as tf

    assert keras.__version__ == keras.version() == tf.keras.__version__ and keras is tf.keras
    assert int(keras.__version__.split(".")[0]) == 3 and rkeras.__version__ == rkeras.version() != keras.__version__
    assert int(tf.__version__.split(".")[0]) == 2
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = keras.no_such_name


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
    assert importlib.import_module("keras").layers is rkeras.layers


def test_an_installed_keras_is_not_found_once_installed(tmp_path, monkeypatch):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise RuntimeError('the real one')")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert importlib.import_module("tensorflow").keras.layers is rkeras.layers


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


def test_shapes_and_dtypes_have_the_methods_they_had():
    import numpy as np
    import tensorflow as tf

    x, symbolic, variable = tf.ones((2, 3)), rkeras.Input((3,)), tf.Variable([1.0, 2.0])
    assert x.shape.as_list() == [2, 3] and symbolic.shape.as_list() == [None, 3] and variable.shape.as_list() == [2]
    assert (symbolic.shape.rank, symbolic.shape.ndims, x.shape.num_elements()) == (2, 2, 6)
    assert isinstance(x.shape, tf.TensorShape) and x.shape == (2, 3) and x.shape[1:].as_list() == [3]
    assert f"{x.shape} {symbolic.shape!r} {[x.shape]}" == "(2, 3) (None, 3) [(2, 3)]"
    for tensor in (x, symbolic, variable):
        assert (tensor.dtype.name, tensor.dtype.as_numpy_dtype) == ("float32", np.float32)
        assert tensor.dtype == "float32" == tf.float32 and str(tensor.dtype) == "float32"
    model = rkeras.Sequential([symbolic, rkeras.layers.Dense(2)])
    assert model.output_shape == (None, 2) and model.layers[0].kernel.shape.as_list() == [3, 2]
    again = rkeras.models.model_from_json(model.to_json())
    assert again(np.ones((4, 3))).shape.as_list() == [4, 2]


def test_methods_go_when_keras_goes():
    uninstall_as_keras()
    x = rkeras.ops.ones((2, 3))
    assert type(x.shape) is tuple and type(x.dtype) is str and not hasattr(x, "get_shape")


def test_what_scripts_of_tensorflow_1_set_up():
    import tensorflow as tf
    import tensorflow.compat.v1 as v1

    assert tf.compat.v1 is v1 and v1.keras.layers is rkeras.layers and v1.reduce_mean is tf.reduce_mean
    v1.disable_eager_execution()
    v1.logging.set_verbosity(v1.logging.ERROR)
    assert v1.get_logger().level == v1.logging.get_verbosity() == v1.logging.ERROR
    config = v1.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    with v1.Session(config=config) as session:
        rkeras.backend.set_session(session)
        session.run(v1.global_variables_initializer())
        value, nothing = session.run([tf.constant(2.0) * 3.0, None])
        with pytest.raises(NotImplementedError, match=r"K\.function"):
            session.run(tf.constant(1.0), feed_dict={"x": 1.0})
    assert value == 6.0 and nothing is None and rkeras.backend.get_session().run(tf.Variable(3)) == 3
    v1.set_random_seed(5)
    first = v1.random.normal((3,))
    v1.set_random_seed(5)
    assert (first == v1.random.normal((3,))).numpy().all()
    with pytest.raises(AttributeError, match=r"tf.compat.v1.placeholder_with_default is not in rkeras"):
        _ = v1.placeholder_with_default
