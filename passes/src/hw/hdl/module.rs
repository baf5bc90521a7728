//! Modules under construction: ports, registers, wires, instances.

use super::{Signal, memory::Image};
use atheena_dialects::ir::{Attr, Block, Builder, Ctx, Loc, Op, Region, Type, Value};
use std::cell::RefCell;

/// A `hw.module` under construction. It has a clock `clk` and a synchronous reset `rst`.
pub struct Module<'c> {
    name: String,
    block: Block<'c>,
    builder: Builder<'c>,
    clock: Value<'c>,
    reset: Signal<'c>,
    one: Signal<'c>,
    ports: Vec<Port>,
    outputs: Vec<Signal<'c>>,
    images: RefCell<Vec<Image>>,
}

/// The ports of a finished module.
#[derive(Debug, Clone)]
pub struct Interface {
    name: String,
    ports: Vec<Port>,
}

#[derive(Debug, Clone)]
struct Port {
    name: String,
    width: u32,
    is_input: bool,
}

/// A register. It dereferences to its current value; it holds it until it is driven.
pub struct Register<'c> {
    value: Signal<'c>,
    op: Op<'c>,
}

/// A signal that is used before it is driven.
pub struct Wire<'c> {
    value: Signal<'c>,
    op: Op<'c>,
}

impl<'c> std::ops::Deref for Register<'c> {
    type Target = Signal<'c>;
    fn deref(&self) -> &Signal<'c> {
        &self.value
    }
}

impl<'c> std::ops::Deref for Wire<'c> {
    type Target = Signal<'c>;
    fn deref(&self) -> &Signal<'c> {
        &self.value
    }
}

impl<'c> Register<'c> {
    /// The value after the next clock edge.
    pub fn next(&self, value: Signal<'c>) {
        assert_eq!(self.width(), value.width(), "a register takes values of its width");
        self.op.set_operand(0, value.value());
    }

    /// The value after the next clock edge if `enable` is set; else it stays.
    pub fn next_if(&self, enable: Signal<'c>, value: Signal<'c>) {
        self.next(value);
        self.op.set_operand(2, enable.value());
    }
}

impl<'c> Wire<'c> {
    /// Gives the wire its value.
    pub fn drive(&self, value: Signal<'c>) {
        assert_eq!(self.width(), value.width(), "a wire takes a value of its width");
        self.op.set_operand(0, value.value());
    }
}

