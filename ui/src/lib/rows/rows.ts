/** The one list of the Units view: saved sites and found units, merged, grouped, sorted and filtered. No state, no page. */
import type { FoundUnit, Site, Target, Unidentified } from "$lib/types";

/** What the State column says. `asking`: a saved site that the running search has not heard from yet. */
export type RowState =
  | "running"
  | "readOnly"
  | "starting"
  | "noAnswer"
  | "certificate"
  | "asking"
  | "unidentified";

export interface UnitRow {
  key: string;
  site: Site | null;
  unit: FoundUnit | null;
  state: RowState;
  name: string;
  address: string;
  type: string;
  version: string;
  edition: string;
  mac: string;
  foundBy: string[];
  roundTripMs: number;
  lastSeen: string;
  lastBackup: string;
  group: string;
  /** A few words beside the name: since when, what changed. */
  remark: RowRemark;
}

export type RowRemark =
  | { kind: "none" }
  | { kind: "since"; at: string }
  | { kind: "certificate" }
  | { kind: "pingBlocked" }
  | { kind: "text"; text: string };

/** Groups that are not a customer's name. They sort before and after those that are. */
export const localGroup = "\u0000local";
export const searchGroup = "\uffff1";
export const ungroupedGroup = "\uffff2";
export const unidentifiedGroup = "\uffff3";

/** What the list is made of. */
export interface RowSources {
  sites: Site[];
  found: FoundUnit[];
  unidentified: Unidentified[];
  /** Whether this address is being asked now. */
  asking: (address: string) => boolean;
  /** Whether the last log-in met another certificate than the pinned one, by {@link targetKey}. */
  distrusted: (key: string) => boolean;
}

/**
 * One row for each unit. A found unit belongs to the saved site with its MAC, else to the one with its address; where
 * several units share an address (ports forwarded), the MAC decides, and where two claim one MAC, the address does.
 */
export function mergeRows({ sites, found, unidentified, asking, distrusted }: RowSources): UnitRow[] {
  const byMac = new Map<string, FoundUnit[]>();
  for (const unit of found) {
    if (unit.mac !== "") byMac.set(unit.mac, [...(byMac.get(unit.mac) ?? []), unit]);
  }
  const byAddress = new Map(found.map((unit) => [unit.address, unit]));
  const taken = new Set<FoundUnit>();
  const unitOf = (site: Site): FoundUnit | null => {
    const sameMac = (byMac.get(site.mac) ?? []).filter((unit) => !taken.has(unit));
    const atAddress = byAddress.get(site.address);
    const otherUnit =
      atAddress !== undefined && atAddress.mac !== "" && site.mac !== "" && atAddress.mac !== site.mac;
    const claimed = sameMac.find((unit) => unit.address === site.address) ?? sameMac[0];
    return claimed ?? (otherUnit ? null : (atAddress ?? null));
  };
  const rows = sites.map((site) => {
    const unit = unitOf(site);
    if (unit) taken.add(unit);
    return siteRow(site, unit, asking(site.address));
  });
  const keys = new Set<string>();
  for (const unit of found) {
    if (taken.has(unit)) continue;
    const row = foundRow(unit);
    // Two units behind one forwarded address.
    if (keys.has(row.key)) row.key += `#${unit.mac}`;
    keys.add(row.key);
    rows.push(row);
  }
  const known = new Set(rows.map((row) => row.address));
  for (const port of unidentified) if (!known.has(port.address)) rows.push(unidentifiedRow(port));
  for (const row of rows) {
    if (!distrusted(targetKey({ siteId: row.site?.id ?? "", address: row.address }))) continue;
    [row.state, row.remark] = ["certificate", { kind: "certificate" }];
  }
  return rows;
}

/** By what the window knows a unit from one search to the next. */
export function targetKey({ siteId, address }: Pick<Target, "siteId" | "address">): string {
  return siteId === "" ? `unit:${address}` : `site:${siteId}`;
}

function siteRow(site: Site, unit: FoundUnit | null, asking: boolean): UnitRow {
  const state: RowState = unit ? unit.state : asking ? "asking" : "noAnswer";
  return {
    key: `site:${site.id}`,
    site,
    unit,
    state,
    name: site.name,
    address: site.address,
    type: unit?.type || site.type,
    version: unit?.version || site.version,
    edition: unit?.edition ?? "",
    mac: unit?.mac || site.mac,
    foundBy: [...(unit?.foundBy ?? []), "saved"],
    roundTripMs: unit?.roundTripMs ?? -1,
    lastSeen: unit ? "" : site.lastSeen,
    lastBackup: site.lastBackup,
    group: site.group !== "" ? site.group : unit?.foundBy.includes("udp") ? localGroup : ungroupedGroup,
    remark: unit
      ? remarkOf(unit)
      : state === "noAnswer" && site.lastSeen !== ""
        ? { kind: "since", at: site.lastSeen }
        : { kind: "none" },
  };
}

