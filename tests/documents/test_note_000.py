"""The first note: models in all three styles, and everything it names of a model's attributes and methods."""

import numpy as np
import pytest

rng = np.random.default_rng(0)


def hybrid():
    from tensorflow.keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
    from tensorflow.keras.models import Model, Sequential

    class CNN_Model(Model):
        def __init__(self):
            super(CNN_Model, self).__init__()  # noqa: UP008

            # feature extractor
            self.fe = Sequential()
            self.fe.add(Conv2D(filters = 8, kernel_size = 5, padding = 'same', activation = 'relu'))
            self.fe.add(MaxPooling2D(pool_size = 2, strides = 2))
            self.fe.add(Conv2D(filters = 32, kernel_size = 5, padding = 'same', activation = 'relu'))
            self.fe.add(MaxPooling2D(pool_size = 2, strides = 2))

            # classifier
            self.classifier = Sequential()
            self.classifier.add(Flatten())
            self.classifier.add(Dense(units = 64, activation = 'relu'))
            self.classifier.add(Dense(units = 10, activation = 'softmax'))

        def call(self, x):
            x = self.fe(x)
            x = self.classifier(x)
            return x

    return CNN_Model()


def images(count):
    return rng.random((count, 28, 28, 1), "float32"), np.eye(10, dtype="float32")[np.arange(count) % 10]


def test_sequential_is_called_like_a_function():
    import tensorflow as tf
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Sequential

    X = tf.random.normal(shape = (4, 10))

    model = Sequential()
    model.add(Dense(units = 10, activation = 'sigmoid'))
    model.add(Dense(units = 20, activation = 'sigmoid'))

    Y = model(X)
    value = np.array(X)
    for layer in model.layers:
        kernel, bias = layer.get_weights()
        value = 1 / (1 + np.exp(-(value @ kernel + bias)))
    np.testing.assert_allclose(Y, value, rtol=1e-5)


def test_a_sequential_feature_extractor_in_a_subclassed_model(capsys):
    model = hybrid()
    model.build(input_shape = (None, 28, 28, 1))
    model.summary()
    printed = capsys.readouterr().out
    assert "(None, 7, 7, 32)" in printed and "Total params: 107,706 (420.73 KB)" in printed
    assert [len(part.layers) for part in (model.fe, model.classifier)] == [4, 3]


def test_functional_model():
    import tensorflow as tf
    from tensorflow.keras.layers import Dense, Flatten, Input
    from tensorflow.keras.models import Model

    INPUT_SIZE_W, INPUT_SIZE_H = 6, 5
    input_tensor = Input(shape = (INPUT_SIZE_W, INPUT_SIZE_H)) # create instance

    x = Flatten()(input_tensor)
    x = Dense(units = 10, activation = 'sigmoid')(x)
    output = Dense(units = 20, activation = 'sigmoid')(x)

    model = Model(inputs = input_tensor, outputs = output)
    assert (model.input_shape, model.output_shape) == ((None, 6, 5), (None, 20))
    assert model(tf.ones((2, 6, 5))).shape == (2, 20)


def test_a_functional_model_in_a_subclassed_one(capsys):
    from tensorflow.keras.layers import Dense, Flatten, Input
    from tensorflow.keras.models import Model

    class Softmax(Model):
        def __init__(self, cell_size, num_classes):
            super(Softmax, self).__init__()  # noqa: UP008
            input_tensor = Input(shape = (cell_size, cell_size, num_classes))
            pred_P = Flatten()(input_tensor)
            output = Dense(cell_size * cell_size * num_classes , activation = 'softmax')(pred_P)

            model = Model(inputs = input_tensor, outputs=output)
            self.model = model
            # print model structure
            self.model.summary()

        def call(self, pred_P):
            return self.model(pred_P)

    model = Softmax(3, 2)
    assert "Total params: 342 (1.34 KB)" in capsys.readouterr().out
    assert np.array(model(np.ones((2, 3, 3, 2)))).sum() == pytest.approx(2)
    model.compile("sgd", "categorical_crossentropy")
    before = model.model.get_weights()[0]
    model.fit(rng.random((8, 3, 3, 2)), np.eye(18)[:8], verbose=0)
    assert (model.model.get_weights()[0] != before).any()


@pytest.fixture
def subclassed():
    import tensorflow as tf
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Model

    X = tf.random.normal(shape = (4, 10))

    class TestModel(Model):						# 여기서부터
        def __init__(self):
            super(TestModel, self).__init__()  	# 여기까지 고정, 외우자  # noqa: UP008

            self.dense1 = Dense(units = 10, activation = 'sigmoid')
            self.dense2 = Dense(units = 20, activation = 'sigmoid')

        def call(self, x):
            x = self.dense1(x)
            x = self.dense2(x)
            return x

    model = TestModel() 	# Dense Layer이 2개가 있는 Model 생성
    Y = model(X)			# call 함수 자동 호출
    assert Y.shape == (4, 20)
    return model


