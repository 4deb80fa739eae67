//! From the file to the people.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use super::identity::Identity;
use super::{CodeHostIdentity, Email, LARGEST, People, Person, Principal, SCHEMA, keys};
use crate::definition::version;
use crate::faults::Collector;
use crate::names::PersonName;
use crate::yaml::{Field, Fields, Node, list, mapping, named, names};

const MOST_PEOPLE: usize = 1000;
/// As many names of one kind a person may have.
const MOST_NAMES: usize = 32;

/// Whose the names of one kind are that were read so far, by what those have in common that may
/// cover one another.
type Owned<T> = BTreeMap<String, Vec<(T, PersonName)>>;

#[derive(Default)]
struct Owners {
    principals: Owned<Principal>,
    git: Owned<Email>,
    code_hosts: Owned<CodeHostIdentity>,
}

pub(super) fn people(root: &Node, faults: &mut Collector) -> Option<People> {
    let fields = Fields::of(Field::item("the file", root), &keys::PEOPLE, faults)?;
    fields.required("version", faults, version);
    let people = fields.required("people", faults, everybody);
    let people = People { schema: SCHEMA, people: people? };
    let size = people.to_json().len();
    if size > LARGEST {
        let message = format!("the document takes {size} bytes, at most {LARGEST} are read");
        faults.fault(root.place, message);
    }
    Some(people)
}

fn everybody(field: Field<'_>, faults: &mut Collector) -> Option<BTreeMap<PersonName, Person>> {
    let mut owners = Owners::default();
    let mut people = BTreeMap::new();
    for entry in mapping(field, MOST_PEOPLE, faults)? {
        match PersonName::parse(entry.key.as_str()) {
            Err(error) => faults.fault(entry.place, error.to_string()),
            Ok(name) => {
                let person = person(Field::of(entry), &name, &mut owners, faults);
                people.extend(person.map(|person| (name, person)));
            }
        }
    }
    Some(people)
}

fn person(
    field: Field<'_>,
    name: &PersonName,
    owners: &mut Owners,
    faults: &mut Collector,
) -> Option<Person> {
    let fields = Fields::of(field, &keys::PERSON, faults)?;
    let Owners { principals, git, code_hosts } = owners;
    let person = Person {
        principals: own(&fields, "principals", name, principals, faults),
        git: own(&fields, "git", name, git, faults),
        code_hosts: own(&fields, "code_hosts", name, code_hosts, faults),
        groups: fields
            .optional("groups", faults, |field, faults| names(field, MOST_NAMES, faults))
            .unwrap_or_default(),
    };
    Some(person)
}

/// The names in `key`, none of which is anybody else's or covers another.
fn own<T>(
    fields: &Fields<'_>,
    key: &'static str,
    person: &PersonName,
    owned: &mut Owned<T>,
    faults: &mut Collector,
) -> Vec<T>
where
    T: FromStr<Err: Display> + Identity + Clone + Display,
{
    let items = fields.optional(key, faults, |field, faults| list(field, MOST_NAMES, faults));
    let mut own = Vec::new();
    for item in items.unwrap_or_default() {
        let Some(one) = named::<T>(Field::item(key, item), faults) else { continue };
        let known = owned.entry(one.stem()).or_default();
        match known.iter().find(|(other, _)| other.overlaps(&one)) {
            Some((other, owner)) if owner == person => {
                faults.fault(item.place, format!("{one} and {other} are the same: leave one out"));
            }
            Some((other, owner)) => faults.fault_with_help(
                item.place,
                format!("{one} is {owner}'s already, as {other}"),
                "nothing may stand for two people: give it to one of them",
            ),
            None => {
                known.push((one.clone(), person.clone()));
                own.push(one);
            }
        }
    }
    own
}
