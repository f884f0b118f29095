//! Every bound in one place, each with its reason. Sizes in bytes, counts in items.

/// Names of experiments and runs: fits a table row and a URL.
pub const NAME_BYTES_MAX: usize = 500;
/// Descriptions of experiments: a page of text.
pub const DESCRIPTION_BYTES_MAX: usize = 20_000;
/// Keys of params, metrics and tags: MLflow allows 250 characters; four bytes each.
pub const KEY_BYTES_MAX: usize = 1_000;
/// Text of a param or tag: MLflow's clients send up to 20 000 characters (tags of experiments); four bytes each.
pub const TEXT_VALUE_BYTES_MAX: usize = 80_000;
/// Tags on one experiment or run: labels, not data.
pub const TAGS_MAX: usize = 1_000;
/// Links from a run to its parent, to that one's parent and so on: sweeps of pipelines nest three deep.
pub const RUN_ANCESTORS_MAX: i64 = 32;
/// Children that the page of a run lists; a query by parent finds the others.
pub const CHILDREN_SHOWN_MAX: i64 = 100;
/// Processes of one run over all its attempts: thousands of ranks, or a few that were restarted for weeks.
pub const PROCESSES_PER_RUN_MAX: i64 = 10_000;
/// Processes that a run's detail lists, those of the newest attempt first: a line each.
pub const PROCESSES_SHOWN_MAX: i64 = 1_000;
/// Name of the machine that a process runs on: DNS allows 253 bytes.
pub const HOST_BYTES_MAX: usize = 253;
/// Runs in one request of heartbeats: a scheduler that beats for all its workers.
pub const HEARTBEATS_MAX: usize = 1_000;
/// A process that was not heard of for so long is lost. Clients beat every ten seconds, so six beats may go astray.
pub const RUN_LOST_AFTER_MILLIS: u64 = 60_000;
/// Changes of a run's status that are kept: its first ones and its newest. A run that is lost and comes back again and
/// again has more, and those between tell nothing new.
pub const STATUS_CHANGES_FIRST: i64 = 20;
pub const STATUS_CHANGES_LAST: i64 = 180;
/// A clock that differs by more from the server's is told of: a heartbeat that is on its way for longer has given up.
pub const CLOCK_SKEW_MILLIS: i64 = 10_000;
/// What a run ran on, as JSON: the packages of a large image are some thousands of lines.
pub const ENVIRONMENT_BYTES_MAX: usize = 1024 * 1024;
/// Operational events in one request.
pub const RUN_EVENTS_PER_REQUEST_MAX: usize = 1_000;
/// Operational events of one run: one every ten seconds for ten days. What comes more often is a metric.
pub const RUN_EVENTS_MAX: i64 = 100_000;
/// Where an operational event comes from: the name of a program or a part of it.
pub const RUN_EVENT_SOURCE_BYTES_MAX: usize = 250;
/// Sources and names of a run's events that are offered to choose from: a menu.
pub const RUN_EVENT_CHOICES_MAX: i64 = 200;
/// The metadata of one operational event, as JSON: facts, not files.
pub const RUN_EVENT_METADATA_BYTES_MAX: usize = 16_000;
/// Params of one run: the largest flattened configurations seen have some thousands.
pub const PARAMS_PER_RUN_MAX: usize = 20_000;
/// Former values of a run's params that are kept, the newest ones: a configuration that is logged again once or twice.
pub const PARAM_CHANGES_MAX: i64 = 1_000;
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
/// Batches committed together: all that may queue, so that a crowd of small ones shares one flush.
pub const INGEST_GROUP_MAX: usize = INGEST_QUEUE_MAX;
/// Points committed together, unless one batch has more: bounds the transaction's memory and its delay.
pub const INGEST_GROUP_POINTS_MAX: usize = 200_000;
/// How long the writer waits for batches before it uses the time to pack the series of runs that have ended.
pub const INGEST_IDLE_MILLIS: u64 = 500;
/// Series packed in one transaction: batches that come meanwhile wait for it.
pub const SEAL_SERIES_MAX: i64 = 64;
/// Bytes of ingest bodies that are read, decoded or queued at one time: bounds the server's memory under overload.
/// Twice the largest body, so that one large batch does not shut out all others.
pub const INGEST_BYTES_MAX: usize = 2 * JSON_BODY_BYTES_MAX;
/// How long a batch waits for its place among those bytes before the client is told to come back.
pub const INGEST_WAIT_MILLIS: u64 = 1_000;
/// Points in one segment: a read that is zoomed in decodes about this many, and merging holds twice as many.
pub const SEGMENT_POINTS_MAX: usize = 65_536;
/// From here on a segment is packed tightly, with its summary in blocks beside it; below, packing costs more than it saves.
pub const SEGMENT_PACKED_POINTS_MIN: usize = 1_024;
/// Segments of one level that are merged into one: so many small reads a chart costs at most, times the levels.
pub const SEGMENT_FAN: usize = 16;
/// Points that one commit adds to a series from which on they get a segment of their own at once; fewer wait in the run's
/// bundles, because a row for a few points costs more than the points.
pub const BUNDLE_POINTS_MAX: usize = 256;
/// The same for texts and byte strings, in bytes.
pub const BUNDLE_TEXT_BYTES_MAX: usize = 4 * 1024;
/// Bundles and their bytes that wait in one run: a chart of one of its series reads them all.
pub const BUNDLES_PER_RUN_MAX: i64 = SEGMENT_FAN as i64;
pub const BUNDLE_BYTES_PER_RUN_MAX: i64 = 1024 * 1024;
/// Points that one commit packs anew, at the least, and for each point that it adds. Where many runs log in step, their
/// series are due in the same commit; a share at a time, nobody waits for all of them. A point is packed anew three
/// times until its segment is full, so what is put off does not pile up.
pub const MERGE_POINTS_PER_COMMIT: usize = 16_384;
pub const MERGE_POINTS_PER_POINT: usize = 4;
/// Batch numbers of a writer whose content is remembered: an altered replay of these is refused, and one of them
/// that comes late is taken. Clients have far fewer batches under way.
pub const WRITER_WINDOW: usize = 32;
/// One text or byte string logged at a step: a paragraph or a small image, not a file.
pub const SERIES_TEXT_BYTES_MAX: usize = 1024 * 1024;

