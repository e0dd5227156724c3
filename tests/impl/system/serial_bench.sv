// Sends serial.bin to the top of a small system and prints every byte that comes back, until as many have come.
`timescale 1ns / 1ps

module serial_bench;
  localparam int Divider = 16;
  logic clk = 1'b0, to_board = 1'b1, from_board;
  int sent = 0, heard = 0;
  bit over = 1'b0;

  always #5 clk = !clk;

  top i_top (
      .clk  (clk),
      .reset(1'b1),
      .rx   (to_board),
      .tx   (from_board),
      .led0 ()
  );

  initial begin : receive
    byte c;
    forever begin
      @(negedge from_board);
      repeat (Divider + Divider / 2) @(posedge clk);
      for (int i = 0; i < 8; i++) begin
        c[i] = from_board;
        repeat (Divider) @(posedge clk);
      end
      $write("%02x", c);
      heard++;
      if (over && heard == sent) $finish;
    end
  end

  initial begin : send
    int file, c;
    repeat (64) @(posedge clk);
    file = $fopen("serial.bin", "rb");
    for (c = $fgetc(file); c != -1; c = $fgetc(file)) begin
      to_board = 1'b0;
      repeat (Divider) @(posedge clk);
      for (int i = 0; i < 8; i++) begin
        to_board = c[i];
        repeat (Divider) @(posedge clk);
      end
      to_board = 1'b1;
      repeat (Divider) @(posedge clk);
      sent++;
      if (sent == 64) over = 1'b1;
    end
    repeat (4000) @(posedge clk);
    $finish;
  end
endmodule
