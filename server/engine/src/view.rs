//! Saved views: look, make, change, delete.

use crate::{Base, Result};
use model::{
    Error, ErrorKind, ExperimentId, ViewId,
    event::Event,
    limits,
    user::{Caller, Role},
    view::{View, ViewNew, ViewUpdate},
};
use std::sync::Arc;
use store::{
    Tx,
    view::{ViewRecord, Whose},
};

#[derive(Clone, Debug)]
pub struct Views(pub(crate) Arc<Base>);

impl Views {
    /// The caller's views of an experiment and those that are shared, by name.
    pub async fn list(&self, caller: &Caller, experiment_id: ExperimentId) -> Result<Vec<View>> {
        caller.require(Role::Viewer)?;
        let db = &self.0.db;
        self.0.experiment_name(experiment_id).await?;
        let records = store::view::list(db, experiment_id, caller.user_id).await?;
        let mut views: Vec<View> = records.into_iter().map(|record| seen_by(caller, record)).collect();
        views.sort_by_cached_key(|view| (view.name.to_lowercase(), view.id.0));
        Ok(views)
    }

    pub async fn create(&self, caller: &Caller, new: ViewNew) -> Result<View> {
        caller.require(Role::Member)?;
        new.check()?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        if !store::experiment::exists(&mut tx, new.experiment_id).await? {
            return Err(Error::not_found("experiment", new.experiment_id).into());
        }
        let (own, shared) = store::view::count(&mut tx, new.experiment_id, caller.user_id).await?;
        let most = limits::VIEWS_PER_USER_MAX;
        if own >= most {
            return Err(Error::conflict(format!("you have {most} views here, which is the most")).into());
        }
        check_room(new.shared, shared)?;
        let ViewNew { experiment_id, name, state, shared, default_for_me, default_for_all } = &new;
        let (experiment_id, author, now) = (*experiment_id, caller.user_id, world.now());
        let added = store::view::add(&mut tx, experiment_id, author, name, state, *shared, now).await?;
        let id = added.ok_or_else(|| taken(name))?;
        for (whose, chosen) in [(Whose::One(author), default_for_me), (Whose::All, default_for_all)] {
            if *chosen {
                store::view::set_default(&mut tx, experiment_id, id, whose, true).await.map_err(clash)?;
            }
        }
        self.end(caller, tx, id, None).await
    }

    /// Renames, saves anew, shares, or makes it what the experiment opens with.
    pub async fn update(&self, caller: &Caller, id: ViewId, update: ViewUpdate) -> Result<View> {
        caller.require(Role::Member)?;
        update.check()?;
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let before = find(&mut tx, caller, id).await?;
        if update.edits() {
            may_edit(caller, &before)?;
        }
        let mut after = before.clone();
        after.name = update.name.unwrap_or(after.name);
        after.state = update.state.unwrap_or(after.state);
        after.shared = update.shared.unwrap_or(after.shared);
        if update.default_for_all == Some(true) && !after.shared {
            let message = "what everybody begins with must be shared";
            return Err(Error::invalid("default_for_all", message).into());
        }
        if after.shared && !before.shared {
            let (_, shared) = store::view::count(&mut tx, after.experiment_id, caller.user_id).await?;
            check_room(true, shared)?;
        }
        if after != before {
            match store::view::update(&mut tx, &after, world.now()).await {
                Err(store::Error::Unique) => return Err(taken(&after.name).into()),
                done => done?,
            }
        }
        if before.shared && !after.shared {
            store::view::forget_others(&mut tx, id, before.author_id).await?;
        }
        let whose =
            [(Whose::One(caller.user_id), update.default_for_me), (Whose::All, update.default_for_all)];
        for (whose, chosen) in whose {
            if let Some(on) = chosen {
                let set = store::view::set_default(&mut tx, after.experiment_id, id, whose, on).await;
                set.map_err(clash)?;
            }
        }
        self.end(caller, tx, id, Some(after)).await
    }

    pub async fn delete(&self, caller: &Caller, id: ViewId) -> Result<()> {
        caller.require(Role::Member)?;
        let mut tx = self.0.db.begin().await?;
        let view = find(&mut tx, caller, id).await?;
        may_edit(caller, &view)?;
        store::view::remove(&mut tx, id).await?;
        tx.commit().await?;
        self.0.events.publish(Event::ViewChanged { experiment_id: view.experiment_id });
        Ok(())
    }