/// Text of a query: what fits a URL.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Parentheses and negations inside each other: no person writes so many, and each costs stack.
pub const QUERY_DEPTH_MAX: usize = 32;
/// Comparisons in one query: each costs a look into an index.
pub const QUERY_CLAUSES_MAX: usize = 200;
/// Regular expressions in one query: each may hold some megabytes while it is used.
pub const QUERY_PATTERNS_MAX: usize = 10;
/// A regular expression: longer ones are lists of words, which `in` is for.
pub const PATTERN_BYTES_MAX: usize = 1_000;
/// Groups and classes inside each other in a regular expression: each costs stack.
pub const PATTERN_DEPTH_MAX: u32 = 50;
/// The program of a regular expression: `\w{1,20}` fits, `\w{100}` does not. A text costs at most as many
/// steps as its bytes times the program's instructions.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 1024 * 1024;
/// What a regular expression remembers while it is used, so as not to go through its program for each byte.
pub const PATTERN_CACHE_BYTES_MAX: usize = 1024 * 1024;
/// Values of one `in (…)`.
pub const QUERY_LIST_MAX: usize = 1_000;

/// How a saved view looks at a table: a long query and some dozens of columns, and an address that browsers take.
pub const VIEW_STATE_BYTES_MAX: usize = 8 * 1024;
/// Name of a saved view: fits a menu.
pub const VIEW_NAME_BYTES_MAX: usize = 200;
/// Views that one person has in one experiment: a menu, not an archive.
pub const VIEWS_PER_USER_MAX: i64 = 50;
/// Views that are shared in one experiment: everybody's page of it carries them.
pub const VIEWS_SHARED_MAX: i64 = 100;
/// Changes of a view that can be undone: more than anybody goes back.
pub const VIEW_STEPS_MAX: usize = 100;
/// Text that everything is searched for: a long name.
pub const SEARCH_TEXT_BYTES_MAX: usize = NAME_BYTES_MAX;
/// What one search answers of each kind: fits a screen.
pub const SEARCH_FOUND_MAX: i64 = 8;
/// Runs whose names one search goes through, the newest: less than a tenth of a second. Older ones are found by their
/// whole name or their id.
pub const SEARCH_RUNS_MAX: i64 = 200_000;
/// Params and metrics of experiments that one search goes through, those of the newest experiments: likewise. There
/// are as many in eight experiments of the largest kind.
pub const SEARCH_FIELDS_MAX: i64 = 40_000;

