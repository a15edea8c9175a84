"""``.weights.h5`` files."""

import os

import h5py
import numpy as np
import pytest

import rkeras
from rkeras import layers


def sequential(units=3):
    model = rkeras.Sequential(
        [rkeras.Input((2,)), layers.Dense(units), layers.BatchNormalization(), layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


class Subclassed(rkeras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(2), layers.Dense(2)]
        self._last = layers.Dense(1)
        self.first = layers.Dense(2)

    def call(self, inputs):
        x = self.first(inputs)
        for block in self.blocks:
            x = block(x)
        return self._last(x)


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a.get_weights(), b.get_weights(), strict=True))


def test_layout_is_that_of_keras(tmp_path):
    path = tmp_path / "m.weights.h5"
    sequential().save_weights(path)
    with h5py.File(path) as file:
        assert sorted(file["layers"]) == ["batch_normalization", "dense", "dense_1"]
        assert file["layers/dense/vars/0"].shape == (2, 3)
        assert file["layers/dense/vars/1"].shape == (3,)
        assert len(file["layers/batch_normalization/vars"]) == 4
        assert file["layers/dense/vars"].attrs["name"].startswith("dense")
        assert len(file["vars"]) == 0


def test_paths_of_a_subclassed_model(tmp_path):
    model = Subclassed()
    model(np.ones((1, 3), "float32"))
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path) as file:
        found = []
        file.visit(lambda name: found.append(name) if name.endswith("/0") else None)
    assert sorted(found) == ["blocks/dense/vars/0", "blocks/dense_1/vars/0", "first/vars/0", "layers/dense_2/vars/0"]
    other = Subclassed()
    other(np.ones((1, 3), "float32"))
    assert not same(model, other)
    other.load_weights(path)
    assert same(model, other)


def test_optimizer_state_goes_along(tmp_path):
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    model = sequential()
    model.fit(x, y, verbose=0)
    path = tmp_path / "m.weights.h5"
    model.save_weights(path)
    with h5py.File(path) as file:
        assert file["optimizer/vars/0"][()] == 1
    other = sequential()
    other.fit(x, y, verbose=0, epochs=3)
    other.load_weights(path)
    assert int(other.optimizer.iterations.numpy()) == 1
    after = [m.fit(x, y, verbose=0, shuffle=False).history["loss"] for m in (model, other)]
    assert after[0] == after[1]
    assert same(model, other)


def test_file_for_another_model_changes_nothing(tmp_path):
    path = tmp_path / "m.weights.h5"
    sequential(3).save_weights(path)
    model = sequential(4)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"nothing was loaded(?s:.*)\(2, 4\).*\(2, 3\)"):
        model.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    with pytest.warns(UserWarning, match="Skipped"):
        model.load_weights(path, skip_mismatch=True)
    assert not np.array_equal(before[-1], model.get_weights()[-1]) or np.array_equal(before[-1], np.zeros(1))


@pytest.mark.parametrize("ending", ["w.h5", "w.hdf5"])
def test_older_layout(tmp_path, ending):
    path = tmp_path / ending
    model = sequential()
    model.save_weights(path)
    with h5py.File(path) as file:
        names = [n.decode() for n in file.attrs["layer_names"]]
        assert names == [layer.name for layer in model.layers]
        weights = [n.decode() for n in file[names[0]].attrs["weight_names"]]
        assert file[names[0]][weights[0]].shape == (2, 3)
    other = sequential()
    other.load_weights(path)
    assert same(model, other)
    with pytest.raises(ValueError, match=r"3 layers with weights.*by_name=True"):
        rkeras.Sequential([rkeras.Input((2,)), layers.Dense(3)]).load_weights(path)


def test_older_layout_by_name(tmp_path):
    def build(names, units):
        return rkeras.Sequential(
            [rkeras.Input((2,)), *(layers.Dense(u, name=n) for n, u in zip(names, units, strict=True))]
        )

    path = tmp_path / "w.h5"
    model = build("ab", (2, 3))
    model.save_weights(path)
    other = build("cba", (2, 2, 4))
    kept = other.get_layer("c").get_weights()
    with pytest.raises(ValueError, match=r"layer|shape"):
        other.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="Skipped"):
        other.load_weights(path, by_name=True, skip_mismatch=True)
    assert np.array_equal(other.get_layer("c").get_weights()[0], kept[0])
    fitting = build("ba", (3, 5))
    with pytest.warns(UserWarning, match="Skipped"):
        fitting.load_weights(path, by_name=True, skip_mismatch=True)
    assert np.array_equal(fitting.get_layer("b").get_weights()[0], model.get_layer("b").get_weights()[0])


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.weights.h5"
    model = sequential()
    model.save_weights(path)
    old = path.read_bytes()

    def fail(store):
        raise KeyboardInterrupt

    monkeypatch.setattr(model.layers[-1], "save_own_variables", fail)
    with pytest.raises(KeyboardInterrupt):
        model.save_weights(path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["m.weights.h5"]


def test_path_errors(tmp_path):
    model = sequential()
    with pytest.raises(ValueError, match=r"weights\.h5"):
        model.save_weights(tmp_path / "m.txt")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        model.save_weights(tmp_path / "no" / "m.weights.h5")
    with pytest.raises(FileNotFoundError, match="There is no"):
        model.load_weights(tmp_path / "m.weights.h5")
    (tmp_path / "m.weights.h5").write_text("text")
    with pytest.raises(ValueError, match="no HDF5 file"):
        model.load_weights(tmp_path / "m.weights.h5")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save_weights(tmp_path / "m.weights.h5", overwrite=False)
    with pytest.raises(ValueError, match="no weights"):
        rkeras.Sequential([layers.Dense(1)]).save_weights(tmp_path / "n.weights.h5")


def hostile(path, kind):
    sequential().save_weights(path)
    with h5py.File(path, "a") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        if kind == "external link":
            group["0"] = h5py.ExternalLink("/etc/passwd", "/")
        elif kind == "soft link":
            group["0"] = h5py.SoftLink("/layers/dense_1/vars/0")
        elif kind == "external storage":
            group.create_dataset("0", (2, 3), "f4", external=[("/etc/passwd", 0, 24)])
        elif kind == "virtual":
            layout = h5py.VirtualLayout((2, 3), "f4")
            layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2, 3))
            group.create_virtual_dataset("0", layout)
        elif kind == "huge":
            group.create_dataset("0", (1 << 50,), "f4", chunks=(1 << 20,), compression="gzip")
        elif kind == "text":
            group.create_dataset("0", data=[["a", "b", "c"]] * 2, dtype=h5py.string_dtype())
        elif kind == "group":
            group.create_group("0")


@pytest.mark.parametrize(
    "kind", ["external link", "soft link", "external storage", "virtual", "huge", "text", "group"]
)
def test_hostile_files(tmp_path, kind):
    path = tmp_path / "m.weights.h5"
    hostile(path, kind)
    model = sequential()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"layers/dense/vars/0|'0' in the file"):
        model.load_weights(path)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
