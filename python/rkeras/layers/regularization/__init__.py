"""Layers that only act in training, and penalties."""
