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
// MaxSoftmaxAttr
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

Attribute MaxSoftmaxAttr::parse(AsmParser &parser, Type) {
  double threshold = 0;
  SmallVector<int32_t> table;
  int64_t limit = 0;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseLess() || parser.parseKeyword("threshold") ||
      parser.parseEqual() || parser.parseFloat(threshold))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    auto element = [&] { return parser.parseInteger(table.emplace_back()); };
    if (parser.parseKeyword("table") || parser.parseEqual() ||
        parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, element) ||
        parser.parseComma() || parser.parseKeyword("limit") ||
        parser.parseEqual() || parser.parseInteger(limit))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return MaxSoftmaxAttr::getChecked([&] { return parser.emitError(loc); },
                                    parser.getContext(), APFloat(threshold),
                                    table, limit);
}

void MaxSoftmaxAttr::print(AsmPrinter &printer) const {
  printer << "<threshold = ";
  printShortest(printer, getThreshold().convertToDouble());
  if (!getTable().empty()) {
    printer << ", table = [";
    llvm::interleaveComma(getTable(), printer);
    printer << "], limit = " << getLimit();
  }
  printer << ">";
}

LogicalResult
MaxSoftmaxAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       APFloat threshold, ArrayRef<int32_t> table,
                       int64_t limit) {
  double value = threshold.convertToDouble();
  if (!(value >= 0.0 && value < 1.0))
    return emitError()
           << "threshold of #ee.max_softmax must be in [0, 1), but got "
           << value;
  if (table.empty())
    return success();
  if (table.size() != 256)
    return emitError()
           << "table of #ee.max_softmax must have 256 entries, but got "
           << table.size();
  // Descending, so that a larger distance to the maximum never weighs more.
  for (size_t i = 0; i < table.size(); ++i)
    if (table[i] < 0 || (i > 0 && table[i] > table[i - 1]))
      return emitError() << "table of #ee.max_softmax must descend and not be "
                            "negative, but entry "
                         << i << " is " << table[i];
  if (limit < 0)
    return emitError()
           << "limit of #ee.max_softmax must not be negative, but got "
           << limit;
  return success();
}

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

MlirAttribute atheenaMaxSoftmaxGet(MlirContext context, double threshold,
                                   const int32_t *table, size_t tableSize,
                                   int64_t limit) {
  MLIRContext *c = unwrap(context);
  return wrap(MaxSoftmaxAttr::getChecked(
      [c] { return mlir::emitError(UnknownLoc::get(c)); }, c,
      APFloat(threshold), ArrayRef(table, tableSize), limit));
}
bool atheenaMaxSoftmaxIsA(MlirAttribute attribute) {
  return isa<MaxSoftmaxAttr>(unwrap(attribute));
}
double atheenaMaxSoftmaxThreshold(MlirAttribute attribute) {
  return cast<MaxSoftmaxAttr>(unwrap(attribute))
      .getThreshold()
      .convertToDouble();
}
size_t atheenaMaxSoftmaxTable(MlirAttribute attribute, const int32_t **table) {
  auto values = cast<MaxSoftmaxAttr>(unwrap(attribute)).getTable();
  *table = values.data();
  return values.size();
}
int64_t atheenaMaxSoftmaxLimit(MlirAttribute attribute) {
  return cast<MaxSoftmaxAttr>(unwrap(attribute)).getLimit();
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
