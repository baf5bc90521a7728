//! Makes the operations of loops over vectors.

use atheena_dialects::ir::{Attr, Block, Builder, Ctx, DenseElement, Op, Region, Type, Value};

/// Elements that a kernel may read behind its input, all of them times a weight of zero.
const SLACK: i64 = 64;

/// Makes operations.
pub struct Emit<'c> {
    pub builder: Builder<'c>,
}

impl<'c> Emit<'c> {
    pub fn ctx(&self) -> Ctx<'c> {
        self.builder.ctx()
    }

    pub fn simple(&self, name: &str, operands: &[Value<'c>], result: Type<'c>) -> Value<'c> {
        self.builder.op(name).operands(operands).result(result).build().result(0)
    }

    /// A call of an instruction of the machine.
    pub fn intrinsic(&self, name: &str, operands: &[Value<'c>], result: Type<'c>) -> Value<'c> {
        let ctx = self.ctx();
        (self.builder.op("llvm.call_intrinsic"))
            .operands(operands)
            .attr("intrin", Attr::string(ctx, name))
            .attr("op_bundle_sizes", Attr::i32s(ctx, &[]))
            .attr("operandSegmentSizes", Attr::i32s(ctx, &[operands.len() as i32, 0]))
            .result(result)
            .build()
            .result(0)
    }

    pub fn vector(&self, lanes: i64, element: Type<'c>) -> Type<'c> {
        Type::parse(self.ctx(), &format!("vector<{lanes}x{element}>")).expect("the type is well-formed")
    }

    pub fn index(&self, value: i64) -> Value<'c> {
        let ty = Type::index(self.ctx());
        self.builder.op("arith.constant").attr("value", Attr::int(ty, value)).result(ty).build().result(0)
    }

    pub fn add(&self, a: Value<'c>, b: Value<'c>) -> Value<'c> {
        self.simple("arith.addi", &[a, b], a.ty())
    }

    pub fn times(&self, a: Value<'c>, factor: i64) -> Value<'c> {
        self.simple("arith.muli", &[a, self.index(factor)], a.ty())
    }

    pub fn load(&self, memref: Value<'c>, at: &[Value<'c>], ty: Type<'c>) -> Value<'c> {
        self.simple("vector.load", &[&[memref], at].concat(), ty)
    }

    pub fn store(&self, value: Value<'c>, memref: Value<'c>, at: &[Value<'c>]) {
        self.builder.op("vector.store").operands(&[&[value, memref], at].concat()).build();
    }

    /// A vector that holds an integer in each lane.
    pub fn splat(&self, ty: Type<'c>, value: i64) -> Value<'c> {
        let value =
            Attr::parse(self.ctx(), &format!("dense<{value}> : {ty}")).expect("a splat is well-formed");
        self.builder.op("arith.constant").attr("value", value).result(ty).build().result(0)
    }

    /// The lane of a vector of one.
    pub fn only_lane(&self, vector: Value<'c>) -> Value<'c> {
        let element = vector.ty().element().expect("a vector has elements");
        let op = self.builder.op("vector.extract").operand(vector).result(element);
        op.attr("static_position", Attr::i64s(self.ctx(), &[0])).build().result(0)
    }

    /// The first lanes of a vector.
    pub fn first_lanes(&self, vector: Value<'c>, lanes: i64, element: Type<'c>) -> Value<'c> {
        let (ctx, ty) = (self.ctx(), self.vector(lanes, element));
        if vector.ty() == ty {
            return vector;
        }
        let ints = |value: i64| Attr::array(ctx, &[Attr::i64(ctx, value)]);
        let op = self.builder.op("vector.extract_strided_slice").operand(vector).result(ty);
        op.attr("offsets", ints(0)).attr("sizes", ints(lanes)).attr("strides", ints(1)).build().result(0)
    }

    /// A loop from 0 to `to` that carries values; the body alone if it runs once.
    pub fn repeat(
        &self,
        to: i64,
        step: i64,
        init: &[Value<'c>],
        body: impl FnOnce(&Emit<'c>, Value<'c>, &[Value<'c>]) -> Vec<Value<'c>>,
    ) -> Vec<Value<'c>> {
        if to <= 0 {
            return init.to_vec();
        }
        if to <= step {
            return body(self, self.index(0), init);
        }
        let types: Vec<_> = init.iter().map(|v| v.ty()).collect();
        let loc = self.builder.loc();
        let block = Block::new(&[&[Type::index(self.ctx())], &types[..]].concat(), loc);
        let bounds = [self.index(0), self.index(to), self.index(step)];
        let region = Region::with_block(block);
        let each = (self.builder.op("scf.for"))
            .operands(&bounds)
            .operands(init)
            .results(&types)
            .region(region)
            .build();
        let arguments = block.arguments();
        let inside = Emit { builder: Builder::end(block, loc) };
        let results = body(&inside, arguments[0], &arguments[1..]);
        inside.builder.op("scf.yield").operands(&results).build();
        each.results()
    }

    /// All elements of a row-major memref behind one another.
    pub fn flat(&self, memref: Value<'c>) -> Value<'c> {
        let ctx = self.ctx();
        let shape = memref.ty().shape().unwrap_or_default();
        let dimensions: Vec<_> = (0..shape.len()).map(|i| Attr::i64(ctx, i as i64)).collect();
        let all = Attr::array(ctx, &[Attr::array(ctx, &dimensions)]);
        let element = memref.ty().element().expect("a memref has elements");
        let ty = self.memref(shape.iter().product(), element);
        self.builder
            .op("memref.collapse_shape")
            .operand(memref)
            .attr("reassociation", all)
            .result(ty)
            .build()
            .result(0)
    }

    pub fn memref(&self, size: i64, element: Type<'c>) -> Type<'c> {
        Type::parse(self.ctx(), &format!("memref<{size}x{element}>")).expect("the type is well-formed")
    }

    /// An array of working memory.
    pub fn alloc(&self, ty: Type<'c>) -> Value<'c> {
        let sizes = Attr::i32s(self.ctx(), &[0, 0]);
        self.builder.op("memref.alloc").attr("operandSegmentSizes", sizes).result(ty).build().result(0)
    }

    /// A copy of a slice with its elements behind one another.
    pub fn row_major(&self, slice: Value<'c>) -> Value<'c> {
        let shape = slice.ty().shape().unwrap_or_default();
        let shape: String = shape.iter().map(|size| format!("{size}x")).collect();
        let element = slice.ty().element().expect("a memref has elements");
        let ty =
            Type::parse(self.ctx(), &format!("memref<{shape}{element}>")).expect("the type is well-formed");
        let copy = self.alloc(ty);
        self.builder.op("memref.copy").operands(&[slice, copy]).build();
        copy
    }

    /// A copy of an i8 or i16 memref in 8 or 16 bits, minus a zero point, behind one another.
    pub fn offset(&self, input: Value<'c>, bits: u32, zero_point: i64) -> Value<'c> {
        /// Elements at once.
        const LANES: i64 = 32;
        let ctx = self.ctx();
        let (narrow, wide) = (input.ty().element().expect("a memref has elements"), Type::integer(ctx, bits));
        let size: i64 = input.ty().shape().unwrap_or_default().iter().product();
        let from = self.flat(input);
        let into = self.alloc(self.memref(size + SLACK, wide));
        let whole = size / LANES * LANES;
        for (start, end, lanes) in [(0, whole, LANES), (whole, size, 1)] {
            let zero = self.splat(self.vector(lanes, wide), zero_point);
            self.repeat(end - start, lanes, &[], |emit, at, _| {
                let at = emit.add(at, emit.index(start));
                let mut values = emit.load(from, &[at], emit.vector(lanes, narrow));
                if values.ty() != zero.ty() {
                    values = emit.simple("arith.extsi", &[values], zero.ty());
                }
                values = emit.simple("arith.subi", &[values, zero], zero.ty());
                emit.store(values, into, &[at]);
                vec![]
            });
        }
        into
    }

    /// A constant array, shared by nobody.
    pub fn global<T: DenseElement>(&self, user: Op<'c>, values: &[T]) -> Value<'c> {
        let ctx = self.ctx();
        let module = user.parent_named("builtin.module").expect("a function is in a module");
        let body = module.body();
        let name = format!("__golden_{}", body.ops().len());
        let size = values.len() as i64;
        let ty = self.memref(size, T::ty(ctx));
        Builder::start(body, user.loc())
            .op("memref.global")
            .attr("sym_name", Attr::string(ctx, &name))
            .attr("sym_visibility", Attr::string(ctx, "private"))
            .attr("type", Attr::ty(ty))
            .attr("initial_value", Attr::dense(ctx, &[size], values))
            .attr("constant", Attr::unit(ctx))
            .attr("alignment", Attr::i64(ctx, 64))
            .build();
        let get = self.builder.op("memref.get_global").attr("name", Attr::symbol(ctx, &name));
        get.result(ty).build().result(0)
    }
}
