//! Checks the signature and reads the JSON.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

use super::body::Verifier;
use super::{body, server};

pub async fn serve() {
    server::serve(receive, Verifier::new()).await;
}

async fn receive(
    State(verifier): State<Verifier>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    verifier.verify(&headers, &body)?;
    body::parse(&body)?;
    Ok(StatusCode::OK)
}
