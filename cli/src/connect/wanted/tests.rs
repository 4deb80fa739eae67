use super::*;

fn run(id: &str) -> RunRef {
    RunRef { pipeline: PipelineName::parse("rain").unwrap(), id: RunId::parse(id).unwrap() }
}

fn three() -> [RunRef; 3] {
    [
        run("20260303t000000z-ddddddd-00000004"),
        run("20260302t180000z-ccccccc-0000ab03"),
        run("20260302t060000z-bbbbbbb-0000ab02"),
    ]
}

#[test]
fn a_run_is_found_by_its_beginning_its_end_and_its_commit() {
    let runs = three();
    assert_eq!(pick("20260303", &runs), Ok(&runs[0]));
    assert_eq!(pick("20260302T06", &runs), Ok(&runs[2]), "upper case is the same");
    assert_eq!(pick("ab03", &runs), Ok(&runs[1]));
    assert_eq!(pick("bbbb", &runs), Ok(&runs[2]));
    assert_eq!(pick(&"c".repeat(40), &runs), Ok(&runs[1]), "a commit in full");
}

#[test]
fn a_part_that_fits_several_names_them_and_one_that_fits_none_says_so() {
    let runs = three();
    let several = Unresolved::Ambiguous(vec![runs[1].clone(), runs[2].clone()]);
    assert_eq!(pick("20260302", &runs), Err(several));
    assert_eq!(pick("eeee", &runs), Err(Unresolved::Unknown));
    assert_eq!(pick("0000ab", &runs), Err(Unresolved::Unknown), "the middle is no end");
    assert_eq!(pick("20260302", &[]), Err(Unresolved::NoRuns));
}
