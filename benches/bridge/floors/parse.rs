//! Reads the JSON.

use axum::body::Bytes;
use axum::http::StatusCode;

use super::{body, server};

pub async fn serve() {
    server::serve(receive, ()).await;
}

async fn receive(body: Bytes) -> Result<StatusCode, StatusCode> {
    body::parse(&body)?;
    Ok(StatusCode::OK)
}
