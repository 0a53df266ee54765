//! The operations that a wrapped file system leaves to the one inside, its `inner`.

macro_rules! other_operations {
    () => {
        fn metadata<'a>(
            &'a self,
            path: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<Option<rexec::backend::FileMetadata>>> {
            self.inner.metadata(path)
        }

        fn list<'a>(
            &'a self,
            path: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<Vec<rexec::backend::DirEntry>>> {
            self.inner.list(path)
        }

        fn create_dir_all<'a>(
            &'a self,
            path: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.create_dir_all(path)
        }

        fn remove<'a>(
            &'a self,
            path: &'a std::path::Path,
            recursive: bool,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.remove(path, recursive)
        }

        fn rename<'a>(
            &'a self,
            from: &'a std::path::Path,
            to: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.rename(from, to)
        }

        fn set_mode<'a>(
            &'a self,
            path: &'a std::path::Path,
            mode: u32,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.set_mode(path, mode)
        }

        fn set_owner<'a>(
            &'a self,
            path: &'a std::path::Path,
            owner: &'a str,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.set_owner(path, owner)
        }

        fn copy<'a>(
            &'a self,
            from: &'a std::path::Path,
            to: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.copy(from, to)
        }

        fn read_link<'a>(
            &'a self,
            path: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<std::path::PathBuf>> {
            self.inner.read_link(path)
        }

        fn symlink<'a>(
            &'a self,
            target: &'a std::path::Path,
            link: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<()>> {
            self.inner.symlink(target, link)
        }

        fn checksum<'a>(
            &'a self,
            path: &'a std::path::Path,
        ) -> rexec::backend::BoxFuture<'a, rexec::Result<rexec::backend::Checksum>> {
            self.inner.checksum(path)
        }

        fn temp_dir(&self) -> rexec::backend::BoxFuture<'_, rexec::Result<std::path::PathBuf>> {
            self.inner.temp_dir()
        }
    };
}
pub(crate) use other_operations;