    /// Commits, and tells what became of the view.
    async fn end(&self, caller: &Caller, mut tx: Tx, id: ViewId, stored: Option<ViewRecord>) -> Result<View> {
        // Who has just taken back what somebody else had shared sees it for the last time.
        let seen = store::view::get(&mut tx, id, caller.user_id).await?.or(stored);
        let record = seen.ok_or_else(|| Error::not_found("view", id))?;
        tx.commit().await?;
        self.0.events.publish(Event::ViewChanged { experiment_id: record.experiment_id });
        Ok(seen_by(caller, record))
    }
}

async fn find(tx: &mut Tx, caller: &Caller, id: ViewId) -> Result<ViewRecord> {
    let found = store::view::get(tx, id, caller.user_id).await?;
    Ok(found.ok_or_else(|| Error::not_found("view", id))?)
}

fn may_edit(caller: &Caller, view: &ViewRecord) -> Result<(), Error> {
    if view.author_id == caller.user_id || caller.role >= Role::Admin {
        return Ok(());
    }
    let message = format!("view \"{}\" is {}'s: only they and admins change it", view.name, view.author);
    Err(Error::new(ErrorKind::Forbidden, message))
}

fn check_room(shared: bool, count: i64) -> Result<(), Error> {
    let most = limits::VIEWS_SHARED_MAX;
    if shared && count >= most {
        return Err(Error::conflict(format!("{most} views are shared here, which is the most")));
    }
    Ok(())
}

fn taken(name: &str) -> Error {
    Error::conflict(format!("there is a view \"{name}\" already"))
}

/// Two made theirs the first default in one moment, or the view has just been deleted.
fn clash(error: store::Error) -> crate::Error {
    match error {
        store::Error::Unique => Error::conflict("somebody else changed it in this moment").into(),
        error => error.into(),
    }
}

