//! The checker of MovingAI benchmarks.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::TempDir;

use crate::{failure, lines, run, written};

const PROGRAM: &str = env!("CARGO_BIN_EXE_movingai");
const MAP: &str = "type octile\nheight 4\nwidth 6\nmap\n......\n.@@@..\n.@.@..\n.@@@..\n";

fn scen(queries: &[&str]) -> String {
    let lines = queries.iter().map(|query| format!("0\ta.map\t6\t4\t{}\n", query.replace(' ', "\t")));
    format!("version 1\n{}", lines.collect::<String>())
}

fn check(queries: &[&str], more: &[&str]) -> Value {
    let folder = TempDir::new().unwrap();
    let (map, scen) = (written(&folder, "a.map", MAP), written(&folder, "a.scen", &scen(queries)));
    let mut arguments = vec![map.to_str().unwrap(), scen.to_str().unwrap()];
    arguments.extend(more);
    let output = run(PROGRAM, &arguments);
    assert!(output.status.success(), "{output:?}");
    let mut lines = lines(&output);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

fn counts(line: &Value) -> [u64; 3] {
    ["queries", "mismatches", "unsolved"].map(|key| line[key].as_u64().unwrap())
}

#[test]
fn right_answers_match() {
    let line = check(&["0 3 4 3 10.00000000", "4 1 5 2 1.41421356", "0 0 5 0 5"], &[]);
    assert_eq!(counts(&line), [3, 0, 0]);
    let keys: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "queries",
        "mismatches",
        "unsolved",
        "prepare_ms",
        "index_bytes",
        "distance_us_median",
        "distance_us_mean",
        "distance_us_p99",
        "route_us_median",
        "route_us_mean",
        "route_us_p99",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
}

#[test]
fn a_wrong_optimum_is_a_mismatch() {
    assert_eq!(counts(&check(&["4 1 5 2 2.00000000", "0 0 5 0 5"], &[])), [2, 1, 0]);
}

#[test]
fn a_walk_that_is_not_found_is_a_mismatch_where_there_is_one() {
    assert_eq!(counts(&check(&["0 0 2 2 3.41421356"], &[])), [1, 1, 1], "into the closed room");
}

#[test]
fn with_four_directions_the_optimum_of_the_file_does_not_count() {
    let line = check(&["4 1 5 2 1.41421356", "0 0 2 2 3.41421356"], &["--connectivity", "4"]);
    assert_eq!(counts(&line), [2, 0, 1], "both agree that nobody gets into the closed room");
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str, text: &str| written(&folder, name, text).to_str().unwrap().to_owned();
    let (map, good) = (path("a.map", MAP), path("a.scen", &scen(&["0 0 5 0 5"])));
    for (map, scen, why) in [
        (&"missing.map".to_owned(), &good, "missing.map"),
        (&map, &"missing.scen".to_owned(), "missing.scen"),
        (&good, &good, "no MovingAI map"),
        (&map, &map, "version 1"),
        (&map, &path("size.scen", &scen(&["0 0 5 0 5"]).replace("6\t4", "7\t4")), "7 x 4"),
        (&map, &path("wall.scen", &scen(&["1 1 5 0 5"])), "1, 1 is not free"),
        (&path("short.map", &MAP.replace("......\n", "")), &good, "4 rows of 6"),
    ] {
        let (code, said) = failure(&run(PROGRAM, &[map, scen]));
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(why), "{said:?} does not say {why:?}");
    }
    assert_eq!(run(PROGRAM, &[]).status.code(), Some(2));
    let help = run(PROGRAM, &["--help"]);
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("mismatches"));
}
