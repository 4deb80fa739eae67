//! What can happen next, and what it does.

use stateright::{Model, Property};

use crate::document::{Effect, Run, Worker};
use crate::message::Message;
use crate::parameters::Protocol;
use crate::property;
use crate::telling::Step;
use crate::world::{Job, Place, TICK, WORKERS, World};

/// How a put is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As S3 sees it: written, or 412.
    Clear,
    /// 409: another conditional write was under way, and this one wrote nothing.
    Busy,
    /// No answer, and it is written.
    LostWritten,
    /// No answer, and it is not written.
    LostUnwritten,
    /// No answer, and it may be written some time later.
    LostLanding,
}

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A message is received; `again` where the queue holds on to it and delivers it once more.
    Receive(Worker, Message, bool),
    /// `tick` looks at the run.
    Tick,
    /// A put is answered.
    Put(Worker, Answer),
    /// The document is read after a put that did not win.
    Read(Worker),
    /// One request of an effect in hand.
    Perform(Worker, Effect),
    /// The submission in hand is refused by Batch.
    Refused(Worker),
    /// An invocation dies.
    Crash(Worker),
    /// A submission arrives in Batch.
    Accept,
    /// A submission that took too long arrives in Batch all the same.
    AcceptLate,
    /// A submission never arrives.
    Unsent,
    /// A late submission never arrives.
    UnsentLate,
    /// A put whose answer was lost lands.
    Land,
    /// A put whose answer was lost never lands.
    Fall,
    /// A job ends.
    JobEnds(u8),
    /// An event is lost.
    Lose(Message),
    /// A unit of time passes.
    Pass,
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::new(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        for worker in 0..WORKERS {
            self.actions_of(world, worker, actions);
        }
        self.actions_of_batch(world, actions);
        if let Some((_, base)) = world.landing {
            if world.run.map(|run| run.revision) == base {
                actions.push(Action::Land);
            }
            actions.push(Action::Fall);
        }
        if self.may_pass(world) {
            actions.push(Action::Pass);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = *last;
        self.happen(&mut world, action);
        Some(world.in_order())
    }

    /// One that writes without end is not followed further than it takes to see that.
    fn within_boundary(&self, world: &World) -> bool {
        world.run.is_none_or(|run| run.revision <= property::WRITES + 1)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        property::all()
    }
}

impl Protocol {
    fn actions_of(&self, world: &World, worker: Worker, actions: &mut Vec<Action>) {
        let telling = &world.tellings[usize::from(worker)];
        let left = &world.left;
        match telling.place {
            Place::Idle if worker == TICK => {
                let work = world.run.is_some_and(|run| run.has_work());
                if self.tick && (work || !world.missed().is_empty()) {
                    actions.push(Action::Tick);
                }
                return;
            }
            Place::Idle => {
                // Two that are alike would do the same.
                if worker == 0 || world.tellings[0] != world.tellings[1] {
                    receive(world, worker, actions);
                }
                return;
            }
            Place::Reading => actions.push(Action::Read(worker)),
            Place::Putting { base, .. } => {
                actions.push(Action::Put(worker, Answer::Clear));
                if world.run.map(|run| run.revision) == base {
                    if left.conflicts > 0 {
                        actions.push(Action::Put(worker, Answer::Busy));
                    }
                    if left.unclear > 0 {
                        actions.push(Action::Put(worker, Answer::LostWritten));
                        actions.push(Action::Put(worker, Answer::LostUnwritten));
                    }
                    if left.unclear > 0 && world.landing.is_none() {
                        actions.push(Action::Put(worker, Answer::LostLanding));
                    }
                }
            }
            Place::Performing { mine, .. } => {
                actions.extend(mine.iter().map(|effect| Action::Perform(worker, effect)));
                if mine.has(Effect::Submit) && left.refusals > 0 {
                    actions.push(Action::Refused(worker));
                }
            }
        }
        if left.crashes > 0 {
            actions.push(Action::Crash(worker));
        }
    }

