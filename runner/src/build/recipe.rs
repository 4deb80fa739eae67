//! A Dockerfile, carried out as far as that is packing files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use parse_dockerfile::{Command, Instruction, JsonOrStringArray, Span, Stage};

use super::context::Context;
use super::words;
use crate::fault::{Fault, one_line};
use crate::path::below_root;
use crate::tree::{Node, Tree};

mod copy;

/// What every note of work that was left undone ends with.
const WHY_NOT: &str = "this builder packs files only";

/// What the Dockerfile comes to.
#[derive(Debug, Default)]
pub(super) struct Recipe {
    /// The image that it starts from, whose layers are not part of this one.
    pub(super) base: String,
    /// The files.
    pub(super) tree: Tree,
    pub(super) environment: Vec<(String, String)>,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) exposed: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) command: Vec<String>,
    pub(super) user: Option<String>,
    pub(super) stop_signal: Option<String>,
    /// The working folder, below the root.
    pub(super) folder: PathBuf,
}

/// Carries out `text` on `context`. What is left undone is noted, with its line.
pub(super) fn carry_out(
    text: &str,
    context: &Context,
    notes: &mut Vec<String>,
) -> Result<Recipe, Fault> {
    let dockerfile = parse_dockerfile::parse(text)
        .map_err(|error| Fault::refused(format!("the Dockerfile cannot be read: {error}")))?;
    let mut cook = Cook {
        text,
        context,
        notes,
        recipe: Recipe::default(),
        arguments: BTreeMap::new(),
        shell: vec!["/bin/sh".to_owned(), "-c".to_owned()],
    };
    for argument in dockerfile.global_args() {
        cook.argument(&argument.arguments.value, &BTreeMap::new());
    }
    let global = std::mem::take(&mut cook.arguments);
    let stages: Vec<_> = dockerfile.stages().collect();
    let Some(last) = stages.last() else {
        return Err(Fault::refused("the Dockerfile has no FROM"));
    };
    cook.stage(last, &stages[..stages.len() - 1], &global)?;
    Ok(cook.recipe)
}

struct Cook<'a> {
    text: &'a str,
    context: &'a Context,
    notes: &'a mut Vec<String>,
    recipe: Recipe,
    arguments: BTreeMap<String, String>,
    shell: Vec<String>,
}

type Arguments = BTreeMap<String, String>;

