use signalbox_pipeline::settings;

use super::*;

fn settings_of(rest: &str) -> settings::Settings {
    settings::parse(&format!("version: 1\nenvironment: test\n{rest}")).unwrap()
}

#[test]
fn a_change_of_settings_is_told_part_by_part() {
    let before = settings_of("parameters: { EPOCHS: \"2\", SEED: \"7\" }\ncompute: { vcpus: 1 }\n");
    let after =
        settings_of("parameters: { EPOCHS: \"8\" }\ncompute: { vcpus: 1 }\ndata: { A: b }\n");
    assert_eq!(
        apply::differences(&before, &after),
        ["parameters.EPOCHS: 2 -> 8", "parameters.SEED: 7 -> (gone)", "data.A: (new) b"]
    );
    assert!(apply::differences(&before, &before).is_empty());
}

#[test]
fn the_example_settings_hold() {
    let text = include_str!("../../../../examples/environments/test.yaml");
    let parts = apply::parts(&settings::parse(text).unwrap());
    assert!(parts.contains(&("parameters.EPOCHS".to_owned(), "8".to_owned())), "{parts:?}");
}
