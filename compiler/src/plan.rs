//! How to balance: what buffers cost is known only behind the balancing that they depend on, so it is tried.
//!
//! Two things are chosen. The *margin* by which what is behind exits is faster than on average it must be: the larger, the fewer samples
//! wait, and the fewer block RAMs hold them. And the *budget* of the balancing, which is the user's without what the
//! buffers take: an attempt that exceeds the user's is made again with as much less.

use crate::{
    error::Error,
    pipeline::{Explored, Hardware},
    session::Session,
};
use atheena_dialects::{
    dataflow::{Fifo, Gate, Graph, Resources, Stream, bottleneck},
    ir::Op,
};
use atheena_passes::dataflow::balance_pipeline::Options as Balance;
use atheena_runtime::tokens::TokenModel;
use melior::ir::Module;

/// The margins that are tried.
const MARGINS: [f64; 4] = [0.05, 0.15, 0.3, 0.6];

/// Attempts with a margin, each with the budget that the one before leaves.
const ATTEMPTS: usize = 8;

/// The part of the throughput that bursts may cost: the default of `dataflow-size-buffers`.
const MAX_LOSS: f64 = 0.01;

/// What is behind an exit may wait for at most so many samples; the first of these with which the design fits.
const QUEUES: [f64; 8] = [32.0, 8.0, 6.0, 4.0, 3.0, 2.0, 1.5, 1.25];

/// What passes are asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    budget: Resources,
    cycles: Option<f64>,
    margin: f64,
    /// What gates are taken to hold.
    held_samples: i64,
    most_queued: f64,
}

impl Plan {
    fn new(hardware: &Hardware, cycles: Option<f64>) -> Self {
        Self {
            budget: hardware.budget,
            cycles,
            margin: MARGINS[0],
            // Gates hold little more than a sample; what waits behind them is taken off the budget.
            held_samples: 1,
            most_queued: QUEUES[0],
        }
    }

    /// The design of an exploration again.
    fn explored(Explored { budget, cycles }: Explored) -> Self {
        let Balance { margin, held_samples, .. } = Balance::default();
        Self { budget, cycles: Some(cycles), margin, held_samples, most_queued: QUEUES[0] }
    }

    /// The pipeline of a pass that has options by this plan; None of others.
    pub fn pipeline(&self, pass: &str) -> Option<String> {
        let options: Vec<(&str, String)> = match pass {
            "dataflow-balance-pipeline" => {
                let budget = self.budget.kinds().into_iter().map(|(kind, most)| (kind, most.to_string()));
                let cycles = self.cycles.map(|cycles| ("cycles", format!("{cycles:?}")));
                let margin = ("margin", format!("{:?}", self.margin));
                let held_samples = ("held-samples", self.held_samples.to_string());
                budget.chain(cycles).chain([margin, held_samples]).collect()
            }
            "dataflow-size-buffers" => vec![("most-queued", format!("{:?}", self.most_queued))],
            _ => return None,
        };
        let options: Vec<_> = options.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        Some(format!("builtin.module(dataflow.graph({pass}{{{}}}))", options.join(" ")))
    }
}

/// What came out of an attempt.
struct Attempt {
    plan: Plan,
    resources: Resources,
    cycles: f64,
    /// The actor that limits the throughput.
    slowest: String,
}

/// The best plan for the graph of a module, of those tried: its buffers counted, the design stays within the budget, and takes the
/// fewest cycles, or where the user asks for a throughput the least resources.
pub fn plan(session: &Session, module: &Module<'_>, hardware: &Hardware) -> Result<Plan, Error> {
    let text = Op::of_module(module).to_text_with_locations();
    if let Some(explored) = hardware.explored {
        // Its buffers come on top.
        let attempt = attempt(session, &text, Plan::explored(explored), hardware, None)?;
        if let Some(attempt) = attempt.filter(|attempt| attempt.resources.within(hardware.budget)) {
            return Ok(attempt.plan);
        }
    }
    // A little faster than what is asked for, as bursts cost something; or just as fast where that does not fit.
    let faster = hardware.cycles.map(|cycles| cycles / (1.0 + MAX_LOSS));
    let mut tried = Tried::new(session, &text, hardware, faster)?;
    if tried.best.is_none() && faster.is_some() {
        tried = Tried::new(session, &text, hardware, hardware.cycles)?;
    }
    match (tried.best, tried.nearest, hardware.cycles) {
        (Some(best), _, _) => Ok(best.plan),
        (None, nearest, Some(cycles)) => match Tried::new(session, &text, hardware, None)?.best {
            Some(fastest) => Err(unreachable(&fastest, hardware, cycles)),
            None => Err(does_not_fit(nearest, hardware)),
        },
        // Balancing itself says what is wrong.
        (None, None, None) => Ok(Plan::new(hardware, None)),
        (None, nearest, None) => Err(does_not_fit(nearest, hardware)),
    }
}

/// What came out of all attempts.
struct Tried {
    best: Option<Attempt>,
    /// The attempt that exceeds the budget by the least.
    nearest: Option<Attempt>,
}

impl Tried {
    fn new(session: &Session, text: &str, hardware: &Hardware, cycles: Option<f64>) -> Result<Self, Error> {
        let mut tried = Self { best: None, nearest: None };
        for margin in MARGINS {
            let mut plan = Plan { margin, ..Plan::new(hardware, cycles) };
            for _ in 0..ATTEMPTS {
                let Some(attempt) = attempt(session, text, plan, hardware, tried.best.as_ref())? else {
                    break;
                };
                let over = excess(attempt.resources, hardware.budget);
                if over == Resources::default() {
                    if tried.best.as_ref().is_none_or(|best| is_better(&attempt, best, hardware)) {
                        tried.best = Some(attempt);
                    }
                    break;
                }
                plan.budget = excess(plan.budget, over);
                let share = |attempt: &Attempt| share(excess(attempt.resources, hardware.budget), hardware);
                if tried.nearest.as_ref().is_none_or(|nearest| share(&attempt) < share(nearest)) {
                    tried.nearest = Some(attempt);
                }
            }
            // Without exits there is nothing to be faster for.
            if !text.contains(Gate::NAME) {
                break;
            }
        }
        Ok(tried)
    }
}

