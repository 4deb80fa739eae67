//! People of a world, each with principals of their own.

use signalbox_cloud::decision::{Verdict, What};
use signalbox_local::principals::{Kind, Principal};
use signalbox_pipeline::keys;
use signalbox_pipeline::people;
use signalbox_pipeline::run::Run;
use signalbox_tests::simulated::world::{Setup, World};

use super::world::PLACE;

const PEOPLE: &str = "\
version: 1
people:
  linus: { principals: [AIDALINUSEXAMPLEUSERID1, AIDALINUSTOOEXAMPLEUSERID1], groups: [managers] }
  grace: { principals: [AIDAGRACEEXAMPLEUSERID1], groups: [managers] }
";

/// A world whose last environment asks people, as `settings` say.
pub(crate) async fn asking(settings: &str) -> anyhow::Result<World> {
    let mut world = World::begin(Setup::default()).await?;
    world.watch();
    let people = people::parse(PEOPLE).map_err(|faults| anyhow::anyhow!("{faults}"))?;
    let (s3, body) = (world.operator().s3().patient, people.to_json().into_bytes().into());
    let put = s3.put_object().bucket(&world.buckets().state).key(keys::state::PEOPLE);
    put.body(body).send().await?;
    world.apply(&format!("version: 1\nenvironment: {PLACE}\n{settings}\n")).await?;
    Ok(world)
}

/// Ops delete the settings of the last environment.
pub(crate) async fn unset(world: &World) -> anyhow::Result<()> {
    let key = keys::state::settings(&PLACE.parse()?);
    let s3 = world.operator().s3().patient;
    s3.delete_object().bucket(&world.buckets().state).key(key).send().await?;
    Ok(())
}

/// `name` says something about the release that `run` waits with, as it was seen there; whoever is
/// none of the people says it too.
pub(crate) async fn says(
    world: &World,
    name: &str,
    run: &Run,
    decide: fn(Verdict) -> What,
) -> anyhow::Result<()> {
    let name_of_word = format!("{name} at {}", world.now());
    world.judge_as(&principal(name), &name_of_word, run, &PLACE.parse()?, decide).await
}

fn principal(name: &str) -> Principal {
    Principal {
        kind: Kind::User,
        name: name.to_owned(),
        user_id: format!("AIDA{}EXAMPLEUSERID1", name.replace('-', "").to_uppercase()),
        access_key_id: String::new(),
        secret_access_key: String::new(),
    }
}
