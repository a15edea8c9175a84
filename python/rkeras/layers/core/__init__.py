"""Layers that every model needs."""
