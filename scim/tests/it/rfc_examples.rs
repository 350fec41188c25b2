//! The resources of RFC 7643 §8, the filters of RFC 7644 §3.4.2.2 and the PATCH examples of RFC 7644
//! §3.5.2, applied. Countries are written as the verified errata 5990 and 5991 have them.

use scim::entra::NamedMember;
use scim::filter::{self, Limits};
use scim::patch::{self, MembersChange};
use scim::resource::{Resource, read_body};
use scim::schema::{CORE_GROUP, CORE_USER, ENTERPRISE_USER, PATCH_OP, ResourceType, group, user};
use serde_json::{Value, json};

fn read(resource_type: &ResourceType, body: &Value) -> Resource {
    read_body(resource_type, body).unwrap()
}

fn patched(resource_type: &ResourceType, mut resource: Resource, operations: &Value) -> Value {
    let body = json!({"schemas": [PATCH_OP], "Operations": operations});
    let changes = patch::read(resource_type, &body).unwrap();
    patch::apply(resource_type, &mut resource, &changes).unwrap();
    Value::Object(resource)
}

/// RFC 7643 §8.3, without `id` and `meta`, which are the service provider's.
fn enterprise_user() -> Value {
    json!({
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": "701984",
        "userName": "bjensen@example.com",
        "name": {
            "formatted": "Ms. Barbara J Jensen, III", "familyName": "Jensen", "givenName": "Barbara",
            "middleName": "Jane", "honorificPrefix": "Ms.", "honorificSuffix": "III",
        },
        "displayName": "Babs Jensen",
        "nickName": "Babs",
        "profileUrl": "https://login.example.com/bjensen",
        "emails": [
            {"value": "bjensen@example.com", "type": "work", "primary": true},
            {"value": "babs@jensen.org", "type": "home"},
        ],
        "addresses": [
            {
                "streetAddress": "100 Universal City Plaza", "locality": "Hollywood", "region": "CA",
                "postalCode": "91608", "country": "US", "type": "work", "primary": true,
            },
            {
                "streetAddress": "456 Hollywood Blvd", "locality": "Hollywood", "region": "CA",
                "postalCode": "91608", "country": "US", "type": "home",
            },
        ],
        "phoneNumbers": [{"value": "555-555-5555", "type": "work"}, {"value": "555-555-4444", "type": "mobile"}],
        "ims": [{"value": "someaimhandle", "type": "aim"}],
        "photos": [{"value": "https://photos.example.com/profilephoto/72930000000Ccne/F", "type": "photo"}],
        "userType": "Employee", "title": "Tour Guide", "preferredLanguage": "en-US", "locale": "en-US",
        "timezone": "America/Los_Angeles", "active": true,
        "x509Certificates": [{"value": "MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQAw"}],
        ENTERPRISE_USER: {
            "employeeNumber": "701984", "costCenter": "4130", "organization": "Universal Studios",
            "division": "Theme Park", "department": "Tour Operations",
            "manager": {"value": "26118915-6090-4610-87e4-49d8ca9f808d", "$ref": "../Users/26118915-6090-4610-87e4-49d8ca9f808d"},
        },
    })
}

#[test]
fn enterprise_user_comes_back_value_for_value() {
    let mut sent = enterprise_user();
    sent["password"] = json!("t1meMa$heen");
    sent["groups"] = json!([{"value": "e9e30dba", "display": "Tour Guides"}]);
    sent[ENTERPRISE_USER]["manager"]["displayName"] = json!("John Smith");
    assert_eq!(Value::Object(read(user(), &sent)), enterprise_user());
}

/// RFC 7643 §8.1: a user with a name and nothing else.
#[test]
fn minimal_user_comes_back_without_what_is_the_servers() {
    let sent = json!({
        "schemas": [CORE_USER],
        "id": "2819c223-7f76-453a-919d-413861904646",
        "userName": "bjensen@example.com",
        "meta": {
            "resourceType": "User", "created": "2010-01-23T04:56:22Z", "lastModified": "2011-05-13T04:42:34Z",
            "version": "W/\"3694e05e9dff590\"",
            "location": "https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646",
        },
    });
    assert_eq!(
        Value::Object(read(user(), &sent)),
        json!({"schemas": [CORE_USER], "userName": "bjensen@example.com"})
    );
}

