//! Every route of every protocol on one page, each with who may use it.

use crate::{
    App, Shared, assets, auth,
    error::Problem,
    live, mlflow,
    policy::{
        Access::{self, Api, Page, Public},
        Policy,
    },
    rest::{
        artifact, asset, compare, environment, experiment, explore, log, media, metric, note, process,
        project, run, run_event, search, server, trash, user, view,
    },
    site,
};
use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    http::{HeaderName, HeaderValue, Method},
    middleware,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use engine::Services;
use leptos::config::LeptosOptions;
use model::{
    Error, ErrorKind, limits,
    user::Role::{self, Admin, Member, Viewer},
};
use std::{any::Any, sync::Arc};
use tokio::sync::watch;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, CompressionLevel,
        predicate::{DefaultPredicate, NotForContentType, Predicate as _},
    },
    set_header::SetResponseHeaderLayer,
};
use tower_http_csrf::csrf::{CsrfLayer, ProtectionError};
use utoipa::openapi::{InfoBuilder, OpenApi, path::HttpMethod};
use utoipa_axum::{PathItemExt as _, router::OpenApiRouter, router::UtoipaMethodRouter};

pub(crate) fn router(
    services: Services,
    options: LeptosOptions,
    access: crate::Access,
    stopping: watch::Receiver<bool>,
) -> Router {
    let Table { router, policy, described } = table();
    // Pages spawn what they wait for. Only the first of several servers in a process succeeds, and that serves all.
    any_spawner::Executor::init_tokio().ok();
    let app = App(Arc::new(Shared { services, options, policy, access, stopping }));
    let fallback = get(site::render).with_state(app.clone());
    let not_for_binary = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/octet-stream"))
        .and(NotForContentType::const_new("application/vnd.apache.parquet"))
        .and(NotForContentType::const_new("application/zip"));
    router
        .route_layer(middleware::from_fn_with_state(app.clone(), auth::authorize))
        .fallback_service(fallback)
        // Outermost first in each. Layers of many parts, because every layer makes each request clone all below it.
        .layer((
            DefaultBodyLimit::max(limits::JSON_BODY_BYTES_MAX),
            CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(not_for_binary),
            Extension(server::OpenApiDocument::later(move || document(&described))),
        ))
        .layer(CsrfLayer::new().with_rejection_response(refuse_foreign))
        .layer((
            fixed_header("x-frame-options", "DENY"),
            fixed_header("referrer-policy", "same-origin"),
            fixed_header("x-content-type-options", "nosniff"),
            CatchPanicLayer::custom(answer_panic),
            middleware::from_fn_with_state(app.clone(), auth::check_host),
        ))
        .with_state(app)
}

/// Handlers at the paths and methods that their `utoipa::path` names. What else it says of them is made only when somebody
/// asks for the description: a server at rest should not hold the code that writes it.
macro_rules! routes {
    ($($module:ident::$handler:ident),+) => {
        Routes {
            routes: vec![$(utoipa_axum::paste! {{
                type Described = $module::[<__path_ $handler>];
                let methods = <Described as utoipa::Path>::methods();
                let handler = methods.iter().fold(MethodRouter::new(), |router, method| {
                    router.on(method.to_method_filter(), $module::$handler)
                });
                (<Described as utoipa::Path>::path(), methods, handler)
            }}),+],
            describe: || utoipa_axum::routes!($($module::$handler),+),
        }
    };
}

struct Routes {
    routes: Vec<(String, Vec<HttpMethod>, MethodRouter<App>)>,
    describe: Describe,
}

type Describe = fn() -> UtoipaMethodRouter<App>;

