//! What /etc/os-release says about the distribution.
//!
//! Format: os-release(5), shell assignments with optional quotes.

/// True for Debian, Ubuntu and what names one of them as its parent.
pub(crate) fn is_debian_like(os_release: &str) -> bool {
    ["ID", "ID_LIKE"]
        .iter()
        .filter_map(|key| value(os_release, key))
        .flat_map(str::split_whitespace)
        .any(|id| matches!(id, "debian" | "ubuntu"))
}

fn value<'a>(os_release: &'a str, key: &str) -> Option<&'a str> {
    os_release
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_id_and_id_like() {
        for (os_release, expected) in [
            ("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n", true),
            ("NAME=\"Ubuntu\"\nID=ubuntu\nID_LIKE=debian\n", true),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", true),
            ("ID='raspbian'\nID_LIKE='debian'\n", true),
            ("ID=fedora\n", false),
            ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", false),
            ("# ID=debian\nVERSION_ID=12\nHOME_URL=https://www.debian.org/?ID=debian\n", false),
            ("", false),
        ] {
            assert_eq!(is_debian_like(os_release), expected, "{os_release:?}");
        }
    }
}
