"""What can go wrong between driver and accelerator."""

from __future__ import annotations

from deepsoc.errors import DeepSocError

__all__ = ["DeviceError", "HardwareError", "HardwareTimeout"]


class DeviceError(DeepSocError):
    """The machine does not do its part: no such device, no memory, taken by another process, another accelerator."""


class HardwareError(DeviceError):
    """The accelerator stopped with an error.

    Attributes:
        code: field `error_code` of the status register.
        operation: name of the operation that ran.
    """

    def __init__(self, message: str, *, code: int, operation: str) -> None:
        super().__init__(f"operation {operation}: {message}")
        self.code = code
        self.operation = operation


class HardwareTimeout(DeviceError):  # noqa: N818 - the field says time-out
    """The accelerator did not finish in time; it was told to abandon the run.

    Attributes:
        operation: name of the operation that hangs.
    """

    def __init__(self, message: str, *, operation: str) -> None:
        super().__init__(f"operation {operation}: {message}")
        self.operation = operation
