//===- Dataflow.cpp - Parsers and verifiers of the dataflow dialect -------===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Dataflow.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include "DataflowDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "DataflowTypes.cpp.inc"
#define GET_OP_CLASSES
#include "DataflowOps.cpp.inc"

using namespace mlir;
using namespace atheena::dataflow;

void DataflowDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "DataflowTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "DataflowOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// StreamType
//===----------------------------------------------------------------------===//

int64_t StreamType::getNumElements() const {
  return ShapedType::getNumElements(getShape());
}

int64_t StreamType::getPixels() const {
  return std::max<int64_t>(getLanes() / getShape().back(), 1);
}

int64_t StreamType::getBeats() const {
  if (getPixels() == 1) {
    int64_t channels = getShape().back();
    return getNumElements() / channels * llvm::divideCeil(channels, getLanes());
  }
  int64_t row = getShape()[getShape().size() - 2];
  int64_t rows = getNumElements() / (row * getShape().back());
  return rows * llvm::divideCeil(row, getPixels());
}

bool StreamType::isRagged() const {
  int64_t channels = getShape().back();
  return getLanes() < channels && channels % getLanes() != 0;
}

Type StreamType::parse(AsmParser &parser) {
  SmallVector<int64_t> shape;
  Type element;
  int64_t lanes = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false) ||
      parser.parseType(element) || parser.parseComma() ||
      parser.parseKeyword("lanes") || parser.parseEqual() ||
      parser.parseInteger(lanes) || parser.parseGreater())
    return {};
  return StreamType::getChecked([&] { return parser.emitError(loc); },
                                parser.getContext(), shape, element, lanes);
}

void StreamType::print(AsmPrinter &printer) const {
  printer << '<';
  for (int64_t size : getShape())
    printer << size << 'x';
  printer << getElementType() << ", lanes = " << getLanes() << '>';
}

LogicalResult StreamType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Type elementType,
                                 int64_t lanes) {
  if (shape.empty() || llvm::any_of(shape, [](int64_t s) { return s < 1; }))
    return emitError() << "a stream's shape needs at least one dimension, and "
                          "positive sizes";
  if (!isa<IntegerType>(elementType))
    return emitError() << "a stream's elements are integers, but got "
                       << elementType;
  if (lanes >= 1 && lanes <= shape.back())
    return success();
  int64_t row = shape.size() > 1 ? shape[shape.size() - 2] : 1;
  if (lanes < 1 || lanes % shape.back() != 0 || lanes / shape.back() >= 2 * row)
    return emitError()
           << "the lanes of a stream are at most its innermost dimension "
           << shape.back() << ", or that of several pixels of a row of " << row
           << ", but got " << lanes;
  return success();
}

//===----------------------------------------------------------------------===//
// Verifiers
//===----------------------------------------------------------------------===//

static StreamType stream(Value value) {
  return cast<StreamType>(value.getType());
}

/// Do both sides of what changes the channels of pixels have the same part of a
/// pixel a beat, or the same number of whole ones?
static bool sameBeats(StreamType a, StreamType b) {
  int64_t ofA = a.getShape().back(), ofB = b.getShape().back();
  bool part = a.getLanes() == b.getLanes() && ofA % a.getLanes() == 0 &&
              ofB % a.getLanes() == 0;
  return part || (a.getLanes() % ofA == 0 && b.getLanes() % ofB == 0 &&
                  a.getLanes() / ofA == b.getLanes() / ofB);
}

/// Lanes of less than a pixel divide the channels in front of those that are
/// the same on both sides.
static LogicalResult verifyFirstChannel(Operation *op, int64_t first,
                                        StreamType in, StreamType out) {
  bool whole = in.getLanes() % in.getShape().back() == 0 &&
               out.getLanes() % out.getShape().back() == 0;
  if (whole || first % in.getLanes() == 0)
    return success();
  return op->emitOpError() << "expected whole pixels a beat, or lanes that "
                              "divide the first channel "
                           << first << ", but got " << in.getLanes();
}

/// Elements and shape are the same, lanes may differ.
static bool sameTensor(StreamType a, StreamType b) {
  return a.getShape() == b.getShape() &&
         a.getElementType() == b.getElementType();
}

static LogicalResult verifyToken(Operation *op, StreamType type, StringRef what,
                                 unsigned width) {
  if (type.getNumElements() == 1 &&
      type.getElementType().isSignlessInteger(width))
    return success();
  return op->emitOpError() << "expected one i" << width << " a sample as "
                           << what << ", but got " << type;
}

