//! From resources to types: buckets, queues, rules and what needs little else.

use std::time::Duration;

use super::fields::Fields;
use super::scope::{Resource, Scope};
use super::stack::{Bucket, JobQueue, Queue, Redrive, Repository, Rule, Stack};
use super::yaml::Node;
use super::{Fault, Faults, physical};
use crate::events::Pattern;

/// What the engine carries out. `AWS::Serverless::Function` and `AWS::Scheduler::Schedule` are
/// read by `function`; of roles and Batch resources only the names count.
pub(super) const CARRIED_OUT: &[&str] = &[
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::Events::Rule",
    "AWS::Serverless::Function",
    "AWS::Scheduler::Schedule",
    "AWS::ECR::Repository",
    "AWS::Batch::JobQueue",
    "AWS::Batch::ComputeEnvironment",
    "AWS::Batch::JobDefinition",
    "AWS::IAM::Role",
];

/// What the engine leaves aside: permissions, logs, alarms and networks mean nothing on a laptop
/// (IAM policies are not evaluated yet). Any other type is refused.
const LEFT_ASIDE: &[&str] = &[
    "AWS::IAM::",
    "AWS::Logs::",
    "AWS::CloudWatch::",
    "AWS::Batch::",
    "AWS::EC2::",
    "AWS::ECS::",
    "AWS::KMS::",
    "AWS::SNS::",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Lambda::Permission",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::CodeCommit::Repository",
];