fn seen_by(caller: &Caller, record: ViewRecord) -> View {
    View {
        may_edit: caller.role >= Role::Member && may_edit(caller, &record).is_ok(),
        id: record.id,
        experiment_id: record.experiment_id,
        name: record.name,
        state: record.state,
        shared: record.shared,
        mine: record.author_id == caller.user_id,
        author: record.author,
        default_for_me: record.default_for_one,
        default_for_all: record.default_for_all,
        created_at_ms: record.created_at_ms,
        updated_at_ms: record.updated_at_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Services, fresh::on_each};
    use model::{UserId, view::ViewState};

    async fn account(services: &Services, name: &str, role: Role) -> Caller {
        let mut tx = services.base.db.begin().await.expect("a transaction");
        let now = services.now();
        let caller = store::account::ensure(&mut tx, name, role, now).await.expect("an account");
        tx.commit().await.expect("it is stored");
        caller
    }

    fn new(name: &str, shared: bool) -> ViewNew {
        let state: ViewState = "sort=name".parse().expect("a state");
        ViewNew {
            experiment_id: ExperimentId::DEFAULT,
            name: name.into(),
            state,
            shared,
            default_for_me: false,
            default_for_all: false,
        }
    }

    fn kind<T: std::fmt::Debug>(result: Result<T>) -> ErrorKind {
        result.map_err(crate::Error::into_public).expect_err("it is refused").kind
    }

    #[tokio::test]
    async fn only_the_author_and_admins_change_what_is_shared() {
        on_each(async |services, admin| {
            let views = &services.view;
            let bob = account(&services, "bob", Role::Member).await;
            let eve = account(&services, "eve", Role::Member).await;
            let guest = account(&services, "guest", Role::Viewer).await;
            assert_eq!(kind(views.create(&guest, new("v", false)).await), ErrorKind::Forbidden);
            let own = views.create(&bob, new("own", false)).await.expect("a view");
            let ours = views.create(&bob, new("ours", true)).await.expect("a view");
            let rename = ViewUpdate { name: Some("theirs".into()), ..ViewUpdate::default() };
            for (caller, view, expected) in [
                (&admin, &own, ErrorKind::NotFound),
                (&eve, &own, ErrorKind::NotFound),
                (&eve, &ours, ErrorKind::Forbidden),
                (&guest, &ours, ErrorKind::Forbidden),
            ] {
                assert_eq!(kind(views.update(caller, view.id, rename.clone()).await), expected);
                assert_eq!(kind(views.delete(caller, view.id).await), expected);
            }
            let choice = ViewUpdate { default_for_me: Some(true), ..ViewUpdate::default() };
            let chosen = views.update(&eve, ours.id, choice).await.expect("everybody chooses for themselves");
            assert!(chosen.default_for_me && !chosen.may_edit && !chosen.mine);
            let renamed = views.update(&admin, ours.id, rename).await.expect("an admin may");
            assert_eq!((renamed.name.as_str(), renamed.author.as_str()), ("theirs", "bob"));
            let names = async |caller: &Caller| {
                let list = views.list(caller, ExperimentId::DEFAULT).await.expect("a list");
                list.into_iter().map(|view| view.name).collect::<Vec<_>>()
            };
            assert_eq!(names(&bob).await, ["own", "theirs"]);
            assert_eq!(names(&guest).await, ["theirs"]);
            let back = ViewUpdate { shared: Some(false), ..ViewUpdate::default() };
            let back = views.update(&admin, ours.id, back).await.expect("an admin may");
            assert!(!back.shared && !back.default_for_me);
            assert_eq!((names(&admin).await, names(&bob).await.len()), (vec![], 2));
            views.delete(&bob, ours.id).await.expect("it is theirs");
            assert_eq!(names(&guest).await, [""; 0]);
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_no_longer_shared_is_nobody_elses_default() {
        on_each(async |services, admin| {
            let views = &services.view;
            let bob = account(&services, "bob", Role::Member).await;
            let opens = async |caller: &Caller| {
                let list = views.list(caller, ExperimentId::DEFAULT).await.expect("a list");
                View::default_of(&list).map(|view| view.name.clone())
            };
            let unshared = ViewNew { default_for_all: true, ..new("v", false) };
            assert_eq!(kind(views.create(&bob, unshared).await), ErrorKind::Invalid);
            let everybodys = ViewNew { default_for_all: true, default_for_me: true, ..new("v", true) };
            let view = views.create(&bob, everybodys).await.expect("a view");
            assert_eq!(opens(&admin).await.as_deref(), Some("v"));
            let mine = ViewNew { default_for_me: true, ..new("mine", false) };
            views.create(&admin, mine).await.expect("a view");
            assert_eq!(opens(&admin).await.as_deref(), Some("mine"), "the own choice wins");
            assert_eq!(opens(&account(&services, "eve", Role::Viewer).await).await.as_deref(), Some("v"));
            let back = ViewUpdate { shared: Some(false), ..ViewUpdate::default() };
            let view = views.update(&bob, view.id, back.clone()).await.expect("it is taken back");
            assert!(view.default_for_me && !view.default_for_all);
            assert_eq!(opens(&account(&services, "eve", Role::Viewer).await).await, None);
            let all = ViewUpdate { default_for_all: Some(true), ..ViewUpdate::default() };
            assert_eq!(kind(views.update(&bob, view.id, all).await), ErrorKind::Invalid);
        })
        .await;
    }

    #[tokio::test]
    async fn there_is_an_end_to_views_and_to_their_names() {
        on_each(async |services, owner| {
            let views = &services.view;
            for index in 0..limits::VIEWS_PER_USER_MAX {
                views.create(&owner, new(&index.to_string(), true)).await.expect("a view");
            }
            assert_eq!(kind(views.create(&owner, new("one more", false)).await), ErrorKind::Conflict);
            let bob = account(&services, "bob", Role::Member).await;
            views.create(&bob, new("0", true)).await.expect("the name is only the owner's");
            assert_eq!(kind(views.create(&bob, new("0", false)).await), ErrorKind::Conflict);
            for name in ["", " ", "a\u{7}b", &"x".repeat(limits::VIEW_NAME_BYTES_MAX + 1)] {
                assert_eq!(kind(views.create(&bob, new(name, false)).await), ErrorKind::Invalid);
            }
            let nowhere = ViewNew { experiment_id: ExperimentId(99), ..new("v", false) };
            assert_eq!(kind(views.create(&bob, nowhere).await), ErrorKind::NotFound);
            assert_eq!(kind(views.list(&bob, ExperimentId(99)).await), ErrorKind::NotFound);
            let ghost = Caller { user_id: UserId(99), ..bob };
            assert_eq!(views.list(&ghost, ExperimentId::DEFAULT).await.expect("a list").len(), 51);
        })
        .await;
    }
}
