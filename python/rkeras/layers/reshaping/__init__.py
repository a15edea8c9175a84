"""Layers that move, cut, repeat and pad."""
