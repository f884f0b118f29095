//! Accounts and the secrets that stand for them: API tokens, browser sessions, one-time sign-in links.
//! Secrets come and go as SHA-256; the secret itself never gets here.

use crate::{Db, Error, Result, Tx, db::on};
use model::{
    UnixMillis, UserId,
    user::{Caller, Role, Via},
};

fn caller((id, name, role): (i64, String, String)) -> Result<Caller> {
    let role = Role::parse(&role).ok_or_else(|| Error::Corrupt(format!("role \"{role}\"")))?;
    Ok(Caller { user_id: UserId(id), name, role, via: Via::default() })
}

const ACCOUNT_ADD: &str = "
    INSERT INTO account (name, role, created_at_ms) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name
    RETURNING id, name, role";

/// Makes an account, or answers the one of that name as it is.
pub async fn ensure(tx: &mut Tx, name: &str, role: Role, now: UnixMillis) -> Result<Caller> {
    let row: (i64, String, String) = on!(tx, c => sqlx::query_as(ACCOUNT_ADD)
        .bind(name)
        .bind(role.as_str())
        .bind(now.0)
        .fetch_one(c)
        .await)?;
    caller(row)
}

const ACCOUNT_FIRST: &str = "SELECT id, name, role FROM account WHERE role = 'admin' ORDER BY id LIMIT 1";

/// The first admin, who is the owner of a local server.
pub async fn first_admin(db: &Db) -> Result<Option<Caller>> {
    let mut conn = db.read().await?;
    let row: Option<(i64, String, String)> =
        on!(conn, c => sqlx::query_as(ACCOUNT_FIRST).fetch_optional(c).await)?;
    row.map(caller).transpose()
}

const TOKEN_ADD: &str = "
    INSERT INTO token (account_id, name, prefix, sha256, created_at_ms) VALUES ($1, $2, $3, $4, $5)";

pub async fn add_token(
    tx: &mut Tx,
    owner: UserId,
    name: &str,
    prefix: &str,
    sha256: &str,
    now: UnixMillis,
) -> Result<()> {
    on!(tx, c => sqlx::query(TOKEN_ADD)
        .bind(owner.0)
        .bind(name)
        .bind(prefix)
        .bind(sha256)
        .bind(now.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const BY_TOKEN: &str = "
    SELECT account.id, account.name, account.role FROM token JOIN account ON account.id = token.account_id
    WHERE token.sha256 = $1";

pub async fn by_token(db: &Db, sha256: &str) -> Result<Option<Caller>> {
    let mut conn = db.read().await?;
    let row: Option<(i64, String, String)> =
        on!(conn, c => sqlx::query_as(BY_TOKEN).bind(sha256).fetch_optional(c).await)?;
    row.map(caller).transpose()
}

const SESSION_ADD: &str = "
    INSERT INTO session (sha256, account_id, created_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4)";

pub async fn add_session(
    tx: &mut Tx,
    owner: UserId,
    sha256: &str,
    now: UnixMillis,
    expires: UnixMillis,
) -> Result<()> {
    on!(tx, c => sqlx::query(SESSION_ADD)
        .bind(sha256)
        .bind(owner.0)
        .bind(now.0)
        .bind(expires.0)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

const BY_SESSION: &str = "
    SELECT account.id, account.name, account.role FROM session JOIN account ON account.id = session.account_id
    WHERE session.sha256 = $1 AND session.expires_at_ms > $2";

pub async fn by_session(db: &Db, sha256: &str, now: UnixMillis) -> Result<Option<Caller>> {
    let mut conn = db.read().await?;
    let row: Option<(i64, String, String)> =
        on!(conn, c => sqlx::query_as(BY_SESSION).bind(sha256).bind(now.0).fetch_optional(c).await)?;
    row.map(caller).transpose()
}

const SESSION_REMOVE: &str = "DELETE FROM session WHERE sha256 = $1";

pub async fn remove_session(tx: &mut Tx, sha256: &str) -> Result<()> {
    on!(tx, c => sqlx::query(SESSION_REMOVE).bind(sha256).execute(c).await.map(drop))?;
    Ok(())
}

const LINK_ADD: &str = "INSERT INTO sign_in_link (sha256, account_id, expires_at_ms) VALUES ($1, $2, $3)";

pub async fn add_link(tx: &mut Tx, owner: UserId, sha256: &str, expires: UnixMillis) -> Result<()> {
    on!(tx, c => sqlx::query(LINK_ADD).bind(sha256).bind(owner.0).bind(expires.0).execute(c).await.map(drop))?;
    Ok(())
}

const LINK_TAKE: &str = "DELETE FROM sign_in_link WHERE sha256 = $1 RETURNING account_id, expires_at_ms";
const LINK_SWEEP: &str = "DELETE FROM sign_in_link WHERE expires_at_ms <= $1";
const SESSION_SWEEP: &str = "DELETE FROM session WHERE expires_at_ms <= $1";

/// Uses up a link: whose it was, if it was still good. Sweeps out what has expired.
pub async fn take_link(tx: &mut Tx, sha256: &str, now: UnixMillis) -> Result<Option<UserId>> {
    let row: Option<(i64, i64)> =
        on!(tx, c => sqlx::query_as(LINK_TAKE).bind(sha256).fetch_optional(c).await)?;
    on!(tx, c => sqlx::query(LINK_SWEEP).bind(now.0).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SESSION_SWEEP).bind(now.0).execute(c).await.map(drop))?;
    Ok(row.filter(|(_, expires)| *expires > now.0).map(|(owner, _)| UserId(owner)))
}
