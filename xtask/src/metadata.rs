//! What `cargo metadata` knows of this workspace and of everything that it is built from.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::command;

/// The answer of `cargo metadata`, as far as it is needed here.
#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A package, ours or somebody else's.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Edge>,
}

#[derive(Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<EdgeKind>,
}

#[derive(Deserialize)]
struct EdgeKind {
    /// None: an ordinary dependency; else `build` or `dev`.
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn load() -> Result<Self, String> {
        let text = command::output(&mut command::cargo(&[
            "metadata",
            "--format-version",
            "1",
            "--all-features",
        ]))?;
        serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    /// The names of what a package itself depends on, on any platform; tests' dependencies are left out.
    pub(crate) fn direct(&self, package: &Package) -> BTreeSet<&str> {
        let names = self.names();
        self.edges(&package.id)
            .filter_map(|id| names.get(id).copied())
            .collect()
    }

    /// As [`Self::direct`], and what those depend on, to the end.
    pub(crate) fn transitive(&self, package: &Package) -> BTreeSet<&str> {
        let names = self.names();
        let mut seen = BTreeSet::new();
        let mut open = vec![package.id.as_str()];
        while let Some(id) = open.pop() {
            open.extend(self.edges(id).filter(|next| seen.insert(*next)));
        }
        seen.into_iter().filter_map(|id| names.get(id).copied()).collect()
    }

    fn names(&self) -> BTreeMap<&str, &str> {
        self.packages
            .iter()
            .map(|package| (package.id.as_str(), package.name.as_str()))
            .collect()
    }

    fn edges<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a str> {
        let node = self.resolve.nodes.iter().find(|node| node.id == id);
        node.into_iter()
            .flat_map(|node| &node.deps)
            .filter(|edge| {
                edge.dep_kinds
                    .iter()
                    .any(|kind| kind.kind.as_deref() != Some("dev"))
            })
            .map(|edge| edge.pkg.as_str())
    }
}
