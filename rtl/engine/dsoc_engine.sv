`include "dsoc_assert.svh"

/// The engine: weights reader, controller, pixel shifter, array, drain and pooling unit. One operation at a time turns bytes of
/// the line buffers and a stream of weights into columns of results, 32 bits a row; what is done with them is the output stage's.
///
/// Parameters:
///   Rows, Cols, XBits, KBits, YBits  geometry and bits of activation, weight and accumulator
///   KhMax, KwMax, ShMax, SwMax       largest kernel or window and strides
///   Nf                               line buffers
///   Gt                               line buffers above the first of a row block's tile
///   WeightsDepth                     words of a weights bank
///   EdgesDepth                       words of the pooling unit's edges RAM; 0: there is no pooling unit
///   AxiBits, AddrBits, MaxBurst      of the weights port; beats of a burst at most
///   Lanes                            channels that leave at once at most
///   ScaleBits                        bits of a channel's factor, beside its bias; 0: numbers have neither factors nor zero points
///   ResidentDepth                    words of all rows that stay on chip; 0: none
///   Pe, Dsp48e2                      processing elements, as of dsoc_array
module dsoc_engine #(
    parameter int unsigned Rows = 3,
    parameter int unsigned Cols = 5,
    parameter int unsigned XBits = 4,
    parameter int unsigned KBits = 4,
    parameter int unsigned YBits = 32,
    parameter int unsigned KhMax = 3,
    parameter int unsigned KwMax = 3,
    parameter int unsigned ShMax = 2,
    parameter int unsigned SwMax = 2,
    parameter int unsigned Nf = 4,
    parameter int unsigned Gt = 1,
    parameter int unsigned WeightsDepth = 64,
    parameter int unsigned EdgesDepth = 64,
    parameter int unsigned AxiBits = 32,
    parameter int unsigned AddrBits = 40,
    parameter int unsigned MaxBurst = 16,
    parameter int unsigned WeightsPorts = 1,
    parameter int unsigned Lanes = 1,
    parameter int unsigned ScaleBits = 0,
    parameter int unsigned ResidentDepth = 0,
    parameter int unsigned Pe = 0,
    parameter bit Dsp48e2 = 1'b0,
    localparam int unsigned ChannelBits = (ScaleBits > 0) ? 64 : 32
) (
    input logic                clk_i,
    input logic                rst_ni,
    input logic                start_i,
    input dsoc_map_pkg::desc_t desc_i,

    // Pixels: the line buffers at one column of the input.
    input  logic [8*Nf-1:0] px_bytes_i,
    input  logic            px_valid_i,
    output logic            px_pop_o,

    // Weights of an operation: command, then the read channels of the ports.
    input  logic [AddrBits-1:0] arena_i,
    input  logic [        31:0] cmd_offset_i,
    input  logic [        31:0] cmd_beats_i,
    input  logic                cmd_valid_i,
    output logic                cmd_ready_o,
    output logic [WeightsPorts*AddrBits-1:0] araddr_o,
    output logic [                      7:0] arlen_o,
    output logic [         WeightsPorts-1:0] arvalid_o,
    input  logic [         WeightsPorts-1:0] arready_i,
    input  logic [ WeightsPorts*AxiBits-1:0] rdata_i,
    input  logic [         WeightsPorts-1:0] rvalid_i,
    output logic [         WeightsPorts-1:0] rready_o,
    output logic                             error_o,

    // Biases and factors, read by the output stage.
    input  logic [ 2:0] bias_bank_i,
    input  logic [15:0] bias_index_i,
    input  logic        bias_read_i,
    output logic [Lanes-1:0][ChannelBits-1:0] bias_o,

    // What goes on in this clock, for the performance counters.
    output logic active_o,
    output logic step_o,
    output logic lacks_pixels_o,
    output logic lacks_weights_o,

    // Results of the array and of the pooling unit.
    output logic [Lanes-1:0][32*Rows-1:0] mac_data_o,
    output logic               mac_valid_o,
    input  logic               mac_ready_i,
    output logic [32*Rows-1:0] pool_data_o,
    output logic               pool_valid_o,
    input  logic               pool_ready_i
);

  localparam int unsigned DepthBits = $clog2(WeightsDepth);
  localparam int unsigned WordUnit = WeightsPorts * ((AxiBits / 8 > 8) ? AxiBits / 8 : 8);
  localparam int unsigned WordBits = (Cols * KBits + WordUnit - 1) / WordUnit * WordUnit;
  localparam int unsigned ColBits = (Cols > 1) ? $clog2(Cols) : 1;
  localparam int unsigned WeightRows = (ResidentDepth > 0) ? Rows : 1;  // rows with weights of their own
  localparam int unsigned GMax = (KwMax + SwMax - 1 < Cols) ? KwMax + SwMax - 1 : Cols;

  logic block_valid, word_valid, block_whole, block_release, weights_read, weights_error, control_error;
  logic [19:0] block_words;
  logic [DepthBits-1:0] weights_addr;
  logic [Cols*KBits-1:0] weights, fill_word;
  logic fill;
  logic advance, mac, mac_real, zero, shift, leave, px_load, px_shift;
  logic [7:0] leave_pos, group_q;
  logic [15:0] leave_count, leave_channels;
  logic hold, sums_valid, sums_ready, sums_ready_next, skid_valid, skid_ready;
  logic [Lanes*32*Rows-1:0] skid_data;
  logic [Lanes-1:0][32*Rows-1:0] sums;
  logic [Lanes-1:0][ColBits-1:0] hold_column;
  logic [Rows*XBits-1:0] pixels;
  logic [Rows-1:0] exists;
  logic signed [17:0] px_row_first;
  logic pool_space, pool_step, pool_first, pool_take, pool_last, pool_real, pool_ci_last, pool_w_last;

  assign error_o = weights_error || control_error;

  always_ff @(posedge clk_i) group_q <= desc_i.kw + desc_i.sw - 8'd1;

  dsoc_weights_reader #(
      .Cols(Cols),
      .KBits(KBits),
      .WordBits(WordBits),
      .Depth(WeightsDepth),
      .AxiBits(AxiBits),
      .AddrBits(AddrBits),
      .MaxBurst(MaxBurst),
      .Ports(WeightsPorts),
      .ChannelBits(ChannelBits),
      .Lanes(Lanes),
      .Resident(ResidentDepth > 0)
  ) i_weights (
      .clk_i,
      .rst_ni,
      .arena_i,
      .cmd_offset_i,
      .cmd_beats_i,
      .cmd_valid_i,
      .cmd_ready_o,
      .araddr_o,
      .arlen_o,
      .arvalid_o,
      .arready_i,
      .rdata_i,
      .rvalid_i,
      .rready_o,
      .block_valid_o(block_valid),
      .block_words_o(block_words),
      .word_valid_o (word_valid),
      .block_whole_o(block_whole),
      .release_i    (block_release),
      .read_i       (weights_read),
      .addr_i       (weights_addr),
      .weights_o    (weights),
      .fill_o       (fill),
      .fill_word_o  (fill_word),
      .bias_bank_i,
      .bias_index_i,
      .bias_read_i,
      .bias_o,
      .error_o      (weights_error)
  );

  dsoc_controller #(
      .Rows(Rows),
      .Rpb(8 / XBits),
      .SwMax(SwMax),
      .DepthBits(DepthBits),
      .Virtual(ScaleBits > 0),
      .Resident(ResidentDepth > 0)
  ) i_controller (
      .clk_i,
      .rst_ni,
      .start_i,
      .advance_i       (advance),
      .desc_i,
      .px_valid_i,
      .px_pop_o,
      .px_load_o       (px_load),
      .px_shift_o      (px_shift),
      .px_row_first_o  (px_row_first),
      .block_valid_i   (block_valid),
      .block_words_i   (block_words),
      .word_valid_i    (word_valid),
      .block_whole_i   (block_whole),
      .block_release_o (block_release),
      .weights_read_o  (weights_read),
      .weights_addr_o  (weights_addr),
      .error_o         (control_error),
      .active_o,
      .step_o,
      .lacks_pixels_o,
      .lacks_weights_o,
      .mac_o           (mac),
      .real_o          (mac_real),
      .zero_o          (zero),
      .shift_o         (shift),
      .leave_o         (leave),
      .leave_pos_o     (leave_pos),
      .leave_count_o   (leave_count),
      .leave_channels_o(leave_channels),
      .pool_space_i    (pool_space),
      .pool_o          (pool_step),
      .pool_first_o    (pool_first),
      .pool_take_o     (pool_take),
      .pool_last_o     (pool_last),
      .pool_real_o     (pool_real),
      .pool_ci_last_o  (pool_ci_last),
      .pool_w_last_o   (pool_w_last)
  );

  dsoc_pixel_shifter #(
      .Rows(Rows),
      .XBits(XBits),
      .Nf(Nf),
      .Gt(Gt),
      .PtMax((KhMax - 1) / 2),
      .KhMax(KhMax),
      .ShMax(ShMax)
  ) i_shifter (
      .clk_i,
      .load_i     (px_load),
      .shift_i    (px_shift),
      .flat_i     (desc_i.flat),
      .pad_top_i  (desc_i.pad_top),
      .tap_i      (desc_i.tap),
      .row_first_i(px_row_first),
      .rows_i     (desc_i.x_rows),
      .bytes_i    (px_bytes_i),
      .pixel_o    (pixels),
      .exists_o   (exists)
  );

  // Operands and what is done with them, a clock late: a block RAM's word has a long way to all rows.
  logic mac_q, zero_q, shift_q;
  logic [Rows*XBits-1:0] taken, pixels_q;
  logic [WeightRows-1:0][Cols*KBits-1:0] row_weights, weights_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) {mac_q, zero_q, shift_q} <= '0;
    else if (advance) {mac_q, zero_q, shift_q} <= {mac, zero, shift};
  end

  always_ff @(posedge clk_i) begin
    if (advance) {pixels_q, weights_q} <= {taken, row_weights};
  end

  if (ResidentDepth > 0) begin : gen_resident
    logic [Rows-1:0][Cols*KBits-1:0] resident;

    dsoc_resident #(
        .Rows (Rows),
        .Width(Cols * KBits),
        .Depth(ResidentDepth)
    ) i_resident (
        .clk_i,
        .rst_ni,
        .fill_i (fill),
        .word_i (fill_word),
        .begin_i(start_i),
        .first_i($clog2(ResidentDepth)'(desc_i.resident)),
        .read_i (weights_read && desc_i.spread),
        .rows_o (resident)
    );
    assign row_weights = desc_i.spread ? resident : {Rows{weights}};
  end else begin : gen_no_resident
    logic unused_ok;
    assign unused_ok   = &{1'b0, fill, fill_word};
    assign row_weights = weights;
  end

  // What does not exist stands for the real value 0.
  if (ScaleBits > 0) begin : gen_padding
    for (genvar r = 0; r < Rows; r++) begin : gen_row
      assign taken[r*XBits+:XBits] = exists[r] && mac_real ? pixels[r*XBits+:XBits] : XBits'(desc_i.x_zero);
    end
  end else begin : gen_no_padding
    logic unused_ok;
    assign unused_ok = &{1'b0, mac_real};
    assign taken = pixels;
  end

  dsoc_array #(
      .Rows   (Rows),
      .Cols   (Cols),
      .XBits  (XBits),
      .KBits  (KBits),
      .YBits  (YBits),
      .GMax   (GMax),
      .Lanes  (Lanes),
      .WeightRows(WeightRows),
      .Pe     (Pe),
      .Dsp48e2(Dsp48e2)
  ) i_array (
      .clk_i,
      .rst_ni,
      .advance_i(advance),
      .group_i  (group_q),
      .pixel_i  (pixels_q),
      .weights_i(weights_q),
      .mac_i    (mac_q),
      .zero_i   (zero_q),
      .shift_i  (shift_q),
      .hold_i   (hold),
      .column_i (hold_column),
      .column_o (sums)
  );

  dsoc_drain #(
      .Cols(Cols),
      .Lanes(Lanes)
  ) i_drain (
      .clk_i,
      .rst_ni,
      .group_i   (group_q),
      .sw_i      (desc_i.sw),
      .wide_i    (Lanes > 1 && desc_i.wide),
      .leave_i   (leave),
      .pos_i     (leave_pos),
      .count_i   (leave_count),
      .channels_i(leave_channels),
      .advance_o (advance),
      .hold_o    (hold),
      .column_o  (hold_column),
      .valid_o   (sums_valid),
      .ready_i   (sums_ready),
      .ready_next_i(sums_ready_next)
  );

  // No path leads from whoever takes the results to the array.
  dsoc_skid #(
      .Width(Lanes * 32 * Rows)
  ) i_results (
      .clk_i,
      .rst_ni,
      .data_i      (sums),
      .valid_i     (sums_valid),
      .ready_o     (sums_ready),
      .ready_next_o(sums_ready_next),
      .data_o      (skid_data),
      .valid_o     (skid_valid),
      .ready_i     (skid_ready)
  );

  if (ResidentDepth > 0) begin : gen_row_sum
    dsoc_row_sum #(
        .Rows (Rows),
        .Lanes(Lanes)
    ) i_row_sum (
        .clk_i,
        .rst_ni,
        .sum_i  (desc_i.spread),
        .data_i (skid_data),
        .valid_i(skid_valid),
        .ready_o(skid_ready),
        .data_o (mac_data_o),
        .valid_o(mac_valid_o),
        .ready_i(mac_ready_i)
    );
  end else begin : gen_results_stage
    dsoc_stage #(
        .Width(Lanes * 32 * Rows)
    ) i_results_stage (
        .clk_i,
        .rst_ni,
        .data_i (skid_data),
        .valid_i(skid_valid),
        .ready_o(skid_ready),
        .data_o (mac_data_o),
        .valid_o(mac_valid_o),
        .ready_i(mac_ready_i)
    );
  end

  if (EdgesDepth > 0) begin : gen_pool
    dsoc_pool #(
        .Rows(Rows),
        .XBits(XBits),
        .KhMax(KhMax),
        .KwMax(KwMax),
        .EdgesDepth(EdgesDepth)
    ) i_pool (
        .clk_i,
        .rst_ni,
        .desc_i,
        .step_i   (pool_step),
        .first_i  (pool_first),
        .take_i   (pool_take),
        .last_i   (pool_last),
        .real_i   (pool_real),
        .ci_last_i(pool_ci_last),
        .w_last_i (pool_w_last),
        .pixel_i  (pixels),
        .exists_i (exists),
        .space_o  (pool_space),
        .data_o   (pool_data_o),
        .valid_o  (pool_valid_o),
        .ready_i  (pool_ready_i)
    );
  end else begin : gen_no_pool
    logic unused_ok;
    assign unused_ok = &{1'b0, exists, pool_step, pool_first, pool_take, pool_last, pool_real, pool_ci_last,
                         pool_w_last, pool_ready_i};
    assign pool_space   = 1'b0;
    assign pool_data_o  = '0;
    assign pool_valid_o = 1'b0;
  end

  `DSOC_ASSERT_STABLE(a_mac, clk_i, rst_ni, mac_valid_o, mac_ready_i, mac_data_o)
  `DSOC_ASSERT_STABLE(a_pool, clk_i, rst_ni, pool_valid_o, pool_ready_i, pool_data_o)

endmodule
