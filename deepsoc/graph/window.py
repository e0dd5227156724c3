"""Kernel, stride and padding arithmetic of one dimension: the only place where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from deepsoc.errors import InputError

__all__ = ["Padding", "Pads", "Window", "windows"]

Pads = tuple[int, int]
"""Elements before the first element of a dimension, and behind its last one."""
Padding = Literal["same", "valid"] | tuple[Pads, Pads]
"""Of rows and columns: a rule for both, or `((top, bottom), (left, right))`."""


@dataclass(frozen=True)
class Window:
    """A kernel that slides over one dimension.

    Attributes:
        in_size: elements of the dimension.
        kernel: elements under the kernel.
        stride: distance of neighbouring windows; may exceed the kernel.
        padding: `valid` (windows inside the dimension only), `same` (ceil(in_size / stride) windows, as TensorFlow
            places them), or the elements before and behind the dimension.

    Raises:
        InputError: a size is not positive, the padding is unknown or holds a whole window, or no window fits.
    """

    in_size: int
    kernel: int
    stride: int
    padding: Literal["same", "valid"] | Pads

    def __post_init__(self) -> None:
        """Check the sizes."""
        for what in ("in_size", "kernel", "stride"):
            if getattr(self, what) < 1:
                raise InputError(f"{what} must be at least 1, received {getattr(self, what)}")
        if self.padding not in ("same", "valid"):
            pads = self.padding
            if not (isinstance(pads, tuple) and len(pads) == 2 and all(type(pad) is int and pad >= 0 for pad in pads)):
                raise InputError(
                    f"padding must be 'same', 'valid' or the elements before and behind, received {self.padding!r}"
                )
            if max(pads) >= self.kernel:
                raise InputError(
                    f"padding of {max(pads)} elements would hold a whole window of {self.kernel}; use less than that"
                )
        if self.out < 1:
            raise InputError(
                f"a window of {self.kernel} does not fit into {self.in_size} elements "
                f"{'without' if self.padding == 'valid' else 'with this'} padding; "
                "use padding 'same' or a smaller window"
            )

    @property
    def out(self) -> int:
        """Number of windows."""
        if self.padding == "same":
            return -(-self.in_size // self.stride)
        return (self.in_size + sum(self._pads) - self.kernel) // self.stride + 1

    @property
    def _pads(self) -> Pads:
        if self.padding == "valid":
            return 0, 0
        if self.padding != "same":
            return self.padding
        total = max((self.out - 1) * self.stride + self.kernel - self.in_size, 0)
        return total // 2, total - total // 2

    @property
    def pad_before(self) -> int:
        """Elements of padding before the first element."""
        return self._pads[0]

    @property
    def pad_after(self) -> int:
        """Elements of padding behind the last element."""
        return self._pads[1]

    def span(self, index: int) -> tuple[int, int]:
        """Existing elements under window `index`, as a half-open range; never empty."""
        start = index * self.stride - self.pad_before
        return max(start, 0), min(start + self.kernel, self.in_size)


def windows(
    sizes: Sequence[int], kernel: Sequence[int], strides: Sequence[int], padding: Padding
) -> tuple[Window, Window]:
    """Vertical and horizontal window.

    Args:
        sizes: rows and columns; what stands behind them does not matter, nor in `kernel`.
        kernel: rows and columns of the window.
        strides: vertical and horizontal.
        padding: of both.

    Raises:
        InputError: as of `Window`.
    """
    sides = (padding, padding) if isinstance(padding, str) else padding
    if not isinstance(sides, tuple) or len(sides) != 2:
        raise InputError(f"padding must be 'same', 'valid' or ((top, bottom), (left, right)), received {padding!r}")
    rows, cols = (Window(sizes[i], kernel[i], strides[i], sides[i]) for i in (0, 1))
    return rows, cols
