"""Models as TensorFlow SavedModels, written without TensorFlow."""

from __future__ import annotations

from rkeras.saving.saved_model.export import export_saved_model as export_saved_model
from rkeras.saving.saved_model.export import refuse_others as refuse_others
from rkeras.saving.saved_model.export import write_saved_model as write_saved_model
