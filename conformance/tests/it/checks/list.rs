//! The list of checks, written down a second time: a row that is lost is missed.

use std::collections::BTreeMap;

use conformance::catalogue;

/// Every check there is.
pub const ALL: [&str; 216] = [
    "AUT-01", "AUT-02", "AUT-03", "AUT-04", "AUT-05", "AUT-06", "AUT-07", "AUT-08", "AUT-09", //
    "DIS-01", "DIS-02", "DIS-03", "DIS-04", "DIS-05", "DIS-06", "DIS-07", "DIS-08", "DIS-09", "DIS-10", //
    "DIS-11", "DIS-12", "DIS-13", "DIS-14", "DIS-15", "DIS-16", "DIS-17", "DIS-18", "DIS-19", "DIS-20", //
    "CRE-01", "CRE-02", "CRE-03", "CRE-04", "CRE-05", "CRE-06", "CRE-07", "CRE-08", "CRE-09", "CRE-10", //
    "CRE-11", "CRE-12", "CRE-13", "CRE-14", "CRE-15", "CRE-16", "CRE-17", "CRE-18", "CRE-19", "CRE-20", //
    "CRE-21", "CRE-22", "CRE-23", "CRE-24", "CRE-25", "CRE-26", "CRE-27", //
    "REA-01", "REA-02", "REA-03", "REA-04", "REA-05", "REA-06", "REA-07", "REA-08", //
    "QRY-01", "QRY-02", "QRY-03", "QRY-04", "QRY-05", "QRY-06", "QRY-07", "QRY-08", "QRY-09", "QRY-10", //
    "QRY-11", "QRY-12", "QRY-13", "QRY-14", "QRY-15", "QRY-16", "QRY-17", "QRY-18", "QRY-19", "QRY-20", //
    "QRY-21", "QRY-22", "QRY-23", "QRY-24", "QRY-25", "QRY-26", "QRY-27", "QRY-28", "QRY-29", "QRY-30", //
    "QRY-31", "QRY-32", "QRY-33", "QRY-34", "QRY-35", //
    "PRJ-01", "PRJ-02", "PRJ-03", "PRJ-04", "PRJ-05", "PRJ-06", "PRJ-07", "PRJ-08", "PRJ-09", "PRJ-10", //
    "PUT-01", "PUT-02", "PUT-03", "PUT-04", "PUT-05", "PUT-06", "PUT-07", "PUT-08", "PUT-09", "PUT-10", //
    "PAT-01", "PAT-02", "PAT-03", "PAT-04", "PAT-05", "PAT-06", "PAT-07", "PAT-08", "PAT-09", "PAT-10", //
    "PAT-11", "PAT-12", "PAT-13", "PAT-14", "PAT-15", "PAT-16", "PAT-17", "PAT-18", "PAT-19", "PAT-20", //
    "PAT-21", "PAT-22", "PAT-23", "PAT-24", "PAT-25", "PAT-26", "PAT-27", "PAT-28", "PAT-29", "PAT-30", //
    "PAT-31", "PAT-32", "PAT-33", //
    "GRP-01", "GRP-02", "GRP-03", "GRP-04", "GRP-05", "GRP-06", "GRP-07", "GRP-08", "GRP-09", "GRP-10", //
    "GRP-11", "GRP-12", "GRP-13", "GRP-14", "GRP-15", "GRP-16", "GRP-17", "GRP-18", "GRP-19", "GRP-20", //
    "GRP-21", "GRP-22", "GRP-23", "GRP-24", //
    "DEL-01", "DEL-02", "DEL-03", "DEL-04", "DEL-05", "DEL-06", "DEL-07", //
    "ERR-01", "ERR-02", "ERR-03", "ERR-04", "ERR-05", "ERR-06", "ERR-07", //
    "ETG-01", "ETG-02", "ETG-03", "ETG-04", "ETG-05", //
    "BLK-01", "BLK-02", "BLK-03", "BLK-04", "BLK-05", "BLK-06", "BLK-07", //
    "ENT-01", "ENT-02", "ENT-03", "ENT-04", "ENT-05", "ENT-06", "ENT-07", "ENT-08", "ENT-09", "ENT-10", //
    "ENT-11", "ENT-12", "ENT-13", "ENT-15", //
];

/// How many rows each section has.
const SECTIONS: [(&str, usize); 14] = [
    ("AUT", 9),
    ("DIS", 20),
    ("CRE", 27),
    ("REA", 8),
    ("QRY", 35),
    ("PRJ", 10),
    ("PUT", 10),
    ("PAT", 33),
    ("GRP", 24),
    ("DEL", 7),
    ("ERR", 7),
    ("ETG", 5),
    ("BLK", 7),
    // ENT-14 takes an upstream that can be told to refuse.
    ("ENT", 14),
];

#[test]
fn the_catalogue_holds_exactly_these_checks() {
    let ids: Vec<&str> = catalogue::all().iter().map(|check| check.id).collect();
    assert_eq!(ids, ALL);
}

#[test]
fn each_section_has_as_many_checks_as_it_has_rows() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for check in catalogue::all() {
        *counts.entry(check.section.prefix()).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from(SECTIONS));
}
