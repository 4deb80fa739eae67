//! Layers on disk.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::layer;
use crate::ecr::unpack;

/// Unpacks `layers` into a folder of `dir`.
fn unpack(dir: &TempDir, layers: &[Vec<u8>]) -> anyhow::Result<PathBuf> {
    let files: Vec<PathBuf> =
        (0..layers.len()).map(|n| dir.path().join(format!("layer{n}"))).collect();
    for (file, content) in files.iter().zip(layers) {
        fs::write(file, content).unwrap();
    }
    let root = dir.path().join("root");
    unpack::layers(&files, &root)?;
    Ok(root)
}

#[test]
fn a_whiteout_hides_what_lower_layers_brought_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let lower = layer(&[("a/one", "1"), ("a/two", "2"), ("b/old", "old"), ("b/sub/old", "old")]);
    let upper =
        layer(&[("a/.wh.one", ""), ("b/new", "new"), ("b/sub/new", "new"), ("b/.wh..wh..opq", "")]);
    let root = unpack(&dir, &[lower, upper]).unwrap();
    assert!(!root.join("a/one").exists());
    assert!(root.join("a/two").exists());
    assert!(!root.join("b/old").exists());
    assert!(!root.join("b/sub/old").exists());
    assert_eq!(fs::read_to_string(root.join("b/new")).unwrap(), "new");
    assert_eq!(fs::read_to_string(root.join("b/sub/new")).unwrap(), "new");
}

#[test]
fn a_path_that_climbs_out_is_refused() {
    let dir = TempDir::new().unwrap();
    let error = unpack(&dir, &[layer(&[("../escaped", "x")])]).unwrap_err();
    assert!(format!("{error:#}").contains("leaves the image"), "{error:#}");
    assert!(!dir.path().join("escaped").exists());
}

#[test]
fn a_link_leads_nowhere_but_into_the_image() {
    let dir = TempDir::new().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let link = format!("-> {}", outside.display());
    let root = unpack(
        &dir,
        &[
            layer(&[("door", &link), ("bin", "-> usr/bin")]),
            layer(&[("door/x", "x"), ("bin/sh", "sh")]),
        ],
    );
    let root = root.unwrap();
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert!(root.join(outside.strip_prefix("/").unwrap()).join("x").exists());
    assert!(root.join("usr/bin/sh").exists());
    assert_eq!(
        unpack::resolve(&root, Path::new("/../../bin/sh")).unwrap(),
        root.join("usr/bin/sh")
    );
}

#[test]
fn links_in_a_circle_are_refused() {
    let dir = TempDir::new().unwrap();
    let error = unpack(&dir, &[layer(&[("a", "-> b"), ("b", "-> a"), ("a/x", "x")])]).unwrap_err();
    assert!(format!("{error:#}").contains("too many symbolic links"), "{error:#}");
}

#[test]
fn layers_may_be_compressed() {
    let dir = TempDir::new().unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&layer(&[("gzip", "1")])).unwrap();
    let zstd = zstd::encode_all(layer(&[("zstd", "2")]).as_slice(), 1).unwrap();
    let root = unpack(&dir, &[gzip.finish().unwrap(), zstd]).unwrap();
    assert!(root.join("gzip").exists() && root.join("zstd").exists());
}