def test_layers_of_a_model(subclassed):
    model = subclassed
    assert model.layers[0] is model.dense1
    w, b = model.layers[0].get_weights() # 이런것도 가능
    assert isinstance(w, np.ndarray) and (w.shape, b.shape) == ((10, 10), (10,))

    layers = model.layers
    assert [layer.name for layer in layers] == ["dense", "dense_1"]
    assert [layer.__class__.__name__ for layer in layers] == ["Dense", "Dense"]
    for layer in layers:
        assert layer.weights == [layer.kernel, layer.bias]
    assert model.trainable_variables == [*layers[0].weights, *layers[1].weights]
    assert [w.name for w in model.trainable_weights] == ["kernel", "bias", "kernel", "bias"]


def test_trainable_freezes_layers(subclassed):
    model = subclassed
    layers = model.layers
    for layer in layers:
        assert layer.trainable is True
        layer.trainable = True
    layers[0].trainable = False
    assert model.trainable_variables == layers[1].weights and model.non_trainable_weights == layers[0].weights
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(rng.random((8, 10)), rng.random((8, 20)), verbose=0)
    assert [(old != new).any() for old, new in zip(before, model.get_weights(), strict=True)] == [False, False, True, True]


def test_a_wrapped_layer_and_the_names_of_weights():
    from tensorflow.keras.layers import BatchNormalization, Dense, Input, TimeDistributed
    from tensorflow.keras.models import Model

    input_tensor = Input((4, 6))
    x = TimeDistributed(Dense(3), name="each_step")(input_tensor)
    model = Model(input_tensor, BatchNormalization()(x))
    layers = model.layers
    assert [layer.layer.name for layer in layers if layer.__class__.__name__ == "TimeDistributed"] == ["dense"]
    assert [w.name for w in model.trainable_weights] == ["kernel", "bias", "gamma", "beta"]
    assert layers[1].output.shape == (None, 4, 3)
    value = rng.random((2, 4, 6), "float32")
    kernel, bias = layers[1].get_weights()
    np.testing.assert_allclose(Model(input_tensor, layers[1].output)(value), value @ kernel + bias, rtol=1e-5)


def test_inputs_and_outputs_of_a_model_with_many():
    import tensorflow.keras.layers as KL
    import tensorflow.keras.models as KM

    input_image, input_image_meta, input_anchors = (KL.Input((size,)) for size in (8, 3, 4))
    merged = KL.Concatenate()([input_image, input_image_meta, input_anchors])
    outputs = [KL.Dense(units)(merged) for units in range(1, 8)]
    detections, mrcnn_class, mrcnn_bbox, mrcnn_mask, rpn_rois, rpn_class, rpn_bbox = outputs
    with pytest.warns(DeprecationWarning, match="inputs"):
        model = KM.Model(input = [input_image, input_image_meta, input_anchors],
                         output = [detections, mrcnn_class, mrcnn_bbox,
                                   mrcnn_mask, rpn_rois, rpn_class, rpn_bbox],
                         name='mask_rcnn')

    input_list = model.input
    output_list = model.output
    assert all(a is b for a, b in zip(input_list, [input_image, input_image_meta, input_anchors], strict=True))
    assert all(a is b for a, b in zip(output_list, outputs, strict=True))
    assert model.name == "mask_rcnn"


def test_losses_and_metrics_as_lists_one_adds_to(subclassed):
    model = subclassed
    value_loss = 100
    assert 100 not in model.losses
    model.add_loss(value_loss)
    assert 100 in model.losses

    loss_names = ["rpn_class_loss",  "rpn_bbox_loss",
                  "mrcnn_class_loss", "mrcnn_bbox_loss", "mrcnn_mask_loss"]

    assert model.metrics_names == []
    for name in loss_names:
        model.metrics_names.append(name)
    assert model.metrics_names == loss_names

    loss_value = model(np.ones((1, 10)))
    model.metrics_tensors = []	# initial 선언 해 주어야 함
    model.metrics_tensors.append(loss_value)
    assert model.metrics_tensors == [loss_value]


