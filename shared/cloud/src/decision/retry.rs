//! From a run that is over to the trigger of the one that tries again: what the function does, and
//! what `signalbox retry --dry-run` shows.

use signalbox_pipeline::registration::Registration;
use signalbox_pipeline::run::Run;
use signalbox_pipeline::run::fact::{Origin, Taken, Trigger};
use signalbox_pipeline::run::state::Defined;
use signalbox_pipeline::shared::Shared;

use super::{Follow, Retry};

/// The definition that `owner`, the run which owns the branch, brought with it.
///
/// # Errors
/// When none was accepted: the reason, in one sentence.
pub fn current(owner: Option<&Run>) -> Result<&Shared<Defined>, String> {
    let Some(owner) = owner else {
        return Err("no run owns its branch now, so that there is no current definition".to_owned());
    };
    owner.state.definition.as_ref().ok_or_else(|| {
        format!("{}, which owns the branch now, has no definition that was accepted", owner.id)
    })
}

/// The trigger by which `run` is tried again. Its repository may still start it, as `registration`
/// says; the definition that is followed is `current`, where that was decided.
///
/// # Errors
/// When the run cannot be retried so: the reason, in one sentence.
pub fn begun(
    retry: &Retry,
    run: &Run,
    current: Option<&Shared<Defined>>,
    registration: &Registration,
    checkout_image: &str,
) -> Result<Trigger, String> {
    let before = &run.state.trigger;
    if registration.pipeline != run.pipeline {
        return Err(format!(
            "{}/{} is registered for the pipeline {} now",
            before.host, before.repository, registration.pipeline
        ));
    }
    let taken = Taken::of(run, retry.from.as_ref(), current).map_err(|error| error.to_string())?;
    if taken.is_none() && retry.definition == Follow::Current {
        return Err("a run that begins at checkout reads the definition of its own commit: retry \
                    it with the original one"
            .to_owned());
    }
    let ours = || checkout_image.to_owned();
    Ok(Trigger {
        clone_url: registration.clone_url.clone(),
        checkout_image: registration.checkout_image.as_ref().map_or_else(ours, ToString::to_string),
        notify: registration.notify.clone(),
        origin: Origin::Retry { of: run.id.clone() },
        taken: taken.map(Box::new),
        // What a person wants again takes nobody's place.
        before: None,
        newer: None,
        ..before.clone()
    })
}