LogicalResult GraphOp::verify() {
  std::optional<StringRef> dsp = getDsp();
  if (dsp && *dsp != "DSP48E1" && *dsp != "DSP48E2" && *dsp != "MULT18X18D")
    return emitOpError() << "expected dsp to be DSP48E1, DSP48E2 or "
                            "MULT18X18D, but got "
                         << getDspAttr();
  return success();
}

LogicalResult GraphOp::verifyRegions() {
  llvm::StringSet<> labels;
  Operation *source = nullptr, *sink = nullptr;
  for (Operation &actor : getBody().front()) {
    auto label = actor.getAttrOfType<StringAttr>("label");
    if (!label)
      return actor.emitOpError(
          "is not an actor: a dataflow.graph holds only those");
    if (!labels.insert(label.getValue()).second)
      return actor.emitOpError()
             << "has the label " << label << " of another actor of its graph";
    auto once = [&](Operation *&seen) -> LogicalResult {
      if (seen)
        return actor.emitOpError("is the second of its kind in its graph");
      seen = &actor;
      return success();
    };
    if ((isa<SourceOp>(actor) && failed(once(source))) ||
        (isa<SinkOp>(actor) && failed(once(sink))))
      return failure();
    for (Value result : actor.getResults()) {
      if (result.hasOneUse())
        continue;
      InFlightDiagnostic diagnostic =
          actor.emitOpError()
          << "expected each stream to have one consumer, but result #"
          << cast<OpResult>(result).getResultNumber() << " has "
          << std::distance(result.use_begin(), result.use_end());
      diagnostic.attachNote() << "copy a stream with dataflow.fork";
      return diagnostic;
    }
  }
  return success();
}

LogicalResult SinkOp::verify() {
  if (failed(verifyToken(*this, stream(getTag()), "tag", 16)))
    return failure();
  return verifyToken(*this, stream(getExit()), "exit index", 8);
}

LogicalResult WindowOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  ArrayRef<int64_t> kernel = getKernel(), stride = getStride(),
                    dilation = getDilation(), pad = getPad();
  auto positive = [](int64_t v) { return v > 0; };
  if (kernel.size() != 2 || stride.size() != 2 || dilation.size() != 2 ||
      !llvm::all_of(kernel, positive) || !llvm::all_of(stride, positive) ||
      !llvm::all_of(dilation, positive))
    return emitOpError(
        "expected kernel, stride and dilation to be two positive numbers");
  if (pad.size() != 4 || llvm::any_of(pad, [](int64_t v) { return v < 0; }))
    return emitOpError(
        "expected pad to be four numbers, none negative: top, bottom, "
        "left, right");
  if (in.getShape().size() != 3 || out.getShape().size() != 3)
    return emitOpError("expected streams of rank 3, [H, W, C]");
  SmallVector<int64_t> shape;
  for (int i : {0, 1}) {
    int64_t extent = in.getShape()[i] + pad[2 * i] + pad[2 * i + 1] -
                     dilation[i] * (kernel[i] - 1) - 1;
    if (extent < 0)
      return emitOpError() << "has a kernel larger than the padded input "
                           << in;
    shape.push_back(extent / stride[i] + 1);
  }
  int64_t taps = kernel[0] * kernel[1];
  shape.push_back(taps * in.getShape()[2]);
  int64_t lanes = taps * in.getLanes();
  if (in.getPixels() > 1) {
    if (in.getPixels() % stride[1] != 0)
      return emitOpError() << "expected pixels a beat that are a multiple of "
                              "the horizontal stride "
                           << stride[1] << ", but got " << in.getPixels();
    lanes /= stride[1];
    if (lanes / shape[2] >= 2 * shape[1])
      return emitOpError() << "expected fewer windows a beat than two rows of "
                           << shape[1] << ", but got " << lanes / shape[2];
  }
  auto expected =
      StreamType::get(getContext(), shape, in.getElementType(), lanes);
  if (out != expected)
    return emitOpError() << "expected a result of type " << expected
                         << ", but got " << out;
  return success();
}

