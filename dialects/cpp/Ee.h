//===- Ee.h - Classes of the ee dialect -----------------------------*- C++
//-*-===//
//
// Part of atheena, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATHEENA_EE_H
#define ATHEENA_EE_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "EeDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "EeAttributes.h.inc"
#define GET_OP_CLASSES
#include "EeOps.h.inc"

#endif // ATHEENA_EE_H
