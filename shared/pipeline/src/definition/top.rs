//! The file as a whole: name, triggers, build.

use super::command::{Budget, command};
use super::deploy::deployments;
use super::job::{JobKind, jobs, timeout, train};
use super::path::{RelativePath, file};
use super::{
    BranchPattern, Build, Concurrency, DEFAULT_TIMEOUT, Definition, FilePattern, TagPattern, keys,
};
use crate::faults::Collector;
use crate::yaml::{Field, Fields, Node, Value, choice, list, named, whole_number};

const MOST_CHECKS: usize = 32;
const MOST_BRANCHES: usize = 32;
const MOST_PATTERNS: usize = 16;

pub(super) fn definition(root: &Node, faults: &mut Collector) -> Option<Definition> {
    let fields = Fields::of(Field::item("the definition", root), &keys::DEFINITION, faults)?;
    fields.required("version", faults, version);
    let pipeline = fields.required("pipeline", faults, named);
    let on = fields.optional("on", faults, triggers).unwrap_or_default();
    let concurrency = fields.optional("concurrency", faults, concurrency).unwrap_or_default();
    let checks = fields.optional("checks", faults, |field, faults| {
        jobs(field, JobKind::Check, MOST_CHECKS, faults)
    });
    let deploy = fields.optional("deploy", faults, deployments).unwrap_or_default();
    let build = fields.optional("build", faults, build);
    let train = fields.optional("train", faults, train);
    if let (Some(image), true) =
        (fields.get("on").filter(|_| !on.tags.is_empty()), deploy.is_empty())
    {
        image.fault(faults, "takes images, and `deploy` names no environment for them", None);
    }
    if let (Some(deploy), None) = (fields.get("deploy"), fields.get("build"))
        && !is_empty(deploy.node)
    {
        faults.fault_with_help(
            deploy.place,
            "`deploy` without `build`: there is no image to deploy",
            "add build: { repository: … }",
        );
    }
    Some(Definition {
        pipeline: pipeline?,
        branches: on.branches.unwrap_or_else(|| vec![BranchPattern::everything()]),
        images: on.tags,
        concurrency,
        checks: checks.unwrap_or_default(),
        build,
        deploy,
        train,
    })
}

fn is_empty(node: &Node) -> bool {
    matches!(&node.value, Value::List(items) if items.is_empty())
}

/// The version of the file's format: 1.
pub(crate) fn version(field: Field<'_>, faults: &mut Collector) -> Option<u32> {
    let version = whole_number(field, 0..=u32::MAX, faults)?;
    if version != 1 {
        field.fault(
            faults,
            &format!("{version} is not known"),
            Some("write version: 1".to_owned()),
        );
    }
    (version == 1).then_some(version)
}

/// The branches and the image tags of `on`, where it names any.
fn triggers(field: Field<'_>, faults: &mut Collector) -> Option<On> {
    let on = Fields::of(field, &keys::ON, faults)?;
    let push = on.get("push").and_then(|push| Fields::of(push, &keys::PUSH, faults));
    let image = on.get("image").and_then(|image| Fields::of(image, &keys::IMAGE, faults));
    let branches = push.and_then(|push| push.optional("branches", faults, branches));
    let tags = image.and_then(|image| image.required("tags", faults, tags));
    Some(On { branches, tags: tags.unwrap_or_default() })
}

/// What `on` says.
#[derive(Default)]
struct On {
    branches: Option<Vec<BranchPattern>>,
    tags: Vec<TagPattern>,
}

fn tags(field: Field<'_>, faults: &mut Collector) -> Option<Vec<TagPattern>> {
    let items = list(field, MOST_PATTERNS, faults)?;
    if items.is_empty() {
        let help = "name a tag such as \"manual-*\", or leave `image` out".to_owned();
        field.fault(faults, "is empty", Some(help));
        return None;
    }
    let patterns: Vec<Option<TagPattern>> =
        items.iter().map(|item| named(Field::item("tags", item), faults)).collect();
    patterns.into_iter().collect()
}

fn branches(field: Field<'_>, faults: &mut Collector) -> Option<Vec<BranchPattern>> {
    let items = list(field, MOST_BRANCHES, faults)?;
    if items.is_empty() {
        let help = "name a branch, or leave `branches` out for all of them".to_owned();
        field.fault(faults, "is empty", Some(help));
        return None;
    }
    let patterns: Vec<Option<BranchPattern>> =
        items.iter().map(|item| named(Field::item("branches", item), faults)).collect();
    patterns.into_iter().collect()
}

fn concurrency(field: Field<'_>, faults: &mut Collector) -> Option<Concurrency> {
    let word = choice(field, &keys::CONCURRENCY, faults)?;
    Some(match word.as_str() {
        "queue" => Concurrency::Queue,
        "supersede" => Concurrency::Supersede,
        _ => Concurrency::Parallel,
    })
}

fn build(field: Field<'_>, faults: &mut Collector) -> Option<Build> {
    let fields = Fields::of(field, &keys::BUILD, faults)?;
    let dockerfile = fields.optional("dockerfile", faults, file);
    let context = fields.optional("context", faults, named);
    let repository = fields.required("repository", faults, named);
    let command = fields.optional("run", faults, command).unwrap_or_default();
    Budget::check(&command, &[], field.place, faults);
    let artifacts = fields.optional("artifacts", faults, artifacts).unwrap_or_default();
    let timeout_seconds = fields.optional("timeout", faults, timeout);
    Some(Build {
        dockerfile: dockerfile.unwrap_or_else(RelativePath::dockerfile),
        context: context.unwrap_or_else(RelativePath::root),
        repository: repository?,
        command,
        artifacts,
        timeout_seconds: timeout_seconds.unwrap_or(DEFAULT_TIMEOUT),
    })
}

fn artifacts(field: Field<'_>, faults: &mut Collector) -> Option<Vec<FilePattern>> {
    let items = list(field, MOST_PATTERNS, faults)?;
    let patterns: Vec<Option<FilePattern>> =
        items.iter().map(|item| named(Field::item("artifacts", item), faults)).collect();
    patterns.into_iter().collect()
}
