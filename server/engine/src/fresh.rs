//! Services on an empty database of each kind, for tests.

use crate::{Services, World};
use model::user::Caller;
use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// Runs a case on each database, with an owner who may do everything.
pub async fn on_each<F: AsyncFn(Services, Caller)>(case: F) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().expect("a folder for the test");
    let name = format!("engine_scratch_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    for (place, url) in
        store::scratch::urls(folder.path(), &name).await.expect("a database").iter().enumerate()
    {
        let artifacts = folder.path().join(place.to_string());
        std::fs::create_dir_all(&artifacts).expect("a folder");
        let day = Duration::from_hours(24);
        let services = Services::open(url, &artifacts, World::real(), day).await.expect("the services open");
        let owner = services.user.ensure_owner("ada").await.expect("an owner");
        case(services.clone(), owner).await;
        services.close().await;
    }
}
