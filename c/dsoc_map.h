/* Generated from deepsoc/hw/registers.toml by `python -m deepsoc.hw.regmap`. Do not edit. */
#ifndef DSOC_MAP_H
#define DSOC_MAP_H

#define DSOC_MAP_VERSION 3u
#define DSOC_DESCRIPTOR_WORDS 64u
#define DSOC_DESCRIPTOR_MAGIC 0xD5u
#define DSOC_CHECKSUM 0xD50CD50Cu
#define DSOC_ID_MAGIC 0xD50Cu

/* CTRL (rw): Start and abort of a run; start and soft_reset read as 0. */
#define DSOC_REG_CTRL 0x00u
#define DSOC_CTRL_START_LSB 0u
#define DSOC_CTRL_START_MASK 0x00000001u
#define DSOC_CTRL_IRQ_ENABLE_LSB 1u
#define DSOC_CTRL_IRQ_ENABLE_MASK 0x00000002u
#define DSOC_CTRL_SOFT_RESET_LSB 2u
#define DSOC_CTRL_SOFT_RESET_MASK 0x00000004u

/* STATUS (ro): State of the current or last run. */
#define DSOC_REG_STATUS 0x04u
#define DSOC_STATUS_BUSY_LSB 0u
#define DSOC_STATUS_BUSY_MASK 0x00000001u
#define DSOC_STATUS_DONE_LSB 1u
#define DSOC_STATUS_DONE_MASK 0x00000002u
#define DSOC_STATUS_ERROR_LSB 2u
#define DSOC_STATUS_ERROR_MASK 0x00000004u
#define DSOC_STATUS_ERROR_CODE_LSB 4u
#define DSOC_STATUS_ERROR_CODE_MASK 0x000000F0u
#define DSOC_STATUS_ERROR_CODE_MAGIC 1u
#define DSOC_STATUS_ERROR_CODE_NET_ID 2u
#define DSOC_STATUS_ERROR_CODE_ORDER 3u
#define DSOC_STATUS_ERROR_CODE_AXI_READ 4u
#define DSOC_STATUS_ERROR_CODE_AXI_WRITE 5u
#define DSOC_STATUS_ERROR_CODE_WEIGHTS 6u
#define DSOC_STATUS_ERROR_CODE_EMPTY 7u
#define DSOC_STATUS_ERROR_CODE_ALIGNMENT 8u
#define DSOC_STATUS_ERROR_CODE_LOCKED 9u

/* IRQ_ACK (wo): Write 1 to clear done and error and to lower the interrupt. */
#define DSOC_REG_IRQ_ACK 0x08u
#define DSOC_IRQ_ACK_ACK_LSB 0u
#define DSOC_IRQ_ACK_ACK_MASK 0x00000001u

/* OP_INDEX (ro): Index of the operation that runs, or where the run stopped. */
#define DSOC_REG_OP_INDEX 0x0Cu
#define DSOC_OP_INDEX_INDEX_LSB 0u
#define DSOC_OP_INDEX_INDEX_MASK 0x0000FFFFu

/* ARENA_LO (rw): Bus address of the arena, low word. Aligned to 4096, or a start ends with error 8. Written while busy it keeps its value and the run stops with error 9. */
#define DSOC_REG_ARENA_LO 0x10u
#define DSOC_ARENA_LO_ADDRESS_LSB 0u
#define DSOC_ARENA_LO_ADDRESS_MASK 0xFFFFFFFFu

/* ARENA_HI (rw): Bus address of the arena, high word. Locked while busy as ARENA_LO. */
#define DSOC_REG_ARENA_HI 0x14u
#define DSOC_ARENA_HI_ADDRESS_LSB 0u
#define DSOC_ARENA_HI_ADDRESS_MASK 0xFFFFFFFFu

/* DESC_OFFSET (rw): Arena offset of the descriptor table. Aligned to 256, or a start ends with error 8. Locked while busy as ARENA_LO. */
#define DSOC_REG_DESC_OFFSET 0x18u
#define DSOC_DESC_OFFSET_OFFSET_LSB 0u
#define DSOC_DESC_OFFSET_OFFSET_MASK 0xFFFFFFFFu

/* N_OPS (rw): Number of descriptors. Locked while busy as ARENA_LO. */
#define DSOC_REG_N_OPS 0x1Cu
#define DSOC_N_OPS_COUNT_LSB 0u
#define DSOC_N_OPS_COUNT_MASK 0x0000FFFFu

/* NET_ID (rw): Identity of the network; every descriptor must carry it. Locked while busy as ARENA_LO. */
#define DSOC_REG_NET_ID 0x20u
#define DSOC_NET_ID_ID_LSB 0u
#define DSOC_NET_ID_ID_MASK 0xFFFFFFFFu

/* CLOCKS (ro): Clocks from start until busy fell. */
#define DSOC_REG_CLOCKS 0x24u
#define DSOC_CLOCKS_CLOCKS_LSB 0u
#define DSOC_CLOCKS_CLOCKS_MASK 0xFFFFFFFFu

/* ID (ro): Identity of the IP. */
#define DSOC_REG_ID 0x28u
#define DSOC_ID_MAP_VERSION_LSB 0u
#define DSOC_ID_MAP_VERSION_MASK 0x000000FFu
#define DSOC_ID_MAGIC_LSB 16u
#define DSOC_ID_MAGIC_MASK 0xFFFF0000u

