//! The order of the modules, as ARCHITECTURE.md states it: what stands to the left uses nothing to its right.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module and what it may use.
const MAY_USE: [(&str, &[&str]); 25] = [
    ("error", &[]),
    ("clock", &[]),
    ("money", &[]),
    ("tax", &[]),
    ("secret", &[]),
    ("form", &[]),
    ("email", &["error"]),
    ("phone", &["error"]),
    ("transition", &["error"]),
    ("messaging", &["error", "clock", "email", "phone"]),
    ("otp", &["error", "clock", "email", "secret", "phone", "messaging"]),
    ("device", &["error", "form"]),
    ("pathfinding", &["error"]),
    ("catalog", &["error", "money", "tax", "pathfinding"]),
    ("account", &["error", "clock", "secret", "email", "phone", "messaging", "otp", "catalog"]),
    ("admin", &["error", "clock", "money", "phone", "account", "catalog", "cart"]),
    ("cart", &["error", "clock", "transition", "account", "catalog", "device", "pathfinding"]),
    ("stock", &["error", "clock", "transition", "account", "catalog", "cart"]),
    ("order", &["error", "clock", "money", "tax", "transition", "account", "catalog", "cart", "stock"]),
    ("outbox", &["error", "clock", "secret", "messaging", "order"]),
    (
        "book_order",
        &["error", "clock", "money", "secret", "phone", "messaging", "otp", "catalog", "cart", "order"],
    ),
    ("walk", &["error", "catalog", "pathfinding"]),
    (
        "snapshot",
        &["error", "clock", "money", "tax", "form", "email", "account", "catalog", "cart", "pathfinding"],
    ),
    (
        "store",
        &[
            "error",
            "clock",
            "money",
            "tax",
            "transition",
            "email",
            "secret",
            "phone",
            "account",
            "catalog",
            "admin",
            "cart",
            "device",
            "stock",
            "order",
            "outbox",
            "book_order",
            "pathfinding",
            "snapshot",
        ],
    ),
    (
        "shop",
        &[
            "error",
            "clock",
            "phone",
            "account",
            "catalog",
            "admin",
            "admin",
            "cart",
            "device",
            "stock",
            "order",
            "pathfinding",
            "snapshot",
            "store",
            "walk",
        ],
    ),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The part of a file in front of its own tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

#[test]
fn modules_use_only_what_stands_before_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let relative = path.strip_prefix(&root).unwrap();
        let first = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        if matches!(first, "lib" | "conformance") {
            continue;
        }
        let (_, allowed) =
            MAY_USE.iter().find(|(name, _)| *name == first).unwrap_or_else(|| panic!("{first} is new"));
        for line in code(&path).lines().filter(|line| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let known = used == first || allowed.contains(&used.as_str());
                assert!(
                    known,
                    "{} uses {used}, which does not stand before {first}: {line}",
                    relative.display()
                );
            }
        }
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for folder in ["../quickcart-core/src", "../quickcart-warp/src", "../quickcart-py/src", "../xtask/src"] {
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let first = text.lines().next().unwrap_or_default();
                assert!(first.starts_with("//! "), "{} begins with {first:?}", path.display());
            }
        }
    }
}
