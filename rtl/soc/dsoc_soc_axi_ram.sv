/// Block RAM as an AXI4 slave: INCR bursts of full beats, one ID, one beat a clock each way.
///
/// One burst each way is under way and a second waits. A read sees the writes that were answered before its address.
/// Addresses beyond the memory get DECERR, and change nothing.
///
/// Parameters:
///   AxiBits   data bits
///   AddrBits  address bits
///   Base      address of the first byte, a multiple of Bytes
///   Bytes     size, a power of two
module dsoc_soc_axi_ram #(
    parameter int unsigned AxiBits = 64,
    parameter int unsigned AddrBits = 40,
    parameter logic [AddrBits-1:0] Base = '0,
    parameter int unsigned Bytes = 65536
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic [ AddrBits-1:0] araddr_i,
    input  logic [          7:0] arlen_i,
    input  logic                 arvalid_i,
    output logic                 arready_o,
    output logic [  AxiBits-1:0] rdata_o,
    output logic [          1:0] rresp_o,
    output logic                 rlast_o,
    output logic                 rvalid_o,
    input  logic                 rready_i,
    input  logic [ AddrBits-1:0] awaddr_i,
    input  logic                 awvalid_i,
    output logic                 awready_o,
    input  logic [  AxiBits-1:0] wdata_i,
    input  logic [AxiBits/8-1:0] wstrb_i,
    input  logic                 wlast_i,
    input  logic                 wvalid_i,
    output logic                 wready_o,
    output logic [          1:0] bresp_o,
    output logic                 bvalid_o,
    input  logic                 bready_i
);

  localparam int unsigned AB = AxiBits / 8;
  localparam int unsigned Words = Bytes / AB;
  localparam int unsigned WordBits = $clog2(Words);
  localparam int unsigned Shift = $clog2(AB);
  localparam logic [1:0] DecErr = 2'b11;

  if ((Bytes & (Bytes - 1)) != 0 || Words < 2) begin : gen_illegal
    $error("dsoc_soc_axi_ram: Bytes must be a power of two, at least two beats");
  end

  function automatic logic outside(logic [AddrBits-1:0] address);
    return ((address ^ Base) & ~AddrBits'(Bytes - 1)) != '0;
  endfunction

  logic [AxiBits-1:0] mem[Words];

  // ---- reads: the RAM's output register is the channel's -----------------------------------------------------------------
  logic read_q, read_bad_q, advance;
  logic [WordBits-1:0] read_at_q;
  logic [7:0] read_left_q;

  assign advance   = !rvalid_o || rready_i;
  assign arready_o = !read_q || (advance && read_left_q == '0);

  always_ff @(posedge clk_i) begin
    if (advance && read_q) rdata_o <= mem[read_at_q];
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q      <= 1'b0;
      read_bad_q  <= 1'b0;
      read_at_q   <= '0;
      read_left_q <= '0;
      rvalid_o    <= 1'b0;
      rlast_o     <= 1'b0;
      rresp_o     <= '0;
    end else begin
      if (advance) begin
        rvalid_o <= read_q;
        rlast_o  <= read_left_q == '0;
        rresp_o  <= read_bad_q ? DecErr : 2'b00;
      end
      if (arvalid_i && arready_o) begin
        read_q      <= 1'b1;
        read_bad_q  <= outside(araddr_i);
        read_at_q   <= araddr_i[Shift+:WordBits];
        read_left_q <= arlen_i;
      end else if (read_q && advance) begin
        read_q      <= read_left_q != '0;
        read_at_q   <= read_at_q + 1'b1;
        read_left_q <= read_left_q - 8'd1;
      end
    end
  end

  // ---- writes --------------------------------------------------------------------------------------------------------
  logic write_q, write_bad_q, beat, ends;
  logic [WordBits-1:0] write_at_q;

  assign beat      = wvalid_i && wready_o;
  assign ends      = beat && wlast_i;
  assign wready_o  = write_q && (!bvalid_o || bready_i || !wlast_i);
  assign awready_o = !write_q || ends;

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < AB; i++) begin
      if (beat && wstrb_i[i] && !write_bad_q) mem[write_at_q][8*i+:8] <= wdata_i[8*i+:8];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q     <= 1'b0;
      write_bad_q <= 1'b0;
      write_at_q  <= '0;
      bvalid_o    <= 1'b0;
      bresp_o     <= '0;
    end else begin
      if (awvalid_i && awready_o) begin
        write_q     <= 1'b1;
        write_bad_q <= outside(awaddr_i);
        write_at_q  <= awaddr_i[Shift+:WordBits];
      end else if (beat) begin
        write_q    <= !wlast_i;
        write_at_q <= write_at_q + 1'b1;
      end
      if (ends) begin
        bvalid_o <= 1'b1;
        bresp_o  <= write_bad_q ? DecErr : 2'b00;
      end else if (bready_i) begin
        bvalid_o <= 1'b0;
      end
    end
  end

endmodule