/* GEOMETRY (ro): Parameters the firmware checks before it starts. */
#define DSOC_REG_GEOMETRY 0x2Cu
#define DSOC_GEOMETRY_ROWS_LSB 0u
#define DSOC_GEOMETRY_ROWS_MASK 0x00000FFFu
#define DSOC_GEOMETRY_COLS_LSB 12u
#define DSOC_GEOMETRY_COLS_MASK 0x00FFF000u
#define DSOC_GEOMETRY_X_BITS_LSB 24u
#define DSOC_GEOMETRY_X_BITS_MASK 0x0F000000u
#define DSOC_GEOMETRY_K_BITS_LSB 28u
#define DSOC_GEOMETRY_K_BITS_MASK 0xF0000000u

/* PARAMS_HASH (ro): Identity of the hardware: what the firmware compares with the design's. */
#define DSOC_REG_PARAMS_HASH 0x30u
#define DSOC_PARAMS_HASH_HASH_LSB 0u
#define DSOC_PARAMS_HASH_HASH_MASK 0xFFFFFFFFu

/* COUNT_OPERATION (rw): Whose counters the registers below show; may be written and read at any time. 0 and without effect in hardware without counters (counters_depth 0). */
#define DSOC_REG_COUNT_OPERATION 0x34u
#define DSOC_COUNT_OPERATION_ROW_LSB 0u
#define DSOC_COUNT_OPERATION_ROW_MASK 0x0000FFFFu

/* COUNT_CLOCKS (ro): Clocks from the end of the operation before it, or from the start, to its last result in the writer; of the last one, to its last acknowledged write. */
#define DSOC_REG_COUNT_CLOCKS 0x40u
#define DSOC_COUNT_CLOCKS_COUNT_LSB 0u
#define DSOC_COUNT_CLOCKS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_ARRAY (ro): Clocks in which the array makes a step. */
#define DSOC_REG_COUNT_ARRAY 0x44u
#define DSOC_COUNT_ARRAY_COUNT_LSB 0u
#define DSOC_COUNT_ARRAY_COUNT_MASK 0xFFFFFFFFu

/* COUNT_X_BEATS (ro): Beats of pixels that were read. */
#define DSOC_REG_COUNT_X_BEATS 0x48u
#define DSOC_COUNT_X_BEATS_COUNT_LSB 0u
#define DSOC_COUNT_X_BEATS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_O_BEATS (ro): Beats of operands and partial sums that were read. */
#define DSOC_REG_COUNT_O_BEATS 0x4Cu
#define DSOC_COUNT_O_BEATS_COUNT_LSB 0u
#define DSOC_COUNT_O_BEATS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_K_BEATS (ro): Beats of weights and descriptors that were read meanwhile, also those of the operations behind it. */
#define DSOC_REG_COUNT_K_BEATS 0x50u
#define DSOC_COUNT_K_BEATS_COUNT_LSB 0u
#define DSOC_COUNT_K_BEATS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_Y_BEATS (ro): Beats of results that were written. */
#define DSOC_REG_COUNT_Y_BEATS 0x54u
#define DSOC_COUNT_Y_BEATS_COUNT_LSB 0u
#define DSOC_COUNT_Y_BEATS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_PIXELS (ro): Clocks in which the array waits for pixels, the first ones left out. */
#define DSOC_REG_COUNT_PIXELS 0x58u
#define DSOC_COUNT_PIXELS_COUNT_LSB 0u
#define DSOC_COUNT_PIXELS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_WEIGHTS (ro): Clocks in which the array waits for weights and pixels are there. */
#define DSOC_REG_COUNT_WEIGHTS 0x5Cu
#define DSOC_COUNT_WEIGHTS_COUNT_LSB 0u
#define DSOC_COUNT_WEIGHTS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_END (ro): Clocks behind the last step in which results are on their way to the writer. */
#define DSOC_REG_COUNT_END 0x60u
#define DSOC_COUNT_END_COUNT_LSB 0u
#define DSOC_COUNT_END_COUNT_MASK 0xFFFFFFFFu

/* COUNT_OPERANDS (ro): Clocks in which the array waits because a result waits for its operand. */
#define DSOC_REG_COUNT_OPERANDS 0x64u
#define DSOC_COUNT_OPERANDS_COUNT_LSB 0u
#define DSOC_COUNT_OPERANDS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_RESULTS (ro): Clocks in which the array waits because results leave one channel a clock. */
#define DSOC_REG_COUNT_RESULTS 0x68u
#define DSOC_COUNT_RESULTS_COUNT_LSB 0u
#define DSOC_COUNT_RESULTS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_OUTPUTS (ro): Clocks in which the array waits because the writer takes no result. */
#define DSOC_REG_COUNT_OUTPUTS 0x6Cu
#define DSOC_COUNT_OUTPUTS_COUNT_LSB 0u
#define DSOC_COUNT_OUTPUTS_COUNT_MASK 0xFFFFFFFFu

/* COUNT_WRITES (ro): Clocks behind the last result in which writes are on their way or not acknowledged. */
#define DSOC_REG_COUNT_WRITES 0x70u
#define DSOC_COUNT_WRITES_COUNT_LSB 0u
#define DSOC_COUNT_WRITES_COUNT_MASK 0xFFFFFFFFu

