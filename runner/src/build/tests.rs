use signalbox_pipeline::digest::sha256;
use signalbox_pipeline::names::{ImageDigest, Sha256};

use super::*;
use crate::testing::write;

fn source() -> Source {
    Source { key: "k".into(), version: "v".into(), sha256: Sha256::parse("0".repeat(64)).unwrap() }
}

fn packed(folder: &Path, dockerfile: &str) -> Result<(Image, tempfile::TempDir), Fault> {
    let source = source();
    let wanted = Wanted {
        source: &source,
        dockerfile,
        context: ".",
        command: &[],
        artifacts: &[],
        repository: &ImageRepository::parse("rain-trainer").unwrap(),
        tag: &ImageTag::parse("t").unwrap(),
    };
    let scratch = tempfile::tempdir().unwrap();
    pack(folder, &wanted, scratch.path(), &mut Vec::new()).map(|image| (image, scratch))
}

fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let dockerfile = "FROM python:3.12\nWORKDIR /app\nENV A=1 B=2\nLABEL z=1 y=2 x=3 w=4\nCOPY src .\nCMD [\"python\"]\n";
    write(dir.path(), "Dockerfile", dockerfile);
    for n in 0..20 {
        write(dir.path(), &format!("src/{n}.py"), format!("print({n})"));
    }
    dir
}

#[test]
fn the_same_context_gives_the_same_digest_whenever_and_wherever_it_is_built() {
    let (one, two) = (repository(), repository());
    let old = std::fs::File::open(two.path().join("src/1.py")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    let (first, _keep) = packed(one.path(), "Dockerfile").unwrap();
    let (second, _keep) = packed(two.path(), "Dockerfile").unwrap();
    assert_eq!(first.digest, second.digest);
    write(two.path(), "src/1.py", "print('other')");
    assert_ne!(packed(two.path(), "Dockerfile").unwrap().0.digest, first.digest);
}

#[test]
fn the_documents_are_what_the_specification_says() {
    let dir = repository();
    let (image, _keep) = packed(dir.path(), "Dockerfile").unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&image.config).unwrap();
    let layer = std::fs::read(&image.layer.path).unwrap();
    assert_eq!(manifest["schemaVersion"], 2);
    assert_eq!(manifest["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest["config"]["digest"], format!("sha256:{}", sha256(&image.config)));
    assert_eq!(manifest["layers"][0]["digest"], format!("sha256:{}", sha256(&layer)));
    assert_eq!(manifest["layers"][0]["size"], layer.len());
    assert_eq!(manifest["annotations"]["org.opencontainers.image.base.name"], "python:3.12");
    let mut archive = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(layer.as_slice()), &mut archive)
        .unwrap();
    assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", sha256(&archive)));
    assert_eq!(config["config"]["WorkingDir"], "/app");
    assert_eq!(config["config"]["Env"], serde_json::json!(["A=1", "B=2"]));
    assert_eq!(config["config"]["Cmd"], serde_json::json!(["python"]));
    assert!(config["config"].get("Entrypoint").is_none());
    assert_eq!(
        image.digest,
        ImageDigest::parse(format!("sha256:{}", sha256(&image.manifest))).unwrap()
    );
}

#[test]
fn a_dockerfile_that_is_missing_or_outside_is_refused() {
    let dir = repository();
    let missing = packed(dir.path(), "docker/Dockerfile").unwrap_err();
    assert!(missing.failure.message.starts_with("docker/Dockerfile cannot be read"));
    assert_eq!(missing.exit_code, 1);
    let outside = packed(dir.path(), "../Dockerfile").unwrap_err();
    assert!(outside.failure.message.contains("is outside of the repository"));
}
