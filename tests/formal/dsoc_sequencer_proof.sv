// Handshakes at the ports: offers stay, a descriptor is asked for in whole bursts and runs only if it is right, operations
// follow each other in order, and a run ends once: done when every operation is, and never while a port is at work.
module dsoc_sequencer_proof (
    input logic clk_i,
    input logic rst_ni,
    input logic start_i,
    input logic abort_i,
    input logic [13:0] arena_i,
    input logic [31:0] table_offset_i,
    input logic [15:0] n_ops_i,
    input logic [31:0] net_id_i,
    input logic fault_read_i,
    input logic fault_write_i,
    input logic fault_weights_i,
    input logic fault_locked_i,
    input logic quiet_i,
    input logic arready_i,
    input logic [511:0] rdata_i,
    input logic rvalid_i,
    input logic op_finished_i,
    input logic written_i,
    input logic settled_i,
    input logic weights_ready_i
);
  localparam int unsigned DescBeats = 4;
  localparam logic [2:0] Idle = 0, Wait = 2, Run = 4, Drain = 5;  // states of the runs, and of the fetches
  localparam logic [2:0] FetchIdle = 0, FetchAddr = 1, FetchData = 2, FetchCheck = 3, FetchWeights = 4, FetchDone = 5;
  logic stop_o, run_rst_no, busy_o, ended_o, arvalid_o, rready_o, next_valid_o, op_start_o, op_over_o, weights_valid_o;
  logic [3:0] error_o;
  logic [15:0] op_index_o;
  logic [13:0] araddr_o;
  logic [7:0] arlen_o;
  logic [31:0] weights_offset_o, weights_beats_o;
  dsoc_map_pkg::desc_t desc_o, next_desc_o;
  dsoc_sequencer #(.AxiBits(512), .AddrBits(14), .MaxBurst(2)) dut (.*);

  logic f_reset = 1'b1, f_busy = 1'b0, f_quiet = 1'b0, f_stop = 1'b0, f_r = 1'b0, f_ar = 1'b0, f_w = 1'b0;
  logic f_run = 1'b0, f_at_work = 1'b0;  // a run goes on; an operation does
  logic [93:0] now, f_table;
  logic [21:0] f_address;
  logic [63:0] f_weights;
  logic [2:0] f_left, f_got;  // beats of the burst that are to come; beats of the descriptor that came
  logic [31:0] f_fold, f_word;  // exclusive or of the descriptor's words, of a beat's
  logic [16:0] f_done;  // operations
  wire f_ends = abort_i || fault_read_i || fault_write_i || fault_weights_i || fault_locked_i;
  wire f_ask = arvalid_o && arready_i, f_beat = rvalid_i && rready_o;

  always_comb begin
    f_word = '0;
    for (int unsigned w = 0; w < 16; w++) f_word ^= rdata_i[32*w+:32];
    now = {arena_i, table_offset_i, n_ops_i, net_id_i};
    assume (rst_ni == !f_reset);
    assume (!f_busy || now == f_table);  // kept while busy
    assume (!rvalid_i || (f_left != 0 && !stop_o));  // data of what was asked for; none during a stop
    assume (!f_r || stop_o || rvalid_i);
  end

  always_ff @(posedge clk_i) begin
    f_reset   <= 1'b0;
    f_busy    <= rst_ni && (busy_o || start_i);
    f_quiet   <= quiet_i;
    f_stop    <= rst_ni && stop_o && !quiet_i;
    f_table   <= now;
    f_r       <= run_rst_no && rvalid_i && !rready_o;
    f_ar      <= run_rst_no && arvalid_o && !arready_i;
    f_address <= {araddr_o, arlen_o};
    f_w       <= run_rst_no && weights_valid_o && !weights_ready_i;
    f_weights <= {weights_offset_o, weights_beats_o};
    if (!run_rst_no) begin
      f_left <= '0;
      f_got  <= '0;
      f_fold <= '0;
    end else begin
      if (f_ask) f_left <= 3'(arlen_o + 8'd1);
      else if (f_beat) f_left <= f_left - 3'd1;
      if (f_ask && f_got == DescBeats) begin
        f_got  <= '0;
        f_fold <= '0;
      end else if (f_beat) begin
        f_got  <= f_got + 3'd1;
        f_fold <= f_fold ^ f_word;
      end
    end
    if (!rst_ni) begin
      f_run     <= 1'b0;
      f_at_work <= 1'b0;
      f_done    <= '0;
    end else begin
      if (!busy_o && start_i) begin
        f_run  <= 1'b1;
        f_done <= '0;
      end else if (ended_o) f_run <= 1'b0;
      if (op_start_o && !f_ends) f_at_work <= 1'b1;
      else if (op_over_o || stop_o || !busy_o) f_at_work <= 1'b0;
      if (op_over_o && !f_ends) f_done <= f_done + 17'd1;
    end
  end

  always_ff @(posedge clk_i) if (rst_ni) begin
    // how its states belong to what the ports saw
    a_state: assert (dut.state_q <= Drain && dut.fetch_q <= FetchDone && busy_o == (dut.state_q != Idle) &&
        stop_o == (dut.state_q == Drain) && (stop_o || f_at_work == (dut.state_q == Run)) && (!busy_o || f_run));
    if (busy_o && !stop_o) begin
      a_op: assert (32'(f_done) == 32'(op_index_o) && op_index_o < n_ops_i);
      case (dut.state_q)
        Wait:    a_wait:  assert (dut.fetch_q != FetchIdle && dut.fetch_op_q == op_index_o);
        Run:     a_next:  assert (dut.fetch_q == FetchIdle ? op_index_o + 16'd1 == n_ops_i :
                                  dut.fetch_op_q == op_index_o + 16'd1 && dut.fetch_op_q < n_ops_i);
        default: a_begin: assert (dut.fetch_q == FetchIdle);
      endcase
    end
    a_some:  assert (!busy_o || (n_ops_i != 0 && f_busy));
    a_drain: assert (!stop_o || dut.aborted_q || error_o != 0 || 32'(f_done) == 32'(n_ops_i));
    if (run_rst_no) begin
      a_fetch: assert ((dut.fetch_q != FetchData) == (f_left == 0) &&
          (dut.fetch_q != FetchAddr || (dut.asked_q == dut.got_q &&
                                        dut.got_q == (f_got == 3'(DescBeats) ? '0 : f_got) &&
                                        (f_got == 0 || f_got == 2 || f_got == 4))) &&
          (dut.fetch_q != FetchData || (dut.got_q == f_got && dut.asked_q == f_got + f_left && dut.folded_q == f_fold &&
                                        (dut.asked_q == 2 || dut.asked_q == 4))) &&
          (dut.fetch_q != FetchAddr || f_got == 3'(DescBeats) || dut.folded_q == f_fold) &&
          (dut.fetch_q != FetchAddr || f_got != 3'(DescBeats) || dut.folded_q == 0) &&
          (dut.fetch_q < FetchCheck || (f_got == 3'(DescBeats) && dut.folded_q == f_fold)));
      a_found: assert (!(dut.fetch_q == FetchWeights || next_valid_o) || (f_fold == dsoc_map_pkg::CHECKSUM &&
          next_desc_o.magic == dsoc_map_pkg::DESCRIPTOR_MAGIC && next_desc_o.net_id == net_id_i &&
          next_desc_o.tag == dut.fetch_op_q));
      a_bad: assert (dut.fetch_q != FetchWeights || (dut.bad_q == 0 && next_desc_o.k_beats != 0));
    end
    a_reset: assert (run_rst_no == busy_o);
    if (run_rst_no) begin
      a_address: assert (!f_ar || (arvalid_o && {araddr_o, arlen_o} == f_address));
      a_weights: assert (!f_w || (weights_valid_o && {weights_offset_o, weights_beats_o} == f_weights));
      a_asks:    assert (!arvalid_o || (f_left == 0 && arlen_o == 1));
      a_takes:   assert (rready_o == (f_left != 0) && f_left <= 2);
      a_beats:   assert (f_got <= DescBeats && (!weights_valid_o || (f_got == DescBeats && weights_beats_o != 0)));
    end
    if (op_start_o) begin
      a_right: assert (desc_o.magic == dsoc_map_pkg::DESCRIPTOR_MAGIC && desc_o.net_id == net_id_i &&
          desc_o.tag == op_index_o);
      a_order: assert (!f_at_work && 32'(op_index_o) == 32'(f_done) && op_index_o < n_ops_i);
    end
    a_done:  assert (!op_over_o || f_at_work);
    a_stop:  assert ((!f_stop || stop_o) && !(stop_o && (op_start_o || op_over_o || !busy_o)));
    a_ended: assert (!ended_o || (f_run && !busy_o && (f_quiet || error_o != 0)));
    a_all:   assert (!ended_o || error_o != 0 || (n_ops_i != 0 && 32'(f_done) == 32'(n_ops_i)));
  end
endmodule
