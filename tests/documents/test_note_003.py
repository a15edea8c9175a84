"""The fourth note: a Sequential classifier, its picture, and its files."""

import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

OLD_SPELLING = pytest.mark.filterwarnings("ignore::DeprecationWarning")
rng = np.random.default_rng(0)


def iris(count=60):
    """Three classes that a line through the origin's features can tell apart."""
    y = np.arange(count) % 3
    x = rng.normal(size=(count, 4)) + 3 * np.eye(3, 4)[y]
    return x, np.eye(3)[y]


def trained():
    from keras.layers import Dense
    from keras.models import Sequential

    model = Sequential()
    model.add(Dense(8, input_dim=4, kernel_initializer='uniform', activation='relu'))
    model.add(Dense(3, activation='softmax'))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    x, y = iris()
    model.fit(x, y, batch_size=32, epochs=10, verbose=0)
    return model


@pytest.mark.parametrize(("init", "spread"), [("uniform", 0.05 / 3**0.5), ("normal", 0.05)])
def test_dense_as_it_was_spelled(init, spread):
    from keras.layers import Dense
    from keras.models import Sequential

    model = Sequential()
    with pytest.warns(DeprecationWarning, match="kernel_initializer"):
        model.add(Dense(800, input_dim=4, init=init, activation='relu'))
    kernel, bias = model.get_weights()
    assert kernel.shape == (4, 800) and not bias.any()
    assert kernel.std() == pytest.approx(spread, rel=0.1)
    assert (kernel > 0.05).any() == (init == "normal")


def test_each_connection_has_a_weight():
    from keras.layers import Dense
    from keras.models import Sequential

    kernel, bias = Sequential([Dense(8, input_dim=4)]).get_weights()
    assert kernel.size == 32 and bias.size == 8


@pytest.mark.parametrize(
    ("name", "value", "slope"),
    [
        ("linear", [-2, 3], [1, 1]),
        ("relu", [0, 3], [0, 1]),
        ("leaky_relu", [-0.4, 3], [0.2, 1]),
        ("sigmoid", [1 / (1 + np.exp(2)), 1 / (1 + np.exp(-3))], [0.10499, 0.04518]),
        ("softmax", [1 / (1 + np.exp(5)), 1 / (1 + np.exp(-5))], None),
    ],
)
def test_activations_and_their_derivatives(name, value, slope):
    import tensorflow as tf
    from keras.layers import Activation

    x = tf.Variable([[-2.0, 3.0]])
    with tf.GradientTape() as tape:
        y = Activation(name)(x)
    np.testing.assert_allclose(y[0], value, rtol=1e-5)
    if slope is not None:
        np.testing.assert_allclose(tape.gradient(y, x)[0], slope, rtol=1e-3)


def test_leaky_relu_layer_has_the_slope_of_the_note():
    from keras.layers import LeakyReLU

    with pytest.warns(DeprecationWarning, match="negative_slope"):
        layer = LeakyReLU(alpha=0.1)
    np.testing.assert_allclose(layer(np.array([-2.0, 3.0])), [-0.2, 3.0], rtol=1e-6)


def test_sigmoid_gradients_vanish():
    import tensorflow as tf

    def steepness(depth):
        x = tf.Variable(1.0)
        with tf.GradientTape() as tape:
            y = x
            for _ in range(depth):
                y = tf.sigmoid(y)
        return float(tape.gradient(y, x))

    assert steepness(8) < 1e-3 * steepness(2)


