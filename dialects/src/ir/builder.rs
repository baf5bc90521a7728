//! Makes operations.

use super::{Attr, Block, Ctx, Loc, Op, Region, Type, Value};
use crate::ffi::string_ref;
use mlir_sys::*;

/// Where new operations go, and which location they get.
#[derive(Clone, Copy)]
pub struct Builder<'c> {
    place: Place<'c>,
    loc: Loc<'c>,
}

#[derive(Clone, Copy)]
enum Place<'c> {
    Before(Op<'c>),
    End(Block<'c>),
}

impl<'c> Builder<'c> {
    /// Before an operation, with its location.
    pub fn before(op: Op<'c>) -> Self {
        Self { place: Place::Before(op), loc: op.loc() }
    }

    /// Behind an operation, with its location.
    pub fn after(op: Op<'c>) -> Self {
        match op.next() {
            Some(next) => Self { place: Place::Before(next), loc: op.loc() },
            None => Self::end(op.block().expect("the operation is in a block"), op.loc()),
        }
    }

    /// At the end of a block.
    pub fn end(block: Block<'c>, loc: Loc<'c>) -> Self {
        Self { place: Place::End(block), loc }
    }

    /// At the start of a block.
    pub fn start(block: Block<'c>, loc: Loc<'c>) -> Self {
        match block.ops().first() {
            Some(&first) => Self { place: Place::Before(first), loc },
            None => Self::end(block, loc),
        }
    }

    /// The same place, another location.
    pub fn at(self, loc: Loc<'c>) -> Self {
        Self { loc, ..self }
    }

    /// The location of new operations.
    pub fn loc(self) -> Loc<'c> {
        self.loc
    }

    /// The context.
    pub fn ctx(self) -> Ctx<'c> {
        self.loc.ctx()
    }

    /// Starts an operation.
    pub fn op(self, name: &str) -> OpBuilder<'c> {
        OpBuilder {
            builder: self,
            name: name.to_owned(),
            operands: vec![],
            results: vec![],
            attrs: vec![],
            regions: vec![],
            infer: false,
        }
    }

    /// Puts a detached operation here.
    pub fn insert(self, op: Op<'c>) -> Op<'c> {
        // SAFETY: the operation is detached and the place is alive.
        unsafe {
            match self.place {
                Place::Before(next) => {
                    let block = next.block().expect("the place is in a block");
                    mlirBlockInsertOwnedOperationBefore(block.to_raw(), next.to_raw(), op.to_raw());
                }
                Place::End(block) => mlirBlockAppendOwnedOperation(block.to_raw(), op.to_raw()),
            }
        }
        op
    }
}

/// An operation in the making.
pub struct OpBuilder<'c> {
    builder: Builder<'c>,
    name: String,
    operands: Vec<Value<'c>>,
    results: Vec<Type<'c>>,
    attrs: Vec<(String, Attr<'c>)>,
    regions: Vec<Region<'c>>,
    infer: bool,
}

impl<'c> OpBuilder<'c> {
    /// Adds an operand.
    pub fn operand(mut self, value: Value<'c>) -> Self {
        self.operands.push(value);
        self
    }

    /// Adds operands.
    pub fn operands(mut self, values: &[Value<'c>]) -> Self {
        self.operands.extend_from_slice(values);
        self
    }

    /// Adds a result.
    pub fn result(mut self, ty: Type<'c>) -> Self {
        self.results.push(ty);
        self
    }

    /// Adds results.
    pub fn results(mut self, types: &[Type<'c>]) -> Self {
        self.results.extend_from_slice(types);
        self
    }

    /// Lets the operation infer its results' types.
    pub fn infer(mut self) -> Self {
        self.infer = true;
        self
    }

    /// Adds an attribute.
    pub fn attr(mut self, name: &str, value: Attr<'c>) -> Self {
        self.attrs.push((name.to_owned(), value));
        self
    }

    /// Adds a detached region, which the operation takes.
    pub fn region(mut self, region: Region<'c>) -> Self {
        self.regions.push(region);
        self
    }

    /// Makes the operation and puts it at the builder's place.
    ///
    /// # Panics
    /// If MLIR can't make it: an attribute of an inherent name has a wrong kind, or inference failed, which
    /// is the caller's fault and has been diagnosed.
    pub fn build(self) -> Op<'c> {
        let builder = self.builder;
        let op =
            self.build_detached().expect("the operation's parts are consistent; the diagnostic names it");
        builder.insert(op)
    }

    /// Makes the operation without putting it anywhere; None, with a diagnostic, if MLIR refuses.
    pub fn build_detached(self) -> Option<Op<'c>> {
        let ctx = self.builder.ctx();
        let operands: Vec<_> = self.operands.iter().map(|v| v.to_raw()).collect();
        let results: Vec<_> = self.results.iter().map(|t| t.to_raw()).collect();
        let regions: Vec<_> = self.regions.iter().map(|r| r.to_raw()).collect();
        // SAFETY: the C API copies the lists, which outlive the call; null is turned into None.
        unsafe {
            let attrs: Vec<_> = (self.attrs.iter())
                .map(|(name, value)| MlirNamedAttribute {
                    name: mlirIdentifierGet(ctx.to_raw(), string_ref(name)),
                    attribute: value.to_raw(),
                })
                .collect();
            let mut state = mlirOperationStateGet(string_ref(&self.name), self.builder.loc.to_raw());
            mlirOperationStateAddOperands(&mut state, operands.len() as isize, operands.as_ptr());
            mlirOperationStateAddResults(&mut state, results.len() as isize, results.as_ptr());
            mlirOperationStateAddAttributes(&mut state, attrs.len() as isize, attrs.as_ptr());
            mlirOperationStateAddOwnedRegions(&mut state, regions.len() as isize, regions.as_ptr());
            if self.infer {
                mlirOperationStateEnableResultTypeInference(&mut state);
            }
            Op::from_nullable(mlirOperationCreate(&mut state))
        }
    }
}
