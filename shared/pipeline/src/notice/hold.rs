//! What is told of a person who keeps releases out of an environment.

use super::{Kind, Notice, Target, Words};
use crate::environment::Environment;
use crate::run::Run;

impl Notice {
    /// What `targets` are told of the hold that stands in `environment`, whose live release is of
    /// `run`. Nothing where none stands, or nobody is to be told.
    #[must_use]
    pub fn of_hold(run: &Run, environment: &Environment, targets: &[Target]) -> Option<Self> {
        let hold = environment.hold.as_ref().filter(|_| !targets.is_empty())?;
        let (pipeline, place) = (&environment.pipeline, &environment.environment);
        let live = format!("run {} of {} is live", run.id, run.state.trigger.commit.short());
        let lifted = match &hold.until_newer_than {
            Some(out) => format!("{out} is out, and a newer commit is let in"),
            None => "nothing is let in until it is lifted".to_owned(),
        };
        let words = Words {
            kind: Kind::Hold,
            what: format!("hold.{place}.{}", hold.number),
            at: hold.at,
            environment: Some(place.clone()),
            subject: format!("{pipeline}: releases into {place} are on hold"),
            lines: vec![
                format!("{} keeps releases of {pipeline} out of {place}", hold.by),
                format!("reason: {}", hold.reason),
                format!("{live}; {lifted}"),
            ],
            command: format!("signalbox resume --environment {place}"),
        };
        // The id is made of names that are shorter than it may be, so that it always parses.
        Self::of(run, words, targets.to_vec()).ok()
    }
}
