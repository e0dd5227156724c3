/// First-in first-out buffer in registers or distributed RAM.
///
/// Latency one clock; `valid_o` and `ready_o` are registers.
///
/// Parameters:
///   Width  bits of an entry
///   Depth  entries, at least 2
module dsoc_fifo #(
    parameter int unsigned Width = 8,
    parameter int unsigned Depth = 4
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic [          Width-1:0] data_i,
    input  logic                       valid_i,
    output logic                       ready_o,
    output logic [          Width-1:0] data_o,
    output logic                       valid_o,
    input  logic                       ready_i,
    output logic [$clog2(Depth+1)-1:0] count_o
);

  localparam int unsigned PtrBits = $clog2(Depth);
  localparam int unsigned CountBits = $clog2(Depth + 1);

  if (Depth < 2) begin : gen_illegal
    $error("dsoc_fifo: Depth must be at least 2");
  end

  logic [Width-1:0] mem[Depth];
  logic [PtrBits-1:0] wptr_q, rptr_q;
  logic [CountBits-1:0] count_q;
  logic push, pop;

  assign data_o  = mem[rptr_q];
  assign count_o = count_q;
  assign push    = valid_i && ready_o;
  assign pop     = valid_o && ready_i;

  always_ff @(posedge clk_i) begin
    if (push) mem[wptr_q] <= data_i;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wptr_q  <= '0;
      rptr_q  <= '0;
      count_q <= '0;
      valid_o <= 1'b0;
      ready_o <= 1'b1;
    end else begin
      if (push) wptr_q <= (wptr_q == PtrBits'(Depth - 1)) ? '0 : wptr_q + 1'b1;
      if (pop) rptr_q <= (rptr_q == PtrBits'(Depth - 1)) ? '0 : rptr_q + 1'b1;
      if (push != pop) begin
        count_q <= push ? count_q + 1'b1 : count_q - 1'b1;
        valid_o <= push || count_q != CountBits'(1);
        ready_o <= pop || count_q != CountBits'(Depth - 1);
      end
    end
  end

endmodule
