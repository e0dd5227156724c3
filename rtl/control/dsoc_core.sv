`include "dsoc_assert.svh"

/// The accelerator IP: registers, sequencer, line readers, engine, output stage, writer (docs/architecture.md).
///
/// Parameters are the fields of hw.json that shape hardware; the geometry of line buffers follows from them.
module dsoc_core #(
    parameter int unsigned Rows         = 8,     // PE rows
    parameter int unsigned Cols         = 24,    // PE columns
    parameter int unsigned XBits        = 4,     // bits of an activation: 2, 4 or 8
    parameter int unsigned KBits        = 4,     // bits of a weight: 2, 4 or 8
    parameter int unsigned YBits        = 32,    // bits of an accumulator, at most 32
    parameter int unsigned KhMax        = 7,     // largest kernel or window, rows
    parameter int unsigned KwMax        = 7,     // largest kernel or window, columns
    parameter int unsigned ShMax        = 2,     // largest vertical stride
    parameter int unsigned SwMax        = 2,     // largest horizontal stride
    parameter int unsigned NMax         = 1,     // largest batch
    parameter int unsigned WeightsDepth = 2048,  // words of a weights bank
    parameter int unsigned EdgesDepth   = 256,   // words of the pooling unit's edges RAM
    parameter int unsigned GlobalPoolMax = 4096,  // elements of a map that is pooled in line; 0: none
    parameter int unsigned PoolDepth    = 1024,  // words of the maxima in line that row blocks carry on; 0: none
    parameter int unsigned AxiBits      = 128,   // data bits of the AXI4 ports
    parameter int unsigned MaxBurst     = 16,    // beats of a burst at most, power of two
    parameter int unsigned AddrBits     = 40,    // bits of a bus address
    parameter int unsigned CountersDepth = 64,   // operations whose performance counters are kept; 0: no counters
    parameter int unsigned Requants     = 2,     // requantizers of a row: 1 or 2
    parameter int unsigned Lanes        = 1,     // channels whose results leave at once at most: 1, 2 or 4
    parameter int unsigned ScaleBits    = 0,     // bits of the factors of sums: 17; 0: there are none
    parameter int unsigned Depthwise    = 0,     // channels that a depthwise convolution takes at once; 0: one
    parameter int unsigned ResidentDepth = 0,    // words of all rows' weights that stay on chip; 0: none
    parameter int unsigned Pe           = 0,     // processing elements: 0 portable, 1 dsp_cascade, 2 dsp_pair
    parameter bit Dsp48e2               = 1'b0,  // DSP blocks are DSP48E2 rather than DSP48E1
    parameter logic [31:0] ParamsHash   = 32'h0  // identity of the parameters, shown in a register
) (
    input  logic clk_i,
    input  logic rst_ni,
    output logic irq_o,

    // AXI ports keep the names that tools infer interfaces from.
    // verilog_lint: waive-start port-name-suffix
    input  logic [ 7:0] s_axil_awaddr,
    input  logic        s_axil_awvalid,
    output logic        s_axil_awready,
    input  logic [31:0] s_axil_wdata,
    input  logic [ 3:0] s_axil_wstrb,
    input  logic        s_axil_wvalid,
    output logic        s_axil_wready,
    output logic [ 1:0] s_axil_bresp,
    output logic        s_axil_bvalid,
    input  logic        s_axil_bready,
    input  logic [ 7:0] s_axil_araddr,
    input  logic        s_axil_arvalid,
    output logic        s_axil_arready,
    output logic [31:0] s_axil_rdata,
    output logic [ 1:0] s_axil_rresp,
    output logic        s_axil_rvalid,
    input  logic        s_axil_rready,

    output logic [AddrBits-1:0] m_axi_x_araddr,
    output logic [         7:0] m_axi_x_arlen,
    output logic                m_axi_x_arvalid,
    input  logic                m_axi_x_arready,
    input  logic [ AxiBits-1:0] m_axi_x_rdata,
    input  logic [         1:0] m_axi_x_rresp,
    input  logic                m_axi_x_rlast,
    input  logic                m_axi_x_rvalid,
    output logic                m_axi_x_rready,

    output logic [AddrBits-1:0] m_axi_k_araddr,
    output logic [         7:0] m_axi_k_arlen,
    output logic                m_axi_k_arvalid,
    input  logic                m_axi_k_arready,
    input  logic [ AxiBits-1:0] m_axi_k_rdata,
    input  logic [         1:0] m_axi_k_rresp,
    input  logic                m_axi_k_rlast,
    input  logic                m_axi_k_rvalid,
    output logic                m_axi_k_rready,

    output logic [AddrBits-1:0] m_axi_o_araddr,
    output logic [         7:0] m_axi_o_arlen,
    output logic                m_axi_o_arvalid,
    input  logic                m_axi_o_arready,
    input  logic [ AxiBits-1:0] m_axi_o_rdata,
    input  logic [         1:0] m_axi_o_rresp,
    input  logic                m_axi_o_rlast,
    input  logic                m_axi_o_rvalid,
    output logic                m_axi_o_rready,

    output logic [ AddrBits-1:0] m_axi_y_awaddr,
    output logic [          7:0] m_axi_y_awlen,
    output logic                 m_axi_y_awvalid,
    input  logic                 m_axi_y_awready,
    output logic [  AxiBits-1:0] m_axi_y_wdata,
    output logic [AxiBits/8-1:0] m_axi_y_wstrb,
    output logic                 m_axi_y_wlast,
    output logic                 m_axi_y_wvalid,
    input  logic                 m_axi_y_wready,
    input  logic [          1:0] m_axi_y_bresp,
    input  logic                 m_axi_y_bvalid,
    output logic                 m_axi_y_bready,
    // verilog_lint: waive-stop port-name-suffix

    output logic        op_start_o,
    output logic        op_done_o,
    output logic [15:0] op_index_o
);

  function automatic int unsigned max2(input int unsigned a, input int unsigned b);
    return (a > b) ? a : b;
  endfunction
  function automatic int unsigned min2(input int unsigned a, input int unsigned b);
    return (a < b) ? a : b;
  endfunction

  // ---- geometry (docs/architecture.md, sections 2 and 3) -------------------------------------------------------------
  localparam int unsigned BeatBytes = AxiBits / 8;
  localparam int unsigned Rpb = 8 / XBits;
  localparam int unsigned LinesPerTile = (Rows + Rpb - 1) / Rpb;
  localparam int unsigned PtMax = (KhMax - 1) / 2;
  localparam int unsigned TilesAbove = (PtMax + Rows - 1) / Rows;
  localparam int unsigned FirstRow = TilesAbove * Rows - PtMax;  // from the top of the highest tile
  localparam int unsigned LastRow = ShMax * (Rows - 1) + KhMax - 1;  // from the block's first row
  localparam int unsigned Gt = TilesAbove * LinesPerTile - (FirstRow % Rows) / Rpb;
  localparam int unsigned ConvLines = (LastRow / Rows) * LinesPerTile + (LastRow % Rows) / Rpb + Gt + 1;
  localparam int unsigned Nf = max2(ConvLines, min2(Rows, NMax));
  localparam int unsigned RawBeats = (32 * Rows + AxiBits - 1) / AxiBits;
  localparam int unsigned OutLines = max2(LinesPerTile, RawBeats);
  localparam int unsigned ChunkBeats = min2(MaxBurst, 8);
  localparam int unsigned LineBursts = 32;  // that a line reader has under way
  localparam int unsigned WeightsBurst = min2(min2(MaxBurst, 16), 4096 / BeatBytes);
  // Words of weights that are wider than a beat come by more of the ports that read: k, o, x.
  localparam int unsigned WeightsPorts = min2((Cols * KBits + AxiBits - 1) / AxiBits, 3);
  localparam int unsigned PixelLanes = (Depthwise > 0) ? Lanes : 1;  // channels of pixels at once
  localparam int unsigned RowBits = (CountersDepth > 1) ? $clog2(CountersDepth) : 1;

  if (Rows < 1 || Rows > 2048 || Cols < 1 || Cols > 2048) begin : gen_illegal_size
    $error("dsoc_core: Rows and Cols must be 1 to 2048");
  end
  if (!(XBits == 2 || XBits == 4 || XBits == 8) || !(KBits == 2 || KBits == 4 || KBits == 8)) begin : gen_illegal_bits
    $error("dsoc_core: XBits and KBits must be 2, 4 or 8");
  end
  if (YBits > 32 || YBits <= XBits + KBits) begin : gen_illegal_sum
    $error("dsoc_core: YBits must be more than XBits + KBits and at most 32");
  end
  if (KhMax < 1 || KwMax < 1 || ShMax < 1 || SwMax < 1 || NMax < 1) begin : gen_illegal_max
    $error("dsoc_core: KhMax, KwMax, ShMax, SwMax and NMax must be at least 1");
  end
  if (!(AxiBits == 32 || AxiBits == 64 || AxiBits == 128 || AxiBits == 256 || AxiBits == 512)) begin : gen_illegal_axi
    $error("dsoc_core: AxiBits must be 32, 64, 128, 256 or 512");
  end
  if (Lanes != 1 && Lanes != 2 && Lanes != 4) begin : gen_illegal_lanes
    $error("dsoc_core: Lanes must be 1, 2 or 4");
  end
  if (Requants != 1 && Requants != 2) begin : gen_illegal_requants
    $error("dsoc_core: Requants must be 1 or 2");
  end
  if (ScaleBits != 0 && ScaleBits != 17) begin : gen_illegal_scale
    $error("dsoc_core: ScaleBits must be 0 or 17");
  end
  if (ResidentDepth > 0 && (XBits != 8 || Pe == 2 || ResidentDepth < 2)) begin : gen_illegal_resident
    $error("dsoc_core: ResidentDepth must be 0 or at least 2, and 0 unless XBits is 8 and Pe 0 or 1");
  end
  if (Depthwise == 1 || Depthwise > Cols) begin : gen_illegal_depthwise
    $error("dsoc_core: Depthwise must be 0, or 2 to Cols");
  end
  if (Pe > 2) begin : gen_illegal_pe
    $error("dsoc_core: Pe must be 0, 1 or 2");
  end
  if (MaxBurst < 1 || MaxBurst > 256 || (MaxBurst & (MaxBurst - 1)) != 0) begin : gen_illegal_burst
    $error("dsoc_core: MaxBurst must be a power of two, 1 to 256");
  end
  if (Nf > 64) begin : gen_illegal_lines
    $error("dsoc_core: more than 64 line buffers; reduce Rows, ShMax or KhMax");
  end

  // ---- control -------------------------------------------------------------------------------------------------------
  logic start, soft_reset, locked, busy, ended, stop, quiet, engine_error;
  logic x_idle, k_idle, o_idle, y_idle, x_error, k_error, o_error, y_error;
  logic [3:0] error;
  logic [AddrBits-1:0] arena;
  logic [31:0] table_offset, net_id;
  logic [15:0] n_ops, op_index;
  logic run_rst_nq;
  dsoc_map_pkg::desc_t desc, next_desc;
  logic next_valid;
  logic op_over, op_written, out_finished, written;
  logic settled;  // all that operations before this one wrote is acknowledged
  logic x_arvalid, x_arready, x_rvalid, x_rready, k_arvalid, k_arready, k_rvalid, k_rready;
  logic o_arvalid, o_arready, o_rvalid, o_rready, y_awvalid, y_awready, y_wvalid, y_wready;
  // What came through the gates, a clock later.
  logic [AxiBits-1:0] x_beat, k_beat, o_beat;
  logic x_beat_last, x_beat_valid, x_beat_ready, k_beat_last, k_beat_valid, k_beat_ready;
  logic o_beat_last, o_beat_valid, o_beat_ready;
  logic [BeatBytes-1:0] y_wstrb;
  logic count_read, count_ready;
  logic [RowBits-1:0] count_row;
  logic [ 3:0] count_index;
  logic [31:0] count;

  dsoc_regs #(
      .Rows(Rows),
      .Cols(Cols),
      .XBits(XBits),
      .KBits(KBits),
      .ParamsHash(ParamsHash),
      .CountersDepth(CountersDepth),
      .AddrBits(AddrBits)
  ) i_regs (
      .clk_i,
      .rst_ni,
      .awaddr_i (s_axil_awaddr),
      .awvalid_i(s_axil_awvalid),
      .awready_o(s_axil_awready),
      .wdata_i  (s_axil_wdata),
      .wstrb_i  (s_axil_wstrb),
      .wvalid_i (s_axil_wvalid),
      .wready_o (s_axil_wready),
      .bresp_o  (s_axil_bresp),
      .bvalid_o (s_axil_bvalid),
      .bready_i (s_axil_bready),
      .araddr_i (s_axil_araddr),
      .arvalid_i(s_axil_arvalid),
      .arready_o(s_axil_arready),
      .rdata_o  (s_axil_rdata),
      .rresp_o  (s_axil_rresp),
      .rvalid_o (s_axil_rvalid),
      .rready_i (s_axil_rready),
      .start_o  (start),
      .soft_reset_o(soft_reset),
      .locked_o (locked),
      .arena_o  (arena),
      .table_offset_o(table_offset),
      .n_ops_o  (n_ops),
      .net_id_o (net_id),
      .busy_i   (busy),
      .ended_i  (ended),
      .error_i  (error),
      .op_index_i(op_index_o),
      .irq_o,
      .count_read_o(count_read),
      .count_row_o(count_row),
      .counter_o(count_index),
      .count_ready_i(count_ready),
      .count_i  (count)
  );

  logic k_read_s0_valid, k_read_s0_ready;
  logic [AddrBits-1:0] k_s0_addr;
  logic [7:0] k_s0_len;
  logic k_s0_rvalid, k_s0_rready;
  // Weights, of each port: k, o, x.
  logic [WeightsPorts*AddrBits-1:0] w_araddr;
  logic [7:0] w_arlen;
  logic [WeightsPorts-1:0] w_arvalid, w_arready, w_rvalid, w_rready;
  logic [WeightsPorts*AxiBits-1:0] w_rdata;
  logic [31:0] weights_offset, weights_beats;
  logic weights_cmd_valid, weights_cmd_ready;

  dsoc_sequencer #(
      .AxiBits (AxiBits),
      .AddrBits(AddrBits),
      .MaxBurst(MaxBurst),
      .Resident(ResidentDepth > 0)
  ) i_sequencer (
      .clk_i,
      .rst_ni,
      .start_i         (start),
      .abort_i         (soft_reset),
      .arena_i         (arena),
      .table_offset_i  (table_offset),
      .n_ops_i         (n_ops),
      .net_id_i        (net_id),
      .fault_read_i    (x_error || k_error || o_error),
      .fault_write_i   (y_error),
      .fault_weights_i (engine_error),
      .fault_locked_i  (locked),
      .quiet_i         (quiet),
      .stop_o          (stop),
      .run_rst_no      (run_rst_nq),
      .busy_o          (busy),
      .ended_o         (ended),
      .error_o         (error),
      .op_index_o      (op_index),
      .araddr_o        (k_s0_addr),
      .arlen_o         (k_s0_len),
      .arvalid_o       (k_read_s0_valid),
      .arready_i       (k_read_s0_ready),
      .rdata_i         (k_beat),
      .rvalid_i        (k_s0_rvalid),
      .rready_o        (k_s0_rready),
      .desc_o          (desc),
      .next_desc_o     (next_desc),
      .next_valid_o    (next_valid),
      .op_start_o      (op_start_o),
      .op_finished_i   (out_finished),
      .written_i       (written),
      .settled_i       (settled),
      .op_over_o       (op_over),
      .weights_offset_o(weights_offset),
      .weights_beats_o (weights_beats),
      .weights_valid_o (weights_cmd_valid),
      .weights_ready_i (weights_cmd_ready)
  );

  // An operation is over when its results are in the writer; the last one, and the run, when they are acknowledged.
  assign quiet       = x_idle && k_idle && o_idle && y_idle;

  assign op_index_o  = op_index - 16'(!settled && !stop);  // the first whose writes are not all acknowledged
  assign op_done_o   = op_written && !stop;

  // ---- gates of the memory ports -------------------------------------------------------------------------------------
  dsoc_axi_read_gate i_x_gate (
      .clk_i,
      .rst_ni,
      .stop_i     (stop),
      .idle_o     (x_idle),
      .error_o    (x_error),
      .s_arvalid_i(x_arvalid),
      .s_arready_o(x_arready),
      .s_rvalid_o (x_rvalid),
      .s_rready_i (x_rready),
      .m_arvalid_o(m_axi_x_arvalid),
      .m_arready_i(m_axi_x_arready),
      .m_rresp_i  (m_axi_x_rresp),
      .m_rlast_i  (m_axi_x_rlast),
      .m_rvalid_i (m_axi_x_rvalid),
      .m_rready_o (m_axi_x_rready)
  );

  dsoc_stage #(
      .Width(AxiBits + 1)
  ) i_x_beats (
      .clk_i,
      .rst_ni (run_rst_nq),
      .data_i ({m_axi_x_rlast, m_axi_x_rdata}),
      .valid_i(x_rvalid),
      .ready_o(x_rready),
      .data_o ({x_beat_last, x_beat}),
      .valid_o(x_beat_valid),
      .ready_i(x_beat_ready)
  );

  dsoc_axi_read_gate i_k_gate (
      .clk_i,
      .rst_ni,
      .stop_i     (stop),
      .idle_o     (k_idle),
      .error_o    (k_error),
      .s_arvalid_i(k_arvalid),
      .s_arready_o(k_arready),
      .s_rvalid_o (k_rvalid),
      .s_rready_i (k_rready),
      .m_arvalid_o(m_axi_k_arvalid),
      .m_arready_i(m_axi_k_arready),
      .m_rresp_i  (m_axi_k_rresp),
      .m_rlast_i  (m_axi_k_rlast),
      .m_rvalid_i (m_axi_k_rvalid),
      .m_rready_o (m_axi_k_rready)
  );

  dsoc_stage #(
      .Width(AxiBits + 1)
  ) i_k_beats (
      .clk_i,
      .rst_ni (run_rst_nq),
      .data_i ({m_axi_k_rlast, m_axi_k_rdata}),
      .valid_i(k_rvalid),
      .ready_o(k_rready),
      .data_o ({k_beat_last, k_beat}),
      .valid_o(k_beat_valid),
      .ready_i(k_beat_ready)
  );

  dsoc_axi_read_gate i_o_gate (
      .clk_i,
      .rst_ni,
      .stop_i     (stop),
      .idle_o     (o_idle),
      .error_o    (o_error),
      .s_arvalid_i(o_arvalid),
      .s_arready_o(o_arready),
      .s_rvalid_o (o_rvalid),
      .s_rready_i (o_rready),
      .m_arvalid_o(m_axi_o_arvalid),
      .m_arready_i(m_axi_o_arready),
      .m_rresp_i  (m_axi_o_rresp),
      .m_rlast_i  (m_axi_o_rlast),
      .m_rvalid_i (m_axi_o_rvalid),
      .m_rready_o (m_axi_o_rready)
  );

  dsoc_stage #(
      .Width(AxiBits + 1)
  ) i_o_beats (
      .clk_i,
      .rst_ni (run_rst_nq),
      .data_i ({m_axi_o_rlast, m_axi_o_rdata}),
      .valid_i(o_rvalid),
      .ready_o(o_rready),
      .data_o ({o_beat_last, o_beat}),
      .valid_o(o_beat_valid),
      .ready_i(o_beat_ready)
  );

  dsoc_axi_write_gate #(
      .StrobeBits(BeatBytes)
  ) i_y_gate (
      .clk_i,
      .rst_ni,
      .stop_i     (stop),
      .idle_o     (y_idle),
      .error_o    (y_error),
      .s_awvalid_i(y_awvalid),
      .s_awready_o(y_awready),
      .s_wstrb_i  (y_wstrb),
      .s_wlast_i  (m_axi_y_wlast),
      .s_wvalid_i (y_wvalid),
      .s_wready_o (y_wready),
      .m_awvalid_o(m_axi_y_awvalid),
      .m_awready_i(m_axi_y_awready),
      .m_wstrb_o  (m_axi_y_wstrb),
      .m_wvalid_o (m_axi_y_wvalid),
      .m_wready_i (m_axi_y_wready),
      .m_bresp_i  (m_axi_y_bresp),
      .m_bvalid_i (m_axi_y_bvalid),
      .m_bready_i (m_axi_y_bready)
  );

  // ---- the weights port: descriptors and weights ---------------------------------------------------------------------
  dsoc_axi_read_arb #(
      .AddrBits(AddrBits)
  ) i_k_port (
      .clk_i,
      .rst_ni      (run_rst_nq),
      .s0_araddr_i (k_s0_addr),
      .s0_arlen_i  (k_s0_len),
      .s0_arvalid_i(k_read_s0_valid),
      .s0_arready_o(k_read_s0_ready),
      .s0_rvalid_o (k_s0_rvalid),
      .s0_rready_i (k_s0_rready),
      .s1_araddr_i (w_araddr[AddrBits-1:0]),
      .s1_arlen_i  (w_arlen),
      .s1_arvalid_i(w_arvalid[0]),
      .s1_arready_o(w_arready[0]),
      .s1_rvalid_o (w_rvalid[0]),
      .s1_rready_i (w_rready[0]),
      .m_araddr_o  (m_axi_k_araddr),
      .m_arlen_o   (m_axi_k_arlen),
      .m_arvalid_o (k_arvalid),
      .m_arready_i (k_arready),
      .m_rlast_i   (k_beat_last),
      .m_rvalid_i  (k_beat_valid),
      .m_rready_o  (k_beat_ready)
  );
  assign w_rdata[AxiBits-1:0] = k_beat;

  // ---- the operand port, which weights may come by as well -------------------------------------------------------------
  logic [AddrBits-1:0] o_line_araddr;
  logic [7:0] o_line_arlen;
  logic o_line_arvalid, o_line_arready, o_line_rvalid, o_line_rready;

  if (WeightsPorts > 1) begin : gen_o_port
    dsoc_axi_read_arb #(
        .AddrBits  (AddrBits),
        .MaxPending(LineBursts + 4)
    ) i_o_port (
        .clk_i,
        .rst_ni      (run_rst_nq),
        .s0_araddr_i (o_line_araddr),
        .s0_arlen_i  (o_line_arlen),
        .s0_arvalid_i(o_line_arvalid),
        .s0_arready_o(o_line_arready),
        .s0_rvalid_o (o_line_rvalid),
        .s0_rready_i (o_line_rready),
        .s1_araddr_i (w_araddr[1*AddrBits+:AddrBits]),
        .s1_arlen_i  (w_arlen),
        .s1_arvalid_i(w_arvalid[1]),
        .s1_arready_o(w_arready[1]),
        .s1_rvalid_o (w_rvalid[1]),
        .s1_rready_i (w_rready[1]),
        .m_araddr_o  (m_axi_o_araddr),
        .m_arlen_o   (m_axi_o_arlen),
        .m_arvalid_o (o_arvalid),
        .m_arready_i (o_arready),
        .m_rlast_i   (o_beat_last),
        .m_rvalid_i  (o_beat_valid),
        .m_rready_o  (o_beat_ready)
    );
    assign w_rdata[1*AxiBits+:AxiBits] = o_beat;
  end else begin : gen_o_alone
    assign m_axi_o_araddr = o_line_araddr;
    assign m_axi_o_arlen  = o_line_arlen;
    assign o_arvalid      = o_line_arvalid;
    assign o_line_arready = o_arready;
    assign o_line_rvalid  = o_beat_valid;
    assign o_beat_ready   = o_line_rready;
  end

  // ---- the pixel port, which weights may come by as well -------------------------------------------------------------
  logic [AddrBits-1:0] x_line_araddr;
  logic [7:0] x_line_arlen;
  logic x_line_arvalid, x_line_arready, x_line_rvalid, x_line_rready;

  if (WeightsPorts > 2) begin : gen_x_port
    dsoc_axi_read_arb #(
        .AddrBits  (AddrBits),
        .MaxPending(LineBursts + 4)
    ) i_x_port (
        .clk_i,
        .rst_ni      (run_rst_nq),
        .s0_araddr_i (x_line_araddr),
        .s0_arlen_i  (x_line_arlen),
        .s0_arvalid_i(x_line_arvalid),
        .s0_arready_o(x_line_arready),
        .s0_rvalid_o (x_line_rvalid),
        .s0_rready_i (x_line_rready),
        .s1_araddr_i (w_araddr[2*AddrBits+:AddrBits]),
        .s1_arlen_i  (w_arlen),
        .s1_arvalid_i(w_arvalid[2]),
        .s1_arready_o(w_arready[2]),
        .s1_rvalid_o (w_rvalid[2]),
        .s1_rready_i (w_rready[2]),
        .m_araddr_o  (m_axi_x_araddr),
        .m_arlen_o   (m_axi_x_arlen),
        .m_arvalid_o (x_arvalid),
        .m_arready_i (x_arready),
        .m_rlast_i   (x_beat_last),
        .m_rvalid_i  (x_beat_valid),
        .m_rready_o  (x_beat_ready)
    );
    assign w_rdata[2*AxiBits+:AxiBits] = x_beat;
  end else begin : gen_x_alone
    assign m_axi_x_araddr = x_line_araddr;
    assign m_axi_x_arlen  = x_line_arlen;
    assign x_arvalid      = x_line_arvalid;
    assign x_line_arready = x_arready;
    assign x_line_rvalid  = x_beat_valid;
    assign x_beat_ready   = x_line_rready;
  end

  // ---- pixels --------------------------------------------------------------------------------------------------------
  // They are fetched ahead for the next operation, as far as it does not read what is still being written.
  dsoc_map_pkg::desc_t x_desc_q;  // of the operation whose pixels are fetched
  logic x_ahead, x_ahead_q, x_start_q, x_reader_idle, x_guarded, x_waits;
  logic [31:0] mark, x_mark;

  assign x_ahead   = next_valid && settled && !x_ahead_q && x_reader_idle && !x_start_q;
  assign x_guarded = (x_ahead_q || !settled) && x_desc_q.x_follows != dsoc_map_pkg::D_X_FOLLOWS_NONE;
  assign x_mark    = x_desc_q.x_follows == dsoc_map_pkg::D_X_FOLLOWS_MARK ? mark : '0;

  always_ff @(posedge clk_i or negedge run_rst_nq) begin
    if (!run_rst_nq) begin
      x_ahead_q <= 1'b0;
      x_start_q <= 1'b0;
      x_desc_q  <= '0;
    end else begin
      x_ahead_q <= !op_start_o && (x_ahead || x_ahead_q);
      x_start_q <= x_ahead || (op_start_o && !x_ahead_q);
      if (x_ahead || (op_start_o && !x_ahead_q)) x_desc_q <= next_desc;
    end
  end

  logic x_valid, x_ready, x_pop, skid_valid, skid_ready, px_valid, px_pop;
  logic [PixelLanes*8*Nf-1:0] x_bytes, skid_bytes, px_bytes;

  dsoc_line_reader #(
      .Nf(Nf),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .ChunkBeats(ChunkBeats),
      .Lanes(PixelLanes),
      .Mixed(Depthwise > 0)
  ) i_pixel_reader (
      .clk_i,
      .rst_ni          (run_rst_nq),
      .start_i         (x_start_q),
      .enable_i        (1'b1),
      .arena_i         (arena),
      .base_i          (x_desc_q.x_base),
      .line_pitch_i    (x_desc_q.x_line_pitch),
      .next_pitch_i    (next_desc.x_line_pitch),
      .next_valid_i    (next_valid && !x_ahead_q),
      .l_pitch_i       (x_desc_q.x_l_pitch),
      .n_pitch_i       (x_desc_q.x_n_pitch),
      .lam0_i          (x_desc_q.x_lam0),
      .lam_step_i      (x_desc_q.x_lam_step),
      .lines_i         (x_desc_q.x_lines),
      .off0_i          (x_desc_q.x_off0),
      .t_step_i        (Depthwise > 0 ? x_desc_q.x_t_step : '0),
      .seg_step_i      (x_desc_q.x_seg_step),
      .seg_count_i     (x_desc_q.x_seg_count),
      .seg_bytes_i     (x_desc_q.x_seg_bytes),
      .seg_bytes_last_i(Depthwise > 0 ? x_desc_q.x_seg_bytes_last : x_desc_q.x_seg_bytes),
      .mask_i          (Nf'({x_desc_q.x_mask_hi, x_desc_q.x_mask_lo})),
      .t_count_i       (x_desc_q.t_count),
      .n_count_i       (x_desc_q.n_count),
      .l_count_i       (x_desc_q.l_count),
      .beat_mode_i     (1'b0),
      .wide_i          (Depthwise > 0 && x_desc_q.x_wide),
      .single_i        (ResidentDepth > 0 && x_desc_q.spread),
      .guarded_i       (x_guarded),
      .guard_i         (x_desc_q.x_guard),
      .mark_i          (x_mark),
      .waits_o         (x_waits),
      .idle_o          (x_reader_idle),
      .c_start_i       (op_start_o),
      .araddr_o        (x_line_araddr),
      .arlen_o         (x_line_arlen),
      .arvalid_o       (x_line_arvalid),
      .arready_i       (x_line_arready),
      .rdata_i         (x_beat),
      .rlast_i         (x_beat_last),
      .rvalid_i        (x_line_rvalid),
      .rready_o        (x_line_rready),
      .valid_o         (x_valid),
      .bytes_o         (x_bytes),
      .beats_o         (),
      .pop_i           (x_pop)
  );

  // No path leads from the engine to the line reader.
  dsoc_skid #(
      .Width(PixelLanes * 8 * Nf)
  ) i_pixels (
      .clk_i,
      .rst_ni (run_rst_nq),
      .data_i (x_bytes),
      .valid_i(x_valid),
      .ready_o(x_ready),
      .ready_next_o(),
      .data_o (skid_bytes),
      .valid_o(skid_valid),
      .ready_i(skid_ready)
  );

  assign x_pop = x_valid && x_ready;

  dsoc_stage #(
      .Width(PixelLanes * 8 * Nf)
  ) i_pixels_stage (
      .clk_i,
      .rst_ni (run_rst_nq),
      .data_i (skid_bytes),
      .valid_i(skid_valid),
      .ready_o(skid_ready),
      .data_o (px_bytes),
      .valid_o(px_valid),
      .ready_i(px_pop)
  );

  logic count_active, count_step, count_lacks_pixels, count_lacks_weights, count_lacks_operand, count_blocked;

  // ---- engine --------------------------------------------------------------------------------------------------------
  localparam int unsigned ChannelBits = (ScaleBits > 0) ? 64 : 32;
  logic [ 2:0] bias_bank;
  logic [15:0] bias_index;
  logic bias_read;
  logic [Lanes-1:0][ChannelBits-1:0] bias;
  logic [Lanes-1:0][32*Rows-1:0] mac_data;
  logic [32*Rows-1:0] pool_data;
  logic mac_valid, mac_ready, pool_valid, pool_ready;

  dsoc_engine #(
      .Rows(Rows),
      .Cols(Cols),
      .XBits(XBits),
      .KBits(KBits),
      .YBits(YBits),
      .KhMax(KhMax),
      .KwMax(KwMax),
      .ShMax(ShMax),
      .SwMax(SwMax),
      .Nf(Nf),
      .Gt(Gt),
      .WeightsDepth(WeightsDepth),
      .EdgesDepth(EdgesDepth),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .MaxBurst(WeightsBurst),
      .WeightsPorts(WeightsPorts),
      .Lanes(Lanes),
      .ScaleBits(ScaleBits),
      .Depthwise(Depthwise),
      .ResidentDepth(ResidentDepth),
      .Pe(Pe),
      .Dsp48e2(Dsp48e2)
  ) i_engine (
      .clk_i,
      .rst_ni      (run_rst_nq),
      .start_i     (op_start_o),
      .desc_i      (desc),
      .px_bytes_i  (px_bytes),
      .px_valid_i  (px_valid),
      .px_pop_o    (px_pop),
      .arena_i     (arena),
      .cmd_offset_i(weights_offset),
      .cmd_beats_i (weights_beats),
      .cmd_valid_i (weights_cmd_valid),
      .cmd_ready_o (weights_cmd_ready),
      .araddr_o    (w_araddr),
      .arlen_o     (w_arlen),
      .arvalid_o   (w_arvalid),
      .arready_i   (w_arready),
      .rdata_i     (w_rdata),
      .rvalid_i    (w_rvalid),
      .rready_o    (w_rready),
      .error_o     (engine_error),
      .active_o    (count_active),
      .step_o      (count_step),
      .lacks_pixels_o(count_lacks_pixels),
      .lacks_weights_o(count_lacks_weights),
      .bias_bank_i (bias_bank),
      .bias_index_i(bias_index),
      .bias_read_i (bias_read),
      .bias_o      (bias),
      .mac_data_o  (mac_data),
      .mac_valid_o (mac_valid),
      .mac_ready_i (mac_ready),
      .pool_data_o (pool_data),
      .pool_valid_o(pool_valid),
      .pool_ready_i(pool_ready)
  );

  // ---- operands and outputs ------------------------------------------------------------------------------------------
  logic opd_valid, opd_pop, out_valid, out_ready, stage_finished;
  logic [Lanes-1:0][8*OutLines-1:0] opd_bytes, out_bytes;
  logic [Lanes-1:0] out_mask;
  logic [AxiBits*OutLines-1:0] opd_beats;
  logic [AxiBits*RawBeats-1:0] out_beats;
  logic [31:0] out_addr;
  logic [ 7:0] out_lines;
  logic [Rows-1:0] out_rows;
  logic out_k_last, out_wo_last, out_map_last;
  logic write_valid, write_ready;
  logic [Lanes-1:0] write_mask;
  logic [Lanes-1:0][8*OutLines-1:0] write_bytes;
  logic [31:0] write_addr;
  logic [ 7:0] write_lines;
  logic has_operand, partial, wide;

  // Operands may be what the operation before wrote.
  logic opd_waits_q, opd_start;

  assign opd_start = (op_start_o || opd_waits_q) && settled;

  always_ff @(posedge clk_i or negedge run_rst_nq) begin
    if (!run_rst_nq) opd_waits_q <= 1'b0;
    else opd_waits_q <= (op_start_o || opd_waits_q) && !settled;
  end

  assign has_operand = desc.operand != dsoc_map_pkg::D_OPERAND_NONE;
  assign partial     = desc.operand == dsoc_map_pkg::D_OPERAND_PARTIAL;
  assign wide        = Lanes > 1 && desc.wide;

  dsoc_line_reader #(
      .Nf(OutLines),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .ChunkBeats(ChunkBeats),
      .Lanes(Lanes)
  ) i_operand_reader (
      .clk_i,
      .rst_ni          (run_rst_nq),
      .start_i         (opd_start),
      .enable_i        (has_operand),
      .arena_i         (arena),
      .base_i          (desc.o_base),
      .line_pitch_i    (desc.o_line_pitch),
      .next_pitch_i    (opd_waits_q ? desc.o_line_pitch : next_desc.o_line_pitch),
      .next_valid_i    (next_valid && !opd_waits_q),
      .l_pitch_i       (desc.o_l_pitch),
      .n_pitch_i       (desc.o_n_pitch),
      .lam0_i          ('0),
      .lam_step_i      (desc.o_lam_step),
      .lines_i         (desc.o_lines),
      .off0_i          ('0),
      .t_step_i        (desc.o_t_step),
      .seg_step_i      (desc.o_seg_step),
      .seg_count_i     (desc.o_seg_count),
      .seg_bytes_i     (desc.o_seg_bytes),
      .seg_bytes_last_i(desc.o_seg_bytes_last),
      .mask_i          (partial ? '1 : ~({OutLines{1'b1}} << LinesPerTile)),
      .t_count_i       (desc.o_t_count),
      .n_count_i       (desc.o_n_count),
      .l_count_i       (desc.o_l_count),
      .beat_mode_i     (partial),
      .wide_i          (wide),
      .single_i        (1'b0),
      .guarded_i       (1'b0),
      .guard_i         ('0),
      .mark_i          ('0),
      .waits_o         (),
      .idle_o          (),
      .c_start_i       (opd_start),
      .araddr_o        (o_line_araddr),
      .arlen_o         (o_line_arlen),
      .arvalid_o       (o_line_arvalid),
      .arready_i       (o_line_arready),
      .rdata_i         (o_beat),
      .rlast_i         (o_beat_last),
      .rvalid_i        (o_line_rvalid),
      .rready_o        (o_line_rready),
      .valid_o         (opd_valid),
      .bytes_o         (opd_bytes),
      .beats_o         (opd_beats),
      .pop_i           (opd_pop)
  );

  // Bits of a sum with its bias or operand, and of an average with what its rounding needs.
  localparam int unsigned SumBits = min2(max2(YBits + 2, XBits + 6), 32);

  dsoc_output_stage #(
      .Rows(Rows),
      .XBits(XBits),
      .SumBits(SumBits),
      .Requants(Requants),
      .Lanes(Lanes),
      .ScaleBits(ScaleBits),
      .AxiBits(AxiBits),
      .OpdLines(OutLines),
      .OutLines(OutLines)
  ) i_output_stage (
      .clk_i,
      .rst_ni      (run_rst_nq),
      .start_i     (op_start_o),
      .desc_i      (desc),
      .finished_o  (stage_finished),
      .lacks_operand_o(count_lacks_operand),
      .blocked_o   (count_blocked),
      .mac_data_i  (mac_data),
      .mac_valid_i (mac_valid),
      .mac_ready_o (mac_ready),
      .pool_data_i (pool_data),
      .pool_valid_i(pool_valid),
      .pool_ready_o(pool_ready),
      .bias_bank_o (bias_bank),
      .bias_index_o(bias_index),
      .bias_read_o (bias_read),
      .bias_i      (bias),
      .opd_valid_i (opd_valid),
      .opd_bytes_i (opd_bytes),
      .opd_beats_i (opd_beats),
      .opd_pop_o   (opd_pop),
      .valid_o     (out_valid),
      .ready_i     (out_ready),
      .addr_o      (out_addr),
      .lines_o     (out_lines),
      .rows_o      (out_rows),
      .k_last_o    (out_k_last),
      .wo_last_o   (out_wo_last),
      .map_last_o  (out_map_last),
      .mask_o      (out_mask),
      .bytes_o     (out_bytes),
      .beats_o     (out_beats)
  );

  // ---- pools in line: between output stage and writer ------------------------------------------------------------------
  // Maxima over windows only where whole bytes of rows are pooled.
  localparam bit Windows = PoolDepth > 0 && (Rpb == 1 || (Rows % Rpb == 0 && Rows >= 2 * Rpb));

  logic windows, maps, windows_ready, maps_ready, windows_valid, maps_valid, windows_idle, maps_idle;
  logic [31:0] windows_addr, maps_addr;
  logic [ 7:0] windows_lines, maps_byte;
  logic [8*OutLines-1:0] windows_bytes;

  if (Windows) begin : gen_windows
    assign windows = desc.pool == dsoc_map_pkg::D_POOL_WINDOWS;
    dsoc_pool_windows #(
        .Rows(Rows),
        .XBits(XBits),
        .Channels(Cols),
        .Lines(OutLines),
        .CarryDepth(PoolDepth)
    ) i_pool_windows (
        .clk_i,
        .rst_ni   (run_rst_nq),
        .start_i  (op_start_o),
        .desc_i   (desc),
        .valid_i  (out_valid && windows),
        .ready_o  (windows_ready),
        .data_i   (out_bytes[0][Rows*XBits-1:0]),
        .rows_i   (out_rows),
        .k_last_i (out_k_last),
        .wo_last_i(out_wo_last),
        .valid_o  (windows_valid),
        .ready_i  (write_ready),
        .addr_o   (windows_addr),
        .lines_o  (windows_lines),
        .bytes_o  (windows_bytes),
        .idle_o   (windows_idle)
    );
  end else begin : gen_no_windows
    logic unused_ok;
    assign unused_ok     = &{1'b0, out_wo_last};
    assign windows       = 1'b0;
    assign windows_ready = 1'b0;
    assign windows_valid = 1'b0;
    assign windows_addr  = '0;
    assign windows_lines = '0;
    assign windows_bytes = '0;
    assign windows_idle  = 1'b1;
  end

  if (GlobalPoolMax > 0) begin : gen_maps
    assign maps = desc.pool == dsoc_map_pkg::D_POOL_GLOBAL_MAX || desc.pool == dsoc_map_pkg::D_POOL_GLOBAL_AVG;
    dsoc_pool_global #(
        .Rows(Rows),
        .XBits(XBits),
        .Channels(Cols),
        .CountMax(GlobalPoolMax)
    ) i_pool_global (
        .clk_i,
        .rst_ni    (run_rst_nq),
        .start_i   (op_start_o),
        .desc_i    (desc),
        .valid_i   (out_valid && maps),
        .ready_o   (maps_ready),
        .data_i    (out_bytes[0][Rows*XBits-1:0]),
        .rows_i    (out_rows),
        .k_last_i  (out_k_last),
        .map_last_i(out_map_last),
        .valid_o   (maps_valid),
        .ready_i   (write_ready),
        .addr_o    (maps_addr),
        .byte_o    (maps_byte),
        .idle_o    (maps_idle)
    );
  end else begin : gen_no_maps
    logic unused_ok;
    assign unused_ok  = &{1'b0, out_map_last};
    assign maps       = 1'b0;
    assign maps_ready = 1'b0;
    assign maps_valid = 1'b0;
    assign maps_addr  = '0;
    assign maps_byte  = '0;
    assign maps_idle  = 1'b1;
  end

  if (!Windows && GlobalPoolMax == 0) begin : gen_no_pool
    logic unused_ok;
    assign unused_ok = &{1'b0, out_rows, out_k_last};
  end

  assign out_ready    = windows ? windows_ready : maps ? maps_ready : write_ready;
  assign out_finished = stage_finished && windows_idle && maps_idle;
  assign write_valid  = windows ? windows_valid : maps ? maps_valid : out_valid;
  assign write_addr   = windows ? windows_addr : maps ? maps_addr : out_addr;
  assign write_lines  = windows ? windows_lines : maps ? 8'd1 : out_lines;

  // One byte of a line lies anywhere in its group of lanes.
  for (genvar d = 0; d < Lanes; d++) begin : gen_write
    assign write_mask[d]  = wide ? out_mask[d] : 32'(write_addr) % Lanes == d;
    assign write_bytes[d] = windows ? windows_bytes : maps ? (8 * OutLines)'(maps_byte) : out_bytes[wide?d : 0];
  end

  dsoc_writer #(
      .Lines(OutLines),
      .RawBeats(RawBeats),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .Lanes(Lanes),
      .GroupBeats(min2(MaxBurst, 4)),
      .MaxBurst(MaxBurst)
  ) i_writer (
      .clk_i,
      .rst_ni      (run_rst_nq),
      .arena_i     (arena),
      .line_pitch_i(desc.y_line_pitch),
      .raw_i       (desc.raw_out),
      .over_i      (op_over),
      .settled_o   (settled),
      .done_o      (op_written),
      .marks_i     (next_valid),
      .hurry_i     (x_waits),
      .returns_i   (next_desc.x_returns),
      .mark_o      (mark),
      .valid_i     (write_valid),
      .ready_o     (write_ready),
      .addr_i      (write_addr),
      .lines_i     (write_lines),
      .mask_i      (write_mask),
      .bytes_i     (write_bytes),
      .beats_i     (out_beats),
      .flush_i     (out_finished),
      .idle_o      (),
      .written_o   (written),
      .awaddr_o    (m_axi_y_awaddr),
      .awlen_o     (m_axi_y_awlen),
      .awvalid_o   (y_awvalid),
      .awready_i   (y_awready),
      .wdata_o     (m_axi_y_wdata),
      .wstrb_o     (y_wstrb),
      .wlast_o     (m_axi_y_wlast),
      .wvalid_o    (y_wvalid),
      .wready_i    (y_wready),
      .bvalid_i    (m_axi_y_bvalid),
      .bready_o    (m_axi_y_bready)
  );

  // ---- performance counters ------------------------------------------------------------------------------------------
  if (CountersDepth > 0) begin : gen_counters
    dsoc_counters #(
        .Depth(CountersDepth)
    ) i_counters (
        .clk_i,
        .rst_ni,
        .start_i        (start),
        .busy_i         (busy && !stop),
        .op_done_i      (op_over),
        .active_i       (count_active),
        .step_i         (count_step),
        .first_i        (px_pop),
        .px_valid_i     (px_valid),
        .lacks_pixels_i (count_lacks_pixels),
        .lacks_weights_i(count_lacks_weights),
        .lacks_operand_i(count_lacks_operand),
        .blocked_i      (count_blocked),
        .finished_i     (out_finished),
        .x_beat_i       (x_line_rvalid && x_line_rready),
        .k_beat_i       (m_axi_k_rvalid && m_axi_k_rready),
        .o_beat_i       (o_line_rvalid && o_line_rready),
        .y_beat_i       (m_axi_y_wvalid && m_axi_y_wready),
        .read_i         (count_read),
        .row_i          (count_row),
        .counter_i      (count_index),
        .ready_o        (count_ready),
        .data_o         (count)
    );
  end else begin : gen_no_counters
    assign count_ready = 1'b1;
    assign count       = '0;
  end

  // ---- handshakes ----------------------------------------------------------------------------------------------------
  `DSOC_ASSERT_STABLE(a_out, clk_i, run_rst_nq, out_valid, out_ready, {out_addr, out_lines, out_bytes, out_beats})
  `DSOC_ASSERT(a_quiet, clk_i, rst_ni, !busy |-> quiet)

endmodule
