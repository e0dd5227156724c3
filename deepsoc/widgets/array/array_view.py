"""ArrayView: the array of processing elements clock by clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from deepsoc.errors import InputError
from deepsoc.graph.ir import Act, Bundle, Conv2D, Graph, IntArray, Quant
from deepsoc.hw import Hardware
from deepsoc.mapping import ArrayStates, Plan, operation_input, plan
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.steps import CONFIG, MAC
from deepsoc.widgets.array._arrayclocks import LANES, ArrayClocks, array_clocks
from deepsoc.widgets.base._control import Control

if TYPE_CHECKING:
    from deepsoc.perf.sources import Source

__all__ = ["ArrayView"]

_BITS = 4  # of the numbers of a layer for teaching


class ArrayView(Control, front="array_pictures array_view"):
    """Shows which pixel and weight each processing element holds in every clock, and how sums move and leave.

    The states are those of the RTL (`deepsoc.mapping.array_steps`), besides clocks in which the array waits for memory.
    Without more it shows a small convolution of random numbers; `ArrayView.of` shows a layer of a network.

    Args:
        rows: of processing elements.
        cols: of processing elements.
        kernel: rows and columns.
        strides: vertical and horizontal.
        width: of the input, pixels.
        height: of the input, pixels.
        channels_in: of the input.
        channels_out: of the output.
        padding: `same` or `valid`.
        seed: of the numbers.

    Raises:
        InputError: no such layer, it does not fit the array, or a keyword is unknown.
    """

    clock = traitlets.Int(0, help="The clock that is shown, 0 … clocks - 1.").tag(sync=True)
    clocks = traitlets.Int(1, read_only=True, help="Number of clocks.").tag(sync=True)
    playing = traitlets.Bool(False, help="Whether the clocks run by themselves.").tag(sync=True)
    speed = traitlets.Float(4, min=0.1, max=1000, help="Clocks a second.").tag(sync=True)
    pe = traitlets.List(
        traitlets.Int(min=0), [0, 0], 2, 2, help="Row and column of the element that is explained."
    ).tag(sync=True)
    event = traitlets.Unicode("", read_only=True, help="What happens in this clock, in words.")
    state = traitlets.Dict(read_only=True, help="Arrays of this clock: pixels (R,), weights (C,), sums (R, C), ...")
    words: traitlets.List[str] = traitlets.List(help="`event` of every clock.").tag(sync=True)
    layer = traitlets.Dict(help="Sizes of the layer and the array, for the front end.").tag(sync=True)
    arrays = traitlets.Dict(help="Type, shape and offset of each array in `data`.").tag(sync=True)
    data = traitlets.Bytes(help="All arrays, little-endian.").tag(sync=True)

    def __init__(
        self,
        rows: int = 4,
        cols: int = 6,
        *,
        kernel: tuple[int, int] = (3, 3),
        strides: tuple[int, int] = (1, 1),
        width: int = 6,
        height: int = 6,
        channels_in: int = 2,
        channels_out: int = 2,
        padding: str = "same",
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        sizes = {"width": width, "height": height, "channels_in": channels_in, "channels_out": channels_out}
        graph = _teaching(kernel, strides, padding, seed, **sizes)
        hw = Hardware(rows=rows, cols=cols, x_bits=_BITS, k_bits=_BITS)
        x = np.random.default_rng(seed).integers(-3, 4, graph.input_shape)
        start = _start(kwargs)
        super().__init__(**kwargs)
        self.show(graph, hw, "layer", x=x)
        for name, value in start.items():
            setattr(self, name, value)

    @classmethod
    def of(
        cls,
        network: Source | Mapping[str, Any],
        hw: Hardware,
        bundle: str,
        *,
        x: IntArray | None = None,
        seed: int = 0,
        **kwargs: Any,
    ) -> ArrayView:
        """A view of one layer of a network; arguments and errors as of `show`, traits as keywords."""
        start = _start(kwargs)
        view = cls(1, 1, kernel=(1, 1), width=1, height=1, channels_in=1, channels_out=1, **kwargs)
        view.show(network, hw, bundle, x=x, seed=seed)
        for name, value in start.items():
            setattr(view, name, value)
        return view

    def show(
        self,
        network: Source | Mapping[str, Any],
        hw: Hardware,
        bundle: str,
        *,
        x: IntArray | None = None,
        seed: int = 0,
    ) -> None:
        """Shows another layer.

        Args:
            network: a `net.json` (path or dictionary), NetSpec, Graph, Plan or Model; weights that it lacks are random.
            hw: the accelerator; what it leaves open becomes what the network needs.
            bundle: name of the bundle, or of one of its operations.
            x: the network's input, integers; None: the random ones of `export` with this seed.
            seed: of the random input.

        Raises:
            InputError: the network cannot be read or has no such layer, or the layer is too large to be shown.
            MappingError: this hardware cannot run the network.
        """
        found = _planned(network, hw)
        index = _operation(found, bundle)
        shape, half = found.graph.input_shape, 1 << (found.graph.input_quant.bits - 1)
        x = np.random.default_rng(seed).integers(-half, half, shape) if x is None else np.asarray(x)
        if x.shape != shape:
            raise InputError(f"expected an input of shape {shape}, received {x.shape}", where="x")
        op = found.operations[index]
        clocks = array_clocks(op, found.hw, operation_input(found, index, x))
        self._plan, self._index, self._clocks = found, index, clocks
        with self.hold_sync():
            self.playing = False
            self.words = _words(op, clocks)
            self.layer = _sizes(op, found.hw, clocks)
            self.arrays, self.data = _packed(clocks)
            self.set_trait("clocks", len(clocks))
            self.clock, self.pe = 0, [0, 0]
        self._refresh()

    @property
    def plan(self) -> Plan:
        """The plan that the layer is a part of."""
        return self._plan

    @property
    def index(self) -> int:
        """Place of the operation in the plan."""
        return self._index

    @property
    def states(self) -> ArrayStates:
        """States of all steps, without waits: those of `mapping.array_steps` and `sim.read_states`."""
        return self._clocks.states

    @traitlets.validate("clock")
    def _inside(self, proposal: Any) -> int:
        return int(min(max(proposal["value"], 0), self.clocks - 1))

    @traitlets.validate("pe")
    def _element(self, proposal: Any) -> list[int]:
        size = (self.layer["rows"], self.layer["cols"]) if self.layer else (1, 1)
        return [min(at, most - 1) for at, most in zip(proposal["value"], size, strict=True)]

    @traitlets.observe("clock")
    def _refresh(self, _: Any = None) -> None:
        found = self._clocks
        step, event = int(found.step[self.clock]), int(found.events[self.clock])
        states, works = found.states, event == MAC
        self.set_trait("event", self.words[self.clock])
        self.set_trait(
            "state",
            {
                "event": LANES[event],
                "pixels": states.pixels[step] * works,
                "weights": states.weights[step] * works,
                "sums": states.sums[step],
                "leaves": states.leaves[step] & works,
                **dict(zip(("t", "n", "l", "w", "ci", "kh"), found.indices[step].tolist(), strict=True)),
            },
        )


def _start(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Takes out the traits that `show` sets to their start."""
    return {name: kwargs.pop(name) for name in ("clock", "pe", "playing") if name in kwargs}


