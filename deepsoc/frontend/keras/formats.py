"""Number formats of a network, as the user gives them."""

from __future__ import annotations

from dataclasses import dataclass

from deepsoc.errors import InputError
from deepsoc.graph.fixed import MAX_INT_BITS
from deepsoc.graph.shapes import BIAS_BITS

__all__ = ["Bits", "check_int_bits"]


def check_int_bits(int_bits: int | None, owner: str) -> int | None:
    """Returns `int_bits`, refused unless it is None or a small integer.

    Args:
        int_bits: integer bits without the sign (values lie in [-2**int_bits, 2**int_bits)); None: from data.
        owner: whose argument it is, for the message.

    Raises:
        InputError: it is something else.
    """
    if int_bits is None or (
        isinstance(int_bits, int) and not isinstance(int_bits, bool) and abs(int_bits) <= MAX_INT_BITS
    ):
        return int_bits
    raise InputError(
        f"Invalid int_bits. Expected None (chosen from data) or an integer in {-MAX_INT_BITS} … {MAX_INT_BITS}. "
        f"Received: int_bits={int_bits!r}",
        where=owner,
    )


_BITS = (2, 4, 8)  # that layers train; a net.json may have others


@dataclass(frozen=True)
class Bits:
    """Widths of a network's numbers, all signed two's complement.

    Attributes:
        x: bits of activations, 2, 4 or 8.
        k: bits of weights, 2, 4 or 8.
        b: bits of biases, 8, 16 or 32.
        input_int_bits: integer bits of the network's input, where fixed; None: chosen from data.
    """

    x: int = 8
    k: int = 8
    b: int = 16
    input_int_bits: int | None = None

    def __post_init__(self) -> None:
        """Check the widths."""
        for name, legal in (("x", _BITS), ("k", _BITS), ("b", BIAS_BITS)):
            value = getattr(self, name)
            if isinstance(value, bool) or value not in legal:
                raise InputError(
                    f"Invalid number of bits. Expected one of {legal}. Received: {name}={value!r}", where="Bits"
                )
        check_int_bits(self.input_int_bits, "Bits")
