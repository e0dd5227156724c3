// One burst, chosen freely, is followed from its master to the port and back to the same master with its data.
module dsoc_axi_read_arb_proof #(
    parameter int unsigned AddrBits = 2,
    parameter int unsigned MaxPending = 3
) (
    input logic clk_i,
    input logic rst_ni,
    input logic mark_i,
    input logic [AddrBits-1:0] s0_araddr_i,
    input logic [7:0] s0_arlen_i,
    input logic s0_arvalid_i,
    input logic s0_rready_i,
    input logic [AddrBits-1:0] s1_araddr_i,
    input logic [7:0] s1_arlen_i,
    input logic s1_arvalid_i,
    input logic s1_rready_i,
    input logic m_arready_i,
    input logic m_rlast_i,
    input logic m_rvalid_i
);
  logic s0_arready_o, s0_rvalid_o, s1_arready_o, s1_rvalid_o, m_arvalid_o, m_rready_o;
  logic [AddrBits-1:0] m_araddr_o;
  logic [7:0] m_arlen_o;
  dsoc_axi_read_arb #(.AddrBits(AddrBits), .MaxPending(MaxPending)) dut (.*);

  localparam int unsigned Bits = $clog2(MaxPending + 1);
  logic f_reset = 1'b1, f_waits0 = 1'b0, f_waits1 = 1'b0, f_offered = 1'b0, f_beat = 1'b0, f_last;
  logic [AddrBits+7:0] f_shown0, f_shown1, f_offer;
  logic [Bits-1:0] f_owed;  // bursts that the port took and whose last beat was not taken
  wire f_take0 = s0_arvalid_i && s0_arready_o, f_take1 = s1_arvalid_i && s1_arready_o;
  wire f_address = m_arvalid_o && m_arready_i, f_end = m_rvalid_i && m_rready_o && m_rlast_i;

  // the followed burst: addresses before it at the port, and bursts before it in the order of the data
  logic f_followed = 1'b0, f_inside = 1'b0, f_owner;
  logic [1:0] f_addresses;
  logic [Bits-1:0] f_bursts;
  logic [AddrBits+7:0] f_burst;

  // masters and memory keep what they offer; the memory answers what it took
  always_comb begin
    assume (rst_ni == !f_reset);
    assume (!f_waits0 || (s0_arvalid_i && {s0_araddr_i, s0_arlen_i} == f_shown0));
    assume (!f_waits1 || (s1_arvalid_i && {s1_araddr_i, s1_arlen_i} == f_shown1));
    assume (!f_beat || (m_rvalid_i && m_rlast_i == f_last));
    assume (!rst_ni || !m_rvalid_i || f_owed != 0);
  end

  always_ff @(posedge clk_i) begin
    f_reset   <= 1'b0;
    f_waits0  <= rst_ni && s0_arvalid_i && !s0_arready_o;
    f_waits1  <= rst_ni && s1_arvalid_i && !s1_arready_o;
    f_shown0  <= {s0_araddr_i, s0_arlen_i};
    f_shown1  <= {s1_araddr_i, s1_arlen_i};
    f_offered <= rst_ni && m_arvalid_o && !m_arready_i;
    f_offer   <= {m_araddr_o, m_arlen_o};
    f_beat    <= rst_ni && m_rvalid_i && !m_rready_o;
    f_last    <= m_rlast_i;
    f_owed    <= rst_ni ? f_owed + Bits'(f_address) - Bits'(f_end) : '0;
    if (!rst_ni) begin
      f_followed <= 1'b0;
      f_inside   <= 1'b0;
    end else if (!f_followed) begin
      f_followed  <= mark_i && (f_take0 || f_take1);
      f_inside    <= mark_i && (f_take0 || f_take1);
      f_owner     <= f_take1;
      f_burst     <= f_take1 ? {s1_araddr_i, s1_arlen_i} : {s0_araddr_i, s0_arlen_i};
      f_addresses <= dut.i_ar.count_q - 2'(f_address);
      f_bursts    <= dut.i_owner.count_q - Bits'(f_end);
    end else begin
      if (f_inside && f_address) begin
        f_inside    <= f_addresses != 0;
        f_addresses <= f_addresses - 2'd1;
      end
      if (f_end) begin
        f_followed <= f_bursts != 0;
        f_bursts   <= f_bursts - 1'b1;
      end
    end
  end

  wire [Bits:0] f_end_place = dut.i_owner.rptr_q + dut.i_owner.count_q;
  wire [Bits:0] f_place = dut.i_owner.rptr_q + f_bursts;
  wire [Bits:0] f_entry = f_place >= MaxPending ? f_place - MaxPending : f_place;
  always_ff @(posedge clk_i) if (rst_ni) begin
    // what the FIFOs' own proofs say
    a_level: assert (dut.i_ar.count_q <= 2 && dut.i_owner.count_q <= MaxPending && dut.i_owner.rptr_q < MaxPending &&
        dut.i_owner.wptr_q == (f_end_place >= MaxPending ? f_end_place - MaxPending : f_end_place) &&
        dut.i_ar.wptr_q == 1'(dut.i_ar.rptr_q + dut.i_ar.count_q) &&
        dut.i_ar.valid_o == (dut.i_ar.count_q != 0) && dut.i_ar.ready_o == (dut.i_ar.count_q != 2) &&
        dut.i_owner.valid_o == (dut.i_owner.count_q != 0) &&
        dut.i_owner.ready_o == (dut.i_owner.count_q != MaxPending));
    a_count: assert (8'(f_owed) + 8'(dut.i_ar.count_q) == 8'(dut.i_owner.count_q));
    a_one:   assert (!(f_take0 && f_take1) && !(s0_rvalid_o && s1_rvalid_o));
    a_first: assert (!f_take1 || !s0_arvalid_i);
    a_live:  assert (dut.i_ar.count_q == 2 || dut.i_owner.count_q == MaxPending || !(s0_arvalid_i || s1_arvalid_i) ||
        f_take0 || f_take1);
    a_kept:  assert (!f_offered || (m_arvalid_o && {m_araddr_o, m_arlen_o} == f_offer));
    a_beat:  assert (m_rready_o == (s0_rvalid_o ? s0_rready_i : s1_rready_i) || !m_rvalid_i);
    a_given: assert (!m_rvalid_i || s0_rvalid_o || s1_rvalid_o);
    if (f_followed) begin
      a_owner: assert (f_bursts < dut.i_owner.count_q && dut.i_owner.mem[f_entry] == f_owner);
      a_route: assert (f_bursts != 0 || !m_rvalid_i || (f_owner ? s1_rvalid_o : s0_rvalid_o));
      if (f_inside) begin
        a_entry: assert (f_addresses < dut.i_ar.count_q && 8'(f_bursts) == 8'(f_addresses) + 8'(f_owed) &&
            dut.i_ar.mem[1'(dut.i_ar.rptr_q + f_addresses)] == f_burst);
        a_address: assert (f_addresses != 0 || {m_araddr_o, m_arlen_o} == f_burst);
      end else begin
        a_asked: assert (f_bursts < f_owed);
      end
    end
  end
endmodule
