"""Vivado as a program: `python -m tests.impl.vivado.interpreter` takes the arguments of `vivado -mode batch`."""

from __future__ import annotations

import argparse
import sys
import tkinter

from tests.impl.vivado.blocks import Blocks
from tests.impl.vivado.netlists import Netlists
from tests.impl.vivado.projects import Projects


class Vivado(Projects, Blocks, Netlists):
    """One process of the program."""


def main(words: list[str]) -> int:
    """The program: `-mode batch -source SCRIPT`, and the options that keep its own files away."""
    parser = argparse.ArgumentParser("vivado", allow_abbrev=False)
    parser.add_argument("-mode", choices=["batch"], required=True)
    parser.add_argument("-source", required=True)
    for flag in ("-nojournal", "-nolog", "-notrace"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("-tclargs", nargs=argparse.REMAINDER, default=[])
    options = parser.parse_args(words)
    print("****** Vivado stand-in of the tests", flush=True)
    vivado = Vivado(options.tclargs)
    try:
        vivado.source(options.source)
    except tkinter.TclError as error:
        if vivado.status is not None:
            return vivado.status
        print(f"ERROR: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
