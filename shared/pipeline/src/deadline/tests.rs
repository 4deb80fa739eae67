use super::*;

#[test]
fn deadlines_leave_batch_the_time_that_it_takes() {
    // What Batch itself ends comes back as an event, and after two minutes `tick` asks for it.
    assert!(OVERTIME >= SignedDuration::from_mins(10));
    // Batch forgets jobs after seven days; until then the truth can be read.
    assert!(SUBMISSION.max(PLACE).max(ANSWER) < SignedDuration::from_hours(6 * 24));
}
