//! Discovery: what the endpoint says of itself.

use serde_json::json;

use crate::support::Scene;

#[tokio::test]
async fn the_configuration_says_what_is_supported() {
    let scene = Scene::start().await;
    let config = scene.get("/serviceproviderconfig").await;
    assert_eq!(config.body["patch"]["supported"], json!(true));
    assert_eq!(config.body["filter"]["supported"], json!(true));
    assert_eq!(config.body["filter"]["maxResults"], json!(200));
}

#[tokio::test]
async fn every_schema_that_a_resource_type_names_can_be_read() {
    let scene = Scene::start().await;
    let types = scene.get("/ResourceTypes").await;
    assert_eq!(types.body["totalResults"], 2);
    for found in types.body["Resources"].as_array().unwrap() {
        let mut urns = vec![found["schema"].as_str().unwrap()];
        urns.extend(
            found["schemaExtensions"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| one["schema"].as_str().unwrap()),
        );
        for urn in urns {
            let schema = scene.get(&format!("/Schemas/{urn}")).await;
            assert_eq!((schema.status, schema.body["id"].as_str()), (200, Some(urn)));
        }
        let name = found["name"].as_str().unwrap();
        assert_eq!(scene.get(&format!("/ResourceTypes/{name}")).await.body, *found);
    }
    let schemas = scene.get("/schemas").await;
    assert_eq!(schemas.body["totalResults"], 3);
    assert!(!schemas.text.contains("null"), "no null properties");
}

#[tokio::test]
async fn discovery_cannot_be_filtered_and_there_is_no_me() {
    let scene = Scene::start().await;
    for path in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
        scene.get(&format!("{path}?filter=id+pr")).await.expect_error(403, None);
    }
    scene.get("/Me").await.expect_error(501, None);
}
