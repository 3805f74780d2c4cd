//! `quickcart-warp map render`: maps as pictures.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::program::{command, demo_store, folder};

fn render(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, &[]).args(["map", "render"]).args(arguments).output().unwrap()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = render(folder, arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn draws_the_demo_store_with_walks_and_no_database() {
    let folder = folder();
    let walks = ["--from", "0,4.1,24.1", "--to", "0,30,8", "--from", "0,30,8", "--to", "1,5,5"];
    let output = render(folder.path(), &walks);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let picture = String::from_utf8(output.stdout).unwrap();
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains("<title>Floor plan: Ground floor, Upper floor; 2 walks, "), "{picture}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing else is written");
    let store = demo_store();
    let output = render(folder.path(), &[store.to_str().unwrap(), "-o", "map.svg"]);
    assert!(output.status.success() && output.stdout.is_empty());
    let file = fs::read_to_string(folder.path().join("map.svg")).unwrap();
    assert!(file.contains("<title>Floor plan: Ground floor, Upper floor</title>"));
}

#[test]
fn draws_maps_of_letters() {
    let folder = folder();
    fs::write(folder.path().join("small.map"), "....\n.##.\n....\n").unwrap();
    let output = render(folder.path(), &["small.map", "--resolution", "0.5"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains(">0.2 m</text>"));
}

#[test]
fn says_what_to_do_about_a_mistake() {
    let folder = folder();
    fs::write(folder.path().join("bad.map"), "..\n...\n").unwrap();
    fs::write(folder.path().join("map.json"), "{").unwrap();
    for (arguments, expected) in [
        (vec!["nowhere"], "a folder with a map.json"),
        (vec!["bad.map"], "bad.map: line 2 of the map"),
        (vec!["map.json"], "map.json, line 1, column 1: "),
        (vec!["."], "map.json, line 1, column 1: "),
        (vec!["--from", "0,1,1"], "every --from needs a --to"),
        (vec!["--from", "0,1", "--to", "0,1,1"], "such as 0,4.1,24.1"),
        (
            vec!["--from", "0,1,1", "--to", "-1,1,1"],
            "(1.00, 1.00) on level -1 is not on the map, which has level 0 of 40 x 25 m",
        ),
        (vec!["-o", "no/such/folder.svg"], "-o takes another place"),
    ] {
        let text = refused(folder.path(), &arguments);
        assert!(text.contains(expected), "{arguments:?}: {text}");
    }
}

#[test]
fn help_has_an_example() {
    let folder = folder();
    let output = render(folder.path(), &["--help"]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("map render my-store -o my.svg"));
}