/* magic: 0xD5. */
#define DSOC_D_MAGIC_WORD 0u
#define DSOC_D_MAGIC_LSB 0u
#define DSOC_D_MAGIC_MASK 0x000000FFu

/* kind: 0 mac, 1 max pool, 2 average pool. */
#define DSOC_D_KIND_WORD 0u
#define DSOC_D_KIND_LSB 8u
#define DSOC_D_KIND_MASK 0x00000300u
#define DSOC_D_KIND_MAC 0u
#define DSOC_D_KIND_MAX 1u
#define DSOC_D_KIND_AVG 2u

/* flat: 1: dense layer on a flattened tensor (pixel loads take byte f for PE row f, Kh counts the existing rows of the byte). */
#define DSOC_D_FLAT_WORD 0u
#define DSOC_D_FLAT_LSB 10u
#define DSOC_D_FLAT_MASK 0x00000400u

/* raw_out: 1: 32-bit slots are written instead of x_bits. */
#define DSOC_D_RAW_OUT_WORD 0u
#define DSOC_D_RAW_OUT_LSB 11u
#define DSOC_D_RAW_OUT_MASK 0x00000800u

/* operand: 0 none, 1 tensor (added after act1), 2 partial sums (added to the accumulator before act1). */
#define DSOC_D_OPERAND_WORD 0u
#define DSOC_D_OPERAND_LSB 12u
#define DSOC_D_OPERAND_MASK 0x00003000u
#define DSOC_D_OPERAND_NONE 0u
#define DSOC_D_OPERAND_TENSOR 1u
#define DSOC_D_OPERAND_PARTIAL 2u

/* act1_en: Activation and requantization before the operand tensor is added. */
#define DSOC_D_ACT1_EN_WORD 0u
#define DSOC_D_ACT1_EN_LSB 14u
#define DSOC_D_ACT1_EN_MASK 0x00004000u

/* act2_en: Activation and requantization at the end. */
#define DSOC_D_ACT2_EN_WORD 0u
#define DSOC_D_ACT2_EN_LSB 15u
#define DSOC_D_ACT2_EN_MASK 0x00008000u

/* zero1: act1: negative results become 0. */
#define DSOC_D_ZERO1_WORD 0u
#define DSOC_D_ZERO1_LSB 16u
#define DSOC_D_ZERO1_MASK 0x00010000u

/* zero2: act2: negative results become 0. */
#define DSOC_D_ZERO2_WORD 0u
#define DSOC_D_ZERO2_LSB 17u
#define DSOC_D_ZERO2_MASK 0x00020000u

/* chain: 1: weights blocks follow each other within one column (dense layers deeper than the weights RAM). */
#define DSOC_D_CHAIN_WORD 0u
#define DSOC_D_CHAIN_LSB 18u
#define DSOC_D_CHAIN_MASK 0x00040000u

/* pool: mac: pool in line behind the output stage: 0 none, 1 maxima over windows, 2 maximum or 3 average of the whole map. */
#define DSOC_D_POOL_WORD 0u
#define DSOC_D_POOL_LSB 19u
#define DSOC_D_POOL_MASK 0x00180000u
#define DSOC_D_POOL_NONE 0u
#define DSOC_D_POOL_WINDOWS 1u
#define DSOC_D_POOL_GLOBAL_MAX 2u
#define DSOC_D_POOL_GLOBAL_AVG 3u

/* wide: mac: 1: results leave drain_lanes channels a clock, 0: one. Then sw is 1, and channels, addresses of results and operands lie in aligned groups of drain_lanes. */
#define DSOC_D_WIDE_WORD 0u
#define DSOC_D_WIDE_LSB 21u
#define DSOC_D_WIDE_MASK 0x00200000u

/* spread: With weights_resident: mac: 1: the features of one input vector lie on the rows, each of which has weights of its own, out of the resident ones; the rows' sums are added. */
#define DSOC_D_SPREAD_WORD 0u
#define DSOC_D_SPREAD_LSB 24u
#define DSOC_D_SPREAD_MASK 0x01000000u

/* depthwise: mac: 1: every elastic group has a channel of its own and kw columns; ci is 1, n_words one set. */
#define DSOC_D_DEPTHWISE_WORD 0u
#define DSOC_D_DEPTHWISE_LSB 22u
#define DSOC_D_DEPTHWISE_MASK 0x00400000u

/* x_wide: depthwise: 1: pixels of drain_lanes channels are taken a clock, 0: of one. Then places of channels lie in aligned groups of so many. */
#define DSOC_D_X_WIDE_WORD 0u
#define DSOC_D_X_WIDE_LSB 23u
#define DSOC_D_X_WIDE_MASK 0x00800000u

/* tag: Index of the operation; must equal the row of the table. */
#define DSOC_D_TAG_WORD 1u
#define DSOC_D_TAG_LSB 0u
#define DSOC_D_TAG_MASK 0x0000FFFFu

/* net_id: Identity of the network; must equal NET_ID. */
#define DSOC_D_NET_ID_WORD 2u
#define DSOC_D_NET_ID_LSB 0u
#define DSOC_D_NET_ID_MASK 0xFFFFFFFFu

