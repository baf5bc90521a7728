// One of each resource of a 7-series device, in amounts that can be counted by hand.

// Four registers behind four two-input gates: 4 LUT, 4 FF.
module gates (input clk, input rst, input [3:0] a, input [3:0] b, output reg [3:0] q);
  always_ff @(posedge clk)
    if (rst) q <= 4'd0;
    else q <= a ^ b;
endmodule

module parts (
  input             clk,
  input             rst,
  input      [3:0]  a,
  input      [3:0]  b,
  output     [3:0]  q0,
  output     [3:0]  q1,
  input      [9:0]  address,
  output reg [35:0] word,
  input             write,
  input      [4:0]  place,
  input      [5:0]  put,
  output     [5:0]  got,
  input      [23:0] x,
  input      [17:0] y,
  output reg [41:0] product,
  output            late
);
  gates first(.clk(clk), .rst(rst), .a(a), .b(b), .q(q0));
  gates second(.clk(clk), .rst(rst), .a(b), .b(a), .q(q1));

  // 36 kbit: one RAMB36E1, which is two of 18 kbit.
  reg [35:0] rom [0:1023];
  initial $readmemh("weights/rom.mem", rom);
  always_ff @(posedge clk) word <= rom[address];

  // 32 words of 6 bits: one RAM32M, which takes the four LUTs of a slice.
  reg [5:0] ram [0:31];
  always_ff @(posedge clk) if (write) ram[place] <= put;
  assign got = ram[place];

  // One DSP48E1, its output register included.
  always_ff @(posedge clk) product <= $signed(x) * $signed(y);

  // A delay of 16 cycles: one SRL16E.
  reg [15:0] delay;
  always_ff @(posedge clk) delay <= {delay[14:0], write};
  assign late = delay[15];
endmodule
