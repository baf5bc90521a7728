//===- Ee.cpp - Parsers, printers and verifiers of the ee dialect ---------===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ee.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"

#include "EeDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "EeAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "EeOps.cpp.inc"

using namespace mlir;
using namespace atheena::ee;

void EeDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "EeAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "EeOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// MaxSoftmaxAttr, MarginAttr, EntropyAttr
//===----------------------------------------------------------------------===//

/// The shortest decimal that reads back as the same double.
static void printShortest(AsmPrinter &printer, double value) {
  for (int digits = 1; digits <= 17; ++digits) {
    std::string text;
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    if (std::strtod(text.c_str(), nullptr) != value)
      continue;
    // MLIR's floats have a decimal point.
    if (text.find('.') == std::string::npos)
      text.insert(std::min(text.find('e'), text.size()), ".0");
    printer << text;
    return;
  }
}

namespace {
/// The parameters of a confidence.
struct Fields {
  double threshold = 0;
  int64_t shift = 0;
  SmallVector<int32_t> table, terms, limits;
  int64_t limitShift = 0;
};
} // namespace

static ParseResult parseList(AsmParser &parser, StringRef name,
                             SmallVectorImpl<int32_t> &values) {
  auto element = [&] { return parser.parseInteger(values.emplace_back()); };
  return failure(
      parser.parseKeyword(name) || parser.parseEqual() ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, element));
}

/// What follows the threshold: `, shift = …, table = […], …`.
template <typename Kind>
static ParseResult parseInteger(AsmParser &parser, Fields &fields) {
  if (succeeded(parser.parseOptionalKeyword("shift")) &&
      (parser.parseEqual() || parser.parseInteger(fields.shift) ||
       parser.parseComma()))
    return failure();
  if (parseList(parser, "table", fields.table) || parser.parseComma())
    return failure();
  if constexpr (std::is_same_v<Kind, MaxSoftmaxAttr>)
    return failure(parser.parseKeyword("limit") || parser.parseEqual() ||
                   parser.parseInteger(fields.limits.emplace_back()));
  if constexpr (std::is_same_v<Kind, EntropyAttr>)
    if (parseList(parser, "terms", fields.terms) || parser.parseComma())
      return failure();
  if (parseList(parser, "limits", fields.limits))
    return failure();
  if constexpr (std::is_same_v<Kind, EntropyAttr>)
    if (succeeded(parser.parseOptionalComma()))
      return failure(parser.parseKeyword("limit_shift") ||
                     parser.parseEqual() ||
                     parser.parseInteger(fields.limitShift));
  return success();
}

template <typename Kind> static Attribute parseConfidence(AsmParser &parser) {
  Fields fields;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("threshold") ||
      parser.parseEqual() || parser.parseFloat(fields.threshold))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      parseInteger<Kind>(parser, fields))
    return {};
  if (parser.parseGreater())
    return {};
  return Kind::getChecked([&] { return parser.emitError(loc); },
                          parser.getContext(), APFloat(fields.threshold),
                          fields.shift, fields.table, fields.terms,
                          fields.limits, fields.limitShift);
}

template <typename Kind>
static void printConfidence(AsmPrinter &printer, Kind attribute) {
  auto list = [&](StringRef name, ArrayRef<int32_t> values) {
    printer << ", " << name << " = [";
    llvm::interleaveComma(values, printer);
    printer << "]";
  };
  printer << "<threshold = ";
  printShortest(printer, attribute.getThreshold().convertToDouble());
  if (!attribute.getTable().empty()) {
    if (attribute.getShift() != 0)
      printer << ", shift = " << attribute.getShift();
    list("table", attribute.getTable());
    if constexpr (std::is_same_v<Kind, EntropyAttr>)
      list("terms", attribute.getTerms());
    if constexpr (std::is_same_v<Kind, MaxSoftmaxAttr>)
      printer << ", limit = " << attribute.getLimits().front();
    else
      list("limits", attribute.getLimits());
    if (attribute.getLimitShift() != 0)
      printer << ", limit_shift = " << attribute.getLimitShift();
  }
  printer << ">";
}

