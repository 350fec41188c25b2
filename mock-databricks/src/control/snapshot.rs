//! Snapshots: everything the mock holds, as a document that brings it back.
//!
//! Users, service principals, groups and switches; not faults, limits, history or credentials, which belong to a run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

use super::calls::Shared;
use super::extract::Body;
use super::{BadInput, Fields, Reply};
use crate::mock::Mock;
use crate::state::{BadDocument, Document, Workspace};
use crate::switches::Switches;

/// `GET /snapshot`: the document.
pub(super) async fn snapshot(State(mock): Shared) -> Response {
    let document = mock.document();
    (
        StatusCode::OK,
        [(header::CONTENT_TYPE, "application/json")],
        written(&document),
    )
        .into_response()
}

/// `POST /snapshot {"file":"…"}`: writes the document to a file, whole or not at all.
pub(super) async fn save(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let mut fields = Fields::from_body(&body)?;
    let file = PathBuf::from(fields.required_text("file")?);
    fields.finish()?;
    let document = mock.document();
    write(&file, &document)
        .map_err(|error| BadInput::field("file", format!("cannot be written: {}: {error}", file.display())))?;
    Ok(Reply::ok(json!({"file": file})))
}

/// `POST /restore {"file":"…"}`, or the document itself as body: takes its place whole, or nothing changes.
pub(super) async fn restore(State(mock): Shared, Body(body): Body) -> Result<Reply, BadInput> {
    let named = Fields::from_body(&body)?.text("file")?;
    let document = match named {
        Some(file) => {
            let mut fields = Fields::from_body(&body)?;
            fields.take("file");
            fields.finish()?;
            read(Path::new(&file)).map_err(|error| BadInput::field("file", error))?
        }
        None => Document::parse(&body).map_err(|error| BadInput(error.to_string()))?,
    };
    mock.restore(document).map_err(|error| BadInput(error.to_string()))?;
    Ok(Reply::Nothing)
}

fn written(document: &Document) -> Vec<u8> {
    serde_json::to_vec(document).expect("a document has string keys only")
}

fn write(file: &Path, document: &Document) -> std::io::Result<()> {
    let dir = match file.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut temporary = tempfile::NamedTempFile::new_in(dir)?;
    std::io::Write::write_all(&mut temporary, &written(document))?;
    temporary.persist(file)?;
    Ok(())
}

/// Why a file does not give a document.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadFile {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("{0}")]
    Content(#[from] BadDocument),
}

/// Reads the document of a file.
pub(crate) fn read(file: &Path) -> Result<Document, BadFile> {
    Ok(Document::parse(&std::fs::read(file)?)?)
}

impl Mock {
    fn document(self: &Arc<Self>) -> Document {
        let shared = self.lock();
        let mut document = shared.workspace.document(self.seed);
        document.switches = shared.switches.changed();
        document
    }

    /// Puts a document in the place of what is held.
    ///
    /// # Errors
    ///
    /// [`BadDocument`] naming the row or switch; nothing changes then.
    pub(crate) fn restore(&self, mut document: Document) -> Result<(), BadDocument> {
        let mut switches = Switches::default();
        for (name, value) in std::mem::take(&mut document.switches) {
            let place = format!("`switches.{name}`");
            switches
                .set(&name, value)
                .map_err(|error| BadDocument::new(place, error.to_string()))?;
        }
        let workspace = Workspace::from_document(document, self.seed)?;
        let mut shared = self.lock();
        shared.workspace = workspace;
        shared.switches = switches;
        Ok(())
    }
}