/* checksum: Chosen so that the exclusive or of all words of the descriptor is 0xD50CD50C. */
#define DSOC_D_CHECKSUM_WORD 3u
#define DSOC_D_CHECKSUM_LSB 0u
#define DSOC_D_CHECKSUM_MASK 0xFFFFFFFFu

/* sh1_pos (signed): act1 shift for a >= 0, -7 … 31. */
#define DSOC_D_SH1_POS_WORD 4u
#define DSOC_D_SH1_POS_LSB 0u
#define DSOC_D_SH1_POS_MASK 0x0000003Fu

/* sh1_neg (signed): act1 shift for a < 0, -7 … 31. */
#define DSOC_D_SH1_NEG_WORD 4u
#define DSOC_D_SH1_NEG_LSB 8u
#define DSOC_D_SH1_NEG_MASK 0x00003F00u

/* sh2_pos (signed): act2 shift for a >= 0, -7 … 31. */
#define DSOC_D_SH2_POS_WORD 4u
#define DSOC_D_SH2_POS_LSB 16u
#define DSOC_D_SH2_POS_MASK 0x003F0000u

/* sh2_neg (signed): act2 shift for a < 0, -7 … 31. */
#define DSOC_D_SH2_NEG_WORD 4u
#define DSOC_D_SH2_NEG_LSB 24u
#define DSOC_D_SH2_NEG_MASK 0x3F000000u

/* acc_lsh: Left shift of the value (after act1) before the operand tensor is added. */
#define DSOC_D_ACC_LSH_WORD 5u
#define DSOC_D_ACC_LSH_LSB 0u
#define DSOC_D_ACC_LSH_MASK 0x0000001Fu

/* opd_lsh: Left shift of the operand tensor. */
#define DSOC_D_OPD_LSH_WORD 5u
#define DSOC_D_OPD_LSH_LSB 8u
#define DSOC_D_OPD_LSH_MASK 0x00001F00u

/* avg_lsh: Average pool: left shift of the sum before the division. */
#define DSOC_D_AVG_LSH_WORD 5u
#define DSOC_D_AVG_LSH_LSB 16u
#define DSOC_D_AVG_LSH_MASK 0x00030000u

/* pool_steps: Global pool: bits of the quotient, x_bits + out_frac - in_frac, 0 … 15. */
#define DSOC_D_POOL_STEPS_WORD 5u
#define DSOC_D_POOL_STEPS_LSB 20u
#define DSOC_D_POOL_STEPS_MASK 0x00F00000u

/* x_base: Pixel reader: arena offset of line buffer 0 at n = l = 0 (modulo 2^32). */
#define DSOC_D_X_BASE_WORD 6u
#define DSOC_D_X_BASE_LSB 0u
#define DSOC_D_X_BASE_MASK 0xFFFFFFFFu

/* x_line_pitch: Bytes from one line buffer's line to the next. */
#define DSOC_D_X_LINE_PITCH_WORD 7u
#define DSOC_D_X_LINE_PITCH_LSB 0u
#define DSOC_D_X_LINE_PITCH_MASK 0xFFFFFFFFu

/* x_l_pitch: Bytes from one row block to the next. */
#define DSOC_D_X_L_PITCH_WORD 8u
#define DSOC_D_X_L_PITCH_LSB 0u
#define DSOC_D_X_L_PITCH_MASK 0xFFFFFFFFu

/* x_n_pitch: Bytes from one batch element to the next. */
#define DSOC_D_X_N_PITCH_WORD 9u
#define DSOC_D_X_N_PITCH_LSB 0u
#define DSOC_D_X_N_PITCH_MASK 0xFFFFFFFFu

/* x_lam0 (signed): Line number of buffer 0 at l = 0. */
#define DSOC_D_X_LAM0_WORD 10u
#define DSOC_D_X_LAM0_LSB 0u
#define DSOC_D_X_LAM0_MASK 0x0000FFFFu

/* x_lam_step: Line numbers a row block. */
#define DSOC_D_X_LAM_STEP_WORD 10u
#define DSOC_D_X_LAM_STEP_LSB 16u
#define DSOC_D_X_LAM_STEP_MASK 0xFFFF0000u

/* x_lines: Lines that exist. */
#define DSOC_D_X_LINES_WORD 11u
#define DSOC_D_X_LINES_LSB 0u
#define DSOC_D_X_LINES_MASK 0x0000FFFFu

/* x_off0: Byte offset of the first segment in a line. */
#define DSOC_D_X_OFF0_WORD 12u
#define DSOC_D_X_OFF0_LSB 0u
#define DSOC_D_X_OFF0_MASK 0xFFFFFFFFu

/* x_seg_step: Bytes from segment to segment. */
#define DSOC_D_X_SEG_STEP_WORD 13u
#define DSOC_D_X_SEG_STEP_LSB 0u
#define DSOC_D_X_SEG_STEP_MASK 0xFFFFFFFFu

/* x_seg_count: Segments a row block. */
#define DSOC_D_X_SEG_COUNT_WORD 14u
#define DSOC_D_X_SEG_COUNT_LSB 0u
#define DSOC_D_X_SEG_COUNT_MASK 0xFFFFFFFFu

/* x_seg_bytes: Bytes a segment. */
#define DSOC_D_X_SEG_BYTES_WORD 15u
#define DSOC_D_X_SEG_BYTES_LSB 0u
#define DSOC_D_X_SEG_BYTES_MASK 0xFFFFFFFFu

