// One burst, chosen freely, is followed: its address to the port, its data from its master alone, its answer back.
module dsoc_soc_write_arb_proof #(
    parameter int unsigned AddrBits = 2,
    parameter int unsigned DataBits = 8,
    parameter int unsigned MaxPending = 3
) (
    input logic clk_i,
    input logic rst_ni,
    input logic mark_i,
    input logic [AddrBits-1:0] s0_awaddr_i,
    input logic [7:0] s0_awlen_i,
    input logic s0_awvalid_i,
    input logic [DataBits-1:0] s0_wdata_i,
    input logic [DataBits/8-1:0] s0_wstrb_i,
    input logic s0_wlast_i,
    input logic s0_wvalid_i,
    input logic s0_bready_i,
    input logic [AddrBits-1:0] s1_awaddr_i,
    input logic [7:0] s1_awlen_i,
    input logic s1_awvalid_i,
    input logic [DataBits-1:0] s1_wdata_i,
    input logic [DataBits/8-1:0] s1_wstrb_i,
    input logic s1_wlast_i,
    input logic s1_wvalid_i,
    input logic s1_bready_i,
    input logic m_awready_i,
    input logic m_wready_i,
    input logic m_bvalid_i
);
  logic s0_awready_o, s0_wready_o, s0_bvalid_o, s1_awready_o, s1_wready_o, s1_bvalid_o;
  logic m_awvalid_o, m_wvalid_o, m_wlast_o, m_bready_o;
  logic [AddrBits-1:0] m_awaddr_o;
  logic [7:0] m_awlen_o;
  logic [DataBits-1:0] m_wdata_o;
  logic [DataBits/8-1:0] m_wstrb_o;
  dsoc_soc_write_arb #(.AddrBits(AddrBits), .DataBits(DataBits), .MaxPending(MaxPending)) dut (.*);

  localparam int unsigned Bits = $clog2(MaxPending + 1);
  localparam int unsigned BeatBits = DataBits + DataBits / 8 + 1;
  logic f_reset = 1'b1, f_waits0 = 1'b0, f_waits1 = 1'b0, f_beat0 = 1'b0, f_beat1 = 1'b0, f_b = 1'b0;
  logic f_offered = 1'b0, f_shows = 1'b0;
  logic [AddrBits+7:0] f_shown0, f_shown1, f_offer;
  logic [BeatBits-1:0] f_word0, f_word1, f_word;
  logic [Bits-1:0] f_asked, f_whole;  // not answered: bursts whose address the port took, and whose data
  wire f_take0 = s0_awvalid_i && s0_awready_o, f_take1 = s1_awvalid_i && s1_awready_o;
  wire f_address = m_awvalid_o && m_awready_i, f_end = m_wvalid_o && m_wready_i && m_wlast_o;
  wire f_answer = m_bvalid_i && m_bready_o;

  // the followed burst: before it, addresses at the port, bursts of data, answers
  logic f_followed = 1'b0, f_inside = 1'b0, f_data = 1'b0, f_owner;
  logic [1:0] f_addresses;
  logic [Bits-1:0] f_bursts, f_answers;
  logic [AddrBits+7:0] f_burst;

  // masters and memory keep what they offer; the memory answers bursts whose address and data it has
  always_comb begin
    assume (rst_ni == !f_reset);
    assume (!f_waits0 || (s0_awvalid_i && {s0_awaddr_i, s0_awlen_i} == f_shown0));
    assume (!f_waits1 || (s1_awvalid_i && {s1_awaddr_i, s1_awlen_i} == f_shown1));
    assume (!f_beat0 || (s0_wvalid_i && {s0_wdata_i, s0_wstrb_i, s0_wlast_i} == f_word0));
    assume (!f_beat1 || (s1_wvalid_i && {s1_wdata_i, s1_wstrb_i, s1_wlast_i} == f_word1));
    assume (!f_b || m_bvalid_i);
    assume (!rst_ni || !m_bvalid_i || (f_asked != 0 && f_whole != 0));
  end

  always_ff @(posedge clk_i) begin
    f_reset   <= 1'b0;
    f_waits0  <= rst_ni && s0_awvalid_i && !s0_awready_o;
    f_waits1  <= rst_ni && s1_awvalid_i && !s1_awready_o;
    f_shown0  <= {s0_awaddr_i, s0_awlen_i};
    f_shown1  <= {s1_awaddr_i, s1_awlen_i};
    f_beat0   <= rst_ni && s0_wvalid_i && !s0_wready_o;
    f_beat1   <= rst_ni && s1_wvalid_i && !s1_wready_o;
    f_word0   <= {s0_wdata_i, s0_wstrb_i, s0_wlast_i};
    f_word1   <= {s1_wdata_i, s1_wstrb_i, s1_wlast_i};
    f_b       <= rst_ni && m_bvalid_i && !m_bready_o;
    f_offered <= rst_ni && m_awvalid_o && !m_awready_i;
    f_offer   <= {m_awaddr_o, m_awlen_o};
    f_shows   <= rst_ni && m_wvalid_o && !m_wready_i;
    f_word    <= {m_wdata_o, m_wstrb_o, m_wlast_o};
    f_asked   <= rst_ni ? f_asked + Bits'(f_address) - Bits'(f_answer) : '0;
    f_whole   <= rst_ni ? f_whole + Bits'(f_end) - Bits'(f_answer) : '0;
    if (!rst_ni) begin
      f_followed <= 1'b0;
      f_inside   <= 1'b0;
      f_data     <= 1'b0;
    end else if (!f_followed) begin
      f_followed  <= mark_i && (f_take0 || f_take1);
      f_inside    <= mark_i && (f_take0 || f_take1);
      f_data      <= mark_i && (f_take0 || f_take1);
      f_owner     <= f_take1;
      f_burst     <= f_take1 ? {s1_awaddr_i, s1_awlen_i} : {s0_awaddr_i, s0_awlen_i};
      f_addresses <= dut.i_aw.count_q - 2'(f_address);
      f_bursts    <= dut.i_data_owner.count_q - Bits'(f_end);
      f_answers   <= dut.i_answer_owner.count_q - Bits'(f_answer);
    end else begin
      if (f_inside && f_address) begin
        f_inside    <= f_addresses != 0;
        f_addresses <= f_addresses - 2'd1;
      end
      if (f_data && f_end) begin
        f_data   <= f_bursts != 0;
        f_bursts <= f_bursts - 1'b1;
      end
      if (f_answer) begin
        f_followed <= f_answers != 0;
        f_answers  <= f_answers - 1'b1;
      end
    end
  end

  wire [Bits:0] f_data_end = dut.i_data_owner.rptr_q + dut.i_data_owner.count_q;
  wire [Bits:0] f_data_place = dut.i_data_owner.rptr_q + f_bursts;
  wire [Bits:0] f_answer_end = dut.i_answer_owner.rptr_q + dut.i_answer_owner.count_q;
  wire [Bits:0] f_answer_place = dut.i_answer_owner.rptr_q + f_answers;
  always_ff @(posedge clk_i) if (rst_ni) begin
    // what the FIFOs' own proofs say
    a_aw: assert (dut.i_aw.count_q <= 2 && dut.i_aw.wptr_q == 1'(dut.i_aw.rptr_q + dut.i_aw.count_q) &&
        dut.i_aw.valid_o == (dut.i_aw.count_q != 0) && dut.i_aw.ready_o == (dut.i_aw.count_q != 2));
    a_w: assert (dut.i_data_owner.count_q <= MaxPending && dut.i_data_owner.rptr_q < MaxPending &&
        dut.i_data_owner.wptr_q == (f_data_end >= MaxPending ? f_data_end - MaxPending : f_data_end) &&
        dut.i_data_owner.valid_o == (dut.i_data_owner.count_q != 0) &&
        dut.i_data_owner.ready_o == (dut.i_data_owner.count_q != MaxPending));
    a_b: assert (dut.i_answer_owner.count_q <= MaxPending && dut.i_answer_owner.rptr_q < MaxPending &&
        dut.i_answer_owner.wptr_q == (f_answer_end >= MaxPending ? f_answer_end - MaxPending : f_answer_end) &&
        dut.i_answer_owner.valid_o == (dut.i_answer_owner.count_q != 0) &&
        dut.i_answer_owner.ready_o == (dut.i_answer_owner.count_q != MaxPending));
    a_count: assert (8'(f_asked) + 8'(dut.i_aw.count_q) == 8'(dut.i_answer_owner.count_q) &&
        8'(f_whole) + 8'(dut.i_data_owner.count_q) == 8'(dut.i_answer_owner.count_q));
    a_one:   assert (!(f_take0 && f_take1) && !(s0_wready_o && s1_wready_o) && !(s0_bvalid_o && s1_bvalid_o));
    a_first: assert (!f_take1 || !s0_awvalid_i);
    a_kept:  assert (!f_offered || (m_awvalid_o && {m_awaddr_o, m_awlen_o} == f_offer));
    a_shown: assert (!f_shows || (m_wvalid_o && {m_wdata_o, m_wstrb_o, m_wlast_o} == f_word));
    a_taken: assert ((m_wvalid_o && m_wready_i) == ((s0_wvalid_i && s0_wready_o) || (s1_wvalid_i && s1_wready_o)));
    a_given: assert (!m_bvalid_i || (s0_bvalid_o && m_bready_o == s0_bready_i) ||
        (s1_bvalid_o && m_bready_o == s1_bready_i));
    if (f_followed) begin
      a_answer: assert (f_answers < dut.i_answer_owner.count_q && dut.i_answer_owner.mem[
          f_answer_place >= MaxPending ? f_answer_place - MaxPending : f_answer_place] == f_owner);
      a_back: assert (f_answers != 0 || !m_bvalid_i || (f_owner ? s1_bvalid_o : s0_bvalid_o));
      if (f_data) begin
        a_place: assert (f_bursts < dut.i_data_owner.count_q && 8'(f_answers) == 8'(f_bursts) + 8'(f_whole) &&
            dut.i_data_owner.mem[f_data_place >= MaxPending ? f_data_place - MaxPending : f_data_place] == f_owner);
        a_data: assert (f_bursts != 0 || (f_owner ?
            m_wvalid_o == s1_wvalid_i && {m_wdata_o, m_wstrb_o, m_wlast_o} == {s1_wdata_i, s1_wstrb_i, s1_wlast_i} :
            m_wvalid_o == s0_wvalid_i && {m_wdata_o, m_wstrb_o, m_wlast_o} == {s0_wdata_i, s0_wstrb_i, s0_wlast_i}));
      end else a_sent: assert (f_answers < f_whole);
      if (f_inside) begin
        a_entry: assert (f_addresses < dut.i_aw.count_q && 8'(f_answers) == 8'(f_addresses) + 8'(f_asked) &&
            dut.i_aw.mem[1'(dut.i_aw.rptr_q + f_addresses)] == f_burst);
        a_address: assert (f_addresses != 0 || {m_awaddr_o, m_awlen_o} == f_burst);
      end else a_asked: assert (f_answers < f_asked);
    end
  end
endmodule