def _teaching(kernel: tuple[int, int], strides: tuple[int, int], padding: str, seed: int, **sizes: int) -> Graph:
    """One convolution with small weights, none of them 0."""
    for name, pair in (("kernel", kernel), ("strides", strides)):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise InputError(f"expected (rows, columns), received {pair!r}", where=name)
        sizes |= {f"{name}[{i}]": value for i, value in enumerate(pair)}
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 255:
            raise InputError(f"expected a whole number from 1 to 255, received {value!r}", where=name)
    if padding not in ("same", "valid"):
        raise InputError(f"expected same or valid, received {padding!r}", where="padding")
    rng, quant = np.random.default_rng(seed), Quant(_BITS, 0)
    shape = (*kernel, sizes["channels_in"], sizes["channels_out"])
    weights = rng.integers(1, 4, shape) * rng.choice([-1, 1], shape)
    core = Conv2D(weights, None, (strides[0], strides[1]), padding, quant, Quant(16, 0))  # type: ignore[arg-type]
    return Graph(
        "teaching", (1, sizes["height"], sizes["width"], sizes["channels_in"]), quant,
        (Bundle("layer", "input", core, Act("linear", quant)),),
    )  # fmt: skip


def _planned(network: Source | Mapping[str, Any], hw: Hardware) -> Plan:
    if isinstance(network, Graph):
        return plan(network, hw)
    from deepsoc.netspec.spec import parse_net
    from deepsoc.perf import resolve_source
    from deepsoc.workloads import Workload

    found = resolve_source(parse_net(network) if isinstance(network, Mapping) else network)
    if isinstance(found, Workload):
        raise InputError("a layer table has no numbers to show; give a network with weights", where="network")
    return found if isinstance(found, Plan) else plan(found, hw)


