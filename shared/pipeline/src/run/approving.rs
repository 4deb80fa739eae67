//! What people have decided about the release that a run wants to make.

use serde::{Deserialize, Serialize};

use super::fact::{Choice, Decided};
use super::state::{Stage, State};
use crate::environment::release_digest;
use crate::names::Sha256;
use crate::settings::Approvals;

/// As many decisions as a run takes for one environment: a person may decide once about a release,
/// and each change of the settings makes another release of it.
const DECISIONS_AT_MOST: usize = 100;

/// The decisions of the stage `approve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approving {
    /// In the order in which the register took them.
    pub decisions: Vec<Decided>,
    /// Whether the environment was looked at once more after the last approval that was asked for.
    pub confirmed: bool,
}

impl Approving {
    /// Takes a decision, unless that person has said the same of the release already: whoever
    /// approved of it may still reject it.
    pub(super) fn take(&mut self, decided: &Decided) -> bool {
        let known = |one: &Decided| {
            one.decision == decided.decision
                || (one.person == decided.person
                    && one.release == decided.release
                    && one.choice == decided.choice)
        };
        if self.decisions.len() >= DECISIONS_AT_MOST || self.decisions.iter().any(known) {
            return false;
        }
        self.decisions.push(decided.clone());
        true
    }

    /// The decisions about `release`: what was decided about another does not count.
    fn about<'a>(&'a self, release: &'a Sha256) -> impl Iterator<Item = &'a Decided> {
        self.decisions.iter().filter(move |one| one.release == *release)
    }
}

/// How far the approval of a release has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tally {
    /// Somebody is against it: whose word ends the wait.
    Rejected(Decided),
    /// So many more people are asked for.
    Open {
        /// How many.
        missing: u32,
    },
    /// All that were asked for are for it, or one who broke the glass.
    Complete,
}

impl State {
    /// Whom the settings ask before the release of `stage`'s environment may go on.
    #[must_use]
    pub fn approvals<'s>(&'s self, stage: &'s Stage) -> Option<&'s Approvals> {
        self.entered(stage)?.settings.as_ref()?.approvals.as_ref()
    }

    /// The digest of the release that `stage`'s environment would get: image, definition and
    /// settings.
    #[must_use]
    pub fn release(&self, stage: &Stage) -> Option<Sha256> {
        let settings = self.entered(stage)?.settings.as_ref()?;
        let image = self.image.as_ref().map(|image| &image.digest);
        Some(release_digest(image, &self.definition.as_ref()?.sha256, &settings.digest()))
    }

    /// How far the approval that `stage` waits for has come; nothing where nobody is asked.
    #[must_use]
    pub fn tally(&self, stage: &Stage) -> Option<Tally> {
        let asked = self.approvals(stage)?;
        let release = self.release(stage)?;
        let none = Approving::default();
        let approving = stage.approving.as_deref().unwrap_or(&none);
        let (mut given, mut broken) = (0_u32, false);
        for decided in approving.about(&release) {
            match decided.choice {
                Choice::Reject => return Some(Tally::Rejected(decided.clone())),
                Choice::Approve => given = given.saturating_add(1),
            }
            broken |= decided.break_glass;
        }
        Some(match asked.required.saturating_sub(given) {
            missing if missing > 0 && !broken => Tally::Open { missing },
            _ => Tally::Complete,
        })
    }
}
