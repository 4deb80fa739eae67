//! Functions: their process, variables, queues and schedules.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fields::Fields;
use super::read::queue_named;
use super::scope::{Resource, Scope};
use super::stack::{Function, QueueSource, Schedule, Stack};
use super::yaml::{Entry, Node, Value};
use super::{Fault, Faults, physical};

/// Properties of a function that mean nothing on a laptop: how it is built, logged and permitted.
const LEFT_ASIDE: &[&str] = &[
    "FunctionName",
    "Handler",
    "CodeUri",
    "Runtime",
    "Architectures",
    "Description",
    "Policies",
    "PermissionsBoundary",
    "LoggingConfig",
    "Tracing",
    "Tags",
    "EventInvokeConfig",
    "EphemeralStorage",
    "PackageType",
];

impl Scope<'_> {
    /// Reads an `AWS::Serverless::Function`, `Globals.Function` merged in.
    pub(super) fn serverless(
        &self,
        resource: &Resource<'_>,
        stack: &Stack,
        faults: &mut Faults,
    ) -> Option<Function> {
        let globals = self.root.get("Globals").and_then(|globals| globals.get("Function"));
        let own = resource.node.get("Properties");
        let node = match (globals, own) {
            (Some(globals), Some(own)) => merged(globals, own),
            (Some(node), None) | (None, Some(node)) => node.clone(),
            (None, None) => Node { place: resource.place, value: Value::Map(Vec::new()) },
        };
        let what = format!("`{}`", resource.logical_id);
        let mut fields = Fields::new(self, what, resource.place, Some(&node));
        fields.leave(LEFT_ASIDE);
        let timeout = faults.keep(fields.seconds("Timeout"))?;
        let memory = faults.keep(fields.number("MemorySize"))?;
        let environment = faults.keep(fields.node("Environment"));
        let role_arn = faults.keep(self.role(resource, &mut fields))?;
        let reserved = faults.keep(fields.number("ReservedConcurrentExecutions"))?;
        let events = fields.raw("Events").map_or(&[][..], Node::entries);
        fields.finish(faults);

        let name = faults.keep(self.name(resource))?;
        let mut function = Function {
            logical_id: resource.logical_id.to_owned(),
            arn: physical::function_arn(&name),
            binary: faults.keep(self.binary(resource, &node))?,
            timeout: timeout.unwrap_or(Duration::from_secs(3)),
            memory: memory.unwrap_or(128),
            environment: faults.keep(self.variables(environment.flatten().as_ref()))?,
            sources: Vec::new(),
            schedules: Vec::new(),
            role_id: physical::role_id(&role_arn),
            role_arn,
            name,
        };
        for event in events {
            self.event(event, &mut function, stack, faults);
        }
        for source in &mut function.sources {
            source.maximum_concurrency =
                source.maximum_concurrency.into_iter().chain(reserved).min();
        }
        Some(function)
    }

    fn role(&self, resource: &Resource<'_>, fields: &mut Fields<'_, '_>) -> Result<String, Fault> {
        let implicit = self.implicit_role(&format!("{}Role", resource.logical_id));
        match (fields.text("Role")?, implicit) {
            (Some(role), _) | (None, Some(role)) => Ok(role),
            (None, None) => Err(Fault::new(resource.place, "the function has no role")),
        }
    }

    /// `Metadata.BuildProperties.Binary`, else the handler, else the last part of the code's path.
    fn binary(&self, resource: &Resource<'_>, node: &Node) -> Result<String, Fault> {
        let metadata = resource.node.get("Metadata");
        let binary = metadata.and_then(|node| node.get("BuildProperties")?.get("Binary"));
        let handler = node.get("Handler").filter(|node| node.as_text() != Some("bootstrap"));
        let path = node.get("CodeUri");
        let Some(found) = binary.or(handler).or(path) else {
            let message = format!("`{}` names no binary, handler or code", resource.logical_id);
            return Err(Fault::new(resource.place, message));
        };
        let text = self.text(found)?;
        Ok(text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned())
    }

    fn variables(&self, environment: Option<&Node>) -> Result<BTreeMap<String, String>, Fault> {
        let variables = environment.and_then(|node| node.get("Variables"));
        let entries = variables.map_or(&[][..], Node::entries);
        entries.iter().map(|entry| Ok((entry.key.clone(), self.text(&entry.value)?))).collect()
    }

    fn event(&self, entry: &Entry, function: &mut Function, stack: &Stack, faults: &mut Faults) {
        let kind = entry.value.get("Type").and_then(Node::as_text).unwrap_or_default();
        let what = format!("event `{}` of `{}`", entry.key, function.logical_id);
        let fields = Fields::new(self, what.clone(), entry.place, entry.value.get("Properties"));
        match kind {
            "SQS" => function.sources.extend(faults.keep(self.source(fields, stack)).map(
                |(source, fields)| {
                    fields.finish(faults);
                    source
                },
            )),
            "Schedule" | "ScheduleV2" => {
                let name = format!("{}-{}", function.name, entry.key);
                let schedule = timetable(fields, "Schedule", name, faults);
                function.schedules.extend(schedule);
            }
            other => {
                let message = format!("{what}: the local engine does not know the type `{other}`");
                faults.0.push(Fault::new(entry.place, message));
            }
        }
    }

    fn source<'s, 't>(
        &self,
        mut fields: Fields<'s, 't>,
        stack: &Stack,
    ) -> Result<(QueueSource, Fields<'s, 't>), Fault> {
        fields.leave(&["Enabled"]);
        let at = fields.raw("Queue");
        let arn = fields.required("Queue")?;
        let place = Node::text(at.map_or(fields.place, |node| node.place), "");
        let responses = fields.node("FunctionResponseTypes")?;
        let scaling = fields.node("ScalingConfig")?;
        let concurrency = scaling.as_ref().and_then(|node| node.get("MaximumConcurrency"));
        let source = QueueSource {
            queue: queue_named(stack, &arn, &place)?,
            batch_size: fields.number("BatchSize")?.unwrap_or(10),
            window: fields.seconds("MaximumBatchingWindowInSeconds")?.unwrap_or_default(),
            report_batch_item_failures: responses
                .iter()
                .flat_map(Node::items)
                .any(|node| node.as_text() == Some("ReportBatchItemFailures")),
            maximum_concurrency: concurrency.and_then(|node| node.as_text()?.parse().ok()),
        };
        Ok((source, fields))
    }

    /// Reads an `AWS::Scheduler::Schedule` that starts one of the functions.
    pub(super) fn schedule(&self, resource: &Resource<'_>, stack: &mut Stack, faults: &mut Faults) {
        let mut fields = self.fields(resource);
        let Some(target) = faults.keep(fields.node("Target")).flatten() else { return };
        let arn = target.get("Arn").and_then(Node::as_text).unwrap_or_default();
        let name = resource.logical_id.to_owned();
        let Some(mut schedule) = timetable(fields, "Schedule", name, faults) else { return };
        schedule.input = target.get("Input").and_then(Node::as_text).map(str::to_owned);
        match stack.functions.iter_mut().find(|function| function.arn == arn) {
            Some(function) => function.schedules.push(schedule),
            None => {
                let message = format!(
                    "`{}` starts `{arn}`, which is no function of this template",
                    resource.logical_id
                );
                faults.0.push(Fault::new(target.place, message));
            }
        }
    }
}

