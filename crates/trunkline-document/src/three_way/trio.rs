//! Three states of one entity, walked together, element by element.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::splice::{Change, Edit};
use super::{CollisionKind, FieldCollision};
use crate::compare::FieldChange;
use crate::entity::{Entity, Field, guid_key, holds_text, selected};
use crate::matching::{is_noise, is_noise_at};
use crate::path::{FieldPath, Selector, Step};
use crate::secret::{Value, is_secret};

/// A value in three states.
#[derive(Clone, Debug)]
pub(super) struct Trio {
    pub(super) path: FieldPath,
    pub(super) base: Option<Value>,
    pub(super) mine: Option<Value>,
    pub(super) theirs: Option<Value>,
}

/// Who changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Mine,
    Theirs,
    Alike,
    Both(CollisionKind),
}

/// One difference between the three, which is taken or left as a whole.
pub(super) struct Found<'d> {
    pub(super) who: Who,
    /// What differs; `None` for the whole entity.
    pub(super) path: Option<FieldPath>,
    /// Every value in it that is not the same in all three.
    pub(super) values: Vec<Trio>,
    /// Makes mine out of theirs.
    pub(super) edit: Edit<'d>,
}

impl Trio {
    /// What I changed here.
    pub(super) fn here(&self) -> Option<FieldChange> {
        self.change(self.mine.as_ref())
    }

    /// What was changed there.
    pub(super) fn there(&self) -> Option<FieldChange> {
        self.change(self.theirs.as_ref())
    }

    /// Whether the two sides differ.
    pub(super) fn is_contested(&self) -> bool {
        differ(self.mine.as_ref(), self.theirs.as_ref())
    }

    pub(super) fn collision(&self) -> FieldCollision {
        FieldCollision {
            path: self.path.clone(),
            base: self.base.clone(),
            mine: self.mine.clone(),
            theirs: self.theirs.clone(),
            secret: self.is_secret(),
        }
    }

    fn change(&self, after: Option<&Value>) -> Option<FieldChange> {
        differ(self.base.as_ref(), after).then(|| FieldChange {
            path: self.path.clone(),
            before: self.base.clone(),
            after: after.cloned(),
            secret: self.is_secret(),
        })
    }

    fn is_secret(&self) -> bool {
        let mut values = [&self.base, &self.mine, &self.theirs].into_iter().flatten();
        values.any(Value::is_secret)
    }
}

fn differ(a: Option<&Value>, b: Option<&Value>) -> bool {
    a.map(Value::reveal) != b.map(Value::reveal)
}

/// Where the GUID stands, however it is written.
pub(super) fn guid_path() -> FieldPath {
    FieldPath::of_attribute("GUID")
}

/// Every value that is not the same in all three, GUIDs among them; where there is no entity there is no value.
pub(super) fn of_entities(
    base: Option<&Entity<'_>>,
    mine: Option<&Entity<'_>>,
    theirs: Option<&Entity<'_>>,
) -> Vec<Trio> {
    let fields = |entity: Option<&Entity<'_>>| {
        let Some(entity) = entity else {
            return Vec::new();
        };
        let mut fields = entity.fields();
        fields.extend(guid_field(entity));
        fields
    };
    trios(fields(base), fields(mine), fields(theirs)).1
}

fn guid_field(entity: &Entity<'_>) -> Option<Field> {
    Some(Field {
        path: guid_path(),
        value: Value::new(guid_key(&entity.guid()?)?, false),
    })
}

/// Everything in which the three are not the same.
pub(super) fn walk<'d>(base: Entity<'d>, mine: Entity<'d>, theirs: Entity<'d>) -> Vec<Found<'d>> {
    let mut walk = Walk {
        all: [base, mine, theirs],
        kind: base.kind(),
        steps: Vec::new(),
        found: Vec::new(),
    };
    walk.element([base.node, mine.node, theirs.node]);
    walk.found
}

/// In this order everywhere here: base, mine, theirs.
struct Walk<'d> {
    all: [Entity<'d>; 3],
    kind: Cow<'d, str>,
    steps: Vec<Step>,
    found: Vec<Found<'d>>,
}

