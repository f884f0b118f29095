//! The run index: the runs of an experiment in memory, one column a field, so that any filter and any order over a hundred
//! thousand runs takes milliseconds. It is made of what the database holds, when a search first needs it, and before each
//! search what changed since is read again, so a restart or another server contradicts nothing.

mod changes;
mod column;
mod filter;
mod group;
mod order;
mod tally;
#[cfg(test)]
mod tests;
mod values_of;

pub(crate) use self::changes::Changes;
pub(super) use self::group::Wanted;

use self::{changes::Changed, column::Column, order::Start};
use crate::{Base, Result};
use model::{
    Error, ExperimentId, Page, RunId, UnixMillis, limits,
    query::{Expr, Field},
    run::{RunSearch, RunStatus, Trash, group::RunGroup},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem::size_of,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use store::column::Head as Row;

/// The indexes in memory, by experiment.
#[derive(Debug)]
pub(crate) struct RunIndexes {
    changes: Arc<Changes>,
    slots: Mutex<HashMap<ExperimentId, Arc<Slot>>>,
    uses: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    index: tokio::sync::Mutex<RunIndex>,
    bytes: AtomicUsize,
    /// When it was last used: a count of uses.
    used: AtomicU64,
}

/// The experiment whose index answers this search; none when only the database can.
pub(super) fn serves(search: &RunSearch) -> Option<ExperimentId> {
    let [experiment_id] = search.experiment_ids[..] else { return None };
    holds_all(search).then_some(experiment_id)
}

/// Whether the index holds all that a search filters by.
pub(super) fn holds_all(search: &RunSearch) -> bool {
    fields_of(search).iter().all(|field| !matches!(field, Field::Dataset(_)))
}

/// What a search filters by.
fn fields_of(search: &RunSearch) -> BTreeSet<Field> {
    let mut fields = BTreeSet::new();
    search.filter.iter().for_each(|expr| add_fields(expr, &mut fields));
    fields
}

/// One page of the runs that are searched for.
#[derive(Debug)]
pub(crate) struct FoundIds {
    /// In order.
    pub page: Vec<RunId>,
    /// How many runs come before them.
    pub offset: usize,
    /// How many there are in all.
    pub total: i64,
}

fn add_fields(expr: &Expr, fields: &mut BTreeSet<Field>) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| add_fields(part, fields)),
        Expr::Not(part) => add_fields(part, fields),
        Expr::Clause(clause) => {
            fields.insert(clause.field.clone());
        }
    }
}

impl RunIndexes {
    pub fn new(changes: Arc<Changes>) -> Self {
        Self { changes, slots: Mutex::default(), uses: AtomicU64::default() }
    }

    /// One page of the runs of an experiment that are searched for.
    pub async fn find(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        search: &RunSearch,
    ) -> Result<FoundIds> {
        let mut fields = fields_of(search);
        fields.extend(search.order.iter().map(|order| order.field.clone()));
        let slot = self.slot(experiment_id);
        let index = self.refreshed(base, experiment_id, &slot, fields).await?;
        index.find(search, base.world.now())
    }

    /// Those of these fields that are not the same in all of these runs.
    pub(super) async fn differing(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        runs: &Members<'_>,
        fields: &[Field],
    ) -> Result<Vec<Field>> {
        let slot = self.slot(experiment_id);
        let mut differing = Vec::new();
        // Some at a time, so that many fields of many runs are not in memory at once.
        for fields in fields.chunks(FIELDS_AT_ONCE) {
            let mut needed = runs.fields();
            needed.extend(fields.iter().cloned());
            let index = self.refreshed(base, experiment_id, &slot, needed).await?;
            let rows = index.rows(runs, base.world.now());
            let differs =
                |field: &&Field| index.columns.get(field).is_some_and(|column| column.differs(&rows));
            differing.extend(fields.iter().filter(differs).cloned());
        }
        Ok(differing)
    }

