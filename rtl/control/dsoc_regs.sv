/// Register file on AXI4-Lite (docs/registers.md): one access at a time of each kind; every ready comes from a register.
///
/// An address and its data are kept as they come, in any order; the write is made in the clock after the later of them
/// and answered in the next. A read is answered in the clock after, of
/// a counter three clocks later or when dsoc_counters is ready. `start_o`, `soft_reset_o` and `locked_o` (a register
/// that describes the table was written while busy; it keeps its value) pulse for one clock. `ended_i` with `error_i`
/// tells the end of a run; it wins over an acknowledgement in the same clock. The interrupt is a level, one clock
/// behind done and error.
///
/// Parameters:
///   Rows, Cols, XBits, KBits  shown in GEOMETRY
///   ParamsHash                shown in PARAMS_HASH
///   CountersDepth             operations whose counters are kept; 0: there are none
///   AddrBits                  bits of a bus address
module dsoc_regs #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter logic [31:0] ParamsHash = 32'h0,
    parameter int unsigned CountersDepth = 64,
    parameter int unsigned AddrBits = 40,
    localparam int unsigned RowBits = (CountersDepth > 1) ? $clog2(CountersDepth) : 1
) (
    input logic clk_i,
    input logic rst_ni,

    input  logic [ 7:0] awaddr_i,
    input  logic        awvalid_i,
    output logic        awready_o,
    input  logic [31:0] wdata_i,
    input  logic [ 3:0] wstrb_i,
    input  logic        wvalid_i,
    output logic        wready_o,
    output logic [ 1:0] bresp_o,
    output logic        bvalid_o,
    input  logic        bready_i,
    input  logic [ 7:0] araddr_i,
    input  logic        arvalid_i,
    output logic        arready_o,
    output logic [31:0] rdata_o,
    output logic [ 1:0] rresp_o,
    output logic        rvalid_o,
    input  logic        rready_i,

    output logic                start_o,
    output logic                soft_reset_o,
    output logic                locked_o,
    output logic [AddrBits-1:0] arena_o,
    output logic [        31:0] table_offset_o,
    output logic [        15:0] n_ops_o,
    output logic [        31:0] net_id_o,
    input  logic                busy_i,
    input  logic                ended_i,
    input  logic [         3:0] error_i,
    input  logic [        15:0] op_index_i,
    output logic                irq_o,

    output logic               count_read_o,
    output logic [RowBits-1:0] count_row_o,
    output logic [        3:0] counter_o,
    input  logic               count_ready_i,
    input  logic [       31:0] count_i
);

  logic irq_enable_q, done_q, failed_q, busy, write, read, is_table;
  logic [ 7:2] awaddr_q;
  logic [31:0] arena_lo_q, arena_hi_q, clocks_q, value, mask, wdata, wdata_q;
  logic [15:0] op_index_q;
  logic [ 3:0] wstrb_q;
  logic [63:0] arena;

  assign write   = !awready_o && !wready_o && !bvalid_o;
  assign bresp_o = 2'b00;
  assign read    = arvalid_i && arready_o;
  assign rresp_o = 2'b00;
  assign arena   = {arena_hi_q, arena_lo_q};
  assign arena_o = arena[AddrBits-1:0];
  assign busy    = busy_i || start_o || ended_i;  // without a gap until done or error shows

  for (genvar b = 0; b < 4; b++) begin : gen_mask
    assign mask[8*b+:8] = {8{wstrb_q[b]}};
  end
  assign wdata = wdata_q & mask;

  // ---- addresses and data of writes ----------------------------------------------------------------------------------
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      awready_o <= 1'b1;
      wready_o  <= 1'b1;
      bvalid_o  <= 1'b0;
      awaddr_q  <= '0;
      wdata_q   <= '0;
      wstrb_q   <= '0;
    end else begin
      if (write) bvalid_o <= 1'b1;
      else if (bready_i) bvalid_o <= 1'b0;
      if (write) awready_o <= 1'b1;
      else if (awvalid_i) awready_o <= 1'b0;
      if (write) wready_o <= 1'b1;
      else if (wvalid_i) wready_o <= 1'b0;
      if (awvalid_i && awready_o) awaddr_q <= awaddr_i[7:2];
      if (wvalid_i && wready_o) begin
        wdata_q <= wdata_i;
        wstrb_q <= wstrb_i;
      end
    end
  end

  // ---- registers -----------------------------------------------------------------------------------------------------
  always_comb begin
    case ({
      awaddr_q, 2'b00
    })
      dsoc_map_pkg::REG_ARENA_LO, dsoc_map_pkg::REG_ARENA_HI, dsoc_map_pkg::REG_DESC_OFFSET, dsoc_map_pkg::REG_N_OPS,
          dsoc_map_pkg::REG_NET_ID:
      is_table = 1'b1;
      default: is_table = 1'b0;
    endcase
  end

  logic control, start, soft_reset, acknowledged;
  assign control      = write && {awaddr_q, 2'b00} == dsoc_map_pkg::REG_CTRL;
  assign soft_reset   = control && wdata[dsoc_map_pkg::CTRL_SOFT_RESET_LSB];
  assign start        = control && wdata[dsoc_map_pkg::CTRL_START_LSB] && !soft_reset && !busy;
  assign acknowledged = write && {awaddr_q, 2'b00} == dsoc_map_pkg::REG_IRQ_ACK && wdata[dsoc_map_pkg::IRQ_ACK_ACK_LSB];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      start_o        <= 1'b0;
      soft_reset_o   <= 1'b0;
      locked_o       <= 1'b0;
      irq_enable_q   <= 1'b0;
      done_q         <= 1'b0;
      failed_q       <= 1'b0;
      arena_lo_q     <= '0;
      arena_hi_q     <= '0;
      table_offset_o <= '0;
      n_ops_o        <= '0;
      net_id_o       <= '0;
      clocks_q       <= '0;
      count_row_o    <= '0;
      irq_o          <= 1'b0;
    end else begin
      start_o      <= start;
      soft_reset_o <= soft_reset;
      locked_o     <= write && is_table && busy;
      irq_o        <= irq_enable_q && (done_q || failed_q);
      if (start_o) clocks_q <= 32'd1;
      else if (busy_i) clocks_q <= clocks_q + 32'd1;
      if (write && !(is_table && busy)) begin
        case ({
          awaddr_q, 2'b00
        })
          dsoc_map_pkg::REG_CTRL: if (wstrb_q[0]) irq_enable_q <= wdata_q[dsoc_map_pkg::CTRL_IRQ_ENABLE_LSB];
          dsoc_map_pkg::REG_ARENA_LO: arena_lo_q <= (arena_lo_q & ~mask) | wdata;
          dsoc_map_pkg::REG_ARENA_HI: arena_hi_q <= (arena_hi_q & ~mask) | wdata;
          dsoc_map_pkg::REG_DESC_OFFSET: table_offset_o <= (table_offset_o & ~mask) | wdata;
          dsoc_map_pkg::REG_N_OPS: n_ops_o <= (n_ops_o & ~mask[15:0]) | wdata[15:0];
          dsoc_map_pkg::REG_NET_ID: net_id_o <= (net_id_o & ~mask) | wdata;
          dsoc_map_pkg::REG_COUNT_OPERATION:
          count_row_o <= (CountersDepth > 0) ? (count_row_o & ~mask[RowBits-1:0]) | wdata[RowBits-1:0] : '0;
          default: ;
        endcase
      end
      if (start || soft_reset || acknowledged) begin
        done_q   <= 1'b0;
        failed_q <= 1'b0;
      end
      if (ended_i && !soft_reset && !soft_reset_o) begin
        done_q   <= error_i == '0;
        failed_q <= error_i != '0;
      end
    end
  end

  always_ff @(posedge clk_i) op_index_q <= start_o ? '0 : op_index_i;  // no read sees that of the run before

  always_comb begin
    value = '0;
    case ({
      araddr_i[7:2], 2'b00
    })
      dsoc_map_pkg::REG_CTRL: value[dsoc_map_pkg::CTRL_IRQ_ENABLE_LSB] = irq_enable_q;
      dsoc_map_pkg::REG_STATUS: begin
        value[dsoc_map_pkg::STATUS_BUSY_LSB] = busy;
        value[dsoc_map_pkg::STATUS_DONE_LSB] = done_q;
        value[dsoc_map_pkg::STATUS_ERROR_LSB] = failed_q;
        if (busy || failed_q) begin
          value[dsoc_map_pkg::STATUS_ERROR_CODE_LSB+:dsoc_map_pkg::STATUS_ERROR_CODE_WIDTH] = error_i;
        end
      end
      dsoc_map_pkg::REG_OP_INDEX: value[15:0] = op_index_q;
      dsoc_map_pkg::REG_ARENA_LO: value = arena_lo_q;
      dsoc_map_pkg::REG_ARENA_HI: value = arena_hi_q;
      dsoc_map_pkg::REG_DESC_OFFSET: value = table_offset_o;
      dsoc_map_pkg::REG_N_OPS: value[15:0] = n_ops_o;
      dsoc_map_pkg::REG_NET_ID: value = net_id_o;
      dsoc_map_pkg::REG_CLOCKS: value = clocks_q;
      dsoc_map_pkg::REG_ID: value = {dsoc_map_pkg::ID_MAGIC, 8'd0, dsoc_map_pkg::MAP_VERSION};
      dsoc_map_pkg::REG_GEOMETRY: value = {4'(KBits), 4'(XBits), 12'(Cols), 12'(Rows)};
      dsoc_map_pkg::REG_PARAMS_HASH: value = ParamsHash;
      dsoc_map_pkg::REG_COUNT_OPERATION: value[RowBits-1:0] = count_row_o;
      default: ;
    endcase
  end

  // ---- reads; those of a counter wait for its word -------------------------------------------------------------------
  logic is_counter, wanted_q;
  logic [1:0] comes_q;

  assign is_counter = CountersDepth > 0 && {araddr_i[7:2], 2'b00} >= dsoc_map_pkg::REG_COUNT_CLOCKS &&
      {araddr_i[7:2], 2'b00} <= dsoc_map_pkg::REG_COUNT_WRITES;
  assign count_read_o = wanted_q && count_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      arready_o <= 1'b1;
      rvalid_o  <= 1'b0;
      rdata_o   <= '0;
      wanted_q  <= 1'b0;
      comes_q   <= '0;
      counter_o <= '0;
    end else begin
      comes_q <= {comes_q[0], count_read_o};
      if (count_read_o) wanted_q <= 1'b0;
      if (read) begin
        arready_o <= 1'b0;
        rvalid_o  <= !is_counter;
        rdata_o   <= value;
        wanted_q  <= is_counter;
        counter_o <= araddr_i[5:2];
      end else if (comes_q[1]) begin
        rvalid_o <= 1'b1;
        rdata_o  <= count_i;
      end else if (rvalid_o && rready_i) begin
        arready_o <= 1'b1;
        rvalid_o  <= 1'b0;
      end
    end
  end

endmodule