def test_fit_takes_batches_and_epochs():
    from keras.layers import Dense
    from keras.models import Sequential

    model = Sequential([Dense(1, input_dim=4, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    x, y = iris(100)
    model.fit(x, y[:, :1], batch_size=32, epochs=10, verbose=0)
    # 100 questions in portions of 32 are four looks at the answers, ten times over.
    assert int(model.optimizer.iterations) == 4 * 10


def test_a_model_that_overfits_shows_it_in_its_history():
    from keras.callbacks import EarlyStopping
    from keras.layers import Dense
    from keras.models import Sequential

    model = Sequential([Dense(64, input_dim=10, activation="relu"), Dense(1)])
    model.compile("adam", "mse")
    # Nothing can be learnt from noise, only remembered.
    x, y = rng.normal(size=(40, 10)), rng.normal(size=(40, 1))
    history = model.fit(x, y, validation_split=0.5, epochs=300, verbose=0).history
    assert history["loss"][-1] < 0.3 * history["loss"][0]
    assert history["val_loss"][-1] > min(history["val_loss"])
    stopped = model.fit(x, y, validation_split=0.5, epochs=300, verbose=0, callbacks=[EarlyStopping(patience=2)])
    assert len(stopped.epoch) < 300


def test_predict_classes_is_for_sequential_models_of_classes():
    model = trained()
    xhat, y = iris(30)
    with pytest.warns(DeprecationWarning, match=r"predict\(x\)\.argmax"):
        yhat = model.predict_classes(xhat)
    assert (yhat == model.predict(xhat).argmax(axis=1)).all()
    assert (yhat == y.argmax(axis=1)).mean() > 0.5
    with pytest.warns(DeprecationWarning, match=r"predict\(x\)"):
        assert (model.predict_proba(xhat) == model.predict(xhat)).all()


def test_parameters_are_counted_as_the_note_does(capsys):
    from keras.layers import Activation, Dense
    from keras.models import Sequential

    model = Sequential()
    model.add(Dense(10,input_dim=2)) #1번째 히든층 , (노드수 * input) + bias(node) 수
    model.add(Activation('sigmoid'))

    model.add(Dense(10)) #출력 층
    model.add(Activation('sigmoid'))

    model.add(Dense(10)) #출력 층
    model.add(Activation('sigmoid'))

    model.add(Dense(1)) #출력 층
    model.add(Activation('sigmoid'))


    model.summary()
    #입력데이터가 몇개인지 모르기 때문에 출력이 None으로 나옴
    #학습한 파라미터는 261개 , 학습되지 않은 파라미터는 0개
    printed = capsys.readouterr().out
    assert "Total params: 261 (1.02 KB)" in printed and "Non-trainable params: 0 (0.00 B)" in printed
    assert printed.count("(None, 10)") == 6
    assert [layer.count_params() for layer in model.layers] == [30, 0, 110, 0, 110, 0, 11, 0]


def test_svg_of_the_graph_without_graphviz(monkeypatch):
    from keras.utils.vis_utils import model_to_dot

    monkeypatch.setenv("PATH", "")
    model = trained()
    picture = model_to_dot(model, show_shapes=True, dpi=70).create(prog='dot', format='svg')
    assert isinstance(picture, bytes)
    root = ET.fromstring(picture)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = " ".join(root.itertext())
    assert "Dense" in text and "(None, 8)" in text


def test_whole_model_in_a_file(capsys):
    from keras.models import load_model
    from numpy import argmax

    model = trained()
    model.save('model.h5')
    xhat, y_test = iris(30)
    expected = model.predict(xhat)
    steps = int(model.optimizer.iterations)

    model = load_model('model.h5')
    np.testing.assert_array_equal(model.predict(xhat), expected)

    # 3. 모델 사용하기
    xhat_idx = np.arange(5)
    with pytest.warns(DeprecationWarning, match="predict_classes"):
        yhat = model.predict_classes(xhat)
    capsys.readouterr()
    for i in range(5):
        print('True : ' + str(argmax(y_test[xhat_idx[i]])) + ', Predict : ' + str(yhat[i]))
    assert capsys.readouterr().out.startswith(f"True : 0, Predict : {expected[0].argmax()}\n")

    # It goes on where it was, with the state of its optimizer.
    assert int(model.optimizer.iterations) == steps
    first = model.evaluate(xhat, y_test, verbose=0)[0]
    model.fit(xhat, y_test, epochs=20, verbose=0)
    assert model.evaluate(xhat, y_test, verbose=0)[0] < first
    assert int(model.optimizer.iterations) == steps + 20


@OLD_SPELLING
def test_architecture_and_weights_in_files(capsys):
    from keras.models import model_from_json

    model = trained()
    model_json = model.to_json()
    with open("model.json", "w") as json_file :
        json_file.write(model_json)
    assert json.loads(model_json)["class_name"] == "Sequential"

    #Weight를 h5 파일 포맷으로 만들어 저장하기
    model.save_weights("model.h5")

    json_file = open("model.json", "r")  # noqa: SIM115, UP015
    loaded_model_json = json_file.read()
    json_file.close()
    loaded_model = model_from_json(loaded_model_json)
    #가중치도 따로 불러와야 한다....아키텍처만 불러오는것이므로
    assert (loaded_model.get_weights()[0] != model.get_weights()[0]).any()

    loaded_model.load_weights("model.h5")
    for old, new in zip(model.get_weights(), loaded_model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)

    # 모델 컴파일
    loaded_model.compile(loss="binary_crossentropy", optimizer="rmsprop", metrics=['accuracy'])
    # 모델 평가
    X, Y = iris(30)
    score = loaded_model.evaluate(X,Y,verbose=0)
    print("%s : %.2f%%" % (loaded_model.metrics_names[1], score[1]*100))  # noqa: UP031
    expected = (loaded_model.predict(X, verbose=0).argmax(1) == Y.argmax(1)).mean()
    assert capsys.readouterr().out == f"accuracy : {expected:.2%}\n"
