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

/// A condition under which a sample leaves: all kinds have the same parameters, and
/// differ in which of them their integer form has. Without an integer form all but the
/// threshold are empty.
class Ee_Confidence<string name, string attrMnemonic> : Ee_Attr<name, attrMnemonic> {
  let parameters = (ins APFloatParameter<"what the confidence is compared with">:$threshold,
      DefaultValuedParameter<"int64_t", "0", "log2 of the distance between two entries">:$shift,
      OptionalArrayRefParameter<"int32_t", "exponentials, scaled by 2^16">:$table,
      OptionalArrayRefParameter<"int32_t", "terms of the entropy, scaled by 2^16">:$terms,
      OptionalArrayRefParameter<"int32_t", "largest sums of a sample that leaves">:$limits,
      DefaultValuedParameter<"int64_t", "0", "log2 of the sums an entry of the limits is for">:$limit_shift);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Ee_MaxSoftmaxAttr : Ee_Confidence<"MaxSoftmax", "max_softmax"> {
  let summary = "confident if the largest softmax probability exceeds a threshold";
  let description = [{
    Of logits `x`, a sample is confident if `max_i softmax(x)_i > threshold`. As the
    largest probability is `1 / sum_i exp(x_i - max x)`, that is
    `sum_i exp(x_i - max x) < 1 / threshold`.

    Quantisation adds the form that hardware computes, with integers alone. With
    `d_i = max x - x_i`, rounded to a multiple of `2^shift` and looked up in
    `table[i] = round(exp(-i * 2^shift * scale) * 2^16)`, whose last entry stands for
    all distances beyond it as well, a sample is confident if
    `sum_i table[d_i / 2^shift] <= limit`. Logits of 8 bits have a table of 256 entries
    and no shift, those of 16 bits one of 2048.

    The threshold lies in `[0, 1)`: no probability exceeds 1.

    ```mlir
    #ee.max_softmax<threshold = 0.996>
    #ee.max_softmax<threshold = 0.996, table = [65536, 51039, ...], limit = 65799>
    #ee.max_softmax<threshold = 0.996, shift = 3, table = [65536, 65405, ...], limit = 65799>
    ```
  }];
}

def Ee_MarginAttr : Ee_Confidence<"Margin", "margin"> {
  let summary = "confident if the two largest softmax probabilities are far apart";
  let description = [{
    With `p` and `q` the largest and the second largest of the softmax probabilities (equal
    where two classes tie; `q` is 0 where there is one class), a sample is confident if
    `p - q > threshold`.

    In integers, with the table and the index of `#ee.max_softmax`, and `d` the distance of
    the second largest logit: `sum_i table[index(d_i)] <= limits[index(d)]`, since
    `(1 - exp(-d)) / sum > threshold` is `sum < (1 - exp(-d)) / threshold`.

    The threshold lies in `[0, 1)`.

    ```mlir
    #ee.margin<threshold = 0.3>
    #ee.margin<threshold = 0.3, table = [65536, 51039, ...], limits = [-1, 48323, ...]>
    ```
  }];
}

def Ee_EntropyAttr : Ee_Confidence<"Entropy", "entropy"> {
  let summary = "confident if the entropy of the softmax probabilities is below a threshold";
  let description = [{
    With the softmax probabilities `p`, a sample is confident if
    `-sum_i p_i ln p_i < threshold`: the entropy in nats, as in BranchyNet.

    With `S = sum_i exp(-d_i)` and `D = sum_i d_i exp(-d_i)` the entropy is
    `ln S + D / S`, so a sample is confident if `D < S (threshold - ln S)`, whose right
    side is a function of `S` alone. In integers, with the table and the index of
    `#ee.max_softmax`, and `terms` a second table, of `d exp(-d)`:
    `sum_i terms[index(d_i)] <= limits[(sum_i table[index(d_i)] - 2^16) >> limit_shift]`,
    where the last limit stands for all sums beyond it as well.

    The threshold is positive: no entropy is below 0.

    ```mlir
    #ee.entropy<threshold = 0.5>
    #ee.entropy<threshold = 0.5, table = [65536, 51039, ...], terms = [0, 12760, ...],
      limits = [32759, 32743, ...], limit_shift = 5>
    ```
  }];
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
    : Attr<CPred<"::llvm::isa<::atheena::ee::MaxSoftmaxAttr, ::atheena::ee::MarginAttr, "
                 "::atheena::ee::EntropyAttr>($_self)">,
           "confidence attribute (#ee.max_softmax, #ee.margin, #ee.entropy)"> {
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
