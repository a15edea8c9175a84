"""Callbacks: hooks into training, evaluation and prediction."""

from __future__ import annotations

from rkeras._lazy import lazy

# Where each public name lives.
_NAMES = {
    "BackupAndRestore": "rkeras.callbacks.backup_and_restore",
    "BaseLogger": "rkeras.callbacks.base_logger",
    "CSVLogger": "rkeras.callbacks.csv_logger",
    "Callback": "rkeras.callbacks.callback",
    "CallbackList": "rkeras.callbacks.callback_list",
    "EarlyStopping": "rkeras.callbacks.early_stopping",
    "History": "rkeras.callbacks.history",
    "LambdaCallback": "rkeras.callbacks.lambda_callback",
    "LearningRateScheduler": "rkeras.callbacks.learning_rate_scheduler",
    "ModelCheckpoint": "rkeras.callbacks.model_checkpoint",
    "ProgbarLogger": "rkeras.callbacks.progbar_logger",
    "ReduceLROnPlateau": "rkeras.callbacks.reduce_lr_on_plateau",
    "RemoteMonitor": "rkeras.callbacks.remote_monitor",
    "SwapEMAWeights": "rkeras.callbacks.swap_ema_weights",
    "TensorBoard": "rkeras.callbacks.tensorboard",
    "TerminateOnNaN": "rkeras.callbacks.terminate_on_nan",
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
