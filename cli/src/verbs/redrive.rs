//! `signalbox redrive`: dead letters, shown and moved back.

use clap::ValueEnum;

use crate::connect::Place;
use crate::exit::Exit;
use crate::output::Output;

mod group;
mod letter;
mod mailbox;
mod tell;
#[cfg(test)]
mod tests;

use group::Groups;
use letter::{Cause, Letter};
use mailbox::{Mailbox, Moved};

const EXAMPLES: &str = "\
Examples:
  signalbox redrive jobs --dry-run       what lies among the dead letters of `jobs`, and why
  signalbox redrive jobs                 move them back, once what held them up is mended
  signalbox redrive commits --malformed  also those that no function could read, say after an upgrade
  signalbox redrive jobs --dry-run --json | jq '.groups[] | {reason, count}'

A message is sent to its queue before it is deleted here: when this is stopped in the middle, one may
come twice, which changes nothing, and none is lost. Decisions are shown and never moved: whoever
took one takes it again, since the queue would say that it was yours.

Exit codes: 0 done; 3 some could not be moved, and stay; 4 there is no such queue.";

/// Move dead letters back to their queue
///
/// Shows each reason once, with how many messages bear it, how old they are and how often they were
/// tried. Messages that were set aside because no function can read them would only come back, and
/// stay unless --malformed is given. What arrives while this works is left for the next time.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// The queue whose dead letters are meant
    #[arg(value_enum)]
    queue: Queue,
    /// Show what would be moved, and move nothing
    #[arg(long)]
    dry_run: bool,
    /// Move those as well that no function could read
    #[arg(long)]
    malformed: bool,
    #[command(flatten)]
    place: Place,
}

/// A queue of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Queue {
    Commits,
    Images,
    Jobs,
    Decisions,
    Notifications,
    Launches,
}

impl Queue {
    fn name(self) -> &'static str {
        match self {
            Self::Commits => "commits",
            Self::Images => "images",
            Self::Jobs => "jobs",
            Self::Decisions => "decisions",
            Self::Notifications => "notifications",
            Self::Launches => "launches",
        }
    }
}

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    /// It goes back.
    Moves,
    /// It stays, since it would only come back.
    Malformed,
    /// It stays: decisions are never moved.
    Decision,
    /// It stays: it came after this began.
    Late,
    /// It should have gone back, and was not taken.
    Refused,
}

/// What is to be done with letters.
#[derive(Clone, Copy, Debug)]
struct Order {
    queue: Queue,
    malformed: bool,
    dry_run: bool,
    /// In milliseconds of the epoch, as SQS stamps messages.
    began: i64,
}

impl Order {
    fn fate(self, letter: &Letter) -> Fate {
        match letter.cause {
            _ if self.queue == Queue::Decisions => Fate::Decision,
            // A message that was just moved and set aside again must not go round for ever.
            _ if letter.sent > self.began => Fate::Late,
            Cause::Malformed if !self.malformed => Fate::Malformed,
            _ => Fate::Moves,
        }
    }
}

/// Carries the verb out.
pub(crate) async fn run(args: Args, output: &Output) -> anyhow::Result<Exit> {
    let connection = args.place.connect().await?;
    let pair = connection.queue_pair(args.queue.name()).await?;
    let began = jiff::Timestamp::now().as_millisecond();
    let order =
        Order { queue: args.queue, malformed: args.malformed, dry_run: args.dry_run, began };
    let mut mailbox = Mailbox::new(connection.sqs(), pair.clone());
    let counter = tell::Counter::new(output);
    let carried = carry(&mut mailbox, order, &counter).await;
    counter.end();
    // Whatever happened, nobody has to wait for what stays.
    mailbox.release().await;
    let groups = carried?;
    tell::tell(&groups, order, &pair, output)?;
    Ok(if groups.refused() > 0 { Exit::Errored } else { Exit::Success })
}

/// Takes every letter once, and does with it as `order` says.
async fn carry(
    mailbox: &mut Mailbox,
    order: Order,
    counter: &tell::Counter,
) -> anyhow::Result<Groups> {
    let mut groups = Groups::default();
    while let Some(letters) = mailbox.next().await? {
        for letter in letters {
            let fate = match order.fate(&letter) {
                Fate::Moves if !order.dry_run => match mailbox.send_home(&letter).await? {
                    Moved::Home => Fate::Moves,
                    Moved::Refused(why) => {
                        groups.trouble(&why);
                        Fate::Refused
                    }
                },
                fate => fate,
            };
            counter.one();
            groups.add(&letter, fate);
        }
    }
    Ok(groups)
}