impl Scope<'_> {
    /// Reads every resource that exists into `stack`.
    pub(super) fn read(&self, stack: &mut Stack, faults: &mut Faults) {
        let Some(resources) = faults.keep(self.present()) else { return };
        // Queues first: rules and functions point at them.
        for resource in &resources {
            if resource.kind == "AWS::SQS::Queue" {
                stack.queues.extend(faults.keep(self.queue(resource)).map(|(queue, fields)| {
                    fields.finish(faults);
                    queue
                }));
            }
        }
        self.check_redrives(stack, faults);
        for resource in &resources {
            self.read_one(resource, stack, faults);
        }
        for resource in &resources {
            if resource.kind == "AWS::Scheduler::Schedule" {
                self.schedule(resource, stack, faults);
            }
        }
    }

    fn read_one(&self, resource: &Resource<'_>, stack: &mut Stack, faults: &mut Faults) {
        let logical_id = resource.logical_id.to_owned();
        match resource.kind {
            "AWS::S3::Bucket" => stack.buckets.extend(self.bucket(resource, faults)),
            "AWS::Events::Rule" => stack.rules.extend(self.rule(resource, stack, faults)),
            "AWS::Serverless::Function" => {
                stack.functions.extend(self.serverless(resource, stack, faults));
            }
            "AWS::ECR::Repository" => {
                if let Some(name) = faults.keep(self.name(resource)) {
                    stack.repositories.push(Repository { logical_id, name });
                }
            }
            "AWS::Batch::JobQueue" => {
                if let Some(name) = faults.keep(self.name(resource)) {
                    let arn = physical::job_queue_arn(&name);
                    stack.job_queues.push(JobQueue { logical_id, name, arn });
                }
            }
            "AWS::SQS::Queue" | "AWS::Scheduler::Schedule" => {}
            kind if LEFT_ASIDE.iter().any(|prefix| kind.starts_with(prefix)) => {}
            kind => {
                let message = format!("`{logical_id}`: the local engine does not know `{kind}`");
                faults.0.push(Fault::new(resource.place, message));
            }
        }
    }

    pub(super) fn fields<'s>(&'s self, resource: &Resource<'s>) -> Fields<'s, 's> {
        let what = format!("`{}`", resource.logical_id);
        Fields::new(self, what, resource.place, resource.node.get("Properties"))
    }

    fn bucket(&self, resource: &Resource<'_>, faults: &mut Faults) -> Option<Bucket> {
        let mut fields = self.fields(resource);
        fields.leave(&[
            "BucketName",
            "BucketEncryption",
            "PublicAccessBlockConfiguration",
            "OwnershipControls",
            "LifecycleConfiguration",
            "LoggingConfiguration",
            "Tags",
        ]);
        let versioning = faults.keep(fields.node("VersioningConfiguration"));
        fields.finish(faults);
        let status = versioning.flatten().and_then(|node| node.get("Status").cloned());
        let versioned = status.as_ref().and_then(Node::as_text) == Some("Enabled");
        let name = faults.keep(self.name(resource))?;
        Some(Bucket { logical_id: resource.logical_id.to_owned(), name, versioned })
    }

    fn queue<'s>(&'s self, resource: &Resource<'s>) -> Result<(Queue, Fields<'s, 's>), Fault> {
        let mut fields = self.fields(resource);
        fields.leave(&[
            "QueueName",
            "SqsManagedSseEnabled",
            "KmsMasterKeyId",
            "ReceiveMessageWaitTimeSeconds",
            "MaximumMessageSize",
            "RedriveAllowPolicy",
            "Tags",
        ]);
        let queue = Queue {
            logical_id: resource.logical_id.to_owned(),
            name: self.name(resource)?,
            visibility: fields.seconds("VisibilityTimeout")?.unwrap_or(Duration::from_secs(30)),
            retention: fields
                .seconds("MessageRetentionPeriod")?
                .unwrap_or(Duration::from_secs(4 * 24 * 3600)),
            redrive: match fields.raw("RedrivePolicy") {
                Some(node) => Some(self.redrive(resource, node)?),
                None => None,
            },
        };
        Ok((queue, fields))
    }

    fn redrive(&self, resource: &Resource<'_>, node: &Node) -> Result<Redrive, Fault> {
        let what = format!("the redrive policy of `{}`", resource.logical_id);
        let mut fields = Fields::new(self, what, node.place, Some(node));
        let arn = fields.required("deadLetterTargetArn")?;
        let target = arn.rsplit(':').next().unwrap_or_default().to_owned();
        let max_receive_count = fields.number("maxReceiveCount")?.unwrap_or(10);
        Ok(Redrive { target, max_receive_count })
    }

    fn check_redrives(&self, stack: &Stack, faults: &mut Faults) {
        for queue in &stack.queues {
            let target = queue.redrive.as_ref().map(|redrive| &redrive.target);
            if let Some(target) = target.filter(|name| !known(stack, name)) {
                let place = self.resources[queue.logical_id.as_str()].place;
                let message = format!(
                    "`{}` sends dead letters to `{target}`, which is no queue of this template",
                    queue.logical_id
                );
                faults.0.push(Fault::new(place, message));
            }
        }
    }

    fn rule(&self, resource: &Resource<'_>, stack: &Stack, faults: &mut Faults) -> Option<Rule> {
        let mut fields = self.fields(resource);
        fields.leave(&["Name", "Description", "Tags", "EventBusName"]);
        let enabled = faults.keep(fields.text("State"))?.is_none_or(|state| state != "DISABLED");
        let pattern = faults.keep(fields.node("EventPattern"))?;
        let targets = faults.keep(fields.node("Targets"))?;
        fields.finish(faults);
        let Some(pattern) = pattern else {
            let message = format!("`{}` needs an `EventPattern`", resource.logical_id);
            faults.0.push(Fault::new(resource.place, message));
            return None;
        };
        let targets = targets.map(|node| self.targets(resource, &node, stack, faults));
        let pattern = faults.keep(Pattern::parse(&pattern.to_json()).map_err(|error| {
            let place = pattern.nearest(&error.path).place;
            Fault::new(place, format!("`{}`: {error}", resource.logical_id))
        }))?;
        let logical_id = resource.logical_id.to_owned();
        enabled.then(|| Rule { logical_id, pattern, targets: targets.unwrap_or_default() })
    }

    fn targets(
        &self,
        resource: &Resource<'_>,
        node: &Node,
        stack: &Stack,
        faults: &mut Faults,
    ) -> Vec<String> {
        let mut targets = Vec::new();
        for node in node.items() {
            let what = format!("a target of `{}`", resource.logical_id);
            let mut fields = Fields::new(self, what, node.place, Some(node));
            fields.leave(&["Id", "DeadLetterConfig", "RetryPolicy"]);
            let arn = faults.keep(fields.required("Arn"));
            fields.finish(faults);
            targets.extend(arn.and_then(|arn| faults.keep(queue_named(stack, &arn, node))));
        }
        targets
    }
}

fn known(stack: &Stack, name: &str) -> bool {
    stack.queues.iter().any(|queue| queue.name == name)
}

/// The name of the queue that an ARN stands for; it must be one of the template's.
pub(super) fn queue_named(stack: &Stack, arn: &str, at: &Node) -> Result<String, Fault> {
    let found = stack.queues.iter().find(|queue| physical::queue_arn(&queue.name) == arn);
    found
        .map(|queue| queue.name.clone())
        .ok_or_else(|| Fault::new(at.place, format!("`{arn}` is no queue of this template")))
}
