//! Exits: decisions, gates and the results for the merge.

use atheena_dialects::dataflow::{Decide, Gate, Named, Stream};
use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Block, Failure, Op, Value};

use super::network::{Network, Section};

impl<'c> Network<'c> {
    /// What a section ends with: the results of an exit, or the logits of the last classifier.
    pub fn result(&mut self, value: Value<'c>) -> Result<(), Failure> {
        if let Some(exit) = value.producer().and_then(Exit::cast) {
            return self.exit(exit, value);
        }
        let stream = self.stream(value)?;
        let block = value.producer().and_then(Op::block).or(value.argument_block());
        let section = block.and_then(|block| self.sections.get(&block)).copied();
        let tag = section.expect("a stream was made, so its section is known").tag;
        self.results.push((stream, tag));
        Ok(())
    }

    fn exit(&mut self, exit: Exit<'c>, value: Value<'c>) -> Result<(), Failure> {
        let op = exit.0;
        if op.results().len() != 1 || value.uses().len() != 1 {
            let note = "let the exit yield its logits alone, and nothing else use them";
            return Err(op.error("expected one result with one use: the logits", &[note]));
        }
        let confidence = exit.confidence();
        if confidence.integer.is_none() {
            let note = "make the network integer with ee-quantize";
            return Err(op.error("expected a decision in integers", &[note]));
        }
        let before = self.section(op);
        let (label, loc) = (exit.label(), op.loc());

        self.sections.insert(exit.classify(), Section { decision: None, ..before });
        let logits = self.stream(exit.logits())?;
        if !matches!(Stream::of_value(logits).element.bits, 8 | 16) {
            let message =
                format!("expected i8 or i16 logits from its classifier, but got {}", exit.logits().ty());
            return Err(op.error(message, &["rescale them to i8"]));
        }
        let name = self.unique(&format!("{label}_decide"));
        let named = Named { label: &name, reach: before.reach };
        let decision = Decide::build(self.builder(loc), named, logits, &confidence).0.result(0);

        let taken = self.gate(op, &label, "taken", (logits, decision), true);
        let tag = self.gate(op, &label, "tag_taken", (before.tag, decision), true);
        self.results.push((taken, tag));

        let stay_rate = self.stay_rates.get(&op).copied().unwrap_or(1.0);
        let tag = self.gate(op, &label, "tag_stay", (before.tag, decision), false);
        let section = Section { reach: before.reach * stay_rate, tag, decision: Some(decision) };
        self.sections.insert(exit.otherwise(), section);
        match Exit::yielded(exit.otherwise()).first() {
            Some(&logits) => self.result(logits),
            None => Err(op.error("expected its otherwise region to yield logits", &[])),
        }
    }

    /// A gate that holds one sample, which is the least.
    fn gate(
        &mut self,
        exit: Op<'c>,
        label: &str,
        what: &str,
        (input, decision): (Value<'c>, Value<'c>),
        pass_when: bool,
    ) -> Value<'c> {
        let name = self.unique(&format!("{label}_{what}"));
        let named = Named { label: &name, reach: self.section(exit).reach };
        let depth = Stream::of_value(input).beats();
        Gate::build(self.builder(exit.loc()), named, (input, decision), pass_when, depth).0.result(0)
    }

    /// The stream of an argument of an exit's region: its operand, for `otherwise` behind a gate.
    pub fn argument(&mut self, block: Block<'c>, index: usize) -> Result<Value<'c>, Failure> {
        let exit = block.parent().and_then(Exit::cast).expect("the function's argument is the source");
        let operand = exit.0.operands()[index];
        let stream = self.stream(operand)?;
        let section = self.sections.get(&block).copied();
        match section.and_then(|section| section.decision) {
            None => Ok(stream),
            Some(decision) => Ok(self.gate(exit.0, &exit.label(), "stay", (stream, decision), false)),
        }
    }
}
