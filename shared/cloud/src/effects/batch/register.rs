//! RegisterJobDefinition: two containers, the first of which brings the runner in.

use aws_sdk_batch::types::{
    AssignPublicIp, EcsProperties, EcsTaskProperties, JobDefinitionType, MountPoint,
    NetworkConfiguration, PlatformCapability, ResourceType, Secret, TaskContainerDependency,
    TaskContainerProperties, Volume,
};
use signalbox_pipeline::effect::JobDefinition;
use signalbox_pipeline::platform::Capability;

use super::submit::{MAIN, size};
use crate::clients::{Trouble, trouble};

/// The init container's name, the volume's, and where it is mounted in both containers.
const RUNNER: &str = "runner";
const VOLUME: &str = "signalbox";
const MOUNTED_AT: &str = "/signalbox";
/// What the containers have where a submission does not say otherwise: Fargate's smallest task is
/// a quarter of a processor, shared by the two.
const MAIN_VCPUS: &str = "1";
const MAIN_MIB: &str = "2048";
const RUNNER_VCPUS: &str = "0.25";
const RUNNER_MIB: &str = "128";

pub(super) async fn register(
    client: &aws_sdk_batch::Client,
    definition: &JobDefinition,
) -> Result<(), Trouble> {
    let capability = match definition.capability {
        Capability::Ec2 => PlatformCapability::Ec2,
        Capability::Fargate => PlatformCapability::Fargate,
    };
    let sent = client
        .register_job_definition()
        .job_definition_name(definition.name())
        .r#type(JobDefinitionType::Container)
        .platform_capabilities(capability)
        .ecs_properties(EcsProperties::builder().task_properties(task(definition)).build())
        .send()
        .await;
    sent.map(|_| ()).map_err(|error| trouble(&error))
}

fn task(definition: &JobDefinition) -> EcsTaskProperties {
    let task = EcsTaskProperties::builder()
        .containers(runner(definition))
        .containers(main(definition))
        .task_role_arn(&definition.job_role)
        .execution_role_arn(&definition.execution_role)
        // A named volume without a path on the host: Fargate has none to give.
        .volumes(Volume::builder().name(VOLUME).build());
    match definition.capability {
        Capability::Ec2 => task.build(),
        Capability::Fargate => task
            .platform_version("LATEST")
            .network_configuration(
                NetworkConfiguration::builder().assign_public_ip(AssignPublicIp::Enabled).build(),
            )
            .build(),
    }
}

/// Not essential: a container that another depends on by `SUCCESS` must not be.
fn runner(definition: &JobDefinition) -> TaskContainerProperties {
    TaskContainerProperties::builder()
        .name(RUNNER)
        .image(&definition.runner_image)
        .essential(false)
        .set_command(Some(vec!["install".to_owned(), MOUNTED_AT.to_owned()]))
        .mount_points(mounted())
        .resource_requirements(size(ResourceType::Vcpu, RUNNER_VCPUS))
        .resource_requirements(size(ResourceType::Memory, RUNNER_MIB))
        .build()
}

fn main(definition: &JobDefinition) -> TaskContainerProperties {
    let after =
        TaskContainerDependency::builder().container_name(RUNNER).condition("SUCCESS").build();
    TaskContainerProperties::builder()
        .name(MAIN)
        .image(&definition.image)
        .essential(true)
        .set_command(Some(vec![format!("{MOUNTED_AT}/runner")]))
        .set_secrets(secrets(definition))
        .depends_on(after)
        .mount_points(mounted())
        .resource_requirements(size(ResourceType::Vcpu, MAIN_VCPUS))
        .resource_requirements(size(ResourceType::Memory, MAIN_MIB))
        .build()
}

fn mounted() -> MountPoint {
    MountPoint::builder().source_volume(VOLUME).container_path(MOUNTED_AT).build()
}

/// By reference: ECS itself reads their values, under the execution role.
fn secrets(definition: &JobDefinition) -> Option<Vec<Secret>> {
    let secrets = definition.secrets.iter();
    let secrets = secrets.map(|(name, arn)| Secret::builder().name(name).value_from(arn).build());
    Some(secrets.collect()).filter(|secrets: &Vec<Secret>| !secrets.is_empty())
}
