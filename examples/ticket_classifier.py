"""Sorts support tickets by priority and department: three named inputs, two named outputs, data in dictionaries.

The tickets are generated. A ticket's words and tags depend on its department, and an urgent one has words of alarm in
its title.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import rkeras as keras
from rkeras import layers

VOCABULARY, TAGS, DEPARTMENTS = 500, 20, 4
ALARM = slice(0, 10)  # the words that make a title urgent


def make_tickets(count: int, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Tickets as bags of words, each column a word or a tag, and what to find out about them.

    Args:
        count: how many tickets.
        seed: of the random numbers.

    Returns:
        Inputs and labels by name, of shapes ``(count, …)``.
    """
    rng = np.random.default_rng(seed)
    department = rng.integers(DEPARTMENTS, size=count)
    urgent = rng.random(count) < 0.3
    jargon = np.random.default_rng(99).random((DEPARTMENTS, VOCABULARY)) < 0.05
    often = np.where(jargon[department], 0.2, 0.02)
    title = rng.random((count, VOCABULARY)) < often
    title[:, ALARM] = rng.random((count, 10)) < np.where(urgent, 0.3, 0.02)[:, None]
    text_body = rng.random((count, VOCABULARY)) < often
    tags = rng.random((count, TAGS)) < 0.1
    tags[np.arange(count), department * 5] |= rng.random(count) < 0.5
    inputs = {"title": title, "text_body": text_body, "tags": tags}
    labels = {"priority": urgent[:, None], "department": np.eye(DEPARTMENTS)[department]}
    return (
        {name: array.astype("float32") for name, array in inputs.items()},
        {name: array.astype("float32") for name, array in labels.items()},
    )


def build_model() -> keras.Model:
    """The bags of words side by side, one shared layer, and a head for each question."""
    title = keras.Input(shape=(VOCABULARY,), name="title")
    text_body = keras.Input(shape=(VOCABULARY,), name="text_body")
    tags = keras.Input(shape=(TAGS,), name="tags")

    features = layers.concatenate([title, text_body, tags])
    features = layers.Dense(64, activation="relu")(features)

    priority = layers.Dense(1, activation="sigmoid", name="priority")(features)
    department = layers.Dense(DEPARTMENTS, activation="softmax", name="department")(features)
    return keras.Model(inputs=[title, text_body, tags], outputs=[priority, department], name="tickets")


def main(argv: Sequence[str] | None = None) -> dict[str, float]:
    """Trains, evaluates and asks about a few tickets; returns the scores on tickets that training never saw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--picture", type=Path, help="where to draw the model: a name in .svg, .pdf or .png")
    options = parser.parse_args(argv)

    keras.utils.set_random_seed(0)
    inputs, labels = make_tickets(options.samples)
    model = build_model()
    model.summary()
    if options.picture:
        keras.utils.plot_model(model, options.picture, show_shapes=True)

    model.compile(
        optimizer="rmsprop",
        loss={"priority": "binary_crossentropy", "department": "categorical_crossentropy"},
        loss_weights={"priority": 1.0, "department": 0.5},
        metrics={"priority": ["accuracy"], "department": ["accuracy"]},
    )
    model.fit(inputs, labels, epochs=options.epochs, batch_size=64, validation_split=0.1, verbose=2)

    unseen, answers = make_tickets(1000, seed=1)
    scores = model.evaluate(unseen, answers, verbose=0, return_dict=True)
    priority, department = model.predict({name: array[:5] for name, array in unseen.items()}, verbose=0)
    for i in range(5):
        print(
            f"ticket {i}: urgent {priority[i, 0]:.0%} (truth: {bool(answers['priority'][i, 0])}), "
            f"department {department[i].argmax()} (truth: {answers['department'][i].argmax()})"
        )
    print(f"priority {scores['priority_accuracy']:.1%}, department {scores['department_accuracy']:.1%} right")
    return scores


if __name__ == "__main__":
    main()
