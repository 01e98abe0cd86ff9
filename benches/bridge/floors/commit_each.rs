//! Stores every event once, with a commit for each request.

use super::queue::receive;
use super::{server, sqlite};

pub async fn serve(at: &str) {
    server::serve(receive, sqlite::begin(at, 1)).await;
}
