//! "Did you mean …?"

/// The one of `known` that `word` is most likely a slip of.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let letters: Vec<char> = word.chars().take(41).collect();
    if letters.len() > 40 {
        return None;
    }
    let slips = |candidate: &str| distance(&letters, &candidate.chars().collect::<Vec<_>>());
    let near = |slips: usize, candidate: &str| {
        slips <= (candidate.len() / 3).clamp(1, 2)
            || (letters.len() >= 3 && candidate.contains(word))
    };
    known
        .into_iter()
        .map(|candidate| (slips(candidate), candidate))
        .filter(|(slips, candidate)| near(*slips, candidate))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters must be changed, added, left out or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                let swapped: &Vec<usize> = &before;
                best = best.min(swapped[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_key_and_another_word_does_not() {
        let known = ["timeout", "retries", "run", "gpus"];
        assert_eq!(nearest("timeuot", known), Some("timeout"));
        assert_eq!(nearest("retry", known), None);
        assert_eq!(nearest("retires", known), Some("retries"));
        assert_eq!(nearest("gpu", known), Some("gpus"));
        assert_eq!(nearest("runs", known), Some("run"));
        assert_eq!(nearest("time", known), Some("timeout"));
        assert_eq!(nearest("script", known), None);
        assert_eq!(nearest(&"x".repeat(10_000), known), None);
    }
}
