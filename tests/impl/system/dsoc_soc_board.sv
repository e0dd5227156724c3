/// Stands for the system in tests of the flows: the real serial port and RAMs round a small calculator.
///
/// For every byte that comes: `sum = sum * 5 + rom[byte] * byte`, kept at the byte's place of the memory; the answer is
/// the exclusive or of its bytes.
`include "params.svh"

module dsoc_soc_board #(
    parameter int unsigned ClkHz = 25_000_000,
    parameter int unsigned Baud = 1_000_000,
    parameter int unsigned RomBytes = 4096,
    parameter int unsigned RamBytes = 65536,
    parameter int unsigned MemoryBytes = 131072,
    parameter string RomFile = "boot.hex"
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    input  logic       uart_rx_i,
    output logic       uart_tx_o,
    output logic [7:0] leds_o
);

  typedef enum logic [2:0] {
    Poll,
    Polled,
    Take,
    Taken,
    Look,
    Sum,
    Answer
  } state_e;

  state_e state_q;
  logic [4:0] wait_q = '0;
  logic rst_n = 1'b0;
  logic [31:0] uart_rdata, word, kept, sum_q;
  logic [7:0] byte_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) wait_q <= '0;
    else if (!wait_q[4]) wait_q <= wait_q + 5'd1;
    rst_n <= wait_q[4];
  end

  dsoc_soc_uart #(
      .Divider(ClkHz / Baud)
  ) i_uart (
      .clk_i,
      .rst_ni (rst_n),
      .en_i   (state_q == Poll || state_q == Take || state_q == Answer),
      .we_i   (state_q == Answer),
      .addr_i (state_q == Poll ? dsoc_soc_pkg::UART_STATUS : dsoc_soc_pkg::UART_DATA),
      .wdata_i({24'd0, sum_q[31:24] ^ sum_q[23:16] ^ sum_q[15:8] ^ sum_q[7:0]}),
      .rdata_o(uart_rdata),
      .rx_i   (uart_rx_i),
      .tx_o   (uart_tx_o)
  );

  dsoc_soc_ram #(
      .Words(RomBytes / 4),
      .File (RomFile)
  ) i_rom (
      .clk_i,
      .a_en_i   (state_q == Look),
      .a_addr_i (10'(byte_q)),
      .a_rdata_o(word),
      .b_en_i   (1'b0),
      .b_we_i   (4'd0),
      .b_addr_i ('0),
      .b_wdata_i('0),
      .b_rdata_o()
  );

  dsoc_soc_ram #(
      .Words(MemoryBytes / 4)
  ) i_memory (
      .clk_i,
      .a_en_i   (state_q == Look),
      .a_addr_i ($clog2(MemoryBytes / 4)'(byte_q)),
      .a_rdata_o(kept),
      .b_en_i   (state_q == Answer),
      .b_we_i   (4'hf),
      .b_addr_i ($clog2(MemoryBytes / 4)'(byte_q)),
      .b_wdata_i(sum_q),
      .b_rdata_o()
  );

  always_ff @(posedge clk_i or negedge rst_n) begin
    if (!rst_n) begin
      state_q <= Poll;
      byte_q  <= '0;
      sum_q   <= 32'(`DSOC_ROWS);
      leds_o  <= '0;
    end else begin
      case (state_q)
        Poll: state_q <= Polled;
        Polled: state_q <= uart_rdata[dsoc_soc_pkg::UART_STATUS_RX_VALID_LSB] ? Take : Poll;
        Take: state_q <= Taken;
        Taken: begin
          byte_q  <= uart_rdata[7:0];
          state_q <= Look;
        end
        Look: state_q <= Sum;
        Sum: begin
          sum_q   <= (sum_q << 2) + sum_q + 32'(word[15:0] * byte_q);
          state_q <= Answer;
        end
        default: begin
          leds_o  <= kept[7:0];
          state_q <= Poll;
        end
      endcase
    end
  end

endmodule
