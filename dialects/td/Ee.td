//===- Ee.td - The early-exit dialect ---------------------------*- tablegen -*-===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===---------------------------------------------------------------------------===//

#ifndef ATHEENA_EE_TD
#define ATHEENA_EE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Ee_Dialect : Dialect {
  let name = "ee";
  let cppNamespace = "::atheena::ee";
  let summary = "Early exits of neural networks";
  let description = [{
    An early-exit network has classifiers part-way: a sample leaves at the first
    classifier that is confident, the others go on. This dialect holds exactly that
    and nothing else: layers are TOSA, containers are `func.func`.
  }];
  let useDefaultAttributePrinterParser = 1;
}

//===---------------------------------------------------------------------------===//
// Attributes
//===---------------------------------------------------------------------------===//

class Ee_Attr<string name, string attrMnemonic> : AttrDef<Ee_Dialect, name, []> {
  let mnemonic = attrMnemonic;
}

def Ee_MaxSoftmaxAttr : Ee_Attr<"MaxSoftmax", "max_softmax"> {
  let summary = "confident if the largest softmax probability exceeds a threshold";
  let description = [{
    Of logits `x`, a sample is confident if `max_i softmax(x)_i > threshold`. As the
    largest probability is `1 / sum_i exp(x_i - max x)`, that is
    `sum_i exp(x_i - max x) < 1 / threshold`.

    Quantisation adds the form that hardware computes, with integers alone. With
    `d_i = max x - x_i` in 0..255 and `table[d] = round(exp(-d * scale) * 2^16)`, a
    sample is confident if `sum_i table[d_i] <= limit`.

    The threshold lies in `[0, 1)`: no probability exceeds 1.

    ```mlir
    #ee.max_softmax<threshold = 0.996>
    #ee.max_softmax<threshold = 0.996, table = [65536, 51039, ...], limit = 65799>
    ```
  }];
  let parameters = (ins APFloatParameter<"probability in [0, 1)">:$threshold,
      OptionalArrayRefParameter<"int32_t", "256 exponentials, scaled by 2^16">:$table,
      DefaultValuedParameter<"int64_t", "0", "largest confident sum">:$limit);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Ee_ProfileAttr : Ee_Attr<"Profile", "profile"> {
  let summary = "how many of the samples that reached an exit left there";
  let description = [{
    Counts, not a rate: the counts of shards of a data set add up exactly, and an
    interval of confidence of the exit rate can be derived from them.

    ```mlir
    #ee.profile<taken = 7500, of = 10000>
    ```
  }];
  let parameters = (ins "int64_t":$taken, "int64_t":$of);
  let assemblyFormat = "`<` `taken` `=` $taken `,` `of` `=` $of `>`";
  let genVerifyDecl = 1;
}

def Ee_ConfidenceAttr
    : Attr<CPred<"::llvm::isa<::atheena::ee::MaxSoftmaxAttr>($_self)">,
           "confidence attribute (#ee.max_softmax)"> {
  let storageType = "::mlir::Attribute";
  let returnType = "::mlir::Attribute";
  let convertFromStorage = "$_self";
}

//===---------------------------------------------------------------------------===//
// Operations
//===---------------------------------------------------------------------------===//

class Ee_Op<string mnemonic, list<Trait> traits = []> : Op<Ee_Dialect, mnemonic, traits>;

def Ee_ExitOp : Ee_Op<"exit", [IsolatedFromAbove, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "a point where confident samples leave the network";
  let description = [{
    Every sample runs the `classify` region, whose first yielded value holds the
    classifier's logits, `[1, classes]`. If the confidence holds of them the op's
    results are what `classify` yields; else the `otherwise` region runs, and the
    results are what it yields. `otherwise` may hold further exits.

    The operands are what both regions may use of the network so far: what crosses
    an exit is what hardware has to buffer, so it is written out, and the regions see
    nothing else. Each region has one argument an operand.

    The profile, where it is known, says how many samples reached the exit and how
    many of them left.

    Quantisation leaves `ee.logits_scale` (f64) on each exit, and on the function for
    the last classifier: the real number that a one in its integer logits stands for.

    ```mlir
    %logits = ee.exit "exit1" on (%f = %features : tensor<1x16x16x5xi8>)
        when #ee.max_softmax<threshold = 0.996> profile <taken = 7500, of = 10000>
      classify {
        ...
        ee.yield %early : tensor<1x10xi8>
      } otherwise {
        ...
        ee.yield %late : tensor<1x10xi8>
      } -> tensor<1x10xi8>
    ```
  }];
  let arguments = (ins StrAttr:$label, Variadic<AnyRankedTensor>:$inputs,
      Ee_ConfidenceAttr:$confidence, OptionalAttr<Ee_ProfileAttr>:$profile);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$classify, SizedRegion<1>:$otherwise);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
}

def Ee_YieldOp : Ee_Op<"yield", [Pure, Terminator, ReturnLike, HasParent<"ExitOp">]> {
  let summary = "the results of a region of an exit";
  let description = [{
    The first value of `classify` is the classifier's logits.

    ```mlir
    ee.yield %logits : tensor<1x10xi8>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

#endif // ATHEENA_EE_TD
