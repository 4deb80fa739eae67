use super::*;

const FILE: &str = "\
version: 1
people:
  ada:
    principals: [AIDAEXAMPLEUSERID0001]
    git: [Ada@example.org]
    code_hosts: [\"arn:aws:iam::123456789012:user/ada\", github.com/Ada-L]
    groups: [developers, release-managers]
  grace:
    principals: [\"AROAEXAMPLEROLEID0001:grace@example.org\"]
    groups: [release-managers]
  robots:
    principals: [AROAEXAMPLEROLEID0002, \"123456789012\"]
    code_hosts: [\"arn:aws:sts::123456789012:assumed-role/robots\"]
";

fn refused(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

fn named<'p>(found: Option<(&'p PersonName, &'p Person)>) -> Option<&'p str> {
    found.map(|(name, _)| name.as_str())
}

#[test]
fn people_are_read_and_stored_under_their_digest() {
    let people = parse(FILE).unwrap();
    assert!(people.to_json().starts_with(
        r#"{"schema":1,"people":{"ada":{"principals":["AIDAEXAMPLEUSERID0001"],"git":["Ada@example.org"],"#
    ));
    assert_eq!(people.digest(), sha256(people.to_json().as_bytes()));
    let stored: People = serde_json::from_str(&people.to_json()).unwrap();
    assert_eq!(stored, people);
}

#[test]
fn a_sender_is_whoever_the_principal_stands_for_and_nobody_else() {
    let people = parse(FILE).unwrap();
    let who = |sender: &str| named(people.of_sender(sender));
    assert_eq!(who("AIDAEXAMPLEUSERID0001"), Some("ada"));
    assert_eq!(who("AROAEXAMPLEROLEID0001:grace@example.org"), Some("grace"));
    assert_eq!(who("123456789012"), Some("robots"));
    for nobody in [
        "AROAEXAMPLEROLEID0001:ada@example.org",
        "AROAEXAMPLEROLEID0001",
        "AIDAEXAMPLEUSERID0001:ada",
        "AIDAEXAMPLEUSERID0002",
        "AROAEXAMPLEROLEID00021:x",
        "aidaexampleuserid0001",
        "ada",
        "",
    ] {
        assert_eq!(who(nobody), None, "{nobody}");
    }
}

#[test]
fn all_sessions_of_a_role_are_one_person() {
    let people = parse(FILE).unwrap();
    for session in ["AROAEXAMPLEROLEID0002:ada", "AROAEXAMPLEROLEID0002:grace"] {
        assert_eq!(named(people.of_sender(session)), Some("robots"));
    }
    let pushed = |arn: &str| people.of_pusher(arn).map(PersonName::as_str);
    assert_eq!(pushed("arn:aws:sts::123456789012:assumed-role/robots/ada"), Some("robots"));
    assert_eq!(pushed("arn:aws:sts::123456789012:assumed-role/robots2/ada"), None);
}

#[test]
fn a_commit_is_theirs_by_address_and_a_push_by_the_code_hosts_name() {
    let people = parse(FILE).unwrap();
    assert_eq!(people.of_email("ada@Example.ORG").map(PersonName::as_str), Some("ada"));
    assert_eq!(people.of_email("ada@example.com"), None);
    for pusher in ["arn:aws:iam::123456789012:user/ada", "github.com/ada-l"] {
        assert_eq!(people.of_pusher(pusher).map(PersonName::as_str), Some("ada"), "{pusher}");
    }
    assert_eq!(people.of_pusher("arn:aws:iam::123456789012:user/Ada"), None);
    assert_eq!(people.of_pusher("arn:aws:iam::123456789012:user/ada/x"), None);
}

#[test]
fn nothing_stands_for_two_people() {
    let text = "\
version: 1
people:
  ada:
    principals: [AIDAEXAMPLEUSERID0001, \"AROAEXAMPLEROLEID0001:ada\", \"AROAEXAMPLEROLEID0001:x\"]
    git: [ada@example.org]
    code_hosts: [github.com/ada, \"arn:aws:sts::123456789012:assumed-role/dev/ada\"]
  bob:
    principals: [AIDAEXAMPLEUSERID0001, AROAEXAMPLEROLEID0001]
    git: [ADA@example.org]
    code_hosts: [github.com/Ada, \"arn:aws:sts::123456789012:assumed-role/dev\"]
  eve:
    principals: [AROAEXAMPLEROLEID0002, \"AROAEXAMPLEROLEID0002:eve\"]
";
    let found = refused(text);
    let expected = [
        "8:18: AIDAEXAMPLEUSERID0001 is ada's already, as AIDAEXAMPLEUSERID0001; nothing may stand",
        "8:41: AROAEXAMPLEROLEID0001 is ada's already, as AROAEXAMPLEROLEID0001:ada; ",
        "9:11: ADA@example.org is ada's already, as ada@example.org; ",
        "10:18: github.com/Ada is ada's already, as github.com/ada; ",
        "10:34: arn:aws:sts::123456789012:assumed-role/dev is ada's already, as ",
        "12:41: AROAEXAMPLEROLEID0002:eve and AROAEXAMPLEROLEID0002 are the same: leave one out",
    ];
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn what_is_wrong_is_told_all_at_once() {
    let text = "\
version: 2
people:
  Ada: { groups: [developers] }
  ben:
    principals: [ben, AIDA1, \"AIDAEXAMPLEUSERID0001:ben\", 123456789012, AROAEXAMPLEROLEID0001x]
    git: [ben, \"Ben <ben@example.org>\"]
    code_hosts: [ben, \"arn:aws:iam::1:user/ben\", \"arn:aws:s3:::ben\"]
    groups: [Devs]
    logins: [ben]
";
    let found = refused(text);
    let expected = [
        "1:10: `version` 2 is not known",
        "3:3: \"Ada\" is not a person's name",
        "5:18: \"ben\" is not a principal: expected the id of a user",
        "5:23: \"AIDA1\" is not a principal",
        "5:30: \"AIDAEXAMPLEUSERID0001:ben\" is not a principal",
        "5:59: `principals` must be a text, found the number 123456789012; put it in quotes",
        "5:73: \"AROAEXAMPLEROLEID0001x\" is not a principal",
        "6:11: \"ben\" is not an e-mail address",
        "6:16: \"Ben <ben@example.org>\" is not an e-mail address",
        "7:18: \"ben\" is not a code host's identity",
        "7:23: \"arn:aws:iam::1:user/ben\" is not a code host's identity",
        "7:50: \"arn:aws:s3:::ben\" is not a code host's identity",
        "8:14: \"Devs\" is not a group's name",
        "9:5: unknown key `logins`; a person may have: principals, git, code_hosts, groups",
    ];
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{found}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn the_example_holds() {
    let people = parse(include_str!("../../../../examples/people.yaml")).unwrap();
    let groups: Vec<GroupName> = vec!["release-managers".parse().unwrap()];
    assert!(people.people.values().filter(|person| person.is_in(&groups)).count() >= 2);
}
