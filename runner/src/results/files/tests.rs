use super::*;
use crate::testing::write;

fn chosen(dir: &Path) -> (Vec<Delivery>, Vec<String>) {
    let mut notes = Vec::new();
    let chosen = choose(&crate::tree::read(dir, |_, _| true).unwrap(), &mut notes);
    (chosen, notes)
}

#[test]
fn files_are_delivered_with_size_and_digest() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "plots/loss.svg", "<svg/>");
    let (chosen, notes) = chosen(dir.path());
    assert!(notes.is_empty());
    assert_eq!((chosen[0].file.name.as_str(), chosen[0].file.bytes), ("plots/loss.svg", 6));
    assert_eq!(chosen[0].file.sha256, signalbox_pipeline::digest::sha256(b"<svg/>"));
}

#[test]
fn what_is_not_delivered_is_noted() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "two words.txt", "");
    write(dir.path(), ".hidden", "");
    std::fs::File::create(dir.path().join("large")).unwrap().set_len(LARGEST + 1).unwrap();
    for n in 0..MOST {
        write(dir.path(), &format!("plots/{n}"), "");
    }
    write(dir.path(), "z", "");
    let (chosen, notes) = chosen(dir.path());
    assert_eq!((chosen.len(), notes.len()), (MOST, 4), "{notes:?}");
}
