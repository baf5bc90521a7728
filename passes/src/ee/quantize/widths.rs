//! How many bits the weights of each layer have, where that is free: few where they save much and cost little.
//!
//! Rounding the weights of a layer adds noise to its sums, as a part of what they are without their mean; a bit less about quadruples it.
//! Noises of layers behind one another add up, so the layers on the way to a classifier have one budget, and a bit goes first where it saves the
//! most for the noise that it adds. (Shoham and Gersho, "Efficient bit allocation for an arbitrary set of quantizers", 1988, whose steps these are
//! where there is one classifier.)

/// What a layer has to choose from.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The noise of its sums as a part of their energy, of the most bits down to the fewest.
    pub noise: Vec<f64>,
    /// What a bit less saves.
    pub bit: f64,
}

/// For each layer how many bits less than the most its weights have, so that the noises of the layers on each way, by their numbers, are at most
/// `budget` together.
pub fn fewer_bits(layers: &[Layer], ways: &[Vec<usize>], budget: f64) -> Vec<usize> {
    let mut fewer = vec![0; layers.len()];
    let mut left: Vec<f64> = ways
        .iter()
        .map(|way| budget - way.iter().map(|&layer| layers[layer].noise[0]).sum::<f64>())
        .collect();
    loop {
        let steps = layers.iter().zip(&fewer).enumerate().filter_map(|(index, (layer, &bits))| {
            let added = layer.noise.get(bits + 1)? - layer.noise[bits];
            // What lowers the noise fits however little is left.
            let fits =
                ways.iter().zip(&left).all(|(way, &left)| added <= left.max(0.0) || !way.contains(&index));
            fits.then(|| (index, added, layer.bit / added.max(f64::MIN_POSITIVE)))
        });
        // The first one of those that are worth the same.
        let best = steps.reduce(|best, step| if step.2 > best.2 { step } else { best });
        let Some((index, added, _)) = best else { return fewer };
        fewer[index] += 1;
        let on_way = ways.iter().zip(&mut left).filter(|(way, _)| way.contains(&index));
        on_way.for_each(|(_, left)| *left -= added);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layer(bit: f64, noise: &[f64]) -> Layer {
        Layer { noise: noise.to_vec(), bit }
    }

    #[test]
    fn bits_go_where_they_save_most_for_their_noise() {
        let layers = [layer(1.0, &[1.0, 4.0, 16.0]), layer(10.0, &[1.0, 4.0, 16.0])];
        let fewer_bits =
            |layers: &[Layer], budget| fewer_bits(layers, &[(0..layers.len()).collect()], budget);
        assert_eq!(fewer_bits(&layers, 2.0), [0, 0]);
        assert_eq!(fewer_bits(&layers, 5.0), [0, 1]);
        // Another bit of the large layer saves 10 for 12, and does not fit; the first one of the small layer 1 for 3.
        assert_eq!(fewer_bits(&layers, 16.9), [1, 1]);
        assert_eq!(fewer_bits(&layers, 17.0), [0, 2]);
        assert_eq!(fewer_bits(&layers, 20.0), [1, 2]);
        // Nothing to choose from; more noise than may be, and fewer bits that lower it.
        assert_eq!(fewer_bits(&[layer(1.0, &[3.0])], 100.0), [0]);
        assert_eq!(fewer_bits(&[layer(1.0, &[3.0, 4.0])], 1.0), [0]);
        assert_eq!(fewer_bits(&[layer(1.0, &[3.0, 2.0, 2.5])], 1.0), [1]);
        assert_eq!(fewer_bits(&[], 1.0), [0; 0]);
    }

    /// Layers of one way leave what the other one has.
    #[test]
    fn each_way_has_its_budget() {
        let layers = vec![layer(1.0, &[1.0, 4.0, 16.0]); 3];
        assert_eq!(fewer_bits(&layers, &[vec![0, 1], vec![0, 2]], 8.0), [1, 1, 1]);
        assert_eq!(fewer_bits(&layers, &[vec![0, 1], vec![2]], 5.0), [1, 0, 1]);
        assert_eq!(fewer_bits(&layers, &[vec![0, 1], vec![2]], 16.0), [1, 1, 2]);
    }

    proptest! {
        /// The budget holds, and no layer could do with a bit less.
        #[test]
        fn the_budget_is_spent(
            noises in prop::collection::vec(prop::collection::vec(0.0f64..3.0, 6), 1..8),
            bits in prop::collection::vec(0.0f64..5.0, 8),
            budget in 0.0f64..60.0,
        ) {
            let layers: Vec<Layer> = noises
                .iter()
                .zip(bits)
                .map(|(noise, bit)| {
                    let noise = noise.iter().scan(0.0, |sum, step| { *sum += step; Some(*sum) });
                    Layer { noise: noise.collect(), bit }
                })
                .collect();
            let fewer = fewer_bits(&layers, &[(0..layers.len()).collect()], budget);
            let noise = |fewer: &[usize]| layers.iter().zip(fewer).map(|(layer, &bits)| layer.noise[bits]).sum::<f64>();
            prop_assert!(noise(&fewer) <= budget.max(noise(&vec![0; layers.len()])) + 1e-9);
            for index in 0..layers.len() {
                let mut one_less = fewer.clone();
                one_less[index] += 1;
                prop_assert!(one_less[index] == 6 || noise(&one_less) > budget - 1e-9);
            }
        }
    }
}
