//! How a reader can call this program: a command that is shown has to work when it is copied.

use std::path::{Path, PathBuf};

const NAME: &str = "signalbox";

/// `signalbox` where the shell finds this program under that name, else its path from here.
pub(crate) fn called() -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let (Ok(own), Ok(here)) = (std::env::current_exe(), std::env::current_dir()) else {
        return NAME.to_owned();
    };
    spelled(&own, &here, &std::env::split_paths(&path).collect::<Vec<PathBuf>>())
}

fn spelled(own: &Path, here: &Path, search: &[PathBuf]) -> String {
    let found = search.iter().map(|dir| dir.join(NAME)).find(|program| program.is_file());
    let same = |found: PathBuf| found.canonicalize().is_ok_and(|found| found == own);
    if found.is_some_and(same) {
        return NAME.to_owned();
    }
    own.strip_prefix(here).unwrap_or(own).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_the_shell_does_not_find_is_called_by_its_path() {
        let own = Path::new("/clone/target/debug/signalbox");
        assert_eq!(spelled(own, Path::new("/clone"), &[]), "target/debug/signalbox");
        assert_eq!(spelled(own, Path::new("/else"), &[]), "/clone/target/debug/signalbox");
    }

    #[test]
    fn a_program_that_the_shell_finds_is_called_by_its_name() {
        let bin = tempfile::tempdir().unwrap();
        let own = bin.path().canonicalize().unwrap().join(NAME);
        std::fs::write(&own, "").unwrap();
        assert_eq!(spelled(&own, Path::new("/"), &[bin.path().to_owned()]), NAME);
    }
}
