//! Where two answers are allowed, the lesser one fails in the strict profile, and passes in the others.

use conformance::check::Profile;
use conformance::selection::Selection;
use conformance::verdict::Verdict;

use super::{ids, made, of};
use crate::support::{Fault, Reply};

#[tokio::test]
async fn a_right_server_passes_in_every_profile() {
    for profile in Profile::ALL {
        let report = made(Fault::none(), &Selection::of(profile)).await;
        assert!(report.all_passed(), "{profile}: {:?}", ids(&report, "fail"));
    }
}

/// A check, and a server that gives the lesser of two answers.
type Lesser = (&'static str, fn() -> Fault);

const LESSER: [Lesser; 17] = [
    ("AUT-04", || {
        Fault::in_answer(|_, reply| {
            if reply.status == 401 {
                reply.set("www-authenticate", "Basic");
            }
        })
    }),
    ("DIS-16", || Fault::in_answer(|_, reply| reply.unset("allow"))),
    ("CRE-15", || {
        Fault::in_answer(|call, reply| {
            if call
                .body
                .as_ref()
                .is_some_and(|body| !body["conformanceUnknown"].is_null())
            {
                *reply = Reply::error(400, Some("invalidValue"), "there is no such attribute");
            }
        })
    }),
    ("CRE-27", || {
        Fault::in_answer(|_, reply| {
            if reply.status == 413 {
                *reply = Reply::error(400, None, "the body is too large");
            }
        })
    }),
    ("REA-03", || {
        Fault::in_answer(|call, reply| {
            if call.is("GET", "/Users/") {
                *reply = Reply::error(400, Some("invalidValue"), "that is no id");
            }
        })
    }),
    ("REA-07", || {
        Fault::in_answer(|_, reply| reply.set("content-type", "application/scim+json"))
    }),
    ("QRY-01", || {
        Fault::in_answer(|_, reply| {
            if let Some(list) = reply.body.as_mut().and_then(|body| body.as_object_mut()) {
                list.remove("startIndex");
            }
        })
    }),
    ("QRY-19", || {
        Fault::in_answer(|call, reply| {
            if call.filters_by("conformanceUnknown") {
                *reply = Reply::error(400, Some("invalidFilter"), "there is no such attribute");
            }
        })
    }),
    ("QRY-29", || {
        Fault::in_answer(|call, reply| {
            if call.parameter("count") == Some("1000000") {
                *reply = Reply::error(400, Some("tooMany"), "ask for fewer");
            }
        })
    }),
    ("PRJ-01", || {
        Fault::in_answer(|_, reply| {
            reply.each_resource(|user| {
                user.as_object_mut().map(|user| user.remove("schemas"));
            });
        })
    }),
    ("PRJ-09", || {
        Fault::in_answer(|call, reply| {
            if call.parameter("excludedAttributes").is_some() {
                *reply = Reply::error(400, Some("invalidValue"), "one of the two");
            }
        })
    }),
    ("PUT-09", no_method_is_known),
    ("PAT-25", || {
        Fault::in_answer(|call, reply| {
            if call.is("PATCH", "/Users") {
                *reply = Reply::empty(204);
            }
        })
    }),
    ("GRP-19", || {
        Fault::in_answer(|call, reply| {
            if call.is("GET", "/Groups") {
                reply.each_resource(|group| {
                    for member in group["members"].as_array_mut().into_iter().flatten() {
                        member.as_object_mut().unwrap().remove("$ref");
                    }
                });
            }
        })
    }),
    ("GRP-23", || {
        Fault::in_answer(|call, reply| {
            if call.filters_by("members.value") {
                *reply = Reply::error(400, Some("invalidFilter"), "there is no such attribute");
            }
        })
    }),
    ("DEL-06", no_method_is_known),
    ("ERR-07", || Fault::in_answer(|_, reply| reply.set("x-request-id", ""))),
];

fn no_method_is_known() -> Fault {
    Fault::in_answer(|_, reply| {
        if reply.status == 405 {
            *reply = Reply::error(404, None, "no such endpoint");
        }
    })
}

#[tokio::test]
async fn the_lesser_answer_fails_in_the_strict_profile_only() {
    for (id, fault) in LESSER {
        let strict = made(fault(), &of(&[id])).await;
        assert_eq!(ids(&strict, "fail"), [id], "{id} passes in the strict profile");
        for profile in [Profile::Entra, Profile::Rfc] {
            let selection = Selection { profile, ..of(&[id]) };
            let report = made(fault(), &selection).await;
            let verdict = &report.checks[0].verdict;
            assert!(
                matches!(verdict, Verdict::Pass | Verdict::Skipped { .. }),
                "{profile}: {id} {verdict:?}"
            );
        }
    }
}
