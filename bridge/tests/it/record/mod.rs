//! The record: what was changed, by whom it can be asked for, how long it is kept.

mod forget;
mod log;
mod retention;

use serde_json::json;

use crate::support::Scene;

/// Ana and Ben; both in Ops, then Ana leaves it, Ben is renamed, Ana is deleted.
async fn history() -> Scene {
    let scene = Scene::start().await;
    let (ana, ben) = (
        scene.user("Ana@contoso.test").await,
        scene.user("ben@contoso.test").await,
    );
    let ops = scene.group("Ops", &[&ana, &ben]).await;
    let other = scene.group("Other", &[&ana]).await;
    let leaving = json!([{ "op": "Remove", "path": "members", "value": [{ "value": ana }] }]);
    assert_eq!(scene.patch(&format!("/Groups/{ops}"), leaving).await.status, 204);
    let both = json!([
        { "op": "Remove", "path": "members", "value": [{ "value": ben }] },
        { "op": "Add", "path": "members", "value": [{ "value": ben }] },
    ]);
    assert_eq!(scene.patch(&format!("/Groups/{ops}"), both).await.status, 204);
    let renamed = json!([{ "op": "Replace", "path": "userName", "value": "benedikt@contoso.test" }]);
    assert_eq!(scene.patch(&format!("/Users/{ben}"), renamed).await.status, 200);
    assert_eq!(scene.delete(&format!("/Users/{ana}")).await.status, 204);
    assert_eq!(scene.delete(&format!("/Groups/{other}")).await.status, 204);
    scene
}
