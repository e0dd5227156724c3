"""Runs a user's cocotb tests, or the package's own bench, on the accelerator of an export."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deepsoc._hashes import key_of
from deepsoc.assets import check_files, folder, model_files, rtl_files, rtl_headers, used_parameters
from deepsoc.errors import ToolError
from deepsoc.export import Artifacts
from deepsoc.sim import cache
from deepsoc.sim.tools import find_toolchain

__all__ = ["TOP", "run_cocotb"]

TOP = "dsoc_top"


def run_cocotb(
    export: str | Path,
    module: str,
    *,
    seed: int = 0,
    environment: Mapping[str, str] | None = None,
    assertions: bool = True,
    rtl: str | Path | None = None,
    work: str | Path | None = None,
    progress: Callable[[str, float], None] | None = None,
    on_line: Callable[[str], bool] | None = None,
) -> Any:
    """Runs the cocotb tests of a Python module on `dsoc_top` with the parameters of an export.

    The tests drive the accelerator as they like; `deepsoc.sim.cocotb_device.CocotbDevice` makes it a machine of the
    driver. The simulator is built once for each set of parameters and kept in the cache.

    Args:
        export: what `deepsoc export` wrote.
        module: of the tests, as in `import`; what this process can import the simulator can.
        seed: of cocotb's random numbers and of registers without reset.
        environment: more variables of the simulator.
        assertions: check the RTL's assertions and the rules of AXI.
        rtl: folder of the accelerator's sources, such as a changed copy; None: the package's.
        work: folder in which the simulator runs; None: a temporary one.
        progress: told about the building.
        on_line: gets every line of the log as it comes; True keeps it out of the answer's log.

    Returns:
        `tests`, how many ran; `failed`, names of those that failed; `log`.

    Raises:
        InputError: no export.
        ToolError: a tool or cocotb is missing, or the building fails.
    """
    try:
        from deepsoc.sim.cocotb_runner import BUILD, build_tests, cocotb_version, run_tests
    except ImportError as err:
        raise ToolError(f"{err.name} is missing; get it with: pip install 'deepsoc[sim]'") from None
    given = Artifacts.load(export)
    tools = find_toolchain()
    sources = Path(rtl) if rtl else folder("rtl")
    checks = check_files(sources) if assertions else []
    files = [*model_files(sources), *rtl_files(sources), *checks, *rtl_headers(sources)]
    texts = {path.name: path.read_text() for path in files}
    params = (given.path / "params.svh").read_bytes()
    texts["params.svh"] = used_parameters(params, [text.encode() for text in texts.values()]).decode()
    options = [option for option in BUILD if assertions or option != "--assert"]
    key = key_of([cocotb_version(), tools.verilator.version, TOP, *options, repr(texts)])

    def make(place: Path) -> None:
        if progress is not None:
            progress("building the simulator for cocotb", 0.0)
        build_tests(tools, place, TOP, texts, options=options)

    with tempfile.TemporaryDirectory(prefix="deepsoc-cocotb-") as temporary:
        place = Path(work or temporary)
        return cache.use(
            key,
            make,
            lambda built: run_tests(
                tools, built, place, TOP, module, seed=seed, environment=environment, on_line=on_line
            ),
        )