/// Rows on one page of a list.
pub const PAGE_MAX: u32 = 1_000;
pub const PAGE_DEFAULT: u32 = 100;
/// Experiments, or items of the trash, that one request changes: all that a page may show.
pub const BULK_MAX: usize = PAGE_MAX as usize;
/// Items of the trash in one request to weigh, restore or delete them.
pub const TRASH_SET_MAX: usize = PAGE_MAX as usize;
/// Rows that one transaction of the deletion removes, and bytes of points: some ten milliseconds, for which a batch that
/// comes meanwhile waits.
pub const PURGE_ROWS_MAX: i64 = 500;
pub const PURGE_BYTES_MAX: i64 = 8 * 1024 * 1024;
/// Files that the deletion removes before it looks for rows again.
pub const PURGE_FILES_MAX: i64 = 100;
/// Versions of registered models that are named as the reason why something stays.
pub const TRASH_KEPT_FOR_MAX: i64 = 10;
/// Days that the list of experiments counts runs of: a month at a glance.
pub const ACTIVITY_DAYS: i64 = 30;
/// Folders and experiments of which the tree of experiments is made: names of far more than a team has.
pub const TREE_EXPERIMENTS_MAX: u32 = 50_000;
/// Folders that are open in one view of the tree: what a URL holds.
pub const TREE_OPEN_MAX: usize = 200;

