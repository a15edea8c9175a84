"""Layers that prepare data: numbers, categories and pictures."""
