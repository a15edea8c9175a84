"""``tf.config``: there is one device, the processor."""

from __future__ import annotations

from typing import Any, NamedTuple

from rkeras import _engine
from rkeras.compat.tf._namespace import namespace
from rkeras.tracing import mode


class PhysicalDevice(NamedTuple):
    """A device by name and kind."""

    name: str
    device_type: str


_CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices of a kind: one ``CPU``, and none of any other kind.

    Example:
        >>> list_physical_devices("GPU")
        []
    """
    return [_CPU] if device_type in (None, "CPU") else []


list_logical_devices = get_visible_devices = list_physical_devices


def set_visible_devices(devices: Any, device_type: str | None = None) -> None:
    """Accepted: there is one device."""


def set_soft_device_placement(enabled: bool) -> None:
    """Accepted: there is one device."""


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether compiled functions run as plain Python from now on, for debugging."""
    mode.run_eagerly = run_eagerly


def functions_run_eagerly() -> bool:
    """Whether compiled functions run as plain Python."""
    return mode.run_eagerly


class _Threading:
    """Numbers of threads; there is one pool for all work."""

    def get_intra_op_parallelism_threads(self) -> int:
        """The number of threads."""
        return _engine.num_threads()

    def set_intra_op_parallelism_threads(self, num_threads: int) -> None:
        """Sets the number of threads; 0 leaves it as it is."""
        if num_threads:
            _engine.set_num_threads(int(num_threads))

    def get_inter_op_parallelism_threads(self) -> int:
        """Ops run one after the other."""
        return 1

    def set_inter_op_parallelism_threads(self, num_threads: int) -> None:
        """Accepted: ops run one after the other."""


class _Experimental:
    list_physical_devices = staticmethod(list_physical_devices)
    set_visible_devices = staticmethod(set_visible_devices)

    def set_memory_growth(self, device: Any, enable: bool) -> None:
        """Accepted: memory is taken as it is needed."""

    def enable_op_determinism(self) -> None:
        """Accepted: results never depend on the number of threads."""


threading = _Threading()
experimental = _Experimental()

__getattr__, __dir__, _ = namespace(__name__, "tf.config", {})
