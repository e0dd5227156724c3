/// Block RAM of 32-bit words: one port reads, the other reads or writes bytes. Read data appear one clock later.
///
/// A write leaves `b_rdata_o` as it is. What a read of a word gives while the other port writes it is undefined: the
/// attribute says so to Yosys, which else takes two block RAMs and a comparison for each.
///
/// Parameters:
///   Words  a power of two, at least 2
///   File   text file of hexadecimal words that the RAM holds at the start; "": unknown
module dsoc_soc_ram #(
    parameter int unsigned Words = 1024,
    parameter string File = ""
) (
    input  logic                     clk_i,
    input  logic                     a_en_i,
    input  logic [$clog2(Words)-1:0] a_addr_i,
    output logic [             31:0] a_rdata_o,
    input  logic                     b_en_i,
    input  logic [              3:0] b_we_i,
    input  logic [$clog2(Words)-1:0] b_addr_i,
    input  logic [             31:0] b_wdata_i,
    output logic [             31:0] b_rdata_o
);

  (* no_rw_check *)
  logic [31:0] mem[Words];

  if ((Words & (Words - 1)) != 0 || Words < 2) begin : gen_illegal
    $error("dsoc_soc_ram: Words must be a power of two, at least 2");
  end

  if (File != "") begin : gen_file
    initial $readmemh(File, mem);
  end

  always_ff @(posedge clk_i) begin
    if (a_en_i) a_rdata_o <= mem[a_addr_i];
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < 4; i++) begin
      if (b_en_i && b_we_i[i]) mem[b_addr_i][8*i+:8] <= b_wdata_i[8*i+:8];
    end
    if (b_en_i && b_we_i == '0) b_rdata_o <= mem[b_addr_i];
  end

endmodule
