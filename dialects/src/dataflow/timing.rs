//! When an actor takes and gives beats, cycle by cycle: all that a simulation of tokens needs to know of it.

use super::Stream;

/// What an actor waits for, takes and gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Beats that each input holds inside, behind the register of its producer; what has a room of its own is one cycle later.
    pub rooms: Vec<u64>,
    /// Beats that the register of each output holds: two, or one that sees what leaves it in the same cycle.
    pub output_beats: u64,
    /// What happens.
    pub behaviour: Behaviour,
}

/// What happens with the beats that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// The same steps over and over, to one output.
    Steps(Steps),
    /// `dataflow.window`: a grid of places, one after the other. Beats come in at the places that take them, windows leave at those
    /// that give them, so many places later; those of a sample that has come in leave without further input.
    Window {
        /// Of a sample.
        places: Vec<Place>,
        /// Places between input and output.
        lag: usize,
    },
    /// `dataflow.fork`: each output has a beat when it has room, the input goes when all have it.
    Fork,
    /// `dataflow.gate`: a sample of so many beats leaves, a beat a cycle, if its decision is `pass_when`; else it goes at once
    /// when all of it is there.
    Gate {
        /// A sample.
        beats: u64,
        /// The decision of those that pass.
        pass_when: bool,
        /// Between the memory and the output.
        registers: u32,
    },
    /// `dataflow.decide`: a bank of beats is read when its maximum is known, and gives a decision with its last beat.
    Decide {
        /// A sample, and a bank.
        beats: u64,
        /// Samples that it holds.
        banks: u64,
        /// Cycles from the last beat that came to where its bank may be read.
        search_cycles: u64,
        /// Cycles from the last beat that is read to the decision.
        stages: u64,
    },
    /// `dataflow.merge`: the last input that has a beat and a tag is next.
    Merge {
        /// A result.
        beats: u64,
    },
    /// `dataflow.source`.
    Source {
        /// A sample.
        beats: u64,
    },
    /// `dataflow.sink`.
    Sink {
        /// A result.
        beats: u64,
    },
}

/// Steps that follow one another without a pause where nothing has to be waited for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Cycles before the first step, once.
    pub lead_cycles: u64,
    /// The steps.
    pub steps: Vec<Step>,
    /// Registers between a step and the output's: all of them stand still while the output has no room. Without any, only
    /// a step that gives waits for room.
    pub stages: u64,
}

/// A step: waits for beats, takes some cycles, and ends by taking the beats and giving one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// At least one.
    pub cycles: u64,
    /// What it waits for.
    pub needs: Needs,
    /// Are the beats gone at its end?
    pub takes: bool,
    /// Is there a beat for the output at its end?
    pub gives: bool,
}

/// A place of the grid of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Does a beat come in?
    pub takes: bool,
    /// Do windows leave?
    pub gives: bool,
}

/// The inputs that a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// None.
    Nothing,
    /// A beat of one input.
    Input(usize),
    /// A beat of every input.
    All,
    /// Beats of input 0.
    Beats {
        /// So many are there.
        there: u64,
        /// So many are gone at the end of a step that takes them.
        gone: u64,
    },
}

impl Step {
    /// A cycle that takes a beat of input 0.
    pub const TAKE: Self = Self { cycles: 1, needs: Needs::Input(0), takes: true, gives: false };
    /// A cycle that takes a beat of input 0 and gives one.
    pub const PASS: Self = Self { gives: true, ..Self::TAKE };
    /// A cycle that gives a beat for one of input 0, which stays.
    pub const COPY: Self = Self { takes: false, ..Self::PASS };
    /// A cycle that gives a beat and waits for none.
    pub const GIVE: Self = Self { cycles: 1, needs: Needs::Nothing, takes: false, gives: true };

    /// So many cycles that wait for nothing.
    pub const fn pause(cycles: u64) -> Self {
        Self { cycles, needs: Needs::Nothing, takes: false, gives: false }
    }
}

impl Timing {
    /// Of an actor that passes beats on, one for one, with so many registers on the way.
    pub fn pass(stages: u64) -> Self {
        Self::steps(vec![Step::PASS], stages)
    }

    /// Of an actor with one input.
    pub fn steps(steps: Vec<Step>, stages: u64) -> Self {
        Self::of(vec![0], Behaviour::Steps(Steps { lead_cycles: 0, steps, stages }))
    }

    /// Of an actor that is no [`Steps`], its inputs with these rooms.
    pub fn of(rooms: Vec<u64>, behaviour: Behaviour) -> Self {
        Self { rooms, behaviour, output_beats: OUTPUT_BEATS }
    }

    /// The same with outputs of a single register, which see what leaves them in the same cycle.
    pub(super) fn with_single_outputs(self) -> Self {
        Self { output_beats: 1, ..self }
    }
}

/// Beats in the skid buffer of an output.
const OUTPUT_BEATS: u64 = 2;

/// Room of an input that has a skid buffer of its own.
pub(super) const SKID: u64 = 2;

/// Registers of a tree over so many numbers that has one behind every `levels` levels and behind the last one.
pub(super) fn tree_stages(numbers: i64, levels: u64) -> u64 {
    tree_levels(numbers, 2).div_ceil(levels)
}

/// Registers of a tree of adders of so many inputs.
pub(super) fn sum_stages(numbers: i64, inputs: usize) -> u64 {
    tree_levels(numbers, inputs).div_ceil(LEVELS)
}

/// Levels of a tree over so many numbers.
fn tree_levels(numbers: i64, inputs: usize) -> u64 {
    let reached = |levels: &u32| (inputs as i64).checked_pow(*levels).is_none_or(|most| most >= numbers);
    u64::from((0..).find(reached).unwrap_or_default())
}

/// How many of so many numbers each adder of a level of a tree takes; 1 where one waits for the next level. The fewest adders in the fewest levels.
pub fn adder_groups(numbers: usize, inputs: usize) -> Vec<usize> {
    let levels = tree_levels(numbers as i64, inputs);
    let most = inputs.pow((levels as u32).saturating_sub(1));
    let (full, rest) = (numbers / inputs, numbers % inputs);
    let waits = full + rest <= most;
    let others = if waits || rest == 0 { vec![1; rest] } else { vec![rest] };
    [vec![inputs; full], others].concat()
}

/// Levels of a tree between two registers.
pub(super) const LEVELS: u64 = 2;

/// For each beat of `whole`, whether it lies in the part of this start and size.
pub(super) fn beats_inside(whole: &Stream, start: &[i64], size: &[i64]) -> Vec<bool> {
    let inside = |beat: i64| {
        let mut index = beat * whole.lanes;
        let dimensions = whole.shape.iter().zip(start.iter().zip(size)).rev();
        dimensions.fold(true, |inside, (&length, (&first, &size))| {
            let at = index % length;
            index /= length;
            inside && (first..first + size).contains(&at)
        })
    };
    (0..whole.beats()).map(inside).collect()
}
