"""`python -m deepsoc.runtime DIR IMAGES.npy`: `deepsoc run` for boards, with the standard library and NumPy alone."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from deepsoc.errors import DeepSocError, InputError
from deepsoc.runtime.design import Design
from deepsoc.runtime.device import Device
from deepsoc.runtime.run import BOARDS, open_board, run_files
from deepsoc.runtime.simulation import SimulatedDevice, memory_for

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m deepsoc.runtime", description="Run a design on the accelerator.")
    add = parser.add_argument
    add("folder", metavar="DIR", help="folder that `deepsoc export` or `deepsoc deploy` wrote")
    add("images", metavar="IMAGES.npy", help="real values, or integers that are taken as they are")
    add("--device", choices=(*BOARDS, "simulation"), default="linux", help="default: linux")
    add("--out", metavar="Y.npy", help="file for the outputs")
    add("--integers", action="store_true", help="outputs are integers")
    add("--timeout", type=_seconds, metavar="S", default=10.0, help="seconds for one run (10); 0: no limit")
    add("--json", action="store_true", help="print one JSON object on stdout and nothing else")
    add("--uio", metavar="NAME", default="dsoc", help="linux: UIO device (dsoc)")
    add("--address", type=lambda text: int(text, 0), metavar="A", help="linux: bus address, for /dev/mem")
    add("--memory", metavar="NAME", default="udmabuf0", help="linux: u-dma-buf (udmabuf0)")
    add("--bitstream", metavar="F.bit", help="pynq: bitstream; default: the one beside the design")
    add("--library", metavar="F.so", help="simulation: library that deepsoc.sim.build_device made")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs it; the exit status: 0 done, 1 the accelerator or the machine failed, 2 bad input, 130 interrupted."""
    try:
        options = _parser().parse_args(argv)

        def opened(design: Design) -> Device:
            if options.device != "simulation":
                return open_board(
                    options.device, design, uio=options.uio, address=options.address, memory=options.memory,
                    bitstream=options.bitstream,
                )  # fmt: skip
            if options.library is None or not Path(options.library).is_file():
                raise InputError("a file is expected; on a machine with a simulator use `deepsoc run`", where="library")
            burst = design.hw["axi_max_burst"]
            return SimulatedDevice(options.library, memory_bytes=memory_for(design.arena_bytes), max_burst=burst)

        result = run_files(
            options.folder, options.images, opened, out=options.out, integers=options.integers,
            timeout=options.timeout or None, progress=_progress if sys.stderr.isatty() else None,
        )  # fmt: skip
        print(json.dumps(result.to_dict()) if options.json else result.text(), flush=True)  # noqa: T201
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone; nothing more is said at exit
        return 0
    except InputError as error:
        return _fail(str(error), 2)
    except (DeepSocError, OSError) as error:
        return _fail(str(error), 1)
    return 0


def _seconds(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"expected seconds from 0 on, received {text}")
    return value


def _progress(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done:,} of {total:,} images" + ("\n" if done == total else ""))
    sys.stderr.flush()


def _fail(message: str, status: int) -> int:
    sys.stderr.write(f"error: {' '.join(message.split())}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