fn clock_type(ctx: Ctx<'_>) -> Type<'_> {
    Type::parse(ctx, "!seq.clock").expect("types of other dialects are opaque")
}

impl<'c> Module<'c> {
    /// An empty module; its operations get the location `loc`.
    pub fn new(name: &str, loc: Loc<'c>) -> Self {
        let ctx = loc.ctx();
        let bit = Type::integer(ctx, 1);
        let block = Block::new(&[clock_type(ctx), bit], loc);
        let builder = Builder::end(block, loc);
        let arguments = block.arguments();
        Self {
            name: name.to_owned(),
            block,
            builder,
            clock: arguments[0],
            reset: Signal::new(arguments[1], 1, builder),
            one: Signal::constant(1, 1, builder),
            ports: vec![],
            outputs: vec![],
            images: RefCell::default(),
        }
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where operations go.
    pub(super) fn builder(&self) -> Builder<'c> {
        self.builder
    }

    /// An input port.
    pub fn input(&mut self, name: &str, width: u32) -> Signal<'c> {
        self.ports.push(Port { name: name.to_owned(), width, is_input: true });
        let ty = Type::integer(self.builder.ctx(), width);
        let value = self.block.add_argument(ty, self.builder.loc());
        Signal::new(value, width, self.builder)
    }

    /// An output port.
    pub fn output(&mut self, name: &str, value: Signal<'c>) {
        self.ports.push(Port { name: name.to_owned(), width: value.width(), is_input: false });
        self.outputs.push(value);
    }

    /// A number.
    pub fn constant(&self, width: u32, value: i64) -> Signal<'c> {
        Signal::constant(width, value.into(), self.builder)
    }

    /// A set bit.
    pub fn one(&self) -> Signal<'c> {
        self.one
    }

    /// The clock as a bit, for `sv` operations.
    pub(super) fn clock_bit(&self) -> Value<'c> {
        let ty = Type::integer(self.builder.ctx(), 1);
        self.builder.op("seq.from_clock").operand(self.clock).result(ty).build().result(0)
    }

    /// A register that is 0 after reset.
    pub fn register(&self, name: &str, width: u32) -> Register<'c> {
        self.register_from(name, width, 0)
    }

    /// A register that has a value after reset.
    pub fn register_from(&self, name: &str, width: u32, initial: i64) -> Register<'c> {
        let initial = self.constant(width, initial);
        self.register_op(name, width, &[self.reset.value(), initial.value()])
    }

    /// A register that reset leaves as it is, for data whose validity another register tells.
    pub fn data_register(&self, name: &str, width: u32) -> Register<'c> {
        self.register_op(name, width, &[])
    }

    /// A register for data that takes the constant where `unless` is set, whether it is enabled or not.
    pub(super) fn register_unless(
        &self,
        name: &str,
        unless: Signal<'c>,
        constant: Signal<'c>,
    ) -> Register<'c> {
        self.register_op(name, constant.width(), &[unless.value(), constant.value()])
    }

    fn register_op(&self, name: &str, width: u32, reset: &[Value<'c>]) -> Register<'c> {
        let ctx = self.builder.ctx();
        let resets = i32::from(!reset.is_empty());
        // Input, clock, enable, reset, value after reset, initial value. The input is replaced by the
        // register's own value, and that by what drives it.
        let op = self
            .builder
            .op("seq.compreg.ce")
            .operands(&[self.one.value(), self.clock, self.one.value()])
            .operands(reset)
            .attr("name", Attr::string(ctx, name))
            .attr("operandSegmentSizes", Attr::i32s(ctx, &[1, 1, 1, resets, resets, 0]))
            .result(Type::integer(ctx, width))
            .build();
        op.set_operand(0, op.result(0));
        Register { value: Signal::new(op.result(0), width, self.builder), op }
    }

    /// A signal that is driven later.
    pub fn wire(&self, name: &str, width: u32) -> Wire<'c> {
        let ctx = self.builder.ctx();
        let op = self
            .builder
            .op("hw.wire")
            .operand(self.one.value())
            .attr("name", Attr::string(ctx, name))
            .result(Type::integer(ctx, width))
            .build();
        op.set_operand(0, op.result(0));
        Wire { value: Signal::new(op.result(0), width, self.builder), op }
    }

    /// A signal one cycle later, where cycles count while `enable` is set. Reset leaves it as it is.
    pub fn delay(&self, signal: Signal<'c>, enable: Signal<'c>) -> Signal<'c> {
        let register = self.data_register("stage", signal.width());
        register.next_if(enable, signal);
        *register
    }

    /// A bit one cycle later, where cycles count while `enable` is set; cleared by reset.
    pub fn delay_valid(&self, valid: Signal<'c>, enable: Signal<'c>) -> Signal<'c> {
        let register = self.register("valid", valid.width());
        register.next_if(enable, valid);
        *register
    }

    /// A counter of `0..states` that advances, and wraps around, where `step` is set.
    pub fn counter(&self, name: &str, states: i64, step: Signal<'c>) -> Signal<'c> {
        self.counter_with_restart(name, states, step, None)
    }

    /// The same, which goes to 0 where `restart` is set, whether `step` is or not.
    pub fn counter_with_restart(
        &self,
        name: &str,
        states: i64,
        step: Signal<'c>,
        restart: Option<Signal<'c>>,
    ) -> Signal<'c> {
        let width = super::index_width(states);
        if states == 1 {
            return self.constant(width, 0);
        }
        let count = self.register(name, width);
        let wraps = (states != 1 << width).then(|| count.is(states - 1));
        let to_zero: Vec<_> = wraps.into_iter().chain(restart).collect();
        let next = match &to_zero[..] {
            [] => *count + 1,
            _ => Signal::any(&to_zero).mux(count.lit(0), *count + 1),
        };
        count.next_if(restart.map_or(step, |restart| restart | step), next);
        *count
    }

    /// An instance of a finished module: its inputs by name in, its outputs by name out.
    ///
    /// # Panics
    /// If an input is missing or has a wrong width: that is a defect of the caller.
    pub fn instance(
        &self,
        name: &str,
        of: &Interface,
        inputs: &[(String, Signal<'c>)],
    ) -> Vec<(String, Signal<'c>)> {
        let ctx = self.builder.ctx();
        let text = |name: &str| Attr::string(ctx, name);
        let mut operands = vec![self.clock, self.reset.value()];
        let mut arguments = vec![text("clk"), text("rst")];
        for port in of.ports.iter().filter(|p| p.is_input) {
            let found = inputs.iter().find(|(name, _)| *name == port.name);
            let (_, signal) = found.expect("every input of an instance is connected");
            assert_eq!(signal.width(), port.width, "input {} of {}", port.name, of.name);
            operands.push(signal.value());
            arguments.push(text(&port.name));
        }
        let outputs: Vec<_> = of.ports.iter().filter(|p| !p.is_input).collect();
        let types: Vec<_> = outputs.iter().map(|p| Type::integer(ctx, p.width)).collect();
        let names: Vec<_> = outputs.iter().map(|p| text(&p.name)).collect();
        let op = self
            .builder
            .op("hw.instance")
            .operands(&operands)
            .results(&types)
            .attr("instanceName", text(name))
            .attr("moduleName", Attr::symbol(ctx, &of.name))
            .attr("argNames", Attr::array(ctx, &arguments))
            .attr("resultNames", Attr::array(ctx, &names))
            .attr("parameters", Attr::array(ctx, &[]))
            .build();
        (outputs.into_iter().zip(op.results()))
            .map(|(port, value)| (port.name.clone(), Signal::new(value, port.width, self.builder)))
            .collect()
    }

    /// Keeps the content of a memory for [`Module::finish`]; returns the path that `$readmemh` reads.
    pub(super) fn add_image(&self, image: Image) -> String {
        let path = format!("weights/{}.mem", image.name);
        let mut images = self.images.borrow_mut();
        if images.iter().all(|other| other.name != image.name) {
            images.push(image);
        }
        path
    }

    /// Ends the module and puts it, after the contents of its memories, where `place` says.
    pub fn finish(self, place: Builder<'c>) -> Interface {
        let ctx = self.builder.ctx();
        let place = place.at(self.builder.loc());
        for image in self.images.borrow().iter() {
            image.build(place);
        }
        let values: Vec<_> = self.outputs.iter().map(|s| s.value()).collect();
        self.builder.op("hw.output").operands(&values).build();
        let ports: String = (self.ports.iter())
            .map(|port| {
                let direction = if port.is_input { "input" } else { "output" };
                format!(", {direction} {} : i{}", port.name, port.width)
            })
            .collect();
        let ty = format!("!hw.modty<input clk : !seq.clock, input rst : i1{ports}>");
        let ty = Type::parse(ctx, &ty).expect("types of other dialects are opaque");
        place
            .op("hw.module")
            .attr("sym_name", Attr::string(ctx, &self.name))
            .attr("module_type", Attr::ty(ty))
            .attr("parameters", Attr::array(ctx, &[]))
            .region(Region::with_block(self.block))
            .build();
        Interface { name: self.name, ports: self.ports }
    }
}

impl Interface {
    /// The module's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Input ports of that beginning, with their widths.
    pub fn inputs_from(&self, prefix: &str) -> Vec<(String, u32)> {
        self.ports_from(prefix, true)
    }

    /// Output ports of that beginning, with their widths.
    pub fn outputs_from(&self, prefix: &str) -> Vec<(String, u32)> {
        self.ports_from(prefix, false)
    }

    fn ports_from(&self, prefix: &str, is_input: bool) -> Vec<(String, u32)> {
        (self.ports.iter())
            .filter(|p| p.is_input == is_input && p.name.starts_with(prefix))
            .map(|p| (p.name.clone(), p.width))
            .collect()
    }
}