/* x_mask_lo: Line buffers that are needed, 31 … 0. */
#define DSOC_D_X_MASK_LO_WORD 16u
#define DSOC_D_X_MASK_LO_LSB 0u
#define DSOC_D_X_MASK_LO_MASK 0xFFFFFFFFu

/* x_mask_hi: Line buffers that are needed, 63 … 32. */
#define DSOC_D_X_MASK_HI_WORD 17u
#define DSOC_D_X_MASK_HI_LSB 0u
#define DSOC_D_X_MASK_HI_MASK 0xFFFFFFFFu

/* x_rows: Rows H of the input (flat: rows H of the flattened tensor). */
#define DSOC_D_X_ROWS_WORD 18u
#define DSOC_D_X_ROWS_LSB 0u
#define DSOC_D_X_ROWS_MASK 0x0000FFFFu

/* pad_top: Zero rows above. */
#define DSOC_D_PAD_TOP_WORD 18u
#define DSOC_D_PAD_TOP_LSB 16u
#define DSOC_D_PAD_TOP_MASK 0x00FF0000u

/* tap: Distance of neighbouring PE rows in the pixel shifter: Sh; flat: rpb. */
#define DSOC_D_TAP_WORD 18u
#define DSOC_D_TAP_LSB 24u
#define DSOC_D_TAP_MASK 0xFF000000u

/* row_step: Input rows a row block, R*Sh. */
#define DSOC_D_ROW_STEP_WORD 19u
#define DSOC_D_ROW_STEP_LSB 0u
#define DSOC_D_ROW_STEP_MASK 0x0000FFFFu

/* x_cols: Input columns that exist; behind them, and before them (x_before), there may be virtual ones. */
#define DSOC_D_X_COLS_WORD 19u
#define DSOC_D_X_COLS_LSB 16u
#define DSOC_D_X_COLS_MASK 0xFFFF0000u

/* w_count: Input columns processed a row block. */
#define DSOC_D_W_COUNT_WORD 20u
#define DSOC_D_W_COUNT_LSB 0u
#define DSOC_D_W_COUNT_MASK 0x0000FFFFu

/* wo_count: Output columns a row block. */
#define DSOC_D_WO_COUNT_WORD 20u
#define DSOC_D_WO_COUNT_LSB 16u
#define DSOC_D_WO_COUNT_MASK 0xFFFF0000u

/* n_count: Batch elements. */
#define DSOC_D_N_COUNT_WORD 21u
#define DSOC_D_N_COUNT_LSB 0u
#define DSOC_D_N_COUNT_MASK 0x0000FFFFu

/* l_count: Row blocks. */
#define DSOC_D_L_COUNT_WORD 21u
#define DSOC_D_L_COUNT_LSB 16u
#define DSOC_D_L_COUNT_MASK 0xFFFF0000u

/* t_count: Iterations. */
#define DSOC_D_T_COUNT_WORD 22u
#define DSOC_D_T_COUNT_LSB 0u
#define DSOC_D_T_COUNT_MASK 0x0000FFFFu

/* lines_flat: Flat: lines H of the flattened tensor, else 1. */
#define DSOC_D_LINES_FLAT_WORD 22u
#define DSOC_D_LINES_FLAT_LSB 16u
#define DSOC_D_LINES_FLAT_MASK 0xFFFF0000u

/* ci: Input channels (bytes) a column; flat: bytes a line. */
#define DSOC_D_CI_WORD 23u
#define DSOC_D_CI_LSB 0u
#define DSOC_D_CI_MASK 0xFFFFFFFFu

/* kh: Kernel rows; for pools the window's rows. */
#define DSOC_D_KH_WORD 24u
#define DSOC_D_KH_LSB 0u
#define DSOC_D_KH_MASK 0x000000FFu

/* kh_count: Clocks a (w, ci); kh but for pools. */
#define DSOC_D_KH_COUNT_WORD 24u
#define DSOC_D_KH_COUNT_LSB 8u
#define DSOC_D_KH_COUNT_MASK 0x0000FF00u

/* kw: Kernel columns as the array sees them (1 when decimated). */
#define DSOC_D_KW_WORD 24u
#define DSOC_D_KW_LSB 16u
#define DSOC_D_KW_MASK 0x00FF0000u

/* sw: Horizontal stride as the array sees it (1 when decimated). */
#define DSOC_D_SW_WORD 24u
#define DSOC_D_SW_LSB 24u
#define DSOC_D_SW_MASK 0xFF000000u

/* pos0: Position of the first output column at w = 0: left padding, if it is no virtual columns. */
#define DSOC_D_POS0_WORD 25u
#define DSOC_D_POS0_LSB 0u
#define DSOC_D_POS0_MASK 0x000000FFu

/* ns: Pools: open windows kept, ceil(kw/sw). */
#define DSOC_D_NS_WORD 25u
#define DSOC_D_NS_LSB 8u
#define DSOC_D_NS_MASK 0x0000FF00u

/* ch_per_t: Output channels an iteration. */
#define DSOC_D_CH_PER_T_WORD 26u
#define DSOC_D_CH_PER_T_LSB 0u
#define DSOC_D_CH_PER_T_MASK 0x0000FFFFu

