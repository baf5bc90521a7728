//===- Shim.cpp - What MLIR's C API lacks ---------------------------------===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Passes with options in the global registry, MlirOptMain and
// mlirTranslateMain, diagnostics with notes. Options are real `Pass::Option`
// objects, so parsing,
// --help, cloning and --dump-pass-pipeline are MLIR's own; Rust reads the
// values.
//
//===----------------------------------------------------------------------===//

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/InitAllTranslations.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

extern "C" {
enum AtheenaOptionKind : uint32_t {
  AtheenaBool,
  AtheenaInt,
  AtheenaFloat,
  AtheenaStr
};
struct AtheenaOption { // mirrors `ffi::Option`
  MlirStringRef name, help, init;
  AtheenaOptionKind kind;
};
struct AtheenaPass { // mirrors `ffi::Pass`; lives for ever, its address is the
                     // TypeID
  MlirStringRef argument, description, anchor;
  const AtheenaOption *options;
  size_t numOptions;
  void (*ownDialects)(MlirDialectRegistry);
  bool (*run)(MlirOperation op, const void *pass,
              const void *rust); // true: success
  const void *rust;
};
}

namespace {
class RustPass : public Pass {
public:
  explicit RustPass(const AtheenaPass &entry)
      : Pass(TypeID::getFromOpaquePointer(&entry),
             entry.anchor.length ? std::optional(unwrap(entry.anchor))
                                 : std::nullopt),
        entry(entry) {
    for (size_t i = 0; i < entry.numOptions; ++i)
      addOption(entry.options[i]);
  }
  StringRef getName() const override { return unwrap(entry.argument); }
  StringRef getArgument() const override { return unwrap(entry.argument); }
  StringRef getDescription() const override {
    return unwrap(entry.description);
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    entry.ownDialects(wrap(&registry));
    registry.insert<arith::ArithDialect, func::FuncDialect, scf::SCFDialect,
                    tensor::TensorDialect, tosa::TosaDialect>();
  }
  std::unique_ptr<Pass> clonePass() const override {
    return std::make_unique<RustPass>(entry); // Pass::clone copies the options
  }
  bool canScheduleOn(RegisteredOperationName name) const override {
    return !entry.anchor.length || name.getStringRef() == unwrap(entry.anchor);
  }
  void runOnOperation() override {
    if (!entry.run(wrap(getOperation()), this, entry.rust))
      signalPassFailure();
  }

  template <typename T> decltype(auto) get(size_t i) const {
    return static_cast<const Holder<T> &>(*options[i]).option.getValue();
  }

private:
  struct HolderBase {
    virtual ~HolderBase() = default;
  };
  template <typename T> struct Holder : HolderBase {
    Holder(Pass &pass, const AtheenaOption &o, T init)
        : option(pass, unwrap(o.name), llvm::cl::desc(unwrap(o.help)),
                 llvm::cl::init(init)) {}
    Option<T> option;
  };
  void addOption(const AtheenaOption &o) {
    StringRef init = unwrap(o.init);
    int64_t i = 0;
    double f = 0;
    switch (o.kind) {
    case AtheenaBool:
      options.push_back(
          std::make_unique<Holder<bool>>(*this, o, init == "true"));
      break;
    case AtheenaInt:
      (void)init.getAsInteger(0, i);
      options.push_back(std::make_unique<Holder<int64_t>>(*this, o, i));
      break;
    case AtheenaFloat:
      (void)init.getAsDouble(f);
      options.push_back(std::make_unique<Holder<double>>(*this, o, f));
      break;
    case AtheenaStr:
      options.push_back(
          std::make_unique<Holder<std::string>>(*this, o, init.str()));
      break;
    }
  }

  const AtheenaPass &entry;
  std::vector<std::unique_ptr<HolderBase>> options;
};

const RustPass &self(const void *pass) {
  return *static_cast<const RustPass *>(static_cast<const Pass *>(pass));
}
} // namespace

