/// Serial port, 8N1, with buffers of 16 bytes both ways; registers as in docs/soc-map.md.
///
/// A bit is sampled in its middle. Register reads are answered one clock later.
///
/// Parameters:
///   Divider  clocks a bit after reset, at least 4
module dsoc_soc_uart #(
    parameter int unsigned Divider = 25
) (
    input  logic        clk_i,
    input  logic        rst_ni,
    input  logic        en_i,
    input  logic        we_i,
    input  logic [11:0] addr_i,
    input  logic [31:0] wdata_i,
    output logic [31:0] rdata_o,
    input  logic        rx_i,
    output logic        tx_o
);

  localparam int unsigned Depth = 16;

  if (Divider < 4 || Divider > 65535) begin : gen_illegal
    $error("dsoc_soc_uart: Divider must be 4 to 65535");
  end

  logic [15:0] divider_q;
  logic tx_push, tx_ready, tx_valid, tx_start, rx_valid, rx_ready, rx_done, rx_pop, overrun_q, framing_q;
  logic [7:0] tx_data, rx_data;
  logic [3:0] tx_left_q, rx_bit_q;
  logic [8:0] tx_shift_q;
  logic [15:0] tx_count_q, rx_count_q;
  logic [7:0] rx_shift_q;
  logic [2:0] rx_sync_q;

  // ---- registers -----------------------------------------------------------------------------------------------------
  assign tx_push = en_i && we_i && addr_i == dsoc_soc_pkg::UART_DATA;
  assign rx_pop  = en_i && !we_i && addr_i == dsoc_soc_pkg::UART_DATA;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      divider_q <= 16'(Divider);
      overrun_q <= 1'b0;
      framing_q <= 1'b0;
      rdata_o   <= '0;
    end else begin
      if (en_i && we_i && addr_i == dsoc_soc_pkg::UART_DIVIDER) divider_q <= wdata_i[15:0];
      if (en_i && we_i && addr_i == dsoc_soc_pkg::UART_STATUS) begin
        overrun_q <= 1'b0;
        framing_q <= 1'b0;
      end
      if (rx_done && rx_sync_q[2] && !rx_ready) overrun_q <= 1'b1;
      if (rx_done && !rx_sync_q[2]) framing_q <= 1'b1;
      if (en_i && !we_i) begin
        rdata_o <= '0;
        case (addr_i)
          dsoc_soc_pkg::UART_DATA: rdata_o[7:0] <= rx_data;
          dsoc_soc_pkg::UART_STATUS: begin
            rdata_o[dsoc_soc_pkg::UART_STATUS_RX_VALID_LSB] <= rx_valid;
            rdata_o[dsoc_soc_pkg::UART_STATUS_TX_READY_LSB] <= tx_ready;
            rdata_o[dsoc_soc_pkg::UART_STATUS_TX_IDLE_LSB]  <= !tx_valid && tx_left_q == '0;
            rdata_o[dsoc_soc_pkg::UART_STATUS_OVERRUN_LSB]  <= overrun_q;
            rdata_o[dsoc_soc_pkg::UART_STATUS_FRAMING_LSB]  <= framing_q;
          end
          dsoc_soc_pkg::UART_DIVIDER: rdata_o[15:0] <= divider_q;
          default: ;
        endcase
      end
    end
  end

  // ---- transmitter: start bit, eight data bits, stop bit -------------------------------------------------------------
  dsoc_fifo #(
      .Width(8),
      .Depth(Depth)
  ) i_tx (
      .clk_i,
      .rst_ni,
      .data_i (wdata_i[7:0]),
      .valid_i(tx_push),
      .ready_o(tx_ready),
      .data_o (tx_data),
      .valid_o(tx_valid),
      .ready_i(tx_start),
      .count_o()
  );

  assign tx_start = tx_left_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tx_o       <= 1'b1;
      tx_left_q  <= '0;
      tx_shift_q <= '1;
      tx_count_q <= '0;
    end else if (tx_left_q == '0) begin
      if (tx_valid) begin
        tx_o       <= 1'b0;
        tx_shift_q <= {1'b1, tx_data};
        tx_left_q  <= 4'd10;
        tx_count_q <= divider_q - 16'd1;
      end
    end else if (tx_count_q != '0) begin
      tx_count_q <= tx_count_q - 16'd1;
    end else begin
      tx_o       <= tx_shift_q[0];
      tx_shift_q <= {1'b1, tx_shift_q[8:1]};
      tx_left_q  <= tx_left_q - 4'd1;
      tx_count_q <= divider_q - 16'd1;
    end
  end

  // ---- receiver ------------------------------------------------------------------------------------------------------
  assign rx_done = rx_bit_q == 4'd10 && rx_count_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rx_sync_q  <= '1;
      rx_bit_q   <= '0;
      rx_count_q <= '0;
      rx_shift_q <= '0;
    end else begin
      rx_sync_q <= {rx_sync_q[1:0], rx_i};
      if (rx_bit_q == '0) begin
        rx_count_q <= (divider_q >> 1) - 16'd1;
        if (!rx_sync_q[2]) rx_bit_q <= 4'd1;
      end else if (rx_count_q != '0) begin
        rx_count_q <= rx_count_q - 16'd1;
      end else begin
        rx_count_q <= divider_q - 16'd1;
        rx_bit_q   <= rx_bit_q + 4'd1;
        if (rx_bit_q == 4'd1 && rx_sync_q[2]) rx_bit_q <= '0;  // too short for a start bit
        if (rx_bit_q >= 4'd2 && rx_bit_q <= 4'd9) rx_shift_q <= {rx_sync_q[2], rx_shift_q[7:1]};
        if (rx_bit_q == 4'd10) rx_bit_q <= '0;
      end
    end
  end

  dsoc_fifo #(
      .Width(8),
      .Depth(Depth)
  ) i_rx (
      .clk_i,
      .rst_ni,
      .data_i (rx_shift_q),
      .valid_i(rx_done && rx_sync_q[2]),
      .ready_o(rx_ready),
      .data_o (rx_data),
      .valid_o(rx_valid),
      .ready_i(rx_pop),
      .count_o()
  );

endmodule
