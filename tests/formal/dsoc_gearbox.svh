// One unit of one beat, chosen freely, is followed from its beat into the word that it must become part of.
(* anyseq *) reg f_mark;
(* anyseq *) reg [CntBits-1:0] f_unit;
reg f_reset = 1'b1, f_followed = 1'b0;
reg [CntBits-1:0] f_place;
reg [Unit-1:0] f_data;

always @(posedge clk_i) f_reset <= 1'b0;
always @(*) begin
  assume (rst_ni == !f_reset);
  assume (f_unit < InUnits);
  assume (!flush_i || !valid_i);
end

always @(posedge clk_i) begin
  if (!rst_ni || flush_i) f_followed <= 1'b0;
  else if (!f_followed) begin
    f_followed <= gen_shift.push && f_mark;
    f_place    <= gen_shift.cnt_kept + f_unit;
    f_data     <= data_i[f_unit*Unit+:Unit];
  end else if (gen_shift.pop) begin
    f_followed <= f_place >= OutUnits;
    f_place    <= f_place - OutUnits;
  end
end

always @(posedge clk_i) if (rst_ni) begin
  a_level: assert (gen_shift.cnt_q <= Capacity);
  a_live:  assert (valid_o || ready_o);
  if (f_followed) begin
    a_kept:  assert (f_place < gen_shift.cnt_q && gen_shift.buf_q[f_place*Unit+:Unit] == f_data);
    a_order: assert (f_place >= OutUnits || !valid_o || data_o[f_place*Unit+:Unit] == f_data);
  end
end
