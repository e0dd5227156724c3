"""Descriptors: operations and addresses as the 64 words that the sequencer reads."""

from __future__ import annotations

from collections.abc import Mapping

from deepsoc.errors import InputError, MappingError
from deepsoc.hw import Hardware
from deepsoc.hw.regmap import load_map, pack_descriptor
from deepsoc.mapping.ahead import ahead
from deepsoc.mapping.operation import Operation
from deepsoc.mapping.pooling import InlinePool
from deepsoc.mapping.stage import Requant

__all__ = ["descriptor"]


def descriptor(
    op: Operation,
    hw: Hardware,
    *,
    before: Operation | None,
    tag: int,
    net_id: int,
    addresses: Mapping[str, int],
    k_addr: int,
    k_beats: int,
    load_addr: int = 0,
    load_beats: int = 0,
) -> list[int]:
    """The words of one operation.

    Args:
        op: the operation.
        hw: the accelerator.
        before: the operation before it; None: it is the first.
        tag: its index in the table.
        net_id: identity of the network.
        addresses: arena offset of every buffer, bytes.
        k_addr: arena offset of its weights stream, bytes.
        k_beats: beats of its weights stream.
        load_addr: arena offset of the stream that fills its resident weights, bytes.
        load_beats: beats of that stream; 0: there is none.

    Raises:
        MappingError: a value does not fit its field; names the bundle and the field.
    """
    fields = {
        "tag": tag, "net_id": net_id, "k_addr": k_addr, "k_beats": k_beats, "resident": op.resident,
        "load_addr": load_addr, "load_beats": load_beats,
        **_control(op, hw), **_pixels(op, hw, addresses), **_loops(op), **_output(op, addresses),
        **_operand(op, addresses), **_ahead(op, before, hw), **(_scales(op) if hw.scale_bits else _shifts(op)),
    }  # fmt: skip
    try:
        return pack_descriptor(fields)
    except InputError as err:
        raise MappingError(f"operation {op.name}: {err}; use a smaller layer", where=f"bundle {op.bundle}") from None


def _value(field: str, name: str) -> int:
    return load_map().field(field).values[name]


def _control(op: Operation, hw: Hardware) -> dict[str, int]:
    stage = op.stage
    return {
        "kind": _value("kind", op.kind), "flat": int(op.flat), "chain": int(op.chain), "raw_out": int(op.raw),
        "operand": _value("operand", stage.operand),
        **_act(stage.act1, 1), **_act(stage.act2, 2),
        "acc_lsh": stage.acc_lsh, "opd_lsh": stage.opd_lsh, "avg_lsh": stage.avg_lsh, **_pool(op.pool),
        "wide": int(op.work.lanes(hw) > 1), "depthwise": int(op.loops.depthwise),
        "x_wide": int(op.work.pixel_lanes(hw) > 1), "spread": int(op.spread),
    }  # fmt: skip


def _act(requant: Requant | None, i: int) -> dict[str, int]:
    return {f"act{i}_en": 1, f"zero{i}": int(requant.zero)} if requant else {}


def _shifts(op: Operation) -> dict[str, int]:
    """Of hardware without factors."""
    acts = [(i, act) for i, act in enumerate((op.stage.act1, op.stage.act2), start=1) if act]
    return {name: shift for i, act in acts for name, shift in ((f"sh{i}_pos", act.pos), (f"sh{i}_neg", act.neg))}


def _scales(op: Operation) -> dict[str, int]:
    """Of hardware with factors; those of a core are in its weights stream."""
    stage = op.stage
    fields = {"x_zero": op.x_zero, "x_before": op.loops.x_before, "o_zero": stage.o_zero, "x_term": stage.term}
    for i, act in ((1, stage.act1), (2, stage.act2)):
        if act:
            fields |= {f"slope{i}": act.slope, f"z{i}": act.z, f"lo{i}": act.lo, f"hi{i}": act.hi}
        if act and not (op.kind == "mac" and act is stage.first):
            fields |= {f"m{i}": act.scale.m[0], f"s{i}": act.scale.s[0]}
    return fields


