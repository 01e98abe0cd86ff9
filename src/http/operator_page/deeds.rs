//! The deeds of the command line as posts. [`super::super::access::guard`] has made sure that an operator sends them from
//! a page of ours.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::Failed;
use super::form::Form;
use super::layout::Tab;
use crate::http::HttpState;
use crate::http::access::Caller;
use crate::operations::{Dismissed, OperationError, clean_reason, web_address};
use crate::store::{Decision, Destination, StoredPacket};
use handoff_core::record::DealKey;

/// What a page says after a deed, by the name that the address carries.
pub(super) fn notice(done: &str) -> Option<&'static str> {
    Some(match done {
        "recheck" => "The deal is looked at again as soon as the service comes to it.",
        "replay" => "It is sent again.",
        "settled" => "It is there: nothing is sent again.",
        "sent-again" => "It is not there: it is sent again.",
        "dismissed" => "Dismissed. What was posted stays as it is.",
        "dismissed-again" => "It was dismissed already, and has another reason now.",
        "taken-back" => "The gap counts again.",
        "deal" => "The deal is looked at again.",
        "group" => "Everything that this cause stopped is tried again.",
        "group-part" => {
            "What could be tried again is. The rest moved on by itself, or still stands here: open it to see why."
        }
        _ => return None,
    })
}

/// `POST /packets/{id}/{deed}`: `recheck`, `replay`, `settle` or `dismiss`.
pub(super) async fn on_packet(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Extension(form): Extension<Form>,
    Path((id, deed)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let done = async {
        let missing = || Failed(StatusCode::NOT_FOUND, "there is no such packet".to_owned());
        let stored = state.store.packet(&id).await?.ok_or_else(missing)?;
        let done = act(&state, &caller, &stored, &deed, &form).await?;
        note(&caller, &deed, &id);
        Ok(Redirect::to(&format!("/packets/{id}?done={done}")).into_response())
    };
    done.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Packets, &caller, &headers))
}

/// Does a deed, and returns the name of its notice.
async fn act(
    state: &HttpState,
    caller: &Caller,
    stored: &StoredPacket,
    deed: &str,
    form: &Form,
) -> Result<&'static str, Failed> {
    let operations = &state.operations;
    let by = caller.user.as_deref();
    let required = |name: &str| form.get(name).ok_or_else(|| unclear(&format!("{name} is missing")));
    let destination = || -> Result<Destination, Failed> {
        required("destination")?.parse().map_err(|()| unclear("there is no such delivery"))
    };
    Ok(match deed {
        "recheck" => {
            operations.store.recheck(&stored.packet_id).await?;
            "recheck"
        }
        "replay" => {
            operations.replay(stored, Some(destination()?), by).await?;
            "replay"
        }
        "settle" if required("seen")? == "done" => {
            let url = form.get("url").map(web_address).transpose().map_err(unclear)?;
            let external_id = form.get("id").map(ToOwned::to_owned);
            let there = Decision::Done { external_id, url: url.map(String::from) };
            operations.settle(stored, destination()?, there, by).await?;
            "settled"
        }
        "settle" if required("seen")? == "not_done" => {
            operations.settle(stored, destination()?, Decision::NotDone, by).await?;
            "sent-again"
        }
        "dismiss" => {
            let reason = match form.get("undo") {
                Some(_) => None,
                None => Some(clean_reason(form.get("reason").unwrap_or_default())?),
            };
            let (section, gap) = (required("section")?, required("gap")?);
            match operations.dismiss(stored, section, gap, reason.as_deref()).await? {
                Dismissed::Yes => "dismissed",
                Dismissed::Again => "dismissed-again",
                Dismissed::TakenBack => "taken-back",
            }
        }
        _ => return Err(Failed(StatusCode::NOT_FOUND, "there is no such deed".to_owned())),
    })
}

/// `POST /deals/replay`: looks at a dead deal again.
pub(super) async fn replay_deal(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Extension(form): Extension<Form>,
    headers: HeaderMap,
) -> Response {
    let done = async {
        let deal = form.get("deal").and_then(|deal| deal.parse::<DealKey>().ok());
        let deal = deal.ok_or_else(|| unclear("no deal is named"))?;
        if !state.store.replay_deal(&deal).await? {
            return Err(OperationError::Refused(format!("{deal} is not dead")).into());
        }
        note(&caller, "replay", &deal.to_string());
        Ok(Redirect::to("/stuck?done=deal").into_response())
    };
    done.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Stuck, &caller, &headers))
}

/// `POST /stuck/replay`: tries everything again that one cause stopped.
pub(super) async fn replay_group(
    State(state): State<Arc<HttpState>>,
    Extension(caller): Extension<Caller>,
    Extension(form): Extension<Form>,
    headers: HeaderMap,
) -> Response {
    let done = async {
        let group = form.get("group").unwrap_or_default().to_owned();
        let (state, by, name) = (Arc::clone(&state), caller.user.clone(), group.clone());
        // A browser that does not wait for the end does not leave half of the group behind.
        let work = async move { state.operations.replay_group(&name, by.as_deref()).await };
        let replayed = tokio::spawn(work).await.map_err(|_| broken_off())??;
        if replayed.again == 0 {
            return Err(OperationError::Refused("nothing of it can be sent again".to_owned()).into());
        }
        note(&caller, "replay", &format!("{} of {group}", replayed.again));
        let done = if replayed.passed_over == 0 { "group" } else { "group-part" };
        Ok(Redirect::to(&format!("/stuck?done={done}")).into_response())
    };
    done.await.unwrap_or_else(|failed: Failed| failed.told(Tab::Stuck, &caller, &headers))
}

fn unclear(why: &str) -> Failed {
    Failed(StatusCode::BAD_REQUEST, why.to_owned())
}

fn broken_off() -> Failed {
    Failed(StatusCode::INTERNAL_SERVER_ERROR, "it was broken off: see what is still stuck".to_owned())
}

/// Who did what, for an audit. Names packets and deals by their ids only.
fn note(caller: &Caller, deed: &str, of: &str) {
    let user = caller.user.as_deref().unwrap_or("not named");
    tracing::info!(deed, of, user, "an operator acted on the page");
}
