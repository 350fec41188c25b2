//! How long it takes to read and apply a PATCH as Entra writes it, in both dialects.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use scim::resource::read_body;
use scim::{patch, schema};
use serde_json::{Value, json};
use std::hint::black_box;

fn user() -> Value {
    json!({
        "schemas": [schema::CORE_USER, schema::ENTERPRISE_USER],
        "externalId": "pexample", "userName": "pat.example@contoso.test", "active": true, "displayName": "Pat Example",
        "name": { "formatted": "Pat Example", "familyName": "Example", "givenName": "Pat" },
        "emails": [{ "primary": true, "type": "work", "value": "pat.example@contoso.test" }],
        "phoneNumbers": [{ "type": "work", "value": "555-0100" }, { "type": "mobile", "value": "555-0101" }],
    })
}

fn legacy() -> Value {
    let operations: Vec<Value> = [
        ("displayName", "Pvl"),
        ("emails[type eq \"work\"].value", "new.mail@contoso.test"),
        ("name.givenName", "Gtfd"),
        ("name.familyName", "Pkqf"),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
            "eqpj",
        ),
    ]
    .iter()
    .map(|(path, value)| json!({ "op": "Replace", "path": path, "value": value }))
    .collect();
    json!({ "schemas": [schema::PATCH_OP], "Operations": operations })
}

fn compliant() -> Value {
    json!({ "schemas": [schema::PATCH_OP], "Operations": [
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "new.mail@contoso.test" },
        { "op": "replace", "value": {
            "displayName": "Pvl", "name.givenName": "Gtfd", "name.familyName": "Pkqf",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber": "eqpj",
        } },
    ] })
}

fn patch_apply(criterion: &mut Criterion) {
    let stored = read_body(schema::user(), &user()).expect("the sample user is well formed");
    let mut group = criterion.benchmark_group("patch_apply");
    for (name, body) in [("legacy", legacy()), ("compliant", compliant())] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || stored.clone(),
                |mut resource| {
                    let changes =
                        patch::read(schema::user(), black_box(&body)).expect("the sample body is well formed");
                    patch::apply(schema::user(), &mut resource, &changes).expect("the sample changes apply");
                    resource
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, patch_apply);
criterion_main!(benches);