def _pool(pool: InlinePool | None) -> dict[str, int]:
    if pool is None:
        return {}
    fields = {"pool": _value("pool", pool.kind)}
    if pool.kind != "windows":
        return fields | {"pool_count": pool.count, "pool_steps": pool.steps}
    (kh, kw), (sh, sw), (top, left) = pool.window, pool.strides, pool.pads
    return fields | {
        "pool_rows": pool.rows, "pool_cols": pool.cols, "pool_kh": kh, "pool_kw": kw, "pool_sh": sh, "pool_sw": sw,
        "pool_pad_top": top, "pool_pad_left": left,
    }  # fmt: skip


def _pixels(op: Operation, hw: Hardware, addresses: Mapping[str, int]) -> dict[str, int]:
    x = op.x
    return {
        "x_base": (addresses[x.buffer] + x.delta) % 2**32, "x_line_pitch": x.line_pitch, "x_l_pitch": x.l_pitch,
        "x_n_pitch": x.n_pitch, "x_lam0": x.lam0, "x_lam_step": x.lam_step, "x_lines": x.lines, "x_off0": x.off0,
        "x_seg_step": x.seg_step, "x_seg_count": x.seg_count, "x_seg_bytes": x.seg_bytes, "x_t_step": x.t_step,
        **({"x_seg_bytes_last": x.seg_bytes_last} if hw.depthwise else {}),
        "x_mask_lo": x.mask & 0xFFFF_FFFF, "x_mask_hi": x.mask >> 32,
    }  # fmt: skip


def _ahead(op: Operation, before: Operation | None, hw: Hardware) -> dict[str, int]:
    found = ahead(op, before, hw)
    return {"x_follows": _value("x_follows", found.follows), "x_returns": found.returns, "x_guard": found.guard}


def _loops(op: Operation) -> dict[str, int]:
    loops = op.loops
    return {
        "x_rows": loops.x_rows, "pad_top": loops.pad_top, "tap": loops.tap, "row_step": loops.row_step,
        "x_cols": loops.x_cols, "w_count": loops.w, "wo_count": loops.wo, "n_count": loops.n, "l_count": loops.l,
        "t_count": loops.t, "lines_flat": loops.lines_flat, "ci": loops.ci, "kh": loops.kh,
        "kh_count": loops.kh_count, "kw": loops.kw, "sw": loops.sw, "pos0": loops.pos0, "ns": loops.ns,
        "ch_per_t": loops.ch_per_t, "ch_last": loops.ch_last, "n_words": loops.words,
    }  # fmt: skip


def _output(op: Operation, addresses: Mapping[str, int]) -> dict[str, int]:
    y = op.y
    return {
        "y_base": addresses[y.buffer] + y.delta + y.off0, "y_line_pitch": y.line_pitch, "y_l_pitch": y.l_pitch,
        "y_n_pitch": y.n_pitch, "y_wo_step": y.wo_step, "y_rows": op.loops.y_rows, "y_raw_step": y.raw_step,
    }  # fmt: skip


def _operand(op: Operation, addresses: Mapping[str, int]) -> dict[str, int]:
    o = op.stage.o
    if o is None:
        return {}
    return {
        "o_base": (addresses[o.buffer] + o.delta + o.off0) % 2**32, "o_line_pitch": o.line_pitch,
        "o_l_pitch": o.l_pitch, "o_n_pitch": o.n_pitch, "o_lam_step": o.lam_step, "o_lines": o.lines,
        "o_seg_step": o.seg_step, "o_seg_count": o.seg_count, "o_seg_bytes": o.seg_bytes,
        "o_seg_bytes_last": o.seg_bytes_last, "o_t_step": o.t_step, "o_t_count": o.t, "o_n_count": o.n,
        "o_l_count": o.l,
    }  # fmt: skip
