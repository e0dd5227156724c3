// Sends serial.bin to dsoc_soc_board's boot loader and prints what comes back, until a line that starts with "end".
`timescale 1ns / 1ps

module board_bench;
  localparam int Divider = 16;
  logic clk = 1'b0, rst_n = 1'b1, to_board = 1'b1, from_board;
  logic [7:0] leds;

  always #5 clk = !clk;

  dsoc_soc_board #(
      .ClkHz  (Divider),
      .Baud   (1),
      .RamFile("")
  ) i_board (
      .clk_i    (clk),
      .rst_ni   (rst_n),
      .uart_rx_i(to_board),
      .uart_tx_o(from_board),
      .leds_o   (leds)
  );

  byte line[3];
  bit greeted = 1'b0;

  initial begin : receive
    byte c;
    forever begin
      @(negedge from_board);
      repeat (Divider + Divider / 2) @(posedge clk);
      for (int i = 0; i < 8; i++) begin
        c[i] = from_board;
        repeat (Divider) @(posedge clk);
      end
      if (!from_board) $fatal(1, "no stop bit");
      $write("%c", c);
      if (c == "\n") begin
        greeted = 1'b1;
        if (line[0] == "e" && line[1] == "n" && line[2] == "d") $finish;
        line = '{3{" "}};
      end else if (line[0] == " ") line[0] = c;
      else if (line[1] == " ") line[1] = c;
      else if (line[2] == " ") line[2] = c;
    end
  end

  initial begin : send
    int file, c;
    line = '{3{" "}};
    // A button of the board: the reset comes and goes between clocks.
    #203 rst_n = 1'b0;
    #77 rst_n = 1'b1;
    file = $fopen("serial.bin", "rb");
    wait (greeted);
    for (c = $fgetc(file); c != -1; c = $fgetc(file)) begin
      to_board = 1'b0;
      repeat (Divider) @(posedge clk);
      for (int i = 0; i < 8; i++) begin
        to_board = c[i];
        repeat (Divider) @(posedge clk);
      end
      to_board = 1'b1;
      repeat (Divider) @(posedge clk);
    end
  end

  initial begin
    repeat (20_000_000) @(posedge clk);
    $fatal(1, "nothing has ended");
  end
endmodule