fn unreachable(fastest: &Attempt, hardware: &Hardware, cycles: f64) -> Error {
    let rate = |cycles: f64| hardware.clock_mhz * 1e6 / cycles;
    Error::Unreachable {
        wanted: rate(cycles),
        reachable: rate(fastest.cycles),
        slowest: fastest.slowest.clone(),
        scarcest: scarcest(fastest.resources, hardware.budget),
    }
}

fn does_not_fit(nearest: Option<Attempt>, hardware: &Hardware) -> Error {
    Error::BuffersDoNotFit(nearest.map(|a| over(a.resources, hardware.budget)).unwrap_or_default())
}

/// Balances and sizes a copy, with the longest queues that fit; None where balancing fails. What can't be better than the best
/// is not simulated.
fn attempt(
    session: &Session,
    text: &str,
    plan: Plan,
    hardware: &Hardware,
    best: Option<&Attempt>,
) -> Result<Option<Attempt>, Error> {
    let mut module = session.parse(text, "the graph")?;
    let passes = ["dataflow-balance-pipeline", "dataflow-apply-foldings", "dataflow-size-buffers"];
    for pass in passes {
        let pipeline = plan.pipeline(pass);
        let pipeline = pipeline.unwrap_or_else(|| format!("builtin.module(dataflow.graph({pass}))"));
        if session.run(&mut module, &pipeline).is_err() {
            return Ok(None);
        }
    }
    let graphs = Op::of_module(&module).walk_named(Graph::NAME);
    let Some(graph) = graphs.first().map(|&graph| Graph(graph)) else { return Ok(None) };
    let mut attempt =
        Attempt { plan, resources: graph.resources(), cycles: f64::INFINITY, slowest: String::new() };
    for most_queued in QUEUES {
        for gate in graph.0.walk_named(Gate::NAME).into_iter().filter_map(Gate::cast) {
            shorten_queue(gate, most_queued);
        }
        attempt.plan.most_queued = most_queued;
        attempt.resources = graph.resources();
        if attempt.resources.within(hardware.budget) {
            let slowest = bottleneck(graph);
            attempt.cycles = slowest.as_ref().map_or(0.0, |slowest| slowest.cycles_per_sample);
            attempt.slowest = slowest.map(|slowest| slowest.label).unwrap_or_default();
            // Nothing is faster than its slowest actor.
            attempt.cycles = match best {
                Some(best) if !is_better(&attempt, best, hardware) => f64::INFINITY,
                _ => predicted(graph),
            };
            break;
        }
    }
    Ok(Some(attempt))
}

/// Cycles a sample of the whole design.
fn predicted(graph: Graph<'_>) -> f64 {
    let outcome = TokenModel::of(graph).map(|model| model.predict());
    outcome.and_then(|outcome| outcome.cycles_per_sample).unwrap_or(f64::INFINITY)
}

/// Lets the queue behind a gate hold at most so many samples.
fn shorten_queue(gate: Gate<'_>, samples: f64) {
    let queue = gate.0.result(0).only_user().and_then(Fifo::cast).filter(|_| gate.holds_data());
    if let Some(queue) = queue {
        let beats = (samples * Stream::of_value(gate.0.result(0)).beats() as f64).ceil() as i64;
        queue.set_depth(queue.depth().min(beats));
    }
}

fn is_better(attempt: &Attempt, best: &Attempt, hardware: &Hardware) -> bool {
    // Above the user's cycles, the fewer the better; below, what is cheaper.
    let cycles = |attempt: &Attempt| attempt.cycles.max(hardware.cycles.unwrap_or(0.0));
    let share = |attempt: &Attempt| share(attempt.resources, hardware);
    (cycles(attempt), share(attempt)) < (cycles(best), share(best))
}

/// The sum of the shares of the budget.
fn share(used: Resources, hardware: &Hardware) -> f64 {
    let kinds = used.kinds().into_iter().zip(hardware.budget.kinds());
    kinds.map(|((_, used), (_, most))| used as f64 / most.max(1) as f64).sum()
}

/// The kind of which the largest part of a budget is used, in words.
fn scarcest(used: Resources, budget: Resources) -> String {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    let part = |((_, used), (_, most)): &((&str, i64), (&str, i64))| *used as f64 / (*most).max(1) as f64;
    let scarcest = kinds.max_by(|a, b| part(a).total_cmp(&part(b)));
    scarcest.map(|((kind, used), (_, most))| format!("{used} {kind} of {most}")).unwrap_or_default()
}

/// What is used beyond a budget.
fn excess(used: Resources, budget: Resources) -> Resources {
    let over = |used: i64, most: i64| (used - most).max(0);
    Resources {
        lut: over(used.lut, budget.lut),
        ff: over(used.ff, budget.ff),
        dsp: over(used.dsp, budget.dsp),
        bram18: over(used.bram18, budget.bram18),
    }
}

/// What is used beyond a budget, in words.
fn over(used: Resources, budget: Resources) -> String {
    let kinds = used.kinds().into_iter().zip(budget.kinds());
    let over = kinds.filter(|((_, used), (_, most))| used > most);
    let parts: Vec<_> = over.map(|((kind, used), (_, most))| format!("{used} {kind} of {most}")).collect();
    parts.join(", ")
}
