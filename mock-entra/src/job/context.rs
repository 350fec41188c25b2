//! What every step of a cycle needs: the client, the knobs, and who has claimed which target.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard},
};

use serde_json::Value;

use super::{
    failure::{ErrorCode, Fault, ObjectKind, Purpose},
    options::Options,
};
use crate::{
    client::{Answer, ScimClient},
    directory::ObjectId,
    mapping::{self, Desired, Wanted},
    wire::{Dialect, diff, read},
};

pub(crate) struct Context<'a> {
    pub(crate) client: &'a ScimClient,
    pub(crate) options: &'a Options,
    pub(crate) dialect: Dialect,
    claims: Mutex<HashMap<(ObjectKind, String), ObjectId>>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        client: &'a ScimClient,
        options: &'a Options,
        dialect: Dialect,
        claims: HashMap<(ObjectKind, String), ObjectId>,
    ) -> Self {
        Self {
            client,
            options,
            dialect,
            claims: Mutex::new(claims),
        }
    }

    /// Runs a query that wants one hit or none.
    pub(crate) async fn find(&self, path: &str) -> Result<Option<Value>, Fault> {
        let answer = self.client.get(path).await?;
        let body = success(&answer, Purpose::Filter)?.ok_or_else(not_json)?;
        let found = read::list(body)?;
        match (found.total, found.resources.first()) {
            (0, _) => Ok(None),
            (1, Some(resource)) => Ok(Some((*resource).clone())),
            (1, None) => Err(Fault::object(
                ErrorCode::ServiceIncompatible,
                "the ListResponse counts a resource that it does not hold",
            )),
            (total, _) => Err(Fault::Object {
                code: ErrorCode::DuplicateTargetEntries,
                status: Some(answer.status),
                detail: format!("{total} resources for one matching value"),
            }),
        }
    }

    /// Tries the matching attributes in order, one query each, and stops at the first hit.
    pub(crate) async fn match_object(
        &self,
        desired: &[Desired],
        path: impl Fn(&str, &str) -> String,
    ) -> Result<Option<Value>, Fault> {
        let order = mapping::matching_order(desired);
        if order.is_empty() {
            return Err(Fault::object(
                ErrorCode::ImportSkipped,
                "the object has no value for a matching attribute",
            ));
        }
        for desired in order {
            let Wanted::Text(value) = &desired.value else { continue };
            let attribute = desired.target.to_string();
            let Some(resource) = self.find(&path(&attribute, value)).await? else {
                continue;
            };
            read::resource(&resource)?;
            let shown = diff::current(&desired.target, &resource).and_then(Value::as_str);
            if shown.is_some_and(|shown| shown.to_lowercase() == value.to_lowercase()) {
                return Ok(Some(resource));
            }
            return Err(Fault::object(
                ErrorCode::ServiceIncompatible,
                format!("a filter on `{attribute}` was answered with a resource it does not fit"),
            ));
        }
        Ok(None)
    }

    /// Reads one resource by id.
    pub(crate) async fn read(&self, path: &str) -> Result<Value, Fault> {
        let answer = self.client.get(path).await?;
        let body = success(&answer, Purpose::ById)?.ok_or_else(not_json)?;
        Ok(read::resource(body)?.clone())
    }

    /// Creates a resource and answers the server's.
    pub(crate) async fn create(&self, path: &str, body: &Value) -> Result<Value, Fault> {
        let answer = self.client.post(path, body).await?;
        let body = success(&answer, Purpose::Create)?.ok_or_else(not_json)?;
        Ok(read::resource(body)?.clone())
    }

    /// Changes one resource by id.
    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<(), Fault> {
        let answer = self.client.patch(path, body).await?;
        success(&answer, Purpose::ById).map(|_| ())
    }

    /// Deletes one resource by id; one that is gone already counts as deleted.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Fault> {
        let answer = self.client.delete(path).await?;
        if answer.status == 404 {
            return Ok(());
        }
        success(&answer, Purpose::ById).map(|_| ())
    }

    /// Takes a target object for a source object; two sources cannot share one.
    pub(crate) fn claim(&self, kind: ObjectKind, target: &str, source: &ObjectId) -> Result<(), Fault> {
        let mut claims = self.claims();
        let owner = claims
            .entry((kind, target.to_owned()))
            .or_insert_with(|| source.clone())
            .clone();
        if owner == *source {
            return Ok(());
        }
        Err(Fault::object(
            ErrorCode::DuplicateSourceEntries,
            format!("the target object {target} belongs to {owner} already"),
        ))
    }

    /// Gives a target object up.
    pub(crate) fn release(&self, kind: ObjectKind, target: &str) {
        self.claims().remove(&(kind, target.to_owned()));
    }

    fn claims(&self) -> MutexGuard<'_, HashMap<(ObjectKind, String), ObjectId>> {
        self.claims.lock().expect("no holder of this lock can panic")
    }
}

/// The body of a success, `None` if it has none. A 2xx that is not JSON, such as the page of a
/// login form, is no success.
fn success(answer: &Answer, purpose: Purpose) -> Result<Option<&Value>, Fault> {
    let wanted = match purpose {
        Purpose::Filter => answer.status == 200,
        Purpose::Create => matches!(answer.status, 200 | 201),
        Purpose::ById => matches!(answer.status, 200 | 202 | 204),
    };
    if !wanted {
        return Err(Fault::of(answer, purpose));
    }
    match &answer.body {
        Some(body) => Ok(Some(body)),
        None if answer.text.trim().is_empty() => Ok(None),
        None => Err(not_json()),
    }
}

fn not_json() -> Fault {
    Fault::object(ErrorCode::ServiceIncompatible, "the answer is no JSON")
}
