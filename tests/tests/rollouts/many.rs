//! Many launches that end within one second: none is lost, and no document takes every one of them.

use std::time::Duration;

use signalbox_pipeline::keys;
use signalbox_tests::simulated::parallel::alone;
use signalbox_tests::simulated::world::{Setup, World};

use super::world::{PLACE, environment, rolling};

/// So many end in one second, for so many seconds.
const A_SECOND: u32 = 50;
const SECONDS: u32 = 10;
/// S3 takes about 15 conditional writes a second on one object.
const WRITES_A_SECOND: u32 = 15;
/// A ramp that does not end before all of them are counted.
const SETTINGS: &str = "version: 1\nenvironment: staging\nrollout: { strategy: canary, \
     steps: [{ weight: 50, bake: 10h, launches: 5000 }, { weight: 100 }] }\n";

#[test]
fn fifty_launches_that_end_a_second_are_all_counted_and_few_writes_are_needed() -> anyhow::Result<()>
{
    let launches = A_SECOND * SECONDS;
    alone(async {
        let mut world = World::begin(Setup { seats: 16, ..Setup::default() }).await?;
        world.push("rain", "first").await?;
        world.settle(30, 1).await?;
        world.apply(SETTINGS).await?;
        rolling(&mut world, "second").await?;
        let written = writes(&world).await?;
        for number in 0..launches {
            world.train("rain", PLACE, &format!("{number}")).await?;
            world.pass(Duration::from_secs(1) / A_SECOND).await?;
        }
        // The last of them ends, and is counted by one of the next ticks.
        world.pass(Duration::from_secs(180)).await?;
        let ramp = environment(&world)?.candidate.expect("it is still being rolled out").ramp;
        let counted = ramp.on_candidate.succeeded + ramp.on_current.succeeded;
        assert_eq!(counted, u64::from(launches), "{ramp:?}");
        let written = writes(&world).await? - written;
        println!("{launches} launches, {A_SECOND} a second: {written} writes of the environment");
        assert!(written <= (WRITES_A_SECOND * SECONDS) as usize, "{written}");
        Ok(())
    })
}

/// How often the environment was written.
async fn writes(world: &World) -> anyhow::Result<usize> {
    let key = keys::state::environment(&"rain".parse()?, &PLACE.parse()?);
    let (s3, state) = (world.operator().s3().patient, &world.buckets().state);
    let listed = s3.list_object_versions().bucket(state).prefix(key).send().await?;
    Ok(listed.versions().len())
}
