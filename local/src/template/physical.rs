//! Names and attributes of resources: what `Ref` and `GetAtt` give.
//!
//! They are stable: the same template and parameters give the same values, run after run.

use sha2::{Digest, Sha256};

use super::Fault;
use super::resolve::lower;
use super::scope::{Resource, Scope};
use super::yaml::Place;
use crate::{ACCOUNT, REGION};

impl Scope<'_> {
    /// What `Ref` of a resource or a pseudo parameter gives.
    pub(super) fn reference(&self, name: &str, at: Place) -> Result<String, Fault> {
        if let Some(value) = self.pseudo(name) {
            return Ok(value);
        }
        let resource = self.find(name, at)?;
        let name = self.name(&resource)?;
        Ok(match resource.kind {
            "AWS::SQS::Queue" => self.queue_url(&name),
            "AWS::Batch::JobQueue"
            | "AWS::Batch::ComputeEnvironment"
            | "AWS::Batch::JobDefinition"
            | "AWS::IAM::ManagedPolicy"
            | "AWS::SNS::Topic" => self.arn(&resource, &name)?,
            _ => name,
        })
    }

    /// What `GetAtt` gives.
    pub(super) fn attribute(&self, name: &str, what: &str, at: Place) -> Result<String, Fault> {
        if let Some(role) = self.implicit_role(name) {
            return match what {
                "Arn" => Ok(role),
                "RoleId" => Ok(role_id(&role)),
                _ => Err(unknown(what, name, "AWS::IAM::Role", at)),
            };
        }
        let resource = self.find(name, at)?;
        let physical = self.name(&resource)?;
        let value = match (resource.kind, what) {
            ("AWS::SQS::Queue", "QueueUrl") => self.queue_url(&physical),
            ("AWS::IAM::Role", "RoleId") => role_id(&self.arn(&resource, &physical)?),
            ("AWS::ECR::Repository", "RepositoryUri") => {
                format!("{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{physical}")
            }
            ("AWS::S3::Bucket", "DomainName") => format!("{physical}.s3.amazonaws.com"),
            ("AWS::S3::Bucket", "RegionalDomainName") => {
                format!("{physical}.s3.{REGION}.amazonaws.com")
            }
            ("AWS::SQS::Queue", "QueueName") | ("AWS::SNS::Topic", "TopicName") => physical,
            ("AWS::EC2::SecurityGroup", "GroupId") => physical,
            ("AWS::SNS::Topic", "TopicArn")
            | ("AWS::Batch::JobQueue", "JobQueueArn")
            | ("AWS::Batch::ComputeEnvironment", "ComputeEnvironmentArn")
            | ("AWS::IAM::ManagedPolicy", "PolicyArn") => self.arn(&resource, &physical)?,
            ("AWS::SNS::Topic" | "AWS::Batch::JobQueue" | "AWS::Batch::ComputeEnvironment", _) => {
                return Err(unknown(what, name, resource.kind, at));
            }
            (_, "Arn") => self.arn(&resource, &physical)?,
            (kind, _) => return Err(unknown(what, name, kind, at)),
        };
        Ok(value)
    }

    /// A resource by its logical id, if its condition holds.
    fn find(&self, name: &str, at: Place) -> Result<Resource<'_>, Fault> {
        let Some(resource) = self.resources.get(name) else {
            return Err(Fault::new(at, self.missing(name)));
        };
        if self.exists(resource)? {
            Ok(*resource)
        } else {
            let message = format!("`{name}` does not exist here: its `Condition` does not hold");
            Err(Fault::new(at, message))
        }
    }

    /// The sentence for a name that nothing has.
    pub(super) fn missing(&self, name: &str) -> String {
        format!("there is no parameter or resource `{name}`")
    }

    /// The name that AWS would know the resource by.
    pub(super) fn name(&self, resource: &Resource<'_>) -> Result<String, Fault> {
        let property = match resource.kind {
            "AWS::SQS::Queue" => "QueueName",
            "AWS::S3::Bucket" => "BucketName",
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => "FunctionName",
            "AWS::IAM::Role" => "RoleName",
            "AWS::IAM::ManagedPolicy" => "ManagedPolicyName",
            "AWS::Batch::JobQueue" => "JobQueueName",
            "AWS::Batch::ComputeEnvironment" => "ComputeEnvironmentName",
            "AWS::Batch::JobDefinition" => "JobDefinitionName",
            "AWS::ECR::Repository" => "RepositoryName",
            "AWS::Logs::LogGroup" => "LogGroupName",
            "AWS::SNS::Topic" => "TopicName",
            _ => "Name",
        };
        let logical_id = resource.logical_id;
        if let Some(node) = resource.property(property) {
            if self.visiting.borrow().iter().any(|id| id == logical_id) {
                let message = format!("the name of `{logical_id}` depends on itself");
                return Err(Fault::new(node.place, message));
            }
            self.visiting.borrow_mut().push(logical_id.to_owned());
            let name = self.text(node);
            self.visiting.borrow_mut().pop();
            return name;
        }
        let name = format!("{}-{logical_id}", self.context.stack_name);
        Ok(match resource.kind {
            "AWS::S3::Bucket" | "AWS::ECR::Repository" => lower(&name).into_owned(),
            _ => name,
        })
    }

    fn arn(&self, resource: &Resource<'_>, name: &str) -> Result<String, Fault> {
        let regional =
            |service: &str, rest: String| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}");
        Ok(match resource.kind {
            "AWS::SQS::Queue" => queue_arn(name),
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{name}"),
            "AWS::Serverless::Function" | "AWS::Lambda::Function" => function_arn(name),
            "AWS::IAM::Role" => self.iam_arn(resource, "role", name)?,
            "AWS::IAM::ManagedPolicy" => self.iam_arn(resource, "policy", name)?,
            "AWS::Batch::JobQueue" => job_queue_arn(name),
            "AWS::Batch::ComputeEnvironment" => {
                regional("batch", format!("compute-environment/{name}"))
            }
            "AWS::Batch::JobDefinition" => regional("batch", format!("job-definition/{name}:1")),
            "AWS::Events::Rule" => regional("events", format!("rule/{name}")),
            "AWS::ECR::Repository" => regional("ecr", format!("repository/{name}")),
            "AWS::Logs::LogGroup" => regional("logs", format!("log-group:{name}:*")),
            "AWS::SNS::Topic" => regional("sns", name.to_owned()),
            other => {
                let service = other.split("::").nth(1).unwrap_or("unknown").to_lowercase();
                regional(&service, name.to_owned())
            }
        })
    }

    fn iam_arn(&self, resource: &Resource<'_>, what: &str, name: &str) -> Result<String, Fault> {
        let path = match resource.property("Path") {
            Some(node) => self.text(node)?,
            None => "/".to_owned(),
        };
        Ok(format!("arn:aws:iam::{ACCOUNT}:{what}{path}{name}"))
    }

    fn queue_url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.context.endpoint)
    }

    /// SAM makes a role `<Function>Role` for a function that names none.
    pub(super) fn implicit_role(&self, name: &str) -> Option<String> {
        if self.resources.contains_key(name) {
            return None;
        }
        let function = self.resources.get(name.strip_suffix("Role")?)?;
        (function.kind == "AWS::Serverless::Function" && function.property("Role").is_none())
            .then(|| format!("arn:aws:iam::{ACCOUNT}:role/{}-{name}", self.context.stack_name))
    }
}

fn unknown(attribute: &str, name: &str, kind: &str, at: Place) -> Fault {
    Fault::new(at, format!("`{name}` ({kind}) has no attribute `{attribute}`"))
}

/// The ARN of a queue.
#[must_use]
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The ARN of a Batch job queue.
#[must_use]
pub fn job_queue_arn(name: &str) -> String {
    format!("arn:aws:batch:{REGION}:{ACCOUNT}:job-queue/{name}")
}

/// The ARN of a function.
#[must_use]
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}")
}

/// The unique id of the role with that ARN: `AROA` and 17 characters, always the same ones.
#[must_use]
pub fn role_id(arn: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(arn.as_bytes());
    let letters = digest.iter().take(17).map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    "AROA".chars().chain(letters).collect()
}
