//! Which fraction of the samples goes on at each exit: from the profiles or from the option.

use atheena_dialects::ee::Exit;
use atheena_dialects::ir::{Failure, Op};

/// The probability that a sample that reaches an exit stays, for each exit in order.
pub fn stay_rates(function: Op<'_>, late_fraction: &str) -> Result<Vec<f64>, Failure> {
    let exits = Exit::all_in(function);
    let profiled: Vec<Option<f64>> =
        exits.iter().map(|exit| exit.profile().map(|counts| counts.stay_rate())).collect();
    let labels: Vec<String> = exits.iter().map(|exit| exit.label()).collect();
    let given = parse(late_fraction, &labels)
        .map_err(|message| function.error(format_args!("can't use late-fraction: {message}"), &[]))?;
    Ok(match given {
        Given::Nothing => with_warnings(&exits, &profiled, &vec![None; exits.len()]),
        Given::Each(rates) => with_warnings(&exits, &profiled, &rates),
        Given::Last(fraction) => {
            let known: Vec<f64> = profiled.iter().map(|rate| rate.unwrap_or(1.0)).collect();
            spread(fraction, &known)
        }
    })
}

/// What is given, or else profiled, or else 1, with a warning.
fn with_warnings(exits: &[Exit<'_>], profiled: &[Option<f64>], given: &[Option<f64>]) -> Vec<f64> {
    let rates = exits.iter().zip(profiled).zip(given);
    let rate = |((exit, profiled), given): ((&Exit<'_>, &Option<f64>), &Option<f64>)| {
        given.or(*profiled).unwrap_or_else(|| {
            let message = format!("exit {:?} has no profile: every sample is taken to go on", exit.label());
            exit.0.loc().warning(message, &["run ee-profile-exits, or give the option late-fraction"]);
            1.0
        })
    };
    rates.map(rate).collect()
}

/// What the option says.
#[derive(Debug, PartialEq)]
enum Given {
    Nothing,
    /// The fraction that reaches the last section.
    Last(f64),
    /// Of some exits, the fraction that goes on of those that come.
    Each(Vec<Option<f64>>),
}

fn parse(text: &str, labels: &[String]) -> Result<Given, String> {
    let text = text.trim();
    let fraction = |text: &str| match text.trim().parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(format!("`{}` is no number in 0..=1", text.trim())),
    };
    if text.is_empty() {
        return Ok(Given::Nothing);
    }
    if !text.contains('=') {
        return Ok(Given::Last(fraction(text)?));
    }
    let mut rates = vec![None; labels.len()];
    for part in text.split(',') {
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!("`{part}` has no `=`; write exit1=0.25,exit2=0.1"));
        };
        let Some(index) = labels.iter().position(|label| label == name.trim()) else {
            let known = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
            return Err(format!("there is no exit `{}`; the exits are: {known}", name.trim()));
        };
        rates[index] = Some(fraction(value)?);
    }
    Ok(Given::Each(rates))
}

/// Stay rates whose product is `fraction`: those known, all to the same power; where they do not tell the exits
/// apart from always staying, all the same.
fn spread(fraction: f64, known: &[f64]) -> Vec<f64> {
    let product: f64 = known.iter().product();
    if product > 0.0 && product < 1.0 && fraction > 0.0 {
        let power = fraction.ln() / product.ln();
        known.iter().map(|rate| rate.powf(power)).collect()
    } else {
        vec![fraction.powf(1.0 / known.len() as f64); known.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        vec!["exit1".into(), "exit2".into()]
    }

    #[test]
    fn the_option_is_one_number_or_one_an_exit() {
        assert_eq!(parse("", &labels()), Ok(Given::Nothing));
        assert_eq!(parse("0.25", &labels()), Ok(Given::Last(0.25)));
        assert_eq!(parse("exit2=0.1", &labels()), Ok(Given::Each(vec![None, Some(0.1)])));
        assert_eq!(parse("exit1=1, exit2=0", &labels()), Ok(Given::Each(vec![Some(1.0), Some(0.0)])));
    }

    #[test]
    fn bad_options_say_what_is_wrong() {
        assert_eq!(parse("1.5", &labels()), Err("`1.5` is no number in 0..=1".into()));
        assert_eq!(parse("nan", &labels()), Err("`nan` is no number in 0..=1".into()));
        assert_eq!(
            parse("exit3=0.5", &labels()),
            Err("there is no exit `exit3`; the exits are: exit1, exit2".into())
        );
        assert_eq!(
            parse("exit1=0.5,0.2", &labels()),
            Err("`0.2` has no `=`; write exit1=0.25,exit2=0.1".into())
        );
    }

    #[test]
    fn one_fraction_is_spread_over_the_exits() {
        // 0.5 and 0.25 have the product 2^-3; 2^-6 is its square.
        close(spread(1.0 / 64.0, &[0.5, 0.25]), &[0.25, 0.0625]);
        // Unprofiled exits share it: 0.5 * 0.5.
        close(spread(0.25, &[1.0, 1.0]), &[0.5, 0.5]);
        close(spread(0.0, &[0.5, 0.5]), &[0.0, 0.0]);
        close(spread(0.25, &[0.16]), &[0.25]);
    }

    /// Powers of logarithms are not exact.
    fn close(rates: Vec<f64>, expected: &[f64]) {
        let near = |(rate, expected): (&f64, &f64)| (rate - expected).abs() < 1e-12;
        assert!(rates.len() == expected.len() && rates.iter().zip(expected).all(near), "{rates:?}");
    }
}
