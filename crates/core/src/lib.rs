//! What a handoff packet is, and how a deal record becomes one: a function of its arguments.
//!
//! Nothing here knows tokio, HTTP, a database, the environment or the clock. From the bottom to the top: [`text`],
//! [`dates`] and [`source`] read what people write, [`mod@record`] is a deal as a CRM returns it, [`packet`] what customer
//! success gets, [`judgement`] tells answers from vague text, [`messages`] are our own sentences, [`mapping`] the file that says which field feeds which section, [`gaps`]
//! what it could not fill. [`assemble`] puts them together; [`answers`] is what people are asked and may answer; [`workbench`] is what RevOps runs over mappings.

pub mod text;
pub mod dates;
pub mod source;
pub mod record;
pub mod packet;
pub mod judgement;
pub mod messages;
pub mod mapping;
pub mod gaps;
pub mod assemble;
pub mod answers;
pub mod workbench;
