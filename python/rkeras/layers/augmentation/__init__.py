"""Layers that change pictures at random, so that a model sees more of them."""
