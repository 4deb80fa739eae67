//! Missed pushes: a branch is at a commit that no event has brought.
//!
//! CodeCommit's events come with best effort. A repository is asked where its branches point when it
//! is its turn, so that what a pass costs depends on how many are registered, and little.

use std::collections::BTreeMap;
use std::future::ready;

use futures_util::{FutureExt as _, StreamExt as _};
use jiff::{SignedDuration, Timestamp};
use signalbox_cloud::fault::Fault;
use signalbox_cloud::ingest::codecommit::Push;
use signalbox_cloud::intake::{Arrival, Intake};
use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::head::Head;
use signalbox_pipeline::keys;
use signalbox_pipeline::names::{BranchName, CommitSha, EventId};
use signalbox_pipeline::registration::Registration;
use tracing::Instrument as _;

use super::pass::{Budget, Pass};
use super::{SIDE_BY_SIDE, Tick, turn};

/// Each repository has its turn once in so many minutes.
const ROUND: u64 = 5;
/// An event may just be late: only what no event has brought for so long is a missed one.
const GRACE: SignedDuration = SignedDuration::from_mins(2);
/// As many registrations as are listed at once, and as many times at most.
const PAGE: u16 = 1000;
const PAGES: usize = 10;
/// As many branches of one repository as one turn looks at; the next goes on after them.
const BRANCHES: usize = 50;
/// More branches without a head are no lost pushes: they were there before the registration was.
const STRANGERS: usize = 5;

/// By the key of their head: the commit that the branch is at, and since when that was seen.
pub(crate) type Suspects = BTreeMap<String, Suspect>;

/// A branch whose commit no event has brought so far.
#[derive(Clone, Debug)]
pub(crate) struct Suspect {
    registration: String,
    commit: CommitSha,
    since: Timestamp,
}

impl Tick {
    /// Looks at the repositories whose turn it is, and at those with a suspect.
    pub(crate) async fn pushes(&self, budget: Budget) -> Pass {
        let due = match self.due_registrations().await {
            Ok(due) => due,
            Err(fault) => return Pass::failed(&fault),
        };
        let in_time = |_: &&String| ready(budget.is_left());
        let looks = futures_util::stream::iter(&due).take_while(in_time).map(|key| {
            let span = tracing::info_span!("repository", registration = %key);
            async move { self.repository(key, budget).await }.instrument(span).boxed()
        });
        looks.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<Pass>>().await.into_iter().sum()
    }

    async fn due_registrations(&self) -> Result<Vec<String>, Fault> {
        let prefix = keys::state::repositories(&self.host);
        let now = self.runs.clock.now();
        let suspected: Vec<String> =
            self.memory().suspects.values().map(|suspect| suspect.registration.clone()).collect();
        let mut due = self.keys(&prefix).await?;
        due.retain(|key| turn::is_due(key, ROUND, now) || suspected.contains(key));
        Ok(due)
    }

    /// The keys of the state bucket below `prefix`, a bounded number of them.
    async fn keys(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let mut keys: Vec<String> = Vec::new();
        for _ in 0..PAGES {
            let after = keys.last().map(String::as_str);
            let page = self.runs.documents.list(prefix, after, PAGE).await?;
            let is_last = page.len() < usize::from(PAGE);
            keys.extend(page);
            if is_last {
                break;
            }
        }
        Ok(keys)
    }

    async fn repository(&self, key: &str, budget: Budget) -> Pass {
        let (registration, branches) = match self.branches(key).await {
            Ok(found) => found,
            Err(fault) => return Pass::failed(&fault),
        };
        let mut pass = Pass::fine();
        for branch in branches {
            if !budget.is_left() {
                break;
            }
            pass += match self.branch(key, &registration, &branch).await {
                Ok(missed) => Pass { missed: usize::from(missed), ..Pass::default() },
                Err(fault) => Pass { seen: 0, ..Pass::failed(&fault) },
            };
        }
        pass
    }

    /// The registration under `key`, and the branches that it admits, as far as one turn goes.
    async fn branches(&self, key: &str) -> Result<(Registration, Vec<BranchName>), Fault> {
        let found = self.runs.documents.load::<Registration>(key).await?;
        let Some(registration) = found.map(|found| found.document) else {
            return Err(Fault::retry(key, anyhow::anyhow!("it was there a moment ago")));
        };
        // A branch is named, or meant by a pattern: the one is asked for, the other looked up.
        let named = registration.branches.iter().map(|pattern| pattern.as_str().parse());
        let named: Result<Vec<BranchName>, _> = named.collect();
        let mut branches = match named {
            Ok(named) => named,
            Err(_) => self.meant(&registration).await?,
        };
        if branches.len() > BRANCHES {
            let from = turn::round(ROUND, self.runs.clock.now()) * BRANCHES % branches.len();
            branches.rotate_left(from);
            branches.truncate(BRANCHES);
        }
        Ok((registration, branches))
    }

