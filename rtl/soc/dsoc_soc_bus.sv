/// The core's data port to memories, peripherals, the accelerator's registers (AXI4-Lite) and the shared memory (AXI4).
///
/// One access at a time. RAM, ROM and peripherals answer in the next clock; the two AXI ports when their slave has
/// answered, a write too: after a store the shared memory holds the data, no fence is needed. Addresses of no region, and
/// error responses, answer with `err_o`, which traps. All accesses of the shared memory are single full beats.
///
/// Parameters:
///   AxiBits   data bits of the shared memory's port
///   RomWords  words of the ROM, a power of two
///   RamWords  words of the RAM, a power of two
module dsoc_soc_bus #(
    parameter int unsigned AxiBits  = 64,
    parameter int unsigned RomWords = 1024,
    parameter int unsigned RamWords = 16384
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic [31:0] memory_bytes_i,
    input  logic        req_i,
    output logic        gnt_o,
    input  logic        we_i,
    input  logic [ 3:0] be_i,
    input  logic [31:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic        rvalid_o,
    output logic [31:0] rdata_o,
    output logic        err_o,

    output logic        rom_en_o,
    input  logic [31:0] rom_rdata_i,
    output logic        ram_en_o,
    input  logic [31:0] ram_rdata_i,
    output logic        uart_en_o,
    input  logic [31:0] uart_rdata_i,
    output logic        timer_en_o,
    output logic        system_en_o,
    input  logic [31:0] timer_rdata_i,

    // The request that is not answered yet: of the accelerator's registers and of the shared memory.
    output logic [         31:0] addr_o,
    output logic [         31:0] wdata_o,
    output logic [          3:0] be_o,
    output logic                 lite_awvalid_o,
    input  logic                 lite_awready_i,
    output logic                 lite_wvalid_o,
    input  logic                 lite_wready_i,
    input  logic [          1:0] lite_bresp_i,
    input  logic                 lite_bvalid_i,
    output logic                 lite_arvalid_o,
    input  logic                 lite_arready_i,
    input  logic [         31:0] lite_rdata_i,
    input  logic [          1:0] lite_rresp_i,
    input  logic                 lite_rvalid_i,
    output logic                 mem_awvalid_o,
    input  logic                 mem_awready_i,
    output logic [  AxiBits-1:0] mem_wdata_o,
    output logic [AxiBits/8-1:0] mem_wstrb_o,
    output logic                 mem_wvalid_o,
    input  logic                 mem_wready_i,
    input  logic [          1:0] mem_bresp_i,
    input  logic                 mem_bvalid_i,
    output logic                 mem_arvalid_o,
    input  logic                 mem_arready_i,
    input  logic [  AxiBits-1:0] mem_rdata_i,
    input  logic [          1:0] mem_rresp_i,
    input  logic                 mem_rvalid_i
);

  localparam int unsigned Lanes = AxiBits / 32;
  localparam int unsigned LaneBits = (Lanes > 1) ? $clog2(Lanes) : 1;

  typedef enum logic [2:0] {
    None,
    Rom,
    Ram,
    Uart,
    Timer,
    Lite,
    Memory
  } target_e;

  // ---- decode --------------------------------------------------------------------------------------------------------
  function automatic logic lies_in(logic [31:0] address, logic [31:0] base, logic [31:0] mask);
    return (address & mask) == base;
  endfunction

  target_e target, target_q;
  logic busy_q, take;

  assign system_en_o = take && lies_in(addr_i, dsoc_soc_pkg::SYSTEM_BASE, dsoc_soc_pkg::SYSTEM_MASK);
  assign timer_en_o  = take && lies_in(addr_i, dsoc_soc_pkg::TIMER_BASE, dsoc_soc_pkg::TIMER_MASK);

  always_comb begin
    target = None;
    if (addr_i < dsoc_soc_pkg::ROM_BASE + 32'(4 * RomWords)) begin
      if (!we_i) target = Rom;
    end else if (lies_in(addr_i, dsoc_soc_pkg::RAM_BASE, dsoc_soc_pkg::RAM_MASK)) begin
      if ((addr_i & ~dsoc_soc_pkg::RAM_MASK) < 32'(4 * RamWords)) target = Ram;
    end else if (lies_in(addr_i, dsoc_soc_pkg::UART_BASE, dsoc_soc_pkg::UART_MASK)) begin
      target = Uart;
    end else if (lies_in(addr_i, dsoc_soc_pkg::TIMER_BASE, dsoc_soc_pkg::TIMER_MASK) ||
                 lies_in(addr_i, dsoc_soc_pkg::SYSTEM_BASE, dsoc_soc_pkg::SYSTEM_MASK)) begin
      target = Timer;
    end else if (lies_in(addr_i, dsoc_soc_pkg::ACCELERATOR_BASE, dsoc_soc_pkg::ACCELERATOR_MASK)) begin
      target = Lite;
    end else if (lies_in(addr_i, dsoc_soc_pkg::MEMORY_BASE, dsoc_soc_pkg::MEMORY_MASK)) begin
      if ((addr_i & ~dsoc_soc_pkg::MEMORY_MASK) < memory_bytes_i) target = Memory;
    end
  end

  assign take      = req_i && !busy_q;
  assign gnt_o     = take;
  assign rom_en_o  = take && target == Rom;
  assign ram_en_o  = take && target == Ram;
  assign uart_en_o = take && target == Uart;

  // ---- accesses that take longer -------------------------------------------------------------------------------------
  logic aw_q, w_q, ar_q, answer, answer_err, valid_q, slow_valid_q, slow_err_q;
  logic [31:0] slow_rdata_q;
  logic [LaneBits-1:0] lane;

  assign lane           = (Lanes > 1) ? LaneBits'(addr_o >> 2) : '0;
  assign lite_awvalid_o = aw_q && target_q == Lite;
  assign lite_wvalid_o  = w_q && target_q == Lite;
  assign lite_arvalid_o = ar_q && target_q == Lite;
  assign mem_awvalid_o  = aw_q && target_q == Memory;
  assign mem_wvalid_o   = w_q && target_q == Memory;
  assign mem_arvalid_o  = ar_q && target_q == Memory;
  assign mem_wdata_o    = {Lanes{wdata_o}};
  for (genvar i = 0; i < Lanes; i++) begin : gen_strobe
    assign mem_wstrb_o[4*i+:4] = (lane == LaneBits'(i)) ? be_o : 4'd0;
  end

  assign answer = busy_q && (lite_bvalid_i || lite_rvalid_i || mem_bvalid_i || mem_rvalid_i);
  assign answer_err = (lite_bvalid_i && lite_bresp_i != 2'b00) || (lite_rvalid_i && lite_rresp_i != 2'b00) ||
      (mem_bvalid_i && mem_bresp_i != 2'b00) || (mem_rvalid_i && mem_rresp_i != 2'b00);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q       <= 1'b0;
      valid_q      <= 1'b0;
      slow_valid_q <= 1'b0;
      slow_err_q   <= 1'b0;
      slow_rdata_q <= '0;
      target_q     <= None;
      addr_o       <= '0;
      wdata_o      <= '0;
      be_o         <= '0;
      aw_q         <= 1'b0;
      w_q          <= 1'b0;
      ar_q         <= 1'b0;
    end else begin
      valid_q      <= take && target != Lite && target != Memory;
      slow_valid_q <= answer;
      if (take) begin
        target_q <= target;
        addr_o   <= addr_i;
        wdata_o  <= wdata_i;
        be_o     <= be_i;
        busy_q   <= target == Lite || target == Memory;
        aw_q     <= (target == Lite || target == Memory) && we_i;
        w_q      <= (target == Lite || target == Memory) && we_i;
        ar_q     <= (target == Lite || target == Memory) && !we_i;
      end else begin
        if (target_q == Lite ? lite_awready_i : mem_awready_i) aw_q <= 1'b0;
        if (target_q == Lite ? lite_wready_i : mem_wready_i) w_q <= 1'b0;
        if (target_q == Lite ? lite_arready_i : mem_arready_i) ar_q <= 1'b0;
      end
      if (answer) begin
        busy_q       <= 1'b0;
        slow_err_q   <= answer_err;
        slow_rdata_q <= target_q == Lite ? lite_rdata_i : mem_rdata_i[32*lane+:32];
      end
    end
  end

  // ---- answers -------------------------------------------------------------------------------------------------------
  assign rvalid_o = valid_q || slow_valid_q;
  assign err_o    = slow_valid_q ? slow_err_q : target_q == None;

  always_comb begin
    case (target_q)
      Rom: rdata_o = rom_rdata_i;
      Ram: rdata_o = ram_rdata_i;
      Uart: rdata_o = uart_rdata_i;
      Timer: rdata_o = timer_rdata_i;
      default: rdata_o = slow_rdata_q;
    endcase
  end

endmodule
