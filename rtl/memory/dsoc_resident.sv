/// Resident weights: a memory for each row of the array, which keeps its words from run to run.
///
/// Words come one row after the other (`fill_i`), from address 0 on in every run; a word of all rows is read at a time, from
/// `first_i` on, which `begin_i` brings. `rows_o` follows `read_i` a clock later.
///
/// Parameters:
///   Rows   rows of the array
///   Width  bits of a row's word
///   Depth  words of a row
module dsoc_resident #(
    parameter  int unsigned Rows     = 8,
    parameter  int unsigned Width    = 192,
    parameter  int unsigned Depth    = 64,
    localparam int unsigned AddrBits = $clog2(Depth),
    localparam int unsigned RowBits  = (Rows > 1) ? $clog2(Rows) : 1
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    input  logic                       fill_i,
    input  logic [          Width-1:0] word_i,
    input  logic                       begin_i,
    input  logic [       AddrBits-1:0] first_i,
    input  logic                       read_i,
    output logic [Rows-1:0][Width-1:0] rows_o
);

  logic [AddrBits-1:0] fill_q, read_q;
  logic [RowBits-1:0] row_q;
  logic last_row;

  assign last_row = row_q == RowBits'(Rows - 1);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fill_q <= '0;
      read_q <= '0;
      row_q  <= '0;
    end else begin
      if (fill_i) begin
        row_q  <= last_row ? '0 : row_q + 1'b1;
        fill_q <= fill_q + AddrBits'(last_row);
      end
      if (begin_i) read_q <= first_i;
      else if (read_i) read_q <= read_q + 1'b1;
    end
  end

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    dsoc_ram #(
        .Width(Width),
        .Depth(Depth)
    ) i_words (
        .clk_i,
        .wen_i  (fill_i && row_q == RowBits'(r)),
        .waddr_i(fill_q),
        .wdata_i(word_i),
        .ren_i  (read_i),
        .raddr_i(read_q),
        .rdata_o(rows_o[r])
    );
  end

endmodule
