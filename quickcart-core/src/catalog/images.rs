//! Pictures in a folder, which is all of the disk that can be reached through it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// The types that are shown, by the ends of the names.
const TYPES: [(&str, &str); 7] = [
    ("avif", "image/avif"),
    ("gif", "image/gif"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("webp", "image/webp"),
];

/// A folder of pictures.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    /// Without symbolic links.
    root: PathBuf,
}

/// A picture that is there, not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    path: PathBuf,
    length: u64,
    /// Its media type.
    pub content_type: &'static str,
    /// When it was changed last.
    pub modified: Timestamp,
}

impl ImageFolder {
    /// The folder at `path`.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        let root = path.canonicalize()?;
        if root.is_dir() { Ok(Self { root }) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// The picture of this name, which may begin with names of folders, separated by `/`. `None` when there is none, when it is
    /// no picture by its name, is longer than [`Image::LENGTH_MAX`], or is not in the folder: `..`, hidden files and links that
    /// lead out of the folder find nothing.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Image> {
        let is_plain = |part: &str| {
            let odd = |character: char| character.is_control() || matches!(character, '\\' | ':');
            !part.is_empty() && !part.starts_with('.') && !part.contains(odd)
        };
        let (_, ending) = name.rsplit_once('.')?;
        let (_, content_type) = TYPES.into_iter().find(|(known, _)| ending.eq_ignore_ascii_case(known))?;
        if !name.split('/').all(is_plain) {
            return None;
        }
        let path = self.root.join(name).canonicalize().ok().filter(|path| path.starts_with(&self.root))?;
        let about =
            fs::metadata(&path).ok().filter(|about| about.is_file() && about.len() <= Image::LENGTH_MAX)?;
        let modified = Timestamp::try_from(about.modified().ok()?).ok()?;
        Some(Image { path, length: about.len(), content_type, modified })
    }
}

impl Image {
    /// The longest picture that is shown, in bytes.
    pub const LENGTH_MAX: u64 = 8 * 1024 * 1024;

    /// A text that changes when the picture does, of letters, digits and `-`.
    #[must_use]
    pub fn tag(&self) -> String {
        format!("{:x}-{:x}", self.modified.as_nanosecond(), self.length)
    }

    /// The picture itself.
    ///
    /// # Errors
    /// When it has gone, has grown too long, or cannot be read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(&self.path)?.take(Self::LENGTH_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > Self::LENGTH_MAX {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_pictures_of_its_folder_and_nothing_else() {
        let disk = tempfile::tempdir().unwrap();
        let root = disk.path().join("images");
        fs::create_dir_all(root.join("dairy")).unwrap();
        fs::write(disk.path().join("secret.png"), "secret").unwrap();
        for name in ["milk.png", "dairy/Ghee 1 L.JPG", ".hidden.png", "notes.txt", "dairy/no-ending"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::create_dir(root.join("folder.png")).unwrap();
        let images = ImageFolder::open(&root).unwrap();
        let found = images.find("milk.png").unwrap();
        assert_eq!((found.content_type, found.read().unwrap()), ("image/png", b"milk.png".to_vec()));
        assert_eq!(images.find("dairy/Ghee 1 L.JPG").unwrap().content_type, "image/jpeg");
        let absolute = root.join("milk.png");
        for name in [
            "",
            ".",
            "..",
            "none.png",
            ".hidden.png",
            "notes.txt",
            "dairy/no-ending",
            "folder.png",
            "dairy",
            "dairy/",
            "../secret.png",
            "dairy/../../secret.png",
            "dairy/../milk.png",
            "./milk.png",
            "//milk.png",
            "..\\secret.png",
            "milk.png\0",
            "milk.png\0.png",
            "C:milk.png",
            "milk.png/",
            absolute.to_str().unwrap(),
            &"a/".repeat(5_000),
        ] {
            assert_eq!(images.find(name), None, "{name}");
        }
        assert!(ImageFolder::open(&absolute).is_err(), "a file is no folder");
        assert!(ImageFolder::open(&disk.path().join("none")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out_of_the_folder() {
        let disk = tempfile::tempdir().unwrap();
        let root = disk.path().join("images");
        fs::create_dir(&root).unwrap();
        fs::write(disk.path().join("secret.png"), "secret").unwrap();
        fs::write(root.join("milk.png"), "milk").unwrap();
        let link = |to: &Path, name| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
        link(&disk.path().join("secret.png"), "file.png");
        link(disk.path(), "folder");
        link(&root.join("milk.png"), "inside.png");
        let images = ImageFolder::open(&root).unwrap();
        assert_eq!(images.find("file.png"), None);
        assert_eq!(images.find("folder/secret.png"), None);
        assert_eq!(images.find("inside.png").unwrap().read().unwrap(), b"milk");
    }

    #[test]
    fn a_changed_picture_has_another_tag_and_a_long_one_is_not_shown() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("milk.png");
        let images = ImageFolder::open(root.path()).unwrap();
        fs::write(&path, "old").unwrap();
        let old = images.find("milk.png").unwrap();
        fs::write(&path, "newer").unwrap();
        assert_ne!(images.find("milk.png").unwrap().tag(), old.tag());
        File::options().write(true).open(&path).unwrap().set_len(Image::LENGTH_MAX + 1).unwrap();
        assert_eq!(images.find("milk.png"), None);
        assert!(old.read().is_err(), "not even when it has grown since it was found");
    }
}
