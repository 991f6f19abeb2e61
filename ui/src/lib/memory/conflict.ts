/** A conflict in the demo: somebody else gave a user another full name, and a hunt group another way to ring. */
import type { Change, Collision, Conflict } from "../types";

/** What the unit holds in the demo once somebody else changed it. */
export const theirRevision = "r421";

const theirs: Change[] = [
  {
    entity: { id: "", kind: "User", label: "207" },
    mark: "changed",
    path: "FullName",
    before: "Meeting room",
    after: "Meeting room, 2nd floor",
  },
  {
    entity: { id: "", kind: "HuntGroup", label: "300" },
    mark: "changed",
    path: "RingMode",
    before: "Sequential",
    after: "Collective",
  },
  { entity: { id: "", kind: "ShortCode", label: "*88" }, mark: "added", path: "", before: "", after: "" },
];

const collisions: Collision[] = [
  {
    entity: { id: "", kind: "User", label: "201" },
    path: "FullName",
    kind: "bothChanged",
    fields: [{ path: "FullName", base: "Sales desk", mine: "Sales counter", theirs: "Sales, ground floor" }],
  },
  { entity: { id: "", kind: "User", label: "205" }, path: "", kind: "removedThere", fields: [] },
];

/** `mine` is everything that was changed here. */
export function demoConflict(baseRevision: string, mine: Change[], collides: boolean): Conflict {
  const contested = (change: Change) =>
    collides && change.entity.label === "201" && change.path === "FullName";
  return {
    unitRevision: theirRevision,
    baseRevision,
    mine: mine.filter((change) => !contested(change)),
    theirs,
    alike: [],
    collisions: collides ? collisions : [],
    obstacle: collides ? "collisions" : "none",
    reasons: [],
  };
}
