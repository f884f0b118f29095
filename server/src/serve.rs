//! `trackway serve`: opens everything, listens, and ends cleanly.

use crate::{
    Access, assets,
    config::ServeConfig,
    config::Settings,
    credentials::{Credentials, Entry},
    lock::Lock,
    router,
};
use anyhow::Context as _;
use axum::serve::ListenerExt as _;
use engine::{Services, World};
use model::user::Caller;
use std::{io::ErrorKind, path::Path, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How long answers under way may take to end once the server is told to stop.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// A connection whose other side takes nothing for so long is closed: a download that was paused can be resumed.
const STALL: Duration = Duration::from_mins(5);

/// Site options are compiled in, so that the binary runs from any folder.
const SITE_OPTIONS: &str = include_str!("../../Leptos.toml");

pub fn run(config: ServeConfig) -> anyhow::Result<()> {
    let settings = config.settle()?;
    // What the server writes is for nobody else, wherever its folders lie.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    raise_file_limit();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(settings))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    private_folder(&settings.data)?;
    let mut lock = Lock::take(&settings.database)?;
    let listener = listen(&settings).await?;
    let url = format!("http://{}", listener.local_addr()?);
    if let Some(lock) = &mut lock {
        lock.name_holder(&url)?;
    }
    let services =
        Services::open(&settings.database, &settings.artifacts, World::real(), settings.lost_after).await?;
    let owner = services.user.ensure_owner(&owner_name()).await.map_err(engine::Error::into_public)?;

    let (stop, stopping) = watch::channel(false);
    let access = access(&settings, &url, settings.no_auth.then(|| owner.clone()));
    let options = leptos_config::get_config_from_str(SITE_OPTIONS)?;
    let router = router::router(services.clone(), options, access, stopping);

    let welcome = greet(&settings, &services, &owner, &url).await?;
    println!("listening on {url}\ndata in {}\n{welcome}", settings.data.display());
    if assets::version().is_none() {
        println!("the browser half is not built: pages show without their script and style");
    }

    let stopped = async move {
        stop_signal().await;
        // The receivers live as long as the server; none left means that nothing waits.
        let _ = stop.send(true);
    };
    let (stopped_now, mut was_stopped) = watch::channel(false);
    let listener = listener.tap_io(cut_when_stalled);
    let graceful = axum::serve(listener, router.into_make_service()).with_graceful_shutdown(async move {
        stopped.await;
        let _ = stopped_now.send(true);
    });
    tokio::select! {
        done = graceful.into_future() => done?,
        () = async {
            let _ = was_stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(STOP_GRACE).await;
        } => tracing::warn!("some answers did not end in time"),
    }
    services.close().await;
    println!("stopped");
    Ok(())
}

/// Each open tab takes a file: a system's usual thousand is soon used up.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!("the limit of open files stays as it is: {error}");
    }
}

/// Who takes nothing for [`STALL`] is cut, so that no answer waits in memory for ever.
fn cut_when_stalled(stream: &mut TcpStream) {
    let millis = u32::try_from(STALL.as_millis()).unwrap_or(u32::MAX);
    if let Err(error) = rustix::net::sockopt::set_tcp_user_timeout(stream, millis) {
        tracing::debug!("a connection has no limit for stalling: {error}");
    }
}

async fn listen(settings: &Settings) -> anyhow::Result<TcpListener> {
    TcpListener::bind(settings.listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "port {} of {} is in use by another program; choose one with --listen {}:0",
            settings.listen.port(),
            settings.listen.ip(),
            settings.listen.ip(),
        ),
        _ => anyhow::Error::new(error).context(format!("listening on {}", settings.listen)),
    })
}

/// Makes the data folder, closed to other users.
fn private_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
    let context = || format!("making the data folder {}", folder.display());
    if let Some(parent) = folder.parent() {
        std::fs::create_dir_all(parent).with_context(context)?;
    }
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mode = std::fs::metadata(folder)?.permissions().mode();
            let closed = std::fs::Permissions::from_mode(mode & 0o700);
            std::fs::set_permissions(folder, closed).with_context(context)
        }
        Err(error) => Err(error).with_context(context),
    }
}

fn access(settings: &Settings, url: &str, open_to: Option<Caller>) -> Access {
    let port = url.rsplit(':').next().unwrap_or_default();
    let own = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}"));
    let hosts = own.into_iter().chain(settings.hosts.iter().map(|host| host.to_ascii_lowercase()));
    Access {
        open_to,
        hosts: hosts.collect(),
        url: match settings.hosts.first() {
            Some(host) => format!("http://{host}"),
            None => url.to_owned(),
        },
        cookie: format!("trackway_session_{port}"),
    }
}

/// What a person needs to begin: a token where clients look for it, and a link to click, in words.
async fn greet(
    settings: &Settings,
    services: &Services,
    owner: &Caller,
    url: &str,
) -> anyhow::Result<String> {
    if settings.no_auth {
        return Ok("sign-in is off: everyone on this machine may do everything".to_owned());
    }
    let public = |error: engine::Error| error.into_public();
    let mut credentials = Credentials::read()?;
    let known = match credentials.servers.get(url) {
        Some(entry) => services.user.by_token(&entry.token).await.map_err(public)?.is_some(),
        None => false,
    };
    if !known {
        let token = services.user.create_token(owner, "local credentials file").await.map_err(public)?;
        credentials.servers.insert(url.to_owned(), Entry { token });
    }
    if !known || credentials.default != url {
        // Clients that name no server mean the one started last.
        url.clone_into(&mut credentials.default);
        credentials.write()?;
    }
    let code = services.user.create_link(owner).await.map_err(public)?;
    Ok(format!("sign in: {url}/sign-in?code={code}"))
}

fn owner_name() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "owner".to_owned())
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_connection_is_cut_when_its_other_side_takes_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mut listener = listener.tap_io(cut_when_stalled);
        let _client = TcpStream::connect(address).await.expect("it listens");
        let (stream, _) = axum::serve::Listener::accept(&mut listener).await;
        let millis = rustix::net::sockopt::tcp_user_timeout(&stream).expect("an option of TCP");
        assert_eq!(u128::from(millis), STALL.as_millis());
    }
}