/// Children of one name, each with what tells it apart.
type Children = Vec<(usize, Option<Selector>)>;

impl<'d> Walk<'d> {
    /// An element that all three have.
    fn element(&mut self, nodes: [usize; 3]) {
        let each = |has: &dyn Fn(&Entity<'d>, usize) -> bool| {
            let mut pairs = self.all.iter().zip(nodes);
            pairs.all(|(entity, node)| has(entity, node))
        };
        let is_leaf = |entity: &Entity<'d>, node| !entity.xml.tree.has_children(node);
        // Where there is text between children, or children on one side only, there is no telling what belongs to what.
        if each(&is_leaf) {
            self.attributes(nodes);
            self.text(nodes);
        } else if each(&|entity, node| !is_leaf(entity, node) && !holds_text(entity.xml, node)) {
            self.attributes(nodes);
            self.children(nodes);
        } else {
            self.whole(nodes);
        }
    }

    fn attributes(&mut self, nodes: [usize; 3]) {
        let key = match self.steps.last().and_then(|step| step.selector.as_ref()) {
            Some(Selector::Key { attribute, .. }) => Some(attribute.clone()),
            _ => None,
        };
        let mut names: Vec<&'d str> = Vec::new();
        for index in [2, 1, 0] {
            let xml = self.all[index].xml;
            for (name, _) in xml.tree.attributes_of(&xml.text, nodes[index]) {
                if !names.contains(&name) && !is_noise(name) && key.as_deref() != Some(name) {
                    names.push(name);
                }
            }
        }
        for name in names {
            if self.steps.is_empty() && name.eq_ignore_ascii_case("GUID") {
                continue;
            }
            let path = self.path(Some(name));
            let values = [0, 1, 2].map(|index| {
                let xml = self.all[index].xml;
                xml.tree.attribute(&xml.text, nodes[index], name)
            });
            self.scalar(path, values, |mine| Change::Attribute {
                node: nodes[2],
                name: name.to_owned(),
                value: mine,
            });
        }
        if self.steps.is_empty() {
            self.guid(nodes[2]);
        }
    }

    /// GUIDs are the same however they are written.
    fn guid(&mut self, node: usize) {
        let keys = self.all.map(|entity| entity.guid_key().map(Cow::Owned));
        let names = [2, 1].map(|index| {
            let xml = self.all[index].xml;
            let mut names = xml.tree.attributes_of(&xml.text, self.all[index].node);
            names.find_map(|(name, _)| name.eq_ignore_ascii_case("GUID").then(|| name.to_owned()))
        });
        let written = self.all[1].guid().map(Cow::into_owned);
        let name = names.into_iter().flatten().next().unwrap_or_default();
        self.scalar(guid_path(), keys, |_| Change::Attribute {
            node,
            name,
            value: written,
        });
    }

    fn text(&mut self, nodes: [usize; 3]) {
        let values = [0, 1, 2].map(|index| {
            let xml = self.all[index].xml;
            Some(xml.tree.text_of(&xml.text, nodes[index]))
        });
        let path = self.path(None);
        self.scalar(path, values, |mine| Change::Text {
            node: nodes[2],
            value: mine.unwrap_or_default(),
        });
    }