/// Bias, multipliers, shifts and bounds of what computes sums.
template <typename Op>
static LogicalResult verifyScale(Op op, int64_t outputs) {
  auto bias = dyn_cast<RankedTensorType>(op.getBias().getShapedType());
  if (!bias || bias.getRank() != 1 || bias.getDimSize(0) != outputs ||
      !(bias.getElementType().isInteger(32) ||
        bias.getElementType().isInteger(64)))
    return op.emitOpError()
           << "expected an i32 or i64 bias for each of the " << outputs
           << " outputs, but got " << op.getBias().getShapedType();
  auto perChannel = [&](auto values) {
    return values.size() == 1 || int64_t(values.size()) == outputs;
  };
  if (!perChannel(op.getMultiplier()) || !perChannel(op.getShift()) ||
      (op.getRounding() && !perChannel(*op.getRounding())))
    return op.emitOpError(
        "expected one multiplier, shift and rounding, or one an output");
  if (llvm::any_of(op.getShift(), [](int32_t s) { return s < 0 || s > 62; }))
    return op.emitOpError("expected shifts in 0..62");
  if (op.getRounding()) {
    // Channels get a common shift, the largest one.
    auto at = [](auto values, size_t i) { return values[i % values.size()]; };
    ArrayRef<int32_t> shifts = op.getShift();
    ArrayRef<int64_t> rounding = *op.getRounding();
    int32_t common = *llvm::max_element(shifts);
    for (size_t i = 0; i < std::max(shifts.size(), rounding.size()); ++i) {
      int64_t most = INT64_MAX >> (common - at(shifts, i));
      if (at(rounding, i) > most || at(rounding, i) < -most)
        return op.emitOpError() << "expected a rounding of at most " << most
                                << ", but got " << at(rounding, i);
    }
  }
  if (int64_t(op.getMin()) > int64_t(op.getMax()))
    return op.emitOpError("expected min <= max");
  return success();
}

LogicalResult SourceOp::verify() {
  StreamType data = stream(getData());
  int64_t rows = getRows().value_or(1);
  if (rows > 1 &&
      (data.getShape().size() != 3 || data.getShape().back() % rows != 0))
    return emitOpError() << "expected " << rows << " rows side by side, [H/"
                         << rows << ", W, " << rows << "*C], but got " << data;
  return success();
}

