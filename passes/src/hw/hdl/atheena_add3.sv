// Sums of three numbers: a + b + c, with INVERTED = 1 a + b + ~c, with 2 a + ~b + ~c, modulo 2^WIDTH. From bit ALONE on b and c, or what they are
// inverted, are 0, and in the bit before as well.
//
// A device of Xilinx makes a bit of such a sum in one LUT of two outputs and its carry (Simkins and Young, US patent 7 274 211, 2007):
// the LUT adds three bits, its majority goes to the next bit's LUT, and the carry chain adds the two rows. Vivado infers that from the
// sum. Yosys does not: define ATHEENA_XILINX_CELLS for it.
module atheena_add3 #(
  parameter WIDTH = 8,
  parameter INVERTED = 0,
  parameter ALONE = WIDTH
) (
  input  [WIDTH-1:0] a,
  input  [WIDTH-1:0] b,
  input  [WIDTH-1:0] c,
  output [WIDTH-1:0] s
);
`ifdef ATHEENA_XILINX_CELLS
  localparam CELLS = (WIDTH + 3) / 4;
  // Inputs 0 to 3 are a, b, c and the majority of the bit before. With input 5, the upper half, a bit of the sum; without, the majority.
  localparam [63:0] TABLE = INVERTED == 0 ? 64'h6996_6996_e8e8_e8e8 :
                            INVERTED == 1 ? 64'h9669_9669_8e8e_8e8e : 64'h6996_6996_2b2b_2b2b;
  wire [4*CELLS-1:0] sum, carry;
  wire [4*CELLS:0] majority;
  wire [4*CELLS-1:0] total;
  assign majority[0] = 1'b0;
  genvar i;
  generate
    for (i = 0; i < 4 * CELLS; i = i + 1) begin : bits
      if (i < ALONE) begin : used
        LUT6_2 #(.INIT(TABLE)) add (
          .I0(a[i]), .I1(b[i]), .I2(c[i]), .I3(majority[i]), .I4(1'b0), .I5(1'b1), .O6(sum[i]), .O5(majority[i+1])
        );
      end else if (i < WIDTH) begin : alone
        assign sum[i] = a[i];
        assign majority[i+1] = 1'b0;
      end else begin : unused
        assign sum[i] = 1'b0;
        assign majority[i+1] = 1'b0;
      end
    end
    for (i = 0; i < CELLS; i = i + 1) begin : chain
      if (i == 0) begin : first
        CARRY4 add (
          .CI(1'b0), .CYINIT(1'b0), .DI(majority[3:0]), .S(sum[3:0]), .O(total[3:0]), .CO(carry[3:0])
        );
      end else begin : next
        CARRY4 add (
          .CI(carry[4*i-1]), .CYINIT(1'b0), .DI(majority[4*i+:4]), .S(sum[4*i+:4]), .O(total[4*i+:4]),
          .CO(carry[4*i+:4])
        );
      end
    end
  endgenerate
  assign s = total[WIDTH-1:0];
`else
  assign s = INVERTED == 0 ? a + b + c : INVERTED == 1 ? a + b + ~c : a + ~b + ~c;
`endif
endmodule
