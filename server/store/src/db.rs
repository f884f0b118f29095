//! The only file that knows there are two databases: opening them, transactions, and the macro `on!` that runs one
//! sqlx expression on whichever is there.

use sqlx::{
    Connection, PgConnection, PgPool, SqliteConnection, SqlitePool, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the database had to say. The engine turns `Unique` into its own words at the call site.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a unique value is taken")]
    Unique,
    #[error("stored data does not read back: {0}")]
    Corrupt(String),
    #[error("refused to open the database: {0}")]
    Refused(String),
    #[error(transparent)]
    Database(sqlx::Error),
}

/// What a failure means for those who wait, where that is more than "something went wrong".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no space; when there is, the same write succeeds.
    FullDisk,
    /// The operating system could not flush what it had taken: what is on the disk is unknown until the file is opened anew.
    BrokenDisk,
    /// The database cannot be reached or is busy; the same may succeed soon.
    Away,
}

/// SQLite's extended result codes (<https://www.sqlite.org/rescode.html>).
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_FULL: i32 = 13;
const SQLITE_IOERR_FSYNC: i32 = SQLITE_IOERR | (4 << 8);
const SQLITE_IOERR_DIR_FSYNC: i32 = SQLITE_IOERR | (5 << 8);

impl Error {
    /// What kind of trouble this is, if it is of a kind that passes or that must end the process.
    pub fn trouble(&self) -> Option<Trouble> {
        let Self::Database(error) = self else { return None };
        let inner = match error {
            sqlx::Error::Database(inner) => inner,
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => {
                return Some(Trouble::Away);
            }
            _ => return None,
        };
        let code = inner.code().unwrap_or_default();
        if inner.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
            let code: i32 = code.parse().unwrap_or_default();
            return match (code, code & 0xff) {
                (SQLITE_IOERR_FSYNC | SQLITE_IOERR_DIR_FSYNC, _) => Some(Trouble::BrokenDisk),
                (_, SQLITE_FULL) => Some(Trouble::FullDisk),
                (_, SQLITE_BUSY | SQLITE_LOCKED | SQLITE_READONLY | SQLITE_IOERR) => Some(Trouble::Away),
                _ => None,
            };
        }
        // PostgreSQL's classes (appendix A of its manual): 53 insufficient resources, 08 connection, 40 rolled back
        // by the database, 57 operator intervention, 58 system error.
        match code.get(..2) {
            Some("53") if code == "53100" => Some(Trouble::FullDisk),
            Some("53" | "08" | "40" | "57" | "58") => Some(Trouble::Away),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => Self::Unique,
            _ => Self::Database(error),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// Runs one sqlx expression on either database: `on!(conn, c => sqlx::query(SQL).bind(id).execute(c).await)?`.
/// `conn` is a [`Conn`] or [`Tx`]; `c` is the `&mut` connection inside.
macro_rules! on {
    ($target:expr, $c:ident => $body:expr) => {{
        use $crate::db::Handle as _;
        match $target.arm() {
            $crate::db::Arm::Sqlite($c) => $body,
            $crate::db::Arm::Postgres($c) => $body,
        }
    }};
}
pub(crate) use on;

/// A borrowed connection of either kind: what `on!` matches.
pub(crate) enum Arm<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// Handles to the database; cheap to clone.
#[derive(Clone, Debug)]
pub enum Db {
    /// Several readers, one writer: SQLite has one write lock, so waiting happens in our queue and not in its busy loop.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
    },
    Postgres(PgPool),
}

/// What statements run on: a [`Conn`] or a [`Tx`].
pub(crate) trait Handle {
    fn arm(&mut self) -> Arm<'_>;
}

/// A connection for reading.
pub(crate) enum Conn {
    Sqlite(sqlx::pool::PoolConnection<sqlx::Sqlite>),
    Postgres(sqlx::pool::PoolConnection<sqlx::Postgres>),
}

impl Handle for Conn {
    fn arm(&mut self) -> Arm<'_> {
        match self {
            Self::Sqlite(conn) => Arm::Sqlite(conn),
            Self::Postgres(conn) => Arm::Postgres(conn),
        }
    }
}

/// A transaction. Rolled back when dropped without [`Tx::commit`].
pub enum Tx {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, sqlx::Postgres>),
}

/// A transaction that takes its connection with it when it is not committed: after a full disk SQLite has rolled back by
/// itself or not, and only a new connection knows for sure that no transaction is open.
pub struct SqliteTx {
    conn: sqlx::pool::PoolConnection<sqlx::Sqlite>,
    committed: bool,
}

impl SqliteTx {
    async fn begin(pool: &SqlitePool, statement: &'static str) -> Result<Self> {
        let mut tx = Self { conn: pool.acquire().await?, committed: false };
        sqlx::raw_sql(statement).execute(&mut *tx.conn).await?;
        Ok(tx)
    }

    async fn commit(mut self) -> Result<()> {
        sqlx::raw_sql("COMMIT").execute(&mut *self.conn).await?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if !self.committed {
            self.conn.close_on_drop();
        }
    }
}

