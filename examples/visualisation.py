"""Looks at models and trainings: tables, pictures of graphs without Graphviz, a learning curve, TensorBoard.

The pictures of docs/images/ are made by ``python examples/visualisation.py --output docs/images``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import rkeras as keras
from rkeras import layers
from ticket_classifier import build_model, make_tickets


def skip_net(blocks: int = 9) -> keras.Model:
    """A net of 3 layers a block and 3 around them, where each block adds to what it was given."""
    inputs = keras.Input((32, 32, 3), name="image")
    x = layers.Conv2D(16, 3, padding="same", name="stem")(inputs)
    for block in range(blocks):
        y = layers.BatchNormalization(name=f"norm_{block}")(x)
        y = layers.Conv2D(16, 3, padding="same", activation="relu", name=f"conv_{block}")(y)
        x = layers.Add(name=f"add_{block}")([x, y])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax", name="classes")(x), name="skip_net")


def nested_models() -> keras.Model:
    """A model that calls one model twice and another, a Sequential, once."""
    picture = keras.Input((16, 16, 1), name="picture")
    x = layers.Conv2D(4, 3, activation="relu", name="edges")(picture)
    towers = [layers.GlobalAveragePooling2D(name="mean")(x), layers.GlobalMaxPooling2D(name="largest")(x)]
    encoder = keras.Model(picture, layers.Concatenate(name="both")(towers), name="encoder")
    judge = keras.Sequential(name="judge")
    judge.add(keras.Input((16,)))
    judge.add(layers.Dense(8, activation="relu", name="compare"))
    judge.add(layers.Dense(1, activation="sigmoid", name="decide"))
    left, right = keras.Input((16, 16, 1), name="left"), keras.Input((16, 16, 1), name="right")
    pair = layers.Concatenate(name="pair")([encoder(left), encoder(right)])
    return keras.Model([left, right], judge(pair), name="same_or_different")


def draw_curve(history: dict[str, list[float]], path: Path) -> None:
    """The losses of a training, by epoch, as a picture."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "rkeras"
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(6, 3.5))
    epochs = [str(epoch + 1) for epoch in range(len(history["loss"]))]
    for name, label in (("loss", "training"), ("val_loss", "validation")):
        axis.plot(epochs, history[name], label=label)
    axis.set(xlabel="epoch", ylabel="loss", title="ticket classifier", ylim=(0, None))
    axis.grid(alpha=0.3)
    axis.legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})  # the same bytes each time
    plt.close(figure)


def main(argv: Sequence[str] | None = None) -> list[Path]:
    """Makes all pictures; returns where they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("build/pictures"))
    parser.add_argument("--logs", type=Path, default=Path("build/logs"), help="show it with: tensorboard --logdir …")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--no-curve", action="store_true", help="leave out the learning curve, which needs Matplotlib")
    options = parser.parse_args(argv)
    folder = options.output
    folder.mkdir(parents=True, exist_ok=True)

    keras.utils.set_random_seed(0)
    tickets = build_model()
    tickets.summary()
    nested = nested_models()
    nested.summary(expand_nested=True)

    paths = [folder / name for name in ("ticket_classifier.svg", "skip_net.svg", "nested_models.svg")]
    keras.utils.plot_model(tickets, paths[0], show_shapes=True)
    keras.utils.plot_model(skip_net(), paths[1], show_layer_names=True)
    keras.utils.plot_model(
        nested,
        paths[2],
        show_shapes=True,
        show_layer_names=True,
        show_layer_activations=True,
        expand_nested=True,
    )
    # In Jupyter a model that stands at the end of a cell shows this picture by itself; anywhere else there is the SVG.
    svg = keras.utils.model_to_dot(tickets, show_dtype=True, rankdir="LR").create(format="svg")
    print(f"the tickets from left to right are {len(svg)} bytes of SVG")

    tickets.compile("rmsprop", {"priority": "binary_crossentropy", "department": "categorical_crossentropy"})
    tensorboard = keras.callbacks.TensorBoard(log_dir=options.logs, histogram_freq=5)
    inputs, labels = make_tickets(options.samples)
    history = tickets.fit(
        inputs, labels, epochs=options.epochs, validation_split=0.2, callbacks=[tensorboard], verbose=0
    )
    if not options.no_curve:
        paths.append(folder / "learning_curve.svg")
        draw_curve(history.history, paths[-1])
    for path in paths:
        print(path)
    return paths


if __name__ == "__main__":
    main()
