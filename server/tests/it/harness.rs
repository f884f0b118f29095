//! Starting servers and asking them.

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// Longer than any start on a loaded machine; a server that hangs fails the test instead of stalling it.
const START_LIMIT: Duration = Duration::from_mins(1);

/// A running server with its own data, ended when dropped.
pub struct Server {
    pub url: String,
    pub sign_in_link: String,
    pub token: String,
    client: Client,
    child: Child,
    pub folder: TempDir,
    database: String,
}

/// Runs one case against a server on each database.
pub async fn on_each<F: AsyncFn(Server)>(case: F) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let name = format!("server_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    for database in engine::scratch::urls(folder.path(), &name).await.unwrap() {
        case(Server::start_on(&database).await).await;
    }
}

impl Server {
    /// A server on SQLite in a folder of its own.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with options of `trackway serve`.
    pub async fn start_with(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite:{}", folder.path().join("trackway.db").display());
        Self::launch(folder, database, options).await
    }

    async fn start_on(database: &str) -> Self {
        Self::launch(tempfile::tempdir().unwrap(), database.to_owned(), &[]).await
    }

    async fn launch(folder: TempDir, database: String, options: &[&str]) -> Self {
        let arguments: Vec<&str> =
            ["--database", &database].into_iter().chain(options.iter().copied()).collect();
        let mut child = command(folder.path(), &arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut url, mut sign_in_link) = (String::new(), String::new());
        let reading = async {
            while sign_in_link.is_empty() {
                let line = lines.next_line().await.unwrap().expect("the server ended before it listened");
                if let Some(rest) = line.strip_prefix("listening on ") {
                    rest.clone_into(&mut url);
                }
                if let Some(rest) = line.strip_prefix("sign in: ") {
                    rest.clone_into(&mut sign_in_link);
                }
            }
        };
        tokio::time::timeout(START_LIMIT, reading).await.expect("the server starts in time");
        // Whatever it prints later must not block it.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let credentials: Value =
            serde_json::from_slice(&std::fs::read(credentials(folder.path())).unwrap()).unwrap();
        let token = credentials["servers"][&url]["token"].as_str().unwrap().to_owned();
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { url, sign_in_link, token, client, child, folder, database }
    }

    /// Ends the server as a power cut would, and starts it again on the same data.
    pub async fn kill_and_restart(mut self) -> Self {
        self.child.kill().await.unwrap();
        let Self { folder, database, .. } = self;
        Self::launch(folder, database, &[]).await
    }

    pub fn process_id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// A request with the owner's token.
    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.token)
    }

    /// A request without any credentials.
    pub fn anonymous(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        answer(self.request(method, path).json(&body).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, body).await
    }

    /// A new running run in the default experiment; answers its id.
    pub async fn new_run(&self) -> String {
        let (status, run) = self.post("/api/v1/runs", json!({"experiment_id": "0"})).await;
        assert_eq!(status, 201, "{run}");
        run["id"].as_str().unwrap().to_owned()
    }

    /// Logs points of one metric, at times equal to their steps.
    pub async fn log(&self, run_id: &str, key: &str, steps: &[i64], values: Value) -> (StatusCode, Value) {
        let series =
            json!({"run_id": run_id, "key": key, "steps": steps, "times_ms": steps, "values": values});
        self.post("/api/v1/ingest", json!({"series": [series]})).await
    }

    /// The points of one metric as stored.
    pub async fn points(&self, run_id: &str, key: &str) -> model::series::Points {
        let path = format!("/api/v1/series?run={run_id}&key={key}");
        let bytes = self.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
        let mut series = model::series::decode(&bytes).expect("an answer in our format");
        match series.pop().map(|one| one.columns) {
            Some(model::series::Columns::Points(points)) => points,
            None => model::series::Points::default(),
            Some(buckets) => panic!("buckets were not asked for: {buckets:?}"),
        }
    }

    /// A browser's cookie after following the sign-in link.
    pub async fn session_cookie(&self) -> String {
        let path = self.sign_in_link.strip_prefix(&self.url).unwrap();
        let response = self.anonymous(Method::GET, path).send().await.unwrap();
        assert_eq!(response.status(), 303);
        let cookie = response.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }
}

pub fn credentials(folder: &Path) -> std::path::PathBuf {
    folder.join("credentials.json")
}

/// `trackway serve` on a free port with its data in `folder`.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackway"));
    command
        .args(["serve", "--data"])
        .arg(folder.join("data"))
        .args(arguments)
        .env("TRACKWAY_LISTEN", "127.0.0.1:0")
        .env("TRACKWAY_CREDENTIALS", credentials(folder))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub async fn answer(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Asserts a problem document of this status whose detail has these words.
#[track_caller]
pub fn assert_problem((status, problem): (StatusCode, Value), expected: u16, words: &str) {
    assert_eq!(status, expected, "{problem}");
    assert_eq!(problem["status"], expected);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(words), "expected \"{words}\" in \"{detail}\"");
}
