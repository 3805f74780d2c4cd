//! Whom the server runs as: PostgreSQL refuses to be root.

use std::os::unix::fs::chown;
use std::path::Path;

/// The account that a package of PostgreSQL makes, and one that is everywhere.
const NAMES: [&str; 2] = ["postgres", "nobody"];

/// A user of this machine, by its numbers.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// `None` when this process may run the server itself.
    pub(super) fn instead_of_root() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let found = NAMES.iter().find_map(|name| find(&users, name));
        Some(found.expect("this machine has a user `postgres` or `nobody`"))
    }

    pub(super) fn give(&self, folder: &Path) {
        chown(folder, Some(self.user), Some(self.group)).unwrap();
    }

    /// What stands before a command, which then has the same process id.
    pub(super) fn command(&self) -> [String; 4] {
        let Self { user, group } = self;
        ["setpriv".into(), format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".into()]
    }
}

/// Reads a line of passwd(5).
fn find(users: &str, name: &str) -> Option<Account> {
    let number = |field: Option<&str>| field?.parse().ok();
    users.lines().map(|line| line.split(':')).find_map(|mut fields| {
        let is_meant = fields.next() == Some(name);
        // The field between name and numbers is the password's.
        fields.next().filter(|_| is_meant)?;
        Some(Account { user: number(fields.next())?, group: number(fields.next())? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0:root:/root:/bin/bash\n\
                     postgresql:x:7:8::/:/bin/sh\n\
                     postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find(users, "postgres"), Some(Account { user: 101, group: 104 }));
        assert_eq!(find(users, "nobody"), None);
    }
}