/* ch_last: Output channels of the last iteration. */
#define DSOC_D_CH_LAST_WORD 26u
#define DSOC_D_CH_LAST_LSB 16u
#define DSOC_D_CH_LAST_MASK 0xFFFF0000u

/* k_addr: Arena offset of the weights stream of this operation. */
#define DSOC_D_K_ADDR_WORD 27u
#define DSOC_D_K_ADDR_LSB 0u
#define DSOC_D_K_ADDR_MASK 0xFFFFFFFFu

/* k_beats: Beats of the weights stream; 0 for pools. */
#define DSOC_D_K_BEATS_WORD 28u
#define DSOC_D_K_BEATS_LSB 0u
#define DSOC_D_K_BEATS_MASK 0xFFFFFFFFu

/* n_words: Weight words a weights set: steps of one column, ci*kh; flat and chained: features. */
#define DSOC_D_N_WORDS_WORD 29u
#define DSOC_D_N_WORDS_LSB 0u
#define DSOC_D_N_WORDS_MASK 0xFFFFFFFFu

/* y_base: Arena offset of the output tensor (or of slot 0). */
#define DSOC_D_Y_BASE_WORD 30u
#define DSOC_D_Y_BASE_LSB 0u
#define DSOC_D_Y_BASE_MASK 0xFFFFFFFFu

/* y_line_pitch: Bytes from line to line of the output; raw: AB. */
#define DSOC_D_Y_LINE_PITCH_WORD 31u
#define DSOC_D_Y_LINE_PITCH_LSB 0u
#define DSOC_D_Y_LINE_PITCH_MASK 0xFFFFFFFFu

/* y_l_pitch: Bytes from row block to row block of the output. */
#define DSOC_D_Y_L_PITCH_WORD 32u
#define DSOC_D_Y_L_PITCH_LSB 0u
#define DSOC_D_Y_L_PITCH_MASK 0xFFFFFFFFu

/* y_n_pitch: Bytes from batch element to batch element of the output. */
#define DSOC_D_Y_N_PITCH_WORD 33u
#define DSOC_D_Y_N_PITCH_LSB 0u
#define DSOC_D_Y_N_PITCH_MASK 0xFFFFFFFFu

/* y_wo_step: Bytes from output column to output column in a line (Co). */
#define DSOC_D_Y_WO_STEP_WORD 34u
#define DSOC_D_Y_WO_STEP_LSB 0u
#define DSOC_D_Y_WO_STEP_MASK 0xFFFFFFFFu

/* y_rows: Output rows Ho of the core (matrix and flat: batch N). */
#define DSOC_D_Y_ROWS_WORD 35u
#define DSOC_D_Y_ROWS_LSB 0u
#define DSOC_D_Y_ROWS_MASK 0x0000FFFFu

/* y_raw_step: Raw: bytes of a slot. */
#define DSOC_D_Y_RAW_STEP_WORD 35u
#define DSOC_D_Y_RAW_STEP_LSB 16u
#define DSOC_D_Y_RAW_STEP_MASK 0xFFFF0000u

/* o_base: Operand reader: as x_base. */
#define DSOC_D_O_BASE_WORD 36u
#define DSOC_D_O_BASE_LSB 0u
#define DSOC_D_O_BASE_MASK 0xFFFFFFFFu

/* o_line_pitch: As x_line_pitch. */
#define DSOC_D_O_LINE_PITCH_WORD 37u
#define DSOC_D_O_LINE_PITCH_LSB 0u
#define DSOC_D_O_LINE_PITCH_MASK 0xFFFFFFFFu

/* o_l_pitch: As x_l_pitch. */
#define DSOC_D_O_L_PITCH_WORD 38u
#define DSOC_D_O_L_PITCH_LSB 0u
#define DSOC_D_O_L_PITCH_MASK 0xFFFFFFFFu

/* o_n_pitch: As x_n_pitch. */
#define DSOC_D_O_N_PITCH_WORD 39u
#define DSOC_D_O_N_PITCH_LSB 0u
#define DSOC_D_O_N_PITCH_MASK 0xFFFFFFFFu

/* o_lam_step: Line numbers a row block; partial sums 0. */
#define DSOC_D_O_LAM_STEP_WORD 40u
#define DSOC_D_O_LAM_STEP_LSB 0u
#define DSOC_D_O_LAM_STEP_MASK 0x0000FFFFu

/* o_lines: Lines that exist; partial sums: beats a slot. */
#define DSOC_D_O_LINES_WORD 40u
#define DSOC_D_O_LINES_LSB 16u
#define DSOC_D_O_LINES_MASK 0xFFFF0000u

/* o_seg_step: As x_seg_step. */
#define DSOC_D_O_SEG_STEP_WORD 41u
#define DSOC_D_O_SEG_STEP_LSB 0u
#define DSOC_D_O_SEG_STEP_MASK 0xFFFFFFFFu

/* o_seg_count: As x_seg_count. */
#define DSOC_D_O_SEG_COUNT_WORD 42u
#define DSOC_D_O_SEG_COUNT_LSB 0u
#define DSOC_D_O_SEG_COUNT_MASK 0xFFFFFFFFu

/* o_seg_bytes: As x_seg_bytes. */
#define DSOC_D_O_SEG_BYTES_WORD 43u
#define DSOC_D_O_SEG_BYTES_LSB 0u
#define DSOC_D_O_SEG_BYTES_MASK 0xFFFFFFFFu