/// Runs × keys in one series request: one screen of panels.
pub const SERIES_PER_QUERY_MAX: usize = 2_000;
/// Buckets a series: two per pixel of a 2K-wide chart; more cannot be seen.
pub const BUCKETS_MAX: u32 = 4_096;
/// Width of a running mean in points: it holds twice as many.
pub const SMOOTHING_POINTS_MAX: f64 = 10_000.0;
/// Standard deviation of Gaussian smoothing in points: it costs six times as many operations a point.
pub const SMOOTHING_SIGMA_MAX: f64 = 500.0;
/// Charts computed at one time: each holds a few segments, and there is no use in more than there are processors.
pub const SERIES_READS_MAX: usize = 4;
/// Members × buckets of the groups of one answer: 40 bytes each while it is computed.
pub const GROUP_CELLS_MAX: usize = 2_000_000;
/// Bytes of texts in one answer.
pub const TEXT_ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Lines of a run's console that the page reaches, the last ones: 24 bytes each in memory while somebody looks. A program
/// that prints ten lines a second does so for days.
pub const LOG_LINES_MAX: usize = 4_000_000;
/// Lines that are known of all runs that somebody looks at: some hundred megabytes.
pub const LOG_LINES_KNOWN_MAX: usize = 2 * LOG_LINES_MAX;
/// Streams of the processes of one run: a thousand ranks.
pub const LOG_SOURCES_MAX: usize = 2_000;
/// Lines of one answer: some screens.
pub const LOG_LINES_PER_PAGE_MAX: u32 = 1_000;
/// What is shown of one line: more than our own client sends of it. The download has all of it.
pub const LOG_LINE_BYTES_MAX: usize = 16 * 1024;
/// Lines that a search names, the first in which the text is: more than anybody steps through.
pub const LOG_HITS_MAX: usize = 10_000;
/// Searches through consoles at one time: each keeps a processor busy.
pub const LOG_SEARCHES_MAX: usize = 2;
/// Reads of consoles of which nothing is held yet, at one time: each has a connection to the database until it is through.
pub const LOG_READS_MAX: usize = 2;
/// Series × buckets of one answer: 88 bytes each.
pub const SERIES_ROWS_MAX: usize = 500_000;
/// Points sent when no bucketing is asked for (exact export, page by step range).
pub const RAW_POINTS_MAX: usize = 1_000_000;
/// Colours of the palette that runs take: more cannot be told apart, least of all by colour-blind people.
pub const RUN_COLORS: u8 = 12;
/// Runs that stay on top of the run table: more would leave no room for the others.
pub const PINNED_RUNS_MAX: usize = 8;
/// Params, metrics and tags that one request compares over all runs of an experiment.
pub const DIFFERENCES_MAX: usize = 200;
/// Runs that one view of the run table hides: what a URL holds.
pub const HIDDEN_RUNS_MAX: usize = 100;
/// Runs that the charts of an experiment draw, or that one of its groups has there: more cannot be told apart, and each
/// costs as much as all others.
pub const CHART_RUNS_MAX: usize = 100;
/// Charts of one page that are set up apart from the others, and lines that are hidden there: what a URL holds.
pub const CHARTS_APART_MAX: usize = 50;
pub const LINES_HIDDEN_MAX: usize = 100;
/// Charts of one page that are placed by hand, hidden or wide, and those that are computed: likewise.
pub const CHARTS_PLACED_MAX: usize = 50;
pub const CHARTS_COMPUTED_MAX: usize = 20;
/// Name of a chart that is computed: fits the head of a panel.
pub const CHART_NAME_BYTES_MAX: usize = 100;
/// Text of an expression over metrics: what a person writes into a field, many times over.
pub const EXPRESSION_BYTES_MAX: usize = 1_000;
/// Parentheses, functions, signs and powers inside each other: no person writes so many, and each costs stack and a
/// column of values.
pub const EXPRESSION_DEPTH_MAX: usize = 32;
/// Metrics in one expression: each is a series that is read from its first step to its last.
pub const EXPRESSION_METRICS_MAX: usize = 8;
/// Operational events of one run that its charts mark, the newest: more than there are pixels under an axis cannot be
/// told apart.
pub const CHART_EVENTS_MAX: u32 = 500;
/// Runs of which charts mark events: each is a request.
pub const CHART_EVENT_RUNS_MAX: usize = 20;
/// Columns that stay at the left of the run table: more would leave no room for the others.
pub const PINNED_COLUMNS_MAX: usize = 4;
/// Rows of the run table that a browser keeps beside those in view, in each direction: a few screens of them, each with
/// up to 200 params and metrics.
pub const TABLE_ROWS_KEPT: u32 = 500;
/// Rows that the run table reaches by scrolling: browsers draw nothing that is higher than 33 million pixels, Firefox
/// half of that, and a row has 32. What is further down is found by filter or order.
pub const TABLE_ROWS_MAX: u32 = 500_000;
/// Runs whose fields are drawn in one picture: of more lines than pixels nothing is told apart, and a browser holds them
/// in some megabytes.
pub const EXPLORE_RUNS_MAX: u32 = 10_000;
/// Fields of one picture: axes that fit a wide screen, and room for a script that takes more.
pub const EXPLORE_FIELDS_MAX: usize = 64;
/// Params of which one request says how much a metric depends on them.
pub const IMPORTANCE_PARAMS_MAX: usize = 60;
/// Runs times params of which forests are grown: a few seconds of one processor.
pub const IMPORTANCE_CELLS_MAX: usize = 12_000;
/// Runs of which forests are grown, whatever the params: more tell no more.
pub const IMPORTANCE_RUNS_MAX: usize = 1_000;
/// Runs below which a forest tells nothing.
pub const IMPORTANCE_RUNS_MIN: usize = 20;
/// Forests grown at one time: each keeps a processor busy.
pub const IMPORTANCE_AT_ONCE_MAX: usize = 1;
/// Runs side by side on the compare page.
pub const COMPARE_RUNS_MAX: usize = 50;
/// Rows on one page of a comparison: with 50 runs ten thousand cells.
pub const COMPARE_ROWS_MAX: u32 = 200;
/// Rows of a table in a comparison that leaves as a file: nobody pages through a file, and it must stay small enough to send.
pub const COMPARE_DOCUMENT_ROWS_MAX: u32 = 500;
/// Metrics whose curves such a file holds: what is read, not what is recorded.
pub const COMPARE_DOCUMENT_METRICS_MAX: usize = 60;
/// Buckets of a curve in it: one for two pixels of a chart.
pub const COMPARE_DOCUMENT_BUCKETS_MAX: usize = 320;
/// Rows of all its curves together: 64 bytes each once written, so some megabytes.
pub const COMPARE_DOCUMENT_POINTS_MAX: usize = 100_000;
/// Names of images that a comparison offers: what fits into a list.
pub const COMPARE_IMAGES_MAX: usize = 200;
/// Characters of a value in one cell of a comparison: some lines of a narrow column.
pub const COMPARE_CELL_CHARACTERS_MAX: usize = 600;
/// Bytes of two values that are held against each other word by word: a large configuration.
pub const COMPARE_VALUE_BYTES_MAX: usize = 20_000;
/// Lines that the difference of two texts shows: more are not read on a page.
pub const COMPARE_DIFF_LINES_MAX: usize = 2_000;
/// Bytes shown of one line: minified files have one line of megabytes.
pub const COMPARE_LINE_BYTES_MAX: usize = 2_000;
/// Files of all compared runs together that are held against each other.
pub const COMPARE_FILES_MAX: i64 = 20_000;
/// Differences between two runs that are listed, the likeliest causes first.
pub const CHANGES_MAX: usize = 200;
/// Metrics whose curves are searched for a parting when none is named: each is a read of two series.
pub const PARTINGS_MAX: usize = 8;
/// Metrics of two groups that are held against each other at once: each is ten thousand resamples.
pub const GROUP_METRICS_MAX: usize = 100;

