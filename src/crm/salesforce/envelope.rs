//! Reads the SOAP envelope of an Outbound Message, one event of the parser at a time.
//!
//! Only ids are kept: everything else in the message is a hint that the REST read supersedes. What XML can
//! do beyond elements and text (document types, entities, unlimited depth) is refused.
//! <https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_notifications.htm>

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, ResolveResult};
use quick_xml::reader::NsReader;

/// Elements inside each other. A real message has six.
const MAX_DEPTH: usize = 32;
/// Attributes of one element. A real one has at most three, and each is compared with all others.
const MAX_ATTRIBUTES: usize = 32;
/// Notifications of one message: the limit of Salesforce's own WSDL.
const MAX_NOTIFICATIONS: usize = 100;

const SOAP: Namespace<'static> = Namespace("http://schemas.xmlsoap.org/soap/envelope/");
const OUTBOUND: Namespace<'static> = Namespace("http://soap.sforce.com/2005/09/outbound");
const RECORD: Namespace<'static> = Namespace("urn:sobject.enterprise.soap.sforce.com");
const INSTANCE: Namespace<'static> = Namespace("http://www.w3.org/2001/XMLSchema-instance");

/// What an Outbound Message says, as far as it is read: ids, unchecked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutboundMessage {
    /// The organisation it speaks for; 18 characters.
    pub organization: String,
    /// Up to 100.
    pub notifications: Vec<Notification>,
}

/// One record that changed. An empty text means "not there": the record of a deleted opportunity has no data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notification {
    /// The same on every redelivery.
    pub id: String,
    /// The object's API name, such as `Opportunity`.
    pub object: Option<String>,
    pub record: String,
}

/// Where in the envelope the parser stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Envelope,
    Body,
    Notifications,
    OrganizationId,
    Notification,
    NotificationId,
    Record,
    RecordId,
    /// Something that is not read, and everything inside it.
    Ignored,
}

/// Reads an envelope. The error says what is wrong with it, without quoting it.
pub(super) fn parse(body: &[u8]) -> Result<OutboundMessage, String> {
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
    if !text.chars().all(is_xml_char) {
        return Err("the body holds a character that XML does not allow".into());
    }
    let mut reader = NsReader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut reading = Reading::default();
    loop {
        match reader.read_event().map_err(|_| "the body is not well-formed XML")? {
            Event::Start(start) => reading.open(&start, reader.resolver())?,
            Event::End(_) => reading.close()?,
            Event::Text(text) => reading.text(&text.xml10_content())?,
            Event::CData(text) => reading.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|_| "a character reference is wrong")?;
                match (character, resolve_predefined_entity(&reference)) {
                    (Some(character), _) if is_xml_char(character) => {
                        reading.text(character.encode_utf8(&mut [0; 4]))?;
                    }
                    (None, Some(text)) => reading.text(text)?,
                    _ => return Err("entities beyond the five of XML are refused".into()),
                }
            }
            Event::DocType(_) => return Err("a document type declaration is refused".into()),
            Event::Decl(declaration) => require_utf8(&declaration)?,
            Event::Eof => return reading.finish(),
            // `expand_empty_elements` turns empty ones into a start and an end.
            Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
        }
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    open: Vec<Place>,
    finished: bool,
    saw_notifications: bool,
    organization: String,
    notifications: Vec<Notification>,
}

impl Reading {
    fn open(&mut self, start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<(), String> {
        if self.finished {
            return Err("there is more than one document".into());
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("elements are nested more than {MAX_DEPTH} deep"));
        }
        let attributes = Attributes::read(start, resolver)?;
        let place = self.place(start, resolver)?;
        match place {
            Place::Notifications if self.saw_notifications => return Err("there are several messages".into()),
            Place::Notifications => self.saw_notifications = true,
            Place::OrganizationId if !self.organization.is_empty() => {
                return Err("there are several organisation ids".into());
            }
            Place::Notification if self.notifications.len() >= MAX_NOTIFICATIONS => {
                return Err(format!("there are more than {MAX_NOTIFICATIONS} notifications"));
            }
            Place::Notification => self.notifications.push(Notification::default()),
            Place::Record => {
                let notification = self.latest()?;
                if notification.object.is_some() || !notification.record.is_empty() {
                    return Err("a notification has several records".into());
                }
                notification.object = attributes.type_name;
            }
            Place::NotificationId if !self.latest()?.id.is_empty() => {
                return Err("a notification has several ids".into());
            }
            Place::RecordId if !self.latest()?.record.is_empty() => {
                return Err("a record has several ids".into());
            }
            _ => {}
        }
        self.open.push(if attributes.nil { Place::Ignored } else { place });
        Ok(())
    }

