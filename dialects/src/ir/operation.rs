//! Operations, values, blocks and regions.

use super::{Attr, Ctx, Failure, Loc, Type, handle, list};
use crate::ffi::{owned, printed, string_ref};
use mlir_sys::*;
use std::fmt;

handle! {
    /// An operation.
    Op, MlirOperation
}
handle! {
    /// A result of an operation or an argument of a block.
    Value, MlirValue
}
handle! {
    /// A block.
    Block, MlirBlock
}
handle! {
    /// A region of an operation.
    Region, MlirRegion
}

/// An empty module, which the caller owns.
pub fn new_module<'c>(loc: Loc<'c>) -> melior::ir::Module<'c> {
    // SAFETY: the location's context outlives 'c; the new module is owned by the wrapper alone.
    unsafe { melior::ir::Module::from_raw(mlirModuleCreateEmpty(loc.to_raw())) }
}

impl<'c> Op<'c> {
    /// The operation of a module.
    pub fn of_module(module: &melior::ir::Module<'c>) -> Self {
        // SAFETY: a module has an operation that lives as long as it does.
        unsafe { Self::from_raw(mlirModuleGetOperation(module.to_raw())) }
    }

    /// The name, such as `tosa.conv2d`.
    pub fn name(self) -> String {
        // SAFETY: an operation has a name.
        unsafe { owned(mlirIdentifierStr(mlirOperationGetName(self.raw))) }
    }

    /// Has this operation that name?
    pub fn is(self, name: &str) -> bool {
        // SAFETY: the bytes belong to the context.
        unsafe {
            let s = mlirIdentifierStr(mlirOperationGetName(self.raw));
            std::slice::from_raw_parts(s.data.cast::<u8>(), s.length) == name.as_bytes()
        }
    }

