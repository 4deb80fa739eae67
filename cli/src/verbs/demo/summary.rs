//! What there is to see when all is over.

use signalbox_local::engine::Engine;
use signalbox_pipeline::environment::history::Change;

use super::outcome::production;
use super::story::Story;
use crate::called::called;
use crate::laptop::example::Break;
use crate::laptop::product_requests;
use crate::output::{Output, styled};
use crate::view::safe;
use crate::wrap::{WIDTH, folded, listed};

/// Tells what was released, what it took, and where everything lies.
pub(super) fn tell(story: &Story<'_>, output: &Output) {
    if output.json || story.args.broken.is_some_and(|broken| broken != Break::Production) {
        return;
    }
    output.say("");
    output.say(styled(anstyle::Style::new().bold(), "What production has seen"));
    output.say("");
    for change in production(story.engine).into_iter().flat_map(|found| found.changes) {
        tell_change(&change, output);
    }
    output.say("");
    requests(story.engine, output);
    whereabouts(story, output);
}

fn tell_change(change: &Change, output: &Output) {
    let run = change.run.as_ref().map(ToString::to_string).unwrap_or_default();
    let what = change.what.to_string();
    output.say(format!("  {}  {what:<13} {run}", change.at.strftime("%H:%M:%S")));
    let why = change.why.as_deref().map(safe::line).unwrap_or_default();
    for piece in folded(&why, WIDTH - 12).iter().filter(|piece| !piece.is_empty()) {
        output.say(styled(anstyle::Style::new().dimmed(), format!("            {piece}")));
    }
}

fn requests(engine: &Engine, output: &Output) {
    let counts = product_requests(engine);
    let all: u64 = counts.values().sum();
    let told: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    output.say(format!("  {all} requests of the functions and jobs:"));
    for line in listed(&told, WIDTH - 6) {
        output.say(styled(anstyle::Style::new().dimmed(), format!("      {line}")));
    }
}

/// Where the documents are, and how to look at them.
fn whereabouts(story: &Story<'_>, output: &Output) {
    let (dir, signalbox) = (story.dir.display(), called());
    let run = story.about().map(|push| push.run.id.to_string()).unwrap_or_default();
    output.say("");
    output.say("Everything is kept. Start the engine again and look around:");
    output.say(format!("  {signalbox} local --dir {dir} &"));
    output.say(format!("  {signalbox} show {run} --dir {dir}"));
    output.say(format!("  {signalbox} logs {run} model --dir {dir}"));
    output.say(format!("  {signalbox} env history production --dir {dir}"));
    output.say(format!("  {signalbox} train --environment production --wait --dir {dir}"));
    if story.args.broken.is_some() {
        output.say(format!(
            "The exit code is 1: run {run} failed, as it should, and the next one went through."
        ));
        return;
    }
    output.say("What the developer of a bad push sees, and how production falls back:");
    output.say(format!("  {signalbox} demo --break model"));
    output.say(format!("  {signalbox} demo --break production"));
}
