//! Outbound Messages: SOAP that carries the record as it is when it is sent, not as it was when it changed.
//!
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm>

use super::object::Object;
use super::org::Org;
use super::permissions::PermittedView;
use super::record::text;

/// One thing to send about an opportunity. Sent again, it keeps its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// `04l…`, 18 characters.
    pub id: String,
    /// The opportunity's id.
    pub opportunity: String,
}

/// What one sender does and another does not; none of it means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Namespace prefix of the fields: `sf`.
    pub prefix: String,
    /// Namespace prefix of the envelope: `soapenv`.
    pub soap_prefix: String,
    /// Everything in one line.
    pub compact: bool,
    /// What stands for a record that was deleted meanwhile.
    pub deleted: Deleted,
    /// API version in the addresses, frozen when the message was set up.
    pub version: String,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            prefix: "sf".to_owned(),
            soap_prefix: "soapenv".to_owned(),
            compact: false,
            deleted: Deleted::Missing,
            version: "66.0".to_owned(),
        }
    }
}

/// A record without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// There is no `sObject` element.
    Missing,
    /// It is there and nil.
    Nil,
    /// It is there and empty.
    Empty,
}

/// The id of the message's action.
const ACTION: &str = "04kHn0000008xYzIAI";

impl Org {
    /// The body of an Outbound Message with these notifications, of which a real one holds 1 to 100.
    pub fn outbound_message(&self, notifications: &[Notification], envelope: &Envelope) -> String {
        let Envelope { soap_prefix: soap, version, .. } = envelope;
        let short = self.id.get(..15).unwrap_or_default();
        let address = |kind: &str| {
            format!("https://{}.my.salesforce.com/services/Soap/{kind}/{version}/{short}", self.my_domain)
        };
        let mut xml = Xml { text: String::new(), depth: 0, compact: envelope.compact };
        xml.line(r#"<?xml version="1.0" encoding="UTF-8"?>"#);
        xml.open(&format!(
            "<{soap}:Envelope xmlns:{soap}=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
        ));
        xml.open(&format!("<{soap}:Body>"));
        xml.open(r#"<notifications xmlns="http://soap.sforce.com/2005/09/outbound">"#);
        xml.element("OrganizationId", &self.id);
        xml.element("ActionId", ACTION);
        xml.line(r#"<SessionId xsi:nil="true"/>"#);
        xml.element("EnterpriseUrl", &address("c"));
        xml.element("PartnerUrl", &address("u"));
        for notification in notifications {
            xml.open("<Notification>");
            xml.element("Id", &notification.id);
            self.write_opportunity(&mut xml, &notification.opportunity, envelope);
            xml.close("</Notification>");
        }
        xml.close("</notifications>");
        xml.close(&format!("</{soap}:Body>"));
        xml.close(&format!("</{soap}:Envelope>"));
        xml.text.trim_end().to_owned()
    }

    /// A null field is left out, and so is one that is hidden from the user the message is sent as.
    fn write_opportunity(&self, xml: &mut Xml, id: &str, envelope: &Envelope) {
        let Envelope { prefix, deleted, .. } = envelope;
        let named = format!(
            "<sObject xsi:type=\"{prefix}:Opportunity\" xmlns:{prefix}=\"urn:sobject.enterprise.soap.sforce.com\""
        );
        let known = self.record(Object::Opportunity, id).filter(|record| !record.deleted);
        let Some(record) = known else {
            match deleted {
                Deleted::Missing => {}
                Deleted::Nil => xml.line(&format!("{named} xsi:nil=\"true\"/>")),
                Deleted::Empty => xml.line(&format!("{named}></sObject>")),
            }
            return;
        };
        xml.open(&format!("{named}>"));
        let view = PermittedView { org: self, version: "" };
        let mut chosen: Vec<&str> = self.message_fields.iter().map(String::as_str).collect();
        chosen.sort_by_key(|name| (*name != "Id", *name));
        for field in chosen.into_iter().filter_map(|name| view.field(Object::Opportunity, name)) {
            if let Some(value) = self.value(Object::Opportunity, record, field) {
                xml.element(&format!("{prefix}:{}", field.name), &text(field, &value));
            }
        }
        xml.close("</sObject>");
    }
}

struct Xml {
    text: String,
    depth: usize,
    compact: bool,
}

impl Xml {
    fn line(&mut self, line: &str) {
        if self.compact {
            self.text.push_str(line);
        } else {
            self.text.extend([" ".repeat(self.depth).as_str(), line, "\n"]);
        }
    }

    fn open(&mut self, tag: &str) {
        self.line(tag);
        self.depth += 1;
    }

    fn close(&mut self, tag: &str) {
        self.depth -= 1;
        self.line(tag);
    }

    fn element(&mut self, name: &str, value: &str) {
        self.line(&format!("<{name}>{}</{name}>", escaped(value)));
    }
}

/// Text as XML. A character that XML cannot hold is left out.
fn escaped(text: &str) -> String {
    let held = text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\r' | '\t'));
    let text: String = held.filter(|char| !matches!(char, '\u{fffe}' | '\u{ffff}')).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}