/// Path of an artifact inside its run.
pub const ARTIFACT_PATH_BYTES_MAX: usize = 1_000;
/// One artifact: a large checkpoint.
pub const ARTIFACT_BYTES_MAX: u64 = 50 * 1024 * 1024 * 1024;
/// Parts in which one artifact may come: as many as S3 takes.
pub const ARTIFACT_PARTS_MAX: u32 = 10_000;
/// Artifacts of one run.
pub const ARTIFACTS_PER_RUN_MAX: i64 = 100_000;
/// Where a file lies that is tracked elsewhere: signed addresses of stores have some hundred bytes.
pub const REFERENCE_URI_BYTES_MAX: usize = 4_000;
/// What a file is said to be: the longest in use have some dozens of bytes.
pub const MIME_BYTES_MAX: usize = 250;
/// Formulas of one note that are drawn: a chapter of a textbook.
pub const FORMULAS_PER_NOTE_MAX: usize = 1_000;
/// TeX of one formula in a note: a display of many lines.
pub const FORMULA_BYTES_MAX: usize = 2_000;
/// Groups and scripts in one formula: each may lie in the one before it, and costs stack where it is drawn.
pub const FORMULA_DEPTH_MAX: usize = 200;
/// Signs of one formula, and what they take as `MathML`: no person writes more.
pub const FORMULA_EVENTS_MAX: usize = 5_000;
pub const FORMULA_HTML_BYTES_MAX: usize = 256 * 1024;
/// Runs that one note mentions and that become links.
pub const NOTE_MENTIONS_MAX: usize = 100;
/// How long a note's author goes on with a revision that was saved by itself: what is saved within it takes the former's
/// place, so that an hour of writing leaves six revisions and not a thousand.
pub const NOTE_DRAFT_MILLIS: i64 = 10 * 60 * 1_000;
/// The revisions of a note in one answer, rendered: highlighted code takes many times the room of its text.
pub const NOTE_HISTORY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Revisions that a note's history lists.
pub const NOTE_REVISIONS_SHOWN_MAX: i64 = 200;
/// Folders and files that the page lists of one folder, or finds in a search: more rows than anybody scrolls through.
pub const ARTIFACT_ENTRIES_MAX: i64 = 1_000;
/// Folders that are open at one time in the page: each is read again when files come.
pub const ARTIFACT_FOLDERS_OPEN_MAX: usize = 100;
/// Other places of the same content that are listed.
pub const ARTIFACT_COPIES_MAX: i64 = 50;
/// Archives that are downloaded at one time: each holds an open file and the names of what is in it.
pub const ARCHIVES_MAX: usize = 8;
/// Text of an artifact shown as preview.
pub const PREVIEW_BYTES_MAX: usize = 256 * 1024;