    fn scalar(
        &mut self,
        path: FieldPath,
        values: [Option<Cow<'_, str>>; 3],
        change: impl FnOnce(Option<String>) -> Change<'d>,
    ) {
        let secret = is_secret(&self.kind, &path);
        let [base, mine, theirs] =
            values.map(|value| value.map(|text| Value::new(text.into_owned(), secret)));
        let trio = Trio {
            path: path.clone(),
            base,
            mine,
            theirs,
        };
        let Some(who) = who(
            !differ(trio.mine.as_ref(), trio.base.as_ref()),
            !differ(trio.theirs.as_ref(), trio.base.as_ref()),
            !differ(trio.mine.as_ref(), trio.theirs.as_ref()),
            [&trio.base, &trio.mine, &trio.theirs].map(Option::is_none),
        ) else {
            return;
        };
        let change = change(trio.mine.as_ref().map(|mine| mine.reveal().to_owned()));
        self.find(who, Some(path), vec![trio], change);
    }

    fn children(&mut self, nodes: [usize; 3]) {
        let lists = [0, 1, 2].map(|index| {
            let xml = self.all[index].xml;
            selected(&xml.tree, &xml.text, nodes[index])
        });
        let all = self.all;
        let name_of = |index: usize, node| {
            let xml = all[index].xml;
            xml.tree.name(&xml.text, node)
        };
        let mut names: Vec<&'d str> = Vec::new();
        for index in [2, 1, 0] {
            for (node, _) in &lists[index] {
                let name = name_of(index, *node);
                if !names.contains(&name) && !is_noise(name) {
                    names.push(name);
                }
            }
        }
        for name in names {
            let same = [0, 1, 2].map(|index| {
                let children = lists[index]
                    .iter()
                    .filter(|(node, _)| name_of(index, *node) == name);
                children.cloned().collect::<Children>()
            });
            self.siblings(nodes, name, &same);
        }
    }

    /// The children of one name.
    fn siblings(&mut self, parents: [usize; 3], name: &str, same: &[Children; 3]) {
        let each = |is: fn(Option<&Selector>) -> bool| {
            same.iter().flatten().all(|(_, selector)| is(selector.as_ref()))
        };
        let is_key = |selector: Option<&Selector>| matches!(selector, Some(Selector::Key { .. }));
        let is_counted = |selector: Option<&Selector>| matches!(selector, Some(Selector::Index(_)));
        let as_many = same[0].len() == same[1].len() && same[0].len() == same[2].len();
        // What is only counted can be told apart as long as nobody adds or removes one.
        let told_apart = each(is_key) || each(|selector| selector.is_none()) || (each(is_counted) && as_many);
        if !told_apart {
            self.group(parents, name, None, same);
            return;
        }
        let mut selectors: Vec<&Option<Selector>> = Vec::new();
        for index in [2, 1, 0] {
            for (_, selector) in &same[index] {
                if !selectors.contains(&selector) {
                    selectors.push(selector);
                }
            }
        }
        for selector in selectors {
            let of = |index: usize| {
                let mut children = same[index].iter();
                children.find(|(_, other)| other == selector).cloned()
            };
            let one = [of(0), of(1), of(2)];
            if let [Some((base, _)), Some((mine, _)), Some((theirs, _))] = one {
                self.steps.push(Step {
                    name: name.to_owned(),
                    selector: selector.clone(),
                });
                self.element([base, mine, theirs]);
                self.steps.pop();
            } else {
                let one = one.map(|child| child.into_iter().collect());
                self.group(parents, name, selector.clone(), &one);
            }
        }
    }

    /// Elements that only some of the three have, or that can not be told apart: they change as a whole.
    fn group(&mut self, parents: [usize; 3], name: &str, selector: Option<Selector>, nodes: &[Children; 3]) {
        let fields = |index: usize| -> Vec<Field> {
            let children = nodes[index].iter();
            children
                .flat_map(|(node, selector)| self.all[index].fields_of(*node, selector.clone(), &self.steps))
                .collect()
        };
        let (Some(who), values) = trios(fields(0), fields(1), fields(2)) else {
            return;
        };
        let of = |index: usize| nodes[index].iter().map(|(node, _)| *node);
        let change = Change::Elements {
            parent: parents[2],
            old: of(2).collect(),
            after: of(1).next().and_then(|first| self.before(parents, first)),
            new: of(1).map(|node| (self.all[1], node)).collect(),
        };
        let mut steps = self.steps.clone();
        steps.push(Step {
            name: name.to_owned(),
            selector,
        });
        let path = FieldPath {
            steps,
            attribute: None,
        };
        self.find(who, Some(path), values, change);
    }

    /// The element of theirs behind which a new one of mine belongs.
    fn before(&self, parents: [usize; 3], new: usize) -> Option<usize> {
        let (mine, theirs) = (&self.all[1], &self.all[2]);
        let siblings = selected(&mine.xml.tree, &mine.xml.text, parents[1]);
        let before = siblings.into_iter().take_while(|(node, _)| *node != new);
        let mut steps: Vec<Step> = before
            .map(|(node, selector)| Step {
                name: mine.xml.tree.name(&mine.xml.text, node).to_owned(),
                selector,
            })
            .collect();
        steps.reverse();
        steps.iter().find_map(|step| theirs.child(parents[2], step))
    }

    /// An element that can only be taken as it is.
    fn whole(&mut self, nodes: [usize; 3]) {
        let [_, mine, theirs] = self.all;
        let (who, values) = if self.steps.is_empty() {
            let [base, mine, theirs] = self.all.map(|entity| {
                let mut fields = entity.fields();
                fields.extend(guid_field(&entity));
                fields
            });
            trios(base, mine, theirs)
        } else {
            let (above, step) = self.steps.split_at(self.steps.len() - 1);
            let [base, mine, theirs] = [0, 1, 2]
                .map(|index| self.all[index].fields_of(nodes[index], step[0].selector.clone(), above));
            trios(base, mine, theirs)
        };
        let Some(who) = who else { return };
        let change = Change::Elements {
            parent: theirs.node,
            old: vec![nodes[2]],
            after: None,
            new: vec![(mine, nodes[1])],
        };
        let path = (!self.steps.is_empty()).then(|| self.path(None));
        self.find(who, path, values, change);
    }

    fn path(&self, attribute: Option<&str>) -> FieldPath {
        FieldPath {
            steps: self.steps.clone(),
            attribute: attribute.map(str::to_owned),
        }
    }

    fn find(&mut self, who: Who, path: Option<FieldPath>, values: Vec<Trio>, change: Change<'d>) {
        let position = self.all[2].position;
        self.found.push(Found {
            who,
            path,
            values,
            edit: Edit::Inside { position, change },
        });
    }
}

/// Puts three lists of values beside each other: who changed something, and what is not the same in all three.
fn trios(base: Vec<Field>, mine: Vec<Field>, theirs: Vec<Field>) -> (Option<Who>, Vec<Trio>) {
    let missing = [&base, &mine, &theirs].map(Vec::is_empty);
    let mut all: BTreeMap<FieldPath, [Option<Value>; 3]> = BTreeMap::new();
    for (index, fields) in [base, mine, theirs].into_iter().enumerate() {
        for field in fields.into_iter().filter(|field| !is_noise_at(&field.path)) {
            all.entry(field.path).or_default()[index] = Some(field.value);
        }
    }
    let same = |a: usize, b: usize| {
        all.values()
            .all(|values| !differ(values[a].as_ref(), values[b].as_ref()))
    };
    let who = who(same(1, 0), same(2, 0), same(1, 2), missing);
    let trios = all.into_iter().map(|(path, [base, mine, theirs])| Trio {
        path,
        base,
        mine,
        theirs,
    });
    let differ = |trio: &Trio| trio.here().is_some() || trio.there().is_some();
    (who, trios.filter(differ).collect())
}

/// `None` where nobody changed anything.
fn who(
    mine_same: bool,
    theirs_same: bool,
    alike: bool,
    [no_base, no_mine, no_theirs]: [bool; 3],
) -> Option<Who> {
    match (mine_same, theirs_same) {
        (true, true) => None,
        (false, true) => Some(Who::Mine),
        (true, false) => Some(Who::Theirs),
        (false, false) if alike => Some(Who::Alike),
        (false, false) if no_base => Some(Who::Both(CollisionKind::BothAdded)),
        (false, false) if no_mine => Some(Who::Both(CollisionKind::RemovedHere)),
        (false, false) if no_theirs => Some(Who::Both(CollisionKind::RemovedThere)),
        (false, false) => Some(Who::Both(CollisionKind::BothChanged)),
    }
}
