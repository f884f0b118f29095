//! Groups of runs: those that have the same params, tags or attributes, with means of their metrics.

use super::{RunQuery, RunSearch, RunStatus, Trash};
use crate::{
    Error, ExperimentId, Float64, RunId, limits,
    query::{self, Attribute, Field, GroupOrder, GroupSort, Grouping},
};
use serde::{Deserialize, Serialize};

/// Which runs of an experiment, grouped by what. All but `by`, `fields` and `sort` narrow as for runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct RunGroupQuery {
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub experiment_id: ExperimentId,
    /// Params, tags, `status`, `user`, `name` and `parent`, with commas between them; or `all but params.seed`: every
    /// param of the experiment but these; or `all params`.
    pub by: String,
    /// What to have means of: metrics, each with `.last` (the default), `.min`, `.max` or `.mean`, params that are numbers,
    /// and `duration`, in seconds.
    #[serde(default)]
    pub fields: String,
    /// Part of the name, or the start of the id.
    #[serde(default)]
    pub search: String,
    /// A condition in the query language.
    #[serde(default)]
    pub filter: String,
    #[serde(default)]
    pub status: Option<RunStatus>,
    /// Only the children of this run.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = Option<String>))]
    pub parent: Option<RunId>,
    #[serde(default)]
    #[cfg_attr(feature = "openapi", param(value_type = String))]
    pub trash: Trash,
    /// Also runs that are archived.
    #[serde(default)]
    pub archived: bool,
    /// `n`, fields of `by`, and fields of `fields`, which stand for their mean: the most important first, each rising unless
    /// `desc` follows. Groups that lack a value come last, whichever way. Without any, the largest comes first.
    #[serde(default)]
    pub sort: String,
    #[serde(default)]
    pub offset: u32,
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What a query for groups asks for beside which runs.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSearch {
    pub by: Grouping,
    pub fields: Vec<Field>,
    pub order: Vec<GroupOrder>,
}

impl RunGroupQuery {
    /// Groups of these runs, whatever their order and columns.
    pub fn new(runs: RunQuery, by: String, fields: String, sort: String) -> Self {
        let RunQuery {
            experiment_id, search, filter, status, parent, trash, archived, offset, limit, ..
        } = runs;
        Self {
            experiment_id,
            by,
            fields,
            search,
            filter,
            status,
            parent,
            trash,
            archived,
            sort,
            offset,
            limit,
        }
    }

    /// The search for its runs, all of them, and how they are grouped.
    pub fn into_parts(self) -> Result<(RunSearch, GroupSearch), Error> {
        let by = query::parse_group(&self.by).map_err(|error| error.into_error("by"))?;
        let expected = "expected what to group by, such as params.lr or all but params.seed";
        let by = by.ok_or_else(|| Error::invalid("by", expected))?;
        let fields = query::parse_fields(&self.fields).map_err(|error| error.into_error("fields"))?;
        check_fields(&fields)?;
        let order = query::parse_group_orders(&self.sort).map_err(|error| error.into_error("sort"))?;
        let search = RunSearch {
            order: Vec::new(),
            offset: 0,
            ..RunQuery {
                search: self.search,
                filter: self.filter,
                status: self.status,
                parent: self.parent,
                trash: self.trash,
                archived: self.archived,
                ..RunQuery::new(self.experiment_id)
            }
            .into_search(u32::MAX >> 1)?
        };
        let groups = GroupSearch { by, fields, order };
        match groups.order.iter().find(|order| !groups.orders_by(&order.by)) {
            Some(order) => {
                let fault =
                    format!("groups are not ordered by {order}: expected n or a field of by or fields");
                Err(Error::invalid("sort", fault))
            }
            None => Ok((search, groups)),
        }
    }
}

impl GroupSearch {
    /// Whether the groups have this to be ordered by.
    pub fn orders_by(&self, by: &GroupSort) -> bool {
        match by {
            GroupSort::Count => true,
            GroupSort::Field(field) => self.by.has(field) || self.fields.contains(field),
        }
    }
}

fn check_fields(fields: &[Field]) -> Result<(), Error> {
    if fields.len() > limits::GROUP_FIELDS_MAX {
        return Err(Error::too_large("fields", format!("at most {}", limits::GROUP_FIELDS_MAX)));
    }
    let has_mean = |field: &&Field| {
        matches!(field, Field::Metric { .. } | Field::Param(_) | Field::Attribute(Attribute::Duration))
    };
    match fields.iter().find(|field| !has_mean(field)) {
        Some(field) => {
            let fault = format!("{field} has no mean: expected metrics.…, params.… or duration");
            Err(Error::invalid("fields", fault))
        }
        None => Ok(()),
    }
}

/// Runs that have the same in all that they are grouped by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunGroup {
    /// What they have in common, in the order asked for. Of all params but some only those that tell the runs apart: the
    /// others are the same in every group that has any.
    pub keys: Vec<GroupKey>,
    /// How many runs.
    pub n: i64,
    /// In the order of the fields asked for.
    pub stats: Vec<GroupStat>,
    /// The query that means exactly these runs, with the same search, status, parent and trash. Absent where it would be
    /// too long for one.
    pub filter: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupKey {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    /// Absent where the runs lack it. Params of the same number are the same, however they are written: `1`, `1.0`.
    pub value: Option<String>,
}

/// One field over the runs of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GroupStat {
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub field: Field,
    /// Runs with a finite number: all that follows is of these.
    pub n: i64,
    /// Runs whose value is NaN or infinite, or no number; of a metric's min, max and mean, runs that never logged a finite
    /// one. Runs without the field are in neither count.
    pub not_finite: i64,
    pub mean: Option<Float64>,
    /// Of a sample (over n − 1): absent for fewer than two.
    pub std: Option<Float64>,
    /// The 95 % confidence interval of the mean is this much to either side of it, by Student's t.
    pub ci95: Option<Float64>,
    pub min: Option<Float64>,
    pub max: Option<Float64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(by: &str, fields: &str, sort: &str) -> Result<(RunSearch, GroupSearch), Error> {
        let runs = RunQuery::new(ExperimentId(1));
        RunGroupQuery::new(runs, by.into(), fields.into(), sort.into()).into_parts()
    }

    #[test]
    fn groups_are_ordered_by_what_they_have() {
        let asked = parts("all but params.seed", "metrics.loss.min", "params.lr desc, metrics.loss.min, n");
        assert_eq!(asked.unwrap().1.order.len(), 3);
        for sort in ["params.seed", "metrics.loss", "user", "n, name"] {
            let error = parts("all but params.seed", "metrics.loss.min", sort).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("sort"), "{sort}");
        }
    }

    #[test]
    fn what_has_no_mean_is_refused_by_name() {
        assert!(parts("user", "duration, params.lr, metrics.a", "").is_ok());
        for (by, fields, field) in
            [("", "", "by"), ("user", "tags.a", "fields"), ("user", "started", "fields")]
        {
            assert_eq!(parts(by, fields, "").unwrap_err().field.as_deref(), Some(field));
        }
    }
}
