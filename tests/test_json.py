"""Strict JSON: what is refused, where, and in how much time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from deepsoc._json import json_path, parse_json, shorten
from deepsoc.errors import InputError
from deepsoc.hw import Hardware
from deepsoc.netspec.spec import parse_net
from deepsoc.perf.space import Space


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "f: line 1, column 1: not JSON"),
        (b'{"a": 1,\n}', "f: line 2, column 1: not JSON"),
        (b"\xff", "f: not JSON in UTF-8"),
        (b"9" * 5000, "f: not JSON in UTF-8: Exceeds the limit"),
        (b'{"a": [1, {"b": 1, "c": 2, "b": 1}]}', "f: $.a[1].b: this key stands here twice"),
        (b'{"a": [NaN]}', "f: $.a[0]: expected a finite number"),
        (b'{"a": -Infinity}', "f: $.a: expected a finite number"),
        (b'{"a b": 1e999}', 'f: $["a b"]: expected a finite number'),
        (b"[" * 101 + b"]" * 101, "f: $: nested too deeply"),
        (b"[" * 100_000, "f: $: nested too deeply"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_faults_have_a_place(text: bytes, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_json(text, "f")
    assert str(caught.value).startswith(says)


def test_the_first_fault_of_the_file_is_told() -> None:
    text = b'{"a": [{"x": 1, "x": 1}, NaN], "b": NaN}'
    with pytest.raises(InputError, match=r"\$\.a\[0\]\.x"):
        parse_json(text, "f")


def test_strict_json_is_what_json_says() -> None:
    data = {"a": [1, 2.5, 1e-320, None, True, "é"], "b": {}, "": [[]] * 3, "deep": json.loads("[" * 99 + "]" * 99)}
    assert parse_json(json.dumps(data).encode(), "f") == data


@pytest.mark.timeout(60)  # quadratic, this takes half an hour
def test_a_repeated_key_among_many_is_found_in_linear_time(tmp_path: Path) -> None:
    keys = [f'"k{i}": 0' for i in range(200_000)]
    text = "{" + ", ".join([*keys, keys[-1]]) + "}"
    path = tmp_path / "hw.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"k199999: this key stands here twice"):
        Hardware.load(path)


@pytest.mark.timeout(60)
def test_a_repeated_value_among_many_is_found_in_linear_time() -> None:
    values = [1 + i / 1000 for i in range(200_000)]
    with pytest.raises(InputError, match="is there 2 times"):
        Space.parse({"rows": 1, "cols": 1, "frequency_mhz": [*values, values[-1]]})


@pytest.mark.parametrize(
    "make",
    [
        lambda text: Hardware(rows=text, cols=1),
        lambda text: Hardware(**{"rows": 1, "cols": 1, text: 1}),
        lambda text: Space.parse({"rows": text, "cols": 1}),
        lambda text: Space.parse({text: 1}),
        lambda text: Space.parse({"rows": {text: 1}, "cols": 1}),
        lambda text: parse_net({"name": text}),
        lambda text: parse_net({text: text}),
    ],
)
def test_errors_show_a_part_of_long_values(make) -> None:
    for text in ("x" * 116_000, "\n" * 116_000, "é" * 116_000):
        with pytest.raises(InputError) as caught:
            make(text)
        assert len(str(caught.value)) < 2100


def test_values_are_shortened_to_one_line() -> None:
    assert [shorten(value) for value in (1.0, "a\nb", None, [1, "x"])] == ["1.0", '"a\\nb"', "null", '[1, "x"]']
    assert shorten({(1, 2): 3}) == "a dict"
    assert shorten(10 ** (sys.get_int_max_str_digits() + 1)) == "a int"
    assert len(shorten("x" * 1000)) == 60
    assert json_path(["a", 0, "b c", "x" * 1000]) == '$.a[0]["b c"]["' + "x" * 56 + "...]"


@pytest.mark.parametrize("value", [4.0, True, "4", None])
def test_integers_are_integers_everywhere(value: object) -> None:
    """Pydantic takes 4.0 for a Literal[4]."""
    refused = "integer|should be|number"
    floats = {"axi_data_bits": 64.0, "b_bits": 16.0}
    for field in ("x_bits", "k_bits", "b_bits", "axi_data_bits", "y_bits", "rows", "kh_max", "base_address"):
        given = {"rows": 8, "cols": 8, field: floats.get(field, 4.0) if isinstance(value, float) else value}
        if value is None and field == "kh_max":
            continue  # left open
        with pytest.raises(InputError, match=refused):
            Hardware(**given)
        if field not in ("b_bits", "base_address"):
            with pytest.raises(InputError, match=refused):
                Space.parse(given)
    net = {
        "format": "deepsoc-net/1", "name": "n", "input": {"shape": [4]}, "bits": {"x": 4, "k": 4, "b": 16},
        "bundles": [{"name": "d", "input": "input", "core": {"type": "dense", "units": 2}}],
    }  # fmt: skip
    parse_net(net)
    for field in ("x", "k"):
        with pytest.raises(InputError, match=rf"\$\.bits\.{field}"):
            parse_net(net | {"bits": {"x": 4, "k": 4, "b": 16, field: value}})
