/// Adds the sums of all rows while `sum_i`, into row 0; the others are nobody's then. Otherwise they pass.
///
/// A stream with a register behind every addition of up to four rows: ceil(log4(Rows)) clocks, one at least.
///
/// Parameters:
///   Rows   sums of a word
///   Lanes  words side by side
module dsoc_row_sum #(
    parameter int unsigned Rows  = 8,
    parameter int unsigned Lanes = 1
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    input  logic                          sum_i,
    input  logic [Lanes-1:0][32*Rows-1:0] data_i,
    input  logic                          valid_i,
    output logic                          ready_o,
    output logic [Lanes-1:0][32*Rows-1:0] data_o,
    output logic                          valid_o,
    input  logic                          ready_i
);

  localparam int unsigned Stages = (Rows > 4) ? ($clog2(Rows) + 1) / 2 : 1;

  logic [Stages:0][Lanes-1:0][32*Rows-1:0] data;
  logic [Stages:0] valid, ready;

  assign data[0]       = data_i;
  assign valid[0]      = valid_i;
  assign ready_o       = ready[0];
  assign data_o        = data[Stages];
  assign valid_o       = valid[Stages];
  assign ready[Stages] = ready_i;

  for (genvar s = 0; s < Stages; s++) begin : gen_stage
    localparam int unsigned Parts = (Rows + 4 ** s - 1) / 4 ** s;  // rows that are added here
    logic [Lanes-1:0][32*Rows-1:0] added;

    for (genvar d = 0; d < Lanes; d++) begin : gen_lane
      for (genvar i = 0; i < Rows; i++) begin : gen_row
        if (4 * i < Parts) begin : gen_sum
          logic [31:0] sum;
          always_comb begin
            sum = data[s][d][32*(4*i)+:32];
            for (int unsigned r = 4 * i + 1; r < 4 * i + 4; r++) begin
              if (r < Parts) sum = sum + data[s][d][32*(r%Rows)+:32];
            end
          end
          assign added[d][32*i+:32] = sum_i ? sum : data[s][d][32*i+:32];
        end else begin : gen_pass
          assign added[d][32*i+:32] = data[s][d][32*i+:32];
        end
      end
    end

    dsoc_stage #(
        .Width(Lanes * 32 * Rows)
    ) i_stage (
        .clk_i,
        .rst_ni,
        .data_i (added),
        .valid_i(valid[s]),
        .ready_o(ready[s]),
        .data_o (data[s+1]),
        .valid_o(valid[s+1]),
        .ready_i(ready[s+1])
    );
  end

endmodule
