"""Interrupts of real machines may not come: not wired, not in the device tree, taken by another driver."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from deepsoc.runtime import _registers as regs

__all__ = ["ENDED", "waited"]

_LOOK_S = 1.0  # without an interrupt, after which the status register is looked at
_GRACE_S = 0.2  # for an interrupt that is on its way
ENDED = regs.STATUS_DONE_MASK | regs.STATUS_ERROR_MASK
"""Bits of STATUS, one of which is set when a run has ended."""


def waited(came: Callable[[float], bool], read32: Callable[[int], int], timeout: float | None) -> bool:
    """Waits for the interrupt, but not for ever.

    Args:
        came: sleeps for at most so many seconds, and says whether the interrupt came.
        read32: reads a register.
        timeout: seconds; None: no limit.

    Returns:
        False: the run has ended and the interrupt did not come, which a warning tells; the status is to be polled.
    """
    wait = _LOOK_S if timeout is None else min(timeout, _LOOK_S)
    if came(wait) or not read32(regs.STATUS) & ENDED or came(_GRACE_S):
        return True
    warnings.warn(
        "the accelerator is done, but its interrupt did not come; its status is polled from now on. Check that it is "
        "wired, and in the device tree",
        RuntimeWarning,
        stacklevel=3,
    )
    return False
