//! Raw requests against the sandbox's Salesforce: for each rule one that breaks it and sees the refusal.

mod auth_checks;
mod deal_writes;
mod login;
mod outbound;
mod reading;
mod soql;
mod stages;
mod writing;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

use super::*;
use crate::clock::ManualClock;
use crate::opportunities::JWT_KEY;
use crate::{Fault, Times};

const ORG: &str = "00DHn0000012AbCMAU";
const DEAL: &str = "006Hn00001QwErTIAV";
const OTHER_DEAL: &str = "006Hn00001QwErUIAV";
const ACCOUNT: &str = "001Hn00002ZxCvBIAV";
const CONTACT: &str = "003Hn00002AbCdEIAV";
const SELLER: &str = "005Hn00000AbCdEIAV";
const LEFT: &str = "005Hn00000AbCdFIAV";
const ROBOT: &str = "005Hn00000AbCdGIAV";
const KEY: &str = "consumer";
const USERNAME: &str = "bridge@acme.example";
const TOKEN: &str = "/services/oauth2/token";
const TASKS: &str = "/services/data/v66.0/sobjects/Task";

/// An org with one small deal and one bare one, and a client that says exactly what it is told to.
struct Trial {
    salesforce: Salesforce,
    clock: ManualClock,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The error code of Salesforce's list.
    fn code(&self) -> String {
        self.json()[0]["errorCode"].as_str().unwrap_or_default().to_owned()
    }
}

impl Trial {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let start: Timestamp = "2026-11-20T08:00:00Z".parse().unwrap();
        let clock = ManualClock::new(start);
        let salesforce = FakeServer::start(SalesforceState::new(clock.clock())).unwrap();
        let mut org = Org::new(ORG, "acme");
        org.add_jwt_app(KEY, &JWT_KEY.public_der, USERNAME);
        org.add_secret_app("secretive", "hush", USERNAME);
        org.add_user(ROBOT, ("Handoff", "Bridge"), USERNAME, true);
        org.add_user(SELLER, ("Ana", "Silva"), "ana@acme.example", true);
        org.add_user(LEFT, ("Ben", "Gone"), "ben@acme.example", false);
        org.add_field(Object::Opportunity, Field::new("Pain__c", "Pain", Type::LongText));
        org.add_field(Object::Task, Field::new("Handoff_Key__c", "Key", Type::Text).external_id(true));
        org.add_field(Object::Task, Field::new("Loose_Key__c", "Key", Type::Text).external_id(false));
        org.add(
            Object::Account,
            ACCOUNT,
            start,
            &[("Name", "Northwind"), ("OwnerId", SELLER), ("NumberOfEmployees", "40")],
        );
        org.add_contact(CONTACT, ACCOUNT, start, ("Dee", "Ortega"), &[("Title", "COO")]);
        let values = [
            ("Name", "Northwind - Platform 250 seats"),
            ("AccountId", ACCOUNT),
            ("OwnerId", SELLER),
            ("StageName", "Negotiation/Review"),
            ("Amount", "120000"),
            ("CloseDate", "2026-11-20"),
            ("Pain__c", "Their vendor raised prices."),
        ];
        org.add_opportunity(DEAL, start, &values);
        org.add_opportunity(OTHER_DEAL, start, &[("Name", "Bare"), ("StageName", "Prospecting")]);
        org.add_contact_role(DEAL, CONTACT, "Decision Maker", true, start);
        salesforce.change(|state| state.add_org(org));
        Self { salesforce, clock, client: reqwest::Client::new() }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Org) -> T) -> T {
        self.salesforce.change(|state| change(state.org_mut(ORG).unwrap()))
    }

    fn see<T>(&self, look: impl FnOnce(&Org) -> T) -> T {
        self.salesforce.see(|state| look(state.org(ORG).unwrap()))
    }

    fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.salesforce.url())
    }

    /// Logs in with a JWT and returns the token.
    async fn token(&self) -> String {
        let reply = self.log_in(&json!({})).await;
        reply.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", reply.text)).to_owned()
    }

    /// Asks for a token with claims that differ from good ones.
    async fn log_in(&self, claims: &Value) -> Reply {
        let assertion = self.jwt(r#"{"alg":"RS256"}"#, claims);
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        self.form(TOKEN, &[("grant_type", grant), ("assertion", &assertion)]).await
    }

    fn jwt(&self, header: &str, claims: &Value) -> String {
        let mut all = json!({
            "iss": KEY, "sub": USERNAME, "aud": "https://login.salesforce.com",
            "exp": self.clock.now().as_second() + 120,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(JWT_KEY.private_pem.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(all.to_string()));
        let mut signature = vec![0; key.public().modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    async fn form(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        Self::read(self.client.post(self.url(path)).form(form)).await.unwrap()
    }

    async fn send(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Reply {
        let mut request = self.client.request(method.parse().unwrap(), self.url(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        Self::read(request).await.unwrap()
    }

    /// Sends with a fresh token.
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let token = self.token().await;
        self.send(method, path, Some(&token), body).await
    }

    async fn query(&self, soql: &str) -> Reply {
        let token = self.token().await;
        let request = self.client.get(self.url("/services/data/v66.0/query")).query(&[("q", soql)]);
        Self::read(request.bearer_auth(token)).await.unwrap()
    }

    /// The rows of a query that is fine.
    async fn rows(&self, soql: &str) -> Vec<Value> {
        let reply = self.query(soql).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()["records"].as_array().unwrap().clone()
    }

    async fn read(request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Reply { status, headers, text: response.text().await? })
    }

    /// That exactly one request was noticed as one that a correct client never sends.
    fn noticed(&self, why: &str) {
        let problems = self.salesforce.problems();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(why), "{problems:?}");
    }

    fn nothing_was_wrong(&self) {
        assert_eq!(self.salesforce.problems(), [""; 0]);
    }
}
