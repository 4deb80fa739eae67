//! The image is what runs.

use serde_json::json;

use super::Bench;
use crate::ecr::tests::{layer, push_image};

async fn push(bench: &Bench, says: &str) -> String {
    let config = json!({ "config": {
        "Env": ["PATH=/app/bin:/usr/local/bin:/usr/bin", "GREETING=hello"],
        "WorkingDir": "/srv/work",
    } });
    let program = format!("#!/bin/sh\necho \"$GREETING from {says} in $(cat place)\"\n");
    let layers = [
        layer(&[("app/bin/speak", &program), ("srv/work/place", "old")]),
        layer(&[("srv/work/place", says)]),
    ];
    push_image(&bench.ecr, "app", says, &config, &layers).await.unwrap()
}

async fn register(bench: &Bench, name: &str, image: &str, command: &[&str]) {
    let container = json!({ "image": image, "command": command });
    bench.register(name, json!({ "containerProperties": container })).await;
}

#[tokio::test]
async fn two_images_make_two_things_of_the_same_command() {
    let mut bench = Bench::new().await;
    bench.ecr.create_repository("app", false).unwrap();
    for says in ["red", "blue"] {
        let digest = push(&bench, says).await;
        let image = format!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@{digest}");
        register(&bench, says, &image, &["speak"]).await;
        // The second job of an image must not see what the first one did to it.
        for _ in 0..2 {
            let over =
                json!({ "command": ["sh", "-c", "speak; echo spoilt > place; chmod 000 ."] });
            let id =
                bench.submit(json!({ "jobDefinition": says, "containerOverrides": over })).await;
            bench.until(&id, "SUCCEEDED").await;
            let log = bench.log(&id);
            assert!(log.contains(&format!("hello from {says} in {says}")), "{log}");
            assert_eq!(log.matches("[batch]").count(), 1, "{log}");
        }
    }
}

#[tokio::test]
async fn an_image_that_is_not_there_cannot_be_pulled() {
    let mut bench = Bench::new().await;
    bench.ecr.create_repository("app", false).unwrap();
    let digest = format!("sha256:{}", "0".repeat(64));
    for image in
        [format!("127.0.0.1:5000/app@{digest}"), "127.0.0.1:5000/app@sha256:short".to_owned()]
    {
        register(&bench, "missing", &image, &["true"]).await;
        let id = bench.submit(json!({ "jobDefinition": "missing" })).await;
        let detail = bench.until(&id, "FAILED").await;
        let reason = detail["statusReason"].as_str().unwrap();
        assert!(reason.starts_with("CannotPullContainerError: "), "{reason}");
        assert_eq!(detail["attempts"][0]["container"]["reason"], reason);
        assert!(detail.get("startedAt").is_none());
    }
}

#[tokio::test]
async fn entrypoint_comes_first_and_cmd_is_the_default() {
    let mut bench = Bench::new().await;
    bench.ecr.create_repository("app", false).unwrap();
    let config = json!({ "config": { "Entrypoint": ["/app/entry", "first"], "Cmd": ["second"] } });
    let entry = layer(&[("app/entry", "#!/bin/sh\necho \"entry $@\"\n")]);
    push_image(&bench.ecr, "app", "v1", &config, &[entry]).await.unwrap();
    register(&bench, "default", "127.0.0.1:5000/app:v1", &[]).await;
    let id = bench.submit(json!({ "jobDefinition": "default" })).await;
    bench.until(&id, "SUCCEEDED").await;
    assert!(bench.log(&id).contains("entry first second"), "{}", bench.log(&id));
    register(&bench, "given", "127.0.0.1:5000/app:v1", &["third"]).await;
    let id = bench.submit(json!({ "jobDefinition": "given" })).await;
    bench.until(&id, "SUCCEEDED").await;
    assert!(bench.log(&id).contains("entry first third"), "{}", bench.log(&id));
}