    fn actions_of_batch(&self, world: &World, actions: &mut Vec<Action>) {
        let (flying, left) = (&world.flying, &world.left);
        if flying.new + flying.old > 0 {
            actions.push(Action::Accept);
            if left.unsent > 0 {
                actions.push(Action::Unsent);
            }
        }
        if flying.late > 0 {
            actions.extend([Action::AcceptLate, Action::UnsentLate]);
        }
        for job in world.known_jobs() {
            if world.jobs[usize::from(job)] == Job::Running {
                actions.push(Action::JobEnds(job));
            }
        }
        let events = world.waiting.iter().filter(|message| {
            left.losses > 0 && matches!(message, Message::Started(_) | Message::Ended(_))
        });
        actions.extend(events.map(Action::Lose));
    }

    /// Time passes where something counts it. While nobody works and nothing waits it costs nothing,
    /// so that every lease runs out in the end.
    fn may_pass(&self, world: &World) -> bool {
        let mut copies = *world;
        let counts = copies.runs().any(|run| run.counts_down());
        let late = world.flying.old == 0 || world.left.late >= world.flying.old;
        let quiet = !world.somebody_works() && world.waiting.is_empty();
        counts && late && (quiet || world.left.delays > 0)
    }

    fn happen(&self, world: &mut World, action: Action) {
        let protocol = self;
        match action {
            Action::Receive(worker, message, again) => {
                if again {
                    world.left.duplicates -= 1;
                } else {
                    world.waiting.remove(message);
                }
                Step { world, protocol, worker }.receive(message);
            }
            Action::Tick => {
                let missed = world.missed();
                Step { world, protocol, worker: TICK }.heal(missed);
            }
            Action::Put(worker, answer) => {
                match answer {
                    Answer::Clear => {}
                    Answer::Busy => world.left.conflicts -= 1,
                    _ => world.left.unclear -= 1,
                }
                Step { world, protocol, worker }.put(answer);
            }
            Action::Read(worker) => Step { world, protocol, worker }.read(),
            Action::Perform(worker, effect) => {
                Step { world, protocol, worker }.perform_one(effect);
            }
            Action::Refused(worker) => {
                world.left.refusals -= 1;
                Step { world, protocol, worker }.refused();
            }
            Action::Crash(worker) => {
                world.left.crashes -= 1;
                Step { world, protocol, worker }.crash();
            }
            Action::Land => {
                if let Some((next, _)) = world.landing.take() {
                    world.store(next);
                }
            }
            Action::Fall => world.landing = None,
            Action::Pass => self.pass(world),
            Action::JobEnds(job) => world.end_job(job),
            Action::Lose(message) => {
                world.left.losses -= 1;
                world.waiting.remove(message);
            }
            Action::Accept | Action::AcceptLate | Action::Unsent | Action::UnsentLate => {
                arrive(world, action);
            }
        }
    }

    fn pass(&self, world: &mut World) {
        if world.somebody_works() || !world.waiting.is_empty() {
            world.left.delays -= 1;
        }
        world.left.late -= world.flying.old;
        world.flying.late += world.flying.old;
        world.flying.old = world.flying.new;
        world.flying.new = 0;
        world.runs().for_each(Run::pass);
        for worker in 0..WORKERS {
            let Some(timeout) = self.timeout else { continue };
            let telling = &mut world.tellings[usize::from(worker)];
            if telling.is_idle() {
                continue;
            }
            telling.age += 1;
            if telling.age >= timeout {
                Step { world, protocol: self, worker }.crash();
            }
        }
    }
}

fn receive(world: &World, worker: Worker, actions: &mut Vec<Action>) {
    for message in world.waiting.iter() {
        if message != Message::Trigger && world.run.is_none() {
            continue;
        }
        actions.push(Action::Receive(worker, message, false));
        if world.left.duplicates > 0 {
            actions.push(Action::Receive(worker, message, true));
        }
    }
}

fn arrive(world: &mut World, action: Action) {
    let flying = &mut world.flying;
    let of = match action {
        Action::AcceptLate | Action::UnsentLate => &mut flying.late,
        _ if flying.old > 0 => &mut flying.old,
        _ => &mut flying.new,
    };
    *of -= 1;
    match action {
        Action::Accept => world.accept(),
        Action::AcceptLate => {
            world.seen.unknowable = true;
            world.accept();
        }
        Action::Unsent => world.left.unsent -= 1,
        _ => {}
    }
}
