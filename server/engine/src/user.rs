//! Who is there: the local owner, API tokens, one-time sign-in links and browser sessions.

use crate::{Base, Result, digest};
use model::{
    Error, UnixMillis,
    id::hex,
    limits,
    user::{Caller, Role},
};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Users(pub(crate) Arc<Base>);

impl Users {
    /// The owner of a local server: the first admin, made with this name at the first start.
    /// Not a verb for clients: the server itself calls it.
    pub async fn ensure_owner(&self, name: &str) -> Result<Caller> {
        let Base { db, world, .. } = &*self.0;
        if let Some(owner) = store::account::first_admin(db).await? {
            return Ok(owner);
        }
        let mut tx = db.begin().await?;
        let owner = store::account::ensure(&mut tx, name, Role::Admin, world.now()).await?;
        tx.commit().await?;
        Ok(owner)
    }

    /// Makes an API token for the caller. This is the only time that the secret is seen.
    pub async fn create_token(&self, caller: &Caller, name: &str) -> Result<String> {
        caller.require(Role::Member)?;
        let Base { db, world, .. } = &*self.0;
        let secret = token(&world.bytes::<20>());
        let mut tx = db.begin().await?;
        let sha256 = digest::of_text(&secret);
        store::account::add_token(&mut tx, caller.user_id, name, &secret[..8], &sha256, world.now()).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Whose token this is. Absent for anything that is not a token of ours.
    pub async fn by_token(&self, secret: &str) -> Result<Option<Caller>> {
        if !is_token(secret) {
            return Ok(None);
        }
        let sha256 = digest::of_text(secret);
        if let Some(caller) = self.0.known.get(&sha256) {
            return Ok(Some(caller));
        }
        let caller = store::account::by_token(&self.0.db, &sha256).await?;
        if let Some(caller) = &caller {
            self.0.known.put(sha256, caller.clone());
        }
        Ok(caller)
    }

    /// Makes a code that signs the caller in once, within [`limits::SIGN_IN_LINK_MILLIS`].
    pub async fn create_link(&self, caller: &Caller) -> Result<String> {
        caller.require(Role::Viewer)?;
        let Base { db, world, .. } = &*self.0;
        let code = hex(&world.bytes::<24>());
        let expires = UnixMillis(world.now().0 + limits::SIGN_IN_LINK_MILLIS);
        let mut tx = db.begin().await?;
        store::account::add_link(&mut tx, caller.user_id, &digest::of_text(&code), expires).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Uses up a code and opens a session; answers the session's secret.
    pub async fn sign_in(&self, code: &str) -> Result<String> {
        let Base { db, world, .. } = &*self.0;
        let mut tx = db.begin().await?;
        let owner = store::account::take_link(&mut tx, &digest::of_text(code), world.now()).await?;
        let Some(owner) = owner else {
            tx.commit().await?;
            let message = "this sign-in link was used before or has expired";
            return Err(Error::new(model::ErrorKind::Unauthenticated, message).into());
        };
        let secret = hex(&world.bytes::<32>());
        let expires = UnixMillis(world.now().0 + limits::SESSION_MILLIS);
        store::account::add_session(&mut tx, owner, &digest::of_text(&secret), world.now(), expires).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// Whose session this is, while it lasts.
    pub async fn by_session(&self, secret: &str) -> Result<Option<Caller>> {
        let Base { db, world, .. } = &*self.0;
        Ok(store::account::by_session(db, &digest::of_text(secret), world.now()).await?)
    }

    /// Ends a session.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        let mut tx = self.0.db.begin().await?;
        store::account::remove_session(&mut tx, &digest::of_text(secret)).await?;
        Ok(tx.commit().await?)
    }
}

/// `trk_`, 40 random hex digits, 8 of checksum: so that scanners know a leaked one, and a typo is refused unasked.
fn token(random: &[u8; 20]) -> String {
    let body = hex(random);
    let checksum = &digest::of_text(&body)[..8];
    format!("trk_{body}{checksum}")
}

fn is_token(text: &str) -> bool {
    text.strip_prefix("trk_")
        .and_then(|rest| rest.split_at_checked(40))
        .is_some_and(|(body, checksum)| digest::of_text(body)[..8] == *checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_with_a_typo_is_none() {
        let secret = token(&[7; 20]);
        assert!(is_token(&secret));
        assert!(!is_token(&secret.replace('7', "8")));
        for bad in ["", "trk_", "trk_\u{e9}", &secret[..50]] {
            assert!(!is_token(bad), "{bad}");
        }
    }
}
