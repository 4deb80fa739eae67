//! The way through the documents.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use signalbox_pipeline::audit::Kept;

use super::examine::{Kind, Newest, Told, examine};
use super::release::{Releases, Wrong};
use super::shelf::Shelf;
use super::tell::Teller;
use crate::connect::{Lister as _, RunRef, Stack};
use crate::exit::Exit;

/// How many documents are looked at side by side.
const AT_A_TIME: usize = 16;

/// A walk over documents.
pub(super) struct Walk {
    shelf: Arc<Shelf>,
    teller: Teller,
    releases: Releases,
}

impl Walk {
    /// A walk over what lies on `shelf`.
    pub(super) fn new(shelf: Arc<Shelf>, teller: Teller) -> Self {
        Self { shelf, teller, releases: Releases::default() }
    }

    /// Where it leads.
    pub(super) fn shelf(&self) -> &Shelf {
        &self.shelf
    }

    /// Looks at everything. Environments come first: a run that they name was written before them,
    /// and is read after them, so that a release is never newer than what is read of its run.
    pub(super) async fn all(&mut self) -> anyhow::Result<()> {
        for pipeline in self.shelf.folders("pipelines/").await? {
            let environments = format!("pipelines/{pipeline}/environments/");
            self.below(&environments, is_environment).await?;
        }
        self.below("", |key| !is_environment(key)).await?;
        for wrong in self.releases.missed() {
            self.teller.wrong(wrong)?;
        }
        if self.teller.documents() == 0 {
            return Err(Exit::NotFound.because(format!(
                "nothing lies in {}: is it the state bucket, or a copy of it?",
                self.shelf.name()
            )));
        }
        Ok(())
    }

    /// Looks at one run.
    pub(super) async fn run(&mut self, run: &RunRef) -> anyhow::Result<()> {
        let key = run.key();
        self.below(&key, |found| found == key).await
    }

    /// Says how it ended.
    pub(super) fn end(self) -> anyhow::Result<Exit> {
        self.teller.end()
    }

    async fn below(&mut self, prefix: &str, wanted: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let shelf = Arc::clone(&self.shelf);
        let look = |stack: Stack| {
            let shelf = Arc::clone(&shelf);
            // A task of its own, so that hashing takes every processor.
            let looked = tokio::spawn(async move { examine(&shelf, stack).await });
            async move { looked.await? }
        };
        let stacks = self.shelf.stacks(prefix);
        let stacks = stacks.try_filter(|stack| std::future::ready(wanted(&stack.key)));
        let mut looked = std::pin::pin!(stacks.map_ok(look).try_buffered(AT_A_TIME));
        while let Some((told, newest)) = looked.try_next().await? {
            for wrong in self.releases_of(&told, newest) {
                self.teller.wrong(wrong)?;
            }
            self.teller.told(&told)?;
        }
        Ok(())
    }

    fn releases_of(&mut self, told: &Told, newest: Newest) -> Vec<Wrong> {
        match (told.kind, newest) {
            (Kind::Environment, Newest::Environment(environment)) => {
                self.releases.expect(*environment);
                Vec::new()
            }
            (Kind::Run, Newest::Run(run)) => self.releases.meet(&told.key, Some(&run)),
            (Kind::Run, _) if told.unread.is_none() => self.releases.meet(&told.key, None),
            _ => Vec::new(),
        }
    }
}

fn is_environment(key: &str) -> bool {
    matches!(Kept::at(key), Kept::Environment { .. })
}