/// Rows and columns shown of a Parquet file: a screen or five.
pub const PARQUET_ROWS_MAX: usize = 200;
pub const PARQUET_COLUMNS_MAX: usize = 100;
/// The footer of a Parquet file: those of thousands of columns times hundreds of groups of rows have some megabytes.
pub const PARQUET_FOOTER_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Columns, and groups of columns, that a footer names: some dozens of bytes each while it is read.
pub const PARQUET_SCHEMA_MAX: usize = 20_000;
/// One page of a Parquet file, packed and unpacked: writers make them of one megabyte, and a claim beyond is refused unread.
pub const PARQUET_PAGE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// What is read and unpacked of one file: two pages of a megabyte for each column shown. Held is one page at a time.
pub const PARQUET_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Entries of lists that are read of one column: a hundred for each row.
pub const PARQUET_ENTRIES_MAX: usize = 20_000;
/// Lengths that one page writes before its texts: all are read to find the first text.
pub const PARQUET_LENGTHS_MAX: usize = 1_000_000;
/// Parquet files read at one time: each keeps a processor busy for up to some seconds.
pub const PARQUETS_AT_ONCE_MAX: usize = 2;

/// Images and tables of one run that its page finds by step: as many as a comparison looks at.
pub const MEDIA_FILES_MAX: i64 = COMPARE_FILES_MAX;
/// Names of images and tables in one answer: more cards than anybody scrolls through.
pub const MEDIA_NAMES_MAX: u32 = 200;
/// Histograms of one name that a page draws side by side: of more, every so-manieth.
pub const HISTOGRAM_STEPS_MAX: u32 = 240;
/// A table that is read to show a page of it, and its cells: at most some hundred megabytes while it is sorted.
pub const TABLE_BYTES_MAX: u64 = 16 * 1024 * 1024;
pub const TABLE_CELLS_MAX: usize = 1_000_000;
/// Columns shown of a table: more are not read on a page.
pub const TABLE_COLUMNS_MAX: usize = 200;
/// Rows on one page of a table.
pub const TABLE_PAGE_MAX: u32 = 200;
/// Characters shown of one cell.
pub const TABLE_CELL_CHARACTERS_MAX: usize = 500;
/// Tables read at one time: each may hold such an amount.
pub const TABLES_AT_ONCE_MAX: usize = 2;

/// Name of a dataset or model, of a registered model, and of an alias.
pub const ASSET_NAME_BYTES_MAX: usize = 1_000;
/// Digest of a dataset, as its maker computed it: the longest in use are 64 hex digits.
pub const ASSET_DIGEST_BYTES_MAX: usize = 128;
/// Where a dataset comes from, as JSON: MLflow allows 65 535.
pub const ASSET_SOURCE_BYTES_MAX: usize = 65_535;
/// Columns and types of a dataset, as JSON: MLflow allows 1 048 575.
pub const ASSET_SCHEMA_BYTES_MAX: usize = 1_048_575;
/// Statistics of a dataset, as JSON: MLflow allows 16 777 215, which is more than one request may have.
pub const ASSET_PROFILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Params of one model.
pub const ASSET_PARAMS_MAX: usize = 10_000;
/// Metrics of one model, each for each dataset: the latest of every one is kept.
pub const ASSET_METRICS_MAX: i64 = 10_000;
/// Datasets and models that one run reads or writes: a sweep of checkpoints.
pub const ASSETS_PER_RUN_MAX: i64 = 10_000;
/// Registered models: a search looks at each of them.
pub const REGISTERED_MODELS_MAX: i64 = 10_000;
/// Versions of one registered model: one an hour for ten years.
pub const MODEL_VERSIONS_MAX: i64 = 100_000;
/// Versions that one search looks at, those that changed last: MLflow's answers have at most as many.
pub const MODEL_VERSIONS_FOUND_MAX: i64 = 200_000;
/// Aliases of one registered model: names for the few versions that are in use.
pub const MODEL_ALIASES_MAX: i64 = 1_000;
/// Text of a tag in the registry: MLflow keeps the texts of prompts there, of 100 000 characters; four bytes each.
pub const MODEL_TAG_BYTES_MAX: usize = 400_000;
/// Where the files of a version lie, and the link to its run: URIs.
pub const MODEL_SOURCE_BYTES_MAX: usize = 4_000;

