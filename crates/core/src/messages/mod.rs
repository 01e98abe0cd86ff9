//! Our own words. Every sentence of packet, task and digest that does not come from the CRM stands in a file for each
//! language, such as `en.toml`; here each message is a function that names what it needs. Which language a message is
//! in decides the [`Locale`](crate::text::locale::Locale) around the call; a team's [`own`] words come first.
//!
//! One module per table of the file. What is more than filling in (lists, plurals, days) stands below its
//! messages.

mod file;

pub mod answer;
pub mod ask;
pub mod condition;
pub mod digest;
pub mod due_note;
pub mod evidence;
pub mod fact;
pub mod first_value;
pub mod gap;
pub mod headline;
pub mod outline;
pub mod own;
pub mod packet;
pub mod question;
pub mod reply;
pub mod review;
pub mod role;
pub mod roll_up;
pub mod section;
pub mod task;
pub mod value;

#[cfg(test)]
mod tests;

/// Declares the messages of one table: `name;` is a fixed text, `name(a, b);` has words in braces.
macro_rules! messages {
    ($table:literal; $($rest:tt)*) => {
        $crate::messages::messages!(@each $table; [] $($rest)*);
    };
    (@each $table:literal; [$($declared:tt)*]) => {
        /// Key and words in braces of every message of this table.
        #[cfg(test)]
        pub(in crate::messages) const MESSAGES: &[(&str, &[&str])] = &[$($declared)*];
    };
    (@each $table:literal; [$($declared:tt)*] $name:ident; $($rest:tt)*) => {
        #[doc = concat!("Message `", $table, ".", stringify!($name), "`.")]
        pub fn $name() -> &'static str {
            $crate::messages::file::text(concat!($table, ".", stringify!($name)))
        }
        $crate::messages::messages!(
            @each $table; [$($declared)* (concat!($table, ".", stringify!($name)), &[]),] $($rest)*
        );
    };
    (@each $table:literal; [$($declared:tt)*] $name:ident($($value:ident),+); $($rest:tt)*) => {
        #[doc = concat!("Message `", $table, ".", stringify!($name), "` with its words filled in.")]
        pub fn $name($($value: &str),+) -> String {
            let values = [$((stringify!($value), $value)),+];
            $crate::messages::file::filled(concat!($table, ".", stringify!($name)), &values)
        }
        $crate::messages::messages!(
            @each $table;
            [$($declared)* (concat!($table, ".", stringify!($name)), &[$(stringify!($value)),+]),]
            $($rest)*
        );
    };
}
use messages;
