"""One process at a time on an accelerator, whatever becomes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deepsoc.runtime import DeviceError
from deepsoc.runtime.lock import DeviceLock

HOLD = """
import sys, time
from pathlib import Path
from deepsoc.runtime.lock import DeviceLock
DeviceLock("the accelerator", 0xA0000000, root=Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_a_second_process_is_told_of_the_first_and_death_lets_go(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        try:
            with pytest.raises(DeviceError, match=rf"accelerator at 0xa0000000 is used by process {first.pid};"):
                DeviceLock("the accelerator", 0xA000_0000, root=tmp_path)
            DeviceLock("the accelerator", 0xB000_0000, root=tmp_path).release()
        finally:
            first.send_signal(signal.SIGKILL)
    lock = DeviceLock("the accelerator", 0xA000_0000, root=tmp_path)
    with pytest.raises(DeviceError, match=f"process {os.getpid()}"):
        DeviceLock("the accelerator", 0xA000_0000, root=tmp_path)
    lock.release()
    lock.release()
    DeviceLock("the accelerator", 0xA000_0000, root=tmp_path).release()


def test_folder_and_file_of_another_user(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"cannot open .*tmp/deepsoc-10\.lock: No such file"):
        DeviceLock("the accelerator", 16, root=tmp_path)
    for name in ("tmp", "run/lock"):
        (tmp_path / name).mkdir(parents=True)
    lock = DeviceLock("the accelerator", 16, root=tmp_path)
    assert lock.path == tmp_path / "run/lock/deepsoc-10.lock"
    assert lock.path.stat().st_mode & 0o777 == 0o666  # for every user
    lock.release()
    lock.path.unlink()
    (tmp_path / "elsewhere").write_text("precious")
    lock.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeviceError, match="cannot open"):
        DeviceLock("the accelerator", 16, root=tmp_path)
    assert (tmp_path / "elsewhere").read_text() == "precious"
