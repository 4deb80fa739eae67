//! What is checked: the protocol's numbers, how much goes wrong, and the mistake that is planted.

use crate::message::{Message, Set};

/// One check: a protocol in a world in which so much goes wrong.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// How long a lease is, in units of 15 s: `LEASE` is 45 s.
    pub lease: u8,
    /// What has to be left of a lease for a request to be sent. `ENOUGH` is 15 s, the longest that
    /// a request takes; it is one more here, since a request may begin and end inside of a unit.
    pub enough: u8,
    /// When what is left of a lease is looked at.
    pub check: Check,
    /// After how many units Lambda ends an invocation; `None` lets it sleep for as long as it likes.
    pub timeout: Option<u8>,
    /// Whether an instance keeps the document that it wrote last.
    pub kept: bool,
    /// Whether `tick` comes.
    pub tick: bool,
    /// What is in the queues in the beginning.
    pub messages: &'static [Message],
    /// How much goes wrong.
    pub bounds: Bounds,
    /// The mistake that is planted.
    pub fault: Option<Fault>,
}

/// How often what may go wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    /// Invocations that die.
    pub crashes: u8,
    /// Messages that come once more.
    pub duplicates: u8,
    /// Job events that never come.
    pub losses: u8,
    /// Units of time that pass while somebody is at work or a message waits.
    pub delays: u8,
    /// Puts that are answered with 409.
    pub conflicts: u8,
    /// Puts without an answer: written, not written, or written later.
    pub unclear: u8,
    /// Submissions that never reach Batch, with or without an answer.
    pub unsent: u8,
    /// Submissions that Batch refuses.
    pub refusals: u8,
    /// Submissions that Batch carries out later than any request is believed to take: the only ones
    /// whose outcome cannot be known.
    pub late: u8,
}

/// When a performer looks at what is left of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Before each request that does something.
    EachRequest,
    /// Once, before the first of an invocation's effects.
    Once,
    /// Never: owning the lease is enough.
    Never,
}

/// A mistake in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The job is submitted before the put that decides it.
    SubmitBeforePut,
    /// An effect whose lease has run out is performed without looking the job's name up.
    NoLookUp,
    /// The message is deleted before its put.
    AcknowledgeBeforePut,
    /// A put answered with 409 is taken to be somebody else's business.
    ConflictIsLost,
    /// After a lost answer only the document's top write id tells whether the write landed.
    WriteIdAlone,
    /// A takeover submits although the run was cancelled.
    SubmitForCancelled,
    /// A cancelled run is done with its submission at once.
    DoneTooEarly,
    /// Who owned the submission withdraws it too, without waiting for the lease to run out.
    WithdrawInTheSameLease,
    /// A refused submission counts although somebody else has taken the submission over since.
    RefusalAfterTakeover,
    /// A job's start is taken although its end is known.
    StartAfterEnd,
    /// Each delivery makes another job name, so that looking it up finds nothing.
    NameChanges,
}

impl Protocol {
    /// The protocol as it is in the code, with nothing going wrong.
    #[must_use]
    pub const fn new(messages: &'static [Message], bounds: Bounds) -> Self {
        Self {
            lease: 3,
            enough: 2,
            check: Check::EachRequest,
            timeout: None,
            kept: false,
            tick: true,
            messages,
            bounds,
            fault: None,
        }
    }

    /// The same with a mistake in it.
    #[must_use]
    pub fn with(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub(crate) fn first(&self) -> Set<Message> {
        self.messages.iter().copied().collect()
    }
}