/// What all integer forms have in common: a table that descends, and shifts.
static LogicalResult verifyTable(function_ref<InFlightDiagnostic()> emitError,
                                 StringRef name, int64_t shift,
                                 ArrayRef<int32_t> table, int64_t limitShift) {
  if (table.size() != 256 && table.size() != 2048)
    return emitError() << "table of #ee." << name
                       << " must have 256 or 2048 entries, but got "
                       << table.size();
  // Descending, so that a larger distance to the maximum never weighs more.
  for (size_t i = 0; i < table.size(); ++i)
    if (table[i] < 0 || (i > 0 && table[i] > table[i - 1]))
      return emitError() << "table of #ee." << name
                         << " must descend and not be negative, but entry " << i
                         << " is " << table[i];
  if (shift < 0 || shift > 15)
    return emitError() << "shift of #ee." << name
                       << " must be in 0..15, but got " << shift;
  if (limitShift < 0 || limitShift > 30)
    return emitError() << "limit_shift of #ee." << name
                       << " must be in 0..30, but got " << limitShift;
  return success();
}

/// Limits: -1 is one that no sum meets.
static LogicalResult verifyLimits(function_ref<InFlightDiagnostic()> emitError,
                                  StringRef name, ArrayRef<int32_t> limits) {
  for (size_t i = 0; i < limits.size(); ++i)
    if (limits[i] < -1)
      return emitError() << "limits of #ee." << name
                         << " must be -1 or more, but entry " << i << " is "
                         << limits[i];
  return success();
}

static LogicalResult
verifyProbability(function_ref<InFlightDiagnostic()> emitError, StringRef name,
                  double threshold) {
  if (threshold >= 0.0 && threshold < 1.0)
    return success();
  return emitError() << "threshold of #ee." << name
                     << " must be in [0, 1), but got " << threshold;
}

Attribute MaxSoftmaxAttr::parse(AsmParser &parser, Type) {
  return parseConfidence<MaxSoftmaxAttr>(parser);
}

void MaxSoftmaxAttr::print(AsmPrinter &printer) const {
  printConfidence(printer, *this);
}

LogicalResult
MaxSoftmaxAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       APFloat threshold, int64_t shift,
                       ArrayRef<int32_t> table, ArrayRef<int32_t> terms,
                       ArrayRef<int32_t> limits, int64_t limitShift) {
  StringRef name = getMnemonic();
  if (failed(verifyProbability(emitError, name, threshold.convertToDouble())))
    return failure();
  if (table.empty())
    return success();
  if (failed(verifyTable(emitError, name, shift, table, limitShift)))
    return failure();
  if (limits.size() != 1 || limits.front() < 0)
    return emitError() << "limit of #ee." << name
                       << " must not be negative, but got "
                       << (limits.empty() ? -1 : limits.front());
  return success();
}

Attribute MarginAttr::parse(AsmParser &parser, Type) {
  return parseConfidence<MarginAttr>(parser);
}

void MarginAttr::print(AsmPrinter &printer) const {
  printConfidence(printer, *this);
}

LogicalResult MarginAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                 APFloat threshold, int64_t shift,
                                 ArrayRef<int32_t> table,
                                 ArrayRef<int32_t> terms,
                                 ArrayRef<int32_t> limits, int64_t limitShift) {
  StringRef name = getMnemonic();
  if (failed(verifyProbability(emitError, name, threshold.convertToDouble())))
    return failure();
  if (table.empty())
    return success();
  if (failed(verifyTable(emitError, name, shift, table, limitShift)))
    return failure();
  if (limits.size() != table.size())
    return emitError() << "limits of #ee." << name
                       << " must be as many as its table's entries, "
                       << table.size() << ", but got " << limits.size();
  return verifyLimits(emitError, name, limits);
}

Attribute EntropyAttr::parse(AsmParser &parser, Type) {
  return parseConfidence<EntropyAttr>(parser);
}

void EntropyAttr::print(AsmPrinter &printer) const {
  printConfidence(printer, *this);
}

