use std::cell::RefCell;
use std::collections::BTreeSet;

use super::*;

/// A bucket that holds these keys and counts what it is asked.
struct Fake {
    keys: Vec<String>,
    asked: RefCell<Vec<String>>,
}

impl Lister for Fake {
    async fn folders(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        self.asked.borrow_mut().push(prefix.to_owned());
        let below = self.keys.iter().filter_map(|key| key.strip_prefix(prefix)?.split_once('/'));
        let names: BTreeSet<&str> = below.map(|(name, _)| name).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    async fn has(&self, key: &str) -> anyhow::Result<bool> {
        Ok(self.keys.iter().any(|kept| kept == key))
    }
}

fn fake(runs: &[(&str, &str)]) -> Fake {
    let key = |(pipeline, id): &(&str, &str)| {
        keys::state::run(&PipelineName::parse(*pipeline).unwrap(), &RunId::parse(*id).unwrap())
    };
    Fake { keys: runs.iter().map(key).collect(), asked: RefCell::default() }
}

fn ids(runs: &[RunRef]) -> Vec<String> {
    runs.iter().map(|run| format!("{} {}", run.pipeline, run.id)).collect()
}

const OLD: &str = "20251231t235959z-aaaaaaa-00000001";
const MORNING: &str = "20260302t060000z-bbbbbbb-00000002";
const EVENING: &str = "20260302t180000z-ccccccc-00000003";
const NEXT_DAY: &str = "20260303t000000z-ddddddd-00000004";

#[tokio::test]
async fn runs_come_newest_first_across_days_years_and_pipelines() {
    let fake = fake(&[("rain", OLD), ("rain", EVENING), ("rain", MORNING), ("snow", NEXT_DAY)]);
    let newest = newest_of(&fake, None, 20).await.unwrap();
    assert_eq!(
        ids(&newest),
        [
            format!("snow {NEXT_DAY}"),
            format!("rain {EVENING}"),
            format!("rain {MORNING}"),
            format!("rain {OLD}")
        ]
    );
}

#[tokio::test]
async fn the_walk_stops_at_the_day_that_fills_the_list() {
    let mut runs = vec![("rain", EVENING), ("rain", MORNING)];
    let older: Vec<String> =
        (1..=28).map(|day| format!("202601{day:02}t000000z-aaaaaaa-000000{day:02}")).collect();
    runs.extend(older.iter().map(|id| ("rain", id.as_str())));
    let fake = fake(&runs);
    let rain = PipelineName::parse("rain").unwrap();
    let newest = newest_of(&fake, Some(&rain), 2).await.unwrap();
    assert_eq!(ids(&newest), [format!("rain {EVENING}"), format!("rain {MORNING}")]);
    assert_eq!(fake.asked.borrow().len(), 4, "year, month, day, runs: {:?}", fake.asked);
}

#[tokio::test]
async fn a_foreign_folder_among_the_runs_is_passed_over() {
    let mut fake = fake(&[("rain", MORNING)]);
    fake.keys.push("pipelines/rain/runs/notes/readme".to_owned());
    fake.keys.push("pipelines/rain/runs/2026/03/02/not-a-run/run.json".to_owned());
    fake.keys.push("pipelines/Not A Name/runs/2026/x".to_owned());
    assert_eq!(ids(&newest_of(&fake, None, 20).await.unwrap()), [format!("rain {MORNING}")]);
}

#[tokio::test]
async fn days_come_newest_first_and_only_as_many_as_are_wanted() {
    let day = |day: &str| format!("events/{day}/d107ea36.json");
    let keys = ["2025/12/31", "2026/11/02", "2026/11/20", "2026/02/28"].map(day);
    let fake = Fake { keys: keys.into(), asked: RefCell::default() };
    let two = days(&fake, keys::state::EVENTS, 2).await.unwrap();
    assert_eq!(two, ["events/2026/11/20/", "events/2026/11/02/"]);
    let asked = fake.asked.borrow().len();
    assert_eq!(asked, 3, "root, year and month: older ones are not listed");
    let all = days(&fake, keys::state::EVENTS, 10).await.unwrap();
    assert_eq!(all.last().map(String::as_str), Some("events/2025/12/31/"));
}
