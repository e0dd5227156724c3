/// Testbench of the accelerator for any SystemVerilog simulator: clock, reset, the CPU's register port and four memories;
/// the firmware runs behind DPI-C. Plusarg `dsoc_job=FILE` names the job that `deepsoc simulate` wrote.
///
/// Everything is driven at falling edges and sampled at rising ones, in the order of the C++ harness
/// (deepsoc/sim/harness/machine.cpp): equal seeds give equal runs, clock by clock, in every simulator.
`include "params.svh"

module dsoc_tb;

  localparam int unsigned Width = `DSOC_AXI_DATA_BITS;
  localparam int unsigned ResetClocks = 8;
  localparam int unsigned LiteStream = 50;

  logic clk = 1'b0;
  logic rst_n = 1'b1;
  logic run = 1'b0;
  longint unsigned threshold = 0;
  longint unsigned seed = 0;
  int unsigned latency = 0;
  int unsigned max_burst = 16;
  string job;

  logic irq;
  logic op_start;
  logic op_done;
  logic [15:0] op_index;
  logic [3:0] idle;
  logic [3:0] active;

  logic [7:0] awaddr = '0;
  logic awvalid = 1'b0;
  logic awready;
  logic [31:0] wdata = '0;
  logic wvalid = 1'b0;
  logic wready;
  logic bvalid;
  logic bready = 1'b0;
  logic [7:0] araddr = '0;
  logic arvalid = 1'b0;
  logic arready;
  logic [31:0] rdata;
  logic rvalid;
  logic rready = 1'b0;


  logic [39:0] x_araddr;
  logic [7:0] x_arlen;
  logic [2:0] x_arsize;
  logic [1:0] x_arburst;
  logic x_arvalid;
  logic x_arready;
  logic [Width-1:0] x_rdata;
  logic [1:0] x_rresp;
  logic x_rlast;
  logic x_rvalid;
  logic x_rready;

  logic [39:0] k_araddr;
  logic [7:0] k_arlen;
  logic [2:0] k_arsize;
  logic [1:0] k_arburst;
  logic k_arvalid;
  logic k_arready;
  logic [Width-1:0] k_rdata;
  logic [1:0] k_rresp;
  logic k_rlast;
  logic k_rvalid;
  logic k_rready;

  logic [39:0] o_araddr;
  logic [7:0] o_arlen;
  logic [2:0] o_arsize;
  logic [1:0] o_arburst;
  logic o_arvalid;
  logic o_arready;
  logic [Width-1:0] o_rdata;
  logic [1:0] o_rresp;
  logic o_rlast;
  logic o_rvalid;
  logic o_rready;

  logic [39:0] y_awaddr;
  logic [7:0] y_awlen;
  logic [2:0] y_awsize;
  logic [1:0] y_awburst;
  logic y_awvalid;
  logic y_awready;
  logic [Width-1:0] y_wdata;
  logic [Width/8-1:0] y_wstrb;
  logic y_wlast;
  logic y_wvalid;
  logic y_wready;
  logic [1:0] y_bresp;
  logic y_bvalid;
  logic y_bready;

  dsoc_top i_top (
      .clk_i(clk),
      .rst_ni(rst_n),
      .irq_o(irq),
      .s_axil_awaddr(awaddr),
      .s_axil_awvalid(awvalid),
      .s_axil_awready(awready),
      .s_axil_wdata(wdata),
      .s_axil_wstrb(4'b1111),
      .s_axil_wvalid(wvalid),
      .s_axil_wready(wready),
      .s_axil_bresp(),
      .s_axil_bvalid(bvalid),
      .s_axil_bready(bready),
      .s_axil_araddr(araddr),
      .s_axil_arvalid(arvalid),
      .s_axil_arready(arready),
      .s_axil_rdata(rdata),
      .s_axil_rresp(),
      .s_axil_rvalid(rvalid),
      .s_axil_rready(rready),
      .m_axi_x_araddr(x_araddr),
      .m_axi_x_arlen(x_arlen),
      .m_axi_x_arsize(x_arsize),
      .m_axi_x_arburst(x_arburst),
      .m_axi_x_arcache(),
      .m_axi_x_arprot(),
      .m_axi_x_arvalid(x_arvalid),
      .m_axi_x_arready(x_arready),
      .m_axi_x_rdata(x_rdata),
      .m_axi_x_rresp(x_rresp),
      .m_axi_x_rlast(x_rlast),
      .m_axi_x_rvalid(x_rvalid),
      .m_axi_x_rready(x_rready),
      .m_axi_k_araddr(k_araddr),
      .m_axi_k_arlen(k_arlen),
      .m_axi_k_arsize(k_arsize),
      .m_axi_k_arburst(k_arburst),
      .m_axi_k_arcache(),
      .m_axi_k_arprot(),
      .m_axi_k_arvalid(k_arvalid),
      .m_axi_k_arready(k_arready),
      .m_axi_k_rdata(k_rdata),
      .m_axi_k_rresp(k_rresp),
      .m_axi_k_rlast(k_rlast),
      .m_axi_k_rvalid(k_rvalid),
      .m_axi_k_rready(k_rready),
      .m_axi_o_araddr(o_araddr),
      .m_axi_o_arlen(o_arlen),
      .m_axi_o_arsize(o_arsize),
      .m_axi_o_arburst(o_arburst),
      .m_axi_o_arcache(),
      .m_axi_o_arprot(),
      .m_axi_o_arvalid(o_arvalid),
      .m_axi_o_arready(o_arready),
      .m_axi_o_rdata(o_rdata),
      .m_axi_o_rresp(o_rresp),
      .m_axi_o_rlast(o_rlast),
      .m_axi_o_rvalid(o_rvalid),
      .m_axi_o_rready(o_rready),
      .m_axi_y_awaddr(y_awaddr),
      .m_axi_y_awlen(y_awlen),
      .m_axi_y_awsize(y_awsize),
      .m_axi_y_awburst(y_awburst),
      .m_axi_y_awcache(),
      .m_axi_y_awprot(),
      .m_axi_y_awvalid(y_awvalid),
      .m_axi_y_awready(y_awready),
      .m_axi_y_wdata(y_wdata),
      .m_axi_y_wstrb(y_wstrb),
      .m_axi_y_wlast(y_wlast),
      .m_axi_y_wvalid(y_wvalid),
      .m_axi_y_wready(y_wready),
      .m_axi_y_bresp(y_bresp),
      .m_axi_y_bvalid(y_bvalid),
      .m_axi_y_bready(y_bready),
      .op_start_o(op_start),
      .op_done_o(op_done),
      .op_index_o(op_index)
  );

  dsoc_tb_read_memory #(
      .Width(Width),
      .Port(0),
      .Stream(10),
      .Name("m_axi_x_")
  ) i_x (
      .clk_i(clk),
      .run_i(run),
      .threshold_i(threshold),
      .seed_i(seed),
      .latency_i(latency),
      .max_burst_i(max_burst),
      .idle_o(idle[0]),
      .active_o(active[0]),
      .araddr_i(x_araddr),
      .arlen_i(x_arlen),
      .arsize_i(x_arsize),
      .arburst_i(x_arburst),
      .arvalid_i(x_arvalid),
      .arready_o(x_arready),
      .rdata_o(x_rdata),
      .rresp_o(x_rresp),
      .rlast_o(x_rlast),
      .rvalid_o(x_rvalid),
      .rready_i(x_rready)
  );

  dsoc_tb_read_memory #(
      .Width(Width),
      .Port(1),
      .Stream(20),
      .Name("m_axi_k_")
  ) i_k (
      .clk_i(clk),
      .run_i(run),
      .threshold_i(threshold),
      .seed_i(seed),
      .latency_i(latency),
      .max_burst_i(max_burst),
      .idle_o(idle[1]),
      .active_o(active[1]),
      .araddr_i(k_araddr),
      .arlen_i(k_arlen),
      .arsize_i(k_arsize),
      .arburst_i(k_arburst),
      .arvalid_i(k_arvalid),
      .arready_o(k_arready),
      .rdata_o(k_rdata),
      .rresp_o(k_rresp),
      .rlast_o(k_rlast),
      .rvalid_o(k_rvalid),
      .rready_i(k_rready)
  );

  dsoc_tb_read_memory #(
      .Width(Width),
      .Port(2),
      .Stream(30),
      .Name("m_axi_o_")
  ) i_o (
      .clk_i(clk),
      .run_i(run),
      .threshold_i(threshold),
      .seed_i(seed),
      .latency_i(latency),
      .max_burst_i(max_burst),
      .idle_o(idle[2]),
      .active_o(active[2]),
      .araddr_i(o_araddr),
      .arlen_i(o_arlen),
      .arsize_i(o_arsize),
      .arburst_i(o_arburst),
      .arvalid_i(o_arvalid),
      .arready_o(o_arready),
      .rdata_o(o_rdata),
      .rresp_o(o_rresp),
      .rlast_o(o_rlast),
      .rvalid_o(o_rvalid),
      .rready_i(o_rready)
  );

  dsoc_tb_write_memory #(
      .Width(Width),
      .Port(3),
      .Stream(40),
      .Name("m_axi_y_")
  ) i_y (
      .clk_i(clk),
      .run_i(run),
      .threshold_i(threshold),
      .seed_i(seed),
      .latency_i(latency),
      .max_burst_i(max_burst),
      .idle_o(idle[3]),
      .active_o(active[3]),
      .awaddr_i(y_awaddr),
      .awlen_i(y_awlen),
      .awsize_i(y_awsize),
      .awburst_i(y_awburst),
      .awvalid_i(y_awvalid),
      .awready_o(y_awready),
      .wdata_i(y_wdata),
      .wstrb_i(y_wstrb),
      .wlast_i(y_wlast),
      .wvalid_i(y_wvalid),
      .wready_o(y_wready),
      .bresp_o(y_bresp),
      .bvalid_o(y_bvalid),
      .bready_i(y_bready)
  );

  // The register port. A command passes the states from Idle on and back; several in one clock where nothing is waited for.
  typedef enum int {
    Idle,
    Address,
    AddressTaken,
    Data,
    WriteBoth,
    Response
  } state_e;

  state_e state = Idle;
  int command = dsoc_tb_pkg::None;
  int unsigned offset = 0;
  int unsigned value = 0;
  int unsigned answer = 0;
  logic address_taken = 1'b0;
  logic data_taken = 1'b0;
  logic aw_fired = 1'b0;
  logic w_fired = 1'b0;
  logic b_fired = 1'b0;
  logic ar_fired = 1'b0;
  logic r_fired = 1'b0;
  logic done_sampled = 1'b0;
  logic start_sampled = 1'b0;
  logic [15:0] index_sampled = '0;
  logic sampled = 1'b0;
  longint unsigned lite_random = 0;
  logic seeded = 1'b0;

  function automatic bit stalls();
    lite_random = dsoc_tb_pkg::next(lite_random, threshold);
    return dsoc_tb_pkg::stalls(lite_random, threshold);
  endfunction

  // Drives the register port for the coming rising edge.
  task automatic drive();
    bit again;
    again = 1'b1;
    while (again) begin
      again = 1'b0;
      case (state)
        Idle: begin
          command = dsoc_tb_pkg::dsoc_tb_command(32'(irq), answer, offset, value);
          if (command == dsoc_tb_pkg::Finish) $finish;
          if (command == dsoc_tb_pkg::Read) begin
            state = Address;
            again = 1'b1;
          end
          if (command == dsoc_tb_pkg::Write) begin
            awaddr = offset[7:0];
            wdata = value;
            address_taken = 1'b0;
            data_taken = 1'b0;
            state = WriteBoth;
            again = 1'b1;
          end
        end
        Address: begin
          if (!stalls()) begin
            araddr = offset[7:0];
            arvalid = 1'b1;
            state = AddressTaken;
          end
        end
        AddressTaken: begin
          if (ar_fired) begin
            arvalid = 1'b0;
            state = Data;
            again = 1'b1;
          end
        end
        Data: begin
          if (!rready) begin
            if (!stalls()) rready = 1'b1;
          end else if (r_fired) begin
            rready = 1'b0;
            state = Idle;
            again = 1'b1;
          end
        end
        WriteBoth: begin
          if (address_taken && data_taken) begin
            awvalid = 1'b0;
            wvalid = 1'b0;
            state = Response;
            again = 1'b1;
          end else begin
            if (address_taken) awvalid = 1'b0;
            else if (!awvalid) awvalid = !stalls();
            if (data_taken) wvalid = 1'b0;
            else if (!wvalid) wvalid = !stalls();
            if (offset == 32'(dsoc_map_pkg::REG_CTRL) && value[dsoc_map_pkg::CTRL_START_LSB])
              if ((address_taken || awvalid) && (data_taken || wvalid)) dsoc_tb_pkg::dsoc_tb_start();
          end
        end
        Response: begin
          if (!bready) begin
            if (!stalls()) bready = 1'b1;
          end else if (b_fired) begin
            bready = 1'b0;
            answer = 0;
            state = Idle;
            again = 1'b1;
          end
        end
        default: state = Idle;
      endcase
    end
  endtask

  always @(negedge clk) begin
    if (run) begin
      if (!seeded) begin
        seeded = 1'b1;
        lite_random = dsoc_tb_pkg::seeded(seed + 64'(LiteStream));
      end
      if (sampled)
        dsoc_tb_pkg::dsoc_tb_clock(
            32'(idle), 32'(active != 4'b0000 || start_sampled), 32'(done_sampled), 32'(index_sampled));
      drive();
    end
  end

  always @(posedge clk) begin
    if (run) begin
      sampled = 1'b1;
      aw_fired = awvalid && awready;
      w_fired = wvalid && wready;
      b_fired = bvalid && bready;
      ar_fired = arvalid && arready;
      r_fired = rvalid && rready;
      if (r_fired) answer = rdata;
      address_taken = address_taken || aw_fired;
      data_taken = data_taken || w_fired;
      done_sampled = op_done;
      start_sampled = op_start;
      index_sampled = op_index;
    end
  end

  always #5 clk = !clk;

  initial begin
    if (!$value$plusargs("dsoc_job=%s", job)) $fatal(1, "+dsoc_job=FILE is missing");
    if (dsoc_tb_pkg::dsoc_tb_open(job, threshold, seed, latency, max_burst) != 0) $fatal(1, "the job cannot be opened");
    #1 rst_n = 1'b0;
    repeat (ResetClocks) @(negedge clk);
    rst_n = 1'b1;
    @(posedge clk);
    #1 run = 1'b1;
  end

endmodule
