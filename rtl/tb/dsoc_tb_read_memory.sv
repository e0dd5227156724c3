/// AXI4 slave of a read port in front of the memory behind DPI-C: in order, one beat a clock at best, `latency_i` clocks
/// from an accepted address to the first data, random stalls on both channels. Drives at falling edges, samples at rising
/// ones; clock by clock the same as the read port of the C++ harness (deepsoc/sim/harness/axi.h). Data are those of the
/// clock in which the address is taken: who reads before a write is answered gets old ones.
module dsoc_tb_read_memory #(
    parameter int unsigned Width = 64,
    parameter int unsigned Port = 0,
    parameter int unsigned Stream = 10,  // of the random numbers
    parameter string Name = ""
) (
    input logic clk_i,
    input logic run_i,  // the reset is over
    input longint unsigned threshold_i,
    input longint unsigned seed_i,
    input int unsigned latency_i,
    input int unsigned max_burst_i,
    output logic idle_o,  // nothing is under way or offered
    output logic active_o,  // something moved at the last rising edge
    input logic [39:0] araddr_i,
    input logic [7:0] arlen_i,
    input logic [2:0] arsize_i,
    input logic [1:0] arburst_i,
    input logic arvalid_i,
    output logic arready_o,
    output logic [Width-1:0] rdata_o,
    output logic [1:0] rresp_o,
    output logic rlast_o,
    output logic rvalid_o,
    input logic rready_i
);

  localparam int unsigned Bytes = Width / 8;
  localparam int unsigned Most = 64;  // bursts under way

  longint unsigned ready_at[Most];
  int unsigned beats[Most];
  int unsigned head = 0;
  int unsigned count = 0;
  int unsigned beat = 0;
  logic [Width-1:0] data[$];  // of all beats that are not sent
  longint unsigned clock = 0;
  longint unsigned ar_random;
  longint unsigned r_random;
  logic fired = 1'b0;
  logic started = 1'b0;

  initial begin
    arready_o = 1'b0;
    rvalid_o = 1'b0;
    rdata_o = '0;
    rresp_o = 2'b00;
    rlast_o = 1'b0;
    active_o = 1'b0;
    idle_o = 1'b1;
  end

  dsoc_tb_address #(
      .BeatBytes(Bytes),
      .Name({Name, "ar"})
  ) i_rules (
      .clk_i,
      .max_burst_i,
      .addr_i(araddr_i),
      .len_i(arlen_i),
      .size_i(arsize_i),
      .burst_i(arburst_i),
      .valid_i(arvalid_i && run_i),
      .ready_i(arready_o)
  );

  task automatic take(longint unsigned address, int unsigned length);
    logic [Width-1:0] word;
    for (int unsigned i = 0; i < length; i++) begin
      for (int unsigned j = 0; j < Bytes; j += 4) begin
        word[8*j+:32] = dsoc_tb_pkg::dsoc_tb_read(address + 64'(i * Bytes + j));
      end
      data.push_back(word);
    end
  endtask

  always @(negedge clk_i) begin
    if (run_i) begin
      if (!started) begin
        started = 1'b1;
        ar_random = dsoc_tb_pkg::seeded(seed_i + 64'(Stream));
        r_random = dsoc_tb_pkg::seeded(seed_i + 64'(Stream) + 1);
      end
      if (fired) begin
        rvalid_o = 1'b0;
        beat = beat + 1;
        if (beat == beats[head]) begin
          beat = 0;
          head = (head + 1) % Most;
          count = count - 1;
        end
      end
      arready_o = 1'b0;
      if (count < Most) begin
        ar_random = dsoc_tb_pkg::next(ar_random, threshold_i);
        arready_o = !dsoc_tb_pkg::stalls(ar_random, threshold_i);
      end
      if (!rvalid_o && count != 0 && clock >= ready_at[head]) begin
        r_random = dsoc_tb_pkg::next(r_random, threshold_i);
        if (!dsoc_tb_pkg::stalls(r_random, threshold_i)) begin
          rdata_o  = data.pop_front();
          rlast_o  = beat + 1 == beats[head];
          rvalid_o = 1'b1;
        end
      end
    end
  end

  always @(posedge clk_i) begin
    if (run_i) begin
      fired = rvalid_o && rready_i;
      active_o = fired || (arvalid_i && arready_o);
      if (arvalid_i && arready_o) begin
        take(64'(araddr_i) & ~(64'(Bytes) - 1), 32'(arlen_i) + 1);
        beats[(head+count)%Most] = 32'(arlen_i) + 1;
        ready_at[(head+count)%Most] = clock + 1 + 64'(latency_i);
        count = count + 1;
        dsoc_tb_pkg::dsoc_tb_burst(Port, 64'(araddr_i), (32'(arlen_i) + 1) * Bytes);
      end
      idle_o = count - 32'(fired && beat + 1 == beats[head]) == 0 && !(arvalid_i && !arready_o);
      clock  = clock + 1;
    end
  end

endmodule
