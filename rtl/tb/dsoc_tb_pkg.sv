/// What the testbench's modules share: the functions behind DPI-C (deepsoc/sim/harness/bench), and random stalls.
///
/// Every imported function returns at once but dsoc_tb_command(), which waits until the firmware, a thread of its own,
/// has said what it wants next. None calls back.
package dsoc_tb_pkg;

  // Reads the job and starts the firmware; 0: done. `threshold`: of a stall, in 2^-32.
  import "DPI-C" function int dsoc_tb_open(
    input string job,
    output longint unsigned threshold,
    output longint unsigned seed,
    output int unsigned latency,
    output int unsigned max_burst
  );
  // A clock is over. `idle`: nothing is under way on ports x, k, o, y; `active`: a transfer went on.
  import "DPI-C" function void dsoc_tb_clock(
    input int unsigned idle,
    input int unsigned active,
    input int unsigned op_done,
    input int unsigned op_index
  );
  // What the firmware does next, once the last command has its answer: None, Read, Write, or Finish.
  import "DPI-C" function int dsoc_tb_command(
    input int unsigned irq,
    input int unsigned answer,
    output int unsigned offset,
    output int unsigned value
  );
  // CTRL.start is written in this clock.
  import "DPI-C" function void dsoc_tb_start();
  // A burst was accepted on port 0 … 3 (x, k, o, y).
  import "DPI-C" function void dsoc_tb_burst(
    input int unsigned port,
    input longint unsigned address,
    input int unsigned bytes
  );
  // One word of memory; `address` is a multiple of 4.
  import "DPI-C" function int unsigned dsoc_tb_read(input longint unsigned address);
  import "DPI-C" function void dsoc_tb_write(
    input longint unsigned address,
    input int unsigned data,
    input int unsigned strobes
  );
  // A rule is broken: the run ends with these words.
  import "DPI-C" function void dsoc_tb_violation(input string words);

  localparam int None = 0;
  localparam int Read = 1;
  localparam int Write = 2;
  localparam int Finish = 3;

  localparam longint unsigned Golden = 64'h9E37_79B9_7F4A_7C15;

  /// First state of a channel's random numbers (splitmix64); equal seeds stall alike in every simulator.
  function automatic longint unsigned seeded(input longint unsigned seed);
    return seed * Golden + 64'hD1B5_4A32_D192_ED03 + Golden;
  endfunction

  /// The channel's next random number; none is drawn where nothing ever stalls. (An inout argument would be shorter, but
  /// Verilator 5.49 forgets such a variable from clock to clock.)
  function automatic longint unsigned next(input longint unsigned state, input longint unsigned threshold);
    return threshold == 0 ? state : state + Golden;
  endfunction

  /// Whether the channel stalls in the clock for which `state` was drawn.
  function automatic bit stalls(input longint unsigned state, input longint unsigned threshold);
    longint unsigned z;
    z = (state ^ (state >> 30)) * 64'hBF58_476D_1CE4_E5B9;
    z = (z ^ (z >> 27)) * 64'h94D0_49BB_1331_11EB;
    z = z ^ (z >> 31);
    return threshold != 0 && (z >> 32) < threshold;
  endfunction

endpackage
