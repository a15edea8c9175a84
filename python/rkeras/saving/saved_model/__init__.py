"""Models as TensorFlow SavedModels, written without TensorFlow."""

from __future__ import annotations

from rkeras.saving.saved_model.export import export_saved_model as export_saved_model
