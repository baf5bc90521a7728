//===- Dataflow.td - The stream hardware dialect ----------------*- tablegen -*-===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef ATHEENA_DATAFLOW_TD
#define ATHEENA_DATAFLOW_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Dataflow_Dialect : Dialect {
  let name = "dataflow";
  let cppNamespace = "::atheena::dataflow";
  let summary = "Hardware actors joined by streams";
  let description = [{
    One op is one piece of hardware, an actor; one value is one stream between two
    actors, with a handshake (`valid`, `ready`). A graph holds the accelerator of one
    network. What an actor costs and how fast it is follows from its operation, its
    attributes and the types of its streams.
  }];
  let useDefaultTypePrinterParser = 1;
}

//===---------------------------------------------------------------------------===//
// Types
//===---------------------------------------------------------------------------===//

def Dataflow_StreamType : TypeDef<Dataflow_Dialect, "Stream"> {
  let mnemonic = "stream";
  let summary = "a tensor a sample, some elements a beat";
  let description = [{
    A sample's tensor in row-major order (`[H, W, C]` for feature maps), `lanes`
    elements a beat. Elements are integers: signless ones are signed, `ui8` is unsigned.

    Lanes are at most the innermost dimension C, or they are `P * C`: P whole pixels of a row, the
    dimension before it, with fewer than two rows. A beat never spans two rows: if P does not
    divide the row, its last beat is partial, and the lanes behind its pixels mean nothing.
    A row has `ceil(W / P)` beats. Nor does a beat of a part of a pixel span two of them: of lanes that don't divide C, which
    a `matvec` may give, a `fifo` hold and a `resize` make narrower, the last beat of each pixel is partial.

    ```mlir
    !dataflow.stream<28x28x1xui8, lanes = 1>
    !dataflow.stream<28x28x1xui8, lanes = 8>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
      "int64_t":$lanes);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Elements a sample.
    int64_t getNumElements() const;
    /// Whole pixels a beat; 1 where a beat is one pixel or a part of it.
    int64_t getPixels() const;
    /// Is the last beat of each pixel smaller than the others?
    bool isRagged() const;
    /// Beats a sample.
    int64_t getBeats() const;
  }];
}

/// A stream of which no beat is a part of a pixel that is smaller than the others.
def Dataflow_EvenStreamType : Type<
    And<[Dataflow_StreamType.predicate,
         CPred<"!::llvm::cast<::atheena::dataflow::StreamType>($_self).isRagged()">]>,
    "stream with lanes that divide its innermost dimension, or of whole pixels",
    "::atheena::dataflow::StreamType">;

//===---------------------------------------------------------------------------===//
// Operations
//===---------------------------------------------------------------------------===//

class Dataflow_Op<string mnemonic, list<Trait> traits = []>
    : Op<Dataflow_Dialect, mnemonic, traits>;

/// An actor has a label, which names its module, and the probability that a sample reaches it.
class Dataflow_Actor<string mnemonic, list<Trait> traits = []>
    : Dataflow_Op<mnemonic, !listconcat(traits, [HasParent<"GraphOp">])> {
  dag common = (ins StrAttr:$label, OptionalAttr<F64Attr>:$reach);
}

def Dataflow_GraphOp : Dataflow_Op<"graph",
    [IsolatedFromAbove, NoTerminator, SingleBlock, Symbol]> {
  let summary = "the accelerator of one network";
  let description = [{
    Holds the actors. Every stream has exactly one consumer (fan-out is a
    `dataflow.fork`), labels are unique, and there is one source and one sink.

    ```mlir
    dataflow.graph @net {
      %image, %tag = dataflow.source "source" : ...
      ...
    }
    ```

    `dsp` says what the DSP blocks of the device are: `DSP48E1`, the usual, or `DSP48E2`, of 25 by 18 bits, which add to one another, or
    `MULT18X18D`, of 18 by 18 bits.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$dsp);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Dataflow_SourceOp : Dataflow_Actor<"source"> {
  let summary = "samples from outside, with their tags";
  let description = [{
    Samples come from the accelerator's input, an AXI4-Stream; a sample's tag is the
    `tid` of its first beat and leaves as one token a sample.

    With `rows`, N of them come side by side: the stream is `[H/N, W, N*C]` of images `[H, W, C]`, a pixel of each of the rows at the same column
    one after the other.
  }];
  let arguments = !con(common, (ins OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$rows));
  let results = (outs Dataflow_EvenStreamType:$data, Dataflow_EvenStreamType:$tag);
  let assemblyFormat = "$label attr-dict `:` type($data) `,` type($tag)";
  let hasVerifier = 1;
}

def Dataflow_SinkOp : Dataflow_Actor<"sink"> {
  let summary = "results to the outside, with tag and exit index";
  let description = [{
    The accelerator's output, an AXI4-Stream: `tid` is the tag, `tuser` the index of
    the exit and `tlast` marks a sample's last beat.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$data, Dataflow_EvenStreamType:$tag,
      Dataflow_EvenStreamType:$exit));
  let assemblyFormat = [{
    $label $data `,` $tag `,` $exit attr-dict `:` type($data) `,` type($tag) `,` type($exit)
  }];
  let hasVerifier = 1;
}

def Dataflow_WindowOp : Dataflow_Actor<"window"> {
  let summary = "the sliding windows of a feature map";
  let description = [{
    Takes a feature map `[H, W, C]` with L lanes and gives for every output position,
    in row-major order, the `KH x KW` window as a vector of `KH*KW*C` elements in
    the order `[C/L, KH, KW, L]`: `C/L` beats of `KH*KW*L` lanes. `pad` is
    top, bottom, left, right, as TOSA has it; padding holds `pad_value`.

    Of P pixels a beat, `P*C` lanes, P is a multiple of the horizontal stride, and `Q = P / stride` windows
    leave a beat: `Q*KH*KW*C` lanes in the order `[Q, KH, KW, C]`.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, DenseI64ArrayAttr:$kernel,
      DenseI64ArrayAttr:$stride, DenseI64ArrayAttr:$dilation, DenseI64ArrayAttr:$pad,
      I64Attr:$pad_value));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_MatvecOp : Dataflow_Actor<"matvec"> {
  let summary = "a matrix times the vectors of a stream, and requantisation";
  let description = [{
    Takes vectors of V elements (convolution windows, or a whole feature map for a
    dense layer), SIMD elements a beat, and gives for each a vector of OC elements, PE
    of them a beat. SIMD is the input's lanes and PE the output's; if PE does not divide OC, the last
    group of outputs is smaller. Each input beat is used for ceil(OC/PE) cycles; OC accumulators hold the partial sums. Where the vectors are the pixels of the input,
    SIMD may be `Q*V` and PE `Q*OC`: Q vectors a beat. The outputs of a vector may be several pixels of the result, N of OC/N channels, side by side; PE divides
    these then, or is some of the pixels. Where the vector is the whole input, a map, SIMD may be pixels that do not divide its rows: the last beat of each is partial then.

    `weights` is `[OC, KH, KW, C]` with `KH*KW*C = V`; the vector's order is that of
    `dataflow.window` with `channel_lanes` lanes. With `acc` the sum plus `bias`, the output is
    `clamp(((acc * multiplier + 2^(shift-1)) >> shift) + output_zp, min, max)`, that is TOSA's
    `rescale` with SINGLE_ROUND (one multiplier and shift, or one an output channel) and `clamp`.
    With shift 0 there is no rounding term; `rounding`, one or one an output, stands in its place. With `double_round`, which is
    DOUBLE_ROUND, sums of 0 and above get another `2^30` before the shift, and others `-2^30`, where the shift is above 31.

    `blocks` says in how many block RAMs the weights may be, unless all of them are used in each cycle; what those do not
    hold is in LUTs. `products` is what multiplies then: `dsp`, the usual, `lut`, or `dsp:N`, for
    the first N of the SIMD lanes `dsp` and for the others `lut`. With `serial:1` to `serial:4`,
    weights are tables of so many bits of each input, which come in turn: a vector takes as many times as
    many cycles as its elements have such digits. SIMD is V then, and OC/PE at most 8. With `serial:2+dsp:N+bram:M`, of which either may be missing, the last
    elements of the vector, N for each digit, are multiplied in DSP blocks instead, and those in front of them come from M tables in block RAMs.
    With `constants:4`, weights are adders as where all are used in each cycle, of four bits of each input, which come in turn: a vector takes as many
    cycles as its elements have such digits, at least two. SIMD is V and PE is OC. DSP blocks and block RAMs take their part as of `serial`.

    `reuse` vectors, one after the other, use each word of weights, which comes in as many parts, so that their memory is as many times narrower; the
    vectors wait in a memory meanwhile. Their number divides those of a sample; SIMD is at most half of V.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, ElementsAttr:$weights,
      ElementsAttr:$bias, I64Attr:$channel_lanes, DenseI32ArrayAttr:$multiplier,
      DenseI32ArrayAttr:$shift, OptionalAttr<DenseI64ArrayAttr>:$rounding, UnitAttr:$double_round,
      I64Attr:$output_zp, I64Attr:$min, I64Attr:$max, OptionalAttr<ConfinedAttr<I64Attr, [IntNonNegative]>>:$blocks,
      OptionalAttr<StrAttr>:$products, OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$reuse));
  let results = (outs Dataflow_StreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_DepthwiseOp : Dataflow_Actor<"depthwise"> {
  let summary = "products of each channel of a window, and requantisation";
  let description = [{
    Takes windows of `dataflow.window`, `KH*KW*L` or `Q*KH*KW*C` lanes, or, with a kernel of 1x1, pixels; gives M outputs a
    channel, `L*M` or `Q*C*M` a beat, output `c*M + m` being that of channel c with weights m. `weights` is `[KH, KW, C, M]`;
    all else is as in `dataflow.matvec`.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, ElementsAttr:$weights,
      ElementsAttr:$bias, DenseI32ArrayAttr:$multiplier, DenseI32ArrayAttr:$shift,
      OptionalAttr<DenseI64ArrayAttr>:$rounding, UnitAttr:$double_round, I64Attr:$output_zp, I64Attr:$min,
      I64Attr:$max));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_PoolOp : Dataflow_Actor<"pool"> {
  let summary = "the maximum or the average of each channel of a window";
  let description = [{
    Takes windows of `dataflow.window` (`KH*KW*L` lanes, or `Q*KH*KW*C`) and gives L lanes, or `Q*C`. `kind` is
    `max` or `avg`. The average is TOSA's `avg_pool2d`: of the sum of `x - input_zp`,
    `((sum * multiplier + 2^(shift-1)) >> shift) + output_zp`, no further than the elements reach. The
    zero points are 0 unless given. Padding that does not count in the average holds `input_zp`, and `row_taps` and
    `column_taps` say of how many rows and columns the average at each output row and column is; multiplier and shift
    there are those of TOSA's `reciprocal_scale` of their product. `rounding` is added in place of `2^(shift-1)`.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, StrAttr:$kind,
      DenseI64ArrayAttr:$kernel, I32Attr:$multiplier, I32Attr:$shift, OptionalAttr<I64Attr>:$rounding,
      OptionalAttr<DenseI64ArrayAttr>:$row_taps, OptionalAttr<DenseI64ArrayAttr>:$column_taps,
      OptionalAttr<I64Attr>:$input_zp, OptionalAttr<I64Attr>:$output_zp));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_TilePoolOp : Dataflow_Actor<"tile_pool"> {
  let summary = "the maximum or the average of each channel of each tile of a map";
  let description = [{
    As `dataflow.pool` of windows of `kernel`, `[KH, KW]`, side by side, that cover the map `[H, W, C]`; gives `[H/KH, W/KW, C]`, a tile when its
    last pixel is in. Beats are parts of pixels, pixels that KW is a multiple of, of which the result has all channels, or P pixels, a multiple
    of KW, of which it has `P/KW`. Of tiles as wide as the map they may be any number of pixels.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, StrAttr:$kind,
      DenseI64ArrayAttr:$kernel, I32Attr:$multiplier, I32Attr:$shift, OptionalAttr<I64Attr>:$rounding,
      OptionalAttr<I64Attr>:$input_zp, OptionalAttr<I64Attr>:$output_zp));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_MapOp : Dataflow_Actor<"map"> {
  let summary = "an affine map and a clamp of each element";
  let description = [{
    `clamp((((x - input_zp) * multiplier + 2^(shift-1)) >> shift) + output_zp, min, max)`, that is
    TOSA's `rescale` with SINGLE_ROUND and `clamp`. With shift 0 there is no rounding term; `rounding` and `double_round` are as in
    `dataflow.matvec`.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, I64Attr:$input_zp,
      I32Attr:$multiplier, I32Attr:$shift, OptionalAttr<I64Attr>:$rounding, UnitAttr:$double_round, I64Attr:$output_zp, I64Attr:$min,
      I64Attr:$max));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_TableOp : Dataflow_Actor<"table"> {
  let summary = "any function of each element";
  let description = [{
    `values[x + 128]`, that is TOSA's `table` of i8. Both sides are i8.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, ElementsAttr:$values));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

/// Of two streams, element by element; the second one may be a single pixel, that of each pixel of the first one.
class Dataflow_Binary<string mnemonic, dag attributes> : Dataflow_Actor<mnemonic> {
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$lhs, Dataflow_EvenStreamType:$rhs), attributes);
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = [{
    $label $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Dataflow_AddOp : Dataflow_Binary<"add", (ins)> {
  let summary = "the sum of two streams, element by element";
  let description = [{
    `lhs` has the output's shape and lanes. So has `rhs`, or it is one pixel `[1, 1, C]` of a sample, at most all
    channels a beat, which is added to each pixel. Sums that the output's elements
    can't hold wrap around, as in TOSA, where they are not allowed.
  }];
}

def Dataflow_MulOp : Dataflow_Binary<"mul",
    (ins OptionalAttr<I64Attr>:$lhs_zp, OptionalAttr<I64Attr>:$rhs_zp)> {
  let summary = "the product of two streams, element by element";
  let description = [{
    `(lhs - lhs_zp) * (rhs - rhs_zp)`; zero points are 0 unless given. Shapes and lanes are as in `dataflow.add`: a `rhs` of one pixel
    `[1, 1, C]` has a factor for each channel, as a squeeze-and-excitation does. Products that the output's elements can't hold wrap
    around.
  }];
}

def Dataflow_ConcatOp : Dataflow_Actor<"concat"> {
  let summary = "streams behind one another along an axis";
  let description = [{
    The inputs agree in all dimensions but `axis`. For each index of the dimensions in front of `axis` come the elements of
    the first input, then those of the second one, and so on: with the innermost axis, all channels of a pixel.

    Lanes are less than a pixel's and the same everywhere: the inputs take turns. Or each beat has the same number of
    whole pixels: with the innermost axis the inputs have a beat at once; with the one before, rows in front of others end with a beat.
  }];
  let arguments = !con(common, (ins Variadic<Dataflow_EvenStreamType>:$inputs, I64Attr:$axis));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $inputs attr-dict `:` type($inputs) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_SliceOp : Dataflow_Actor<"slice"> {
  let summary = "a part of a tensor";
  let description = [{
    Of each dimension the indices from `start` on, as many as the result has; all else is taken and dropped.
    Lanes are the same on both sides and divide the first channel and the number of channels, or both sides have the same number of
    whole pixels a beat.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, DenseI64ArrayAttr:$start));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_PadOp : Dataflow_Actor<"pad"> {
  let summary = "a tensor with more around it";
  let description = [{
    Of each dimension `before` and `after` further indices that hold `pad_value`. Lanes are the same on both sides and divide
    the channels of both and those before, or both sides have the same number of whole pixels a beat.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input, DenseI64ArrayAttr:$before,
      DenseI64ArrayAttr:$after, I64Attr:$pad_value));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_ForkOp : Dataflow_Actor<"fork"> {
  let summary = "copies of a stream";
  let description = [{
    Each consumer takes a beat when it is ready; the beat is gone when all have it.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input));
  let results = (outs Variadic<Dataflow_EvenStreamType>:$outputs);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($outputs)";
  let hasVerifier = 1;
}

def Dataflow_FifoOp : Dataflow_Actor<"fifo"> {
  let summary = "a queue of beats";
  let description = [{
    Holds up to `depth` beats.
  }];
  let arguments = !con(common, (ins Dataflow_StreamType:$input, I64Attr:$depth));
  let results = (outs Dataflow_StreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_ResizeOp : Dataflow_Actor<"resize"> {
  let summary = "another number of lanes";
  let description = [{
    The same elements in the same order. One number of lanes divides the other. Partial beats at the end of
    rows are made and taken apart: a row has the beats that its stream's type says on either side. Partial beats of pixels are taken apart only.
  }];
  let arguments = !con(common, (ins Dataflow_StreamType:$input));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_PackOp : Dataflow_Actor<"pack"> {
  let summary = "the elements of a stream as words of a memory, or back";
  let description = [{
    The same numbers in the same order, several beats a word: of the two sides, that of the words is of one dimension. Its elements have the
    width that the numbers take, not more than on the other side, and its beats know no pixels. All beats of a sample are full on both sides.

    ```mlir
    %w = dataflow.pack "pack" %x : <15x15x32xi8, lanes = 1> -> <7200xui7, lanes = 5>
    ```
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = "$label $input attr-dict `:` type($input) `->` type($output)";
  let hasVerifier = 1;
}

def Dataflow_DecideOp : Dataflow_Actor<"decide"> {
  let summary = "whether the classifier is confident of a sample";
  let description = [{
    Takes a sample's logits and gives one token: 1 if the sample leaves. `confidence`
    is an attribute of the `ee` dialect in its integer form.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$logits, AnyAttr:$confidence));
  let results = (outs Dataflow_EvenStreamType:$decision);
  let assemblyFormat = "$label $logits attr-dict `:` type($logits) `->` type($decision)";
  let hasVerifier = 1;
}

def Dataflow_GateOp : Dataflow_Actor<"gate"> {
  let summary = "the conditional buffer: holds a sample until its decision";
  let description = [{
    Holds up to `depth` beats. A sample passes if its decision equals `pass_when`
    and is dropped otherwise, in one cycle, by moving the read pointer. `depth` is at
    least one sample: the decision needs all of it.
  }];
  let arguments = !con(common, (ins Dataflow_EvenStreamType:$input,
      Dataflow_EvenStreamType:$decision, BoolAttr:$pass_when, I64Attr:$depth));
  let results = (outs Dataflow_EvenStreamType:$output);
  let assemblyFormat = [{
    $label $input `,` $decision attr-dict `:` type($input) `,` type($decision) `->` type($output)
  }];
  let hasVerifier = 1;
}

def Dataflow_MergeOp : Dataflow_Actor<"merge", [AttrSizedOperandSegments]> {
  let summary = "the results of all exits in one stream, in any order";
  let description = [{
    Takes whole samples (data and tag of the same input) in the order in which they
    come; later inputs, which are later exits, go first where several are there. Gives
    the data, the tag and the index of the input.
  }];
  let arguments = !con(common, (ins Variadic<Dataflow_EvenStreamType>:$inputs,
      Variadic<Dataflow_EvenStreamType>:$tags));
  let results = (outs Dataflow_EvenStreamType:$data, Dataflow_EvenStreamType:$tag,
      Dataflow_EvenStreamType:$exit);
  let assemblyFormat = [{
    $label $inputs `tags` $tags attr-dict `:` type($inputs) `tags` type($tags) `->`
    type($data) `,` type($tag) `,` type($exit)
  }];
  let hasVerifier = 1;
}

#endif // ATHEENA_DATAFLOW_TD