/// The table: what is not in it does not exist.
fn table() -> Table {
    let mut table = Table::default()
        .api(Public, routes!(server::health))
        .api(Public, routes!(server::live))
        .api(Public, routes!(server::ready))
        .api(Public, routes!(server::version))
        .api(Api(Viewer), routes!(user::me))
        .api(Api(Viewer), routes!(user::create_link))
        .api(Api(Viewer), routes!(live::events))
        .api(Api(Member), routes!(experiment::create))
        .api(Api(Viewer), routes!(experiment::list))
        .api(Api(Viewer), routes!(experiment::get))
        .api(Api(Member), routes!(experiment::update))
        .api(Api(Member), routes!(experiment::update_many))
        .api(Api(Viewer), routes!(project::list))
        .api(Api(Member), routes!(project::create))
        .api(Api(Member), routes!(project::update))
        .api(Api(Member), routes!(project::remove))
        .api(Api(Viewer), routes!(trash::list))
        .api(Api(Viewer), routes!(trash::size))
        .api(Api(Member), routes!(trash::restore))
        .api(Api(Admin), routes!(trash::delete))
        .api(Api(Member), routes!(run::create))
        .api(Api(Viewer), routes!(run::list))
        .api(Api(Viewer), routes!(run::export_csv))
        .api(Api(Viewer), routes!(run::export_parquet))
        .api(Api(Viewer), routes!(run::fields))
        .api(Api(Viewer), routes!(run::differing))
        .api(Api(Member), routes!(run::update_many))
        .api(Api(Viewer), routes!(run::values))
        .api(Api(Viewer), routes!(run::groups))
        .api(Api(Viewer), routes!(run::get))
        .api(Api(Member), routes!(run::update))
        .api(Api(Member), routes!(process::beat))
        .api(Api(Viewer), routes!(environment::get))
        .api(Api(Member), routes!(environment::update))
        .api(Api(Viewer), routes!(run_event::list))
        .api(Api(Member), routes!(run_event::add))
        .api(Api(Viewer), routes!(log::list))
        .api(Api(Viewer), routes!(log::search))
        .api(Api(Viewer), routes!(log::download))
        .api(Api(Member), routes!(metric::ingest))
        .api(Api(Viewer), routes!(metric::series, metric::series_by_post))
        .api(Api(Viewer), routes!(metric::export_csv))
        .api(Api(Viewer), routes!(metric::export_parquet))
        .api(Api(Viewer), routes!(artifact::list))
        .api(Api(Member), routes!(artifact::upload))
        .api(Api(Viewer), routes!(artifact::download))
        .api(Api(Member), routes!(artifact::refer))
        .api(Api(Member), routes!(artifact::remove))
        .api(Api(Viewer), routes!(artifact::archive))
        .api(Api(Viewer), routes!(artifact::copies))
        .api(Api(Member), routes!(artifact::begin_parts))
        .api(Api(Member), routes!(artifact::put_part))
        .api(Api(Member), routes!(artifact::drop_parts))
        .api(Api(Member), routes!(artifact::join_parts))
        .api(Api(Viewer), routes!(media::list))
        .api(Api(Viewer), routes!(media::table))
        .api(Api(Viewer), routes!(asset::get))
        .api(Api(Viewer), routes!(asset::files))
        .api(Api(Viewer), routes!(asset::download))
        .api(Api(Viewer), routes!(asset::archive))
        .api(Api(Viewer), routes!(note::get))
        .api(Api(Member), routes!(note::update))
        .api(Api(Viewer), routes!(note::history))
        .api(Api(Viewer), routes!(note::preview))
        .api(Api(Viewer), routes!(compare::compare))
        .api(Api(Viewer), routes!(explore::columns))
        .api(Api(Viewer), routes!(explore::importance))
        .api(Api(Viewer), routes!(compare::table))
        .api(Api(Viewer), routes!(compare::table_csv))
        .api(Api(Viewer), routes!(compare::metrics))
        .api(Api(Viewer), routes!(compare::metrics_csv))
        .api(Api(Viewer), routes!(compare::diff))
        .api(Api(Viewer), routes!(compare::changes))
        .api(Api(Viewer), routes!(compare::changes_csv))
        .api(Api(Viewer), routes!(compare::groups))
        .api(Api(Viewer), routes!(compare::groups_csv))
        .api(Api(Viewer), routes!(compare::document))
        .api(Api(Viewer), routes!(search::find))
        .api(Api(Viewer), routes!(view::list))
        .api(Api(Member), routes!(view::create))
        .api(Api(Member), routes!(view::update))
        .api(Api(Member), routes!(view::delete))
        .plain(Public, Method::GET, "/api/v1/openapi.json", get(server::openapi))
        .plain(Public, Method::GET, "/pkg/{version}/{*path}", get(assets::get))
        .plain(Public, Method::GET, site::SIGN_IN, get(site::sign_in))
        .plain(Public, Method::POST, "/sign-out", post(site::sign_out));
    for page in site::PAGES {
        table = table.plain(Page(Viewer), Method::GET, page, get(site::render));
    }
    for (role, method, path, handler) in mlflow::routes() {
        table = table.plain(Api(role), method, &path, handler);
    }
    table = table.plain(Public, Method::GET, "/version", get(mlflow::version));
    for (path, role) in SERVER_FUNCTIONS {
        table = table.plain(Api(role), Method::POST, path, post(site::server_function));
    }
    table
}