fn timetable(
    mut fields: Fields<'_, '_>,
    short: &'static str,
    name: String,
    faults: &mut Faults,
) -> Option<Schedule> {
    fields.leave(&[
        "Name",
        "Description",
        "RetryPolicy",
        "DeadLetterConfig",
        "FlexibleTimeWindow",
        "GroupName",
        "Target",
        "RoleArn",
        "ScheduleExpressionTimezone",
        "Enabled",
    ]);
    let place = fields.place;
    let state = faults.keep(fields.text("State"))?;
    let input = faults.keep(fields.text("Input"))?;
    let expression = faults.keep(fields.text("ScheduleExpression"))?;
    let expression = expression.or(faults.keep(fields.text(short))?).unwrap_or_default();
    fields.finish(faults);
    if state.is_some_and(|state| state == "DISABLED") {
        return None;
    }
    let Some(rate) = rate(&expression) else {
        let message =
            format!("`{expression}`: the local engine knows `rate(<number> minutes)` only");
        faults.0.push(Fault::new(place, message));
        return None;
    };
    Some(Schedule { name, rate, input })
}

/// `rate(1 minute)`, `rate(5 minutes)`, `rate(2 hours)`.
fn rate(expression: &str) -> Option<Duration> {
    let inner = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inner.split_once(' ')?;
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number * seconds))
}

/// `Globals` under the function's own: maps are merged, anything else is the function's where it
/// has one.
fn merged(globals: &Node, own: &Node) -> Node {
    let (Value::Map(common), Value::Map(special)) = (&globals.value, &own.value) else {
        return own.clone();
    };
    if globals.intrinsic().is_some() || own.intrinsic().is_some() {
        return own.clone();
    }
    let mut entries = special.clone();
    for entry in common {
        match entries.iter_mut().find(|special| special.key == entry.key) {
            Some(special) => special.value = merged(&entry.value, &special.value),
            None => entries.push(entry.clone()),
        }
    }
    Node { place: own.place, value: Value::Map(entries) }
}
