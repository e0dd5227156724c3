// Two arrays of the same inputs, the portable one and one of another kind: `equal_o` while all that they hold is the same in
// both, for what has begun with a product alone. `legal_o` is what is required of the inputs: a step multiplies or moves,
// and no sum leaves its bits (deepsoc.graph.ranges sees to it).
module dsoc_array_kinds #(
    parameter int unsigned Rows = 2,
    parameter int unsigned Cols = 5,
    parameter int unsigned XBits = 2,
    parameter int unsigned KBits = 2,
    parameter int unsigned YBits = 6,
    parameter int unsigned Pe = 2,
    localparam int unsigned ColBits = $clog2(Cols)
) (
    input  logic                  clk_i,
    input  logic                  advance_i,
    input  logic [           7:0] group_i,
    input  logic [Rows*XBits-1:0] pixel_i,
    input  logic [Cols*KBits-1:0] weights_i,
    input  logic                  mac_i,
    input  logic                  zero_i,
    input  logic                  shift_i,
    input  logic                  hold_i,
    input  logic [   ColBits-1:0] column_i,
    output logic                  equal_o,
    output logic                  legal_o
);
  localparam int unsigned Lanes = (Pe == 2) ? 2 : 1;
  localparam int unsigned Groups = Rows / Lanes;
  localparam int unsigned SumBits = Lanes * YBits;
  localparam bit InBlock = Pe == 1 || XBits + YBits + 1 <= 25;
  localparam int unsigned Apart = InBlock ? YBits : XBits + KBits;  // of two pixels and their products

  logic reset_n = 1'b0;
  always_ff @(posedge clk_i) reset_n <= 1'b1;

  for (genvar k = 0; k < 2; k++) begin : gen_array
    logic [32*Rows-1:0] column;
    logic [4:0] flags;
    dsoc_array #(
        .Rows(Rows), .Cols(Cols), .XBits(XBits), .KBits(KBits), .YBits(YBits), .GMax(Cols), .Pe(k == 1 ? Pe : 0)
    ) i_array (.rst_ni(reset_n), .own_i(1'b0), .column_o(column), .*);
    assign flags = {i_array.mac_q, i_array.zero_q, i_array.shift_q, i_array.mac_qq, i_array.shift_qq};
  end

  // Registers of the elements, side by side.
  logic mac, own, shift;
  logic [Cols-1:0] left, known_q = '0, held_known_q = '0;
  assign mac = gen_array[0].i_array.mac_qq;
  assign own = gen_array[0].i_array.own_qq;
  assign shift = gen_array[0].i_array.shift_qq;
  assign left = gen_array[0].i_array.left_qq;

  always_ff @(posedge clk_i) begin
    for (int c = 0; c < Cols; c++) begin
      if (advance_i && mac && !own) known_q[c] <= 1'b1;
      if (advance_i && shift) known_q[c] <= (!left[c] || c == 0) ? 1'b1 : known_q[c-1];
    end
    if (hold_i) held_known_q <= known_q;
  end

  logic [Groups*Cols-1:0] same;
  logic moves;
  logic [Rows*Cols-1:0] fits;

  for (genvar r = 0; r < Rows; r++) begin : gen_row
    for (genvar c = 0; c < Cols; c++) begin : gen_column
      logic signed [YBits-1:0] product, old;
      logic signed [YBits:0] sum;
      assign product = YBits'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[r].product_q[c]);
      assign old = own ? gen_array[0].i_array.gen_portable.gen_row[r].sum_q[c] : '0;
      assign sum = (YBits + 1)'(product) + (YBits + 1)'(old);
      assign fits[r*Cols+c] = !(known_q[c] && mac) || sum[YBits] == sum[YBits-1];
    end
  end

  for (genvar g = 0; g < Groups; g++) begin : gen_group
    localparam int unsigned Low = Lanes * g, High = Low + Lanes - 1;
    for (genvar c = 0; c < Cols; c++) begin : gen_column
      logic signed [47:0] pixel, weight, product;
      logic [2*YBits-1:0] sum, held;  // of the portable elements
      logic operands, products, sums;
      logic [SumBits-1:0] other_sum;
      logic [6:0] operation;
      logic from_left;

      assign weight = 48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].weight_q[c]);
      if (Lanes == 2) begin : gen_two
        assign pixel = (48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[High].pixel_q[0]) <<< Apart)
            + 48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[Low].pixel_q[0]);
        assign product = (48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[High].product_q[c]) <<< Apart)
            + 48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[Low].product_q[c]);
        assign sum[YBits-1:0] = gen_array[0].i_array.gen_portable.gen_row[Low].sum_q[c];
        assign held[YBits-1:0] = gen_array[0].i_array.gen_portable.gen_row[Low].held_q[c];
        // In a block a negative low sum has borrowed from the high one.
        assign sum[2*YBits-1:YBits] = gen_array[0].i_array.gen_portable.gen_row[High].sum_q[c]
            - YBits'(InBlock && sum[YBits-1]);
        assign held[2*YBits-1:YBits] = gen_array[0].i_array.gen_portable.gen_row[High].held_q[c]
            - YBits'(InBlock && held[YBits-1]);
      end else begin : gen_one
        assign pixel = 48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[Low].pixel_q[0]);
        assign product = 48'(gen_array[0].i_array.gen_portable.i_products.gen_weights[0].gen_row[Low].product_q[c]);
        assign sum = gen_array[0].i_array.gen_portable.gen_row[Low].sum_q[c];
        assign held = gen_array[0].i_array.gen_portable.gen_row[Low].held_q[c];
      end

      assign from_left = left[c];
      assign operation = {1'b0, own || (from_left && c % 4 == 0), from_left, 1'b0, mac, 1'b0, mac};
      if (InBlock) begin : gen_block
        logic signed [24:0] a;
        logic signed [17:0] b;
        logic signed [42:0] m;
        logic [6:0] op;
        assign a = gen_array[1].i_array.gen_shared.gen_group[g].gen_block.i_elements.gen_block[c].gen_e1.i_dsp.i_block.a_q;
        assign b = gen_array[1].i_array.gen_shared.gen_group[g].gen_block.i_elements.gen_block[c].gen_e1.i_dsp.i_block.b_q;
        assign m = gen_array[1].i_array.gen_shared.gen_group[g].gen_block.i_elements.gen_block[c].gen_e1.i_dsp.i_block.m_q;
        assign op = gen_array[1].i_array.gen_shared.gen_group[g].gen_block.i_elements.gen_block[c].gen_e1.i_dsp.i_block.op_q;
        assign operands = 48'(a) == pixel && 48'(b) == weight;
        assign products = 48'(m) == product;
        assign sums = op == operation;
        assign other_sum = gen_array[1].i_array.gen_shared.gen_group[g].gen_block.i_elements.gen_block[c].gen_e1.i_dsp.i_block.p_q[SumBits-1:0];
      end else begin : gen_logic
        logic signed [2*XBits+KBits:0] x;
        logic signed [2*(XBits+KBits)-1:0] m;
        assign x = gen_array[1].i_array.gen_shared.gen_group[g].gen_pair.i_elements.pixel_q;
        assign m = gen_array[1].i_array.gen_shared.gen_group[g].gen_pair.i_elements.gen_pair[c].products_q;
        assign operands = 48'(x) == pixel && gen_array[1].i_array.weights[0][c*KBits+:KBits] == weight[KBits-1:0];
        assign products = 48'(m) == product;
        assign sums = gen_array[1].i_array.own_qq == own && (!shift || m == 0);
        assign other_sum = gen_array[1].i_array.gen_shared.gen_group[g].gen_pair.i_elements.sum_q[c];
      end
      assign same[g*Cols+c] = (!gen_array[0].i_array.mac_q || operands) && (!mac || products) && (!shift || product == 0)
          && (!gen_array[0].i_array.shift_q || pixel == 0)
          && sums && (!known_q[c] || other_sum == sum[SumBits-1:0])
          && (!held_known_q[c] || gen_array[1].i_array.gen_shared.gen_group[g].held_q[c*SumBits+:SumBits] == held[SumBits-1:0])
          && (!held_known_q[c] || column_i != ColBits'(c)
              || gen_array[0].column[32*Low+:32*Lanes] == gen_array[1].column[32*Low+:32*Lanes]);
    end
  end

  logic [7:0] group_q;
  always_ff @(posedge clk_i) group_q <= group_i;
  // What is on its way is one thing or the other.
  logic one;
  assign one = !(mac && shift) && !(gen_array[0].i_array.mac_q && gen_array[0].i_array.shift_q) && (mac || !own)
      && gen_array[0].flags == gen_array[1].flags;
  // The sum takes that to its left in a shift alone, and up to the same borders in both.
  assign moves = left == (shift ? ~gen_array[0].i_array.starts : '0) && gen_array[1].i_array.left_qq == left;
  assign equal_o = !reset_n || (one && moves && &same);
  assign legal_o = !(mac_i && shift_i) && &fits && (!reset_n || group_i == group_q);
endmodule
