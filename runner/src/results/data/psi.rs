//! The population stability index: how far one distribution is from another.
//!
//! `sum((a − e) · ln(a / e))` over the bins, `e` being the expected share and `a` the actual one: the
//! symmetric form of Kullback and Leibler's divergence, as scorecards have used it since. By
//! convention nothing has changed below 0.1, and from 0.25 on it is another population (Siddiqi,
//! *Credit Risk Scorecards*, 2006; Yurdakul and Naranjo, *Statistical properties of the population
//! stability index*, 2020).

/// An empty bin counts as this share, or a single value could make the index infinite.
const FLOOR: f64 = 0.0001;

/// The index over pairs of an expected and an actual count. Counts become shares here; nothing where
/// one side has none at all.
pub(super) fn index(pairs: &[(f64, f64)]) -> Option<f64> {
    let expected: f64 = pairs.iter().map(|(expected, _)| expected).sum();
    let actual: f64 = pairs.iter().map(|(_, actual)| actual).sum();
    if !(expected > 0.0 && actual > 0.0) {
        return None;
    }
    let terms = pairs.iter().map(|(e, a)| {
        let (e, a) = ((e / expected).max(FLOOR), (a / actual).max(FLOOR));
        (a - e) * (a / e).ln()
    });
    Some(terms.sum()).filter(|index: &f64| index.is_finite())
}

#[cfg(test)]
mod tests;
