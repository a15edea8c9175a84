"""The third note: Sequential and functional models, with what it shows of their printed forms."""

import numpy as np
import pytest

TABLE = """\
Model: "{name}"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
{rows}
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: {total}
 Trainable params: {total}
 Non-trainable params: 0 (0.00 B)
"""
RULE = "\n├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤\n"


def table(name, total, *rows):
    return TABLE.format(name=name, total=total, rows=RULE.join(rows))


@pytest.fixture
def stacked():
    from tensorflow import keras
    from tensorflow.keras import layers

    # Written twice in the note: as a list, then with add; what it prints is of the second.
    model=keras.Sequential([
        layers.Dense(64,activation="relu"),
        layers.Dense(10,activation="softmax")
    ])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1"] and model.name == "sequential"

    model=keras.Sequential()
    model.add(layers.Dense(64,activation="relu"))
    model.add(layers.Dense(10,activation="softmax"))
    return model


def test_weights_exist_once_the_input_size_is_known(stacked):
    model = stacked
    assert model.weights == []

    model.build(input_shape=(None,3))
    assert [repr(weight) for weight in model.weights] == [
        "<KerasVariable shape=(3, 64), dtype=float32, path=sequential_1/dense_2/kernel>",
        "<KerasVariable shape=(64,), dtype=float32, path=sequential_1/dense_2/bias>",
        "<KerasVariable shape=(64, 10), dtype=float32, path=sequential_1/dense_3/kernel>",
        "<KerasVariable shape=(10,), dtype=float32, path=sequential_1/dense_3/bias>",
    ]


def test_summary_is_the_table_of_the_note(stacked, capsys):
    model = stacked
    model.build(input_shape=(None,3))
    model.summary()
    assert capsys.readouterr().out == table(
        "sequential_1",
        "906 (3.54 KB)",
        "│ dense_2 (Dense)                      │ (None, 64)                  │             256 │",
        "│ dense_3 (Dense)                      │ (None, 10)                  │             650 │",
    )


def test_summary_before_the_build_says_what_to_do(stacked, capsys):
    stacked.summary()
    printed = capsys.readouterr().out
    assert "0 (unbuilt)" in printed and "call model.build(input_shape)" in printed


def test_models_and_layers_can_be_named(capsys):
    from tensorflow import keras
    from tensorflow.keras import layers

    model=keras.Sequential(name="my_example_model")
    model.add(layers.Dense(64,activation="relu",name="my_first_layer"))
    model.add(layers.Dense(10,activation="softmax",name="my_last_layer"))
    model.build((None,3))
    model.summary()
    assert capsys.readouterr().out == table(
        "my_example_model",
        "906 (3.54 KB)",
        "│ my_first_layer (Dense)               │ (None, 64)                  │             256 │",
        "│ my_last_layer (Dense)                │ (None, 10)                  │             650 │",
    )


def test_an_input_first_makes_the_weights_at_once(stacked, capsys):
    from tensorflow import keras
    from tensorflow.keras import layers

    keras.Sequential()
    model=keras.Sequential()
    model.add(keras.Input(shape=(3,)))
    model.add(layers.Dense(64,activation="relu"))
    model.summary()
    first = "│ dense_4 (Dense)                      │ (None, 64)                  │             256 │"
    assert capsys.readouterr().out == table("sequential_3", "256 (1.00 KB)", first)
    assert [tuple(weight.shape) for weight in model.weights] == [(3, 64), (64,)]

    model.add(layers.Dense(10,activation="softmax"))
    model.summary()
    second = "│ dense_5 (Dense)                      │ (None, 10)                  │             650 │"
    assert capsys.readouterr().out == table("sequential_3", "906 (3.54 KB)", first, second)


