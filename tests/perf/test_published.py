"""The measured clocks of the published networks: of the networks in the repository, and what the model says of them."""

from __future__ import annotations

import pytest

from deepsoc.hw import Hardware
from deepsoc.netspec.spec import load_net
from deepsoc.perf import Memory, estimate, rtl_table, summary
from tests.perf.networks import DATA

ROWS = rtl_table().to_dict("records")


def test_the_published_networks_are_there_and_near_their_equations() -> None:
    assert [row["network"] for row in ROWS] == ["resnet50_224", "vgg16_224", "alexnet_227"]
    assert all(-0.05 < row["more"] < 0.005 for row in ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["network"]))
def test_the_model_says_what_was_measured(row: dict[str, object]) -> None:
    bits = row["bits"]
    hw = Hardware(
        rows=row["rows"], cols=row["cols"], x_bits=bits, k_bits=bits, axi_data_bits=row["axi_data_bits"],
        drain_lanes=row["drain_lanes"],
    )  # fmt: skip
    table = estimate(load_net(DATA / f"{row['network']}.json").to_graph(seed=1), hw, memory=Memory(16))
    assert int(table["clocks"].sum()) == row["equations"]
    assert summary(table)["end_to_end_clocks"] == pytest.approx(row["rtl"], rel=0.002)