LogicalResult EntropyAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  APFloat threshold, int64_t shift,
                                  ArrayRef<int32_t> table,
                                  ArrayRef<int32_t> terms,
                                  ArrayRef<int32_t> limits,
                                  int64_t limitShift) {
  StringRef name = getMnemonic();
  double value = threshold.convertToDouble();
  if (!(value > 0.0) || threshold.isInfinity())
    return emitError() << "threshold of #ee." << name
                       << " must be positive, but got " << value;
  if (table.empty())
    return success();
  if (failed(verifyTable(emitError, name, shift, table, limitShift)))
    return failure();
  // No sum is below the maximum's own entry, from where the limits start.
  if (table.front() != 1 << 16)
    return emitError() << "table of #ee." << name
                       << " must start with 65536, but starts with "
                       << table.front();
  if (terms.size() != table.size())
    return emitError() << "terms of #ee." << name
                       << " must be as many as its table's entries, "
                       << table.size() << ", but got " << terms.size();
  for (size_t i = 0; i < terms.size(); ++i)
    if (terms[i] < 0)
      return emitError() << "terms of #ee." << name
                         << " must not be negative, but entry " << i << " is "
                         << terms[i];
  if (limits.empty() || limits.size() > 2048)
    return emitError() << "limits of #ee." << name
                       << " must be 1 to 2048, but got " << limits.size();
  return verifyLimits(emitError, name, limits);
}

//===----------------------------------------------------------------------===//
// ProfileAttr
//===----------------------------------------------------------------------===//

LogicalResult ProfileAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t taken, int64_t of) {
  if (taken < 0 || of < taken)
    return emitError() << "profile must have 0 <= taken <= of, but got taken = "
                       << taken << ", of = " << of;
  return success();
}

//===----------------------------------------------------------------------===//
// ExitOp
//===----------------------------------------------------------------------===//

ParseResult ExitOp::parse(OpAsmParser &parser, OperationState &result) {
  auto &properties = result.getOrAddProperties<Properties>();
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SMLoc operandsLoc;
  auto binding = [&]() -> ParseResult {
    return failure(parser.parseArgument(arguments.emplace_back()) ||
                   parser.parseEqual() ||
                   parser.parseOperand(operands.emplace_back()) ||
                   parser.parseColonType(arguments.back().type));
  };
  if (parser.parseAttribute(properties.label,
                            parser.getBuilder().getNoneType()) ||
      parser.parseKeyword("on") || parser.getCurrentLocation(&operandsLoc) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, binding) ||
      parser.parseKeyword("when") ||
      parser.parseAttribute(properties.confidence))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("profile")) &&
      parser.parseCustomAttributeWithFallback(properties.profile))
    return failure();
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  SmallVector<Type> types;
  for (auto &argument : arguments)
    types.push_back(argument.type);
  if (parser.resolveOperands(operands, types, operandsLoc, result.operands) ||
      parser.parseKeyword("classify") ||
      parser.parseRegion(*result.addRegion(), arguments) ||
      parser.parseKeyword("otherwise") ||
      parser.parseRegion(*result.addRegion(), arguments) ||
      parser.parseArrowTypeList(result.types))
    return failure();
  return success();
}

void ExitOp::print(OpAsmPrinter &p) {
  p << ' ' << getLabelAttr() << " on (";
  llvm::interleaveComma(
      llvm::zip(getClassify().getArguments(), getInputs()), p, [&](auto pair) {
        auto [argument, input] = pair;
        p << argument << " = " << input << " : " << input.getType();
      });
  p << ')';
  p.increaseIndent();
  p.increaseIndent();
  p.printNewline();
  p << "when " << getConfidence();
  if (ProfileAttr profile = getProfileAttr()) {
    p << " profile ";
    p.printStrippedAttrOrType(profile);
  }
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                     {"label", "confidence", "profile"});
  p.decreaseIndent();
  p.printNewline();
  p << "classify ";
  p.printRegion(getClassify(), /*printEntryBlockArgs=*/false);
  p << " otherwise ";
  // Both regions name their arguments as the op's header does.
  p.shadowRegionArgs(getOtherwise(), ValueRange(getClassify().getArguments()));
  p.printRegion(getOtherwise(), /*printEntryBlockArgs=*/false);
  p.decreaseIndent();
  p.printArrowTypeList(getResultTypes());
}

