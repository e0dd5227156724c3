"""The one error base class of the package."""

from __future__ import annotations

__all__ = ["DeepSocError", "InputError", "MappingError", "MismatchError", "ToolError", "shortened"]


class DeepSocError(Exception):
    """Something a user can act on: the message says what is wrong, what was expected and received, and the remedy."""


_LONGEST = 1500  # characters of a message, a third of that of a place
_ELLIPSIS = " … "


def shortened(text: str, most: int) -> str:
    """The text, without its middle if it has more than `most` characters."""
    if len(text) <= most:
        return text
    kept = most - len(_ELLIPSIS)
    return text[: kept * 2 // 3] + _ELLIPSIS + text[-(kept - kept * 2 // 3) :]


class InputError(DeepSocError):
    """Bad input (a file, a field, an argument). The command line exits with status 2.

    A value of any length may be in the message: what is too long for a line to read loses its middle.
    """

    def __init__(self, message: str, *, where: str = "") -> None:
        """Args: message: what is wrong and the remedy. where: file and field (a JSON path) at fault."""
        where, message = shortened(where, _LONGEST // 3), shortened(message, _LONGEST)
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where


class MappingError(InputError):
    """A legal network that this hardware cannot run; names the bundle and the limit."""


class ToolError(DeepSocError):
    """An external tool is missing or failed. The command line exits with status 1."""


class MismatchError(DeepSocError):
    """The hardware's answer differs from the reference. The command line exits with status 1."""
