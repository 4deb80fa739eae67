use super::*;
use crate::environment::history::SEGMENT;

#[test]
fn older_changes_move_to_segments_that_whoever_writes_them_writes_alike() {
    let mut found = empty();
    let mut segments = Vec::new();
    for number in 0..60 {
        let released = *found.record(&release(number), "w", now()).next.unwrap();
        if let Some(segment) = released.full_segment() {
            assert_eq!(released.clone().full_segment(), Some(segment.clone()));
            let shorter = released.without_segment(&segment, "w").unwrap();
            assert_eq!(shorter.without_segment(&segment, "w"), None, "moved once");
            segments.push(segment);
            found = shorter;
        } else {
            found = released;
        }
        assert!(found.changes.len() < 2 * SEGMENT);
    }
    let all = segments.iter().flat_map(|segment| &segment.changes).chain(&found.changes);
    let seqs: Vec<u64> = all.map(|change| change.seq).collect();
    assert_eq!(seqs, (1..=60).collect::<Vec<u64>>());
    assert_eq!(segments.iter().map(|segment| segment.number).collect::<Vec<_>>(), [1, 2]);
    assert!(found.changes.iter().all(|change| change.live.is_some()));
}
