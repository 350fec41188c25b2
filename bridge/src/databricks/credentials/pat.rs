//! A personal access token in a file, read again when the file changes, so that a
//! token can be rotated without a restart.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use secrecy::{ExposeSecret, SecretString};

/// A token file and what was last read from it.
#[derive(Debug)]
pub struct PatFile {
    path: PathBuf,
    read: Mutex<Option<(SystemTime, SecretString)>>,
    generation: AtomicU64,
}

impl PatFile {
    /// The token in the first line of `path`.
    ///
    /// # Errors
    ///
    /// A sentence naming the file when it cannot be read or is empty.
    pub fn open(path: &Path) -> Result<Self, String> {
        let file = Self {
            path: path.to_owned(),
            read: Mutex::new(None),
            generation: AtomicU64::new(0),
        };
        file.token()?;
        Ok(file)
    }

    /// The token as the file has it now; as last read when the file cannot be read.
    ///
    /// # Errors
    ///
    /// A sentence naming the file when it never could be read.
    pub fn token(&self) -> Result<SecretString, String> {
        let mut read = self.read.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let changed = std::fs::metadata(&self.path).and_then(|meta| meta.modified());
        if let (Some((at, token)), Ok(now)) = (&*read, &changed)
            && at == now
        {
            return Ok(token.clone());
        }
        let token = std::fs::read_to_string(&self.path)
            .map_err(|error| format!("{}: {error}", self.path.display()))
            .and_then(|text| {
                let line = text
                    .trim_start_matches('\u{feff}')
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim();
                if line.is_empty() {
                    return Err(format!("{}: holds no token", self.path.display()));
                }
                Ok(SecretString::from(line))
            });
        match (token, &*read) {
            (Ok(token), before) => {
                let same = |(_, old): &(_, SecretString)| old.expose_secret() == token.expose_secret();
                if !before.as_ref().is_some_and(same) {
                    self.generation.fetch_add(1, Ordering::Relaxed);
                }
                *read = changed.ok().map(|at| (at, token.clone()));
                Ok(token)
            }
            (Err(_), Some((_, old))) => Ok(old.clone()),
            (Err(reason), None) => Err(reason),
        }
    }
}

impl PatFile {
    /// Counts the tokens that were read: another number is another credential, perhaps another identity (rule C8).
    pub fn generation(&self) -> u64 {
        // The file may have changed since the last call.
        let _ = self.token();
        self.generation.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    #[test]
    fn a_new_token_in_the_file_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "first\n").unwrap();
        let pat = PatFile::open(&path).unwrap();
        std::fs::write(&path, "second\n").unwrap();
        let later = std::fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(5);
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert_eq!(pat.generation(), 2);
        assert_eq!(pat.token().unwrap().expose_secret(), "second");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(pat.token().unwrap().expose_secret(), "second");
    }

    #[test]
    fn an_empty_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "\n").unwrap();
        assert!(PatFile::open(&path).unwrap_err().contains("holds no token"));
    }
}
