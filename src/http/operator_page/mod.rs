//! The operators' page: packets, what is stuck, how packets come out, what came in; and the deeds of the command line.
//!
//! Every page is a whole document that needs no script, and at the same address there is JSON for programs. It shows and
//! does what [`crate::operations`] and the store give the command line, and nothing else. Who may see it is decided
//! before, in [`super::access`]. Read [`routes`] first.

mod deeds;
pub mod form;
mod inputs;
pub mod layout;
mod list;
mod packet;
mod stats;
mod stuck;
mod timeline;

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

use super::access::{Caller, wants_page};
use super::{HttpState, operator};
use crate::operations::OperationError;
use crate::store::StoreError;
use layout::{Tab, sorry};

/// Every page and deed, for those whom [`super::access::guard`] lets through.
pub(super) fn routes() -> Router<Arc<HttpState>> {
    Router::new()
        .route("/packets", get(list::list))
        .route("/packets/{id}", get(packet::show))
        .route("/packets/{id}/{deed}", post(deeds::on_packet))
        .route("/stats", get(stats::stats).layer(Extension(Arc::<stats::Tallies>::default())))
        .route("/events", get(inputs::inputs_page))
        .route("/stuck", get(stuck::stuck))
        .route("/stuck/replay", post(deeds::replay_group))
        .route("/deals/replay", post(deeds::replay_deal))
}

/// `GET /`: a browser is led to the packets, everything else is told what is served.
pub(super) async fn index(headers: HeaderMap) -> Response {
    if wants_page(&headers) {
        return Redirect::to("/packets").into_response();
    }
    operator::INDEX.into_response()
}

/// `GET /page.css`. It tells nobody anything, and the page to sign in at needs it.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("page.css"))
}

const UNREADABLE: &str = "this cannot be read by this version of the program";

/// Why a page is not shown, or a deed not done.
struct Failed(StatusCode, String);

impl Failed {
    /// For a person as a page, for a program as a line.
    fn told(self, tab: Tab, caller: &Caller, headers: &HeaderMap) -> Response {
        let Self(status, why) = self;
        if wants_page(headers) {
            sorry(status, tab, caller, &why)
        } else {
            (status, why + "\n").into_response()
        }
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store does not answer operators");
        Self(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer: try again".to_owned())
    }
}

impl From<serde_json::Error> for Failed {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!(%error, "what is stored cannot be read");
        Self(StatusCode::INTERNAL_SERVER_ERROR, UNREADABLE.to_owned())
    }
}

impl From<OperationError> for Failed {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::NotFound(why) => Self(StatusCode::NOT_FOUND, why),
            OperationError::Refused(why) => Self(StatusCode::CONFLICT, why),
            OperationError::Store(error) => error.into(),
            OperationError::Unreadable(error) => error.into(),
        }
    }
}
