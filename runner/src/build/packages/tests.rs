use super::*;
use crate::testing::write;

fn chosen(folder: &Path, patterns: &[&str]) -> Result<Vec<String>, String> {
    let patterns: Vec<String> = patterns.iter().map(|text| (*text).to_owned()).collect();
    match choose(folder, &patterns) {
        Ok(chosen) => Ok(chosen.into_iter().map(|it| it.file.name).collect()),
        Err(fault) => Err(fault.failure.message),
    }
}

#[test]
fn a_pattern_names_files_and_each_content_once() {
    let dir = tempfile::tempdir().unwrap();
    for path in ["dist/a-1.0+cpu.whl", "dist/deep/b.whl", "dist/a.txt", ".git/c.whl"] {
        write(dir.path(), path, path);
    }
    let all = chosen(dir.path(), &["dist/*.whl", "**/*.whl", "dist/a-?.0+cpu.whl"]).unwrap();
    assert_eq!(all, ["a-1.0+cpu.whl", "b.whl"]);
    assert_eq!(chosen(dir.path(), &[]).unwrap(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_kept_is_refused_by_its_pattern() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "dist/two words.whl", "");
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("passwd")).unwrap();
    std::fs::File::create(dir.path().join("large")).unwrap().set_len(LARGEST + 1).unwrap();
    for n in 0..=MOST_PACKAGES {
        write(dir.path(), &format!("many/{n}"), n.to_string());
    }
    for (pattern, expected) in [
        ("dist/*.tar", "names no file that is there"),
        ("passwd", "names no file that is there"),
        ("dist/*.whl", "names dist/two words.whl: a package's name"),
        ("large", "bytes, where"),
        ("many/*", "names too many files"),
    ] {
        let message = chosen(dir.path(), &[pattern]).unwrap_err();
        assert!(
            message.starts_with(&format!("build.artifacts {pattern} {expected}"))
                || message.contains(expected),
            "{message}"
        );
    }
}
