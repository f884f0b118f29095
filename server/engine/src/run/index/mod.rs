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

pub(crate) use self::changes::Changes;
pub(super) use self::group::Wanted;

use self::{changes::Changed, column::Column};
use crate::{Base, Result};
use model::{
    Error, ExperimentId, Page, RunId, UnixMillis, limits,
    query::{Attribute, Expr, Field},
    run::{RunSearch, RunStatus, Trash, group::RunGroup},
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    mem::size_of,
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

/// The experiment whose index answers this search; none when the database does so as fast by itself, or must.
pub(super) fn serves(search: &RunSearch) -> Option<ExperimentId> {
    let [experiment_id] = search.experiment_ids[..] else { return None };
    let is_sorted = |field: &Field| {
        matches!(field, Field::Attribute(Attribute::Number | Attribute::Started | Attribute::Id))
    };
    let plain = search.filter.is_none()
        && search.search.trim().is_empty()
        && search.order.iter().all(|order| is_sorted(&order.field));
    (!plain && holds_all(search)).then_some(experiment_id)
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

    /// The ids of one page of the runs of an experiment that are searched for, in order, and how many there are in all.
    pub async fn find(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        search: &RunSearch,
    ) -> Result<(Vec<RunId>, i64)> {
        let mut fields = fields_of(search);
        fields.extend(search.order.iter().map(|order| order.field.clone()));
        fields.retain(|field| !matches!(field, Field::Attribute(_)));
        let slot = self.slot(experiment_id);
        let index = self.refreshed(base, experiment_id, &slot, &fields).await?;
        Ok(index.find(search, base.world.now()))
    }

    /// One page of the groups of an experiment's runs.
    pub(super) async fn group(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        runs: Members<'_>,
        wanted: &Wanted<'_>,
    ) -> Result<Page<RunGroup>> {
        let slot = self.slot(experiment_id);
        let count = self.refreshed(base, experiment_id, &slot, &BTreeSet::new()).await?.heads.len();
        if count * wanted.keys.len() > limits::GROUP_COLUMN_CELLS_MAX {
            let keys = wanted.keys.len();
            let fault = format!("{keys} fields of {count} runs are too many: name those that matter");
            return Err(Error::too_large("by", fault).into());
        }
        let mut fields = match runs {
            Members::Searched(search) => fields_of(search),
            Members::These(_) => BTreeSet::new(),
        };
        fields.extend(wanted.keys.iter().chain(wanted.fields).cloned());
        fields.retain(|field| !matches!(field, Field::Attribute(_)));
        let index = self.refreshed(base, experiment_id, &slot, &fields).await?;
        let now = base.world.now();
        let place = |id: &RunId| index.places.get(&u128::from_be_bytes(id.to_bytes())).copied();
        let rows = match runs {
            Members::Searched(search) => index.members(search, now),
            Members::These(ids) => ids.iter().filter_map(place).collect(),
        };
        Ok(group::page(&index, &rows, wanted, now))
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
        let index = self.refreshed(base, experiment_id, &slot, &fields).await?;
        let search = search.to_lowercase();
        let mut counts = index.columns.get(field).map(Column::counts).unwrap_or_default();
        counts.retain(|(text, _)| text.to_lowercase().contains(&search));
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        Ok(counts.into_iter().take(limit).map(|(text, _)| text.to_owned()).collect())
    }

    /// The index of an experiment, with these fields as they are now.
    async fn refreshed<'a>(
        &self,
        base: &Base,
        experiment_id: ExperimentId,
        slot: &'a Slot,
        fields: &BTreeSet<Field>,
    ) -> Result<tokio::sync::MutexGuard<'a, RunIndex>> {
        let mut index = slot.index.lock().await;
        let refreshed = index.refresh(base, &self.changes, experiment_id, fields).await;
        slot.bytes.store(index.bytes(), Ordering::Relaxed);
        self.make_room(experiment_id, &mut index, fields);
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

/// Which runs are grouped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Members<'a> {
    /// Those that are searched for, by what the index holds.
    Searched(&'a RunSearch),
    These(&'a [RunId]),
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
    created: i64,
    started: Option<i64>,
    ended: Option<i64>,
    updated: i64,
    trashed: bool,
}

impl Head {
    fn text_bytes(&self) -> usize {
        self.name.len() + self.folded.len()
    }
}

#[derive(Debug, Default)]
struct RunIndex {
    heads: Vec<Head>,
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
        // Columns that were read together lack the same: it is looked for once.
        let mut lacking: Vec<(Read, Changed, Vec<u32>)> = Vec::new();
        for field in fields {
            let mut column = self.columns.remove(field).unwrap_or_else(|| Column::new(field));
            column.resize(self.heads.len());
            let known = lacking.iter().position(|(read, ..)| *read == column.read);
            let known = known.unwrap_or_else(|| {
                let changed = changes.since(experiment_id, column.read, db.dialect());
                let rows = self.rows_of(&changed);
                lacking.push((column.read, changed, rows));
                lacking.len() - 1
            });
            let (_, changed, rows) = &lacking[known];
            if !rows.is_empty() {
                for &row in rows {
                    column.clear(row);
                }
                for which in changed.parts() {
                    column.fill(db, experiment_id, which, field, &self.places).await?;
                }
            }
            column.read = now;
            self.columns.insert(field.clone(), column);
        }
        Ok(())
    }

    /// The rows of runs that changed.
    fn rows_of(&self, changed: &Changed) -> Vec<u32> {
        let since = changed.since.0;
        let late = self.heads.iter().zip(0..).filter(|(head, _)| head.updated >= since).map(|(_, row)| row);
        let places =
            changed.runs.iter().filter_map(|id| self.places.get(&u128::from_be_bytes(id.to_bytes())));
        late.chain(places.copied()).collect()
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
            created: row.created_at_ms,
            started: row.started_at_ms,
            ended: row.ended_at_ms,
            updated: row.updated_at_ms,
            trashed: row.trashed_at_ms.is_some(),
        };
        self.text_bytes += head.text_bytes();
        if let Some(&place) = self.places.get(&id) {
            let before = std::mem::replace(&mut self.heads[place as usize], head);
            self.text_bytes -= before.text_bytes();
        } else {
            self.places.insert(id, self.heads.len() as u32);
            self.heads.push(head);
        }
    }

    /// About what it takes.
    fn bytes(&self) -> usize {
        let columns: usize = self.columns.values().map(Column::bytes).sum();
        self.heads.len() * (size_of::<Head>() + 2 * size_of::<(u128, u32)>()) + self.text_bytes + columns
    }

    fn find(&self, search: &RunSearch, now: UnixMillis) -> (Vec<RunId>, i64) {
        let mut rows = self.members(search, now);
        let total = rows.len() as i64;
        let (start, count) = (search.offset as usize, search.limit as usize);
        order::page(self, &mut rows, &search.order, start..start.saturating_add(count), now);
        (rows.into_iter().map(|row| run_id(self.heads[row as usize].id)).collect(), total)
    }

    /// The runs that are searched for, in no order.
    fn members(&self, search: &RunSearch, now: UnixMillis) -> Vec<u32> {
        let mask = search.filter.as_ref().map(|expr| filter::mask(self, expr, now));
        let text = search.search.trim().to_lowercase();
        let parent = search.parent.as_ref().map(|id| u128::from_be_bytes(id.to_bytes()));
        let wanted = |row: usize| {
            let head = &self.heads[row];
            let trashed = head.trashed || self.experiment_trashed;
            let kept = match search.trash {
                Trash::Without => !trashed,
                Trash::Only => trashed,
                Trash::With => true,
            };
            kept && mask.as_ref().is_none_or(|mask| mask[row])
                && search.status.is_none_or(|status| head.status == status)
                && (parent.is_none() || head.parent == parent)
                && (text.is_empty()
                    || head.folded.contains(&text)
                    || run_id(head.id).as_str().starts_with(&text))
        };
        (0..self.heads.len()).filter(|&row| wanted(row)).map(|row| row as u32).collect()
    }
}

/// How far something was read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Read {
    /// None: not at all.
    at: Option<UnixMillis>,
    /// Changes of this server that had happened by then.
    change: u64,
}

fn number_of(id: &str) -> Option<u128> {
    u128::from_str_radix(id, 16).ok()
}

fn run_id(id: u128) -> RunId {
    RunId::from_bytes(id.to_be_bytes())
}