def test_functional_example(capsys):
    from tensorflow import keras
    from tensorflow.keras import layers

    inputs=keras.Input(shape=(3,),name="my_input")
    features=layers.Dense(64,activation="relu")(inputs)
    outputs=layers.Dense(10,activation="softmax")(features)
    model=keras.Model(inputs=inputs,outputs=outputs)
    model.summary()
    assert capsys.readouterr().out == table(
        "functional",
        "906 (3.54 KB)",
        "│ my_input (InputLayer)                │ (None, 3)                   │               0 │",
        "│ dense (Dense)                        │ (None, 64)                  │             256 │",
        "│ dense_1 (Dense)                      │ (None, 10)                  │             650 │",
    )
    # 1 and 2 of the note: symbolic tensors know shape and dtype, and a layer returns another.
    assert (inputs.shape, inputs.dtype) == ((None, 3), "float32")
    assert (features.shape, outputs.shape) == ((None, 64), (None, 10))
    assert model(np.zeros((5, 3))).shape == (5, 10)


@pytest.fixture
def tickets():
    from tensorflow import keras
    from tensorflow.keras import layers

    vocabulary_size=10000
    num_tags=100
    num_departments=4

    title=keras.Input(shape=(vocabulary_size,),name="title")
    text_body=keras.Input(shape=(vocabulary_size,),name="text_body")
    tags=keras.Input(shape=(num_tags,),name="tags")

    features=layers.concatenate([title,text_body,tags])
    features=layers.Dense(64,activation="relu")(features)

    priority=layers.Dense(1,activation="sigmoid",name="priority")(features)
    department=layers.Dense(num_departments,activation="softmax",name="department")(features)

    return keras.Model(inputs=[title,text_body,tags],
                       outputs=[priority,department])


@pytest.fixture
def data():
    vocabulary_size=10000
    num_tags=100
    num_departments=4
    num_samples=96

    title_data=np.random.randint(0,2,size=(num_samples,vocabulary_size))
    text_body_data=np.random.randint(0,2,size=(num_samples,vocabulary_size))
    tags_data=np.random.randint(0,2,size=(num_samples,num_tags))

    priority_data=np.random.random(size=(num_samples,1))
    department_data=np.random.randint(0,2,size=(num_samples,num_departments))
    return title_data, text_body_data, tags_data, priority_data, department_data


LOGS = {"loss", "priority_loss", "department_loss", "priority_mean_absolute_error", "department_accuracy"}


