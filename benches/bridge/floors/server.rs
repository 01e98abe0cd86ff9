//! What all floors listen with.

use axum::Router;
use axum::handler::Handler;
use axum::routing::post;
use tokio::net::TcpListener;

/// Serves one route, and says where.
pub async fn serve<T: 'static, S: Clone + Send + Sync + 'static>(handler: impl Handler<T, S>, state: S) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/webhooks/hubspot", post(handler)).with_state(state);
    axum::serve(listener, routes).await.unwrap();
}
