"""Every name that a package offers is there."""

import importlib
import pkgutil

import pytest

import rkeras

PACKAGES = ["rkeras", *(m.name for m in pkgutil.walk_packages(rkeras.__path__, "rkeras.") if m.ispkg)]


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_resolve(package):
    module = importlib.import_module(package)
    missing = []
    for name in getattr(module, "__all__", ()):
        try:
            getattr(module, name)
        except AttributeError:
            missing.append(name)
        except ImportError as error:
            # Estimators need scikit-learn, which says so when they are asked for.
            assert "scikit-learn" in str(error)
    assert not missing


def test_names_of_mixed_precision():
    from rkeras import dtype_policies, mixed_precision

    before = mixed_precision.global_policy()
    try:
        mixed_precision.set_global_policy("mixed_bfloat16")
        dense = rkeras.layers.Dense(1)
        assert (dense.compute_dtype, dense.variable_dtype) == ("bfloat16", "float32")
        assert mixed_precision.global_policy().name == "mixed_bfloat16"
    finally:
        dtype_policies.set_dtype_policy(before)