/// Server functions of the pages and who may call them. One that is missing here cannot be reached.
const SERVER_FUNCTIONS: [(&str, Role); 45] = [
    ("/ui/artifact/copies", Viewer),
    ("/ui/artifact/list", Viewer),
    ("/ui/artifact/remove", Member),
    ("/ui/artifact/search", Viewer),
    ("/ui/artifact/show", Viewer),
    ("/ui/compare/compare", Viewer),
    ("/ui/environment/get", Viewer),
    ("/ui/experiment/create", Member),
    ("/ui/experiment/list", Viewer),
    ("/ui/experiment/update", Member),
    ("/ui/experiment/update-many", Member),
    ("/ui/explore/importance", Viewer),
    ("/ui/media/list", Viewer),
    ("/ui/media/table", Viewer),
    ("/ui/metric/at-step", Viewer),
    ("/ui/note/change", Viewer),
    ("/ui/note/get", Viewer),
    ("/ui/note/preview", Viewer),
    ("/ui/note/restore", Member),
    ("/ui/note/revisions", Viewer),
    ("/ui/note/update", Member),
    ("/ui/param/beside", Viewer),
    ("/ui/project/create", Member),
    ("/ui/project/list", Viewer),
    ("/ui/project/remove", Member),
    ("/ui/project/update", Member),
    ("/ui/run-event/list", Viewer),
    ("/ui/run/fields", Viewer),
    ("/ui/run/get", Viewer),
    ("/ui/run/group", Viewer),
    ("/ui/run/list", Viewer),
    ("/ui/run/rows", Viewer),
    ("/ui/run/update", Member),
    ("/ui/run/update-many", Member),
    ("/ui/run/values", Viewer),
    ("/ui/search/find", Viewer),
    ("/ui/search/lines", Viewer),
    ("/ui/trash/delete", Admin),
    ("/ui/trash/list", Viewer),
    ("/ui/trash/restore", Member),
    ("/ui/trash/sizes", Viewer),
    ("/ui/view/create", Member),
    ("/ui/view/delete", Member),
    ("/ui/view/list", Viewer),
    ("/ui/view/update", Member),
];

/// Routes, their policy and what describes them, filled together.
#[derive(Default)]
struct Table {
    router: Router<App>,
    policy: Policy,
    described: Vec<Describe>,
}

impl Table {
    /// A described route of the API.
    fn api(mut self, access: Access, Routes { routes, describe }: Routes) -> Self {
        self.described.push(describe);
        for (pattern, methods, handler) in routes {
            for method in methods {
                self.policy.allow(&named(&method), &pattern, access);
            }
            self.router = self.router.route(&pattern, handler);
        }
        self
    }

    /// A route that the description leaves out.
    fn plain(mut self, access: Access, method: Method, pattern: &str, handler: MethodRouter<App>) -> Self {
        self.policy.allow(&method, pattern, access);
        self.router = self.router.route(pattern, handler);
        self
    }
}

fn named(method: &HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Post => Method::POST,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Options => Method::OPTIONS,
        HttpMethod::Head => Method::HEAD,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Trace => Method::TRACE,
    }
}

/// The description of the whole API.
fn document(described: &[Describe]) -> OpenApi {
    let all = described.iter().fold(OpenApiRouter::new(), |all, describe| all.routes(describe()));
    let mut document = all.into_openapi();
    document.info = InfoBuilder::new().title("Trackway").version(env!("CARGO_PKG_VERSION")).build();
    // axum's `{*path}` is OpenAPI's `{path}`.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document
}

fn fixed_header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}

/// What a web page of another site gets for a request that would change something.
fn refuse_foreign(_: ProtectionError) -> Response {
    Problem(Error::new(ErrorKind::Forbidden, "requests of other web sites are refused")).into_response()
}

fn answer_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!("a handler panicked: {}", words.unwrap_or("without a message"));
    Problem(Error::new(ErrorKind::Internal, "something went wrong on the server")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_server_function_has_a_policy_row_and_every_row_a_function() {
        let written: BTreeSet<&str> = server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
        let rows: BTreeSet<&str> = SERVER_FUNCTIONS.iter().map(|(path, _)| *path).collect();
        assert_eq!(written, rows);
    }

    #[test]
    fn only_these_routes_are_open_to_strangers() {
        let Table { policy, .. } = table();
        let open: Vec<_> = policy
            .rows()
            .filter(|(_, _, access)| *access == Public)
            .map(|(method, pattern, _)| format!("{method} {pattern}"))
            .collect();
        let expected = [
            "GET /api/v1/openapi.json",
            "GET /api/v1/version",
            "GET /health",
            "GET /live",
            "GET /pkg/{version}/{*path}",
            "GET /ready",
            "GET /sign-in",
            "GET /version",
            "POST /sign-out",
        ];
        assert_eq!(open, expected);
    }

    #[test]
    fn what_changes_something_needs_a_member() {
        let Table { policy, .. } = table();
        let mild = [
            "/sign-out",
            "/api/v1/sign-in-links",
            "/api/v1/note/preview",
            "/api/v1/series",
            "/api/v1/trash/size",
        ];
        let for_good = ["/api/v1/trash/delete", "/ui/trash/delete"];
        for (method, pattern, access) in policy.rows().filter(|(method, ..)| *method != "GET") {
            let searches = ["/search", "/search-datasets", "/get-latest-versions", "/batchGetInfos"];
            let searches = pattern.contains("/mlflow/") && searches.iter().any(|end| pattern.ends_with(end));
            let reads = (pattern.starts_with("/ui/") || searches) && access == Api(Viewer);
            assert!(
                if for_good.contains(&pattern) {
                    access == Api(Admin)
                } else {
                    reads || mild.contains(&pattern) || access == Api(Member)
                },
                "{method} {pattern}: {access:?}"
            );
        }
    }
}