LogicalResult MatvecOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  auto weights = dyn_cast<RankedTensorType>(getWeights().getShapedType());
  if (!weights || weights.getRank() != 4 || !weights.hasStaticShape() ||
      weights.getNumElements() == 0 || !weights.getElementType().isInteger())
    return emitOpError() << "expected integer weights [OC, KH, KW, C], but got "
                         << getWeights().getShapedType();
  int64_t outputs = weights.getDimSize(0);
  int64_t vector = weights.getNumElements() / outputs;
  if (in.getNumElements() % vector != 0)
    return emitOpError() << "expected an input of vectors of " << vector
                         << " elements, but got " << in;
  int64_t positions = in.getNumElements() / vector;
  // Several vectors a beat, or a part of one.
  int64_t vectors =
      in.getShape().back() == vector ? in.getPixels() : int64_t(1);
  // Of a whole map, the last beat of each row may be partial.
  bool isMap = positions == 1 && in.getPixels() > 1 && in.getBeats() > 1;
  if (vectors == 1 && !isMap && vector % in.getLanes() != 0)
    return emitOpError() << "expected SIMD (the input's lanes) to divide the "
                         << vector << " inputs, but got " << in.getLanes();
  if (vectors == 1 && !isMap && in.getPixels() > 1 &&
      in.getShape()[in.getShape().size() - 2] % in.getPixels() != 0)
    return emitOpError() << "expected a vector of whole beats, but got " << in;
  // The outputs of a vector are a pixel, or several side by side.
  int64_t pixels = outputs / out.getShape().back();
  if (outputs % out.getShape().back() != 0 ||
      out.getNumElements() != positions * outputs)
    return emitOpError() << "expected " << positions << " vectors of "
                         << outputs << " elements as result, but got " << out;
  int64_t most = vectors * pixels;
  if ((vectors > 1 ? out.getPixels() != most : most % out.getPixels() != 0) ||
      (pixels > 1 && out.isRagged()))
    return emitOpError() << "expected a result of " << vectors
                         << " vectors a beat, as the input has, but got "
                         << out;
  auto rows = [](StreamType type) { return type.getShape().drop_back(2); };
  if (vectors > 1 &&
      (rows(in) != rows(out) || in.getShape().drop_back().back() * pixels !=
                                    out.getShape().drop_back().back()))
    return emitOpError() << "expected the rows of its input, " << in
                         << ", as result, but got " << out;
  int64_t channels = weights.getDimSize(3);
  if (int64_t(getChannelLanes()) < 1 ||
      channels % int64_t(getChannelLanes()) != 0)
    return emitOpError() << "expected channel_lanes to divide the " << channels
                         << " channels, but got " << getChannelLanes();
  // The lanes of a folding that is not applied yet are an attribute.
  auto simd = (*this)->getAttrOfType<IntegerAttr>("simd");
  int64_t mostLanes = simd ? simd.getInt() : in.getLanes() / vectors;
  int64_t reuse = getReuse().value_or(1);
  bool bitByBit = getProducts() && (getProducts()->starts_with("serial") ||
                                    getProducts()->starts_with("constants"));
  if (reuse > 1 &&
      (positions % reuse != 0 || 2 * mostLanes > vector || bitByBit))
    return emitOpError() << "expected reuse to divide the " << positions
                         << " vectors, each of two beats at least, of products "
                            "that are neither serial nor constants, but got "
                         << reuse;
  if (std::optional<StringRef> products = getProducts()) {
    int64_t lanes = 0;
    StringRef mixed = *products;
    bool isMixed = mixed.consume_front("dsp:") &&
                   !mixed.getAsInteger(10, lanes) && lanes > 0 &&
                   lanes < mostLanes;
    int64_t bits = 0;
    StringRef serial = *products;
    bool isInDigits = serial.consume_front("constants:");
    int64_t mostBits = isInDigits ? 31 : 4;
    bool isSerial = (isInDigits || serial.consume_front("serial:")) &&
                    !serial.consumeInteger(10, bits) && bits >= 1 &&
                    bits <= mostBits;
    for (StringRef other : {"+dsp:", "+bram:"}) {
      int64_t count = 0;
      if (isSerial && serial.consume_front(other))
        isSerial =
            !serial.consumeInteger(10, count) && count > 0 && count < mostLanes;
    }
    isSerial &= serial.empty();
    if (*products != "dsp" && *products != "lut" && !isMixed && !isSerial)
      return emitOpError() << "expected products to be dsp, lut, serial:1 to "
                              "serial:4, constants:N with N from 1 to 31 bits, "
                              "dsp:N, or serial:1+dsp:N+bram:N or "
                              "constants:1+dsp:N+bram:N with N below the "
                           << mostLanes << " lanes, but got " << *products;
  }
  return verifyScale(*this, outputs);
}

LogicalResult DepthwiseOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  auto weights = dyn_cast<RankedTensorType>(getWeights().getShapedType());
  if (!weights || weights.getRank() != 4 || !weights.hasStaticShape() ||
      weights.getNumElements() == 0 || !weights.getElementType().isInteger())
    return emitOpError() << "expected integer weights [KH, KW, C, M], but got "
                         << getWeights().getShapedType();
  int64_t taps = weights.getDimSize(0) * weights.getDimSize(1);
  int64_t channels = weights.getDimSize(2), times = weights.getDimSize(3);
  if (taps > 1 && getInput().getDefiningOp<ResizeOp>())
    return emitOpError(
        "expected windows in the order of dataflow.window, but a resize "
        "tears them apart");
  SmallVector<int64_t> shape(in.getShape());
  if (shape.back() != taps * channels || in.getLanes() % taps != 0)
    return emitOpError() << "expected windows of " << taps << " taps and "
                         << channels << " channels, but got " << in;
  shape.back() = channels * times;
  auto expected = StreamType::get(getContext(), shape, out.getElementType(),
                                  in.getLanes() / taps * times);
  if (out != expected)
    return emitOpError() << "expected a result of type " << expected
                         << ", but got " << out;
  return verifyScale(*this, channels * times);
}

