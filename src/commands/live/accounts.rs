//! One account: what it says about its mapping, about our permissions and about the person who stands in.

use super::{place, report_at};
use crate::crm::Crm;
use handoff_core::record::{AccountMetadata, WantedFields};
use handoff_core::source::{Problems, Spanned};
use handoff_core::workbench::live_check::{self, Named};

/// Asks an account and compares; `None` if it cannot be asked, which is reported.
pub(super) async fn compare(
    crm: &dyn Crm,
    settings: &mut Problems,
    mapping: &mut Problems,
) -> Option<(AccountMetadata, WantedFields)> {
    let named = live_check::named(mapping);
    let metadata = match crm.metadata(&named.wanted).await {
        Ok(metadata) => metadata,
        Err(failure) => {
            let key = crm.account();
            let place = place::of_account(settings, key, "");
            let left = format!("mend that and check again: {} was not compared with it", mapping.file());
            report_at(settings, place, format!("{key} cannot be asked: {}", failure.why()), left);
            return None;
        }
    };
    permissions(&metadata, settings);
    live_check::compare(&metadata, mapping);
    stand_in(crm, &named, mapping).await;
    Some((metadata, named.wanted))
}

/// What the credentials do not let us do, and settings that do not fit.
fn permissions(account: &AccountMetadata, settings: &mut Problems) {
    let key = &account.account;
    let mut say = |setting: &str, message: String, help: String| {
        let place = place::of_account(settings, key, setting);
        report_at(settings, place, message, help);
    };
    if let Some(opened) = account.opened.as_deref().filter(|opened| !same_account(&key.account, opened)) {
        let message = format!("the credentials of {key} open another account: {opened}");
        say("", message, "write the token of this account, or the id of that one".to_owned());
    }
    for lacking in &account.lacking {
        let help = (key.crm.dialect().hints.grant)(&lacking.permissions);
        say("", format!("{key} lacks a permission: {}", lacking.consequence), help);
    }
    for wrong in &account.settings {
        say(wrong.key, wrong.message.clone(), wrong.help.clone());
    }
}

/// 15 and 18 characters name the same org.
fn same_account(one: &str, other: &str) -> bool {
    let short = |id: &str| id.get(..15).unwrap_or(id).to_owned();
    short(one) == short(other)
}

/// Whether the person who takes what nobody owns is a user of the CRM.
async fn stand_in(crm: &dyn Crm, named: &Named, mapping: &mut Problems) {
    let Some(Spanned { value: address, span }) = &named.fallback else { return };
    // Without the right to look there is nothing to say; the missing permission has been reported.
    if let Ok(None) = crm.user_by_email(address).await {
        let message = format!(
            "`{address}` is no active user of {}: they cannot open the deal and its task",
            crm.account()
        );
        mapping.warning(*span, message, "write the address that somebody signs in to the CRM with");
    }
}
