//! Whether a model can go round in circles.
//!
//! Where it cannot, every path ends; and where every end is settled, every run settles, whatever
//! the order of things. Stateright's own `eventually` does not see what ends in a circle.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};

use stateright::Model;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Something that follows from it is being looked at.
    Open,
    /// Everything that follows from it was looked at.
    Closed,
}

/// Whether some state can be reached from itself.
pub fn has_cycle<M: Model>(model: &M) -> bool
where
    M::State: Hash,
{
    let hasher = RandomState::new();
    let name = |state: &M::State| hasher.hash_one(state);
    let mut marks: HashMap<u64, Mark> = HashMap::new();
    for first in model.init_states() {
        marks.insert(name(&first), Mark::Open);
        let mut path = vec![(name(&first), model.next_states(&first))];
        while let Some((current, following)) = path.last_mut() {
            let Some(next) = following.pop() else {
                marks.insert(*current, Mark::Closed);
                path.pop();
                continue;
            };
            let id = name(&next);
            match marks.get(&id) {
                Some(Mark::Open) => return true,
                Some(Mark::Closed) => {}
                None => {
                    marks.insert(id, Mark::Open);
                    path.push((id, model.next_states(&next)));
                }
            }
        }
    }
    false
}
