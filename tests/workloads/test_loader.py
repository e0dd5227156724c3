"""Layer tables: the built-in ones, users' files, SCALE-Sim topologies, and every fault with its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deepsoc.errors import InputError
from deepsoc.workloads import COLUMNS, Layer, builtin_names, load_workload

HEADER = ",".join(COLUMNS)
ROW = "c1,conv,1,8,9,4,6,3,2,1,1,1,0,2"

# Products of one frame in millions, counted with padding, as the literature gives them.
PRODUCTS = {
    "alexnet": 724,
    "vgg16": 15_470,
    "resnet18": 1_814,
    "resnet50": 3_858,
    "resnet50_v15": 4_089,
    "mobilenet_v1": 569,
}


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def products(layer: Layer) -> int:
    return layer.n * layer.h * layer.w * layer.ci * layer.co if layer.type == "dense" else (
        layer.n * layer.ho * layer.wo * layer.kh * layer.kw * layer.ci // layer.groups * layer.co
    )  # fmt: skip


TABLES = {f"{name}{part}" for name in PRODUCTS for part in ("", "_fc")}  # convolutions, and dense layers of 7 frames


@pytest.mark.parametrize("name", builtin_names())
def test_builtin_tables_are_chains(name: str) -> None:
    work = load_workload(name)
    assert work.name == name
    assert len({layer.name for layer in work.layers}) == len(work.layers)


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_convolutions_and_dense_layers(name: str) -> None:
    conv, dense = load_workload(name).layers, load_workload(f"{name}_fc").layers
    assert {(layer.type, layer.n) for layer in conv + dense} == {("conv", 1), ("dense", 7)}
    total = sum(map(products, conv)) + sum(map(products, dense)) / 7
    assert total / 1e6 == pytest.approx(PRODUCTS[name], rel=0.002)


def test_builtin_names() -> None:
    assert TABLES | {"jet_tagging", "kws_cnn", "autoencoder", "transformer_block"} == set(builtin_names())


def test_columns_in_any_order_and_space_and_empty_lines(tmp_path: Path) -> None:
    names = list(reversed(COLUMNS))
    cells = dict(zip(COLUMNS, ROW.split(","), strict=True))
    text = "\ufeff" + " , ".join(names) + "\r\n\r\n" + " , ".join(cells[name] for name in names) + "\r\n\r\n"
    work = load_workload(write(tmp_path, text, "mine.csv"))
    assert work.name == "mine"
    assert work.layers == (Layer("c1", "conv", 1, 8, 9, 4, 6, 3, 2, 1, 1, 1, 0, 2),)


def test_scale_sim_convolutions(tmp_path: Path) -> None:
    text = (
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
        "Conv1, 227, 227, 11, 11, 3, 96, 4,\n"
        "Two, 9, 8, 3, 2, 5, 7, 2, 1,\n"
        "FC6, 1, 1, 1, 1, 9216, 4096, 1,\n"
    )
    assert load_workload(write(tmp_path, text)).layers == (
        Layer("Conv1", "conv", 1, 227, 227, 3, 96, 11, 11, 4, 4),
        Layer("Two", "conv", 1, 9, 8, 5, 7, 3, 2, 2, 1),
        Layer("FC6", "dense", 1, 1, 1, 9216, 4096),
    )


def test_scale_sim_matrix_products(tmp_path: Path) -> None:
    layers = load_workload(write(tmp_path, "Layer,M,N,K,\nqk,128,64,32,\n")).layers
    assert layers == (Layer("qk", "dense", 1, 128, 1, 32, 64),)


def test_scale_sim_3_writes_a_sparsity_column(tmp_path: Path) -> None:
    conv = (
        "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides, Sparsity,\n"
        "Conv1, 9, 8, 3, 2, 5, 7, 2, 1:1,\n"
        "Conv2, 9, 8, 3, 2, 5, 7, 2, 4:4,\n"
        "Conv3, 9, 8, 3, 2, 5, 7, 2,\n"
    )
    layer = Layer("Conv1", "conv", 1, 9, 8, 5, 7, 3, 2, 2, 2)
    assert load_workload(write(tmp_path, conv)).layers == tuple(replace(layer, name=f"Conv{i}") for i in (1, 2, 3))
    matrix = "Layer, M, N, K, Sparsity,\nqk, 128, 64, 32, 1:1,\n"
    assert load_workload(write(tmp_path, matrix)).layers == (Layer("qk", "dense", 1, 128, 1, 32, 64),)
    for text, column in ((conv.replace("4:4", "2:4"), "line 3"), (matrix.replace("1:1", "1:4"), "line 2")):
        with pytest.raises(InputError, match=f"{column}, column Sparsity: the array multiplies by zeros too"):
            load_workload(write(tmp_path, text))


def test_scale_sim_depthwise_layers_and_repeated_names(tmp_path: Path) -> None:
    header = "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, Strides,\n"
    layers = load_workload(write(tmp_path, header + "Conv2_DP, 114, 114, 3, 3, 32, 1, 1,\n" * 3)).layers
    assert [layer.name for layer in layers] == ["Conv2_DP", "Conv2_DP_2", "Conv2_DP_3"]
    assert {(layer.ci, layer.co, layer.groups) for layer in layers} == {(32, 32, 32)}
    assert len(load_workload(write(tmp_path, "Layer,M,N,K\n" + "a,1,1,1\n" * 5_000)).layers) == 5_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "header, column name"),
        ("\n\n", "header, column name"),
        (HEADER, "no layers"),
        (HEADER.replace(",groups", "") + "\n" + ROW, "column groups: the column is missing"),
        (HEADER + ",groups\n" + ROW + ",1", "column groups: the column is there twice"),
        (HEADER + ",bias\n" + ROW + ",1", "column 'bias': unknown column"),
        (f"{HEADER}\n{ROW},7", "line 2: expected 14 cells, received 15"),
        (f"{HEADER}\n{ROW}\nc2,conv,1", "line 3: expected 14 cells, received 3"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,NaN,9')}", "line 2, column h: expected an integer, received 'NaN'"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,inf,9')}", "column h: expected an integer"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,8.0,9')}", "column h: expected an integer"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,,9')}", "column h: expected an integer, received ''"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,٣,9')}", "column h: expected an integer"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,-8,9')}", "column h: expected an integer of 1"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '0,8,9')}", "column n: expected an integer of 1"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,8,1')}", "column kw: a kernel of 2 does not fit"),
        (f"{HEADER}\n{ROW[:-1]}3", "column groups: 3 groups do not divide ci = 4"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,8,999999999999999999')}", "column w: expected an integer of 1 … 65535"),
        (f"{HEADER}\n{ROW.replace('1,8,9', '1,8,' + '9' * 5000)}", "column w: expected an integer"),
        (f"{HEADER}\n{ROW.replace('conv', 'pool')}", "column type: expected conv or dense"),
        (f"{HEADER}\n,{ROW.split(',', 1)[1]}", "column name: expected 1 to 64"),
        (f'{HEADER}\n"c1{ROW}', "line 2: malformed CSV"),
        (f"{HEADER}\n{ROW}\0", "line 2"),
        (f"{HEADER}\n{ROW}\n{ROW}", "line 3, column name: 'c1' is the name of a layer above"),
        (f'{HEADER}\n"c\n1"{ROW[2:]}', "line 3: a cell holds a line break"),
        (f'{HEADER}\nc1,conv,"\n1"{ROW[9:]}', "line 3: a cell holds a line break"),
        (f'{HEADER}\n{ROW[:-1]}"1\n2"', "line 3: a cell holds a line break"),
        ("Layer name,a,b\nx,1,2", "line 2: expected the layer's name"),
        ("Layer,M,N,K\nx,1,0,2", "line 2, column co"),
    ],
    ids=lambda value: value[-40:].strip() or "empty",
)
def test_faults_name_file_line_and_column(tmp_path: Path, text: str, says: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_workload(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "nonsense",
        "../tables/resnet50",
        "resnet50/",
        "RESNET50 ",
        "",
        ".",
        "/dev/zero",
        "/dev/null/x",
        "a\0b",
        "x" * 5000,
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_no_workload(source: str) -> None:
    with pytest.raises(InputError):
        load_workload(source)


def test_binary_and_huge_files(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(InputError, match="cannot read"):
        load_workload(tmp_path / "b.csv")
    with (tmp_path / "h.csv").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(InputError, match="at most"):
        load_workload(tmp_path / "h.csv")