/// Events kept for listeners that are slow or come back after a break; who misses more is told to fetch again.
pub const EVENT_QUEUE_MAX: usize = 1_024;
/// Listeners at once, one a tab: each takes a file descriptor and some kilobytes.
pub const EVENT_LISTENERS_MAX: usize = 4_000;
/// A token that was looked up is trusted for so long: a withdrawn one works on no longer than that.
pub const TOKEN_KNOWN_MILLIS: u64 = 1_000;
/// Tokens remembered so at once.
pub const TOKENS_KNOWN_MAX: usize = 1_000;
/// A signed-in browser stays so this long without use.
pub const SESSION_MILLIS: i64 = 30 * 24 * 3_600 * 1_000;
/// A one-time sign-in link: time to click, not to leak.
pub const SIGN_IN_LINK_MILLIS: i64 = 60 * 60 * 1_000;

/// Memory for the columns that searches over the runs of experiments go through: a hundred columns of a hundred thousand
/// runs. What was not used for longest is let go first.
pub const RUN_INDEX_BYTES_MAX: usize = 128 * 1024 * 1024;
/// Params, metrics and tags of one export that does not name any. Files of more columns are read by nothing.
pub const EXPORT_COLUMNS_MAX: i64 = 5_000;
/// What an export reads before it writes: rows of about so many bytes.
pub const EXPORT_BYTES_AT_ONCE: usize = 4 * 1024 * 1024;
/// Exports at one time: each holds some dozens of megabytes, for as long as its reader takes.
pub const EXPORTS_MAX: usize = 8;
/// How long a change by another server may be on its way from its time stamp to readers: a commit that waits for the disk,
/// and clocks that differ. What changed so lately is read again for each search.
pub const RUN_INDEX_OVERLAP_MILLIS: i64 = 60_000;
/// Fields that runs are grouped by, all params but some among them: the largest flattened configurations that are compared
/// as a whole. Each is a column in memory.
pub const GROUP_KEYS_MAX: usize = 1_000;
/// Those times the runs of the experiment: four bytes each, so that they fit in the run index beside what is there.
pub const GROUP_COLUMN_CELLS_MAX: usize = 20_000_000;
/// Fields that groups have means of: columns that a person reads.
pub const GROUP_FIELDS_MAX: usize = 100;
/// The query that means one group: together with the rest it fits a URL, in which a letter may take nine bytes.
pub const GROUP_FILTER_BYTES_MAX: usize = 4_000;
/// Runs of a group that are named one by one where that query would be longer.
pub const GROUP_FILTER_IDS_MAX: usize = 100;
/// Runs that are read again one by one; when more have changed, all are.
pub const RUN_INDEX_CHANGES_MAX: usize = 5_000;
/// Projects: a list that people read to choose from.
pub const PROJECTS_MAX: i64 = 1_000;
/// Runs that one request names to be changed: what a person selects by hand, many times over.
pub const RUNS_PER_UPDATE_MAX: usize = 10_000;
/// Runs changed in one transaction: batches of points that come meanwhile wait for it.
pub const RUNS_PER_COMMIT_MAX: usize = 1_000;
/// Changed runs that watchers are told of one by one; of more they hear that the experiment changed.
pub const RUNS_TOLD_MAX: usize = 50;
