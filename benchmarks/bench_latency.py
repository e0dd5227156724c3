"""The performance model against RTL and firmware on random networks, odd arrays and memory latencies from 0 to 500.

Draws networks from seeds (`tests/strategies.py`) until each accelerator has its number of them, with raw 32-bit outputs
and with passes among them, and runs each at two latencies. Prints a line for every run, and the largest deviation by
accelerator and of all; the last line is one JSON object. Exit status 1 if a run is off by more than 10 %.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the generator of networks and the accelerators are the tests'

from deepsoc.errors import MappingError  # noqa: E402
from deepsoc.export import export  # noqa: E402
from deepsoc.graph.ir import Graph  # noqa: E402
from deepsoc.hw import Hardware  # noqa: E402
from deepsoc.mapping import Plan, plan  # noqa: E402
from deepsoc.perf import Memory, operation_times  # noqa: E402
from deepsoc.sim import simulate  # noqa: E402
from tests.strategies import random_case  # noqa: E402
from tests.system.hardware import HARDWARE  # noqa: E402

LATENCIES = (0, 16, 60, 100, 300, 500)
AIM = 0.10
_FIRST_SEED = 1_000
_EACH = 12  # networks an accelerator
_LEAST = 4  # of them with a raw output, and as many with passes where the weights RAM is small:
_SMALL = 128  # words


@dataclass(frozen=True)
class Case:
    """One network on one accelerator.

    Attributes:
        name: of the accelerator.
        seed: of the network.
        graph: the network.
        mapped: its plan.
    """

    name: str
    seed: int
    graph: Graph
    mapped: Plan

    @property
    def raw(self) -> bool:
        """Whether the last operation writes 32-bit results."""
        return self.mapped.operations[-1].raw

    @property
    def passes(self) -> bool:
        """Whether partial sums go through memory."""
        return any(op.raw for op in self.mapped.operations[:-1])


def draw(name: str, hw: Hardware, count: int, first: int = _FIRST_SEED) -> Iterator[Case]:
    """Networks that the accelerator can run; the last few are chosen for what is rare."""
    wanted = {"raw": _LEAST, "passes": _LEAST if hw.weights_ram_depth <= _SMALL else 0}
    found = 0
    for seed in range(first, first + 40 * count):
        _, graph, _ = random_case(seed, x_bits=(hw.x_bits,), k_bits=(hw.k_bits,), scales=0.5 * (hw.scale_bits > 0))
        try:
            case = Case(name, seed, graph, plan(graph, hw))
        except MappingError:
            continue
        useful = [kind for kind, left in wanted.items() if left > 0 and getattr(case, kind)]
        if count - found <= sum(max(left, 0) for left in wanted.values()) and not useful:
            continue
        for kind in useful:
            wanted[kind] -= 1
        yield case
        found += 1
        if found == count:
            return


def compare(case: Case, latency: int, folder: Path) -> tuple[float, int, float]:
    """Clocks of model and RTL, and the largest share of the run's clocks by which an operation is off."""
    result = simulate(folder, mem_latency=latency)
    result.raise_for_mismatch()
    times = operation_times(case.mapped, Memory(latency))
    apart = max(abs(t.clocks - op.cycles_rtl) for t, op in zip(times, result.operations, strict=True))
    return sum(time.clocks for time in times), result.cycles_rtl, apart / result.cycles_rtl


def _lines(case: Case, rng: random.Random) -> Iterator[float]:
    """Prints a line a latency; yields the deviations."""
    hw = case.mapped.hw
    kinds = " ".join(kind for kind in ("raw", "passes") if getattr(case, kind))
    with tempfile.TemporaryDirectory() as folder:
        export(case.graph, hw, Path(folder) / "export", seed=1)
        for latency in sorted(rng.sample(LATENCIES, 2)):
            model, rtl, apart = compare(case, latency, Path(folder) / "export")
            off = model / rtl - 1
            cells = case.name, case.seed, kinds, latency, f"{model:,.0f}", f"{rtl:,}", f"{off:+.1%}", f"{apart:.1%}"
            print("|", *(f"{cell} |" for cell in cells), flush=True)
            yield off


def main() -> int:
    """Compares all accelerators, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="*", help="of an accelerator of tests/system/hardware.py")
    parser.add_argument("--seed", type=int, default=_FIRST_SEED, help="of the first network")
    parser.add_argument("--count", type=int, default=_EACH, help="networks an accelerator")
    options = parser.parse_args()

    rng, worst, runs = random.Random(options.seed), {}, 0
    print("| accelerator | seed | kind | latency | model | RTL | deviation | operation apart |")
    print("|---|---|---|---|---|---|---|---|")
    for name in options.name or HARDWARE:
        offs = [off for case in draw(name, HARDWARE[name], options.count, options.seed) for off in _lines(case, rng)]
        worst[name], runs = max(offs, key=abs), runs + len(offs)
    largest = max(worst.values(), key=abs)
    print(
        json.dumps(
            {"runs": runs, "largest_deviation_percent": round(100 * largest, 2)}
            | {f"{name}_deviation_percent": round(100 * off, 2) for name, off in worst.items()}
        )
    )
    return int(abs(largest) > AIM)


if __name__ == "__main__":
    sys.exit(main())
