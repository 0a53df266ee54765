//! Where a path leads to, links followed.

use super::Files;
use crate::{Error, ErrorKind, Result, backend::show};
use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

/// One step of a path.
enum Step {
    /// To the root, of a drive where there are such.
    Root(PathBuf),
    Up,
    Down(OsString),
}

impl Files {
    /// The path that this one leads to, with every link in it followed and without `..`. What is
    /// not there yet stays as it is: so a file can be judged before it is made.
    ///
    /// It is as true as the moment: links may change. Each name in the path is a question to the
    /// host.
    ///
    /// # Errors
    ///
    /// [`Invalid`](ErrorKind::Invalid) for a relative path where no directory was set with
    /// [`in_dir`](Self::in_dir): where it begins is not known. And where the host can't be asked.
    pub async fn real_path(&self, path: impl AsRef<Path>) -> Result<PathBuf> {
        /// As the kernel's limit (`path_resolution(7)`).
        const MOST_LINKS: usize = 40;
        let path = self.resolve(path.as_ref())?;
        if !path.is_absolute() {
            let message = format!("{} is a relative path: where it begins is not known", show(&path));
            return Err(self.in_context(Error::invalid(message)));
        }
        let mut real = PathBuf::new();
        // The next step last.
        let mut steps = steps(&path);
        let mut links = 0;
        while let Some(step) = steps.pop() {
            match step {
                Step::Root(root) => real = root,
                Step::Up => drop(real.pop()),
                Step::Down(name) => {
                    let next = real.join(name);
                    let Some(target) = self.target_of(&next).await? else {
                        real = next;
                        continue;
                    };
                    links += 1;
                    if links > MOST_LINKS {
                        let message = format!("too many levels of symbolic links: {}", show(&path));
                        return Err(self.in_context(Error::new(ErrorKind::Io, message)));
                    }
                    steps.extend(self::steps(&target));
                }
            }
        }
        Ok(real)
    }

    /// Where a link points; `None` for what is no link, or not there at all.
    async fn target_of(&self, path: &Path) -> Result<Option<PathBuf>> {
        match self.system.read_link(path).await {
            Ok(target) => Ok(Some(target)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::Io | ErrorKind::Invalid => Ok(None),
                _ => Err(self.in_context(error)),
            },
        }
    }
}

fn steps(path: &Path) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut root = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Prefix(_) => root.push(component),
            Component::RootDir => {
                root.push(component);
                steps.push(Step::Root(root.clone()));
            }
            Component::CurDir => {}
            Component::ParentDir => steps.push(Step::Up),
            Component::Normal(name) => steps.push(Step::Down(name.to_owned())),
        }
    }
    steps.reverse();
    steps
}