LogicalResult ExitOp::verifyRegions() {
  std::pair<StringRef, Region &> regions[] = {{"classify", getClassify()},
                                              {"otherwise", getOtherwise()}};
  for (auto &[name, region] : regions) {
    if (region.getArgumentTypes() != getInputs().getTypes())
      return emitOpError() << "expected the arguments of its " << name
                           << " region to have its operands' types";
    auto yield = dyn_cast_or_null<YieldOp>(region.front().mightHaveTerminator()
                                               ? region.front().getTerminator()
                                               : nullptr);
    if (!yield)
      return emitOpError() << "expected its " << name
                           << " region to end with ee.yield";
    if (yield.getValues().empty())
      return emitOpError()
             << "expected its " << name
             << " region to yield its logits, but it yields nothing";
    Type logits = yield.getValues().front().getType();
    auto shape = cast<RankedTensorType>(logits);
    if (shape.getRank() != 2 || shape.getDimSize(0) != 1) {
      InFlightDiagnostic diagnostic =
          emitOpError() << "expected a rank-2 [1, classes] result from its "
                        << name << " region, but got " << logits;
      diagnostic.attachNote(yield.getLoc())
          << "reshape the classifier's output, e.g. with tosa.reshape";
      return diagnostic;
    }
    if (yield.getValues().getTypes() != getResultTypes()) {
      InFlightDiagnostic diagnostic =
          emitOpError() << "expected its " << name
                        << " region to yield its result types, but got ";
      llvm::interleaveComma(yield.getValues().getTypes(), diagnostic);
      diagnostic << " instead of ";
      llvm::interleaveComma(getResultTypes(), diagnostic);
      diagnostic.attachNote(yield.getLoc())
          << "all classifiers of a network have the same classes and element "
             "type";
      return diagnostic;
    }
  }
  if (auto parent = (*this)->getParentOfType<ExitOp>())
    if (parent.getClassify().isAncestor((*this)->getParentRegion()))
      return emitOpError(
          "must not be inside the classify region of another exit: "
          "exits nest in the otherwise region");
  return success();
}

//===----------------------------------------------------------------------===//
// C API
//===----------------------------------------------------------------------===//

extern "C" {
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Ee, ee);

/// A confidence, with its kind: 0 max_softmax, 1 margin, 2 entropy.
struct AtheenaConfidence {
  uint32_t kind;
  double threshold;
  int64_t shift;
  const int32_t *table;
  size_t tableSize;
  const int32_t *terms;
  size_t termsSize;
  const int32_t *limits;
  size_t limitsSize;
  int64_t limitShift;
};

MlirAttribute atheenaConfidenceGet(MlirContext context,
                                   const AtheenaConfidence *from) {
  MLIRContext *c = unwrap(context);
  auto get = [&](auto kind) -> Attribute {
    return decltype(kind)::getChecked(
        [c] { return mlir::emitError(UnknownLoc::get(c)); }, c,
        APFloat(from->threshold), from->shift,
        ArrayRef(from->table, from->tableSize),
        ArrayRef(from->terms, from->termsSize),
        ArrayRef(from->limits, from->limitsSize), from->limitShift);
  };
  switch (from->kind) {
  case 0:
    return wrap(get(MaxSoftmaxAttr()));
  case 1:
    return wrap(get(MarginAttr()));
  default:
    return wrap(get(EntropyAttr()));
  }
}
bool atheenaConfidenceOf(MlirAttribute attribute, AtheenaConfidence *to) {
  auto read = [&](uint32_t kind, auto from) {
    *to = {kind,
           from.getThreshold().convertToDouble(),
           from.getShift(),
           from.getTable().data(),
           from.getTable().size(),
           from.getTerms().data(),
           from.getTerms().size(),
           from.getLimits().data(),
           from.getLimits().size(),
           from.getLimitShift()};
    return true;
  };
  return llvm::TypeSwitch<Attribute, bool>(unwrap(attribute))
      .Case([&](MaxSoftmaxAttr from) { return read(0, from); })
      .Case([&](MarginAttr from) { return read(1, from); })
      .Case([&](EntropyAttr from) { return read(2, from); })
      .Default(false);
}

MlirAttribute atheenaProfileGet(MlirContext context, int64_t taken,
                                int64_t of) {
  MLIRContext *c = unwrap(context);
  return wrap(ProfileAttr::getChecked(
      [c] { return mlir::emitError(UnknownLoc::get(c)); }, c, taken, of));
}
bool atheenaProfileCounts(MlirAttribute attribute, int64_t *taken,
                          int64_t *of) {
  auto profile = dyn_cast<ProfileAttr>(unwrap(attribute));
  if (profile) {
    *taken = profile.getTaken();
    *of = profile.getOf();
  }
  return bool(profile);
}
}
MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Ee, ee, EeDialect)
