//! The graph in the making: what each tensor has become, in which section it is, and which labels are taken.

use super::names::module_name;
use std::collections::{HashMap, HashSet};

use atheena_dialects::dataflow::{Element, Fork, Graph, Merge, Named, Sink, Source, Stream, actor};
use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Attr, Block, Builder, Failure, Loc, Op, Value};
use atheena_dialects::tosa::Rescale;

/// A block of the network: the function's, or a region of an exit.
#[derive(Clone, Copy)]
pub struct Section<'c> {
    /// The probability that a sample gets here.
    pub reach: f64,
    /// The stream of their tags.
    pub tag: Value<'c>,
    /// The gates of an `otherwise` region open for decision 0 of this stream; None of other blocks.
    pub decision: Option<Value<'c>>,
}

/// A function on its way to a graph.
pub struct Network<'c> {
    pub function: Op<'c>,
    pub graph: Graph<'c>,
    source: Source<'c>,
    /// What tensors have become.
    pub streams: HashMap<Value<'c>, Value<'c>>,
    /// Bounds of later clamps that tensors take over, so that these need no actors.
    pub clamps: HashMap<Value<'c>, (i64, i64)>,
    pub sections: HashMap<Block<'c>, Section<'c>>,
    /// Of each exit the probability that a sample stays.
    pub stay_rates: HashMap<Op<'c>, f64>,
    /// Results and tags of the exits so far, in order.
    pub results: Vec<(Value<'c>, Value<'c>)>,
    labels: HashSet<String>,
}

impl<'c> Network<'c> {
    /// Makes a graph with the source before the function, for DSP blocks of this kind, or of the usual one.
    pub fn start(function: Op<'c>, stay_rates: Vec<f64>, dsp: &str) -> Result<Self, Failure> {
        let body = function.body();
        let &[image] = &body.arguments()[..] else {
            return Err(function.error("expected one argument, the image", &[]));
        };
        let data = image_stream(function, image)?;
        let graph =
            Graph::build(Builder::before(function), &module_name(&function.symbol().unwrap_or_default()));
        if !dsp.is_empty() {
            graph.0.set_attr("dsp", Attr::string(function.ctx(), dsp));
        }
        let builder = Builder::end(graph.0.body(), function.loc());
        let source = Source::build(builder, Named { label: "source", reach: 1.0 }, &data);
        let section = Section { reach: 1.0, tag: source.tag(), decision: None };
        Ok(Self {
            function,
            graph,
            source,
            streams: HashMap::from([(image, source.data())]),
            clamps: HashMap::new(),
            sections: HashMap::from([(body, section)]),
            stay_rates: Exit::all_in(function).into_iter().map(|exit| exit.0).zip(stay_rates).collect(),
            results: vec![],
            labels: ["source", "merge", "sink"].map(str::to_owned).into(),
        })
    }

    /// Makes the actors of everything that the result needs, the merge, the sink and the forks.
    pub fn finish(mut self) -> Result<(), Failure> {
        let body = self.function.body();
        let Some(end) = body.last() else {
            return Err(self.function.error("expected a body that ends with a return", &[]));
        };
        let &[result] = &end.operands()[..] else {
            return Err(end.error("expected one result, the logits", &["return only the logits"]));
        };
        self.result(result)?;
        let builder = self.builder(self.function.loc());
        let first = Stream::of_value(self.results[0].0);
        for &(data, _) in &self.results {
            if Stream::of_value(data) != first {
                return Err(data.loc().error(
                    format_args!("a classifier gives {}, another one {}", data.ty(), self.results[0].0.ty()),
                    &["all classifiers of a network have the same shape and element type"],
                ));
            }
        }
        let merge = Merge::build(builder, Named { label: "merge", reach: 1.0 }, &self.results);
        let outputs = [merge.0.result(0), merge.0.result(1), merge.0.result(2)];
        Sink::build(builder, Named { label: "sink", reach: 1.0 }, outputs);
        self.copy_shared_streams();
        Ok(())
    }

