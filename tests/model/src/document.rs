//! The run document: what its facts fold to, and what is pending.

use crate::message::{Fact, JOBS, Place, Set};
use crate::parameters::{Fault, Protocol};

/// One of the three that write: two invocations behind queues, and `tick`.
pub(crate) type Worker = u8;

/// Whose a write or a lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// That of an invocation under way.
    Of(Worker),
    /// That of an invocation that is over: nobody will ever recognise it as theirs.
    Over,
}

/// `effect::Lease`, by how much is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// The write that took it.
    pub owner: Owner,
    /// How many units of time are left.
    pub left: u8,
}

/// `effect::Effect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Submit the attempt to Batch.
    Submit,
    /// See to it that a submission whose outcome is not known comes to nothing.
    Withdraw,
    /// End a job.
    Terminate(u8),
}

/// Whether an effect is pending, and in whose hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Pending {
    #[default]
    No,
    Unleased,
    Leased(Lease),
}

/// A job that bears the attempt's name and is not the believed one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Surplus {
    /// There is no such job.
    #[default]
    None,
    /// It has to go.
    Alive,
    /// It is gone.
    Over,
}

/// `run.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Run {
    /// Counts the writes; the ETag too.
    pub revision: u8,
    /// Who wrote it last: the `write_id`.
    pub write_id: Owner,
    /// A fact that does not matter here was taken.
    pub announced: bool,
    /// A person cancelled it.
    pub cancelled: bool,
    /// The believed job.
    pub placement: Option<u8>,
    /// The believed job runs or ran.
    pub started: bool,
    /// The believed job's end is known.
    pub ended: bool,
    /// Batch refused the submission.
    pub refused: bool,
    /// The submission will never be carried out.
    pub withdrawn: bool,
    /// Other jobs of the attempt.
    pub surplus: [Surplus; JOBS as usize],
    pub(crate) submit: Pending,
    pub(crate) withdraw: Pending,
    pub(crate) terminate: [Pending; JOBS as usize],
}

impl Run {
    /// `Run::begin`.
    pub(crate) fn begin() -> Self {
        let mut run = Self {
            revision: 0,
            write_id: Owner::Over,
            announced: false,
            cancelled: false,
            placement: None,
            started: false,
            ended: false,
            refused: false,
            withdrawn: false,
            surplus: [Surplus::None; JOBS as usize],
            submit: Pending::No,
            withdraw: Pending::No,
            terminate: [Pending::No; JOBS as usize],
        };
        run.submit = Pending::Unleased;
        run
    }

    /// Whether the attempt's phase is terminal.
    pub(crate) fn attempt_is_over(&self) -> bool {
        self.ended || self.refused || self.withdrawn
    }

