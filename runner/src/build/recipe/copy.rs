//! `COPY`, and `ADD` of plain files.

use std::path::{Path, PathBuf};

use parse_dockerfile::{Flag, Source, Span};

use super::Cook;
use crate::fault::Fault;
use crate::tree::Node;

impl Cook<'_> {
    /// `ADD`: addresses are not fetched and archives are not unpacked; the rest is a `COPY`.
    pub(super) fn add(
        &mut self,
        span: &Span,
        options: &[Flag<'_>],
        sources: &[Source<'_>],
        dest: &str,
    ) -> Result<(), Fault> {
        let is_remote = |path: &str| path.contains("://") || path.starts_with("git@");
        let is_archive = |path: &str| {
            let tar = [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar.zst"];
            tar.iter().any(|end| path.ends_with(end))
        };
        for source in sources {
            match source {
                Source::Path(path) if is_remote(&path.value) => {
                    self.undone(span);
                    return Ok(());
                }
                Source::Path(path) if is_archive(&path.value) => {
                    self.note(span, format_args!("{} was copied and not unpacked", path.value));
                }
                _ => (),
            }
        }
        self.copy(span, options, sources, dest)
    }

    /// `COPY` from the build context.
    pub(super) fn copy(
        &mut self,
        span: &Span,
        options: &[Flag<'_>],
        sources: &[Source<'_>],
        dest: &str,
    ) -> Result<(), Fault> {
        let mode = self.mode(span, options)?;
        let target = self.target(dest, span)?;
        let mut found = Vec::new();
        for source in sources {
            match source {
                Source::Path(path) => {
                    let path = self.word(&path.value);
                    let paths = self.context.find(&path);
                    found.extend(paths.map_err(|why| {
                        self.refused(span, &format!("{path} cannot be copied: {why}"))
                    })?);
                }
                _ => self.note(span, "a here-document was not copied"),
            }
        }
        let word = self.word(dest);
        let says_folder = word.ends_with('/')
            || word.ends_with("/.")
            || word == "."
            || target.as_os_str().is_empty();
        if found.len() > 1 && !says_folder {
            return Err(self.refused(
                span,
                &format!("more than one file goes to {dest}; end the folder's name with /"),
            ));
        }
        let is_folder =
            says_folder || matches!(self.recipe.tree.get(&target), Some(Node::Folder { .. }));
        found.iter().try_for_each(|path| self.copy_one(path, &target, is_folder, mode, span))
    }

    fn copy_one(
        &mut self,
        path: &Path,
        target: &Path,
        into_folder: bool,
        mode: Option<u32>,
        span: &Span,
    ) -> Result<(), Fault> {
        let context = self.context;
        let found = context.node(path);
        let found = found.map_err(|why| {
            self.refused(span, &format!("{} cannot be copied: {why}", path.display()))
        })?;
        match found {
            Some((_, file @ Node::File { .. })) => {
                let name = if into_folder { path.file_name() } else { None };
                let target = name.map_or_else(|| target.to_owned(), |name| target.join(name));
                self.put(target, file, mode, span)
            }
            folder => {
                let folder = folder.map(|(folder, _)| folder).unwrap_or_default();
                self.make_folders(target, span)?;
                for (below, node) in context.below(&folder) {
                    self.put(target.join(below), node, mode, span)?;
                }
                Ok(())
            }
        }
    }

    fn put(
        &mut self,
        target: PathBuf,
        node: &Node,
        mode: Option<u32>,
        span: &Span,
    ) -> Result<(), Fault> {
        if let Some(parent) = target.parent() {
            self.make_folders(parent, span)?;
        }
        let mut node = node.clone();
        if let (Some(wanted), Node::Folder { mode } | Node::File { mode, .. }) = (mode, &mut node) {
            *mode = wanted;
        }
        let is_folder = |node: &Node| matches!(node, Node::Folder { .. });
        if self.recipe.tree.get(&target).is_some_and(|there| is_folder(there) != is_folder(&node)) {
            let message = format!("/{} would be both a file and a folder", target.display());
            return Err(self.refused(span, &message));
        }
        self.recipe.tree.insert(target, node);
        Ok(())
    }

    /// Reads the options: the mode that `--chmod` gives.
    fn mode(&mut self, span: &Span, options: &[Flag<'_>]) -> Result<Option<u32>, Fault> {
        let mut mode = None;
        for option in options {
            let value =
                option.value.as_ref().map(|value| self.word(&value.value)).unwrap_or_default();
            match option.name.value.as_ref() {
                "chmod" => match u32::from_str_radix(&value, 8) {
                    Ok(octal) if octal <= 0o777 => mode = Some(octal),
                    _ => {
                        return Err(self.refused(
                            span,
                            &format!("--chmod={value} is not an octal mode such as 755"),
                        ));
                    }
                },
                "chown" => self.note(
                    span,
                    format_args!("--chown={value} was not carried out, files belong to root"),
                ),
                "from" => {
                    let message = format!(
                        "--from={value} is not supported: stages are not built here; copy from the build context, or \
                         build the image elsewhere and push it"
                    );
                    return Err(self.refused(span, &message));
                }
                // How layers are stored, which changes nothing about the files.
                "link" => (),
                other => return Err(self.refused(span, &format!("--{other} is not supported"))),
            }
        }
        Ok(mode)
    }
}