    /// Where an element leads. Wrapping elements must be exactly the ones of the format; inside them, what
    /// is unknown is passed over, so that a new element in a later release breaks nothing.
    fn place(&self, start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<Place, String> {
        let (namespace, local) = resolver.resolve_element(start.name());
        if matches!(namespace, ResolveResult::Unknown(_)) {
            return Err("an element has an undeclared prefix".into());
        }
        let is = |wanted: Namespace<'_>, name: &str| {
            namespace == ResolveResult::Bound(wanted) && local.as_ref() == name
        };
        Ok(match self.open.last() {
            None if is(SOAP, "Envelope") => Place::Envelope,
            None => return Err("the body is not a SOAP 1.1 envelope".into()),
            Some(Place::Envelope) if is(SOAP, "Body") => Place::Body,
            Some(Place::Body) if is(OUTBOUND, "notifications") => Place::Notifications,
            Some(Place::Body) => return Err("the envelope does not hold an Outbound Message".into()),
            Some(Place::Notifications) if is(OUTBOUND, "OrganizationId") => Place::OrganizationId,
            Some(Place::Notifications) if is(OUTBOUND, "Notification") => Place::Notification,
            Some(Place::Notification) if is(OUTBOUND, "Id") => Place::NotificationId,
            Some(Place::Notification) if is(OUTBOUND, "sObject") => Place::Record,
            Some(Place::Record) if is(RECORD, "Id") => Place::RecordId,
            Some(_) => Place::Ignored,
        })
    }

    /// Text comes in pieces, split at every reference, and is put together here.
    fn text(&mut self, piece: &str) -> Result<(), String> {
        match self.open.last() {
            Some(Place::OrganizationId) => self.organization.push_str(piece),
            Some(Place::NotificationId) => self.latest()?.id.push_str(piece),
            Some(Place::RecordId) => self.latest()?.record.push_str(piece),
            Some(_) => {}
            None if piece.trim_start_matches('\u{feff}').trim().is_empty() => {}
            None => return Err("there is text outside the envelope".into()),
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        self.open.pop().ok_or("an element ends that never began")?;
        self.finished = self.open.is_empty();
        Ok(())
    }

    fn latest(&mut self) -> Result<&mut Notification, String> {
        self.notifications.last_mut().ok_or_else(|| "an element stands outside its notification".to_owned())
    }

    fn finish(self) -> Result<OutboundMessage, String> {
        if !self.finished {
            return Err("the body ends before the envelope does".into());
        }
        if !self.saw_notifications {
            return Err("the envelope does not hold an Outbound Message".into());
        }
        Ok(OutboundMessage { organization: self.organization, notifications: self.notifications })
    }
}

/// The two attributes that mean something.
#[derive(Default)]
struct Attributes {
    /// `xsi:nil="true"`: the element has no value.
    nil: bool,
    /// `xsi:type="sf:Opportunity"` without its prefix.
    type_name: Option<String>,
}

impl Attributes {
    fn read(start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<Self, String> {
        let mut found = Self::default();
        // Counting first keeps the check for doubled attributes, which is quadratic, small.
        if start.attributes().with_checks(false).take(MAX_ATTRIBUTES + 1).count() > MAX_ATTRIBUTES {
            return Err(format!("an element has more than {MAX_ATTRIBUTES} attributes"));
        }
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| "an attribute is not well-formed")?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| "entities beyond the five of XML are refused")?;
            let (namespace, local) = resolver.resolve_attribute(attribute.key);
            if namespace != ResolveResult::Bound(INSTANCE) {
                continue;
            }
            match local.as_ref() {
                "nil" => found.nil = matches!(value.trim(), "true" | "1"),
                "type" => found.type_name = value.rsplit(':').next().map(|name| name.trim().to_owned()),
                _ => {}
            }
        }
        Ok(found)
    }
}

fn require_utf8(declaration: &BytesDecl<'_>) -> Result<(), String> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err("the body is declared to be something other than UTF-8".into()),
    }
}

