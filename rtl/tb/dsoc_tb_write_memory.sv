/// AXI4 slave of the write port, as dsoc_tb_read_memory. Memory changes only when a burst is answered: a reader that does
/// not wait for the answer sees old data.
module dsoc_tb_write_memory #(
    parameter int unsigned Width = 64,
    parameter int unsigned Port = 3,
    parameter int unsigned Stream = 40,  // of the random numbers
    parameter string Name = ""
) (
    input logic clk_i,
    input logic run_i,  // the reset is over
    input longint unsigned threshold_i,
    input longint unsigned seed_i,
    input int unsigned latency_i,
    input int unsigned max_burst_i,
    output logic idle_o,  // nothing is under way
    output logic active_o,  // something moved at the last rising edge
    input logic [39:0] awaddr_i,
    input logic [7:0] awlen_i,
    input logic [2:0] awsize_i,
    input logic [1:0] awburst_i,
    input logic awvalid_i,
    output logic awready_o,
    input logic [Width-1:0] wdata_i,
    input logic [Width/8-1:0] wstrb_i,
    input logic wlast_i,
    input logic wvalid_i,
    output logic wready_o,
    output logic [1:0] bresp_o,
    output logic bvalid_o,
    input logic bready_i
);

  localparam int unsigned Bytes = Width / 8;
  localparam int unsigned Most = 64;  // bursts under way, and beats that came before their address

  longint unsigned address[Most];
  longint unsigned ready_at[Most];
  int unsigned beats[Most];
  logic complete[Most];
  int unsigned head = 0;
  int unsigned count = 0;
  int unsigned next = 0;  // the first burst, from the head on, that lacks beats
  int unsigned taken = 0;  // beats of it
  logic [Width-1:0] data[$];  // of all bursts under way, then those without a burst
  logic [Width/8-1:0] strobes[$];
  logic lasts[$];  // of the beats without a burst
  longint unsigned clock = 0;
  longint unsigned aw_random;
  longint unsigned w_random;
  longint unsigned b_random;
  logic fired = 1'b0;
  logic started = 1'b0;
  logic held = 1'b0;
  logic [Width+Width/8:0] payload;

  initial begin
    awready_o = 1'b0;
    wready_o = 1'b0;
    bvalid_o = 1'b0;
    bresp_o = 2'b00;
    active_o = 1'b0;
    idle_o = 1'b1;
  end

  dsoc_tb_address #(
      .BeatBytes(Bytes),
      .Name({Name, "aw"})
  ) i_rules (
      .clk_i,
      .max_burst_i,
      .addr_i(awaddr_i),
      .len_i(awlen_i),
      .size_i(awsize_i),
      .burst_i(awburst_i),
      .valid_i(awvalid_i && run_i),
      .ready_i(awready_o)
  );

  // The oldest burst's bytes become visible.
  task automatic commit();
    logic [Width-1:0] word;
    logic [Width/8-1:0] strobe;
    for (int unsigned i = 0; i < beats[head]; i++) begin
      word   = data.pop_front();
      strobe = strobes.pop_front();
      for (int unsigned j = 0; j < Bytes; j += 4) begin
        if (strobe[j+:4] != 4'b0000)
          dsoc_tb_pkg::dsoc_tb_write(address[head] + 64'(i * Bytes + j), word[8*j+:32], 32'(strobe[j+:4]));
      end
    end
    head  = (head + 1) % Most;
    count = count - 1;
    next  = next - 1;
  endtask

  // Beats that came go to their bursts.
  task automatic take();
    int unsigned burst;
    logic last;
    while (next < count && lasts.size() != 0) begin
      burst = (head + next) % Most;
      last  = lasts.pop_front();
      taken = taken + 1;
      if (last != (taken == beats[burst]))
        dsoc_tb_pkg::dsoc_tb_violation(
            $sformatf("%swlast is %b on beat %0d of %0d", Name, last, taken - 1, beats[burst]));
      if (taken == beats[burst]) begin
        complete[burst] = 1'b1;
        ready_at[burst] = clock + 1 + 64'(latency_i);
        next = next + 1;
        taken = 0;
      end
    end
  endtask

  always @(negedge clk_i) begin
    if (run_i) begin
      if (!started) begin
        started = 1'b1;
        aw_random = dsoc_tb_pkg::seeded(seed_i + 64'(Stream));
        w_random = dsoc_tb_pkg::seeded(seed_i + 64'(Stream) + 1);
        b_random = dsoc_tb_pkg::seeded(seed_i + 64'(Stream) + 2);
      end
      if (fired) bvalid_o = 1'b0;
      awready_o = 1'b0;
      if (count < Most) begin
        aw_random = dsoc_tb_pkg::next(aw_random, threshold_i);
        awready_o = !dsoc_tb_pkg::stalls(aw_random, threshold_i);
      end
      wready_o = 1'b0;
      if (next < count || lasts.size() < Most) begin
        w_random = dsoc_tb_pkg::next(w_random, threshold_i);
        wready_o = !dsoc_tb_pkg::stalls(w_random, threshold_i);
      end
      if (!bvalid_o && count != 0) begin
        if (complete[head] && clock >= ready_at[head]) begin
          b_random = dsoc_tb_pkg::next(b_random, threshold_i);
          if (!dsoc_tb_pkg::stalls(b_random, threshold_i)) begin
            commit();
            bvalid_o = 1'b1;
          end
        end
      end
    end
  end

  always @(posedge clk_i) begin
    if (run_i) begin
      if (held && !wvalid_i) dsoc_tb_pkg::dsoc_tb_violation({Name, "wvalid fell before wready"});
      if (held && wvalid_i && payload != {wdata_i, wstrb_i, wlast_i})
        dsoc_tb_pkg::dsoc_tb_violation({Name, "w changed before wready"});
      held = wvalid_i && !wready_o;
      payload = {wdata_i, wstrb_i, wlast_i};
      fired = bvalid_o && bready_i;
      active_o = fired || (awvalid_i && awready_o) || (wvalid_i && wready_o);
      if (awvalid_i && awready_o) begin
        address[(head+count)%Most] = 64'(awaddr_i) & ~(64'(Bytes) - 1);
        beats[(head+count)%Most] = 32'(awlen_i) + 1;
        complete[(head+count)%Most] = 1'b0;
        count = count + 1;
        dsoc_tb_pkg::dsoc_tb_burst(Port, 64'(awaddr_i), (32'(awlen_i) + 1) * Bytes);
      end
      if (wvalid_i && wready_o) begin
        data.push_back(wdata_i);
        strobes.push_back(wstrb_i);
        lasts.push_back(wlast_i);
      end
      take();
      idle_o = count == 0 && lasts.size() == 0 && (!bvalid_o || fired);
      clock  = clock + 1;
    end
  end

endmodule
