// One entry, chosen freely, is followed from its push to its pop: `ahead` entries leave before it.
(* anyseq *) reg f_mark;
reg f_reset = 1'b1, f_followed = 1'b0;
reg [CountBits-1:0] f_ahead;
reg [Width-1:0] f_data;
wire [PtrBits:0] f_place = rptr_q + f_ahead, f_end = rptr_q + count_q;

always @(posedge clk_i) f_reset <= 1'b0;
always @(*) assume (rst_ni == !f_reset);

always @(posedge clk_i) begin
  if (!rst_ni) f_followed <= 1'b0;
  else if (!f_followed) begin
    f_followed <= push && f_mark;
    f_ahead    <= count_q - pop;
    f_data     <= data_i;
  end else if (pop) begin
    f_followed <= f_ahead != 0;
    f_ahead    <= f_ahead - 1'b1;
  end
end

always @(posedge clk_i) if (rst_ni) begin
  a_level:    assert (count_q <= Depth && wptr_q < Depth && rptr_q < Depth);
  a_pointers: assert (wptr_q == (f_end >= Depth ? f_end - Depth : f_end));
  a_full:     assert (ready_o == (count_o != Depth));
  a_empty:    assert (valid_o == (count_o != 0));
  if (f_followed) begin
    a_kept:  assert (f_ahead < count_q && mem[f_place >= Depth ? f_place - Depth : f_place] == f_data);
    a_order: assert (f_ahead != 0 || data_o == f_data);
  end
end
