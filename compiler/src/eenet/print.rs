//! Writes a network as text: the inverse of parsing.

use super::syntax::{Exit, File, Item, Layer, Op, Options, Pad, Weights};
use std::fmt::{self, Display, Formatter};

impl Display for File {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "network {}", self.name.value)?;
        let sides: Vec<_> = self.input.value.iter().map(i64::to_string).collect();
        writeln!(f, "input {}", sides.join("x"))?;
        match &self.weights.value {
            Weights::Random(seed) => writeln!(f, "weights random seed {seed}\n")?,
            Weights::File(path) => writeln!(f, "weights \"{path}\"\n")?,
        }
        self.items.iter().try_for_each(|item| match item {
            Item::Layer(layer) => writeln!(f, "{layer}"),
            Item::Exit(exit) => write!(f, "{exit}"),
        })
    }
}

impl Display for Exit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let side = if self.kind.leaves_above() { '>' } else { '<' };
        writeln!(f, "\nexit {} when {} {side} {} {{", self.label.value, self.kind, self.threshold.value)?;
        self.layers.iter().try_for_each(|layer| writeln!(f, "  {layer}"))?;
        writeln!(f, "}}\n")
    }
}

impl Display for Layer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{} = ", name.value)?;
        }
        write!(f, "{}", self.op.value)?;
        let pool = matches!(self.op.value, Op::MaxPool | Op::AveragePool);
        let Options { kernel, stride, dilation, pad, ceil, count_pad } = &self.window;
        if let Some(kernel) = kernel {
            write!(f, "{}{}", if pool { " " } else { " kernel " }, size(*kernel))?;
        }
        for (word, option) in [("stride", stride), ("dilation", dilation)] {
            if let Some(option) = option {
                write!(f, " {word} {}", size(*option))?;
            }
        }
        match pad {
            None => {}
            Some(Pad::Same) => f.write_str(" pad same")?,
            Some(Pad::Sides([top, bottom, left, right])) if top == bottom && left == right => {
                write!(f, " pad {}", size([*top, *left]))?;
            }
            Some(Pad::Sides(sides)) => write!(f, " pad {sides:?}")?,
        }
        if let Op::Conv { groups, .. } = self.op.value
            && groups != 1
        {
            write!(f, " groups {groups}")?;
        }
        for (word, given) in [("ceil", *ceil), ("count_pad", *count_pad), ("no_bias", !self.bias)] {
            if given {
                write!(f, " {word}")?;
            }
        }
        match &self.from {
            Some(from) => write!(f, " from {}", from.value),
            None => Ok(()),
        }
    }
}

/// The word and the arguments behind it.
impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Op::Conv { outputs, .. } | Op::Dense { outputs } => write!(f, " {outputs}"),
            Op::Clamp { low, high } => write!(f, " {low} to {high}"),
            Op::BatchNorm { epsilon } if *epsilon != Op::EPSILON => write!(f, " epsilon {epsilon}"),
            Op::LeakyRelu { slope } => write!(f, " {slope}"),
            Op::Add { other } | Op::Mul { other } => write!(f, " {}", other.value),
            Op::Concat { others } => {
                let names: Vec<_> = others.iter().map(|other| other.value.as_str()).collect();
                write!(f, " {}", names.join(", "))
            }
            _ => Ok(()),
        }
    }
}

/// `3` or `3x5`.
fn size([rows, columns]: [i64; 2]) -> String {
    if rows == columns { rows.to_string() } else { format!("{rows}x{columns}") }
}
