use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn parse(args: &[&str]) -> Result<Command, clap::Error> {
    Command::try_parse_from(args)
}

#[test]
fn install_puts_an_executable_copy_into_the_folder() {
    let dir = tempfile::tempdir().unwrap();
    install(dir.path()).unwrap();
    install(dir.path()).unwrap();
    let mode = std::fs::metadata(dir.path().join("runner")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn install_says_which_folder_is_missing() {
    let error = install(Path::new("/nowhere/at/all")).unwrap_err();
    assert!(format!("{error:#}").contains("/nowhere/at/all cannot be written"));
}

#[test]
fn the_command_of_exec_is_taken_as_it_stands() {
    let Ok(Command::Exec { argv }) = parse(&["exec", "--", "sh", "-ec", "--help", "--"]) else {
        panic!("the arguments of the command are not ours");
    };
    assert_eq!(argv, ["sh", "-ec", "--help", "--"]);
}

#[test]
fn exec_without_a_command_is_refused() {
    assert!(parse(&["exec"]).is_err());
    assert!(parse(&["exec", "--"]).is_err());
}