/// <https://www.w3.org/TR/xml/#charsets>
fn is_xml_char(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::super::tests::sample::{ENVELOPE_A, ENVELOPE_B, ENVELOPE_C, ORG};
    use super::*;

    fn read(body: &str) -> Result<OutboundMessage, String> {
        parse(body.as_bytes())
    }

    fn notification(id: &str, record: &str) -> Notification {
        Notification { id: id.into(), object: Some("Opportunity".into()), record: record.into() }
    }

    /// A message with this inside its `notifications`.
    fn message(inside: &str) -> String {
        format!(
            r#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
                xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><e:Header/><e:Body>
                <n:notifications xmlns:n="http://soap.sforce.com/2005/09/outbound">
                <n:OrganizationId>{ORG}</n:OrganizationId>{inside}</n:notifications></e:Body></e:Envelope>"#
        )
    }

    fn records(inside: &str) -> Vec<Notification> {
        read(&message(inside)).unwrap().notifications
    }

    #[test]
    fn the_known_messages_are_read() {
        let a = read(ENVELOPE_A).unwrap();
        assert_eq!(a.organization, ORG);
        assert_eq!(a.notifications, [notification("04lHn00000A1b2CIAR", "006Hn00001QwErTIAV")]);
        assert_eq!(
            read(ENVELOPE_B).unwrap().notifications,
            [
                notification("04lHn00000A1b2DIAR", "006Hn00001QwErTIAV"),
                notification("04lHn00000A1b2EIAR", "006Hn00001QwErUIAV"),
                notification("04lHn00000A1b2FIAR", "006Hn00001QwErVIAV"),
            ]
        );
        let c = read(ENVELOPE_C).unwrap();
        assert_eq!(c.notifications, [notification("04lHn00000A1b2CIAR", "006Hn00001QwErVIAV")]);
    }

    #[test]
    fn prefixes_order_and_comments_do_not_matter() {
        let inside = r#"<!-- x --><n:Notification><n:sObject i:type="any:Opportunity"
            xmlns:r="urn:sobject.enterprise.soap.sforce.com"><r:Name>Acme &amp; Sons</r:Name>
            <r:Id>006Hn00001QwErTIAV</r:Id></n:sObject><n:Id>04lHn00000A1b2CIAR</n:Id></n:Notification>"#;
        assert_eq!(records(inside), [notification("04lHn00000A1b2CIAR", "006Hn00001QwErTIAV")]);
        let with_bom = format!("\u{feff}{ENVELOPE_A}");
        assert_eq!(read(&with_bom), read(ENVELOPE_A));
    }

    #[test]
    fn text_is_put_together_across_references_and_cdata() {
        let inside = "<n:Notification><n:Id>04l&#72;n00000A<![CDATA[1b2]]>&#x43;IAR</n:Id></n:Notification>";
        assert_eq!(records(inside)[0].id, "04lHn00000A1b2CIAR");
        let inside = "<n:Notification><n:Id>a&amp;b&lt;&gt;&quot;&apos;</n:Id></n:Notification>";
        assert_eq!(records(inside)[0].id, r#"a&b<>"'"#);
    }

    #[test]
    fn a_record_may_be_missing_nil_or_empty() {
        let id = "<n:Id>04lHn00000A1b2CIAR</n:Id>";
        for record in [
            "",
            "<n:sObject/>",
            r#"<n:sObject i:nil="true"/>"#,
            r#"<n:sObject i:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"/>"#,
            r#"<n:sObject i:nil="1"><Id xmlns="urn:sobject.enterprise.soap.sforce.com">006Hn00001QwErTIAV</Id></n:sObject>"#,
            r#"<n:sObject><sf:Id xmlns:sf="urn:sobject.enterprise.soap.sforce.com" i:nil="true"/></n:sObject>"#,
        ] {
            let records = records(&format!("<n:Notification>{id}{record}</n:Notification>"));
            assert_eq!(
                (records[0].id.as_str(), records[0].record.as_str()),
                ("04lHn00000A1b2CIAR", ""),
                "{record}"
            );
        }
    }

    #[test]
    fn only_the_records_own_id_is_its_id() {
        let inside = r#"<n:Notification><n:Id>04lHn00000A1b2CIAR</n:Id>
            <n:sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Owner><sf:Id>005Hn00000AbCdEIAV</sf:Id>
            </sf:Owner><n:Id>006Hn00001QwErUIAV</n:Id><sf:Id>006Hn00001QwErTIAV</sf:Id></n:sObject></n:Notification>"#;
        assert_eq!(records(inside)[0].record, "006Hn00001QwErTIAV");
    }

    #[test]
    fn what_xml_can_do_beyond_elements_and_text_is_refused() {
        let laughs = format!(
            r#"<!DOCTYPE e [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>{}"#,
            message("<n:Notification><n:Id>&b;</n:Id></n:Notification>")
        );
        insta::assert_snapshot!(read(&laughs).unwrap_err(), @"a document type declaration is refused");
        let external = format!(r#"<!DOCTYPE e SYSTEM "file:///etc/passwd">{}"#, message(""));
        insta::assert_snapshot!(read(&external).unwrap_err(), @"a document type declaration is refused");
        for entity in ["<n:Notification><n:Id>&xxe;</n:Id></n:Notification>", r#"<n:X a="&xxe;"/>"#] {
            assert_eq!(read(&message(entity)).unwrap_err(), "entities beyond the five of XML are refused");
        }
        for reference in ["&#0;", "&#x8;", "&#xFFFE;", "&#xD800;", "&#99999999999;", "&#;"] {
            assert!(read(&message(&format!("<n:Id>{reference}</n:Id>"))).is_err(), "{reference}");
        }
    }

    #[test]
    fn ten_thousand_levels_are_refused_at_the_thirty_third() {
        let deep = message(&"<n:x>".repeat(10_000));
        insta::assert_snapshot!(read(&deep).unwrap_err(), @"elements are nested more than 32 deep");
        let fits = format!("{}{}", "<n:x>".repeat(29), "</n:x>".repeat(29));
        assert!(read(&message(&fits)).is_ok());
    }

    #[test]
    fn a_hundred_notifications_are_read_and_one_more_is_refused() {
        assert_eq!(records(&"<n:Notification/>".repeat(100)).len(), 100);
        let error = read(&message(&"<n:Notification/>".repeat(101))).unwrap_err();
        insta::assert_snapshot!(error, @"there are more than 100 notifications");
    }

    #[test]
    fn a_flood_of_attributes_or_namespaces_is_refused() {
        let mut attributes = String::new();
        let mut namespaces = String::new();
        for i in 0..100_000 {
            write!(attributes, " a{i}=''").unwrap();
            write!(namespaces, " xmlns:a{i}='u'").unwrap();
        }
        assert!(read(&message(&format!("<n:x{attributes}/>"))).unwrap_err().contains("attributes"));
        assert!(read(&message(&format!("<n:x{namespaces}/>"))).is_err());
    }

    #[test]
    fn ids_that_could_be_read_in_two_ways_are_refused() {
        let record =
            r#"<n:sObject xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>a</sf:Id></n:sObject>"#;
        for inside in [
            "<n:OrganizationId>00D7F00000107XsUAI</n:OrganizationId>".to_owned(),
            "<n:Notification><n:Id>a</n:Id><n:Id>b</n:Id></n:Notification>".to_owned(),
            format!("<n:Notification>{record}{record}</n:Notification>"),
            format!(
                "<n:Notification>{}</n:Notification>",
                record.replace("</sf:Id>", "</sf:Id><sf:Id>b</sf:Id>")
            ),
            r#"<n:x a="1" a="2"/>"#.to_owned(),
        ] {
            assert!(read(&message(&inside)).is_err(), "{inside}");
        }
    }

    #[test]
    fn anything_but_an_outbound_message_is_refused() {
        let soap12 = ENVELOPE_A
            .replace("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope");
        let other = ENVELOPE_A.replace("http://soap.sforce.com/2005/09/outbound", "urn:other");
        let latin = ENVELOPE_A.replace("UTF-8", "ISO-8859-1");
        let undeclared = ENVELOPE_A.replace(r#" xmlns:sf="urn:sobject.enterprise.soap.sforce.com""#, "");
        let twice = format!("{ENVELOPE_A}{}", message(""));
        for body in [
            "",
            "{}",
            "<a/>",
            "<",
            "text",
            &soap12,
            &other,
            &latin,
            &undeclared,
            &twice,
            &format!("{ENVELOPE_A}text"),
            &ENVELOPE_A.replace("</soapenv:Envelope>", ""),
            &ENVELOPE_A.replace("Northwind", "North\u{0}wind"),
            &ENVELOPE_A.replace("Northwind", "North\u{b}wind"),
            &message("").replace("<e:Body>", "<e:Body/><e:Other>").replace("</e:Body>", "</e:Other>"),
        ] {
            assert!(read(body).is_err(), "{body}");
        }
        let mut not_utf8 = ENVELOPE_A.as_bytes().to_vec();
        let place = ENVELOPE_A.find("Northwind").unwrap();
        not_utf8[place] = 0xff;
        assert_eq!(parse(&not_utf8).unwrap_err(), "the body is not UTF-8");
    }

    #[test]
    fn a_message_that_names_another_organisation_is_read_as_such() {
        // In the wrong namespace the element is a stranger, and the organisation stays unknown.
        let stranger = message("").replace("n:OrganizationId", "OrganizationId");
        assert_eq!(read(&stranger).unwrap().organization, "");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn no_damaged_message_makes_it_panic(
            start in 0..ENVELOPE_B.len(), length in 0..40_usize, with in "[<>&;/a-z:\"= !\\[\\]-]{0,20}",
        ) {
            let mut bytes = ENVELOPE_B.as_bytes().to_vec();
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, with.into_bytes());
            if let Ok(message) = parse(&bytes) {
                prop_assert!(message.notifications.len() <= MAX_NOTIFICATIONS);
            }
        }
    }
}
