//! Where the weights of layers come from: an npz file, or a generator of random numbers.

use super::error::{At, Problem, Span};
use super::syntax;
use crate::random::SplitMix64;
use atheena_runtime::arrays::{ArrayProblem, Arrays};
use std::path::{Path, PathBuf};

/// How the elements of a random array are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spread {
    /// As He et al., Delving Deep into Rectifiers, 2015: a variance of 2 over the number of products in a sum, so that
    /// activations keep their size from layer to layer.
    He(i64),
    /// A bias that a layer can go without: around 0, by at most 0.1.
    Bias,
    /// Around 0, by at most this.
    Around0(f32),
    /// Around 1, by at most this.
    Around1(f32),
}

/// A source of arrays.
pub enum Source {
    /// Random, from a seed.
    Random(u64),
    /// An npz file, its path, and where the text names it.
    File(Box<Arrays>, PathBuf, Span),
}

impl Source {
    /// The source that a text names; paths are relative to the directory of the text's file.
    pub fn open(weights: &At<syntax::Weights>, file: &str) -> Result<Self, Problem> {
        let relative = match &weights.value {
            syntax::Weights::Random(seed) => return Ok(Self::Random(*seed)),
            syntax::Weights::File(path) => path,
        };
        let path = Path::new(file).parent().unwrap_or(Path::new("")).join(relative);
        match Arrays::open(&path) {
            Ok(arrays) => Ok(Self::File(Box::new(arrays), path, weights.span.clone())),
            Err(problem) => {
                let cure = match problem {
                    ArrayProblem::File(_) => "paths are relative to the directory of this file",
                    _ => "write it with numpy.savez(path, **arrays)",
                };
                Err(Problem::new(&weights.span, format!("{} {problem}", path.display()), cure))
            }
        }
    }

    /// The array `layer.part` of this shape, for the layer at `place`.
    pub fn array(
        &mut self,
        place: &Span,
        layer: &str,
        part: &str,
        shape: &[i64],
        spread: Spread,
    ) -> Result<Vec<f32>, Problem> {
        let name = format!("{layer}.{part}");
        let count = shape.iter().product::<i64>() as usize;
        let (arrays, path) = match self {
            Self::Random(seed) => return Ok(random(*seed, &name, count, spread)),
            Self::File(arrays, path, _) => (arrays, path.display()),
        };
        let array = arrays.floats(&name).map_err(|problem| {
            let cure = match &problem {
                ArrayProblem::Missing if spread == Spread::Bias => {
                    format!("add the array, or write `no_bias`; the file has {}", list(&arrays.names()))
                }
                ArrayProblem::Missing => format!(
                    "arrays are named after layers: name the layer as its array, e.g. `x = conv …`; the file has {}",
                    list(&arrays.names())
                ),
                ArrayProblem::Type(_) => "convert it with array.astype(numpy.float32)".into(),
                ArrayProblem::Order => "store numpy.ascontiguousarray(array)".into(),
                ArrayProblem::NotFinite(_) => "the training diverged, or the file is damaged: train or save it again".into(),
                _ => "write the file again".into(),
            };
            Problem::new(place, format!("array `{name}` of {path} {problem}"), cure)
        })?;
        let wanted: Vec<usize> = shape.iter().map(|&size| size as usize).collect();
        if array.shape != wanted {
            let what = format!(
                "array `{name}` of {path} has the shape {:?}, but the layer needs {wanted:?}",
                array.shape
            );
            let cure = "shapes are as in PyTorch: conv [outputs, channels / groups, rows, columns], dense [outputs, inputs], \
                others [channels]";
            return Err(Problem::new(place, what, cure));
        }
        Ok(array.values)
    }
}

/// Some of the names.
fn list(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown = names.iter().take(MOST).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "no arrays".into(),
        count if count > MOST => format!("{shown} and {} more", count - MOST),
        _ => shown,
    }
}

/// The elements of an array. Each array has numbers of its own, so that a new layer changes no other's.
fn random(seed: u64, name: &str, count: usize, spread: Spread) -> Vec<f32> {
    let mut state = SplitMix64::named(seed, name);
    let (centre, reach) = match spread {
        // The variance of uniform numbers in -r..r is r^2 / 3.
        Spread::He(products) => (0.0, (6.0 / products as f32).sqrt()),
        Spread::Bias => (0.0, 0.1),
        Spread::Around0(reach) => (0.0, reach),
        Spread::Around1(reach) => (1.0, reach),
    };
    // 24 bits are a float's; square root, product and sum are exact to the last bit everywhere.
    let unit = |bits: u64| (bits >> 40) as f32 / (1u32 << 23) as f32 - 1.0;
    (0..count).map(|_| centre + reach * unit(state.next())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_weights_have_the_variance_of_he() {
        let values = random(1, "conv1.weight", 100_000, Spread::He(50));
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32;
        // 2 / 50; the standard deviations of the mean and of the variance are 0.0006 and 0.0001.
        assert!(mean.abs() < 0.003 && (variance - 0.04).abs() < 0.0006, "{mean} {variance}");
        assert_ne!(values[..8], random(2, "conv1.weight", 8, Spread::He(50)));
        assert_ne!(values[..8], random(1, "conv2.weight", 8, Spread::He(50)));
        assert_eq!(values[..8], random(1, "conv1.weight", 8, Spread::He(50)));
    }
}
