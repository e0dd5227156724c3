// Generated from deepsoc/hw/registers.toml by `python -m deepsoc.hw.regmap`. Do not edit.

/// Register offsets, register fields and descriptor fields of the accelerator.
/// Field F of register R: bits R_F_LSB +: R_F_WIDTH.
/// Descriptor field F: word D_F_WORD, bits D_F_LSB +: D_F_WIDTH.
// No design uses every constant of the map.
// verilator lint_off UNUSEDPARAM
package dsoc_map_pkg;

  localparam logic [7:0] MAP_VERSION = 8'd3;
  localparam int unsigned DESCRIPTOR_WORDS = 64;
  localparam logic [7:0] DESCRIPTOR_MAGIC = 8'hD5;
  localparam logic [31:0] CHECKSUM = 32'hD50CD50C;
  localparam logic [15:0] ID_MAGIC = 16'hD50C;

  // CTRL (rw): Start and abort of a run; start and soft_reset read as 0.
  localparam logic [7:0] REG_CTRL = 8'h00;
  localparam int unsigned CTRL_START_LSB = 0;
  localparam int unsigned CTRL_START_WIDTH = 1;
  localparam int unsigned CTRL_IRQ_ENABLE_LSB = 1;
  localparam int unsigned CTRL_IRQ_ENABLE_WIDTH = 1;
  localparam int unsigned CTRL_SOFT_RESET_LSB = 2;
  localparam int unsigned CTRL_SOFT_RESET_WIDTH = 1;

  // STATUS (ro): State of the current or last run.
  localparam logic [7:0] REG_STATUS = 8'h04;
  localparam int unsigned STATUS_BUSY_LSB = 0;
  localparam int unsigned STATUS_BUSY_WIDTH = 1;
  localparam int unsigned STATUS_DONE_LSB = 1;
  localparam int unsigned STATUS_DONE_WIDTH = 1;
  localparam int unsigned STATUS_ERROR_LSB = 2;
  localparam int unsigned STATUS_ERROR_WIDTH = 1;
  localparam int unsigned STATUS_ERROR_CODE_LSB = 4;
  localparam int unsigned STATUS_ERROR_CODE_WIDTH = 4;
  localparam logic [3:0] STATUS_ERROR_CODE_MAGIC = 4'd1;
  localparam logic [3:0] STATUS_ERROR_CODE_NET_ID = 4'd2;
  localparam logic [3:0] STATUS_ERROR_CODE_ORDER = 4'd3;
  localparam logic [3:0] STATUS_ERROR_CODE_AXI_READ = 4'd4;
  localparam logic [3:0] STATUS_ERROR_CODE_AXI_WRITE = 4'd5;
  localparam logic [3:0] STATUS_ERROR_CODE_WEIGHTS = 4'd6;
  localparam logic [3:0] STATUS_ERROR_CODE_EMPTY = 4'd7;
  localparam logic [3:0] STATUS_ERROR_CODE_ALIGNMENT = 4'd8;
  localparam logic [3:0] STATUS_ERROR_CODE_LOCKED = 4'd9;

  // IRQ_ACK (wo): Write 1 to clear done and error and to lower the interrupt.
  localparam logic [7:0] REG_IRQ_ACK = 8'h08;
  localparam int unsigned IRQ_ACK_ACK_LSB = 0;
  localparam int unsigned IRQ_ACK_ACK_WIDTH = 1;

  // OP_INDEX (ro): Index of the operation that runs, or where the run stopped.
  localparam logic [7:0] REG_OP_INDEX = 8'h0C;
  localparam int unsigned OP_INDEX_INDEX_LSB = 0;
  localparam int unsigned OP_INDEX_INDEX_WIDTH = 16;

  // ARENA_LO (rw): Bus address of the arena, low word. Aligned to 4096, or a start ends with error
  // 8. Written while busy it keeps its value and the run stops with error 9.
  localparam logic [7:0] REG_ARENA_LO = 8'h10;
  localparam int unsigned ARENA_LO_ADDRESS_LSB = 0;
  localparam int unsigned ARENA_LO_ADDRESS_WIDTH = 32;

  // ARENA_HI (rw): Bus address of the arena, high word. Locked while busy as ARENA_LO.
  localparam logic [7:0] REG_ARENA_HI = 8'h14;
  localparam int unsigned ARENA_HI_ADDRESS_LSB = 0;
  localparam int unsigned ARENA_HI_ADDRESS_WIDTH = 32;

  // DESC_OFFSET (rw): Arena offset of the descriptor table. Aligned to 256, or a start ends with
  // error 8. Locked while busy as ARENA_LO.
  localparam logic [7:0] REG_DESC_OFFSET = 8'h18;
  localparam int unsigned DESC_OFFSET_OFFSET_LSB = 0;
  localparam int unsigned DESC_OFFSET_OFFSET_WIDTH = 32;

  // N_OPS (rw): Number of descriptors. Locked while busy as ARENA_LO.
  localparam logic [7:0] REG_N_OPS = 8'h1C;
  localparam int unsigned N_OPS_COUNT_LSB = 0;
  localparam int unsigned N_OPS_COUNT_WIDTH = 16;

  // NET_ID (rw): Identity of the network; every descriptor must carry it. Locked while busy as
  // ARENA_LO.
  localparam logic [7:0] REG_NET_ID = 8'h20;
  localparam int unsigned NET_ID_ID_LSB = 0;
  localparam int unsigned NET_ID_ID_WIDTH = 32;

  // CLOCKS (ro): Clocks from start until busy fell.
  localparam logic [7:0] REG_CLOCKS = 8'h24;
  localparam int unsigned CLOCKS_CLOCKS_LSB = 0;
  localparam int unsigned CLOCKS_CLOCKS_WIDTH = 32;

  // ID (ro): Identity of the IP.
  localparam logic [7:0] REG_ID = 8'h28;
  localparam int unsigned ID_MAP_VERSION_LSB = 0;
  localparam int unsigned ID_MAP_VERSION_WIDTH = 8;
  localparam int unsigned ID_MAGIC_LSB = 16;
  localparam int unsigned ID_MAGIC_WIDTH = 16;

  // GEOMETRY (ro): Parameters the firmware checks before it starts.
  localparam logic [7:0] REG_GEOMETRY = 8'h2C;
  localparam int unsigned GEOMETRY_ROWS_LSB = 0;
  localparam int unsigned GEOMETRY_ROWS_WIDTH = 12;
  localparam int unsigned GEOMETRY_COLS_LSB = 12;
  localparam int unsigned GEOMETRY_COLS_WIDTH = 12;
  localparam int unsigned GEOMETRY_X_BITS_LSB = 24;
  localparam int unsigned GEOMETRY_X_BITS_WIDTH = 4;
  localparam int unsigned GEOMETRY_K_BITS_LSB = 28;
  localparam int unsigned GEOMETRY_K_BITS_WIDTH = 4;

  // PARAMS_HASH (ro): Identity of the hardware: what the firmware compares with the design's.
  localparam logic [7:0] REG_PARAMS_HASH = 8'h30;
  localparam int unsigned PARAMS_HASH_HASH_LSB = 0;
  localparam int unsigned PARAMS_HASH_HASH_WIDTH = 32;

  // COUNT_OPERATION (rw): Whose counters the registers below show; may be written and read at any
  // time. 0 and without effect in hardware without counters (counters_depth 0).
  localparam logic [7:0] REG_COUNT_OPERATION = 8'h34;
  localparam int unsigned COUNT_OPERATION_ROW_LSB = 0;
  localparam int unsigned COUNT_OPERATION_ROW_WIDTH = 16;

  // COUNT_CLOCKS (ro): Clocks from the end of the operation before it, or from the start, to its
  // last result in the writer; of the last one, to its last acknowledged write.
  localparam logic [7:0] REG_COUNT_CLOCKS = 8'h40;
  localparam int unsigned COUNT_CLOCKS_COUNT_LSB = 0;
  localparam int unsigned COUNT_CLOCKS_COUNT_WIDTH = 32;

  // COUNT_ARRAY (ro): Clocks in which the array makes a step.
  localparam logic [7:0] REG_COUNT_ARRAY = 8'h44;
  localparam int unsigned COUNT_ARRAY_COUNT_LSB = 0;
  localparam int unsigned COUNT_ARRAY_COUNT_WIDTH = 32;

  // COUNT_X_BEATS (ro): Beats of pixels that were read.
  localparam logic [7:0] REG_COUNT_X_BEATS = 8'h48;
  localparam int unsigned COUNT_X_BEATS_COUNT_LSB = 0;
  localparam int unsigned COUNT_X_BEATS_COUNT_WIDTH = 32;

  // COUNT_O_BEATS (ro): Beats of operands and partial sums that were read.
  localparam logic [7:0] REG_COUNT_O_BEATS = 8'h4C;
  localparam int unsigned COUNT_O_BEATS_COUNT_LSB = 0;
  localparam int unsigned COUNT_O_BEATS_COUNT_WIDTH = 32;

  // COUNT_K_BEATS (ro): Beats of weights and descriptors that were read meanwhile, also those of
  // the operations behind it.
  localparam logic [7:0] REG_COUNT_K_BEATS = 8'h50;
  localparam int unsigned COUNT_K_BEATS_COUNT_LSB = 0;
  localparam int unsigned COUNT_K_BEATS_COUNT_WIDTH = 32;

  // COUNT_Y_BEATS (ro): Beats of results that were written.
  localparam logic [7:0] REG_COUNT_Y_BEATS = 8'h54;
  localparam int unsigned COUNT_Y_BEATS_COUNT_LSB = 0;
  localparam int unsigned COUNT_Y_BEATS_COUNT_WIDTH = 32;

  // COUNT_PIXELS (ro): Clocks in which the array waits for pixels, the first ones left out.
  localparam logic [7:0] REG_COUNT_PIXELS = 8'h58;
  localparam int unsigned COUNT_PIXELS_COUNT_LSB = 0;
  localparam int unsigned COUNT_PIXELS_COUNT_WIDTH = 32;

  // COUNT_WEIGHTS (ro): Clocks in which the array waits for weights and pixels are there.
  localparam logic [7:0] REG_COUNT_WEIGHTS = 8'h5C;
  localparam int unsigned COUNT_WEIGHTS_COUNT_LSB = 0;
  localparam int unsigned COUNT_WEIGHTS_COUNT_WIDTH = 32;

  // COUNT_END (ro): Clocks behind the last step in which results are on their way to the writer.
  localparam logic [7:0] REG_COUNT_END = 8'h60;
  localparam int unsigned COUNT_END_COUNT_LSB = 0;
  localparam int unsigned COUNT_END_COUNT_WIDTH = 32;

  // COUNT_OPERANDS (ro): Clocks in which the array waits because a result waits for its operand.
  localparam logic [7:0] REG_COUNT_OPERANDS = 8'h64;
  localparam int unsigned COUNT_OPERANDS_COUNT_LSB = 0;
  localparam int unsigned COUNT_OPERANDS_COUNT_WIDTH = 32;

  // COUNT_RESULTS (ro): Clocks in which the array waits because results leave one channel a clock.
  localparam logic [7:0] REG_COUNT_RESULTS = 8'h68;
  localparam int unsigned COUNT_RESULTS_COUNT_LSB = 0;
  localparam int unsigned COUNT_RESULTS_COUNT_WIDTH = 32;

  // COUNT_OUTPUTS (ro): Clocks in which the array waits because the writer takes no result.
  localparam logic [7:0] REG_COUNT_OUTPUTS = 8'h6C;
  localparam int unsigned COUNT_OUTPUTS_COUNT_LSB = 0;
  localparam int unsigned COUNT_OUTPUTS_COUNT_WIDTH = 32;

  // COUNT_WRITES (ro): Clocks behind the last result in which writes are on their way or not
  // acknowledged.
  localparam logic [7:0] REG_COUNT_WRITES = 8'h70;
  localparam int unsigned COUNT_WRITES_COUNT_LSB = 0;
  localparam int unsigned COUNT_WRITES_COUNT_WIDTH = 32;

  // magic: 0xD5.
  localparam int unsigned D_MAGIC_WORD = 0;
  localparam int unsigned D_MAGIC_LSB = 0;
  localparam int unsigned D_MAGIC_WIDTH = 8;

  // kind: 0 mac, 1 max pool, 2 average pool.
  localparam int unsigned D_KIND_WORD = 0;
  localparam int unsigned D_KIND_LSB = 8;
  localparam int unsigned D_KIND_WIDTH = 2;
  localparam logic [1:0] D_KIND_MAC = 2'd0;
  localparam logic [1:0] D_KIND_MAX = 2'd1;
  localparam logic [1:0] D_KIND_AVG = 2'd2;

  // flat: 1: dense layer on a flattened tensor (pixel loads take byte f for PE row f, Kh counts the
  // existing rows of the byte).
  localparam int unsigned D_FLAT_WORD = 0;
  localparam int unsigned D_FLAT_LSB = 10;
  localparam int unsigned D_FLAT_WIDTH = 1;

  // raw_out: 1: 32-bit slots are written instead of x_bits.
  localparam int unsigned D_RAW_OUT_WORD = 0;
  localparam int unsigned D_RAW_OUT_LSB = 11;
  localparam int unsigned D_RAW_OUT_WIDTH = 1;

  // operand: 0 none, 1 tensor (added after act1), 2 partial sums (added to the accumulator before
  // act1).
  localparam int unsigned D_OPERAND_WORD = 0;
  localparam int unsigned D_OPERAND_LSB = 12;
  localparam int unsigned D_OPERAND_WIDTH = 2;
  localparam logic [1:0] D_OPERAND_NONE = 2'd0;
  localparam logic [1:0] D_OPERAND_TENSOR = 2'd1;
  localparam logic [1:0] D_OPERAND_PARTIAL = 2'd2;

  // act1_en: Activation and requantization before the operand tensor is added.
  localparam int unsigned D_ACT1_EN_WORD = 0;
  localparam int unsigned D_ACT1_EN_LSB = 14;
  localparam int unsigned D_ACT1_EN_WIDTH = 1;

  // act2_en: Activation and requantization at the end.
  localparam int unsigned D_ACT2_EN_WORD = 0;
  localparam int unsigned D_ACT2_EN_LSB = 15;
  localparam int unsigned D_ACT2_EN_WIDTH = 1;

  // zero1: act1: negative results become 0.
  localparam int unsigned D_ZERO1_WORD = 0;
  localparam int unsigned D_ZERO1_LSB = 16;
  localparam int unsigned D_ZERO1_WIDTH = 1;

  // zero2: act2: negative results become 0.
  localparam int unsigned D_ZERO2_WORD = 0;
  localparam int unsigned D_ZERO2_LSB = 17;
  localparam int unsigned D_ZERO2_WIDTH = 1;

  // chain: 1: weights blocks follow each other within one column (dense layers deeper than the
  // weights RAM).
  localparam int unsigned D_CHAIN_WORD = 0;
  localparam int unsigned D_CHAIN_LSB = 18;
  localparam int unsigned D_CHAIN_WIDTH = 1;

  // pool: mac: pool in line behind the output stage: 0 none, 1 maxima over windows, 2 maximum or 3
  // average of the whole map.
  localparam int unsigned D_POOL_WORD = 0;
  localparam int unsigned D_POOL_LSB = 19;
  localparam int unsigned D_POOL_WIDTH = 2;
  localparam logic [1:0] D_POOL_NONE = 2'd0;
  localparam logic [1:0] D_POOL_WINDOWS = 2'd1;
  localparam logic [1:0] D_POOL_GLOBAL_MAX = 2'd2;
  localparam logic [1:0] D_POOL_GLOBAL_AVG = 2'd3;

  // wide: mac: 1: results leave drain_lanes channels a clock, 0: one. Then sw is 1, and channels,
  // addresses of results and operands lie in aligned groups of drain_lanes.
  localparam int unsigned D_WIDE_WORD = 0;
  localparam int unsigned D_WIDE_LSB = 21;
  localparam int unsigned D_WIDE_WIDTH = 1;

  // spread: With weights_resident: mac: 1: the features of one input vector lie on the rows, each
  // of which has weights of its own, out of the resident ones; the rows' sums are added.
  localparam int unsigned D_SPREAD_WORD = 0;
  localparam int unsigned D_SPREAD_LSB = 24;
  localparam int unsigned D_SPREAD_WIDTH = 1;

  // depthwise: mac: 1: every elastic group has a channel of its own and kw columns; ci is 1,
  // n_words one set.
  localparam int unsigned D_DEPTHWISE_WORD = 0;
  localparam int unsigned D_DEPTHWISE_LSB = 22;
  localparam int unsigned D_DEPTHWISE_WIDTH = 1;

  // x_wide: depthwise: 1: pixels of drain_lanes channels are taken a clock, 0: of one. Then places
  // of channels lie in aligned groups of so many.
  localparam int unsigned D_X_WIDE_WORD = 0;
  localparam int unsigned D_X_WIDE_LSB = 23;
  localparam int unsigned D_X_WIDE_WIDTH = 1;

  // tag: Index of the operation; must equal the row of the table.
  localparam int unsigned D_TAG_WORD = 1;
  localparam int unsigned D_TAG_LSB = 0;
  localparam int unsigned D_TAG_WIDTH = 16;

  // net_id: Identity of the network; must equal NET_ID.
  localparam int unsigned D_NET_ID_WORD = 2;
  localparam int unsigned D_NET_ID_LSB = 0;
  localparam int unsigned D_NET_ID_WIDTH = 32;

  // checksum: Chosen so that the exclusive or of all words of the descriptor is 0xD50CD50C.
  localparam int unsigned D_CHECKSUM_WORD = 3;
  localparam int unsigned D_CHECKSUM_LSB = 0;
  localparam int unsigned D_CHECKSUM_WIDTH = 32;

  // sh1_pos (signed): act1 shift for a >= 0, -7 … 31.
  localparam int unsigned D_SH1_POS_WORD = 4;
  localparam int unsigned D_SH1_POS_LSB = 0;
  localparam int unsigned D_SH1_POS_WIDTH = 6;

  // sh1_neg (signed): act1 shift for a < 0, -7 … 31.
  localparam int unsigned D_SH1_NEG_WORD = 4;
  localparam int unsigned D_SH1_NEG_LSB = 8;
  localparam int unsigned D_SH1_NEG_WIDTH = 6;

  // sh2_pos (signed): act2 shift for a >= 0, -7 … 31.
  localparam int unsigned D_SH2_POS_WORD = 4;
  localparam int unsigned D_SH2_POS_LSB = 16;
  localparam int unsigned D_SH2_POS_WIDTH = 6;

  // sh2_neg (signed): act2 shift for a < 0, -7 … 31.
  localparam int unsigned D_SH2_NEG_WORD = 4;
  localparam int unsigned D_SH2_NEG_LSB = 24;
  localparam int unsigned D_SH2_NEG_WIDTH = 6;

  // acc_lsh: Left shift of the value (after act1) before the operand tensor is added.
  localparam int unsigned D_ACC_LSH_WORD = 5;
  localparam int unsigned D_ACC_LSH_LSB = 0;
  localparam int unsigned D_ACC_LSH_WIDTH = 5;

  // opd_lsh: Left shift of the operand tensor.
  localparam int unsigned D_OPD_LSH_WORD = 5;
  localparam int unsigned D_OPD_LSH_LSB = 8;
  localparam int unsigned D_OPD_LSH_WIDTH = 5;

  // avg_lsh: Average pool: left shift of the sum before the division.
  localparam int unsigned D_AVG_LSH_WORD = 5;
  localparam int unsigned D_AVG_LSH_LSB = 16;
  localparam int unsigned D_AVG_LSH_WIDTH = 2;

  // pool_steps: Global pool: bits of the quotient, x_bits + out_frac - in_frac, 0 … 15.
  localparam int unsigned D_POOL_STEPS_WORD = 5;
  localparam int unsigned D_POOL_STEPS_LSB = 20;
  localparam int unsigned D_POOL_STEPS_WIDTH = 4;

  // x_base: Pixel reader: arena offset of line buffer 0 at n = l = 0 (modulo 2^32).
  localparam int unsigned D_X_BASE_WORD = 6;
  localparam int unsigned D_X_BASE_LSB = 0;
  localparam int unsigned D_X_BASE_WIDTH = 32;

  // x_line_pitch: Bytes from one line buffer's line to the next.
  localparam int unsigned D_X_LINE_PITCH_WORD = 7;
  localparam int unsigned D_X_LINE_PITCH_LSB = 0;
  localparam int unsigned D_X_LINE_PITCH_WIDTH = 32;

  // x_l_pitch: Bytes from one row block to the next.
  localparam int unsigned D_X_L_PITCH_WORD = 8;
  localparam int unsigned D_X_L_PITCH_LSB = 0;
  localparam int unsigned D_X_L_PITCH_WIDTH = 32;

  // x_n_pitch: Bytes from one batch element to the next.
  localparam int unsigned D_X_N_PITCH_WORD = 9;
  localparam int unsigned D_X_N_PITCH_LSB = 0;
  localparam int unsigned D_X_N_PITCH_WIDTH = 32;

  // x_lam0 (signed): Line number of buffer 0 at l = 0.
  localparam int unsigned D_X_LAM0_WORD = 10;
  localparam int unsigned D_X_LAM0_LSB = 0;
  localparam int unsigned D_X_LAM0_WIDTH = 16;

  // x_lam_step: Line numbers a row block.
  localparam int unsigned D_X_LAM_STEP_WORD = 10;
  localparam int unsigned D_X_LAM_STEP_LSB = 16;
  localparam int unsigned D_X_LAM_STEP_WIDTH = 16;

  // x_lines: Lines that exist.
  localparam int unsigned D_X_LINES_WORD = 11;
  localparam int unsigned D_X_LINES_LSB = 0;
  localparam int unsigned D_X_LINES_WIDTH = 16;

  // x_off0: Byte offset of the first segment in a line.
  localparam int unsigned D_X_OFF0_WORD = 12;
  localparam int unsigned D_X_OFF0_LSB = 0;
  localparam int unsigned D_X_OFF0_WIDTH = 32;

  // x_seg_step: Bytes from segment to segment.
  localparam int unsigned D_X_SEG_STEP_WORD = 13;
  localparam int unsigned D_X_SEG_STEP_LSB = 0;
  localparam int unsigned D_X_SEG_STEP_WIDTH = 32;

  // x_seg_count: Segments a row block.
  localparam int unsigned D_X_SEG_COUNT_WORD = 14;
  localparam int unsigned D_X_SEG_COUNT_LSB = 0;
  localparam int unsigned D_X_SEG_COUNT_WIDTH = 32;

  // x_seg_bytes: Bytes a segment.
  localparam int unsigned D_X_SEG_BYTES_WORD = 15;
  localparam int unsigned D_X_SEG_BYTES_LSB = 0;
  localparam int unsigned D_X_SEG_BYTES_WIDTH = 32;

  // x_mask_lo: Line buffers that are needed, 31 … 0.
  localparam int unsigned D_X_MASK_LO_WORD = 16;
  localparam int unsigned D_X_MASK_LO_LSB = 0;
  localparam int unsigned D_X_MASK_LO_WIDTH = 32;

  // x_mask_hi: Line buffers that are needed, 63 … 32.
  localparam int unsigned D_X_MASK_HI_WORD = 17;
  localparam int unsigned D_X_MASK_HI_LSB = 0;
  localparam int unsigned D_X_MASK_HI_WIDTH = 32;

  // x_rows: Rows H of the input (flat: rows H of the flattened tensor).
  localparam int unsigned D_X_ROWS_WORD = 18;
  localparam int unsigned D_X_ROWS_LSB = 0;
  localparam int unsigned D_X_ROWS_WIDTH = 16;

  // pad_top: Zero rows above.
  localparam int unsigned D_PAD_TOP_WORD = 18;
  localparam int unsigned D_PAD_TOP_LSB = 16;
  localparam int unsigned D_PAD_TOP_WIDTH = 8;

  // tap: Distance of neighbouring PE rows in the pixel shifter: Sh; flat: rpb.
  localparam int unsigned D_TAP_WORD = 18;
  localparam int unsigned D_TAP_LSB = 24;
  localparam int unsigned D_TAP_WIDTH = 8;

  // row_step: Input rows a row block, R*Sh.
  localparam int unsigned D_ROW_STEP_WORD = 19;
  localparam int unsigned D_ROW_STEP_LSB = 0;
  localparam int unsigned D_ROW_STEP_WIDTH = 16;

  // x_cols: Input columns that exist; behind them, and before them (x_before), there may be virtual
  // ones.
  localparam int unsigned D_X_COLS_WORD = 19;
  localparam int unsigned D_X_COLS_LSB = 16;
  localparam int unsigned D_X_COLS_WIDTH = 16;

  // w_count: Input columns processed a row block.
  localparam int unsigned D_W_COUNT_WORD = 20;
  localparam int unsigned D_W_COUNT_LSB = 0;
  localparam int unsigned D_W_COUNT_WIDTH = 16;

  // wo_count: Output columns a row block.
  localparam int unsigned D_WO_COUNT_WORD = 20;
  localparam int unsigned D_WO_COUNT_LSB = 16;
  localparam int unsigned D_WO_COUNT_WIDTH = 16;

  // n_count: Batch elements.
  localparam int unsigned D_N_COUNT_WORD = 21;
  localparam int unsigned D_N_COUNT_LSB = 0;
  localparam int unsigned D_N_COUNT_WIDTH = 16;

  // l_count: Row blocks.
  localparam int unsigned D_L_COUNT_WORD = 21;
  localparam int unsigned D_L_COUNT_LSB = 16;
  localparam int unsigned D_L_COUNT_WIDTH = 16;

  // t_count: Iterations.
  localparam int unsigned D_T_COUNT_WORD = 22;
  localparam int unsigned D_T_COUNT_LSB = 0;
  localparam int unsigned D_T_COUNT_WIDTH = 16;

  // lines_flat: Flat: lines H of the flattened tensor, else 1.
  localparam int unsigned D_LINES_FLAT_WORD = 22;
  localparam int unsigned D_LINES_FLAT_LSB = 16;
  localparam int unsigned D_LINES_FLAT_WIDTH = 16;

  // ci: Input channels (bytes) a column; flat: bytes a line.
  localparam int unsigned D_CI_WORD = 23;
  localparam int unsigned D_CI_LSB = 0;
  localparam int unsigned D_CI_WIDTH = 32;

  // kh: Kernel rows; for pools the window's rows.
  localparam int unsigned D_KH_WORD = 24;
  localparam int unsigned D_KH_LSB = 0;
  localparam int unsigned D_KH_WIDTH = 8;

  // kh_count: Clocks a (w, ci); kh but for pools.
  localparam int unsigned D_KH_COUNT_WORD = 24;
  localparam int unsigned D_KH_COUNT_LSB = 8;
  localparam int unsigned D_KH_COUNT_WIDTH = 8;

  // kw: Kernel columns as the array sees them (1 when decimated).
  localparam int unsigned D_KW_WORD = 24;
  localparam int unsigned D_KW_LSB = 16;
  localparam int unsigned D_KW_WIDTH = 8;

  // sw: Horizontal stride as the array sees it (1 when decimated).
  localparam int unsigned D_SW_WORD = 24;
  localparam int unsigned D_SW_LSB = 24;
  localparam int unsigned D_SW_WIDTH = 8;

  // pos0: Position of the first output column at w = 0: left padding, if it is no virtual columns.
  localparam int unsigned D_POS0_WORD = 25;
  localparam int unsigned D_POS0_LSB = 0;
  localparam int unsigned D_POS0_WIDTH = 8;

  // ns: Pools: open windows kept, ceil(kw/sw).
  localparam int unsigned D_NS_WORD = 25;
  localparam int unsigned D_NS_LSB = 8;
  localparam int unsigned D_NS_WIDTH = 8;

  // ch_per_t: Output channels an iteration.
  localparam int unsigned D_CH_PER_T_WORD = 26;
  localparam int unsigned D_CH_PER_T_LSB = 0;
  localparam int unsigned D_CH_PER_T_WIDTH = 16;

  // ch_last: Output channels of the last iteration.
  localparam int unsigned D_CH_LAST_WORD = 26;
  localparam int unsigned D_CH_LAST_LSB = 16;
  localparam int unsigned D_CH_LAST_WIDTH = 16;

  // k_addr: Arena offset of the weights stream of this operation.
  localparam int unsigned D_K_ADDR_WORD = 27;
  localparam int unsigned D_K_ADDR_LSB = 0;
  localparam int unsigned D_K_ADDR_WIDTH = 32;

  // k_beats: Beats of the weights stream; 0 for pools.
  localparam int unsigned D_K_BEATS_WORD = 28;
  localparam int unsigned D_K_BEATS_LSB = 0;
  localparam int unsigned D_K_BEATS_WIDTH = 32;

  // n_words: Weight words a weights set: steps of one column, ci*kh; flat and chained: features.
  localparam int unsigned D_N_WORDS_WORD = 29;
  localparam int unsigned D_N_WORDS_LSB = 0;
  localparam int unsigned D_N_WORDS_WIDTH = 32;

  // y_base: Arena offset of the output tensor (or of slot 0).
  localparam int unsigned D_Y_BASE_WORD = 30;
  localparam int unsigned D_Y_BASE_LSB = 0;
  localparam int unsigned D_Y_BASE_WIDTH = 32;

  // y_line_pitch: Bytes from line to line of the output; raw: AB.
  localparam int unsigned D_Y_LINE_PITCH_WORD = 31;
  localparam int unsigned D_Y_LINE_PITCH_LSB = 0;
  localparam int unsigned D_Y_LINE_PITCH_WIDTH = 32;

  // y_l_pitch: Bytes from row block to row block of the output.
  localparam int unsigned D_Y_L_PITCH_WORD = 32;
  localparam int unsigned D_Y_L_PITCH_LSB = 0;
  localparam int unsigned D_Y_L_PITCH_WIDTH = 32;

  // y_n_pitch: Bytes from batch element to batch element of the output.
  localparam int unsigned D_Y_N_PITCH_WORD = 33;
  localparam int unsigned D_Y_N_PITCH_LSB = 0;
  localparam int unsigned D_Y_N_PITCH_WIDTH = 32;

  // y_wo_step: Bytes from output column to output column in a line (Co).
  localparam int unsigned D_Y_WO_STEP_WORD = 34;
  localparam int unsigned D_Y_WO_STEP_LSB = 0;
  localparam int unsigned D_Y_WO_STEP_WIDTH = 32;

  // y_rows: Output rows Ho of the core (matrix and flat: batch N).
  localparam int unsigned D_Y_ROWS_WORD = 35;
  localparam int unsigned D_Y_ROWS_LSB = 0;
  localparam int unsigned D_Y_ROWS_WIDTH = 16;

  // y_raw_step: Raw: bytes of a slot.
  localparam int unsigned D_Y_RAW_STEP_WORD = 35;
  localparam int unsigned D_Y_RAW_STEP_LSB = 16;
  localparam int unsigned D_Y_RAW_STEP_WIDTH = 16;

  // o_base: Operand reader: as x_base.
  localparam int unsigned D_O_BASE_WORD = 36;
  localparam int unsigned D_O_BASE_LSB = 0;
  localparam int unsigned D_O_BASE_WIDTH = 32;

  // o_line_pitch: As x_line_pitch.
  localparam int unsigned D_O_LINE_PITCH_WORD = 37;
  localparam int unsigned D_O_LINE_PITCH_LSB = 0;
  localparam int unsigned D_O_LINE_PITCH_WIDTH = 32;

  // o_l_pitch: As x_l_pitch.
  localparam int unsigned D_O_L_PITCH_WORD = 38;
  localparam int unsigned D_O_L_PITCH_LSB = 0;
  localparam int unsigned D_O_L_PITCH_WIDTH = 32;

  // o_n_pitch: As x_n_pitch.
  localparam int unsigned D_O_N_PITCH_WORD = 39;
  localparam int unsigned D_O_N_PITCH_LSB = 0;
  localparam int unsigned D_O_N_PITCH_WIDTH = 32;

  // o_lam_step: Line numbers a row block; partial sums 0.
  localparam int unsigned D_O_LAM_STEP_WORD = 40;
  localparam int unsigned D_O_LAM_STEP_LSB = 0;
  localparam int unsigned D_O_LAM_STEP_WIDTH = 16;

  // o_lines: Lines that exist; partial sums: beats a slot.
  localparam int unsigned D_O_LINES_WORD = 40;
  localparam int unsigned D_O_LINES_LSB = 16;
  localparam int unsigned D_O_LINES_WIDTH = 16;

  // o_seg_step: As x_seg_step.
  localparam int unsigned D_O_SEG_STEP_WORD = 41;
  localparam int unsigned D_O_SEG_STEP_LSB = 0;
  localparam int unsigned D_O_SEG_STEP_WIDTH = 32;

  // o_seg_count: As x_seg_count.
  localparam int unsigned D_O_SEG_COUNT_WORD = 42;
  localparam int unsigned D_O_SEG_COUNT_LSB = 0;
  localparam int unsigned D_O_SEG_COUNT_WIDTH = 32;

  // o_seg_bytes: As x_seg_bytes.
  localparam int unsigned D_O_SEG_BYTES_WORD = 43;
  localparam int unsigned D_O_SEG_BYTES_LSB = 0;
  localparam int unsigned D_O_SEG_BYTES_WIDTH = 32;

  // o_seg_bytes_last: Bytes a segment of the last iteration.
  localparam int unsigned D_O_SEG_BYTES_LAST_WORD = 44;
  localparam int unsigned D_O_SEG_BYTES_LAST_LSB = 0;
  localparam int unsigned D_O_SEG_BYTES_LAST_WIDTH = 32;

  // o_t_step: Byte offset from iteration to iteration.
  localparam int unsigned D_O_T_STEP_WORD = 45;
  localparam int unsigned D_O_T_STEP_LSB = 0;
  localparam int unsigned D_O_T_STEP_WIDTH = 32;

  // o_t_count: Iterations; partial sums 1.
  localparam int unsigned D_O_T_COUNT_WORD = 46;
  localparam int unsigned D_O_T_COUNT_LSB = 0;
  localparam int unsigned D_O_T_COUNT_WIDTH = 16;

  // o_n_count: Batch elements; partial sums 1.
  localparam int unsigned D_O_N_COUNT_WORD = 46;
  localparam int unsigned D_O_N_COUNT_LSB = 16;
  localparam int unsigned D_O_N_COUNT_WIDTH = 16;

  // o_l_count: Row blocks; partial sums 1.
  localparam int unsigned D_O_L_COUNT_WORD = 47;
  localparam int unsigned D_O_L_COUNT_LSB = 0;
  localparam int unsigned D_O_L_COUNT_WIDTH = 16;

  // pool_count: Global pool: elements of the map, by which a sum is divided; 1 for a maximum.
  localparam int unsigned D_POOL_COUNT_WORD = 47;
  localparam int unsigned D_POOL_COUNT_LSB = 16;
  localparam int unsigned D_POOL_COUNT_WIDTH = 16;

  // pool_rows: Maxima over windows: pooled rows.
  localparam int unsigned D_POOL_ROWS_WORD = 48;
  localparam int unsigned D_POOL_ROWS_LSB = 0;
  localparam int unsigned D_POOL_ROWS_WIDTH = 16;

  // pool_cols: Maxima over windows: pooled columns.
  localparam int unsigned D_POOL_COLS_WORD = 48;
  localparam int unsigned D_POOL_COLS_LSB = 16;
  localparam int unsigned D_POOL_COLS_WIDTH = 16;

  // pool_kw: Maxima over windows: columns of a window, at most pool_sw + 1.
  localparam int unsigned D_POOL_KW_WORD = 49;
  localparam int unsigned D_POOL_KW_LSB = 0;
  localparam int unsigned D_POOL_KW_WIDTH = 8;

  // pool_sw: Maxima over windows: horizontal stride.
  localparam int unsigned D_POOL_SW_WORD = 49;
  localparam int unsigned D_POOL_SW_LSB = 8;
  localparam int unsigned D_POOL_SW_WIDTH = 8;

  // pool_pad_left: Maxima over windows: columns of padding on the left.
  localparam int unsigned D_POOL_PAD_LEFT_WORD = 49;
  localparam int unsigned D_POOL_PAD_LEFT_LSB = 16;
  localparam int unsigned D_POOL_PAD_LEFT_WIDTH = 8;

  // pool_kh: Maxima over windows: rows of a window, 1 to 3, at most pool_sh + 1.
  localparam int unsigned D_POOL_KH_WORD = 49;
  localparam int unsigned D_POOL_KH_LSB = 24;
  localparam int unsigned D_POOL_KH_WIDTH = 2;

  // pool_sh: Maxima over windows: vertical stride, 2 or 3.
  localparam int unsigned D_POOL_SH_WORD = 49;
  localparam int unsigned D_POOL_SH_LSB = 26;
  localparam int unsigned D_POOL_SH_WIDTH = 2;

  // pool_pad_top: Maxima over windows: rows of padding above.
  localparam int unsigned D_POOL_PAD_TOP_WORD = 49;
  localparam int unsigned D_POOL_PAD_TOP_LSB = 28;
  localparam int unsigned D_POOL_PAD_TOP_WIDTH = 2;

  // x_follows: Pixels are fetched ahead: 0 not before all writes of the operation before are
  // acknowledged, 1 as far as the mark has come, 2 at once.
  localparam int unsigned D_X_FOLLOWS_WORD = 50;
  localparam int unsigned D_X_FOLLOWS_LSB = 0;
  localparam int unsigned D_X_FOLLOWS_WIDTH = 2;
  localparam logic [1:0] D_X_FOLLOWS_ALL = 2'd0;
  localparam logic [1:0] D_X_FOLLOWS_MARK = 2'd1;
  localparam logic [1:0] D_X_FOLLOWS_NONE = 2'd2;

  // x_returns: Mark: how often the operation before returns to lower addresses until its last
  // iteration.
  localparam int unsigned D_X_RETURNS_WORD = 50;
  localparam int unsigned D_X_RETURNS_LSB = 16;
  localparam int unsigned D_X_RETURNS_WIDTH = 16;

  // x_guard: Mark: bytes from line buffer 0 to the line that the mark must have passed.
  localparam int unsigned D_X_GUARD_WORD = 51;
  localparam int unsigned D_X_GUARD_LSB = 0;
  localparam int unsigned D_X_GUARD_WIDTH = 32;

  // m1: With scale_bits: factor of act1, of pools; others have one a channel beside their biases.
  localparam int unsigned D_M1_WORD = 52;
  localparam int unsigned D_M1_LSB = 0;
  localparam int unsigned D_M1_WIDTH = 17;

  // s1: With scale_bits: right shift behind m1.
  localparam int unsigned D_S1_WORD = 52;
  localparam int unsigned D_S1_LSB = 17;
  localparam int unsigned D_S1_WIDTH = 6;

  // slope1: With scale_bits: how much further act1 shifts for a < 0.
  localparam int unsigned D_SLOPE1_WORD = 52;
  localparam int unsigned D_SLOPE1_LSB = 24;
  localparam int unsigned D_SLOPE1_WIDTH = 3;

  // m2: With scale_bits: factor of act2.
  localparam int unsigned D_M2_WORD = 53;
  localparam int unsigned D_M2_LSB = 0;
  localparam int unsigned D_M2_WIDTH = 17;

  // s2: With scale_bits: right shift behind m2.
  localparam int unsigned D_S2_WORD = 53;
  localparam int unsigned D_S2_LSB = 17;
  localparam int unsigned D_S2_WIDTH = 6;

  // slope2: With scale_bits: how much further act2 shifts for a < 0.
  localparam int unsigned D_SLOPE2_WORD = 53;
  localparam int unsigned D_SLOPE2_LSB = 24;
  localparam int unsigned D_SLOPE2_WIDTH = 3;

  // z1 (signed): With scale_bits: added to what act1 has rounded.
  localparam int unsigned D_Z1_WORD = 54;
  localparam int unsigned D_Z1_LSB = 0;
  localparam int unsigned D_Z1_WIDTH = 16;

  // lo1 (signed): With scale_bits: least result of act1.
  localparam int unsigned D_LO1_WORD = 54;
  localparam int unsigned D_LO1_LSB = 16;
  localparam int unsigned D_LO1_WIDTH = 16;

  // hi1 (signed): With scale_bits: greatest result of act1.
  localparam int unsigned D_HI1_WORD = 55;
  localparam int unsigned D_HI1_LSB = 0;
  localparam int unsigned D_HI1_WIDTH = 16;

  // z2 (signed): With scale_bits: added to what act2 has rounded.
  localparam int unsigned D_Z2_WORD = 55;
  localparam int unsigned D_Z2_LSB = 16;
  localparam int unsigned D_Z2_WIDTH = 16;

  // lo2 (signed): With scale_bits: least result of act2.
  localparam int unsigned D_LO2_WORD = 56;
  localparam int unsigned D_LO2_LSB = 0;
  localparam int unsigned D_LO2_WIDTH = 16;

  // hi2 (signed): With scale_bits: greatest result of act2.
  localparam int unsigned D_HI2_WORD = 56;
  localparam int unsigned D_HI2_LSB = 16;
  localparam int unsigned D_HI2_WIDTH = 16;

  // x_zero (signed): With scale_bits: mac: the pixel of rows and columns that do not exist.
  localparam int unsigned D_X_ZERO_WORD = 57;
  localparam int unsigned D_X_ZERO_LSB = 0;
  localparam int unsigned D_X_ZERO_WIDTH = 8;

  // o_zero (signed): With scale_bits: taken from the operand tensor before it is shifted.
  localparam int unsigned D_O_ZERO_WORD = 57;
  localparam int unsigned D_O_ZERO_LSB = 8;
  localparam int unsigned D_O_ZERO_WIDTH = 8;

  // x_before: With scale_bits: mac: of the columns processed, those that do not exist before the
  // first that does.
  localparam int unsigned D_X_BEFORE_WORD = 57;
  localparam int unsigned D_X_BEFORE_LSB = 16;
  localparam int unsigned D_X_BEFORE_WIDTH = 8;

  // x_term (signed): With scale_bits: pools: added to what leaves the pooling unit.
  localparam int unsigned D_X_TERM_WORD = 58;
  localparam int unsigned D_X_TERM_LSB = 0;
  localparam int unsigned D_X_TERM_WIDTH = 16;

  // x_t_step: With depthwise: bytes from an iteration's first segment to the next one's.
  localparam int unsigned D_X_T_STEP_WORD = 59;
  localparam int unsigned D_X_T_STEP_LSB = 0;
  localparam int unsigned D_X_T_STEP_WIDTH = 32;

  // x_seg_bytes_last: With depthwise: as x_seg_bytes, of the last iteration.
  localparam int unsigned D_X_SEG_BYTES_LAST_WORD = 60;
  localparam int unsigned D_X_SEG_BYTES_LAST_LSB = 0;
  localparam int unsigned D_X_SEG_BYTES_LAST_WIDTH = 32;

  // load_addr: Spread: arena offset of the stream that fills the resident weights of this
  // operation.
  localparam int unsigned D_LOAD_ADDR_WORD = 61;
  localparam int unsigned D_LOAD_ADDR_LSB = 0;
  localparam int unsigned D_LOAD_ADDR_WIDTH = 32;

  // load_beats: Spread: beats of that stream, which is read only where the weights of the network
  // are not there yet; 0: an operation before brings them.
  localparam int unsigned D_LOAD_BEATS_WORD = 62;
  localparam int unsigned D_LOAD_BEATS_LSB = 0;
  localparam int unsigned D_LOAD_BEATS_WIDTH = 32;

  // resident: Spread: first resident word of the operation.
  localparam int unsigned D_RESIDENT_WORD = 63;
  localparam int unsigned D_RESIDENT_LSB = 0;
  localparam int unsigned D_RESIDENT_WIDTH = 20;

  /// One descriptor as fetched: word 0 in the lowest bits.
  typedef struct packed {
    logic [11:0] reserved2036;
    logic [19:0] resident;
    logic [31:0] load_beats;
    logic [31:0] load_addr;
    logic [31:0] x_seg_bytes_last;
    logic [31:0] x_t_step;
    logic [15:0] reserved1872;
    logic signed [15:0] x_term;
    logic [7:0] reserved1848;
    logic [7:0] x_before;
    logic signed [7:0] o_zero;
    logic signed [7:0] x_zero;
    logic signed [15:0] hi2;
    logic signed [15:0] lo2;
    logic signed [15:0] z2;
    logic signed [15:0] hi1;
    logic signed [15:0] lo1;
    logic signed [15:0] z1;
    logic [4:0] reserved1723;
    logic [2:0] slope2;
    logic [0:0] reserved1719;
    logic [5:0] s2;
    logic [16:0] m2;
    logic [4:0] reserved1691;
    logic [2:0] slope1;
    logic [0:0] reserved1687;
    logic [5:0] s1;
    logic [16:0] m1;
    logic [31:0] x_guard;
    logic [15:0] x_returns;
    logic [13:0] reserved1602;
    logic [1:0] x_follows;
    logic [1:0] reserved1598;
    logic [1:0] pool_pad_top;
    logic [1:0] pool_sh;
    logic [1:0] pool_kh;
    logic [7:0] pool_pad_left;
    logic [7:0] pool_sw;
    logic [7:0] pool_kw;
    logic [15:0] pool_cols;
    logic [15:0] pool_rows;
    logic [15:0] pool_count;
    logic [15:0] o_l_count;
    logic [15:0] o_n_count;
    logic [15:0] o_t_count;
    logic [31:0] o_t_step;
    logic [31:0] o_seg_bytes_last;
    logic [31:0] o_seg_bytes;
    logic [31:0] o_seg_count;
    logic [31:0] o_seg_step;
    logic [15:0] o_lines;
    logic [15:0] o_lam_step;
    logic [31:0] o_n_pitch;
    logic [31:0] o_l_pitch;
    logic [31:0] o_line_pitch;
    logic [31:0] o_base;
    logic [15:0] y_raw_step;
    logic [15:0] y_rows;
    logic [31:0] y_wo_step;
    logic [31:0] y_n_pitch;
    logic [31:0] y_l_pitch;
    logic [31:0] y_line_pitch;
    logic [31:0] y_base;
    logic [31:0] n_words;
    logic [31:0] k_beats;
    logic [31:0] k_addr;
    logic [15:0] ch_last;
    logic [15:0] ch_per_t;
    logic [15:0] reserved816;
    logic [7:0] ns;
    logic [7:0] pos0;
    logic [7:0] sw;
    logic [7:0] kw;
    logic [7:0] kh_count;
    logic [7:0] kh;
    logic [31:0] ci;
    logic [15:0] lines_flat;
    logic [15:0] t_count;
    logic [15:0] l_count;
    logic [15:0] n_count;
    logic [15:0] wo_count;
    logic [15:0] w_count;
    logic [15:0] x_cols;
    logic [15:0] row_step;
    logic [7:0] tap;
    logic [7:0] pad_top;
    logic [15:0] x_rows;
    logic [31:0] x_mask_hi;
    logic [31:0] x_mask_lo;
    logic [31:0] x_seg_bytes;
    logic [31:0] x_seg_count;
    logic [31:0] x_seg_step;
    logic [31:0] x_off0;
    logic [15:0] reserved368;
    logic [15:0] x_lines;
    logic [15:0] x_lam_step;
    logic signed [15:0] x_lam0;
    logic [31:0] x_n_pitch;
    logic [31:0] x_l_pitch;
    logic [31:0] x_line_pitch;
    logic [31:0] x_base;
    logic [7:0] reserved184;
    logic [3:0] pool_steps;
    logic [1:0] reserved178;
    logic [1:0] avg_lsh;
    logic [2:0] reserved173;
    logic [4:0] opd_lsh;
    logic [2:0] reserved165;
    logic [4:0] acc_lsh;
    logic [1:0] reserved158;
    logic signed [5:0] sh2_neg;
    logic [1:0] reserved150;
    logic signed [5:0] sh2_pos;
    logic [1:0] reserved142;
    logic signed [5:0] sh1_neg;
    logic [1:0] reserved134;
    logic signed [5:0] sh1_pos;
    logic [31:0] checksum;
    logic [31:0] net_id;
    logic [15:0] reserved48;
    logic [15:0] tag;
    logic [6:0] reserved25;
    logic [0:0] spread;
    logic [0:0] x_wide;
    logic [0:0] depthwise;
    logic [0:0] wide;
    logic [1:0] pool;
    logic [0:0] chain;
    logic [0:0] zero2;
    logic [0:0] zero1;
    logic [0:0] act2_en;
    logic [0:0] act1_en;
    logic [1:0] operand;
    logic [0:0] raw_out;
    logic [0:0] flat;
    logic [1:0] kind;
    logic [7:0] magic;
  } desc_t;

endpackage
// verilator lint_on UNUSEDPARAM
