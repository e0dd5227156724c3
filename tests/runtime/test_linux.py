"""The back end for Linux: its files one by one, and whole inferences on the simulated RTL behind them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from deepsoc.errors import InputError
from deepsoc.export import Artifacts
from deepsoc.runtime import DeviceError, Driver, Interrupt
from deepsoc.runtime import _registers as regs
from deepsoc.runtime.linux import LinuxDevice
from tests.runtime.conftest import Open, images
from tests.runtime.kernel import REGISTERS, Kernel, OnRtl
from tests.runtime.test_driver import BATCH, expected

pytestmark = pytest.mark.xdist_group("simulator")


@pytest.fixture
def bare(tmp_path: Path) -> Kernel:
    """Files without an accelerator."""
    return Kernel(tmp_path, None, 1 << 16, address=0x8_7000_0000)


def on_rtl(root: Path, design: Artifacts, opened: Open, **options: object) -> Kernel:
    sim = opened(**options)
    root.mkdir(exist_ok=True)
    return Kernel(root, sim, 2 * design.manifest.arena_bytes + 2 * 4096, address=sim._base)


@pytest.mark.parametrize("by", ["uio", "mem"])
def test_inference(design: Artifacts, opened: Open, tmp_path: Path, by: str) -> None:
    kernel = on_rtl(tmp_path, design, opened, stall_prob=0.2, mem_latency=40)
    if by == "mem":
        with (tmp_path / "dev/mem").open("wb") as file:
            file.truncate(REGISTERS + 8192)  # sparse
    device = OnRtl(kernel, **({"address": REGISTERS} if by == "mem" else {}))
    assert isinstance(device, Interrupt) == (by == "uio")
    with Driver(design.path, device, timeout=60) as driver:
        for x in (images(99, 11), images(2 * BATCH, 12)):
            found = driver.predict(x, integers=True)
            np.testing.assert_array_equal(found.reshape(len(x), -1), expected(x).reshape(len(x), -1))
    assert {(name, direction) for name, _, _, direction in kernel.commands} == {
        ("sync_for_device", 1),
        ("sync_for_cpu", 2),
    }


@pytest.mark.parametrize("forgotten", ["flush", "invalidate"])
def test_caches_matter(design: Artifacts, opened: Open, tmp_path: Path, forgotten: str) -> None:
    device = OnRtl(on_rtl(tmp_path, design, opened))
    x = images(BATCH, 3)
    with Driver(design.path, device, timeout=60) as driver:
        driver.predict(images(2 * BATCH, 9))
        setattr(device, forgotten, lambda buffer: None)
        assert not np.array_equal(driver.predict(x, integers=True).reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_an_interrupt_that_never_comes(
    design: Artifacts, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deepsoc.runtime._interrupt._LOOK_S", 0.01)
    monkeypatch.setattr("deepsoc.runtime._interrupt._GRACE_S", 0.01)
    kernel = on_rtl(tmp_path, design, opened)
    kernel.silent = True
    device = OnRtl(kernel)
    x = images(BATCH, 12)
    with Driver(design.path, device, timeout=60) as driver:
        with pytest.warns(RuntimeWarning, match="its interrupt did not come; its status is polled from now on"):
            found = driver.predict(x, integers=True)
        np.testing.assert_array_equal(found.reshape(BATCH, -1), expected(x).reshape(BATCH, -1))
        assert not isinstance(device, Interrupt)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = driver.predict(x, integers=True)
        np.testing.assert_array_equal(found.reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_a_killed_process_leaves_accelerator_and_memory(
    design: Artifacts, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is held by a real process that is killed; its run goes on in the accelerator."""
    kernel = on_rtl(tmp_path, design, opened, mem_latency=100)
    script = """
import sys, time
from deepsoc.runtime.linux import LinuxDevice
device = LinuxDevice(root=sys.argv[1])
print("open", flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            with pytest.raises(DeviceError, match=rf"accelerator at 0xa0000000 is used by process {other.pid};"):
                LinuxDevice(root=tmp_path)
        finally:
            other.send_signal(signal.SIGKILL)
    left = Driver(design.path, OnRtl(kernel), timeout=60)
    left.submit(images(BATCH, 6))
    for lock in left._device._locks:  # as the kernel does for a process that is killed
        lock.release()
    assert kernel.sim.read32(regs.STATUS) & regs.STATUS_BUSY_MASK
    x = images(BATCH, 7)
    with Driver(design.path, OnRtl(kernel), timeout=60) as driver:
        found = driver.predict(x, integers=True)
    np.testing.assert_array_equal(found.reshape(BATCH, -1), expected(x).reshape(BATCH, -1))


def test_registers_are_words_of_the_mapped_file(bare: Kernel, tmp_path: Path) -> None:
    device = LinuxDevice("uio3", root=tmp_path)
    device.write32(0x1C, 0xFFFF_FFFF)
    assert (tmp_path / "dev/uio3").read_bytes()[0x1C:0x24] == b"\xff" * 4 + bytes(4)
    (tmp_path / "dev/uio3").open("r+b").write(b"\x78\x56\x34\x12")
    assert device.read32(0) == 0x1234_5678
    device.close()


def test_dev_mem_maps_the_page_of_any_address(bare: Kernel, tmp_path: Path) -> None:
    with (tmp_path / "dev/mem").open("wb") as file:
        file.truncate(1 << 37)  # beyond 32 bits; sparse
    address = (1 << 36) + 0x340
    device = LinuxDevice(address=address, root=tmp_path)
    device.write32(4, 0xA5)
    with (tmp_path / "dev/mem").open("rb") as file:
        file.seek(address + 4)
        assert file.read(4) == b"\xa5\0\0\0"
    device.close()
    with pytest.raises(InputError, match="expected a multiple of 4, received 0x2"):
        LinuxDevice(address=2, root=tmp_path)


def test_buffers_are_carved_from_the_memory(bare: Kernel, tmp_path: Path) -> None:
    device = OnRtl.__new__(OnRtl)
    device._kernel = bare
    LinuxDevice.__init__(device, root=tmp_path)
    first, second = device.alloc(5000), device.alloc(40)
    assert (first.address, second.address) == (0x8_7000_0000, 0x8_7000_2000)
    second.array[:] = 7
    assert (tmp_path / "dev/udmabuf0").read_bytes()[0x2000:0x2029] == b"\7" * 40 + b"\0"
    device.flush(second)
    device.invalidate(first.part(4096, 1))
    assert bare.commands == [("sync_for_device", 0x2000, 48, 1), ("sync_for_cpu", 4096, 16, 2)]
    with pytest.raises(DeviceError, match=r"udmabuf0 has 65,536 bytes, expected at least 110,592 .*udmabuf0=SIZE"):
        device.alloc(98304)
    device.close()
    device.close()


def test_uio_is_enabled_waited_for_and_read(bare: Kernel, tmp_path: Path) -> None:
    device = LinuxDevice(root=tmp_path)
    mine, theirs = socket.socketpair()
    os.dup2(mine.fileno(), device._uio)
    theirs.send(b"\1\0\0\0")
    assert device.wait_irq(5)
    assert theirs.recv(8) == b"\1\0\0\0"
    assert device.wait_irq(0.01)  # nothing came, nothing is done: the driver looks at its own time
    assert isinstance(device, Interrupt)
    theirs.send(b"\2\0\0\0")
    assert device._came(0)
    assert not device._came(0)
    device.close()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("rm -r sys/class/uio", r"no UIO device is named 'dsoc', there: none\. Load the bitstream.*uio_pdrv_genirq"),
        ("echo eth > sys/class/uio/uio3/name", r"there: uio3 \(eth\)"),
        ("rm dev/uio3", r"cannot open .*dev/uio3: No such file or directory; is its kernel module loaded"),
        ("rm sys/class/uio/uio3/maps/map0/addr", r"cannot read .*map0/addr: .*another version"),
        ("echo x > sys/class/u-dma-buf/udmabuf0/size", r"cannot read .*udmabuf0/size: .*another version"),
        ("rm -r sys/class/u-dma-buf", r"no u-dma-buf is named 'udmabuf0'; load it with `insmod u-dma-buf\.ko"),
        ("rm dev/udmabuf0; mkdir dev/udmabuf0", r"cannot open .*udmabuf0: Is a directory"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(bare: Kernel, tmp_path: Path, damage: str, message: str) -> None:
    subprocess.run(["sh", "-c", damage], cwd=tmp_path, check=True)
    with pytest.raises(DeviceError, match=message):
        LinuxDevice(root=tmp_path)
    for path in (tmp_path / "run/lock").iterdir():  # nothing stays locked
        subprocess.run(["flock", "--nonblock", path, "true"], check=True)


def test_permission_and_names(bare: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(tmp_path / "sys/class/uio/uio3", tmp_path / "sys/class/uio/uio4")
    with pytest.raises(InputError, match="2 UIO devices have this name; give one of uio3, uio4"):
        LinuxDevice(root=tmp_path)
    LinuxDevice("uio3", root=tmp_path).close()
    real = os.open

    def refused(path: str, flags: int, *rest: int) -> int:
        if Path(path).name == "uio3":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(DeviceError, match=r"dev/uio3: Permission denied; run as root, or give your user the right"):
        LinuxDevice("uio3", root=tmp_path)


def test_older_modules_have_another_class(bare: Kernel, tmp_path: Path) -> None:
    (tmp_path / "sys/class/u-dma-buf").rename(tmp_path / "sys/class/udmabuf")
    LinuxDevice(root=tmp_path).close()