def detector():
    """A small model that computes its losses in Lambda layers, as Mask R-CNN does."""
    import tensorflow as tf
    import tensorflow.keras.backend as K
    import tensorflow.keras.layers as KL
    import tensorflow.keras.models as KM

    def rpn_class_loss_graph(rpn_match, rpn_class_logits):
        anchor_class = K.cast(K.equal(rpn_match, 1), "float32")
        loss = K.binary_crossentropy(target=anchor_class, output=tf.sigmoid(rpn_class_logits))
        return K.mean(loss)

    input_image = KL.Input(shape=(8,), name="input_image")
    input_rpn_match = KL.Input(shape=(3,), name="input_rpn_match")
    input_bbox = KL.Input(shape=(4,), name="input_bbox")
    shared = KL.BatchNormalization()(KL.Dense(16, activation="relu")(input_image))
    rpn_class_logits = KL.Dense(3, name="rpn_class_logits")(shared)
    rpn_bbox = KL.Dense(4, name="rpn_bbox")(shared)
    rpn_class_loss = KL.Lambda(lambda x: rpn_class_loss_graph(*x),
                               name="rpn_class_loss")([input_rpn_match, rpn_class_logits])
    rpn_bbox_loss = KL.Lambda(lambda x: K.mean(K.abs(x[0] - x[1])), name="rpn_bbox_loss")([input_bbox, rpn_bbox])
    inputs = [input_image, input_rpn_match, input_bbox]
    return KM.Model(inputs, [rpn_class_logits, rpn_bbox, rpn_class_loss, rpn_bbox_loss], name="detector")


def batches():
    while True:
        image = rng.random((16, 8), "float32")
        yield [image, (image[:, :3] > 0.5).astype("float32"), image[:, :4] * 2], []


def compile_detector(model):
    """As Mask R-CNN does: losses that layers computed, and a penalty on the weights."""
    import tensorflow as tf
    from tensorflow import keras

    loss_names = ["rpn_class_loss", "rpn_bbox_loss"]
    for name in loss_names:
        layer = model.get_layer(name)
        if layer.output in model.losses:
            continue
        model.add_loss(tf.reduce_mean(layer.output, keepdims=True))
    model.add_loss(lambda: tf.add_n([
        keras.regularizers.l2(1e-4)(w) / tf.cast(tf.size(w), tf.float32)
        for w in model.trainable_weights
        if 'gamma' not in w.name and 'beta' not in w.name]))
    model.compile(optimizer=keras.optimizers.SGD(lr=0.1, momentum=0.9), loss=[None] * len(model.outputs))
    return loss_names


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("way", ["add_metric", "metrics_tensors"])
def test_losses_computed_by_lambda_layers_are_trained_and_shown(way):
    model = detector()
    loss_names = compile_detector(model)
    for name in loss_names:
        assert name not in model.metrics_names
        layer = model.get_layer(name)
        loss = layer.output
        if way == "add_metric":
            model.add_metric(loss, name=name, aggregation='mean')
        else:
            model.metrics_names.append(name)
            model.metrics_tensors.append(loss)
    history = model.fit_generator(batches(), steps_per_epoch=10, epochs=3, verbose=0).history
    assert set(history) == {"loss", *loss_names}
    for values in history.values():
        assert values[-1] < values[0]
    total = np.array(history["rpn_class_loss"]) + history["rpn_bbox_loss"]
    np.testing.assert_allclose(history["loss"], total, rtol=0.02)
    assert np.all(np.array(history["loss"]) > total)


def test_get_layer_and_output_of_a_loss():
    model = detector()
    name = "rpn_class_loss"
    layer = model.get_layer(name)
    assert layer is model.layers[-2] and layer.__class__.__name__ == "Lambda"
    rpn_class_loss = layer.output
    assert rpn_class_loss is model.output[2] and rpn_class_loss.shape == ()
    with pytest.raises(ValueError, match="rpn_class_los"):
        model.get_layer("rpn_class_los")


def test_compile_with_objects():
    from tensorflow.keras.losses import CategoricalCrossentropy
    from tensorflow.keras.metrics import Mean
    from tensorflow.keras.optimizers import SGD

    loss_object = CategoricalCrossentropy()
    with pytest.warns(DeprecationWarning, match="learning_rate"):
        optimizer_object = SGD(lr = 0.01)
    accuracy_object = Mean()
    assert float(optimizer_object.learning_rate) == pytest.approx(0.01)

    model = hybrid()
    model.compile(loss = loss_object,
                  optimizer = optimizer_object,
                  metrics = accuracy_object)
    train_image, train_label = images(20)
    loss_accs = model.fit(train_image, train_label, epochs=2, batch_size=10, verbose=None)
    assert set(loss_accs.history) == {"loss", "mean"} and len(loss_accs.history["loss"]) == 2