LogicalResult PoolOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  if (getKind() != "max" && getKind() != "avg")
    return emitOpError() << "expected kind \"max\" or \"avg\", but got "
                         << getKindAttr();
  if (getKernel().size() != 2 || getKernel()[0] < 1 || getKernel()[1] < 1)
    return emitOpError("expected kernel to be two positive numbers");
  int64_t taps = getKernel()[0] * getKernel()[1];
  if (getInput().getDefiningOp<ResizeOp>())
    return emitOpError(
        "expected windows in the order of dataflow.window, but a resize "
        "tears them apart");
  SmallVector<int64_t> shape(in.getShape());
  if (shape.back() % taps != 0 || in.getLanes() % taps != 0)
    return emitOpError() << "expected an input of windows of " << taps
                         << " taps, but got " << in;
  shape.back() /= taps;
  auto expected = StreamType::get(getContext(), shape, in.getElementType(),
                                  in.getLanes() / taps);
  if (out != expected)
    return emitOpError() << "expected a result of type " << expected
                         << ", but got " << out;
  if (int32_t(getShift()) < 0 || int32_t(getShift()) > 62)
    return emitOpError("expected shift in 0..62");
  auto rows = getRowTaps(), columns = getColumnTaps();
  if (rows && in.getPixels() > 1)
    return emitOpError("expected one window a beat where averages at borders "
                       "are of fewer elements");
  auto within = [](ArrayRef<int64_t> taps, int64_t size, int64_t most) {
    return int64_t(taps.size()) == size &&
           llvm::all_of(taps, [&](int64_t t) { return 1 <= t && t <= most; });
  };
  if (rows.has_value() != columns.has_value() ||
      (rows && (shape.size() != 3 || !within(*rows, shape[0], getKernel()[0]) ||
                !within(*columns, shape[1], getKernel()[1]))))
    return emitOpError("expected row_taps and column_taps, or none: of each "
                       "output row and column, from 1 to the kernel's size");
  return success();
}

LogicalResult TilePoolOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  if (getKind() != "max" && getKind() != "avg")
    return emitOpError() << "expected kind \"max\" or \"avg\", but got "
                         << getKindAttr();
  ArrayRef<int64_t> kernel = getKernel(), map = in.getShape();
  if (kernel.size() != 2 || kernel[0] < 1 || kernel[1] < 1)
    return emitOpError("expected kernel to be two positive numbers");
  if (map.size() != 3 || map[0] % kernel[0] != 0 || map[1] % kernel[1] != 0)
    return emitOpError() << "expected a map [H, W, C] that tiles of "
                         << kernel[0] << "x" << kernel[1] << " cover, but got "
                         << in;
  int64_t pixels = in.getPixels();
  if (kernel[1] != map[1] && kernel[1] % pixels != 0 && pixels % kernel[1] != 0)
    return emitOpError() << "expected beats to be parts of the row of a tile, "
                            "or several of them, but one of "
                         << pixels << " pixels is neither";
  int64_t lanes = in.getLanes() < map[2]
                      ? in.getLanes()
                      : std::max<int64_t>(pixels / kernel[1], 1) * map[2];
  auto expected = StreamType::get(
      getContext(), {map[0] / kernel[0], map[1] / kernel[1], map[2]},
      in.getElementType(), lanes);
  if (out != expected)
    return emitOpError() << "expected a result of type " << expected
                         << ", but got " << out;
  if (int32_t(getShift()) < 0 || int32_t(getShift()) > 62)
    return emitOpError("expected shift in 0..62");
  return success();
}

LogicalResult TableOp::verify() {
  auto values = dyn_cast<RankedTensorType>(getValues().getShapedType());
  if (!values || values.getNumElements() != 256 ||
      !values.getElementType().isInteger(8))
    return emitOpError() << "expected 256 values of i8, but got "
                         << getValues().getShapedType();
  StreamType in = stream(getInput());
  if (in != getOutput().getType() || !in.getElementType().isSignlessInteger(8))
    return emitOpError() << "expected i8 and a result of the input's type, but "
                            "got "
                         << in << " and " << getOutput().getType();
  return success();
}

LogicalResult MapOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  if (in.getShape() != out.getShape() || in.getLanes() != out.getLanes())
    return emitOpError()
           << "expected a result with the input's shape and lanes, but got "
           << in << " and " << out;
  if (int32_t(getShift()) < 0 || int32_t(getShift()) > 62)
    return emitOpError("expected shift in 0..62");
  if (int64_t(getMin()) > int64_t(getMax()))
    return emitOpError("expected min <= max");
  return success();
}

