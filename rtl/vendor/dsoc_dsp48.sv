/// Behaviour of AMD's DSP blocks as far as the processing elements use them: what the models of DSP48E1 and DSP48E2 share.
/// Ours, written from UG479 and UG579; for simulation alone. Synthesis takes the vendor's cell.
///
/// The operands A and B, product, sum and operation have one register each, C has none. The sum is X + Z with X = 0 or the
/// product and Z = 0, PCIN, P or C. A simulation in which another operation is asked for stops.
///
/// Parameters:
///   Bits  of the multiplier's operand A: 25 (DSP48E1) or 27 (DSP48E2)
module dsoc_dsp48 #(
    parameter int unsigned Bits = 25
) (
    input  logic            clk_i,
    input  logic [Bits-1:0] a_i,
    input  logic [    17:0] b_i,
    input  logic [    47:0] c_i,
    input  logic [    47:0] pcin_i,
    input  logic [     6:0] opmode_i,
    input  logic            ce_a_i,
    input  logic            ce_b_i,
    input  logic            ce_op_i,
    input  logic            ce_m_i,
    input  logic            ce_p_i,
    output logic [    47:0] p_o
);

  localparam int unsigned MBits = Bits + 18;

  logic signed [Bits-1:0] a_q;
  logic signed [17:0] b_q;
  logic signed [MBits-1:0] m_q;
  logic [6:0] op_q;
  logic [47:0] x, z, p_q;

  // The vendor's registers are 0 when the FPGA is configured.
  initial begin
    a_q  = '0;
    b_q  = '0;
    m_q  = '0;
    op_q = '0;
    p_q  = '0;
  end

  assign x   = (op_q[3:0] == 4'b0101) ? 48'(m_q) : '0;
  assign z   = (op_q[6:4] == 3'b001) ? pcin_i : (op_q[6:4] == 3'b010) ? p_q : (op_q[6:4] == 3'b011) ? c_i : '0;
  assign p_o = p_q;

  always @(posedge clk_i) begin
    if (ce_a_i) a_q <= a_i;
    if (ce_b_i) b_q <= b_i;
    if (ce_op_i) op_q <= opmode_i;
    if (ce_m_i) m_q <= MBits'(a_q) * MBits'(b_q);
    if (ce_p_i) p_q <= x + z;
  end

`ifndef SYNTHESIS
  always @(posedge clk_i) begin
    if (ce_p_i && ((op_q[3:0] != 4'b0000 && op_q[3:0] != 4'b0101) || op_q[6])) begin
      $fatal(1, "the model of the DSP block has no operation %b", op_q);
    end
  end
`endif

endmodule
