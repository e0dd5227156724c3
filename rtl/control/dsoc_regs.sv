/// Register file on AXI4-Lite (docs/registers.md): one access at a time, answers in the clock after.
///
/// `start_o` and `soft_reset_o` pulse for one clock. The interrupt is a level: done or error while enabled, until acknowledged.
///
/// Parameters:
///   Rows, Cols, XBits, KBits  shown in GEOMETRY
///   AddrBits                  bits of a bus address
module dsoc_regs #(
    parameter int unsigned Rows = 8,
    parameter int unsigned Cols = 24,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned AddrBits = 40
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
    output logic [AddrBits-1:0] arena_o,
    output logic [        31:0] table_offset_o,
    output logic [        15:0] n_ops_o,
    output logic [        31:0] net_id_o,
    input  logic                busy_i,
    input  logic                done_i,
    input  logic [         3:0] error_i,
    input  logic [        15:0] op_index_i,
    output logic                irq_o
);

  logic irq_enable_q, done_q, write, read;
  logic [31:0] arena_lo_q, arena_hi_q, clocks_q, value, mask, wdata;
  logic [63:0] arena;

  assign write     = awvalid_i && wvalid_i && !bvalid_o;
  assign awready_o = write;
  assign wready_o  = write;
  assign bresp_o   = 2'b00;
  assign read      = arvalid_i && !rvalid_o;
  assign arready_o = read;
  assign rresp_o   = 2'b00;
  assign arena     = {arena_hi_q, arena_lo_q};
  assign arena_o   = arena[AddrBits-1:0];
  assign irq_o     = irq_enable_q && (done_q || error_i != '0);

  for (genvar b = 0; b < 4; b++) begin : gen_mask
    assign mask[8*b+:8] = {8{wstrb_i[b]}};
  end
  assign wdata = wdata_i & mask;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bvalid_o       <= 1'b0;
      start_o        <= 1'b0;
      soft_reset_o   <= 1'b0;
      irq_enable_q   <= 1'b0;
      done_q         <= 1'b0;
      arena_lo_q     <= '0;
      arena_hi_q     <= '0;
      table_offset_o <= '0;
      n_ops_o        <= '0;
      net_id_o       <= '0;
      clocks_q       <= '0;
    end else begin
      start_o      <= 1'b0;
      soft_reset_o <= 1'b0;
      if (bready_i) bvalid_o <= 1'b0;
      if (done_i) done_q <= 1'b1;
      if (start_o) clocks_q <= '0;
      else if (busy_i) clocks_q <= clocks_q + 32'd1;
      if (write) begin
        bvalid_o <= 1'b1;
        case ({
          awaddr_i[7:2], 2'b00
        })
          dsoc_map_pkg::REG_CTRL: begin
            if (wstrb_i[0]) irq_enable_q <= wdata_i[dsoc_map_pkg::CTRL_IRQ_ENABLE_LSB];
            if (wdata[dsoc_map_pkg::CTRL_START_LSB] && !busy_i) begin
              start_o <= 1'b1;
              done_q  <= 1'b0;
            end
            if (wdata[dsoc_map_pkg::CTRL_SOFT_RESET_LSB]) begin
              soft_reset_o <= 1'b1;
              done_q       <= 1'b0;
            end
          end
          dsoc_map_pkg::REG_IRQ_ACK: begin
            if (wdata[dsoc_map_pkg::IRQ_ACK_ACK_LSB]) begin
              done_q <= 1'b0;
              if (error_i != '0) soft_reset_o <= 1'b1;
            end
          end
          dsoc_map_pkg::REG_ARENA_LO: arena_lo_q <= (arena_lo_q & ~mask) | wdata;
          dsoc_map_pkg::REG_ARENA_HI: arena_hi_q <= (arena_hi_q & ~mask) | wdata;
          dsoc_map_pkg::REG_DESC_OFFSET: table_offset_o <= (table_offset_o & ~mask) | wdata;
          dsoc_map_pkg::REG_N_OPS: n_ops_o <= (n_ops_o & ~mask[15:0]) | wdata[15:0];
          dsoc_map_pkg::REG_NET_ID: net_id_o <= (net_id_o & ~mask) | wdata;
          default: ;
        endcase
      end
    end
  end

  always_comb begin
    value = '0;
    case ({
      araddr_i[7:2], 2'b00
    })
      dsoc_map_pkg::REG_CTRL: value[dsoc_map_pkg::CTRL_IRQ_ENABLE_LSB] = irq_enable_q;
      dsoc_map_pkg::REG_STATUS: begin
        value[dsoc_map_pkg::STATUS_BUSY_LSB] = busy_i;
        value[dsoc_map_pkg::STATUS_DONE_LSB] = done_q;
        value[dsoc_map_pkg::STATUS_ERROR_LSB] = error_i != '0;
        value[dsoc_map_pkg::STATUS_ERROR_CODE_LSB+:dsoc_map_pkg::STATUS_ERROR_CODE_WIDTH] = error_i;
      end
      dsoc_map_pkg::REG_OP_INDEX: value[15:0] = op_index_i;
      dsoc_map_pkg::REG_ARENA_LO: value = arena_lo_q;
      dsoc_map_pkg::REG_ARENA_HI: value = arena_hi_q;
      dsoc_map_pkg::REG_DESC_OFFSET: value = table_offset_o;
      dsoc_map_pkg::REG_N_OPS: value[15:0] = n_ops_o;
      dsoc_map_pkg::REG_NET_ID: value = net_id_o;
      dsoc_map_pkg::REG_CLOCKS: value = clocks_q;
      dsoc_map_pkg::REG_ID: value = {dsoc_map_pkg::ID_MAGIC, 8'd0, dsoc_map_pkg::MAP_VERSION};
      dsoc_map_pkg::REG_GEOMETRY: value = {4'(KBits), 4'(XBits), 12'(Cols), 12'(Rows)};
      default: ;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rvalid_o <= 1'b0;
      rdata_o  <= '0;
    end else if (read) begin
      rvalid_o <= 1'b1;
      rdata_o  <= value;
    end else if (rready_i) begin
      rvalid_o <= 1'b0;
    end
  end

endmodule