/// Of an element-by-element function of two streams.
template <typename OpT> static LogicalResult verifyBinary(OpT op) {
  StreamType lhs = stream(op.getLhs()), rhs = stream(op.getRhs()),
             out = stream(op.getOutput());
  auto isOutputs = [&](StreamType in) {
    return in.getShape() == out.getShape() && in.getLanes() == out.getLanes();
  };
  SmallVector<int64_t> pixel(out.getShape().size(), 1);
  pixel.back() = out.getShape().back();
  bool spreads = rhs.getShape() == ArrayRef(pixel) &&
                 rhs.getLanes() == std::min(out.getLanes(), pixel.back());
  if (!isOutputs(lhs) || !(isOutputs(rhs) || spreads))
    return op.emitOpError()
           << "expected operands with the result's shape and lanes, or a "
              "second one of one pixel, but got "
           << lhs << " and " << rhs << ", and " << out;
  return success();
}

LogicalResult AddOp::verify() { return verifyBinary(*this); }

LogicalResult MulOp::verify() { return verifyBinary(*this); }

LogicalResult ConcatOp::verify() {
  StreamType out = stream(getOutput());
  int64_t rank = out.getShape().size(), axis = getAxis();
  if (getInputs().empty() || axis < 0 || axis >= rank)
    return emitOpError() << "expected inputs, and an axis in 0.." << rank - 1
                         << ", but got " << axis;
  SmallVector<int64_t> shape(out.getShape());
  shape[axis] = 0;
  for (Value input : getInputs()) {
    StreamType in = stream(input);
    SmallVector<int64_t> rest(in.getShape());
    if (int64_t(rest.size()) != rank)
      return emitOpError() << "expected inputs of the result's rank, but got "
                           << in << " and " << out;
    shape[axis] += rest[axis];
    rest[axis] = out.getShape()[axis];
    if (rest != out.getShape() || in.getElementType() != out.getElementType() ||
        !sameBeats(in, out))
      return emitOpError() << "expected inputs that differ from the result "
                              "along the axis alone, but got "
                           << in << " and " << out;
    bool last = input == getInputs().back();
    if (axis == rank - 2 && !last && in.getShape()[axis] % in.getPixels() != 0)
      return emitOpError()
             << "expected rows of whole beats in front of others, "
                "but got "
             << in;
  }
  if (shape != out.getShape())
    return emitOpError() << "expected a result of " << shape[axis]
                         << " along the axis, but got " << out;
  return success();
}

LogicalResult SliceOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  size_t rank = in.getShape().size();
  if (getStart().size() != rank || out.getShape().size() != rank ||
      !sameBeats(in, out) || in.getElementType() != out.getElementType())
    return emitOpError() << "expected a start in each dimension, and a result "
                            "of the input's rank, elements and lanes, but got "
                         << in << " and " << out;
  for (size_t i = 0; i < rank; ++i)
    if (getStart()[i] < 0 ||
        getStart()[i] + out.getShape()[i] > in.getShape()[i])
      return emitOpError() << "expected a part of the input " << in
                           << ", but got " << out << " from index "
                           << getStart()[i] << " of dimension " << i << " on";
  return verifyFirstChannel(*this, getStart().back(), in, out);
}

LogicalResult PadOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  size_t rank = in.getShape().size();
  auto negative = [](int64_t v) { return v < 0; };
  if (getBefore().size() != rank || getAfter().size() != rank ||
      llvm::any_of(getBefore(), negative) || llvm::any_of(getAfter(), negative))
    return emitOpError(
        "expected before and after in each dimension, none negative");
  SmallVector<int64_t> shape(in.getShape());
  for (size_t i = 0; i < rank; ++i)
    shape[i] += getBefore()[i] + getAfter()[i];
  if (out.getShape() != ArrayRef(shape) || !sameBeats(in, out) ||
      in.getElementType() != out.getElementType())
    return emitOpError() << "expected a result of the input's elements and "
                            "lanes, and of shape "
                         << shape << ", but got " << in << " and " << out;
  return verifyFirstChannel(*this, getBefore().back(), in, out);
}

LogicalResult ForkOp::verify() {
  for (Value output : getOutputs())
    if (output.getType() != getInput().getType())
      return emitOpError() << "expected results of the input's type "
                           << getInput().getType() << ", but got "
                           << output.getType();
  return success();
}

LogicalResult FifoOp::verify() {
  if (getInput().getType() != getOutput().getType())
    return emitOpError("expected a result of the input's type");
  if (int64_t(getDepth()) < 1)
    return emitOpError("expected a depth of at least one beat");
  return success();
}

