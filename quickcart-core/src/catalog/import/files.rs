//! The files of a store, from a folder or from this crate.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::ImportError;
use super::map::place_of;

macro_rules! demo_files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../demo-store/", $name)))),*]
    };
}

/// The files that make up a store, with the texts of the demo store.
const DEMO: [(&str, &str); 10] = demo_files![
    "store.json",
    "map.json",
    "categories.csv",
    "foodtypes.csv",
    "allergies.csv",
    "sections.csv",
    "products.csv",
    "shelf_places.csv",
    "recipes.csv",
    "trolleys.csv",
];

/// The files that a store can do without.
const OPTIONAL: [&str; 1] = ["recipes.csv"];

/// The texts of a store's files, by name.
#[derive(Clone, Debug)]
pub struct StoreFiles {
    texts: BTreeMap<&'static str, Cow<'static, str>>,
}

impl StoreFiles {
    /// Reads the files of a folder.
    ///
    /// # Errors
    /// [`ImportError`] names the file that is missing, cannot be read, or is not UTF-8.
    pub fn read(folder: &Path) -> Result<Self, ImportError> {
        let is_due = |name: &&'static str| !OPTIONAL.contains(name) || folder.join(name).exists();
        let read = |name| Ok((name, Cow::Owned(read_text(folder, name)?)));
        let names = DEMO.into_iter().map(|(name, _)| name).filter(is_due);
        Ok(Self { texts: names.map(read).collect::<Result<_, _>>()? })
    }

    /// The files of the demo store.
    #[must_use]
    pub fn demo() -> Self {
        Self { texts: DEMO.into_iter().map(|(name, text)| (name, Cow::Borrowed(text))).collect() }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&str, ImportError> {
        self.optional_text(name).ok_or_else(|| ImportError::in_file(name, "the file is missing"))
    }

    pub(super) fn optional_text(&self, name: &'static str) -> Option<&str> {
        self.texts.get(name).map(AsRef::as_ref)
    }

    #[cfg(test)]
    pub(super) fn set(&mut self, name: &'static str, text: String) {
        self.texts.insert(name, Cow::Owned(text));
    }
}

fn read_text(folder: &Path, name: &str) -> Result<String, ImportError> {
    let bytes = fs::read(folder.join(name)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            ImportError::in_file(name, format!("there is no such file in {}", folder.display()))
        }
        _ => ImportError::in_file(name, error.to_string()),
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let (line, column) = place_of(&String::from_utf8_lossy(valid), valid.len());
        ImportError::at(name, line, column, "the file is not UTF-8 here")
    })?;
    // Spreadsheets put a byte order mark in front.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}
