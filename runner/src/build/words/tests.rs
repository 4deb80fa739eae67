use super::*;

fn lookup(name: &str) -> Option<String> {
    (name == "V").then(|| "3.12".to_owned())
}

#[test]
fn variables_are_replaced_except_in_single_quotes() {
    for (text, expected) in [
        ("python:$V", "python:3.12"),
        ("${V}-slim", "3.12-slim"),
        ("'$V'", "$V"),
        ("\\$V", "$V"),
        ("\"a $V\"", "a 3.12"),
        ("${NO:-x${V}y}", "x3.12y"),
        ("${V:+yes}${NO:+no}", "yes"),
        ("$NO|$", "|$"),
        ("${", ""),
    ] {
        assert_eq!(word(text, &lookup), expected, "{text}");
    }
}

#[test]
fn pairs_have_quotes_and_escapes() {
    let pairs = pairs(r#"A=1 B="two words" C=a\ b D='x"y' E="#, &lookup);
    let expected = [("A", "1"), ("B", "two words"), ("C", "a b"), ("D", "x\"y"), ("E", "")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn the_old_form_takes_the_rest_of_the_line() {
    assert_eq!(
        pairs("NAME  some words $V", &lookup),
        [("NAME".to_owned(), "some words 3.12".to_owned())]
    );
}
