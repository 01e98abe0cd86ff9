//! Stores every event once; requests that come together share a commit.

use super::queue::receive;
use super::{server, sqlite};

pub async fn serve(at: &str) {
    server::serve(receive, sqlite::begin(at, usize::MAX)).await;
}
