/// Changes the width of a packed stream: beats of InWidth bits in, words of OutWidth bits out, first bits lowest.
///
/// Words follow each other without gaps inside a block; `flush_i` drops what is left of the last beat at a block's end
/// (no beat may be given in that clock; the last word is taken in it). Sustains one beat or one word a clock, whichever is the narrower.
///
/// Parameters:
///   InWidth   bits of a beat
///   OutWidth  bits of a word
module dsoc_gearbox #(
    parameter int unsigned InWidth  = 128,
    parameter int unsigned OutWidth = 96
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                flush_i,
    input  logic [ InWidth-1:0] data_i,
    input  logic                valid_i,
    output logic                ready_o,
    output logic [OutWidth-1:0] data_o,
    output logic                valid_o,
    input  logic                ready_i
);

  /// Greatest common divisor: the unit in which the fill level is counted.
  function automatic int unsigned gcd(input int unsigned a, input int unsigned b);
    int unsigned x, y, r;
    x = a;
    y = b;
    while (y != 0) begin
      r = x % y;
      x = y;
      y = r;
    end
    gcd = x;
  endfunction

  localparam int unsigned Unit = gcd(InWidth, OutWidth);
  localparam int unsigned InUnits = InWidth / Unit;
  localparam int unsigned OutUnits = OutWidth / Unit;
  localparam int unsigned Capacity = InUnits + OutUnits;
  localparam int unsigned CntBits = $clog2(Capacity + 1);

  if (InWidth == OutWidth) begin : gen_wire
    assign data_o  = data_i;
    assign valid_o = valid_i;
    assign ready_o = ready_i;
    logic unused_ok;
    assign unused_ok = &{1'b0, clk_i, rst_ni, flush_i};
  end else begin : gen_shift
    logic [Capacity*Unit-1:0] buf_q, kept;
    logic [CntBits-1:0] cnt_q, cnt_kept;
    logic push, pop;

    assign valid_o  = cnt_q >= CntBits'(OutUnits);
    assign data_o   = buf_q[OutWidth-1:0];
    assign pop      = valid_o && ready_i;
    assign cnt_kept = pop ? cnt_q - CntBits'(OutUnits) : cnt_q;
    assign kept     = pop ? buf_q >> OutWidth : buf_q;
    assign ready_o  = cnt_kept <= CntBits'(OutUnits);
    assign push     = valid_i && ready_o;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        cnt_q <= '0;
      end else if (flush_i) begin
        cnt_q <= '0;
      end else begin
        cnt_q <= push ? cnt_kept + CntBits'(InUnits) : cnt_kept;
      end
    end

    always_ff @(posedge clk_i) begin
      if (push) begin
        for (int unsigned u = 0; u < Capacity; u++) begin
          if (u >= 32'(cnt_kept)) begin
            if (u - 32'(cnt_kept) < InUnits) buf_q[u*Unit+:Unit] <= data_i[((u-32'(cnt_kept))%InUnits)*Unit+:Unit];
          end else begin
            buf_q[u*Unit+:Unit] <= kept[u*Unit+:Unit];
          end
        end
      end else if (pop) begin
        buf_q <= kept;
      end
    end
  end

endmodule
