use super::*;
use crate::testing::write;

fn context(files: &[&str], ignore: &str) -> (tempfile::TempDir, Context) {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        write(dir.path(), file, "");
    }
    write(dir.path(), ".dockerignore", ignore);
    let context = Context::read(dir.path(), &dir.path().join("Dockerfile")).unwrap();
    (dir, context)
}

fn files(context: &Context) -> Vec<String> {
    let files = context.tree.iter().filter(|(_, node)| matches!(node, Node::File { .. }));
    files
        .map(|(path, _)| path.display().to_string())
        .filter(|path| path != ".dockerignore")
        .collect()
}

#[test]
fn what_dockerignore_names_is_left_out() {
    let names = ["a.py", "b.pyc", "x/c.pyc", "x/d.py", "data/big", "data/keep"];
    assert_eq!(files(&context(&names, "# comment\n.\n**/*.pyc\n/data\n").1), ["a.py", "x/d.py"]);
    assert_eq!(
        files(&context(&names, "*.pyc\ndata\n!data/keep").1),
        ["a.py", "data/keep", "x/c.pyc", "x/d.py"]
    );
    assert_eq!(files(&context(&names, "*\n!x\nx/c.pyc").1), ["x/d.py"]);
}

#[test]
fn a_wildcard_stays_inside_one_name() {
    let (_dir, context) = context(&["a.py", "b.py", "x/c.py"], "");
    assert_eq!(context.find("*.py").unwrap(), [Path::new("a.py"), Path::new("b.py")]);
    assert!(context.find("*.txt").unwrap_err().contains("not in the build context"));
}

#[test]
fn nothing_outside_of_the_context_is_found() {
    let (dir, _) = context(&["a"], "");
    std::os::unix::fs::symlink("/etc/passwd", dir.path().join("evil")).unwrap();
    std::os::unix::fs::symlink("../..", dir.path().join("up")).unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("good")).unwrap();
    let context = Context::read(dir.path(), &dir.path().join("Dockerfile")).unwrap();
    assert!(context.find("../x").unwrap_err().contains("outside"));
    assert!(context.node(Path::new("evil")).unwrap_err().contains("outside"));
    assert!(context.node(Path::new("up")).unwrap_err().contains("outside"));
    assert!(context.find("up/etc/passwd").is_err());
    assert_eq!(context.node(Path::new("good")).unwrap().unwrap().0, Path::new("a"));
}
