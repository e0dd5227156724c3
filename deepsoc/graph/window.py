"""Kernel, stride and padding arithmetic of one dimension: the only place where it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deepsoc.errors import InputError

__all__ = ["Padding", "Window"]

Padding = Literal["same", "valid"]


@dataclass(frozen=True)
class Window:
    """A kernel that slides over one dimension.

    Attributes:
        in_size: elements of the dimension.
        kernel: elements under the kernel.
        stride: distance of neighbouring windows; may exceed the kernel.
        padding: `valid` (windows inside the dimension only) or `same` (ceil(in_size / stride) windows, as TensorFlow
            places them).

    Raises:
        InputError: a size is not positive, the padding is unknown, or no window fits.
    """

    in_size: int
    kernel: int
    stride: int
    padding: Padding

    def __post_init__(self) -> None:
        """Check the sizes."""
        for what in ("in_size", "kernel", "stride"):
            if getattr(self, what) < 1:
                raise InputError(f"{what} must be at least 1, received {getattr(self, what)}")
        if self.padding not in ("same", "valid"):
            raise InputError(f"padding must be 'same' or 'valid', received {self.padding!r}")
        if self.out < 1:
            raise InputError(
                f"a window of {self.kernel} does not fit into {self.in_size} elements without padding; "
                "use padding 'same' or a smaller window"
            )

    @property
    def out(self) -> int:
        """Number of windows."""
        if self.padding == "same":
            return -(-self.in_size // self.stride)
        return (self.in_size - self.kernel) // self.stride + 1

    @property
    def _pad_total(self) -> int:
        if self.padding == "valid":
            return 0
        return max((self.out - 1) * self.stride + self.kernel - self.in_size, 0)

    @property
    def pad_before(self) -> int:
        """Elements of padding before the first element."""
        return self._pad_total // 2

    @property
    def pad_after(self) -> int:
        """Elements of padding behind the last element."""
        return self._pad_total - self.pad_before

    def span(self, index: int) -> tuple[int, int]:
        """Existing elements under window `index`, as a half-open range; never empty."""
        start = index * self.stride - self.pad_before
        return max(start, 0), min(start + self.kernel, self.in_size)
