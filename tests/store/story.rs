//! A test as a function of a fixture, told on SQLite and on PostgreSQL.

use std::panic::resume_unwind;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use libtest_mimic::{Failed, Trial};

use crate::fixture::Fixture;
use crate::test_database::{Engine, SERVER, TestDatabase};

pub struct Story {
    pub name: &'static str,
    pub tell: fn(Fixture) -> BoxFuture<'static, ()>,
}

/// Lists stories by the name of their function.
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        &[$($crate::story::Story {
            name: concat!(module_path!(), "::", stringify!($story)),
            tell: |fixture| Box::pin($story(fixture)),
        }),*]
    };
}

/// A story on one engine. Without a server, PostgreSQL's are ignored, or fail where they are required.
pub fn on(engine: Engine, story: &'static Story) -> Trial {
    let name = format!("{}::{engine}", story.name.trim_start_matches("store::"));
    let missing = engine == Engine::Postgres && std::env::var_os(SERVER).is_none();
    let required = std::env::var("HANDOFF_REQUIRE_POSTGRES").is_ok_and(|value| value == "1");
    let trial = Trial::test(name, move || {
        if missing {
            return Err(Failed::from(format!("{SERVER} is not set")));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(tell(engine, story));
        Ok(())
    });
    trial.with_ignored_flag(missing && !required)
}

async fn tell(engine: Engine, story: &'static Story) {
    let database = Arc::new(TestDatabase::create(engine).await);
    let its_database = Arc::clone(&database);
    let told = tokio::spawn(async move { (story.tell)(Fixture::new(its_database).await).await }).await;
    database.remove().await;
    if let Err(failed) = told {
        resume_unwind(failed.into_panic());
    }
}