/* o_seg_bytes_last: Bytes a segment of the last iteration. */
#define DSOC_D_O_SEG_BYTES_LAST_WORD 44u
#define DSOC_D_O_SEG_BYTES_LAST_LSB 0u
#define DSOC_D_O_SEG_BYTES_LAST_MASK 0xFFFFFFFFu

/* o_t_step: Byte offset from iteration to iteration. */
#define DSOC_D_O_T_STEP_WORD 45u
#define DSOC_D_O_T_STEP_LSB 0u
#define DSOC_D_O_T_STEP_MASK 0xFFFFFFFFu

/* o_t_count: Iterations; partial sums 1. */
#define DSOC_D_O_T_COUNT_WORD 46u
#define DSOC_D_O_T_COUNT_LSB 0u
#define DSOC_D_O_T_COUNT_MASK 0x0000FFFFu

/* o_n_count: Batch elements; partial sums 1. */
#define DSOC_D_O_N_COUNT_WORD 46u
#define DSOC_D_O_N_COUNT_LSB 16u
#define DSOC_D_O_N_COUNT_MASK 0xFFFF0000u

/* o_l_count: Row blocks; partial sums 1. */
#define DSOC_D_O_L_COUNT_WORD 47u
#define DSOC_D_O_L_COUNT_LSB 0u
#define DSOC_D_O_L_COUNT_MASK 0x0000FFFFu

/* pool_count: Global pool: elements of the map, by which a sum is divided; 1 for a maximum. */
#define DSOC_D_POOL_COUNT_WORD 47u
#define DSOC_D_POOL_COUNT_LSB 16u
#define DSOC_D_POOL_COUNT_MASK 0xFFFF0000u

/* pool_rows: Maxima over windows: pooled rows. */
#define DSOC_D_POOL_ROWS_WORD 48u
#define DSOC_D_POOL_ROWS_LSB 0u
#define DSOC_D_POOL_ROWS_MASK 0x0000FFFFu

/* pool_cols: Maxima over windows: pooled columns. */
#define DSOC_D_POOL_COLS_WORD 48u
#define DSOC_D_POOL_COLS_LSB 16u
#define DSOC_D_POOL_COLS_MASK 0xFFFF0000u

/* pool_kw: Maxima over windows: columns of a window, at most pool_sw + 1. */
#define DSOC_D_POOL_KW_WORD 49u
#define DSOC_D_POOL_KW_LSB 0u
#define DSOC_D_POOL_KW_MASK 0x000000FFu

/* pool_sw: Maxima over windows: horizontal stride. */
#define DSOC_D_POOL_SW_WORD 49u
#define DSOC_D_POOL_SW_LSB 8u
#define DSOC_D_POOL_SW_MASK 0x0000FF00u

/* pool_pad_left: Maxima over windows: columns of padding on the left. */
#define DSOC_D_POOL_PAD_LEFT_WORD 49u
#define DSOC_D_POOL_PAD_LEFT_LSB 16u
#define DSOC_D_POOL_PAD_LEFT_MASK 0x00FF0000u

/* pool_kh: Maxima over windows: rows of a window, 1 to 3, at most pool_sh + 1. */
#define DSOC_D_POOL_KH_WORD 49u
#define DSOC_D_POOL_KH_LSB 24u
#define DSOC_D_POOL_KH_MASK 0x03000000u

/* pool_sh: Maxima over windows: vertical stride, 2 or 3. */
#define DSOC_D_POOL_SH_WORD 49u
#define DSOC_D_POOL_SH_LSB 26u
#define DSOC_D_POOL_SH_MASK 0x0C000000u

/* pool_pad_top: Maxima over windows: rows of padding above. */
#define DSOC_D_POOL_PAD_TOP_WORD 49u
#define DSOC_D_POOL_PAD_TOP_LSB 28u
#define DSOC_D_POOL_PAD_TOP_MASK 0x30000000u

/* x_follows: Pixels are fetched ahead: 0 not before all writes of the operation before are acknowledged, 1 as far as the mark has come, 2 at once. */
#define DSOC_D_X_FOLLOWS_WORD 50u
#define DSOC_D_X_FOLLOWS_LSB 0u
#define DSOC_D_X_FOLLOWS_MASK 0x00000003u
#define DSOC_D_X_FOLLOWS_ALL 0u
#define DSOC_D_X_FOLLOWS_MARK 1u
#define DSOC_D_X_FOLLOWS_NONE 2u

/* x_returns: Mark: how often the operation before returns to lower addresses until its last iteration. */
#define DSOC_D_X_RETURNS_WORD 50u
#define DSOC_D_X_RETURNS_LSB 16u
#define DSOC_D_X_RETURNS_MASK 0xFFFF0000u

/* x_guard: Mark: bytes from line buffer 0 to the line that the mark must have passed. */
#define DSOC_D_X_GUARD_WORD 51u
#define DSOC_D_X_GUARD_LSB 0u
#define DSOC_D_X_GUARD_MASK 0xFFFFFFFFu

/* m1: With scale_bits: factor of act1, of pools; others have one a channel beside their biases. */
#define DSOC_D_M1_WORD 52u
#define DSOC_D_M1_LSB 0u
#define DSOC_D_M1_MASK 0x0001FFFFu

