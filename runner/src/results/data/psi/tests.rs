use proptest::prelude::*;

use super::*;

fn swapped(pairs: &[(f64, f64)]) -> Vec<(f64, f64)> {
    pairs.iter().map(|(expected, actual)| (*actual, *expected)).collect()
}

#[test]
fn a_known_example_comes_to_its_known_value() {
    // (0.3 − 0.5)·ln(0.3/0.5) + (0.7 − 0.5)·ln(0.7/0.5)
    let index = index(&[(50.0, 30.0), (50.0, 70.0)]).unwrap();
    assert!((index - 0.169_459).abs() < 1e-6, "{index}");
}

#[test]
fn an_empty_bin_is_far_and_not_infinitely_far() {
    let index = index(&[(50.0, 0.0), (50.0, 100.0)]).unwrap();
    assert!(index > 3.0 && index.is_finite(), "{index}");
}

#[test]
fn where_there_is_nothing_there_is_no_index() {
    for pairs in [vec![], vec![(0.0, 1.0)], vec![(1.0, 0.0)]] {
        assert_eq!(index(&pairs), None, "{pairs:?}");
    }
}

fn counts() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let count = || prop_oneof![1 => Just(0_u32), 9 => 1_u32..100_000].prop_map(f64::from);
    // A first bin that neither lacks, so that both have shares.
    let bin = (count(), count());
    (prop::collection::vec(bin, 1..20), 1_u32..1000, 1_u32..1000).prop_map(|(mut bins, e, a)| {
        bins.push((f64::from(e), f64::from(a)));
        bins
    })
}

proptest! {
    #[test]
    fn the_same_distribution_has_not_moved(pairs in counts(), times in 1_u32..1000) {
        let same: Vec<_> = pairs.iter().map(|(e, _)| (*e, e * f64::from(times))).collect();
        prop_assert!(index(&same).unwrap() < 1e-9);
    }

    #[test]
    fn it_is_the_same_there_and_back(pairs in counts()) {
        let (there, back) = (index(&pairs).unwrap(), index(&swapped(&pairs)).unwrap());
        prop_assert!(there >= 0.0);
        prop_assert!((there - back).abs() <= 1e-9 * there.max(1.0));
    }

    #[test]
    fn it_grows_with_the_way(pairs in counts(), less in 0.0_f64..1.0, more in 0.0_f64..1.0) {
        let (less, more) = (less.min(more), less.max(more));
        let sum = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
        let (expected, actual) = (sum(|pair| pair.0), sum(|pair| pair.1));
        let gone = |share: f64| {
            let moved = pairs.iter().map(|(e, a)| {
                let (e, a) = (e / expected, a / actual);
                (e, e + share * (a - e))
            });
            index(&moved.collect::<Vec<_>>()).unwrap()
        };
        prop_assert!(gone(less) <= gone(more) + 1e-9);
    }
}
