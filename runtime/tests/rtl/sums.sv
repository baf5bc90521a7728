// Ten "logits" of a sample of eight pixels, two a beat: logit k is the sum of the pixels plus k, modulo 256. A sample
// whose sum is odd leaves by exit 1, else by exit 0. Obeys the interface of generated accelerators, unless
// weights/mutant.mem says otherwise.
module sums (
  input               clk,
  input               rst,
  input  [15:0]       s_axis_tdata,
  input               s_axis_tvalid,
  output              s_axis_tready,
  input               s_axis_tlast,
  input  [15:0]       s_axis_tid,
  output [39:0]       m_axis_tdata,
  output              m_axis_tvalid,
  input               m_axis_tready,
  output              m_axis_tlast,
  output [15:0]       m_axis_tid,
  output [7:0]        m_axis_tuser
);
  // Biases 0 to 9 come from a memory image, as the weights of an accelerator do.
  reg [7:0] bias [0:9];
  reg [7:0] mutant [0:0];
  initial begin
    $readmemh("weights/bias.mem", bias);
    $readmemh("weights/mutant.mem", mutant);
  end
  wire hang   = mutant[0] == 8'd1;
  wire lose   = mutant[0] == 8'd2;
  wire drop   = mutant[0] == 8'd3;
  wire change = mutant[0] == 8'd4;
  wire waits  = mutant[0] == 8'd5;
  wire early  = mutant[0] == 8'd6;
  wire swap   = mutant[0] == 8'd7;
  wire repeats = mutant[0] == 8'd8;
  wire escape = mutant[0] == 8'd9;
  wire finish = mutant[0] == 8'd10;
  wire keep = mutant[0] == 8'd11;

  reg [7:0]  sum, result;
  reg [15:0] tag, result_tag;
  reg [15:0] samples;
  reg        first, busy, half;

  wire accept = s_axis_tvalid & s_axis_tready;
  wire last_out = m_axis_tvalid & m_axis_tready & half;
  wire [7:0] base = first ? 8'd0 : sum;
  wire [7:0] total = base + s_axis_tdata[7:0] + s_axis_tdata[15:8];

  reg again;
  reg [3:0] shy;

  assign s_axis_tready = ~busy & ~(hang & samples >= 16'd20);

  always_ff @(posedge clk) begin
    if (rst) begin
      // The mutant works after the first reset because simulated registers start at 0.
      first <= 1'b1; busy <= keep & busy; half <= keep & half; samples <= 16'd0; again <= 1'b0; shy <= 4'd0;
    end else begin
      shy <= shy + 4'd1;
      if (accept) begin
        sum <= total;
        if (first) tag <= s_axis_tid;
        first <= s_axis_tlast;
        if (s_axis_tlast) begin
          samples <= samples + 16'd1;
          result <= total;
          result_tag <= tag;
          busy <= ~(lose & samples == 16'd7);
        end
      end
      if (m_axis_tvalid & m_axis_tready) half <= ~half;
      if (last_out) begin
        busy <= repeats & samples == 16'd9 & ~again;
        again <= samples == 16'd9;
      end
      if (change & m_axis_tvalid & ~m_axis_tready) result <= result + 8'd1;
`ifndef SYNTHESIS
      if (finish & samples == 16'd3) $finish;
`endif
    end
  end

  assign m_axis_tvalid = busy & ~(drop & &shy) & ~(waits & ~m_axis_tready);
  assign m_axis_tlast = half | early;
  assign m_axis_tid = swap ? result_tag ^ 16'h8000 : result_tag;
  assign m_axis_tuser = escape ? {6'd0, result[1:0]} : {7'd0, result[0]};

  wire [7:0] low = half ? 8'd5 : 8'd0;
  genvar lane;
  generate
    for (lane = 0; lane < 5; lane = lane + 1)
      assign m_axis_tdata[8 * lane +: 8] = result + bias[low + lane];
  endgenerate
endmodule
