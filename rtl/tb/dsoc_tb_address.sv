/// Rules of an AXI4 address channel, checked at every rising edge: what is offered stays until it is taken; INCR bursts
/// of full beats, not longer than the accelerator was made for, within 4 KiB.
module dsoc_tb_address #(
    parameter int unsigned BeatBytes = 8,
    parameter string Name = ""
) (
    input logic clk_i,
    input int unsigned max_burst_i,
    input logic [39:0] addr_i,
    input logic [7:0] len_i,
    input logic [2:0] size_i,
    input logic [1:0] burst_i,
    input logic valid_i,
    input logic ready_i
);

  logic held = 1'b0;
  logic [52:0] payload;
  longint unsigned first;
  longint unsigned last;

  always @(posedge clk_i) begin
    if (held && !valid_i) dsoc_tb_pkg::dsoc_tb_violation($sformatf("%svalid fell before %sready", Name, Name));
    if (held && valid_i && payload != {addr_i, len_i, size_i, burst_i})
      dsoc_tb_pkg::dsoc_tb_violation($sformatf("%s changed before %sready", Name, Name));
    held = valid_i && !ready_i;
    payload = {addr_i, len_i, size_i, burst_i};
    if (valid_i && ready_i) begin
      first = 64'(addr_i) & ~(64'(BeatBytes) - 1);
      last = first + (64'(len_i) + 1) * 64'(BeatBytes) - 1;
      if ((32'd1 << size_i) != BeatBytes)
        dsoc_tb_pkg::dsoc_tb_violation($sformatf("%s: size is not %0d bytes", Name, BeatBytes));
      if (burst_i != 2'b01) dsoc_tb_pkg::dsoc_tb_violation($sformatf("%s: burst type is not INCR", Name));
      if (32'(len_i) >= max_burst_i)
        dsoc_tb_pkg::dsoc_tb_violation($sformatf("%s: %0d beats, more than axi_max_burst", Name, 32'(len_i) + 1));
      if ((first >> 12) != (last >> 12))
        dsoc_tb_pkg::dsoc_tb_violation($sformatf("%s: burst at 0x%h crosses 4 KiB", Name, addr_i));
    end
  end

endmodule
