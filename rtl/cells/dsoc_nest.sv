/// A nest of loops, counted down, loop 0 the innermost: which rounds are the last ones is known from registers, and little
/// hangs on `step_i`, which may come late in the clock.
///
/// `count_i[i]` is loop i's count, `one_i[i]` says that it is 1 (the user knows counts that stand a clock before from a register).
/// `load_i[i]` begins loop i. `step_i` ends a round of loop 0 and of every loop whose inner ones end with it (`ends_o` of the
/// loop inside); the end of a loop's last round begins it anew. Either takes the count of that clock.
///
/// `last_o[i]`: loop i is in its last round; `before_o[i]`: in the one before it. `ends_o[i]`: a step ends loop i, so it and all
/// inside are in their last rounds; `ends_next_o[i]`: so it will be in the next clock.
///
/// Parameters:
///   Loops   number of loops
///   Widths  bits of each loop's count, at most 32
module dsoc_nest #(
    parameter int unsigned Loops = 2,
    parameter logic [Loops-1:0][5:0] Widths = {Loops{6'd16}}
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic [Loops-1:0]       load_i,
    input  logic                   step_i,
    input  logic [Loops-1:0][31:0] count_i,
    input  logic [Loops-1:0]       one_i,
    output logic [Loops-1:0]       before_o,
    output logic [Loops-1:0]       last_o,
    output logic [Loops-1:0]       ends_o,
    output logic [Loops-1:0]       ends_next_o
);

  logic [Loops-1:0] stay, go_on;  // last rounds in the next clock, without and with a step

  for (genvar i = 0; i < Loops; i++) begin : gen_loop
    localparam int unsigned Width = 32'(Widths[i]);
    logic [Width-1:0] count, left_q;
    logic turn;  // a step ends a round

    assign count = Width'(count_i[i]);
    if (i == 0) begin : gen_innermost
      assign turn = 1'b1;
    end else begin : gen_outer
      assign turn = ends_o[i-1];
    end

    assign stay[i] = load_i[i] ? one_i[i] : last_o[i];
    assign go_on[i] = (load_i[i] || ends_o[i]) ? one_i[i] : turn ? before_o[i] : last_o[i];
    assign ends_next_o[i] = step_i ? &go_on[i:0] : &stay[i:0];

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        left_q      <= '0;
        before_o[i] <= 1'b0;
        last_o[i]   <= 1'b0;
        ends_o[i]   <= 1'b0;
      end else begin
        ends_o[i] <= ends_next_o[i];
        if (load_i[i] || (step_i && ends_o[i])) begin
          left_q      <= count;
          before_o[i] <= count == Width'(2);
          last_o[i]   <= one_i[i];
        end else if (step_i && turn) begin
          left_q      <= left_q - 1'b1;
          before_o[i] <= left_q == Width'(3);
          last_o[i]   <= left_q == Width'(2);
        end
      end
    end
  end

endmodule
