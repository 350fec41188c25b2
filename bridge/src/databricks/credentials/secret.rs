//! Secrets as they are given to the bridge: in a file, or by a program that prints them.
//!
//! Both can be rotated without a restart. A new secret gets a new number; one that
//! cannot be read any more stays as last read.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::SecretFrom;
use crate::clock::{Clock, Timestamp};

/// How long a program may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is run.
const EVERY: Duration = Duration::from_mins(5);

/// A secret and what was last read of it.
#[derive(Debug, Clone)]
pub(super) enum Secret {
    File(Arc<SecretFile>),
    Command(Arc<SecretCommand>),
}

impl Secret {
    /// Reads it for the first time.
    ///
    /// # Errors
    ///
    /// A sentence naming the file or the program.
    pub(super) async fn open(from: SecretFrom, clock: Clock) -> Result<Self, String> {
        match from {
            SecretFrom::File(path) => Self::file(&path),
            SecretFrom::Command(arguments) => {
                let first = run(&arguments).await?;
                Ok(Self::Command(Arc::new(SecretCommand {
                    arguments,
                    clock,
                    read: Mutex::new((clock.now(), first)),
                    running: AtomicBool::new(false),
                    generation: AtomicU64::new(1),
                })))
            }
        }
    }

    pub(super) fn file(path: &Path) -> Result<Self, String> {
        let file = SecretFile {
            path: path.to_owned(),
            read: Mutex::new(None),
            generation: AtomicU64::new(0),
        };
        file.get()?;
        Ok(Self::File(Arc::new(file)))
    }

    /// The secret as it is now, or as last read.
    ///
    /// # Errors
    ///
    /// A sentence naming the file when it never could be read.
    pub(super) fn get(&self) -> Result<SecretString, String> {
        match self {
            Self::File(file) => file.get(),
            Self::Command(command) => Ok(command.get()),
        }
    }

    /// Counts the secrets that were read.
    pub(super) fn generation(&self) -> u64 {
        match self {
            Self::File(file) => {
                // It may have changed since the last call.
                let _ = file.get();
                file.generation.load(Ordering::Relaxed)
            }
            Self::Command(command) => {
                command.get();
                command.generation.load(Ordering::Relaxed)
            }
        }
    }
}

/// The first line of a file.
#[derive(Debug)]
pub(super) struct SecretFile {
    path: PathBuf,
    read: Mutex<Option<(SystemTime, SecretString)>>,
    generation: AtomicU64,
}

impl SecretFile {
    fn get(&self) -> Result<SecretString, String> {
        let mut read = lock(&self.read);
        let changed = std::fs::metadata(&self.path).and_then(|meta| meta.modified());
        if let (Some((at, secret)), Ok(now)) = (&*read, &changed)
            && at == now
        {
            return Ok(secret.clone());
        }
        let found = std::fs::read_to_string(&self.path)
            .map_err(|error| error.to_string())
            .and_then(|text| first_line(&text))
            .map_err(|why| format!("{}: {why}", self.path.display()));
        match (found, &*read) {
            (Ok(secret), before) => {
                if !before.as_ref().is_some_and(|(_, old)| same(old, &secret)) {
                    self.generation.fetch_add(1, Ordering::Relaxed);
                }
                *read = changed.ok().map(|at| (at, secret.clone()));
                Ok(secret)
            }
            (Err(_), Some((_, old))) => Ok(old.clone()),
            (Err(why), None) => Err(why),
        }
    }
}

/// The first line that a program prints.
#[derive(Debug)]
pub(super) struct SecretCommand {
    arguments: Vec<String>,
    clock: Clock,
    read: Mutex<(Timestamp, SecretString)>,
    running: AtomicBool,
    generation: AtomicU64,
}

impl SecretCommand {
    /// As last printed; a run that is due happens in the background.
    fn get(self: &Arc<Self>) -> SecretString {
        let (at, secret) = lock(&self.read).clone();
        let is_due = self.clock.now().since(at) >= EVERY;
        // Whoever asks from outside the runtime gets what there is.
        if let (true, Ok(runtime)) = (is_due, Handle::try_current())
            && !self.running.swap(true, Ordering::AcqRel)
        {
            let this = Arc::clone(self);
            runtime.spawn(async move { this.run_again().await });
        }
        secret
    }