    /// One page of the groups of an experiment's runs.
    pub(super) async fn group(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        runs: &Members<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Page<RunGroup>> {
        let slot = self.slot(experiment_id);
        let count = self.refreshed(base, experiment_id, &slot, BTreeSet::new()).await?.heads.len();
        if count * wanted.keys.len() > limits::GROUP_COLUMN_CELLS_MAX {
            let keys = wanted.keys.len();
            let fault = format!("{keys} fields of {count} runs are too many: name those that matter");
            return Err(Error::too_large("by", fault).into());
        }
        let mut fields = runs.fields();
        fields.extend(wanted.keys.iter().chain(wanted.fields).cloned());
        let index = self.refreshed(base, experiment_id, &slot, fields).await?;
        let now = base.world.now();
        Ok(group::page(&index, &index.rows(runs, now), wanted, now))
    }

    /// What occurs most often in a param or tag of an experiment's runs and contains a text, in any case.
    pub async fn values(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        field: &Field,
        search: &str,
        limit: usize,
    ) -> Result<Vec<String>> {
        let fields = BTreeSet::from([field.clone()]);
        let slot = self.slot(experiment_id);
        let index = self.refreshed(base, experiment_id, &slot, fields).await?;
        let search = search.to_lowercase();
        let mut counts = index.columns.get(field).map(Column::counts).unwrap_or_default();
        counts.retain(|(text, _)| text.to_lowercase().contains(&search));
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        Ok(counts.into_iter().take(limit).map(|(text, _)| text.to_owned()).collect())
    }

    /// The index of an experiment, with those of these fields that have columns as they are now.
    async fn refreshed<'a>(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        slot: &'a Slot,
        mut fields: BTreeSet<Field>,
    ) -> Result<tokio::sync::MutexGuard<'a, RunIndex>> {
        fields.retain(|field| !matches!(field, Field::Attribute(_) | Field::Dataset(_)));
        let mut index = slot.index.lock().await;
        let refreshed = index.refresh(base, &self.changes, experiment_id, &fields).await;
        slot.bytes.store(index.bytes(), Ordering::Relaxed);
        self.make_room(experiment_id, &mut index, &fields);
        refreshed?;
        Ok(index)
    }

    /// Lets an index go, because runs left its experiment.
    pub fn forget(&self, experiment_id: ExperimentId) {
        let mut slots = self.lock();
        slots.remove(&experiment_id);
        self.changes.unwatch(experiment_id);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ExperimentId, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, experiment_id: ExperimentId) -> Arc<Slot> {
        // An experiment is watched as long as it has a slot: both change under one lock.
        let mut slots = self.lock();
        self.changes.watch(experiment_id);
        let slot = slots.entry(experiment_id).or_default().clone();
        drop(slots);
        slot.used.store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        slot
    }

    /// Lets go what was not used for longest, and if this index alone is too large, its columns that are not needed now.
    fn make_room(&self, experiment_id: ExperimentId, index: &mut RunIndex, needed: &BTreeSet<Field>) {
        let mut slots = self.lock();
        let total = |slots: &HashMap<ExperimentId, Arc<Slot>>| {
            slots.values().map(|slot| slot.bytes.load(Ordering::Relaxed)).sum::<usize>()
        };
        while total(&slots) > limits::RUN_INDEX_BYTES_MAX {
            let others = slots.iter().filter(|(id, _)| **id != experiment_id);
            let oldest = others.min_by_key(|(_, slot)| slot.used.load(Ordering::Relaxed));
            let Some((&oldest, _)) = oldest else { break };
            slots.remove(&oldest);
            self.changes.unwatch(oldest);
        }
        if total(&slots) > limits::RUN_INDEX_BYTES_MAX {
            index.columns.retain(|field, _| needed.contains(field));
        }
    }
}

/// Fields that are compared over all runs at one time.
const FIELDS_AT_ONCE: usize = 16;

/// Which runs are looked at.
#[derive(Debug)]
pub(super) enum Members<'a> {
    /// Those that are searched for, by what the index holds.
    Searched(&'a RunSearch),
    /// Those that the database found, because the index does not hold what they are searched by.
    Found(Vec<RunId>),
}

impl Members<'_> {
    /// What the index must hold to tell which they are.
    fn fields(&self) -> BTreeSet<Field> {
        match self {
            Self::Searched(search) => fields_of(search),
            Self::Found(_) => BTreeSet::new(),
        }
    }
}

