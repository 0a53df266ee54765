//! Sees when files of a host change: by asking, which works on every host.

use crate::{
    Result,
    backend::{FileMetadata, FileSystem},
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// How often is asked.
const INTERVAL: Duration = Duration::from_millis(500);

/// What is known of a path: nothing if it is not there, and of a directory also what is in it.
type Seen = Vec<(PathBuf, FileMetadata)>;

/// Paths, and what was known of them before the run that read them.
pub(super) struct Watch {
    files: Arc<dyn FileSystem>,
    paths: Vec<PathBuf>,
    before: Vec<Seen>,
}

impl Watch {
    pub(super) async fn new(files: Arc<dyn FileSystem>, paths: Vec<PathBuf>) -> Self {
        let before = look_at_all(&*files, &paths).await;
        Self { files, paths, before }
    }

    /// Waits until something is different at one of the paths and then stays the same for a
    /// moment, since a change often takes more than one step. Gives the path. Never ends if there
    /// are none.
    pub(super) async fn changed(&self) -> PathBuf {
        if self.paths.is_empty() {
            return std::future::pending().await;
        }
        let mut last = self.before.clone();
        loop {
            tokio::time::sleep(INTERVAL).await;
            let now = look_at_all(&*self.files, &self.paths).await;
            let pairs = now.iter().zip(&self.before).zip(&self.paths);
            let different =
                pairs.into_iter().find_map(|((now, before), path)| (now != before).then_some(path));
            if let Some(path) = different
                && now == last
            {
                return path.clone();
            }
            last = now;
        }
    }
}

async fn look_at_all(files: &dyn FileSystem, paths: &[PathBuf]) -> Vec<Seen> {
    let looks = paths.iter().map(|path| look(files, path));
    // A look that fails, as when a file goes away meanwhile, counts as nothing there; if it was a
    // moment's failure, the next look differs and nothing is restarted.
    futures_util::future::join_all(looks).await.into_iter().map(Result::unwrap_or_default).collect()
}

async fn look(files: &dyn FileSystem, path: &Path) -> Result<Seen> {
    let Some(metadata) = files.metadata(path).await? else { return Ok(Seen::new()) };
    let mut seen = vec![(path.to_owned(), metadata)];
    if seen[0].1.is_dir() {
        let within = files.walk(path).await?;
        seen.extend(within.into_iter().map(|entry| (entry.path, entry.metadata)));
    }
    Ok(seen)
}
