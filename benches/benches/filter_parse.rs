//! How long it takes to read the filters that Entra sends.

use criterion::{Criterion, criterion_group, criterion_main};
use scim::filter::{Limits, parse};
use std::hint::black_box;

const FILTERS: [(&str, &str); 4] = [
    ("user_name", r#"userName eq "pat.example@contoso.test""#),
    (
        "work_email",
        r#"emails[type eq "work"].value eq "pat.example@contoso.test""#,
    ),
    (
        "reference",
        r#"id eq "5171a35d-8207-4e06-8ce2-6f1a0a4e0000" and manager eq "2819c223-7f76-453a-919d-413861904646""#,
    ),
    (
        "nested",
        r#"(title pr or userType eq "Intern") and not (emails co "example.com" or emails.value co "example.org")"#,
    ),
];

fn filter_parse(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("filter_parse");
    for (name, text) in FILTERS {
        group.bench_function(name, |bencher| bencher.iter(|| parse(black_box(text), &limits)));
    }
    group.finish();
}

criterion_group!(benches, filter_parse);
criterion_main!(benches);
