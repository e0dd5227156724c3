"""The driver of the accelerator: the same on a board and on the simulated RTL. Needs NumPy alone."""

from deepsoc.runtime.device import Buffer, Device, Interrupt
from deepsoc.runtime.driver import Driver, Ticket
from deepsoc.runtime.errors import DeviceError, HardwareError, HardwareTimeout
from deepsoc.runtime.performance import OperationCounters

__all__ = [
    "Buffer", "Device", "DeviceError", "Driver", "HardwareError", "HardwareTimeout", "Interrupt", "OperationCounters",
    "Ticket",
]  # fmt: skip
