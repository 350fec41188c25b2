//! The file of the id map: lines are added at its end and never changed.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::line::{MapLine, Mark};
use crate::store::IdPair;

/// How much of the file's end is read to find the last line: many times the longest line.
const TAIL: u64 = 4096;

/// Where the map of the store at `store` is.
pub fn path_beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".ids");
    name.into()
}

/// The map, open to be added to.
#[derive(Debug)]
pub struct IdMap {
    file: File,
}

impl IdMap {
    /// Opens the map at `path`, or begins it.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened or written.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut map = Self {
            file: options.open(path)?,
        };
        map.end_line()?;
        Ok(map)
    }

    /// A line that was cut off when the machine stopped must not run into the next one.
    fn end_line(&mut self) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length == 0 {
            return Ok(());
        }
        let mut last = [0];
        self.file.seek(SeekFrom::Start(length - 1))?;
        self.file.read_exact(&mut last)?;
        if last != *b"\n" {
            self.file.write_all(b"\n")?;
        }
        Ok(())
    }

    /// How new the store was that last wrote here; `None` if nothing was written yet.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn last_mark(&mut self) -> io::Result<Option<Mark>> {
        let length = self.file.metadata()?.len();
        self.file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut end = Vec::new();
        self.file.read_to_end(&mut end)?;
        let end = String::from_utf8_lossy(&end);
        Ok(end.lines().rev().find_map(MapLine::parse).map(|line| line.mark()))
    }

    /// Adds lines, and returns once they are on disk.
    ///
    /// # Errors
    ///
    /// When the file cannot be written. Some of the lines may be there; adding them again does no harm.
    pub fn add(&mut self, lines: &[MapLine]) -> io::Result<()> {
        let mut text = String::new();
        for line in lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_data()
    }
}

/// The pairs of the map at `path`, each with the revision at which it was last written, in the order of the file.
///
/// # Errors
///
/// When the file cannot be read.
pub fn pairs(path: &Path) -> io::Result<Vec<(IdPair, i64)>> {
    let mut order: HashMap<IdPair, usize> = HashMap::new();
    let mut pairs: Vec<(IdPair, i64)> = Vec::new();
    for line in BufReader::new(File::open(path)?).lines() {
        let Some(line) = MapLine::parse(&line?) else {
            continue;
        };
        let Some(pair) = line.pair() else { continue };
        if let Some(at) = order.get(&pair) {
            pairs[*at].1 = line.revision;
        } else {
            order.insert(pair.clone(), pairs.len());
            pairs.push((pair, line.revision));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, revision: i64) -> MapLine {
        let mark = Mark {
            epoch: "a".to_owned(),
            revision,
        };
        let pair = IdPair {
            id: id.to_owned(),
            kind: "User".to_owned(),
            upstream_id: "17".to_owned(),
        };
        MapLine::new(&mark, Some(&pair))
    }

    #[test]
    fn a_map_goes_on_after_a_line_that_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = path_beside(&folder.path().join("bridge.db"));
        let mut map = IdMap::open(&path).unwrap();
        assert_eq!(map.last_mark().unwrap(), None);
        map.add(&[line("ana", 1), line("ben", 2)]).unwrap();
        map.add(&[line("ana", 3)]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 9]).unwrap();
        let mut map = IdMap::open(&path).unwrap();
        assert_eq!(map.last_mark().unwrap().unwrap().revision, 2);
        map.add(&[line("cid", 4)]).unwrap();
        let read: Vec<(String, i64)> = pairs(&path)
            .unwrap()
            .into_iter()
            .map(|(pair, revision)| (pair.id, revision))
            .collect();
        let wanted = [("ana", 1), ("ben", 2), ("cid", 4)].map(|(id, revision)| (id.to_owned(), revision));
        assert_eq!(read, wanted);
    }
}
