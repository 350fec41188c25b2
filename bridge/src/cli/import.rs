//! `scim-bridge import`: takes in what is at the target before Entra writes anything (rule C4).

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{ConfigArgument, order};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    config: ConfigArgument,
    /// Give imported resources the ids that they have at Databricks, for a client that knows those.
    #[arg(long)]
    keep_ids: bool,
    /// CSV file with a line `name,externalId,id` an object, header first; `externalId` and `id` may be empty.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
}

/// A line of the mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    #[serde(rename = "externalId", default)]
    external_id: Option<String>,
    #[serde(default)]
    id: Option<String>,
}

impl Import {
    pub(super) fn run(self) -> Result<()> {
        let mapping = match &self.mapping {
            Some(path) => read_mapping(path)?,
            None => Vec::new(),
        };
        let arguments = json!({ "keep_ids": self.keep_ids, "mapping": mapping });
        order::give_and_follow(&self.config, "import", arguments)
    }
}

/// Reads the whole file; the first mistake names its line.
fn read_mapping(path: &PathBuf) -> Result<Vec<Value>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_path(path)
        .with_context(|| path.display().to_string())?;
    let mut names = std::collections::HashSet::new();
    let mut mapping = Vec::new();
    for (index, line) in reader.deserialize::<Line>().enumerate() {
        // The header is line one.
        let number = index + 2;
        let line = line.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Deserialize { err, .. } => {
                anyhow::anyhow!("{}:{number}: {err}; the columns are name,externalId,id", path.display())
            }
            other => anyhow::anyhow!("{}:{number}: {other:?}", path.display()),
        })?;
        if line.name.is_empty() {
            bail!(
                "{}:{number}: the name is empty; write a userName or displayName",
                path.display()
            );
        }
        if !names.insert(crate::id::fold(&line.name)) {
            bail!(
                "{}:{number}: {} is there twice; keep one of them",
                path.display(),
                line.name
            );
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        mapping.push(json!({ "name": line.name, "externalId": given(line.external_id), "id": given(line.id) }));
    }
    Ok(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Value>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("map.csv");
        std::fs::write(&path, text).unwrap();
        read_mapping(&path).map_err(|error| format!("{error:#}").replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn a_mapping_file_names_objects_and_what_is_known_of_them() {
        let read = read("name,externalId,id\nana@contoso.test,a-1,\nOps,,17\n").unwrap();
        assert_eq!(
            read[0],
            json!({ "name": "ana@contoso.test", "externalId": "a-1", "id": null })
        );
        assert_eq!(read[1], json!({ "name": "Ops", "externalId": null, "id": "17" }));
    }

    #[test]
    fn mistakes_name_their_line_and_the_remedy() {
        let cases = [
            ("name,externalId,id\nana,1,\nANA,2,\n", "/map.csv:3: ANA is there twice"),
            ("name,externalId,id\n,1,\n", "/map.csv:2: the name is empty"),
            ("user,externalId\nana,1\n", "/map.csv:2: "),
        ];
        for (text, expected) in cases {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