function foundRow(unit: FoundUnit): UnitRow {
  return {
    key: `unit:${unit.address}:${unit.services.discoveryPort}`,
    site: null,
    unit,
    state: unit.state,
    name: unit.name || unit.address,
    address: unit.address,
    type: unit.type,
    version: unit.version,
    edition: unit.edition,
    mac: unit.mac,
    foundBy: unit.foundBy,
    roundTripMs: unit.roundTripMs,
    lastSeen: "",
    lastBackup: "",
    group:
      unit.foundBy.includes("udp") || (unit.roundTripMs >= 0 && unit.roundTripMs < 1)
        ? localGroup
        : searchGroup,
    remark: remarkOf(unit),
  };
}

function unidentifiedRow({ address, port, reason }: Unidentified): UnitRow {
  return {
    key: `port:${address}:${port}`,
    site: null,
    unit: null,
    state: "unidentified",
    name: address,
    address,
    type: "",
    version: "",
    edition: "",
    mac: "",
    foundBy: [],
    roundTripMs: -1,
    lastSeen: "",
    lastBackup: "",
    group: unidentifiedGroup,
    remark: { kind: "text", text: reason },
  };
}

function remarkOf(unit: FoundUnit): RowRemark {
  if (unit.warning !== "") return { kind: "text", text: unit.warning };
  return unit.pingBlocked ? { kind: "pingBlocked" } : { kind: "none" };
}

/** Where an action on the row goes. */
export function targetOf(row: UnitRow): Target {
  return {
    siteId: row.site?.id ?? "",
    address: row.address,
    basePort: row.site?.basePort || row.unit?.services.basePort || 0,
  };
}

/** Rows in order: groups first, then the chosen column, then the name, so that equal values keep their place. */
export function sortRows(rows: UnitRow[], by: string, descending: boolean, locale: string): UnitRow[] {
  const words = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const value = sortValue(by);
  const keyed = rows.map((row) => ({ row, value: value(row) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    const group = compareGroups(a.row.group, b.row.group, words);
    if (group !== 0) return group;
    const order =
      typeof a.value === "number" && typeof b.value === "number"
        ? compareNumbers(a.value, b.value, sign)
        : sign * words.compare(String(a.value), String(b.value));
    return order !== 0 ? order : words.compare(a.row.name, b.row.name);
  });
  return keyed.map(({ row }) => row);
}

function compareGroups(a: string, b: string, words: Intl.Collator): number {
  if (a === b) return 0;
  const special = (group: string) => (group.startsWith("\u0000") ? 0 : group.startsWith("\uffff") ? 2 : 1);
  return special(a) - special(b) || (special(a) === 1 ? words.compare(a, b) : a < b ? -1 : 1);
}

/** Unknown numbers are negative, and come last either way. */
function compareNumbers(a: number, b: number, sign: number): number {
  if (a < 0 || b < 0) return (a < 0 ? 1 : 0) - (b < 0 ? 1 : 0);
  return sign * (a - b);
}

const stateOrder: RowState[] = [
  "certificate",
  "readOnly",
  "starting",
  "noAnswer",
  "asking",
  "running",
  "unidentified",
];

function sortValue(by: string): (row: UnitRow) => string | number {
  switch (by) {
    case "state":
      return (row) => stateOrder.indexOf(row.state);
    case "address":
      return (row) => addressNumber(row.address);
    case "roundTrip":
      return (row) => row.roundTripMs;
    case "foundBy":
      return (row) => row.foundBy.join(" ");
    case "type":
    case "version":
    case "edition":
    case "mac":
    case "lastSeen":
    case "lastBackup":
      return (row) => row[by];
    default:
      return (row) => row.name;
  }
}

/** 10.9.0.1 comes before 10.10.0.1; what is not IPv4 sorts as text. */
function addressNumber(address: string): number | string {
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part))) return address;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** All that a row can be found by, folded once; accents do not stand in the way of finding. */
export function haystack(row: UnitRow, words: string): string {
  return fold(
    [
      row.name,
      row.address,
      row.type,
      row.version,
      row.edition,
      row.mac,
      row.foundBy.join(" "),
      row.site?.notes ?? "",
      row.roundTripMs < 0 ? "" : `${row.roundTripMs}`,
      words,
    ].join("\n"),
  );
}

/** Every word of the filter must occur somewhere in the row. */
export function matches(folded: string, filter: string): boolean {
  return fold(filter)
    .split(/\s+/)
    .every((word) => folded.includes(word));
}

export function fold(text: string): string {
  return text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
}