LogicalResult ResizeOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  if (!sameTensor(in, out))
    return emitOpError() << "expected the same tensor on both sides, but got "
                         << in << " and " << out;
  if (in.getLanes() % out.getLanes() != 0 &&
      out.getLanes() % in.getLanes() != 0)
    return emitOpError()
           << "expected one number of lanes to divide the other, but got "
           << in.getLanes() << " and " << out.getLanes();
  if (in.isRagged() && in.getLanes() < out.getLanes())
    return emitOpError() << "expected fewer lanes than " << in.getLanes()
                         << ", which don't divide the innermost dimension "
                         << in.getShape().back() << ", but got "
                         << out.getLanes();
  return success();
}

LogicalResult PackOp::verify() {
  StreamType in = stream(getInput()), out = stream(getOutput());
  bool isPacked = in.getLanes() < out.getLanes();
  StreamType words = isPacked ? out : in, beats = isPacked ? in : out;
  auto width = [](StreamType type) {
    return type.getElementType().getIntOrFloatBitWidth();
  };
  auto isFull = [](StreamType type) {
    return type.getBeats() * type.getLanes() == type.getNumElements();
  };
  if (words.getShape().size() != 1 ||
      words.getNumElements() != beats.getNumElements() ||
      width(words) > width(beats))
    return emitOpError() << "expected words of " << beats.getNumElements()
                         << " elements in one dimension, of at most "
                         << width(beats) << " bits, but got " << words;
  if (words.getLanes() % beats.getLanes() != 0 || !isFull(words) ||
      !isFull(beats))
    return emitOpError() << "expected words of several beats of "
                         << beats.getLanes() << " elements, all of them full, "
                         << "but got " << words;
  return success();
}

LogicalResult DecideOp::verify() {
  StreamType logits = stream(getLogits());
  if (getConfidence().getDialect().getNamespace() != "ee")
    return emitOpError("expected a confidence attribute of the ee dialect");
  if (!logits.getElementType().isSignlessInteger(8) &&
      !logits.getElementType().isSignlessInteger(16))
    return emitOpError() << "expected i8 or i16 logits, but got " << logits;
  return verifyToken(*this, stream(getDecision()), "decision", 1);
}

LogicalResult GateOp::verify() {
  StreamType in = stream(getInput());
  if (in != getOutput().getType())
    return emitOpError("expected a result of the input's type");
  if (int64_t(getDepth()) < in.getBeats())
    return emitOpError() << "expected a depth of at least one sample, "
                         << in.getBeats() << " beats, but got " << getDepth();
  return verifyToken(*this, stream(getDecision()), "decision", 1);
}

LogicalResult MergeOp::verify() {
  if (getInputs().empty() || getInputs().size() != getTags().size())
    return emitOpError() << "expected one tag stream for each input, but got "
                         << getInputs().size() << " inputs and "
                         << getTags().size() << " tags";
  for (Value input : getInputs())
    if (input.getType() != getData().getType())
      return emitOpError() << "expected inputs of the result's type "
                           << getData().getType() << ", but got "
                           << input.getType();
  for (Value tag : getTags())
    if (failed(verifyToken(*this, stream(tag), "tag", 16)))
      return failure();
  if (failed(verifyToken(*this, stream(getTag()), "tag", 16)))
    return failure();
  return verifyToken(*this, stream(getExit()), "exit index", 8);
}

//===----------------------------------------------------------------------===//
// C API
//===----------------------------------------------------------------------===//

extern "C" {
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Dataflow, dataflow);

MlirType atheenaStreamGet(MlirContext context, const int64_t *shape,
                          size_t rank, MlirType element, int64_t lanes) {
  MLIRContext *c = unwrap(context);
  return wrap(StreamType::getChecked(
      [c] { return mlir::emitError(UnknownLoc::get(c)); }, c,
      ArrayRef(shape, rank), unwrap(element), lanes));
}
bool atheenaStreamIsA(MlirType type) { return isa<StreamType>(unwrap(type)); }
size_t atheenaStreamShape(MlirType type, const int64_t **shape) {
  auto values = cast<StreamType>(unwrap(type)).getShape();
  *shape = values.data();
  return values.size();
}
MlirType atheenaStreamElement(MlirType type) {
  return wrap(cast<StreamType>(unwrap(type)).getElementType());
}
int64_t atheenaStreamLanes(MlirType type) {
  return cast<StreamType>(unwrap(type)).getLanes();
}
}
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Dataflow, dataflow, DataflowDialect)
