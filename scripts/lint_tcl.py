"""Runs tclint over the Tcl of the FPGA flows and of Vitis, with Vivado's commands of fpga/vivado/commands.json.

Arguments: other folders than those. Exit status 1 if it finds something.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OWN = {  # procedures whose argument is a script
    "dsoc::step": [("name", "any"), ("body", "script")],
}


def main() -> int:
    """Lints every script."""
    known = json.loads((ROOT / "fpga" / "vivado" / "commands.json").read_text(encoding="utf-8"))
    for name, arguments in OWN.items():
        places = [{"name": word, "required": True, "value": {"type": kind}} for word, kind in arguments]
        known["commands"][name] = {"positionals": places, "switches": {}}
    with tempfile.TemporaryDirectory(prefix="deepsoc-lint-") as folder:
        commands = Path(folder) / "commands.json"
        commands.write_text(json.dumps(known), encoding="utf-8")
        program = Path(sys.executable).parent / "tclint"
        call = [program, "--commands", commands, "--style-line-length", "120"]
        call += ["--ignore", "redefined-builtin", *(sys.argv[1:] or ["fpga", "c/program/vitis"])]
        return subprocess.run(call, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
