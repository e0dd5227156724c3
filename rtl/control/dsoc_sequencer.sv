/// Sequencer: fetches the descriptor table, checks every descriptor, runs one operation after the other.
///
/// The next descriptor is fetched and its weights command queued while the current operation runs. An operation is over when
/// all its results are made, the last one when the writer has no write unacknowledged (`written_i`). Until `settled_i` some
/// of the operation before are not, and a write error is of that one.
///
/// All that works on a run is in reset (`run_rst_no`) while there is none. A run that stops early, on an error or by
/// `abort_i`, drains first: `stop_o` closes the gates of the AXI ports, and the run is over when they are idle
/// (`quiet_i`). `ended_o` pulses at the end of a run that was not aborted, with `error_o` 0 if it is done.
///
/// Resident weights: an operation's command may have one before it that fills them. It is left out where all of that network are
/// there: since a run that filled them was done, until another one fills them, a reset, or `abort_i`.
///
/// Parameters:
///   AxiBits, AddrBits  of the descriptor port (shared with the weights)
///   MaxBurst           beats of a burst, power of two
///   Resident           there are resident weights
module dsoc_sequencer #(
    parameter int unsigned AxiBits  = 128,
    parameter int unsigned AddrBits = 40,
    parameter int unsigned MaxBurst = 16,
    parameter bit Resident = 1'b0
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                start_i,
    input  logic                abort_i,
    input  logic [AddrBits-1:0] arena_i,
    input  logic [        31:0] table_offset_i,
    input  logic [        15:0] n_ops_i,
    input  logic [        31:0] net_id_i,
    input  logic                fault_read_i,
    input  logic                fault_write_i,
    input  logic                fault_weights_i,
    input  logic                fault_locked_i,
    input  logic                quiet_i,
    output logic                stop_o,
    output logic                run_rst_no,
    output logic                busy_o,
    output logic                ended_o,
    output logic [         3:0] error_o,
    output logic [        15:0] op_index_o,

    output logic [AddrBits-1:0] araddr_o,
    output logic [         7:0] arlen_o,
    output logic                arvalid_o,
    input  logic                arready_i,
    input  logic [ AxiBits-1:0] rdata_i,
    input  logic                rvalid_i,
    output logic                rready_o,

    output dsoc_map_pkg::desc_t        desc_o,
    output dsoc_map_pkg::desc_t        next_desc_o,
    output logic                       next_valid_o,
    output logic                       op_start_o,
    input  logic                       op_finished_i,
    input  logic                       written_i,
    input  logic                       settled_i,
    output logic                       op_over_o,
    output logic                [31:0] weights_offset_o,
    output logic                [31:0] weights_beats_o,
    output logic                       weights_valid_o,
    input  logic                       weights_ready_i
);

  localparam int unsigned DescBits = 32 * dsoc_map_pkg::DESCRIPTOR_WORDS;
  localparam int unsigned DescBeats = DescBits / AxiBits;
  localparam int unsigned BurstBeats = (MaxBurst < DescBeats) ? MaxBurst : DescBeats;
  localparam int unsigned BeatCount = $clog2(DescBeats + 1);

  typedef enum logic [2:0] {
    Idle,
    Begin,
    Wait,
    Start,
    Run,
    Drain
  } state_e;

  typedef enum logic [2:0] {
    FetchIdle,
    FetchAddr,
    FetchData,
    FetchCheck,
    FetchWeights,
    FetchDone,
    FetchLoad
  } fetch_e;

  state_e state_q;
  fetch_e fetch_q;
  dsoc_map_pkg::desc_t next_q, desc_q;
  logic [15:0] op_q, fetch_op_q;
  logic [BeatCount-1:0] asked_q, got_q;
  logic [31:0] folded, folded_q;  // exclusive or of the words of a beat, of the descriptor
  logic [ 3:0] bad;
  logic last_op_q;  // a clock behind op_q, which changes before Start
  logic loads, kept;  // resident weights: they are asked for; all of the network are there

  // ---- fetching ----------------------------------------------------------------------------------------------------
  logic [31:0] fetch_offset;
  assign fetch_offset = table_offset_i + 32'(fetch_op_q) * (DescBits / 8) + 32'(asked_q) * (AxiBits / 8);
  assign araddr_o = arena_i + AddrBits'(fetch_offset);
  assign arlen_o = 8'(BurstBeats - 1);
  assign arvalid_o = fetch_q == FetchAddr;
  assign rready_o = fetch_q == FetchData;
  assign weights_offset_o = loads ? next_q.load_addr : next_q.k_addr;
  assign weights_beats_o = loads ? next_q.load_beats : next_q.k_beats;
  assign weights_valid_o = loads || fetch_q == FetchWeights;

  always_comb begin
    folded = '0;
    for (int unsigned w = 0; w < AxiBits / 32; w++) folded ^= rdata_i[32*w+:32];
    if (folded_q != dsoc_map_pkg::CHECKSUM || next_q.magic != dsoc_map_pkg::DESCRIPTOR_MAGIC) begin
      bad = dsoc_map_pkg::STATUS_ERROR_CODE_MAGIC;
    end else if (next_q.net_id != net_id_i) begin
      bad = dsoc_map_pkg::STATUS_ERROR_CODE_NET_ID;
    end else if (next_q.tag != fetch_op_q) begin
      bad = dsoc_map_pkg::STATUS_ERROR_CODE_ORDER;
    end else begin
      bad = '0;
    end
  end

  logic [3:0] bad_q;

  always_ff @(posedge clk_i or negedge run_rst_no) begin
    if (!run_rst_no) begin
      fetch_q    <= FetchIdle;
      fetch_op_q <= '0;
      asked_q    <= '0;
      got_q      <= '0;
      next_q     <= '0;
      folded_q   <= '0;
      bad_q      <= '0;
    end else begin
      unique case (fetch_q)
        FetchIdle: begin
          asked_q  <= '0;
          got_q    <= '0;
          folded_q <= '0;
          if (state_q == Begin || state_q == Start) begin
            fetch_op_q <= state_q == Begin ? '0 : op_q + 16'd1;
            if (state_q == Begin || !last_op_q) fetch_q <= FetchAddr;
          end
        end
        FetchAddr: begin
          if (arready_i) begin
            asked_q <= asked_q + BeatCount'(BurstBeats);
            fetch_q <= FetchData;
          end
        end
        FetchData: begin
          if (rvalid_i) begin
            next_q   <= dsoc_map_pkg::desc_t'({rdata_i, DescBits'(next_q)} >> AxiBits);
            folded_q <= folded_q ^ folded;
            got_q    <= got_q + 1'b1;
            if (got_q == BeatCount'(DescBeats - 1)) fetch_q <= FetchCheck;
            else if (got_q + 1'b1 == asked_q) fetch_q <= FetchAddr;
          end
        end
        FetchCheck: begin
          bad_q   <= bad;
          fetch_q <= (bad != '0 || next_q.k_beats == '0) ? FetchDone :
              (!kept && next_q.load_beats != '0) ? FetchLoad : FetchWeights;
        end
        FetchLoad: begin
          if (weights_ready_i) fetch_q <= FetchWeights;
        end
        FetchWeights: begin
          if (weights_ready_i) fetch_q <= FetchDone;
        end
        default: begin
          if (state_q == Wait && bad_q == '0) fetch_q <= FetchIdle;
        end
      endcase
    end
  end

  // ---- resident weights ------------------------------------------------------------------------------------------------
  if (Resident) begin : gen_resident
    logic filled_q, whole_q;  // in this run; all of network `id_q` are there
    logic [31:0] id_q;

    assign loads = fetch_q == FetchLoad;
    assign kept  = whole_q && id_q == net_id_i;

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        filled_q <= 1'b0;
        whole_q  <= 1'b0;
        id_q     <= '0;
      end else begin
        if (loads) begin
          filled_q <= 1'b1;
          id_q     <= net_id_i;
        end else if (state_q == Begin) begin
          filled_q <= 1'b0;
        end
        if (loads || abort_i) whole_q <= 1'b0;
        else if (ended_o && filled_q) whole_q <= error_o == '0;
      end
    end
  end else begin : gen_no_resident
    assign loads = 1'b0;
    assign kept  = 1'b1;
  end

  // ---- running -------------------------------------------------------------------------------------------------------
  logic [3:0] refused, fault;

  assign desc_o       = desc_q;
  assign next_desc_o  = next_q;
  assign next_valid_o = fetch_q == FetchDone && bad_q == '0;
  assign op_over_o    = state_q == Run && op_finished_i && settled_i && (!last_op_q || written_i);
  assign op_index_o   = op_q;
  assign busy_o       = state_q != Idle;

  always_comb begin
    if (n_ops_i == '0) refused = dsoc_map_pkg::STATUS_ERROR_CODE_EMPTY;
    else if (arena_i[11:0] != '0 || table_offset_i[7:0] != '0) refused = dsoc_map_pkg::STATUS_ERROR_CODE_ALIGNMENT;
    else refused = '0;

    if (fault_read_i) fault = dsoc_map_pkg::STATUS_ERROR_CODE_AXI_READ;
    else if (fault_write_i) fault = dsoc_map_pkg::STATUS_ERROR_CODE_AXI_WRITE;
    else if (fault_weights_i) fault = dsoc_map_pkg::STATUS_ERROR_CODE_WEIGHTS;
    else if (fault_locked_i) fault = dsoc_map_pkg::STATUS_ERROR_CODE_LOCKED;
    else if (state_q == Wait && fetch_q == FetchDone) fault = bad_q;
    else fault = '0;
  end

  logic aborted_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q    <= Idle;
      run_rst_no <= 1'b0;
      desc_q     <= '0;
      op_q       <= '0;
      aborted_q  <= 1'b0;
      op_start_o <= 1'b0;  // in state Start
      ended_o    <= 1'b0;
      error_o    <= '0;
      stop_o     <= 1'b0;  // in state Drain
      last_op_q  <= 1'b0;
    end else begin
      last_op_q  <= op_q + 16'd1 == n_ops_i;
      ended_o    <= 1'b0;
      op_start_o <= 1'b0;
      unique case (state_q)
        Idle: begin
          if (start_i) begin
            op_q       <= '0;
            aborted_q  <= 1'b0;
            error_o    <= refused;
            ended_o    <= refused != '0;
            run_rst_no <= refused == '0;
            if (refused == '0) state_q <= Begin;
          end
        end
        Begin: state_q <= Wait;
        Wait: begin
          if (fetch_q == FetchDone) begin
            desc_q     <= next_q;
            state_q    <= Start;
            op_start_o <= 1'b1;
          end
        end
        Start: state_q <= Run;
        Run: begin
          if (op_over_o) begin
            state_q <= Wait;
            op_q    <= op_q + 16'd1;
            if (last_op_q) begin
              stop_o     <= !quiet_i;
              state_q    <= quiet_i ? Idle : Drain;  // the rest of reads that nobody needed
              op_q       <= op_q;
              run_rst_no <= !quiet_i;
              ended_o    <= quiet_i;
            end
          end
        end
        default: begin
          if (quiet_i) begin
            state_q    <= Idle;
            stop_o     <= 1'b0;
            run_rst_no <= 1'b0;
            ended_o    <= !aborted_q && !abort_i;
          end
        end
      endcase
      if (busy_o && state_q != Drain && (abort_i || fault != '0)) begin
        state_q    <= Drain;
        stop_o     <= 1'b1;
        run_rst_no <= 1'b1;
        op_start_o <= 1'b0;
        op_q       <= op_q - 16'(fault_write_i && !settled_i);  // also where the operation ends in this clock
        ended_o    <= 1'b0;
        error_o    <= fault;
      end
      if (busy_o && abort_i) begin
        aborted_q <= 1'b1;
        error_o   <= '0;
      end
    end
  end

endmodule
