"""One program at a time on an accelerator: the kernel's lock on a file, which ends with the process that holds it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from deepsoc.runtime.errors import DeviceError

__all__ = ["DeviceLock"]

_FOLDERS = ("run/lock", "tmp")
"""The first that can be written to, below the root, holds the files: the same for every user of the machine."""


class DeviceLock:
    """Held from its making to `release`, or to the end of the process, however that happens.

    The bus address tells one from the other: it is the same for every back end.

    Args:
        what: it is, for errors: `the accelerator`.
        address: on the bus, of its registers or of its first byte.
        root: of the file system.

    Raises:
        DeviceError: another process holds it, which the message names, or the file cannot be opened.
    """

    def __init__(self, what: str, address: int, *, root: Path = Path("/")) -> None:
        folder = next((root / name for name in _FOLDERS if os.access(root / name, os.W_OK | os.X_OK)), root / "tmp")
        self.path = folder / f"deepsoc-{address:x}.lock"
        self._file = self._opened()
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip()
            os.close(self._file)
            who = f"process {holder}" if holder.isdecimal() else "another process"
            raise DeviceError(
                f"{what} at {address:#x} is used by {who}; wait until it ends, or end it (lock: {self.path})"
            ) from None
        with contextlib.suppress(OSError):  # another user's file is open for reading only
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Lets the next one in. The file stays: one that is removed could be locked twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _opened(self) -> int:
        # Not O_CREAT on a file that is there: the kernel denies it in /tmp if another user made the file.
        flags = os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            for _ in range(2):
                try:
                    return os.open(self.path, os.O_RDWR | flags)
                except FileNotFoundError:
                    pass
                except PermissionError:
                    return os.open(self.path, os.O_RDONLY | flags)  # enough to lock
                try:
                    file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags)
                    os.fchmod(file, 0o666)
                    return file
                except FileExistsError:
                    pass
            raise FileNotFoundError(2, "it comes and goes", str(self.path))
        except OSError as error:
            raise DeviceError(f"cannot open {self.path}: {error.strerror}; remove it, if it is in the way") from None
