//! The deal record: what a CRM says about a deal, whichever CRM it is.
//!
//! Pure data, read first: [`DealRecord`]. A [`FieldPath`] names one of its fields, [`FieldInfo`] says how a value is
//! read, [`AccountMetadata`] is what an account says about itself, [`Dialect`] what its CRM calls things.

mod deal;
mod dialect;
mod event;
mod field;
mod key;
mod metadata;
mod path;
mod value;

pub use deal::{Contact, DealRecord, FieldInfo, FieldKind, Object, User};
pub use dialect::{CrmKind, Dialect, Hints, Naming, Nouns, StandardFields, WellKnown};
pub use event::{Event, EventKind};
pub(crate) use field::spoken;
pub use field::{Hidden, Reading, is_redacted};
pub use key::{AccountKey, DealKey, WinKey};
pub use metadata::{
    AccountMetadata, Creation, CrmObject, FieldMetadata, Lacking, Lookup, OptionMetadata, PipelineMetadata,
    WrongSetting,
};
pub use path::{FieldObject, FieldPath, WantedFields};
pub use value::{Value, find, label, parts};