    /// The place for the next actor.
    pub fn builder(&self, loc: Loc<'c>) -> Builder<'c> {
        Builder::end(self.graph.0.body(), loc)
    }

    /// The section that an operation of the function is in.
    pub fn section(&self, op: Op<'c>) -> Section<'c> {
        let block = op.block().expect("an operation of a function is in a block");
        self.sections[&block]
    }

    /// A label that no other actor has: the name of the operation's location, what the actor is of it, and a number
    /// where that is taken.
    pub fn label(&mut self, op: Op<'c>, what: &str) -> String {
        let name = op.loc().to_name().unwrap_or_else(|| {
            let kind = op.name();
            kind.rsplit('.').next().unwrap_or_default().to_owned()
        });
        self.unique(&format!("{name}_{what}"))
    }

    /// A label of `wish` that no other actor has and that names a module.
    pub fn unique(&mut self, wish: &str) -> String {
        let letters = wish.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
        let mut base = letters.collect::<String>().trim_start_matches('_').to_owned();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            base.insert_str(0, "n_");
        }
        let numbered = (2..).map(|n| format!("{base}_{n}"));
        let label = std::iter::once(base.clone()).chain(numbered).find(|label| !self.labels.contains(label));
        let label = label.expect("there are more numbers than labels");
        self.labels.insert(label.clone());
        label
    }

    /// Streams have one consumer: forks of those that have become more.
    fn copy_shared_streams(&mut self) {
        for op in self.graph.0.body().ops() {
            for value in op.results() {
                let uses = value.uses();
                if uses.len() < 2 {
                    continue;
                }
                let reach = |op| actor(op).map_or(1.0, |actor| actor.reach());
                let most = uses.iter().map(|&(user, _)| reach(user)).fold(0.0, f64::max);
                let from = actor(op).map(|actor| actor.label()).unwrap_or_default();
                let from = if value == self.source.tag() { "tag".to_owned() } else { from };
                let label = self.unique(&format!("{from}_fork"));
                let named = Named { label: &label, reach: most.min(reach(op)) };
                let fork = Fork::build(Builder::after(op), named, value, uses.len());
                for ((user, index), copy) in uses.into_iter().zip(fork.0.results()) {
                    user.set_operand(index, copy);
                }
            }
        }
    }
}

/// The stream of images: unsigned where the network takes their bits as such.
fn image_stream<'c>(function: Op<'c>, image: Value<'c>) -> Result<Stream, Failure> {
    let shape = image.ty().shape().unwrap_or_default();
    let element = image.ty().element().and_then(Element::of);
    let (&[1, h, w, c], Some(mut element)) = (&shape[..], element) else {
        return Err(function.error(
            format_args!("expected an image tensor<1xHxWxCxi8>, but got {}", image.ty()),
            &["make the network integer with ee-quantize"],
        ));
    };
    let takes_unsigned = |user: Op<'c>| {
        user.is("tosa.rescale") && Rescale::of(user).is_ok_and(|rescale| rescale.input_unsigned)
    };
    let users = readers(image);
    element.unsigned = users.iter().any(|&user| takes_unsigned(user));
    if let Some(&user) = users.iter().find(|&&user| takes_unsigned(user) != element.unsigned) {
        return Err(user.error("takes the image's bits as signed, another one takes them as unsigned", &[]));
    }
    Ok(Stream { shape: vec![h, w, c], element, lanes: 1 })
}

/// What reads a value, as it is or in another shape, in front of an exit or in its regions.
fn readers<'c>(value: Value<'c>) -> Vec<Op<'c>> {
    let read = |(user, index): (Op<'c>, usize)| match Exit::cast(user) {
        _ if user.is("tosa.reshape") => readers(user.result(0)),
        Some(exit) => {
            let regions = [exit.classify(), exit.otherwise()];
            regions.into_iter().flat_map(|region| readers(region.arguments()[index])).collect()
        }
        None => vec![user],
    };
    value.uses().into_iter().flat_map(read).collect()
}
