"""Layers with a kernel of its own for each place."""