def test_fit_predict_evaluate(capsys):
    from tensorflow.keras.callbacks import ModelCheckpoint

    model = hybrid()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    train_images, train_oh_labels = images(40)
    val_images, val_oh_labels = images(20)
    mcp_cb = ModelCheckpoint("best.weights.h5", save_weights_only=True)
    loss_accs = model.fit(x = train_images, y = train_oh_labels, batch_size = 16, epochs = 2,
                          validation_data = (val_images, val_oh_labels), callbacks = [mcp_cb], verbose = None)
    assert capsys.readouterr().out == ""
    assert len(loss_accs.history['loss']) == len(loss_accs.history['accuracy']) == 2
    assert set(loss_accs.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    model.fit(train_images, train_oh_labels, verbose = 1)
    assert "2/2" in capsys.readouterr().out

    test_data = val_images
    pred_proba = model.predict(test_data)
    assert isinstance(pred_proba, np.ndarray) and pred_proba.shape == (20, 10)
    assert 0 <= pred_proba[0].min() and pred_proba[0].max() <= 1 and pred_proba[0].sum() == pytest.approx(1, rel=1e-5)
    alone = model.predict(np.expand_dims(test_data[0], axis = 0))
    np.testing.assert_allclose(alone[0], pred_proba[0], rtol=1e-4)

    result = model.evaluate(val_images, val_oh_labels, batch_size = 8)
    assert result[1] == pytest.approx((pred_proba.argmax(1) == val_oh_labels.argmax(1)).mean())

    saved = hybrid()
    saved.build((None, 28, 28, 1))
    saved.load_weights("best.weights.h5")
    assert saved.predict(test_data).shape == (20, 10)


def test_a_callback_changes_the_learning_rate_while_training():
    from tensorflow.keras.callbacks import Callback
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.models import Sequential

    class Halve(Callback):
        def __init__(self):
            super().__init__()
            self.rates = []

        def on_train_batch_end(self, batch, logs=None):
            self.rates.append(float(self.model.optimizer.learning_rate))
            self.model.optimizer.learning_rate = self.rates[-1] / 2

    model = Sequential([Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    halve = Halve()
    # The gradient of the loss is -2 at weight 0, so the steps show which rate each batch was trained with.
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, callbacks=[halve], verbose=0)
    np.testing.assert_allclose(halve.rates, [0.01, 0.005, 0.0025])
    weight = 0.0
    for rate in halve.rates:
        weight += rate * 2 * (1 - weight)
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(weight, rel=1e-5)


def test_fit_generator(tmp_path):
    import tensorflow.keras.callbacks as KC

    def train_generator():
        while True:
            yield images(8)

    model = hybrid()
    model.compile("sgd", "categorical_crossentropy")
    callbacks = [KC.TensorBoard(log_dir = str(tmp_path / "logs"),
                        histogram_freq=0, write_graph=True, write_images=False),
                KC.ModelCheckpoint(str(tmp_path / "{epoch:02d}.weights.h5"),
                        verbose=0, save_weights_only=True)]
    with pytest.warns(DeprecationWarning, match=r"model\.fit\(generator\)"):
        history = model.fit_generator(
            train_generator(),
            validation_data=train_generator(),
            validation_steps=2,
            epochs=4,
            steps_per_epoch=3,
            initial_epoch=2,
            callbacks=callbacks,
            max_queue_size=10,
            workers=0,
            use_multiprocessing=False,
        )
    assert history.epoch == [2, 3] and set(history.history) == {"loss", "val_loss"}
    assert int(model.optimizer.iterations) == 6
    assert sorted(path.name for path in tmp_path.glob("*.weights.h5")) == ["03.weights.h5", "04.weights.h5"]
    assert [path for path in (tmp_path / "logs").rglob("*") if "tfevents" in path.name]


def test_save_to_a_directory_and_load(tmp_path, capsys):
    import tensorflow as tf
    from tensorflow.keras.layers import Dense, Flatten
    from tensorflow.keras.models import Sequential, load_model

    model = Sequential([Flatten(), Dense(10, activation='softmax')])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    model.fit(*images(8), verbose=0)
    test_data, _ = images(3)
    expected = model.predict(test_data)
    path = str(tmp_path / "saved")
    model.save(path)
    assert (tmp_path / "saved" / "saved_model.pb").is_file()

    model = load_model(path)
    capsys.readouterr()
    model.summary()
    assert "7,850" in capsys.readouterr().out
    np.testing.assert_array_equal(model.predict(test_data), expected)
    before = model.get_weights()[0]
    model.fit(*images(8), verbose=0)
    assert (model.get_weights()[0] != before).any()

    model = tf.keras.models.load_model(path)
    np.testing.assert_array_equal(model.predict(test_data), expected)


def test_a_subclassed_model_is_loaded_with_its_class(tmp_path):
    from tensorflow.keras.models import load_model

    model = hybrid()
    model.compile("sgd", "categorical_crossentropy")
    test_data, labels = images(3)
    model.fit(test_data, labels, verbose=0)
    path = str(tmp_path / "saved")
    model.save(path)
    # A file cannot say which code to run, so a class of one's own is named.
    with pytest.raises(TypeError, match="custom_objects="):
        load_model(path)
    loaded = load_model(path, custom_objects={"CNN_Model": type(model)})
    np.testing.assert_array_equal(loaded.predict(test_data), model.predict(test_data))
