//! Every bound in one place, each with its reason. Sizes in bytes, counts in items.

/// Names of experiments and runs: fits a table row and a URL.
pub const NAME_BYTES_MAX: usize = 500;
/// Descriptions of experiments: a page of text.
pub const DESCRIPTION_BYTES_MAX: usize = 20_000;
/// Keys of params, metrics and tags: MLflow allows 250 characters; four bytes each.
pub const KEY_BYTES_MAX: usize = 1_000;
/// Text of a param or tag: MLflow's clients send up to 6 000 (params) and 8 000 (tags).
pub const TEXT_VALUE_BYTES_MAX: usize = 16_000;
/// Tags on one experiment or run: labels, not data.
pub const TAGS_MAX: usize = 1_000;
/// Params of one run: the largest flattened configurations seen have some thousands.
pub const PARAMS_PER_RUN_MAX: usize = 20_000;
/// A note: long enough for a report, short enough to diff in a browser.
pub const NOTE_BYTES_MAX: usize = 200_000;
/// Levels of `{"key": "value"}` context on a metric series, and its text.
pub const CONTEXT_BYTES_MAX: usize = 2_000;

/// One JSON request: the ingest batch below fits, a mistake does not exhaust memory.
pub const JSON_BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Points in one ingest batch: about 25 bytes each once decoded.
pub const BATCH_POINTS_MAX: usize = 200_000;
/// Series named in one ingest batch: each costs one summary row.
pub const BATCH_SERIES_MAX: usize = 20_000;
/// Batches waiting for the writer before clients are told to come back: bounds memory and delay.
pub const INGEST_QUEUE_MAX: usize = 256;
/// Batches committed together: enough to share one fsync, few enough to bound its delay.
pub const INGEST_GROUP_MAX: usize = 64;
/// Points committed together: bounds the transaction's memory.
pub const INGEST_GROUP_POINTS_MAX: usize = 1_000_000;
/// Points in the open tail segment of a series; a full tail is closed and a new one begun.
pub const SEGMENT_POINTS_MAX: usize = 4_096;

/// Rows on one page of a list.
pub const PAGE_MAX: u32 = 1_000;
pub const PAGE_DEFAULT: u32 = 100;
/// Runs × keys in one series request: one screen of panels.
pub const SERIES_PER_QUERY_MAX: usize = 2_000;
/// Buckets a series: two per pixel of a 2K-wide chart; more cannot be seen.
pub const BUCKETS_MAX: u32 = 4_096;
/// Points sent when no bucketing is asked for (exact export, page by step range).
pub const RAW_POINTS_MAX: usize = 1_000_000;
/// Runs side by side on the compare page.
pub const COMPARE_RUNS_MAX: usize = 50;

/// Path of an artifact inside its run.
pub const ARTIFACT_PATH_BYTES_MAX: usize = 1_000;
/// One artifact: a large checkpoint.
pub const ARTIFACT_BYTES_MAX: u64 = 50 * 1024 * 1024 * 1024;
/// Artifacts of one run.
pub const ARTIFACTS_PER_RUN_MAX: i64 = 100_000;
/// Text of an artifact shown as preview.
pub const PREVIEW_BYTES_MAX: usize = 256 * 1024;

/// Events kept for a slow listener; one that lags further is told to refetch.
pub const EVENT_QUEUE_MAX: usize = 1_024;
/// Listeners at once: one a tab; bounds file descriptors.
pub const EVENT_LISTENERS_MAX: usize = 1_000;
/// A signed-in browser stays so this long without use.
pub const SESSION_MILLIS: i64 = 30 * 24 * 3_600 * 1_000;
/// A one-time sign-in link: time to click, not to leak.
pub const SIGN_IN_LINK_MILLIS: i64 = 60 * 60 * 1_000;
