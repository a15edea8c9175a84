"""Each test of this directory is a fresh notebook in which Keras and TensorFlow are rkeras."""

import pytest

import rkeras
from rkeras.compat.redirect import install_as_keras, uninstall_as_keras


@pytest.fixture(autouse=True)
def notebook(tmp_path, monkeypatch):
    """Names are counted from zero, random numbers repeat, and files go to a directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    rkeras.utils.clear_session()
    rkeras.utils.set_random_seed(0)
    install_as_keras()
    yield
    uninstall_as_keras()