impl Cook<'_> {
    /// Carries out `stage`, after the one that it continues, if any.
    fn stage(
        &mut self,
        stage: &Stage<'_, '_>,
        earlier: &[Stage<'_, '_>],
        global: &Arguments,
    ) -> Result<(), Fault> {
        let lookup = |name: &str| global.get(name).cloned();
        let base = words::word(&stage.from.image.value, &lookup);
        let named = |stage: &Stage<'_, '_>| {
            stage.from.as_.as_ref().is_some_and(|(_, name)| name.value.eq_ignore_ascii_case(&base))
        };
        if let Some(at) = earlier.iter().position(named) {
            self.stage(&earlier[at], &earlier[..at], global)?;
            self.arguments.clear();
        } else {
            if base != "scratch" {
                self.note(
                    &stage.from.from.span,
                    format_args!("the layers of {base} are not part of the image"),
                );
            }
            self.recipe.base = base;
        }
        stage.instructions.iter().try_for_each(|instruction| self.instruction(instruction, global))
    }

    fn instruction(
        &mut self,
        instruction: &Instruction<'_>,
        global: &Arguments,
    ) -> Result<(), Fault> {
        match instruction {
            Instruction::Arg(arg) => self.argument(&arg.arguments.value, global),
            Instruction::Env(env) => {
                for (name, value) in words::pairs(&env.arguments.value, &|name| self.variable(name)) {
                    match self.recipe.environment.iter_mut().find(|(known, _)| *known == name) {
                        Some((_, known)) => *known = value,
                        None => self.recipe.environment.push((name, value)),
                    }
                }
            }
            Instruction::Label(label) => {
                let pairs = words::pairs(&label.arguments.value, &|name| self.variable(name));
                self.recipe.labels.extend(pairs);
            }
            Instruction::Workdir(workdir) => {
                let folder = self.target(&workdir.arguments.value, &workdir.workdir.span)?;
                self.make_folders(&folder, &workdir.workdir.span)?;
                self.recipe.folder = folder;
            }
            Instruction::Copy(copy) => self.copy(&copy.copy.span, &copy.options, &copy.src, &copy.dest.value)?,
            Instruction::Add(add) => self.add(&add.add.span, &add.options, &add.src, &add.dest.value)?,
            Instruction::Cmd(cmd) => self.recipe.command = self.argv(&cmd.arguments),
            Instruction::User(user) => self.recipe.user = Some(self.word(&user.arguments.value)),
            Instruction::Expose(expose) => {
                let ports = expose.arguments.iter().map(|port| port_of(&self.word(&port.value))).collect::<Vec<_>>();
                self.recipe.exposed.extend(ports);
            }
            Instruction::Volume(volume) => {
                let (JsonOrStringArray::Json(parse_dockerfile::Spanned { value: paths, .. })
                | JsonOrStringArray::String(paths)) = &volume.arguments;
                let paths = paths.iter().map(|path| self.word(&path.value)).collect::<Vec<_>>();
                self.recipe.volumes.extend(paths);
            }
            Instruction::Stopsignal(signal) => self.recipe.stop_signal = Some(self.word(&signal.arguments.value)),
            Instruction::Shell(shell) => {
                self.shell = shell.arguments.iter().map(|word| word.value.clone().into_owned()).collect();
            }
            Instruction::Entrypoint(entrypoint) => return Err(self.refused(
                &entrypoint.entrypoint.span,
                "ENTRYPOINT is refused: AWS Batch replaces CMD only, so the jobs that run in this image could not \
                 start their own command; write CMD instead",
            )),
            Instruction::Run(run) => self.undone(&run.run.span),
            Instruction::Healthcheck(check) => self.undone(&check.healthcheck.span),
            Instruction::Onbuild(onbuild) => self.undone(&onbuild.onbuild.span),
            Instruction::Maintainer(_) => (),
            _ => self.notes.push(format!("an instruction that is not known here was not carried out: {WHY_NOT}")),
        }
        Ok(())
    }

    fn argument(&mut self, text: &str, global: &Arguments) {
        for word in words::split(text) {
            let (name, default) = match word.split_once('=') {
                Some((name, default)) => (name, Some(self.word(default))),
                None => (word, global.get(word).cloned()),
            };
            if let Some(value) = default {
                self.arguments.insert(name.to_owned(), value);
            }
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let set = self
            .recipe
            .environment
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone());
        set.or_else(|| self.arguments.get(name).cloned())
    }

    fn word(&self, text: &str) -> String {
        words::word(text, &|name| self.variable(name))
    }

    fn argv(&self, command: &Command<'_>) -> Vec<String> {
        match command {
            Command::Exec(words) => {
                words.value.iter().map(|word| word.value.clone().into_owned()).collect()
            }
            Command::Shell(text) => {
                self.shell.iter().cloned().chain([text.value.to_owned()]).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A path inside the image, from the working folder.
    fn target(&self, text: &str, span: &Span) -> Result<PathBuf, Fault> {
        let path = self.recipe.folder.join(self.word(text));
        below_root(&path).ok_or_else(|| self.refused(span, &format!("{text} leaves the image")))
    }

    /// Makes `folder` and what it lies in.
    fn make_folders(&mut self, folder: &Path, span: &Span) -> Result<(), Fault> {
        let ancestors = folder.ancestors().filter(|path| !path.as_os_str().is_empty());
        for path in ancestors.collect::<Vec<_>>().into_iter().rev() {
            let node =
                self.recipe.tree.entry(path.to_owned()).or_insert(Node::Folder { mode: 0o755 });
            if !matches!(node, Node::Folder { .. }) {
                return Err(
                    self.refused(span, &format!("/{} is no folder of the image", path.display()))
                );
            }
        }
        Ok(())
    }

    fn line(&self, span: &Span) -> usize {
        self.text.as_bytes()[..span.start].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn refused(&self, span: &Span, message: &str) -> Fault {
        Fault::refused(format!("Dockerfile line {}: {message}", self.line(span)))
    }

    fn note(&mut self, span: &Span, what: impl std::fmt::Display) {
        self.notes.push(format!("line {}: {what}: {WHY_NOT}", self.line(span)));
    }

    /// Notes that the instruction at `span` was left undone.
    fn undone(&mut self, span: &Span) {
        let instruction = self.text[span.start..].lines().next().unwrap_or_default();
        let instruction = one_line(instruction.trim_end_matches(['\\', ' ']), 80);
        self.note(span, format_args!("{instruction} was not carried out"));
    }
}

fn port_of(text: &str) -> String {
    if text.contains('/') { text.to_owned() } else { format!("{text}/tcp") }
}

#[cfg(test)]
mod tests;