    /// Whether the run's phase is terminal.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.cancelled || self.attempt_is_over()
    }

    /// `Run::is_settled`.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_over() && self.effects().next().is_none()
    }

    /// What is pending.
    pub(crate) fn effects(&self) -> impl Iterator<Item = (Effect, Option<Lease>)> {
        Effect::all().filter_map(|effect| match self.pending(effect) {
            Pending::No => None,
            Pending::Unleased => Some((effect, None)),
            Pending::Leased(lease) => Some((effect, Some(lease))),
        })
    }

    pub(crate) fn pending(&self, effect: Effect) -> Pending {
        match effect {
            Effect::Submit => self.submit,
            Effect::Withdraw => self.withdraw,
            Effect::Terminate(job) => self.terminate[usize::from(job)],
        }
    }

    fn leases(&mut self) -> impl Iterator<Item = &mut Pending> {
        [&mut self.submit, &mut self.withdraw].into_iter().chain(&mut self.terminate)
    }

    /// `Run::has_work`.
    pub(crate) fn has_work(&self) -> bool {
        self.effects().any(|(_, lease)| lease.is_none_or(|lease| lease.left == 0))
    }

    /// `Run::abandoned`: a submission that somebody had in hand, and nobody has now.
    pub(crate) fn abandoned(&self) -> bool {
        matches!(self.submit, Pending::Leased(Lease { left: 0, .. }))
    }

    /// `Run::seal`.
    pub(crate) fn seal(&mut self, writer: Worker, lease: u8) {
        self.revision += 1;
        self.write_id = Owner::Of(writer);
        for pending in self.leases() {
            match pending {
                Pending::Unleased | Pending::Leased(Lease { left: 0, .. }) => {
                    *pending = Pending::Leased(Lease { owner: Owner::Of(writer), left: lease });
                }
                Pending::No | Pending::Leased(_) => {}
            }
        }
    }

    /// A unit of time passes.
    pub(crate) fn pass(&mut self) {
        for pending in self.leases() {
            if let Pending::Leased(lease) = pending {
                lease.left = lease.left.saturating_sub(1);
            }
        }
    }

    pub(crate) fn counts_down(&self) -> bool {
        self.effects().any(|(_, lease)| lease.is_some_and(|lease| lease.left > 0))
    }

    /// Gives every write and lease another owner's name.
    pub(crate) fn rename(&mut self, name: impl Fn(Owner) -> Owner) {
        self.write_id = name(self.write_id);
        for pending in self.leases() {
            if let Pending::Leased(lease) = pending {
                lease.owner = name(lease.owner);
            }
        }
    }

    /// `Run::decide` over `fold::apply` for each fact: whether anything changed.
    pub(crate) fn decide(&mut self, facts: Set<Fact>, protocol: &Protocol) -> bool {
        let before = *self;
        facts.iter().for_each(|fact| self.apply(fact, protocol));
        self.derive_pending(protocol);
        *self != before
    }

    fn apply(&mut self, fact: Fact, protocol: &Protocol) {
        match fact {
            Fact::Triggered => {}
            Fact::Announced => self.announced = true,
            Fact::Cancelled => self.cancelled = self.cancelled || !self.is_over(),
            Fact::JobFound(job) => self.place(job, Surplus::Alive),
            Fact::JobStarted(job) => {
                self.place(job, Surplus::Alive);
                self.started |= self.placement == Some(job);
                if protocol.has(Fault::StartAfterEnd) && self.placement == Some(job) {
                    self.ended = false;
                }
            }
            Fact::JobEnded(job) => {
                self.place(job, Surplus::Over);
                self.ended |= self.placement == Some(job);
            }
            Fact::JobRefused => {
                self.refused |= !self.attempt_is_over() && self.placement.is_none();
            }
            Fact::Withdrawn => {
                self.withdrawn |= !self.attempt_is_over() && self.placement.is_none();
            }
            Fact::Terminated(job) => {
                let surplus = &mut self.surplus[usize::from(job)];
                if *surplus == Surplus::Alive {
                    *surplus = Surplus::Over;
                }
            }
        }
    }

    /// `fold::job::place`: the first job is believed, even by an attempt that was given up, since it
    /// waits for that job's end. Any other is a surplus, and so is one of a refused attempt.
    fn place(&mut self, job: u8, otherwise: Surplus) {
        if self.placement == Some(job) {
            return;
        }
        if self.placement.is_none() && !self.refused {
            self.placement = Some(job);
            return;
        }
        let surplus = &mut self.surplus[usize::from(job)];
        *surplus = otherwise.max(*surplus);
    }

    /// `effect::pending`: what the state needs, with the leases of what was pending before.
    fn derive_pending(&mut self, protocol: &Protocol) {
        let (submit, withdraw) = (self.submit, self.withdraw);
        let unplaced = self.placement.is_none() && !self.attempt_is_over();
        let submits = unplaced && (!self.cancelled || protocol.has(Fault::SubmitForCancelled));
        self.submit = if submits { submit.or_unleased() } else { Pending::No };
        let withdraws = unplaced && !submits && !protocol.has(Fault::DoneTooEarly);
        self.withdraw = match (withdraws, withdraw, submit) {
            (false, ..) => Pending::No,
            (true, Pending::No, Pending::Leased(lease)) => {
                // Nobody may perform it before the submission's lease has run out.
                let ours = protocol.has(Fault::WithdrawInTheSameLease);
                let owner = if ours { lease.owner } else { Owner::Over };
                Pending::Leased(Lease { owner, left: lease.left })
            }
            (true, known, _) => known.or_unleased(),
        };
        for job in 0..JOBS {
            let place = usize::from(job);
            let cancelled = self.cancelled && !self.ended && self.placement == Some(job);
            let needed = cancelled || self.surplus[place] == Surplus::Alive;
            let known = self.terminate[place];
            self.terminate[place] = if needed { known.or_unleased() } else { Pending::No };
        }
    }
}

impl Pending {
    fn or_unleased(self) -> Self {
        if self == Self::No { Self::Unleased } else { self }
    }
}

impl Place for Effect {
    fn all() -> impl Iterator<Item = Self> {
        [Self::Submit, Self::Withdraw].into_iter().chain((0..JOBS).map(Self::Terminate))
    }

    fn place(self) -> u32 {
        match self {
            Self::Submit => 0,
            Self::Withdraw => 1,
            Self::Terminate(job) => 2 + u32::from(job),
        }
    }
}
