//! `handoff schema`: JSON Schemas, for editors and for programs that read packets.

use clap::{Args, ValueEnum};
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::config;
use handoff_core::packet::Packet;
use handoff_core::workbench;

#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Of {
    /// A mapping file
    Mapping,
    /// The configuration file
    Config,
    /// A packet, as `preview --format json` and `show --json` print it
    Packet,
}

pub(super) fn run(args: &SchemaArgs) {
    let schema = match args.of {
        Of::Mapping => workbench::schema::mapping(),
        Of::Config => config::schema::config(),
        Of::Packet => packet(),
    };
    println!("{schema:#}");
}

/// Made from the packet's own types and their comments.
fn packet() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Packet>().to_value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_packets_schema_names_every_key_of_the_contract_and_explains_it() {
        let schema = packet();
        let properties = schema["properties"].as_object().unwrap();
        for key in [
            "packet_id",
            "crm",
            "account",
            "status",
            "filled",
            "deal",
            "owner",
            "important",
            "sections",
            "gaps",
            "review",
            "mapping",
            "as_of",
        ] {
            assert!(properties.contains_key(key), "{key}: {schema:#}");
        }
        let gap = &schema["$defs"]["Gap"]["properties"];
        assert_eq!(gap["for"]["description"], "Who can fill it.");
    }
}