/* s1: With scale_bits: right shift behind m1. */
#define DSOC_D_S1_WORD 52u
#define DSOC_D_S1_LSB 17u
#define DSOC_D_S1_MASK 0x007E0000u

/* slope1: With scale_bits: how much further act1 shifts for a < 0. */
#define DSOC_D_SLOPE1_WORD 52u
#define DSOC_D_SLOPE1_LSB 24u
#define DSOC_D_SLOPE1_MASK 0x07000000u

/* m2: With scale_bits: factor of act2. */
#define DSOC_D_M2_WORD 53u
#define DSOC_D_M2_LSB 0u
#define DSOC_D_M2_MASK 0x0001FFFFu

/* s2: With scale_bits: right shift behind m2. */
#define DSOC_D_S2_WORD 53u
#define DSOC_D_S2_LSB 17u
#define DSOC_D_S2_MASK 0x007E0000u

/* slope2: With scale_bits: how much further act2 shifts for a < 0. */
#define DSOC_D_SLOPE2_WORD 53u
#define DSOC_D_SLOPE2_LSB 24u
#define DSOC_D_SLOPE2_MASK 0x07000000u

/* z1 (signed): With scale_bits: added to what act1 has rounded. */
#define DSOC_D_Z1_WORD 54u
#define DSOC_D_Z1_LSB 0u
#define DSOC_D_Z1_MASK 0x0000FFFFu

/* lo1 (signed): With scale_bits: least result of act1. */
#define DSOC_D_LO1_WORD 54u
#define DSOC_D_LO1_LSB 16u
#define DSOC_D_LO1_MASK 0xFFFF0000u

/* hi1 (signed): With scale_bits: greatest result of act1. */
#define DSOC_D_HI1_WORD 55u
#define DSOC_D_HI1_LSB 0u
#define DSOC_D_HI1_MASK 0x0000FFFFu

/* z2 (signed): With scale_bits: added to what act2 has rounded. */
#define DSOC_D_Z2_WORD 55u
#define DSOC_D_Z2_LSB 16u
#define DSOC_D_Z2_MASK 0xFFFF0000u

/* lo2 (signed): With scale_bits: least result of act2. */
#define DSOC_D_LO2_WORD 56u
#define DSOC_D_LO2_LSB 0u
#define DSOC_D_LO2_MASK 0x0000FFFFu

/* hi2 (signed): With scale_bits: greatest result of act2. */
#define DSOC_D_HI2_WORD 56u
#define DSOC_D_HI2_LSB 16u
#define DSOC_D_HI2_MASK 0xFFFF0000u

/* x_zero (signed): With scale_bits: mac: the pixel of rows and columns that do not exist. */
#define DSOC_D_X_ZERO_WORD 57u
#define DSOC_D_X_ZERO_LSB 0u
#define DSOC_D_X_ZERO_MASK 0x000000FFu

/* o_zero (signed): With scale_bits: taken from the operand tensor before it is shifted. */
#define DSOC_D_O_ZERO_WORD 57u
#define DSOC_D_O_ZERO_LSB 8u
#define DSOC_D_O_ZERO_MASK 0x0000FF00u

/* x_before: With scale_bits: mac: of the columns processed, those that do not exist before the first that does. */
#define DSOC_D_X_BEFORE_WORD 57u
#define DSOC_D_X_BEFORE_LSB 16u
#define DSOC_D_X_BEFORE_MASK 0x00FF0000u

/* x_term (signed): With scale_bits: pools: added to what leaves the pooling unit. */
#define DSOC_D_X_TERM_WORD 58u
#define DSOC_D_X_TERM_LSB 0u
#define DSOC_D_X_TERM_MASK 0x0000FFFFu

/* x_t_step: With depthwise: bytes from an iteration's first segment to the next one's. */
#define DSOC_D_X_T_STEP_WORD 59u
#define DSOC_D_X_T_STEP_LSB 0u
#define DSOC_D_X_T_STEP_MASK 0xFFFFFFFFu

/* x_seg_bytes_last: With depthwise: as x_seg_bytes, of the last iteration. */
#define DSOC_D_X_SEG_BYTES_LAST_WORD 60u
#define DSOC_D_X_SEG_BYTES_LAST_LSB 0u
#define DSOC_D_X_SEG_BYTES_LAST_MASK 0xFFFFFFFFu

/* load_addr: Spread: arena offset of the stream that fills the resident weights of this operation. */
#define DSOC_D_LOAD_ADDR_WORD 61u
#define DSOC_D_LOAD_ADDR_LSB 0u
#define DSOC_D_LOAD_ADDR_MASK 0xFFFFFFFFu

/* load_beats: Spread: beats of that stream, which is read only where the weights of the network are not there yet; 0: an operation before brings them. */
#define DSOC_D_LOAD_BEATS_WORD 62u
#define DSOC_D_LOAD_BEATS_LSB 0u
#define DSOC_D_LOAD_BEATS_MASK 0xFFFFFFFFu

/* resident: Spread: first resident word of the operation. */
#define DSOC_D_RESIDENT_WORD 63u
#define DSOC_D_RESIDENT_LSB 0u
#define DSOC_D_RESIDENT_MASK 0x000FFFFFu

#endif /* DSOC_MAP_H */
