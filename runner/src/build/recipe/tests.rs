use super::*;
use crate::testing::write;

fn cook(files: &[&str], dockerfile: &str) -> (Result<Recipe, Fault>, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        write(dir.path(), file, file);
    }
    let context = Context::read(dir.path(), &dir.path().join("Dockerfile")).unwrap();
    let mut notes = Vec::new();
    let recipe = carry_out(dockerfile, &context, &mut notes);
    (recipe, notes)
}

fn files(recipe: &Recipe) -> Vec<String> {
    let files = recipe.tree.iter().filter(|(_, node)| matches!(node, Node::File { .. }));
    files.map(|(path, _)| path.display().to_string()).collect()
}

fn refused(dockerfile: &str) -> String {
    let (recipe, _) = cook(&["a"], dockerfile);
    let fault = recipe.unwrap_err();
    assert_eq!(fault.exit_code, 1);
    fault.failure.message
}

#[test]
fn a_whole_dockerfile_is_carried_out() {
    let (recipe, notes) = cook(
        &["train.py", "lib/a.py", "lib/sub/b.py", "data.csv"],
        r#"ARG PYTHON=3.12
FROM python:${PYTHON}-slim AS base
ENV APP=/app MODE="full speed"
ENV OLD some text
WORKDIR $APP
COPY *.py ./
COPY lib lib
COPY --chmod=600 data.csv /data/set.csv
RUN pip install \
    numpy
LABEL org.example.name="rain trainer"
EXPOSE 8080 9090/udp
USER 1000
CMD ["python", "train.py"]
"#,
    );
    let recipe = recipe.unwrap();
    assert_eq!(recipe.base, "python:3.12-slim");
    assert_eq!(
        files(&recipe),
        ["app/lib/a.py", "app/lib/sub/b.py", "app/train.py", "data/set.csv"]
    );
    assert!(matches!(recipe.tree[Path::new("data/set.csv")], Node::File { mode: 0o600, .. }));
    let environment: Vec<_> =
        recipe.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(environment, ["APP=/app", "MODE=full speed", "OLD=some text"]);
    assert_eq!(recipe.folder, Path::new("app"));
    assert_eq!(recipe.command, ["python", "train.py"]);
    assert_eq!(recipe.exposed, ["8080/tcp", "9090/udp"]);
    assert_eq!(recipe.labels["org.example.name"], "rain trainer");
    assert_eq!(recipe.user.as_deref(), Some("1000"));
    assert_eq!(
        notes,
        [
            "line 2: the layers of python:3.12-slim are not part of the image: this builder packs files only",
            "line 9: RUN pip install was not carried out: this builder packs files only",
        ]
    );
}

#[test]
fn a_file_goes_into_a_folder_that_is_there_and_otherwise_gets_the_name() {
    let (recipe, _) =
        cook(&["a"], "FROM scratch\nWORKDIR /app\nCOPY a /app\nCOPY a /b\nCOPY a /c/\nCOPY . /d");
    assert_eq!(files(&recipe.unwrap()), ["app/a", "b", "c/a", "d/a"]);
}

#[test]
fn only_the_last_stage_and_what_it_continues_is_carried_out() {
    let dockerfile =
        "FROM x AS one\nCOPY a /one\nFROM y AS two\nCOPY a /two\nFROM one\nCOPY a /three";
    let recipe = cook(&["a"], dockerfile).0.unwrap();
    assert_eq!(
        (files(&recipe), recipe.base),
        (vec!["one".to_owned(), "three".to_owned()], "x".to_owned())
    );
}

#[test]
fn an_entrypoint_is_refused_with_the_remedy() {
    let message = refused("FROM scratch\n\nENTRYPOINT [\"python\"]");
    assert!(message.starts_with("Dockerfile line 3: ENTRYPOINT is refused"), "{message}");
    assert!(message.ends_with("write CMD instead"));
}

#[test]
fn a_source_that_is_missing_is_refused_with_its_line() {
    let message = refused("FROM scratch\nCOPY a nothere /x/");
    assert!(message.starts_with("Dockerfile line 2: nothere cannot be copied"), "{message}");
    assert!(refused("FROM scratch\nCOPY ../etc /x").contains("outside of the build context"));
    assert!(
        refused("FROM scratch\nCOPY --from=base a /x").contains("--from=base is not supported")
    );
    assert!(refused("FROM scratch\nCOPY a /../../x").contains("leaves the image"));
    assert!(refused("FROM scratch\nCOPY a /x\nCOPY . /x").contains("/x is no folder of the image"));
}

#[test]
fn what_is_no_dockerfile_is_refused() {
    assert!(refused("COPY a b").contains("the Dockerfile cannot be read"));
    assert!(refused("").contains("Dockerfile"));
}

#[test]
fn what_cannot_be_carried_out_is_noted() {
    let (recipe, notes) = cook(
        &["a", "b.tar.gz"],
        "FROM scratch\nADD https://example.com/x /x\nADD b.tar.gz /y/\nCOPY --chown=1:1 a /z\nHEALTHCHECK NONE",
    );
    assert_eq!(files(&recipe.unwrap()), ["y/b.tar.gz", "z"]);
    assert_eq!(notes.len(), 4, "{notes:?}");
}
