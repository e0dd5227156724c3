// The equation of docs/architecture.md, section 1, in 64 bits, beside the module: five clocks after every input, for every
// z, lo <= hi, `equal_o`.
module dsoc_scale_equation #(
    parameter int SumBits = 7,
    parameter int ScaledBits = 6,
    parameter int ScaleBits = 3,
    parameter int OutBits = 4
) (
    input  logic                        clk_i,
    input  logic signed [  SumBits-1:0] a_i,
    input  logic        [ScaleBits-1:0] m_i,
    input  logic        [          3:0] shift_i,
    input  logic signed [  OutBits-1:0] z_i,
    input  logic signed [  OutBits-1:0] lo_i,
    input  logic signed [  OutBits-1:0] hi_i,
    output logic                        equal_o
);
  localparam int Latency = 5;

  logic signed [OutBits-1:0] y;
  dsoc_scale #(
      .SumBits(SumBits),
      .ScaledBits(ScaledBits),
      .ScaleBits(ScaleBits),
      .OutBits(OutBits),
      .ShiftBits(4)
  ) i_scale (
      .clk_i,
      .enable_i(1'b1),
      .a_i,
      .m_i,
      .shift_i,
      .z_i,
      .lo_i,
      .hi_i,
      .y_o     (y)
  );

  localparam logic signed [63:0] Max = (64'sd1 <<< (ScaledBits - 1)) - 1, Min = -(64'sd1 <<< (ScaledBits - 1));

  logic [Latency-1:0][SumBits-1:0] a_q;
  logic [Latency-1:0][ScaleBits-1:0] m_q;
  logic [Latency-1:0][3:0] shift_q;
  logic signed [63:0] a, product, quotient, rest, half, moved, expected;

  always_ff @(posedge clk_i) begin
    for (int i = 1; i < Latency; i++) begin
      a_q[i]     <= a_q[i-1];
      m_q[i]     <= m_q[i-1];
      shift_q[i] <= shift_q[i-1];
    end
    a_q[0]     <= a_i;
    m_q[0]     <= m_i;
    shift_q[0] <= shift_i;
  end

  always_comb begin
    a        = 64'($signed(a_q[Latency-1]));
    a        = a > Max ? Max : a < Min ? Min : a;
    product  = a * $signed(64'(m_q[Latency-1]));
    quotient = product >>> shift_q[Latency-1];
    rest     = product - (quotient <<< shift_q[Latency-1]);
    half     = shift_q[Latency-1] == 0 ? 64'sd1 : 64'sd1 <<< (shift_q[Latency-1] - 1);
    moved    = quotient + ((rest > half || (rest == half && quotient[0])) ? 64'sd1 : 64'sd0) + 64'(z_i);
    expected = moved < 64'(lo_i) ? 64'(lo_i) : moved > 64'(hi_i) ? 64'(hi_i) : moved;
  end
  assign equal_o = y == expected[OutBits-1:0] || lo_i > hi_i;
endmodule
