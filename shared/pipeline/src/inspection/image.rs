//! Whether there is an image, and one that can run.

use super::{Check, Finding, Manifest};

/// The configurations of images that containers are made of, in Docker's and in OCI's words.
const CONTAINERS: [&str; 2] =
    ["application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json"];

/// What is said of `image`, which machines with these processors are to run.
pub(crate) fn image(named: &str, manifest: Option<&Manifest>, processors: &[&str]) -> Vec<Finding> {
    let Some(manifest) = manifest else {
        return vec![Finding::failed(
            Check::Image,
            format!(
                "the registry does not hold {named}: it was deleted, perhaps by a lifecycle \
                 policy; build it again with a retry from `build`"
            ),
        )];
    };
    let held = Finding::passed(Check::Image, format!("the registry holds {named}"));
    vec![held, platform(manifest, processors)]
}

fn platform(manifest: &Manifest, processors: &[&str]) -> Finding {
    if let Some(config) = &manifest.config {
        if !CONTAINERS.contains(&config.as_str()) {
            let evidence = format!(
                "it is no image of a container but {config}: push an image that a job can run"
            );
            return Finding::failed(Check::Platform, evidence);
        }
        return Finding::passed(Check::Platform, "it is an image for one platform");
    }
    let has = |wanted: &&&str| manifest.platforms.iter().any(|one| one.starts_with(**wanted));
    let missing: Vec<&str> = processors.iter().filter(|one| !has(one)).copied().collect();
    let platforms = match manifest.platforms.join(", ") {
        none if none.is_empty() => "no platform".to_owned(),
        platforms => platforms,
    };
    if missing.is_empty() {
        return Finding::passed(
            Check::Platform,
            format!("it is an index of images for {platforms}"),
        );
    }
    let missing = missing.join(" and ");
    Finding::failed(
        Check::Platform,
        format!(
            "the machines behind the queue are {missing}, and it is an index of images for \
             {platforms}: build it for {missing} too, or use a queue whose machines it runs on"
        ),
    )
}
