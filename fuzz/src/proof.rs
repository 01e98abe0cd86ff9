//! Hashes and their spellings, by other code than the product's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};

/// HMAC-SHA-256 over the parts, in standard base64.
pub fn hmac_base64(key: &[u8], parts: &[&[u8]]) -> String {
    STANDARD.encode(mac(key, parts))
}

/// HMAC-SHA-256 over the parts, in lower-case hex.
pub fn hmac_hex(key: &[u8], parts: &[&[u8]]) -> String {
    hex(mac(key, parts).as_ref())
}

/// SHA-256 over the parts, in lower-case hex.
pub fn sha256_hex(parts: &[&[u8]]) -> String {
    hex(digest::digest(&digest::SHA256, &parts.concat()).as_ref())
}

fn mac(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