    /// The context.
    pub fn ctx(self) -> Ctx<'c> {
        // SAFETY: an operation has a context.
        unsafe { Ctx::from_raw(mlirOperationGetContext(self.raw)) }
    }

    /// The location.
    pub fn loc(self) -> Loc<'c> {
        // SAFETY: an operation has a location.
        unsafe { Loc::from_raw(mlirOperationGetLocation(self.raw)) }
    }

    /// Operand `index`, if there is one.
    pub fn operand(self, index: usize) -> Option<Value<'c>> {
        // SAFETY: the index is checked.
        unsafe {
            ((index as isize) < mlirOperationGetNumOperands(self.raw))
                .then(|| Value::from_raw(mlirOperationGetOperand(self.raw, index as isize)))
        }
    }

    /// All operands.
    pub fn operands(self) -> Vec<Value<'c>> {
        (0..).map_while(|i| self.operand(i)).collect()
    }

    /// Replaces operand `index`.
    pub fn set_operand(self, index: usize, value: Value<'c>) {
        assert!(self.operand(index).is_some(), "operand {index} exists");
        // SAFETY: the index is checked.
        unsafe { mlirOperationSetOperand(self.raw, index as isize, value.raw) }
    }

    /// Replaces all operands.
    pub fn set_operands(self, values: &[Value<'c>]) {
        let values: Vec<_> = values.iter().map(|v| v.raw).collect();
        // SAFETY: MLIR copies the list.
        unsafe { mlirOperationSetOperands(self.raw, values.len() as isize, values.as_ptr()) }
    }

    /// Result `index`; it must exist.
    pub fn result(self, index: usize) -> Value<'c> {
        let results = self.results();
        assert!(index < results.len(), "{} has result {index}", self.name());
        results[index]
    }

    /// All results.
    pub fn results(self) -> Vec<Value<'c>> {
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirOperationGetNumResults(self.raw))
                .map(|i| Value::from_raw(mlirOperationGetResult(self.raw, i)))
                .collect()
        }
    }

    /// Region `index`; it must exist.
    pub fn region(self, index: usize) -> Region<'c> {
        let regions = self.regions();
        assert!(index < regions.len(), "{} has region {index}", self.name());
        regions[index]
    }

    /// All regions.
    pub fn regions(self) -> Vec<Region<'c>> {
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirOperationGetNumRegions(self.raw))
                .map(|i| Region::from_raw(mlirOperationGetRegion(self.raw, i)))
                .collect()
        }
    }

    /// The body of an operation with one region of one block, such as a module, function or graph.
    pub fn body(self) -> Block<'c> {
        self.region(0).entry().expect("an operation with a body has a block")
    }

    /// An attribute, inherent or discardable.
    pub fn attr(self, name: &str) -> Option<Attr<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Attr::from_nullable(mlirOperationGetAttributeByName(self.raw, string_ref(name))) }
    }

    /// Sets an attribute.
    pub fn set_attr(self, name: &str, value: Attr<'c>) {
        // SAFETY: the attribute is of the same context.
        unsafe { mlirOperationSetAttributeByName(self.raw, string_ref(name), value.to_raw()) }
    }

    /// Removes an attribute; false if there is none.
    pub fn remove_attr(self, name: &str) -> bool {
        // SAFETY: the operation is alive.
        unsafe { mlirOperationRemoveAttributeByName(self.raw, string_ref(name)) }
    }

    /// The operation around this one.
    pub fn parent(self) -> Option<Op<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Op::from_nullable(mlirOperationGetParentOperation(self.raw)) }
    }

    /// The nearest operation around this one that has that name.
    pub fn parent_named(self, name: &str) -> Option<Op<'c>> {
        std::iter::successors(self.parent(), |op| op.parent()).find(|op| op.is(name))
    }

    /// The block that this operation is in.
    pub fn block(self) -> Option<Block<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Block::from_nullable(mlirOperationGetBlock(self.raw)) }
    }

    /// The operation behind this one in its block.
    pub fn next(self) -> Option<Op<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Op::from_nullable(mlirOperationGetNextInBlock(self.raw)) }
    }

    /// This operation and all inside it, each before what it holds. A list, so that rewriting is safe.
    pub fn walk(self) -> Vec<Op<'c>> {
        fn add<'c>(op: Op<'c>, out: &mut Vec<Op<'c>>) {
            out.push(op);
            let blocks = op.regions().into_iter().flat_map(Region::blocks);
            blocks.flat_map(Block::ops).for_each(|op| add(op, out));
        }
        let mut out = vec![];
        add(self, &mut out);
        out
    }

    /// All operations of that name inside this one (and itself), in order.
    pub fn walk_named(self, name: &str) -> Vec<Op<'c>> {
        self.walk().into_iter().filter(|op| op.is(name)).collect()
    }

    /// Is `self` inside `other`, or the same?
    pub fn is_inside(self, other: Op<'c>) -> bool {
        std::iter::successors(Some(self), |op| op.parent()).any(|op| op == other)
    }

    /// The symbol's name of a function, graph or module.
    pub fn symbol(self) -> Option<String> {
        self.attr("sym_name")?.to_string_value()
    }

    /// Removes the operation from its block and destroys it. Its results must have no uses.
    pub fn erase(self) {
        // SAFETY: the operation is in a block or detached; handles to it are dead from here on.
        unsafe {
            mlirOperationRemoveFromParent(self.raw);
            mlirOperationDestroy(self.raw);
        }
    }

    /// Replaces all uses of the results, then erases the operation.
    pub fn replace(self, values: &[Value<'c>]) {
        let results = self.results();
        assert_eq!(results.len(), values.len(), "one value for each result");
        for (old, new) in results.into_iter().zip(values) {
            old.replace_uses(*new);
        }
        self.erase();
    }

    /// A detached copy with all inside it; operands stay.
    pub fn duplicate(self) -> Op<'c> {
        // SAFETY: the operation is alive; the copy belongs to the caller.
        unsafe { Op::from_raw(mlirOperationClone(self.raw)) }
    }

    /// Moves this operation before another one.
    pub fn move_before(self, other: Op<'c>) {
        // SAFETY: both are alive and in blocks.
        unsafe { mlirOperationMoveBefore(self.raw, other.raw) }
    }

    /// Moves this operation behind another one.
    pub fn move_after(self, other: Op<'c>) {
        // SAFETY: both are alive and in blocks.
        unsafe { mlirOperationMoveAfter(self.raw, other.raw) }
    }

    /// Moves this operation to the end of a block.
    pub fn move_to_end(self, block: Block<'c>) {
        // SAFETY: both are alive; the operation has one owner at a time.
        unsafe {
            mlirOperationRemoveFromParent(self.raw);
            mlirBlockAppendOwnedOperation(block.raw, self.raw);
        }
    }

    /// Does this operation, with all inside it, verify? Emits diagnostics if not.
    pub fn verify(self) -> bool {
        // SAFETY: the operation is alive.
        unsafe { mlirOperationVerify(self.raw) }
    }

    /// Emits an error at this operation, `'NAME' op MESSAGE`, with notes; the caller stops.
    pub fn error(self, message: impl fmt::Display, notes: &[&str]) -> Failure {
        self.loc().error(format_args!("'{}' op {message}", self.name()), notes)
    }

    /// Emits a remark at this operation.
    pub fn remark(self, message: impl fmt::Display) {
        self.loc().remark(message);
    }

    /// The text in generic form, with locations: what another MLIR reads.
    pub fn to_generic(self) -> String {
        // SAFETY: the flags live through the call.
        unsafe {
            let flags = mlirOpPrintingFlagsCreate();
            mlirOpPrintingFlagsPrintGenericOpForm(flags);
            mlirOpPrintingFlagsEnableDebugInfo(flags, true, false);
            let text = printed(|callback, user| {
                mlirOperationPrintWithFlags(self.raw, flags, callback, user);
            });
            mlirOpPrintingFlagsDestroy(flags);
            text
        }
    }

    /// The text with locations, in the dialects' own form.
    pub fn to_text_with_locations(self) -> String {
        // SAFETY: the flags live through the call.
        unsafe {
            let flags = mlirOpPrintingFlagsCreate();
            mlirOpPrintingFlagsEnableDebugInfo(flags, true, false);
            let text = printed(|callback, user| {
                mlirOperationPrintWithFlags(self.raw, flags, callback, user);
            });
            mlirOpPrintingFlagsDestroy(flags);
            text
        }
    }
}

