//! The environments of the example and its people, as they are on a laptop.

use anyhow::Context as _;
use signalbox_local::engine::Engine;
use signalbox_local::principals::user_arn;
use signalbox_pipeline::people::{self, CodeHostIdentity, People, Principal};
use signalbox_pipeline::settings::Settings;

use super::register;

/// The files that ops would apply, in the order in which a release passes.
const FILES: [(&str, &str); 3] = [
    ("test.yaml", include_str!("../../../examples/environments/test.yaml")),
    ("staging.yaml", include_str!("../../../examples/environments/staging.yaml")),
    ("production.yaml", include_str!("../../../examples/environments/production.yaml")),
];
const PEOPLE: &str = include_str!("../../../examples/people.yaml");

/// How long each step of a rollout bakes here, in seconds.
pub(crate) const BAKE: u64 = 3;
/// Whose keys are needed to go all the way: who pushes, and who decides.
pub(crate) const USERS: [&str; 4] = ["ada", "barbara", "grace", "linus"];

/// Who decides about releases of the example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What is verified is live at once, in every environment.
    Nobody,
    /// Those whom the settings ask, and then the launches of a rollout.
    People,
}

/// The settings of the example's environments.
///
/// Those of a laptop differ from the files: steps of a rollout bake for seconds, no freeze keeps
/// anybody out, whatever the day, and what only an account has is left out: roles, secrets, scans, and
/// a second queue.
///
/// # Errors
/// When the example is faulty.
pub(crate) fn settings(asked: Asked) -> anyhow::Result<Vec<Settings>> {
    let read = |(file, text): (&str, &str)| {
        let parsed = register::parse(text).with_context(|| format!("examples/environments/{file}"));
        parsed.map(|settings| on_a_laptop(settings, asked))
    };
    FILES.into_iter().map(read).collect()
}

fn on_a_laptop(mut settings: Settings, asked: Asked) -> Settings {
    settings.freeze.clear();
    settings.secrets.clear();
    (settings.service_account, settings.execution_role) = (None, None);
    (settings.admission.validate.scan, settings.compute.on_demand_queue) = (None, None);
    let steps = settings.rollout.iter_mut().flat_map(|rollout| &mut rollout.steps);
    steps.for_each(|step| step.bake_seconds = BAKE);
    if asked == Asked::Nobody {
        (settings.approvals, settings.rollout) = (None, None);
        // Topics are made by whoever listens.
        settings.notify.clear();
    }
    settings
}

/// The example's people, each of whom is the user of that name whom the engine has given keys.
///
/// # Errors
/// When the example is faulty.
pub(crate) fn people(engine: &Engine) -> anyhow::Result<People> {
    let mut all = people::parse(PEOPLE).map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    for user in engine.users() {
        let person = all.people.iter_mut().find(|(name, _)| name.as_str() == user.name);
        if let Some((_, person)) = person {
            person.principals = vec![Principal::parse(user.user_id)?];
            person.code_hosts = vec![CodeHostIdentity::parse(user_arn(&user.name))?];
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_environment_of_the_example_has_sound_settings() {
        let names = |asked| {
            let all = settings(asked).unwrap().into_iter();
            all.map(|one| (one.environment.to_string(), one.approvals.map(|it| it.required)))
                .collect::<Vec<_>>()
        };
        let [test, staging, production] = ["test", "staging", "production"].map(str::to_owned);
        let asked =
            [(test.clone(), None), (staging.clone(), Some(1)), (production.clone(), Some(2))];
        assert_eq!(names(Asked::People), asked);
        assert_eq!(names(Asked::Nobody), [(test, None), (staging, None), (production, None)]);
    }

    #[test]
    fn whoever_is_given_keys_is_one_of_the_examples_people() {
        let people = people::parse(PEOPLE).unwrap().people;
        for user in USERS {
            assert!(people.keys().any(|name| name.as_str() == user), "{user}");
        }
    }
}
