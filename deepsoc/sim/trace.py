"""Opens the trace of a simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deepsoc.errors import InputError, ToolError

__all__ = ["variables"]

_FST = bytes((0, 0, 0, 0, 0, 0, 0, 1, 73))  # kind and length of the first block


def variables(trace: str | Path) -> dict[str, Any]:
    """The variables of a trace, as pywellen has them, by their full names.

    Args:
        trace: what `simulate(..., trace=True)` wrote.

    Raises:
        InputError: the file is no such trace.
        ToolError: the package that reads traces is missing.
    """
    try:
        import pywellen
    except ImportError:
        raise ToolError("pywellen is missing; get it with: pip install 'deepsoc[sim]'") from None
    try:
        with Path(trace).open("rb") as file:
            head = file.read(len(_FST))
    except OSError as error:
        raise InputError(f"cannot read the trace: {error.strerror}", where=str(trace)) from None
    if head != _FST:
        raise InputError("expected a complete FST trace, this is none; simulate again", where=str(trace))
    return {variable.full_name: variable for variable in pywellen.Waveform(str(trace)).all_vars()}