/// What every run has by itself.
#[derive(Debug)]
struct Head {
    id: u128,
    parent: Option<u128>,
    number: i64,
    name: Box<str>,
    folded: Box<str>,
    status: RunStatus,
    user: Arc<str>,
    started: Option<i64>,
    ended: Option<i64>,
}

impl Head {
    fn text_bytes(&self) -> usize {
        self.name.len() + self.folded.len()
    }
}

#[derive(Debug, Default)]
struct RunIndex {
    heads: Vec<Head>,
    // What almost every search goes through, each by itself: a tenth of the memory to pass over.
    created: Vec<i64>,
    updated: Vec<i64>,
    trashed: Vec<bool>,
    archived: Vec<bool>,
    /// Of the names.
    text_bytes: usize,
    places: HashMap<u128, u32>,
    users: HashSet<Arc<str>>,
    experiment_trashed: bool,
    /// How far the runs themselves were read; columns know for themselves.
    read: Read,
    columns: HashMap<Field, Column>,
}

impl RunIndex {
    /// Reads again what changed since the last time, of the runs and of these of their fields.
    async fn refresh(
        &mut self,
        base: &Base,
        changes: &Changes,
        experiment_id: ExperimentId,
        fields: &BTreeSet<Field>,
    ) -> Result<()> {
        let db = &base.db;
        let now = Read { at: Some(base.world.now()), change: changes.count() };
        if self.read.at.is_some_and(|read| now.at < Some(read)) {
            // The clock was set back: what carries older stamps than before would be missed.
            *self = Self::default();
        }
        self.experiment_trashed = store::column::experiment_is_trashed(db, experiment_id).await?;
        let changed = changes.since(experiment_id, self.read, db.dialect());
        for which in changed.parts() {
            for row in store::column::heads(db, experiment_id, which).await? {
                self.put(row);
            }
        }
        self.read = now;
        // Those that were read as far as each other are read together.
        let mut by_read: HashMap<Read, Vec<(Field, Column)>> = HashMap::new();
        for field in fields {
            let column = self.columns.remove(field).unwrap_or_else(|| Column::new(field));
            by_read.entry(column.read).or_default().push((field.clone(), column));
        }
        for (read, mut columns) in by_read {
            let changed = changes.since(experiment_id, read, db.dialect());
            let rows = self.rows_of(&changed);
            for (_, column) in &mut columns {
                column.resize(self.heads.len());
                for &row in &rows {
                    column.clear(row);
                }
            }
            if !rows.is_empty() {
                for which in changed.parts() {
                    column::fill(db, experiment_id, which, &mut columns, &self.places).await?;
                }
            }
            for (field, mut column) in columns {
                column.read = now;
                self.columns.insert(field, column);
            }
        }
        Ok(())
    }

    /// The rows of runs that changed.
    fn rows_of(&self, changed: &Changed) -> Vec<u32> {
        let rows = changed.since.into_iter().flat_map(|since| {
            self.updated.iter().zip(0..).filter(move |(at, _)| **at >= since.0).map(|(_, row)| row)
        });
        rows.chain(changed.runs.iter().filter_map(|id| self.place(id))).collect()
    }

    fn put(&mut self, row: Row) {
        let Some(id) = number_of(&row.id) else { return };
        let user = if let Some(user) = self.users.get(row.user_name.as_str()) {
            user.clone()
        } else {
            let user: Arc<str> = row.user_name.into();
            self.users.insert(user.clone());
            user
        };
        let head = Head {
            id,
            parent: row.parent_id.as_deref().and_then(number_of),
            number: row.number,
            name: row.name.into(),
            folded: row.name_folded.into(),
            status: row.status.parse().unwrap_or(RunStatus::Lost),
            user,
            started: row.started_at_ms,
            ended: row.ended_at_ms,
        };
        let (created, updated) = (row.created_at_ms, row.updated_at_ms);
        let (trashed, archived) = (row.trashed_at_ms.is_some(), row.archived_at_ms.is_some());
        self.text_bytes += head.text_bytes();
        if let Some(&place) = self.places.get(&id) {
            let place = place as usize;
            let before = std::mem::replace(&mut self.heads[place], head);
            self.text_bytes -= before.text_bytes();
            (self.created[place], self.updated[place]) = (created, updated);
            (self.trashed[place], self.archived[place]) = (trashed, archived);
        } else {
            self.places.insert(id, self.heads.len() as u32);
            self.heads.push(head);
            self.created.push(created);
            self.updated.push(updated);
            self.trashed.push(trashed);
            self.archived.push(archived);
        }
    }