def test_tickets_as_lists(tickets, data):
    model = tickets
    title_data, text_body_data, tags_data, priority_data, department_data = data
    model.compile(optimizer="rmsprop",
                  loss=["mean_squared_error","categorical_crossentropy"],
                  metrics=[["mean_absolute_error"],["accuracy"]])
    before = model.get_weights()
    history = model.fit([title_data,text_body_data,tags_data],
                        [priority_data,department_data],
                        epochs=1)
    assert set(history.history) == LOGS
    assert all((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    scores = model.evaluate([title_data,text_body_data,tags_data],
                            [priority_data,department_data])
    named = dict(zip(model.metrics_names, scores, strict=True))
    assert set(named) == LOGS
    assert named["loss"] == pytest.approx(named["priority_loss"] + named["department_loss"], rel=1e-5)
    # The note has the list of inputs in another list.
    priority_preds,department_preds=model.predict([[title_data,text_body_data,tags_data]])
    assert named["priority_mean_absolute_error"] == pytest.approx(abs(priority_preds - priority_data).mean(), rel=1e-4)
    np.testing.assert_allclose(department_preds.sum(axis=1), 1, rtol=1e-5)
    plain = model.predict([title_data,text_body_data,tags_data])
    assert (plain[0] == priority_preds).all() and (plain[1] == department_preds).all()


def test_tickets_as_dictionaries(tickets, data):
    model = tickets
    title_data, text_body_data, tags_data, priority_data, department_data = data
    model.compile(optimizer="rmsprop",
                  loss={"priority":"mean_squared_error",
                        "department":"categorical_crossentropy"},
                  metrics={"priority":["mean_absolute_error"],"department":["accuracy"]})
    history = model.fit({"title":title_data,"text_body":text_body_data,"tags":tags_data},
                        {"priority":priority_data,"department":department_data},
                        epochs=1)
    assert set(history.history) == LOGS
    scores = model.evaluate({"title":title_data,"text_body":text_body_data,"tags":tags_data},
                            {"priority":priority_data,"department":department_data})
    # The order of a dictionary's keys does not matter.
    assert scores == model.evaluate({"tags":tags_data,"text_body":text_body_data,"title":title_data},
                                    {"department":department_data,"priority":priority_data})
    priority_preds,department_preds=model.predict({"title":title_data,"text_body":text_body_data,"tags":tags_data})
    assert isinstance(priority_preds, np.ndarray) and priority_preds.shape == (96, 1)
    assert isinstance(department_preds, np.ndarray) and department_preds.shape == (96, 4)


def test_pictures_of_the_graph(tickets):
    from tensorflow import keras

    model = tickets
    keras.utils.plot_model(model,"ticket_classifier.svg",show_shapes=True)
    with open("ticket_classifier.svg", encoding="utf-8") as file:
        drawing = file.read()
    assert all(text in drawing for text in ("department", "(None, 20100)"))

    Image = pytest.importorskip("PIL.Image")
    keras.utils.plot_model(model,"ticket_classifier.png")
    with Image.open("ticket_classifier.png") as picture:
        small = picture.size
    keras.utils.plot_model(model,"ticket_classifier.png",show_shapes=True)
    with Image.open("ticket_classifier.png") as picture:
        assert picture.format == "PNG"
        # Shapes take room.
        assert picture.width > small[0] and picture.height > small[1]


def test_layers_and_tensors_of_the_graph_print_as_in_the_note(tickets):
    from tensorflow import keras

    model = tickets
    assert [repr(layer) for layer in model.layers] == [
        "<InputLayer name=title, built=True>",
        "<InputLayer name=text_body, built=True>",
        "<InputLayer name=tags, built=True>",
        "<Concatenate name=concatenate, built=True>",
        "<Dense name=dense, built=True>",
        "<Dense name=priority, built=True>",
        "<Dense name=department, built=True>",
    ]
    assert [repr(tensor) for tensor in model.layers[3].input] == [
        "<KerasTensor shape=(None, 10000), dtype=float32, sparse=None, name=title>",
        "<KerasTensor shape=(None, 10000), dtype=float32, sparse=None, name=text_body>",
        "<KerasTensor shape=(None, 100), dtype=float32, sparse=None, name=tags>",
    ]
    start = "<KerasTensor shape=(None, 20100), dtype=float32, sparse=False, name=keras_tensor"
    assert repr(model.layers[3].output).startswith(start)

    # What the note says this is good for: taking a layer's output as that of a new model, with the same weights.
    features = keras.Model(inputs=model.inputs, outputs=model.layers[4].output)
    assert features.layers[4] is model.layers[4]
    arrays = [np.ones((2, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    kernel, bias = model.layers[4].get_weights()
    expected = np.maximum(np.concatenate(arrays, axis=1) @ kernel + bias, 0)
    np.testing.assert_allclose(features.predict(arrays), expected, rtol=1e-4, atol=1e-4)


def test_every_workflow_can_call_the_others():
    from tensorflow import keras
    from tensorflow.keras import layers

    class Classifier(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.head = layers.Dense(2, activation="softmax")

        def call(self, x):
            return self.head(self.inner(x))

    inputs = keras.Input((6,))
    functional = keras.Model(inputs, layers.Dense(4, activation="relu")(inputs))
    subclassed = Classifier(keras.Sequential([functional, layers.Dense(3)]))
    model = keras.Model(inputs, subclassed(inputs))
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = functional.get_weights()
    model.fit(np.random.rand(8, 6), np.arange(8) % 2, verbose=0)
    assert len(model.trainable_weights) == 6
    assert (before[0] != functional.get_weights()[0]).any()
