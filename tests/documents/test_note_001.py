"""The second note, whole, as a script that ``python -m rkeras`` runs as it is."""

import os
import subprocess
import sys

# The note's blocks in its order; what it leaves open (an activation's typo, a size, a call that passes) is filled in.
SCRIPT = """
import tensorflow as tf
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense

from tensorflow.keras.models import Sequential

X = tf.random.normal(shape = (4, 10))

model = Sequential()
model.add(Dense(units = 10, activation = 'sigmoid'))
model.add(Dense(units = 20, activation = 'sigmoid'))

Y = model(X)
print("called:", Y.shape, Y.dtype == tf.float32)

model = Sequential()
model.add(Dense(units = 10, activation = 'sigmoid'))
model.build(input_shape = (None, 10))
print("built:", [tuple(weight.shape) for weight in model.weights])

from tensorflow.keras.layers import Dense

from tensorflow.keras.models import Model

X = tf.random.normal(shape = (4, 10))

class TestModel(Model):
    def __init__(self):
        super(TestModel, self).__init__()

        self.dense1 = Dense(units = 10, activation = 'sigmoid')
        self.dense2 = Dense(units = 20, activation = 'sigmoid')

    def call(self, x):
        x = self.dense1(x)
        x = self.dense2(x)
        return x

model = TestModel()
Y = model(X)
print("subclassed:", Y.shape)

model.layers[0]
w, b = model.layers[0].get_weights()
print("first layer:", model.layers[0].name, w.shape, b.shape)
print("trainable:", [variable.name for variable in model.trainable_variables])

class Test_Model(Model):
    def __init__(self):
        super(Test_Model, self).__init__()
        pass

    def call(self, x):
        pass

model = Test_Model()
model.build(input_shape = (None, 28, 28, 1))
model.summary()

from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.layers import Conv2D, MaxPooling2D
from tensorflow.keras.layers import Flatten, Dense

class CNN_Model(Model):
    def __init__(self):
        super(CNN_Model, self).__init__()

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


model = CNN_Model()
model.build(input_shape = (None, 28, 28, 1))
model.summary()
"""

PRINTED = """\
called: (4, 20) True
built: [(10, 10), (10,)]
subclassed: (4, 20)
first layer: dense_3 (10, 10) (10,)
trainable: ['kernel', 'bias', 'kernel', 'bias']
Model: "test__model"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 0 (0.00 B)
 Trainable params: 0 (0.00 B)
 Non-trainable params: 0 (0.00 B)
Model: "cnn__model"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━┓
┃ Layer (type)                         ┃ Output Shape                ┃         Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━┩
│ sequential_2 (Sequential)            │ (None, 7, 7, 32)            │           6,640 │
├──────────────────────────────────────┼─────────────────────────────┼─────────────────┤
│ sequential_3 (Sequential)            │ (None, 10)                  │         101,066 │
└──────────────────────────────────────┴─────────────────────────────┴─────────────────┘
 Total params: 107,706 (420.73 KB)
 Trainable params: 107,706 (420.73 KB)
 Non-trainable params: 0 (0.00 B)
"""


def test_the_note_runs_as_an_unmodified_script(tmp_path):
    (tmp_path / "note.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "rkeras", "note.py"]
    # pytest's line editing tells child processes the size of a terminal unless they get an environment.
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=dict(os.environ))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == PRINTED