impl fmt::Display for Op<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the callback and its data live through the call.
        f.write_str(&printed(|callback, user| unsafe { mlirOperationPrint(self.raw, callback, user) }))
    }
}

impl fmt::Debug for Op<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

impl<'c> Value<'c> {
    /// The type.
    pub fn ty(self) -> Type<'c> {
        // SAFETY: a value has a type.
        unsafe { Type::from_raw(mlirValueGetType(self.raw)) }
    }

    /// Changes the type; the users must agree with it.
    pub fn set_ty(self, ty: Type<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirValueSetType(self.raw, ty.to_raw()) }
    }

    /// The operation that this is a result of; None of a block's argument.
    pub fn producer(self) -> Option<Op<'c>> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe { mlirValueIsAOpResult(self.raw).then(|| Op::from_raw(mlirOpResultGetOwner(self.raw))) }
    }

    /// Which result, or which argument, this is.
    pub fn index(self) -> usize {
        // SAFETY: each accessor follows the check of its kind.
        unsafe {
            if mlirValueIsAOpResult(self.raw) {
                mlirOpResultGetResultNumber(self.raw) as usize
            } else {
                mlirBlockArgumentGetArgNumber(self.raw) as usize
            }
        }
    }

    /// The block that this is an argument of.
    pub fn argument_block(self) -> Option<Block<'c>> {
        // SAFETY: the accessor follows the check of its kind.
        unsafe {
            mlirValueIsABlockArgument(self.raw).then(|| Block::from_raw(mlirBlockArgumentGetOwner(self.raw)))
        }
    }

    /// Every use: the user and which of its operands.
    pub fn uses(self) -> Vec<(Op<'c>, usize)> {
        // SAFETY: the list of uses ends with null.
        unsafe {
            let some = |u: MlirOpOperand| (!mlirOpOperandIsNull(u)).then_some(u);
            let mut uses: Vec<_> =
                list(some(mlirValueGetFirstUse(self.raw)), |u| some(mlirOpOperandGetNextUse(u)))
                    .into_iter()
                    .map(|u| {
                        (Op::from_raw(mlirOpOperandGetOwner(u)), mlirOpOperandGetOperandNumber(u) as usize)
                    })
                    .collect();
            // MLIR lists the newest use first.
            uses.reverse();
            uses
        }
    }

    /// The operation that uses this value, if exactly one operand does.
    pub fn only_user(self) -> Option<Op<'c>> {
        match self.uses()[..] {
            [(user, _)] => Some(user),
            _ => None,
        }
    }

    /// Does nothing use this value?
    pub fn is_unused(self) -> bool {
        self.uses().is_empty()
    }

    /// Replaces every use with another value.
    pub fn replace_uses(self, other: Value<'c>) {
        // SAFETY: both are alive.
        unsafe { mlirValueReplaceAllUsesOfWith(self.raw, other.raw) }
    }

    /// The location of its producer, or of its block's operation.
    pub fn loc(self) -> Loc<'c> {
        let op = self.producer().or_else(|| self.argument_block()?.parent());
        op.expect("a value is in an operation").loc()
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: the callback and its data live through the call.
        f.write_str(&printed(|callback, user| unsafe { mlirValuePrint(self.raw, callback, user) }))
    }
}

