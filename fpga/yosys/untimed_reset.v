// For timing only: flip-flops without their asynchronous reset, through which nothing is timed in operation.

module FDCE (
    output Q,
    input  C,
    input  CE,
    input  CLR,
    input  D
);
  parameter [0:0] INIT = 1'b0;
  FDRE #(.INIT(INIT)) _TECHMAP_REPLACE_ (.Q(Q), .C(C), .CE(CE), .R(1'b0), .D(D));
endmodule

module FDPE (
    output Q,
    input  C,
    input  CE,
    input  PRE,
    input  D
);
  parameter [0:0] INIT = 1'b1;
  FDSE #(.INIT(INIT)) _TECHMAP_REPLACE_ (.Q(Q), .C(C), .CE(CE), .S(1'b0), .D(D));
endmodule