    /// About what it takes.
    fn bytes(&self) -> usize {
        let columns: usize = self.columns.values().map(Column::bytes).sum();
        self.heads.len() * (size_of::<Head>() + 2 * size_of::<i64>() + 2 + 2 * size_of::<(u128, u32)>())
            + self.text_bytes
            + columns
    }

    fn place(&self, id: &RunId) -> Option<u32> {
        self.places.get(&u128::from_be_bytes(id.to_bytes())).copied()
    }

    fn find(&self, search: &RunSearch, now: UnixMillis) -> Result<FoundIds> {
        let start = match &search.after {
            None => Start::Offset(search.offset as usize),
            Some(id) => Start::After(self.place(id).ok_or_else(|| stranger(id))?),
        };
        let mut rows = self.searched(search, now);
        let total = rows.len() as i64;
        let offset = order::page(self, &mut rows, &search.order, (start, search.limit as usize), now);
        let page = rows.into_iter().map(|row| run_id(self.heads[row as usize].id)).collect();
        Ok(FoundIds { page, offset, total })
    }

    /// In no order.
    fn rows(&self, runs: &Members<'_>, now: UnixMillis) -> Vec<u32> {
        match runs {
            Members::Searched(search) => self.searched(search, now),
            Members::Found(ids) => ids.iter().filter_map(|id| self.place(id)).collect(),
        }
    }

    fn searched(&self, search: &RunSearch, now: UnixMillis) -> Vec<u32> {
        let mask = search.filter.as_ref().map(|expr| filter::mask(self, expr, now));
        let text = search.search.trim().to_lowercase();
        let parent = search.parent.as_ref().map(|id| u128::from_be_bytes(id.to_bytes()));
        let kept = |row: usize| {
            let trashed = self.trashed[row] || self.experiment_trashed;
            (search.archived || !self.archived[row])
                && match search.trash {
                    Trash::Without => !trashed,
                    Trash::Only => trashed,
                    Trash::With => true,
                }
        };
        let id_prefix = ids_from(&text);
        let is_head = |row: usize| {
            let head = &self.heads[row];
            search.status.is_none_or(|status| head.status == status)
                && (parent.is_none() || head.parent == parent)
                && (text.is_empty()
                    || head.folded.contains(&text)
                    || id_prefix.as_ref().is_some_and(|ids| ids.contains(&head.id)))
        };
        let every_head = search.status.is_none() && parent.is_none() && text.is_empty();
        let wanted = |row: &usize| {
            kept(*row) && mask.as_ref().is_none_or(|mask| mask[*row]) && (every_head || is_head(*row))
        };
        (0..self.heads.len()).filter(wanted).map(|row| row as u32).collect()
    }
}

/// A page cannot begin after a run that the experiment does not have.
pub(super) fn stranger(id: &RunId) -> Error {
    Error::invalid("after", format!("the experiment has no run \"{id}\"; begin again without it"))
}

/// How far something was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Read {
    /// None: not at all.
    at: Option<UnixMillis>,
    /// Changes of this server that had happened by then.
    change: u64,
}

fn number_of(id: &str) -> Option<u128> {
    u128::from_str_radix(id, 16).ok()
}

/// The ids whose digits begin with this text; none when it is no such beginning.
fn ids_from(text: &str) -> Option<RangeInclusive<u128>> {
    let free = 4 * 32_u32.checked_sub(text.len() as u32)?;
    let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let first = number_of(text).filter(|_| digits)?.checked_shl(free)?;
    Some(first..=first | ((1 << free) - 1))
}

fn run_id(id: u128) -> RunId {
    RunId::from_bytes(id.to_be_bytes())
}
