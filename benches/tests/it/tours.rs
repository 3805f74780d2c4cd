//! The tours of TSPLIB files and of matrices.

use std::collections::BTreeSet;

use tempfile::TempDir;

use crate::{failure, lines, run, written};

const PROGRAM: &str = env!("CARGO_BIN_EXE_tours");
const SQUARE: &str = "TYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n\
    1 0 0\n2 0 30\n3 40 30\n4 40 0\nEOF\n";

#[test]
fn a_line_of_json_for_each_file() {
    let folder = TempDir::new().unwrap();
    let closed = written(&folder, "square.tsp", SQUARE);
    let open = written(&folder, "line.txt", "0 1 2 3\n1 0 1 2\n2 1 0 1\n3 2 1 0\n");
    let output = run(PROGRAM, &[closed.to_str().unwrap(), open.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let lines = lines(&output);
    let lengths: Vec<(u64, f64)> =
        lines.iter().map(|line| (line["n"].as_u64().unwrap(), line["length"].as_f64().unwrap())).collect();
    assert_eq!(lengths, [(4, 140.0), (4, 3.0)]);
    for line in &lines {
        let keys: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["n", "length", "lower_bound", "proved", "us"]));
        assert!(line["lower_bound"].as_f64().unwrap() <= line["length"].as_f64().unwrap());
    }
}

#[test]
fn what_cannot_be_used_is_said() {
    let folder = TempDir::new().unwrap();
    let torn = written(&folder, "torn.txt", "0 1\n1\n");
    for (file, why) in [("missing.tsp", "missing.tsp"), (torn.to_str().unwrap(), "line 2")] {
        let (code, said) = failure(&run(PROGRAM, &[file]));
        assert_eq!(code, Some(2));
        assert!(said.contains(why), "{said:?} does not say {why:?}");
    }
    assert_eq!(run(PROGRAM, &[]).status.code(), Some(2));
}