extern "C" {
void atheenaRegisterPass(const AtheenaPass *entry) {
  registerPass([entry] { return std::make_unique<RustPass>(*entry); });
}
bool atheenaOptionBool(const void *p, size_t i) { return self(p).get<bool>(i); }
int64_t atheenaOptionInt(const void *p, size_t i) {
  return self(p).get<int64_t>(i);
}
double atheenaOptionFloat(const void *p, size_t i) {
  return self(p).get<double>(i);
}
MlirStringRef atheenaOptionStr(const void *p, size_t i) {
  return wrap(StringRef(self(p).get<std::string>(i)));
}

void atheenaRegisterUpstreamPasses() { registerAllPasses(); }
void atheenaRegisterUpstreamDialects(MlirDialectRegistry registry) {
  registerAllDialects(*unwrap(registry));
  registerAllExtensions(*unwrap(registry));
}
int atheenaOptMain(int argc, char **argv, MlirStringRef tool,
                   MlirDialectRegistry registry) {
  return asMainReturnCode(
      MlirOptMain(argc, argv, unwrap(tool), *unwrap(registry)));
}

int atheenaLspMain(int argc, char **argv, MlirDialectRegistry registry) {
  return asMainReturnCode(MlirLspServerMain(argc, argv, *unwrap(registry)));
}

// A translation to MLIR. `import` gets the input buffer and returns a null
// module after it has emitted a diagnostic.
void atheenaRegisterImport(MlirStringRef name, MlirStringRef description,
                           void (*dialects)(MlirDialectRegistry),
                           MlirModule (*import)(MlirContext,
                                                MlirStringRef buffer,
                                                MlirStringRef file)) {
  // The registration keeps references to its strings.
  auto *key = new std::string(unwrap(name).str());
  auto *help = new std::string(unwrap(description).str());
  TranslateToMLIRRegistration registration(
      *key, *help,
      [import](llvm::SourceMgr &sources,
               MLIRContext *context) -> OwningOpRef<Operation *> {
        const llvm::MemoryBuffer *buffer =
            sources.getMemoryBuffer(sources.getMainFileID());
        MlirModule module = import(wrap(context), wrap(buffer->getBuffer()),
                                   wrap(buffer->getBufferIdentifier()));
        if (mlirModuleIsNull(module))
          return {};
        return OwningOpRef<Operation *>(unwrap(mlirModuleGetOperation(module)));
      },
      [dialects](DialectRegistry &registry) { dialects(wrap(&registry)); });
}
// A translation from MLIR. `translate` gets the file that `-o` names, "-" for
// the standard output, hands its text to `write`, and returns false after it
// has emitted a diagnostic.
void atheenaRegisterExport(MlirStringRef name, MlirStringRef description,
                           void (*dialects)(MlirDialectRegistry),
                           bool (*translate)(MlirModule, MlirStringRef output,
                                             MlirStringCallback write,
                                             void *user)) {
  auto *key = new std::string(unwrap(name).str());
  auto *help = new std::string(unwrap(description).str());
  TranslateFromMLIRRegistration registration(
      *key, *help,
      [translate](ModuleOp module, llvm::raw_ostream &stream) {
        // mlir-translate's own option.
        auto found = llvm::cl::getRegisteredOptions().find("o");
        std::string output =
            static_cast<llvm::cl::opt<std::string> *>(found->second)
                ->getValue();
        auto write = [](MlirStringRef text, void *user) {
          *static_cast<llvm::raw_ostream *>(user) << unwrap(text);
        };
        return success(
            translate(wrap(module), wrap(StringRef(output)), write, &stream));
      },
      [dialects](DialectRegistry &registry) { dialects(wrap(&registry)); });
}
int atheenaTranslateMain(int argc, char **argv, MlirStringRef tool) {
  registerAllTranslations();
  return failed(mlirTranslateMain(argc, argv, unwrap(tool))) ? 1 : 0;
}

// The elements of a `dense_resource` as `dense`, null if there are none of
// them or not as many as the type asks for.
MlirAttribute atheenaResourceToDense(MlirAttribute attribute) {
  auto resource = llvm::dyn_cast<DenseResourceElementsAttr>(unwrap(attribute));
  if (!resource || !resource.getRawHandle().getBlob())
    return {};
  ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
  bool splat = false;
  if (!DenseElementsAttr::isValidRawBuffer(resource.getType(), data, splat))
    return {};
  return wrap(
      Attribute(DenseElementsAttr::getFromRawBuffer(resource.getType(), data)));
}

// Emits a diagnostic with notes; `severity` as in mlir::DiagnosticSeverity.
void atheenaEmit(MlirLocation location, uint32_t severity,
                 MlirStringRef message, const MlirStringRef *notes,
                 size_t numNotes) {
  Diagnostic diagnostic(unwrap(location), DiagnosticSeverity(severity));
  diagnostic << unwrap(message);
  for (size_t i = 0; i < numNotes; ++i)
    diagnostic.attachNote() << unwrap(notes[i]);
  unwrap(location).getContext()->getDiagEngine().emit(std::move(diagnostic));
}
}