impl<'c> Block<'c> {
    /// A detached block with arguments of these types.
    pub fn new(arguments: &[Type<'c>], loc: Loc<'c>) -> Self {
        let types: Vec<_> = arguments.iter().map(|t| t.to_raw()).collect();
        let locs = vec![loc.to_raw(); types.len()];
        // SAFETY: the C API copies the lists.
        unsafe { Self::from_raw(mlirBlockCreate(types.len() as isize, types.as_ptr(), locs.as_ptr())) }
    }

    /// The arguments.
    pub fn arguments(self) -> Vec<Value<'c>> {
        // SAFETY: indices are in range.
        unsafe {
            (0..mlirBlockGetNumArguments(self.raw))
                .map(|i| Value::from_raw(mlirBlockGetArgument(self.raw, i)))
                .collect()
        }
    }

    /// Adds an argument.
    pub fn add_argument(self, ty: Type<'c>, loc: Loc<'c>) -> Value<'c> {
        // SAFETY: all are of the same context.
        unsafe { Value::from_raw(mlirBlockAddArgument(self.raw, ty.to_raw(), loc.to_raw())) }
    }

    /// Removes argument `index`, which must have no uses.
    pub fn erase_argument(self, index: usize) {
        assert!(self.arguments()[index].is_unused(), "argument {index} has no uses");
        // SAFETY: the index is in range; nothing uses the argument.
        unsafe { mlirBlockEraseArgument(self.raw, index as u32) }
    }

    /// The operations. A list, so that rewriting is safe.
    pub fn ops(self) -> Vec<Op<'c>> {
        // SAFETY: null is turned into None.
        list(unsafe { Op::from_nullable(mlirBlockGetFirstOperation(self.raw)) }, |op| op.next())
    }

    /// The last operation.
    pub fn last(self) -> Option<Op<'c>> {
        self.ops().pop()
    }

    /// The operation that this block is in.
    pub fn parent(self) -> Option<Op<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Op::from_nullable(mlirBlockGetParentOperation(self.raw)) }
    }

    /// Appends a detached operation.
    pub fn append(self, op: Op<'c>) {
        // SAFETY: the block takes the detached operation.
        unsafe { mlirBlockAppendOwnedOperation(self.raw, op.to_raw()) }
    }
}

impl<'c> Region<'c> {
    /// A detached region with one block.
    pub fn with_block(block: Block<'c>) -> Self {
        // SAFETY: the new region takes the detached block.
        unsafe {
            let region = mlirRegionCreate();
            mlirRegionAppendOwnedBlock(region, block.to_raw());
            Self::from_raw(region)
        }
    }

    /// A detached region without blocks.
    pub fn empty() -> Self {
        // SAFETY: the new region belongs to the caller.
        unsafe { Self::from_raw(mlirRegionCreate()) }
    }

    /// The blocks.
    pub fn blocks(self) -> Vec<Block<'c>> {
        // SAFETY: null is turned into None.
        unsafe {
            list(Block::from_nullable(mlirRegionGetFirstBlock(self.raw)), |block| {
                Block::from_nullable(mlirBlockGetNextInRegion(block.raw))
            })
        }
    }

    /// The first block.
    pub fn entry(self) -> Option<Block<'c>> {
        // SAFETY: null is turned into None.
        unsafe { Block::from_nullable(mlirRegionGetFirstBlock(self.raw)) }
    }

    /// Moves all blocks of another region here; this one must be empty.
    pub fn take_body(self, other: Region<'c>) {
        // SAFETY: both are alive; the other is left empty.
        unsafe { mlirRegionTakeBody(self.raw, other.raw) }
    }
}