/// RFC 7643 §8.4: a group, whose members have a `display` that the schema in §8.7.1 leaves out.
#[test]
fn group_comes_back_value_for_value() {
    let group_body = json!({
        "schemas": [CORE_GROUP],
        "displayName": "Tour Guides",
        "members": [
            {
                "value": "2819c223-7f76-453a-919d-413861904646",
                "$ref": "https://example.com/v2/Users/2819c223-7f76-453a-919d-413861904646",
                "display": "Babs Jensen",
            },
            {
                "value": "902c246b-6245-4190-8e05-00816be7344a",
                "$ref": "https://example.com/v2/Users/902c246b-6245-4190-8e05-00816be7344a",
                "display": "Mandy Pepperidge",
            },
        ],
    });
    let mut sent = group_body.clone();
    sent["id"] = json!("e9e30dba-f08f-4109-8486-d5c6a331660a");
    sent["meta"] = json!({"resourceType": "Group"});
    assert_eq!(Value::Object(read(group(), &sent)), group_body);
}

/// RFC 7644 §3.4.2.2, figure 2, asked about the user of RFC 7643 §8.3.
#[test]
fn examples_of_filters() {
    let mut resource = read(user(), &enterprise_user());
    resource.insert("meta".into(), json!({"lastModified": "2011-05-13T04:42:34Z"}));
    for (text, expected) in [
        (r#"userName eq "bjensen""#, false),
        (r#"userName eq "BJENSEN@example.com""#, true),
        (r#"name.familyName co "O'Malley""#, false),
        (r#"name.familyName co "ense""#, true),
        (r#"userName sw "J""#, false),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "B""#, true),
        ("title pr", true),
        (r#"meta.lastModified gt "2011-05-13T04:42:34Z""#, false),
        (r#"meta.lastModified ge "2011-05-13T04:42:34Z""#, true),
        (r#"meta.lastModified lt "2011-05-13T06:42:34.001+02:00""#, true),
        (r#"meta.lastModified le "2011-05-13T04:42:34Z""#, true),
        (r#"title pr and userType eq "Employee""#, true),
        (r#"title pr or userType eq "Intern""#, true),
        (
            r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
            true,
        ),
        (
            r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
            true,
        ),
        (
            r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
            false,
        ),
        (
            r#"userType ne "Intern" and not (emails co "example.net" or emails.value co "example.org")"#,
            true,
        ),
        (r#"userType eq "Employee" and (emails.type eq "work")"#, true),
        (
            r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
            true,
        ),
        (
            r#"userType eq "Employee" and emails[type eq "home" and value co "@example.com"]"#,
            false,
        ),
        (
            r#"emails[type eq "work" and value co "@foo.com"] or ims[type eq "AIM" and value sw "some"]"#,
            true,
        ),
    ] {
        let filter = filter::parse(text, &Limits::default()).unwrap();
        assert_eq!(filter.check(user()), Ok(()), "{text}");
        assert_eq!(filter.matches(user(), &resource), expected, "{text}");
    }
}

fn member(id: &str, display: Option<&str>) -> NamedMember {
    NamedMember {
        id: id.to_owned(),
        display: display.map(str::to_owned),
    }
}

/// §3.5.2.1: "add a member to a group", and a user's e-mails and nickname without a path.
#[test]
fn examples_of_add() {
    let changes = patch::read(
        group(),
        &json!({"schemas": [PATCH_OP], "Operations": [{
            "op": "add", "path": "members",
            "value": [{"display": "Babs Jensen", "$ref": "https://example.com/v2/Users/2819c223", "value": "2819c223"}],
        }]}),
    )
    .unwrap();
    assert_eq!(
        changes[0].members(),
        Ok(Some(MembersChange::Add(vec![member("2819c223", Some("Babs Jensen"))])))
    );

    let resource = patched(
        user(),
        read(user(), &enterprise_user()),
        &json!([{"op": "add", "value": {
            "emails": [{"value": "babs@jensen.org", "type": "home"}, {"value": "new@jensen.org", "type": "other"}],
            "nickname": "Babs",
        }}]),
    );
    assert_eq!(resource["emails"].as_array().unwrap().len(), 3);
    assert_eq!(resource["nickName"], "Babs");
    assert_eq!(resource.get("nickname"), None);
}

/// §3.5.2.2: one member, all members, one e-mail by filter, and remove and add in one request.
#[test]
fn examples_of_remove() {
    let group_of = |ids: [&str; 2]| {
        let members: Vec<_> = ids.iter().map(|id| json!({"value": id})).collect();
        read(
            group(),
            &json!({"schemas": [CORE_GROUP], "displayName": "g", "members": members}),
        )
    };
    let one = patched(
        group(),
        group_of(["2819c223-7f76-4", "b"]),
        &json!([{"op": "remove", "path": r#"members[value eq "2819c223-7f76-4"]"#}]),
    );
    assert_eq!(one["members"], json!([{"value": "b"}]));
    let all = patched(
        group(),
        group_of(["a", "b"]),
        &json!([{"op": "remove", "path": "members"}]),
    );
    assert_eq!(all.get("members"), None);
    let both = patched(
        group(),
        group_of(["a", "b"]),
        &json!([
            {"op": "remove", "path": r#"members[value eq "a"]"#},
            {"op": "add", "path": "members", "value": [{"display": "James", "value": "08e1d05d"}]},
        ]),
    );
    assert_eq!(
        both["members"],
        json!([{"value": "b"}, {"display": "James", "value": "08e1d05d"}])
    );
    let legacy = patched(
        group(),
        group_of(["a", "b"]),
        &json!([{"op": "Remove", "path": "members", "value": [{"value": "a"}]}]),
    );
    assert_eq!(legacy["members"], json!([{"value": "b"}]));

    let mut group_of_two = group_of(["a", "b"]);
    let operation = json!({"op": "add", "path": r#"members[value eq "c"]"#, "value": {"type": "User"}});
    let changes = patch::read(group(), &json!({"Operations": [operation]})).unwrap();
    let error = patch::apply(group(), &mut group_of_two, &changes).unwrap_err();
    assert_eq!(error.detail, "no value of members meets the filter");

    let email = patched(
        user(),
        read(user(), &enterprise_user()),
        &json!([{"op": "remove", "path": r#"emails[type eq "work" and value ew "example.com"]"#}]),
    );
    assert_eq!(email["emails"], json!([{"value": "babs@jensen.org", "type": "home"}]));
}

/// §3.5.2.3: all members, a work address, one sub-attribute of it, and all e-mails without a path.
#[test]
fn examples_of_replace() {
    let changes = patch::read(
        group(),
        &json!({"schemas": [PATCH_OP], "Operations": [{
            "op": "replace", "path": "members", "value": [{"value": "2819c223"}, {"value": "08e1d05d"}],
        }]}),
    )
    .unwrap();
    let expected = MembersChange::Replace(vec![member("2819c223", None), member("08e1d05d", None)]);
    assert_eq!(changes[0].members(), Ok(Some(expected)));

    let address = json!({
        "type": "work", "streetAddress": "911 Universal City Plaza", "locality": "Hollywood", "region": "CA",
        "postalCode": "91608", "country": "US", "formatted": "911 Universal City Plaza\nHollywood, CA 91608 US",
        "primary": true,
    });
    let resource = patched(
        user(),
        read(user(), &enterprise_user()),
        &json!([{"op": "replace", "path": r#"addresses[type eq "work"]"#, "value": address}]),
    );
    assert_eq!(resource["addresses"][0], address);
    assert_eq!(resource["addresses"][1]["type"], "home");

    let resource = patched(
        user(),
        read(user(), &enterprise_user()),
        &json!([{"op": "replace", "path": r#"addresses[type eq "work"].streetAddress"#, "value": "1010 Broadway Ave"}]),
    );
    assert_eq!(resource["addresses"][0]["streetAddress"], "1010 Broadway Ave");
    assert_eq!(resource["addresses"][0]["region"], "CA");

    let emails = json!([{"value": "bjensen@example.com", "type": "work", "primary": true}, {"value": "babs@jensen.org", "type": "home"}]);
    let resource = patched(
        user(),
        read(
            user(),
            &json!({"schemas": [CORE_USER], "userName": "b", "emails": [{"value": "old"}]}),
        ),
        &json!([{"op": "replace", "value": {"emails": emails, "nickname": "Babs"}}]),
    );
    assert_eq!(resource["emails"], emails);
}