impl Handle for Tx {
    fn arm(&mut self) -> Arm<'_> {
        match self {
            Self::Sqlite(tx) => Arm::Sqlite(&mut tx.conn),
            Self::Postgres(tx) => Arm::Postgres(tx),
        }
    }
}

impl Tx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Makes everything durable: when this returns, it survives power loss.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }
}

impl Db {
    /// Opens `sqlite:PATH` or `postgres://…` and brings the schema up to date.
    pub async fn open(url: &str) -> Result<Self> {
        let db = match url.strip_prefix("sqlite:") {
            Some(path) => Self::open_sqlite(Path::new(path.trim_start_matches("//"))).await?,
            None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Self::Postgres(postgres_pool(PgConnectOptions::from_str(url)?).await?)
            }
            None => return Err(Error::Refused("expected sqlite:PATH or postgres://…".into())),
        };
        db.migrate().await?;
        Ok(db)
    }

    async fn open_sqlite(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a commit is on the disk when it returns. sqlx sets neither this nor WAL by itself.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            // KiB a connection. The operating system caches the file as well; mapping it into memory would turn a
            // failed read into a signal.
            .pragma("cache_size", "-4096")
            // Bytes that the log keeps when it could be emptied after a burst.
            .pragma("journal_size_limit", "67108864");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // A connection to a file does not die in the pool; asking it each time would cost as much as a query.
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await?;
        check_sqlite(&write).await?;
        settle_log(&write).await?;
        let read = SqlitePoolOptions::new()
            // More than there may be charts under way, so that lists never wait for them.
            .max_connections(8)
            .test_before_acquire(false)
            .connect_with(options.read_only(true))
            .await?;
        Ok(Self::Sqlite { read, write })
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) async fn read(&self) -> Result<Conn> {
        Ok(match self {
            Self::Sqlite { read, .. } => Conn::Sqlite(read.acquire().await?),
            Self::Postgres(pool) => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Begins a write transaction. On SQLite it holds the write lock from the start, so it cannot fail half-way for want of it.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { write, .. } => Tx::Sqlite(SqliteTx::begin(write, "BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(begin_postgres(pool, "BEGIN").await?),
        })
    }

    /// Begins a read: everything read in it is of one moment, whatever is written meanwhile.
    pub(crate) async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(SqliteTx::begin(read, "BEGIN").await?),
            Self::Postgres(pool) => {
                Tx::Postgres(begin_postgres(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        match &mut self.read().await? {
            Conn::Sqlite(conn) => conn.ping().await?,
            Conn::Postgres(conn) => conn.ping().await?,
        }
        Ok(())
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins a transaction in a task of its own, so that it begins whole even if whoever asked for it leaves meanwhile. Where sqlx is
/// given up between `BEGIN` and its answer, it does not know of the transaction: the connection goes back to the pool inside of
/// one, and who gets it next reads what is old, or is refused to write.
async fn begin_postgres(
    pool: &PgPool,
    statement: &'static str,
) -> Result<Transaction<'static, sqlx::Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(statement).await }).await;
    Ok(begun.map_err(|_| sqlx::Error::WorkerCrashed)??)
}

/// A connection that was used within this time is taken as alive: to ask each time would add a round trip to every
/// commit and every read.
const ALIVE_FOR: Duration = Duration::from_secs(1);

async fn postgres_pool(options: PgConnectOptions) -> Result<PgPool> {
    let pool = PgPoolOptions::new().max_connections(10).test_before_acquire(false);
    let pool = pool.before_acquire(|conn, meta| {
        Box::pin(async move { Ok(meta.idle_for < ALIVE_FOR || conn.ping().await.is_ok()) })
    });
    Ok(pool.connect_with(options).await?)
}

/// Moves what an earlier process left in the log into the file, and flushes it. That process may have ended before its own
/// flush, or because of one that failed: what it wrote can be read here, but only this makes it certain, and clients
/// that repeat a batch will be told that it is stored.
async fn settle_log(pool: &SqlitePool) -> Result<()> {
    let mut conn = pool.acquire().await?;
    let (busy, _, _): (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *conn).await?;
    if busy != 0 {
        return Err(Error::Refused("another program uses the database".into()));
    }
    Ok(())
}

/// Reads back what keeps data safe, instead of trusting that it was set.
async fn check_sqlite(pool: &SqlitePool) -> Result<()> {
    let mut conn = pool.acquire().await?;
    let (version,): (String,) = sqlx::query_as("SELECT sqlite_version()").fetch_one(&mut *conn).await?;
    let number = version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    if number < vec![3, 51, 3] {
        return Err(Error::Refused(format!(
            "SQLite {version} may corrupt its log; 3.51.3 or later is needed"
        )));
    }
    let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut *conn).await?;
    let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&mut *conn).await?;
    if journal != "wal" || synchronous != 2 {
        let found =
            format!("journal_mode is {journal} and synchronous {synchronous} where wal and 2 are needed");
        return Err(Error::Refused(found));
    }
    Ok(())
}
