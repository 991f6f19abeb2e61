//! A send that met somebody else's changes: what each side did, in short, and in JSON.

use serde_json::{Value, json};
use trunkline_core::{Base, Conflict, Local, Merged, SendOrder, Sides, Target, Way, merge};
use trunkline_document::{
    Collision, CollisionKind, Difference, DifferenceKind, Document, FieldCollision, Side, ThreeWay,
};

use super::diff;
use crate::context::Context;
use crate::failure::Failure;
use crate::progress::Shown;
use crate::text::one_line;

/// Lines of one list; a person reads no more of them here, and the JSON has them all.
const LINES: usize = 20;

/// Gathers what a conflict is about; `None`, with a word about it, where that can not be had.
pub(super) async fn look(
    context: &Context,
    local: &Local,
    way: &mut Way,
    target: &Target,
    order: &SendOrder,
    base: &Base,
) -> Option<Conflict> {
    let shown = Shown::new(&context.output);
    let conflict = local
        .look_at_conflict(way, target, order.object, base, &|p| shown.report(p))
        .await;
    drop(shown);
    match conflict {
        Ok(conflict) => Some(conflict),
        Err(error) => {
            context
                .output
                .say(&format!("who changed what can not be shown: {error}"));
            None
        }
    }
}

/// Says what each side did, and adds it to the failure.
pub(super) fn explain(context: &Context, failure: Failure, conflict: &Conflict, mine: &Document) -> Failure {
    let sides = conflict.sides(mine);
    for line in lines(conflict, &sides) {
        context.output.say(&line);
    }
    let failure = failure.with("conflict", to_json(conflict, &sides));
    match &sides {
        Sides::Three(three) if three.collisions.is_empty() => failure.hint(
            "Nothing collides: --rebase puts your changes on top of what the unit has now, and sends that.",
        ),
        Sides::Three(_) => failure.hint(
            "Receive again and make your changes on top, or take them out where they collide and use --rebase; \
             --force overwrites what was changed there.",
        ),
        Sides::Two(_) => failure,
    }
}

/// What the unit has now with my changes on top, where nothing collides.
pub(super) fn on_top(context: &Context, conflict: &Conflict, mine: &Document) -> Option<Document> {
    let Sides::Three(three) = conflict.sides(mine) else {
        return None;
    };
    if !three.collisions.is_empty() {
        return None;
    }
    let Merged {
        document,
        new_problems,
    } = match merge(&three, mine, &conflict.theirs, |_| Side::Theirs) {
        Ok(merged) => merged,
        Err(error) => {
            context.output.warn(&error.to_string());
            return None;
        }
    };
    for problem in &new_problems {
        context
            .output
            .warn(&format!("put together, {}", one_line(&problem.to_string())));
    }
    if !new_problems.is_empty() {
        return None;
    }
    for line in lines(conflict, &Sides::Three(three)) {
        context.output.say(&line);
    }
    Some(document)
}

fn lines(conflict: &Conflict, sides: &Sides<'_>) -> Vec<String> {
    let now = one_line(&conflict.unit_revision);
    let base = conflict.base_revision.as_deref().map(one_line);
    match sides {
        Sides::Three(three) => {
            let since = base.map(|base| format!(", since {base}")).unwrap_or_default();
            let mut lines = Vec::new();
            list(
                &mut lines,
                &format!("you changed{since}:"),
                differences(&three.mine),
            );
            list(
                &mut lines,
                &format!("changed there, now {now}:"),
                differences(&three.theirs),
            );
            list(
                &mut lines,
                "changed on both sides, and alike:",
                differences(&three.alike),
            );
            let collisions = three.collisions.iter().map(collision).collect();
            list(&mut lines, "these collide:", collisions);
            lines
        }
        Sides::Two(comparison) => {
            let base = base.map(|base| format!(" ({base})")).unwrap_or_default();
            let mut lines = vec![format!(
                "what your file is based on{base} is not in the archive, so that nobody can say who changed what"
            )];
            let there = diff::lines(comparison);
            list(
                &mut lines,
                &format!("sent over what the unit has now, {now}, it would change:"),
                there,
            );
            lines
        }
    }
}