    async fn run_again(&self) {
        let printed = run(&self.arguments).await;
        let now = self.clock.now();
        {
            let mut read = lock(&self.read);
            read.0 = now;
            match printed {
                Ok(secret) => {
                    if !same(&read.1, &secret) {
                        self.generation.fetch_add(1, Ordering::Relaxed);
                        read.1 = secret;
                    }
                }
                Err(why) => tracing::warn!(%why, "the secret printed before stays in use"),
            }
        }
        self.running.store(false, Ordering::Release);
    }
}

/// Runs a program to its end; what it says on standard error is not shown, it may name secrets.
async fn run(arguments: &[String]) -> Result<SecretString, String> {
    let Some((program, rest)) = arguments.split_first() else {
        return Err("the command is empty".to_owned());
    };
    let mut command = Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output())
        .await
        .map_err(|_| format!("{program}: did not end within {} seconds", PATIENCE.as_secs()))?
        .map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program}: ended with {}", output.status));
    }
    first_line(&String::from_utf8_lossy(&output.stdout)).map_err(|why| format!("{program}: {why}"))
}

fn first_line(text: &str) -> Result<SecretString, String> {
    let line = text
        .trim_start_matches('\u{feff}')
        .lines()
        .next()
        .unwrap_or_default()
        .trim();
    if line.is_empty() {
        return Err("holds no token".to_owned());
    }
    Ok(SecretString::from(line))
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_new_token_in_the_file_is_taken_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "first\n").unwrap();
        let secret = Secret::file(&path).unwrap();
        std::fs::write(&path, "second\n").unwrap();
        let later = std::fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(5);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(later).unwrap();
        assert_eq!(secret.generation(), 2);
        assert_eq!(secret.get().unwrap().expose_secret(), "second");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(secret.get().unwrap().expose_secret(), "second");
    }

    #[test]
    fn an_empty_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        std::fs::write(&path, "\n").unwrap();
        let why = Secret::file(&path).unwrap_err();
        assert!(why.contains("holds no token") && why.contains("token"), "{why}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_prints_a_secret_and_its_failure_names_it_alone() {
        let command = |line: &str| SecretFrom::Command(["/bin/sh", "-c", line].map(str::to_owned).to_vec());
        let clock = Clock::system();
        let secret = Secret::open(command("echo dapi-printed; echo more"), clock)
            .await
            .unwrap();
        assert_eq!(secret.get().unwrap().expose_secret(), "dapi-printed");
        assert_eq!(secret.generation(), 1);
        let why = Secret::open(command("echo s3cret >&2; exit 3"), clock)
            .await
            .unwrap_err();
        assert!(
            why.starts_with("/bin/sh: ended with") && !why.contains("s3cret"),
            "{why}"
        );
        let nowhere = SecretFrom::Command(vec!["/nowhere/program".to_owned()]);
        assert!(
            Secret::open(nowhere, clock)
                .await
                .unwrap_err()
                .starts_with("/nowhere/program: ")
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_program_that_prints_another_secret_makes_another_generation() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("printed");
        std::fs::write(&path, "first\n").unwrap();
        let arguments = vec!["/bin/cat".to_owned(), path.display().to_string()];
        let opened = Secret::open(SecretFrom::Command(arguments), Clock::system())
            .await
            .unwrap();
        let Secret::Command(command) = &opened else {
            panic!("a command");
        };
        command.run_again().await;
        assert_eq!(opened.generation(), 1);
        std::fs::write(&path, "second\n").unwrap();
        command.run_again().await;
        assert_eq!(opened.generation(), 2);
        std::fs::remove_file(&path).unwrap();
        command.run_again().await;
        assert_eq!(
            (opened.generation(), opened.get().unwrap().expose_secret()),
            (2, "second")
        );
    }
}
