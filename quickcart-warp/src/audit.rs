//! `audit verify`: reads the chain of the audit.

use std::path::Path;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use quickcart_core::admin::{AuditFault, AuditHead, VerifiedAudit, verify_audit};
use quickcart_core::error::StoreError;
use quickcart_core::store::{self, DatabaseUrl};

/// Read the whole audit of DATABASE_URL, and find what was changed, taken out or put in, also while servers use it
///
/// Each row of the audit has a link, whose digest is made of the row and of the link before it. The links must have no gaps, their rows
/// must be there, each digest must be right, and the last link must be the one that was written last. Rows without a link are counted:
/// servers of older versions write such, and the next server that starts links them.
///
/// Who may write to the database can also make all digests anew. So keep a head elsewhere, where they cannot write, and name it
/// here: servers log `audit head LINK:DIGEST` at their start and every hour, GET /v1/admin/audit/head answers it, and this command
/// prints it. docs/administration.md says more.
///
/// Exit codes: 0 the chain is whole, 1 it is not, and the first fault is named, 2 a setting is wrong or the database cannot be read.
#[derive(Args)]
pub(crate) struct Verify {
    /// A head that the chain had once, which it must still have
    #[arg(long, value_name = "LINK:DIGEST")]
    expect: Option<AuditHead>,
}

impl Verify {
    /// Answers what was found.
    pub(crate) async fn run(&self, database: &DatabaseUrl) -> Result<VerifiedAudit, AuditFault> {
        if let DatabaseUrl::Sqlite(path) = database {
            must_be_there(path)?;
        }
        let store = store::open_as_is(database).await?;
        let bar = ProgressBar::new(0).with_style(bar_style());
        let verified = verify_audit(&*store, self.expect, |done, all| {
            bar.set_length(all.unsigned_abs());
            bar.set_position(done.unsigned_abs());
        });
        let verified = verified.await;
        bar.finish_and_clear();
        verified
    }
}

/// What was found, for people.
pub(crate) fn report(verified: &VerifiedAudit) -> String {
    let times = verified.times.map_or_else(String::new, |(first, last)| format!(", from {first} to {last}"));
    format!("the audit is whole: {} links{times}\nhead {}", verified.head.link_id, verified.head)
}

/// What is not wrong, but not protected either.
pub(crate) fn warning(verified: &VerifiedAudit) -> Option<String> {
    let text =
        "a server of an older version wrote them, or nobody did, and the next server that starts links them";
    (verified.unlinked > 0).then(|| format!("warning: rows without a link: {}; {text}", verified.unlinked))
}

/// Opening would make a file that is not there.
fn must_be_there(path: &Path) -> Result<(), StoreError> {
    path.metadata().map(drop).map_err(StoreError::unavailable)
}

fn bar_style() -> ProgressStyle {
    let template = "reading {bar:40} {pos}/{len} links";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