fn list(lines: &mut Vec<String>, title: &str, mut items: Vec<String>) {
    if items.is_empty() {
        return;
    }
    lines.push(title.to_owned());
    let more = items.len().saturating_sub(LINES);
    items.truncate(LINES);
    lines.extend(items.into_iter().map(|item| format!("  {item}")));
    if more > 0 {
        lines.push(format!("  … and {more} more; --json has all"));
    }
}

fn differences(differences: &[Difference]) -> Vec<String> {
    let mut lines = Vec::new();
    for Difference { entity, kind } in differences {
        let label = one_line(&entity.label);
        match kind {
            DifferenceKind::Added => lines.push(format!("+ {label}")),
            DifferenceKind::Removed => lines.push(format!("- {label}")),
            DifferenceKind::Changed(fields) => lines.extend(fields.iter().map(|field| {
                let path = one_line(&field.path.to_string());
                format!("~ {label}, {path}: {}", diff::change_of(field, false))
            })),
        }
    }
    lines
}

fn collision(collision: &Collision) -> String {
    let place = match &collision.path {
        None => one_line(&collision.entity.label),
        Some(path) => format!(
            "{}, {}",
            one_line(&collision.entity.label),
            one_line(&path.to_string())
        ),
    };
    let what = match (collision.kind, &collision.fields[..]) {
        (CollisionKind::RemovedHere, _) => "you removed it, and it was changed there".to_owned(),
        (CollisionKind::RemovedThere, _) => "you changed it, and it was removed there".to_owned(),
        (_, [field]) if field.secret => "another secret on each side".to_owned(),
        (_, [field]) => {
            let [base, mine, theirs] = [&field.base, &field.mine, &field.theirs].map(|value| match value {
                Some(value) => one_line(&format!("{:?}", value.shown(false))),
                None => "nothing".into(),
            });
            format!("it was {base}, yours is {mine}, there it is {theirs}")
        }
        (CollisionKind::BothAdded, _) => "both added it, and not the same".to_owned(),
        (CollisionKind::BothChanged, _) => "both changed it, and not in the same way".to_owned(),
    };
    format!("! {place}: {what}")
}

fn to_json(conflict: &Conflict, sides: &Sides<'_>) -> Value {
    let mut value = json!({
        "base_revision": conflict.base_revision,
        "unit_revision": conflict.unit_revision,
        "base_known": matches!(sides, Sides::Three(_)),
    });
    match sides {
        Sides::Three(three) => {
            let ThreeWay {
                mine,
                theirs,
                alike,
                collisions,
                ..
            } = three;
            for (name, differences) in [("mine", mine), ("theirs", theirs), ("alike", alike)] {
                value[name] = differences.iter().map(difference_to_json).collect();
            }
            value["collisions"] = collisions.iter().map(collision_to_json).collect();
        }
        Sides::Two(comparison) => value["differences"] = diff::to_json(comparison, false),
    }
    value
}

fn difference_to_json(difference: &Difference) -> Value {
    let mut value = diff::entity_to_json(&difference.entity);
    let (change, fields) = match &difference.kind {
        DifferenceKind::Added => ("added", None),
        DifferenceKind::Removed => ("removed", None),
        DifferenceKind::Changed(fields) => ("changed", Some(fields)),
    };
    value["change"] = change.into();
    if let Some(fields) = fields {
        value["fields"] = fields
            .iter()
            .map(|field| diff::field_to_json(field, false))
            .collect();
    }
    value
}

fn collision_to_json(collision: &Collision) -> Value {
    let field = |field: &FieldCollision| {
        let shown =
            |value: &Option<trunkline_document::Value>| value.as_ref().map(|v| v.shown(false).to_owned());
        json!({
            "path": field.path.to_string(),
            "base": shown(&field.base),
            "mine": shown(&field.mine),
            "theirs": shown(&field.theirs),
            "secret": field.secret,
        })
    };
    let mut value = diff::entity_to_json(&collision.entity);
    value["path"] = collision.path.as_ref().map(ToString::to_string).into();
    value["kind"] = match collision.kind {
        CollisionKind::BothChanged => "both_changed",
        CollisionKind::BothAdded => "both_added",
        CollisionKind::RemovedHere => "removed_here",
        CollisionKind::RemovedThere => "removed_there",
    }
    .into();
    value["fields"] = collision.fields.iter().map(field).collect();
    value
}