def _operation(found: Plan, name: str) -> int:
    """First convolution or dense layer of that name, of an operation or a bundle."""
    macs = [(i, op) for i, op in enumerate(found.operations) if op.kind == "mac"]
    for names in ({op.name: i for i, op in reversed(macs)}, {op.bundle: i for i, op in reversed(macs)}):
        if name in names:
            return names[name]
    known = ", ".join(dict.fromkeys(op.bundle for _, op in macs))
    raise InputError(f"no bundle of this name; expected one of {known}, received {name!r}", where="bundle")


def _words(op: Operation, clocks: ArrayClocks) -> list[str]:
    """What happens in each clock."""
    return [
        _event(op, clocks, clock, step) + _leaves(op, leaving)
        for clock, (step, leaving) in enumerate(zip(clocks.step.tolist(), clocks.leaving.tolist(), strict=True))
    ]


def _event(op: Operation, clocks: ArrayClocks, clock: int, step: int) -> str:
    states, (t, _, _, _, ci, kh) = clocks.states, clocks.indices[step].tolist()
    event = clocks.events[clock]
    if event == CONFIG:
        return f"configure: the weights of iteration {t} get ready"
    if event != MAC:
        return {
            "shift": "shift: sums move one column to the right inside their groups",
            "hold": "hold: the array waits until earlier results have left",
            "drain": "drain: the last results leave",
        }[LANES[event]]
    text = f"multiply: feature {ci}" if op.dense else f"multiply: input channel {ci}, kernel row {kh}"
    if states.zero[step]:
        text += "; new sums begin" if op.loops.kw == 1 else "; sums of this row block begin"
    if states.leaves[step].any():
        text += "; sums are finished"
    return text


def _leaves(op: Operation, leaving: list[int]) -> str:
    _, channel, column = leaving
    if channel < 0:
        return ""
    return f"; unit {channel} leaves" if op.dense else f"; channel {channel} of output column {column} leaves"


def _sizes(op: Operation, hw: Hardware, clocks: ArrayClocks) -> dict[str, Any]:
    loops = op.loops
    sums = clocks.states.sums
    return {
        "name": op.name, "rows": hw.rows, "cols": hw.cols, "group": clocks.states.group, "dense": op.dense,
        "t": loops.t, "n": loops.n, "l": loops.l, "w": loops.w, "ci": loops.words if op.dense else loops.ci,
        "kh": 1 if op.dense else loops.kh, "kw": loops.kw, "sh": loops.tap, "sw": loops.sw, "x_step": loops.x_step,
        "row_step": loops.row_step, "pad_top": loops.pad_top, "pad_left": loops.pad_left, "x_before": loops.x_before,
        "y_rows": loops.y_rows, "wo": loops.wo, "total": clocks.total,
        "most": int(max(1, np.abs(sums).max())), "lanes": list(LANES),
    }  # fmt: skip


def _packed(clocks: ArrayClocks) -> tuple[dict[str, Any], bytes]:
    """Where each array lies, and all of them in one piece."""
    states, last = clocks.states, int(clocks.step[-1]) + 1
    parts: dict[str, tuple[str, Any]] = {
        "sums": ("<i4", states.sums[:last]), "pixels": ("i1", states.pixels[:last]),
        "weights": ("i1", states.weights[:last]), "leaves": ("u1", states.leaves[:last]),
        "live": ("u1", clocks.live[:last]), "indices": ("<i4", clocks.indices[:last]),
        "step": ("<i4", clocks.step), "events": ("u1", clocks.events), "leaving": ("<i4", clocks.leaving),
        "batch": ("<i4", clocks.batch), "roles": ("<i4", clocks.roles), "image": ("i1", clocks.image),
        "outputs": ("<i4", clocks.outputs), "done": ("<i4", clocks.done),
    }  # fmt: skip
    table, data = {}, bytearray()
    for name, (kind, values) in parts.items():
        table[name] = [kind.lstrip("<"), list(values.shape), len(data)]
        data += np.ascontiguousarray(values, kind).tobytes()
        data += bytes(-len(data) % 4)
    return table, bytes(data)