    /// The branches that the patterns of the registration mean: those that were heard of, and the
    /// others as long as they are few.
    async fn meant(&self, registration: &Registration) -> Result<Vec<BranchName>, Fault> {
        let repository = &registration.repository;
        let mut branches = self.codecommit.branches(repository).await?;
        branches.retain(|branch| registration.admits(branch));
        let heads = self.keys(&keys::state::heads(&self.host, repository)).await?;
        let is_known = |branch: &BranchName| {
            let head = keys::state::head(&self.host, repository, branch);
            heads.contains(&head) || is_named(registration, branch)
        };
        let (mut meant, strangers): (Vec<_>, Vec<_>) = branches.into_iter().partition(is_known);
        if strangers.len() > STRANGERS {
            tracing::info!(
                branches = strangers.len(),
                "left alone, having no heads: too many for pushes whose events were lost"
            );
            return Ok(meant);
        }
        meant.extend(strangers);
        Ok(meant)
    }

    /// Whether a run was begun for a push of which no event has come.
    async fn branch(
        &self,
        key: &str,
        registration: &Registration,
        branch: &BranchName,
    ) -> Result<bool, Fault> {
        let repository = &registration.repository;
        let Some(commit) = self.codecommit.commit_of(repository, branch).await? else {
            return Ok(false);
        };
        let document = keys::state::head(&self.host, repository, branch);
        // Read after the branch: what an event brings meanwhile is not taken for missed.
        let head = self.runs.documents.load::<Head>(&document).await?;
        let head = head.map(|head| head.document);
        let seen_at = match &head {
            Some(head) if head.commit == commit => {
                self.memory().suspects.remove(&document);
                self.unfinished(registration, head).await?
            }
            _ => self.suspected_since(key, &document, &commit),
        };
        let Some(seen_at) = seen_at else { return Ok(false) };
        if self.was_brought(registration, head.as_ref(), &commit).await? {
            return Ok(false);
        }
        let push = Push {
            event: identity(&document, &commit)?,
            at: seen_at,
            host: self.host.clone(),
            repository: repository.clone(),
            branch: branch.clone(),
            commit,
            previous: None,
            actor: None,
        };
        let intake = Intake { runs: &self.runs, checkout_image: &self.checkout_image };
        let begun = intake.begin(registration, Arrival::found(push)).await?;
        self.memory().suspects.remove(&document);
        Ok(begun.is_some())
    }

    /// Since when the branch is known to be at a commit that its head does not know, where that is
    /// longer than an event takes that is merely late.
    fn suspected_since(&self, key: &str, document: &str, commit: &CommitSha) -> Option<Timestamp> {
        let now = self.runs.clock.now();
        let mut memory = self.memory();
        let known = memory.suspects.get(document).filter(|known| known.commit == *commit);
        let since = known.map_or(now, |known| known.since);
        let (registration, commit) = (key.to_owned(), commit.clone());
        memory.suspects.insert(document.to_owned(), Suspect { registration, commit, since });
        (now.duration_since(since) >= GRACE).then_some(since)
    }

    /// When the commit of a found head was seen, where its run was never begun: whoever found it
    /// died in between.
    async fn unfinished(
        &self,
        registration: &Registration,
        head: &Head,
    ) -> Result<Option<Timestamp>, Fault> {
        if !head.found {
            return Ok(None);
        }
        let run = keys::state::run(&registration.pipeline, &head.run);
        let begun = self.runs.documents.exists(&run).await?;
        Ok((!begun).then_some(head.pushed_at))
    }

    /// Whether an event has brought the commit after all: of two pushes within one second, which is
    /// all that an event's time tells, the head holds either.
    async fn was_brought(
        &self,
        registration: &Registration,
        head: Option<&Head>,
        commit: &CommitSha,
    ) -> Result<bool, Fault> {
        let Some(head) = head.filter(|head| head.commit != *commit) else { return Ok(false) };
        let beside = keys::state::runs_of(&registration.pipeline, head.pushed_at, commit);
        Ok(!self.runs.documents.list(&beside, None, 1).await?.is_empty())
    }
}

/// What stands for the event that has not come: it follows from the branch and the commit, so that
/// whoever finds them again, seen at the same time, begins the same run.
fn identity(head: &str, commit: &CommitSha) -> Result<EventId, Fault> {
    let hash = sha256(format!("{head}@{commit}").as_bytes());
    EventId::parse(format!("found:{hash}"))
        .map_err(|error| Fault::page(error, "this is a bug: please report it"))
}

fn is_named(registration: &Registration, branch: &BranchName) -> bool {
    registration.branches.iter().any(|pattern| pattern.as_str() == branch.as_str())
}
