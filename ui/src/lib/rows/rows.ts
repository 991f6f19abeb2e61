/** The one list of the Units view: saved sites and found units, merged, grouped, sorted and filtered. No state, no page. */
import { naturalOrder } from "$lib/i18n/formats";
import type {
  FoundMethod,
  FoundUnit,
  Method,
  Network,
  NoAnswer,
  Site,
  Target,
  Unidentified,
} from "$lib/types";
import { byAddress, isIpv4In, isName } from "./heard";

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
  /** Where actions go; of a site as it was written, a DNS name perhaps. */
  address: string;
  /** Where it answered, else {@link address}. */
  shownAddress: string;
  type: string;
  version: string;
  edition: string;
  mac: string;
  /** `none`: nobody knows; `auto`: it has not said yet. */
  method: Method | FoundMethod;
  foundBy: string[];
  roundTripMs: number;
  lastSeen: string;
  lastBackup: string;
  group: string;
  /** What must be open on the way to a unit that did not answer; null while nobody asked in vain. */
  silent: NoAnswer | null;
  /** What answers there and does not say that it is a unit. */
  heard: Unidentified[];
  /** Why its name has no address; `""` where that is not so. */
  unresolved: string;
  /** A few words beside the name: since when, what changed. */
  remark: RowRemark;
}

export type RowRemark =
  | { kind: "none" }
  | { kind: "since"; at: string }
  | { kind: "certificate" }
  | { kind: "pingBlocked" }
  /** The DNS name for which it was asked. */
  | { kind: "name"; name: string }
  | { kind: "warning"; text: string }
  | { kind: "heard"; heard: Unidentified };

/** Groups that are not a customer's name. They sort before and after those that are. */
export const localGroup = "\u0000local";
export const searchGroup = "\uffff1";
export const ungroupedGroup = "\uffff2";
export const unidentifiedGroup = "\uffff3";
export const silentGroup = "\uffff4";

/** What the list is made of. */
export interface RowSources {
  sites: Site[];
  found: FoundUnit[];
  unidentified: Unidentified[];
  noAnswers: NoAnswer[];
  /** Why the names of sites have no address, by the site's name. */
  unresolved: ReadonlyMap<string, string>;
  /** Addresses that were asked for alone: what answers there by UDP answered no broadcast. */
  alone: ReadonlySet<string>;
  /** This computer's networks: what stands in one of them is near. */
  networks: Network[];
  /** Whether this address is being asked now. */
  asking: (address: string) => boolean;
  /** Whether the last log-in met another certificate than the pinned one, by {@link targetKey}. */
  distrusted: (key: string) => boolean;
}

/**
 * One row for each unit. A found unit belongs to the saved site that the search named, else to the one with its MAC,
 * else to the one with its address; where several units share an address (ports forwarded), the MAC decides, and where
 * two claim one MAC, the address does.
 */
export function mergeRows(sources: RowSources): UnitRow[] {
  const { sites, found, distrusted } = sources;
  const unitOf = finder(found);
  const taken = new Set<FoundUnit>();
  const silence = new Map(sources.noAnswers.map((none) => [none.site, none]));
  const heard = byAddress(sources.unidentified);
  const rows = sites.map((site) => {
    const unit = unitOf(site, taken);
    if (unit) taken.add(unit);
    const silent = unit ? null : (silence.get(site.name) ?? null);
    const here = unit ? [] : (heard.get(silent?.address ?? site.address) ?? []);
    // A refusal at another port of a forwarded address is another site's.
    const others = here.filter(
      ({ kind, port }) => kind !== "refused" || !silent || port === silent.discoveryPort,
    );
    return siteRow(site, unit, silent, others, sources);
  });
  const keys = new Set<string>();
  for (const unit of found) {
    if (taken.has(unit)) continue;
    const row = foundRow(unit, sources);
    // Two units behind one forwarded address.
    if (keys.has(row.key)) row.key += `#${unit.mac}`;
    keys.add(row.key);
    rows.push(row);
  }
  rows.push(...otherRows(rows, heard, sources.noAnswers));
  for (const row of rows) {
    if (!distrusted(targetKey({ siteId: row.site?.id ?? "", address: row.address }))) continue;
    [row.state, row.remark] = ["certificate", { kind: "certificate" }];
  }
  return rows;
}

/** Which of the found units is a site's, of those that are not taken yet. */
function finder(found: FoundUnit[]): (site: Site, taken: Set<FoundUnit>) => FoundUnit | null {
  const byMac = new Map<string, FoundUnit[]>();
  const bySite = new Map<string, FoundUnit>();
  for (const unit of found) {
    if (unit.mac !== "") byMac.set(unit.mac, [...(byMac.get(unit.mac) ?? []), unit]);
    if (unit.site !== "") bySite.set(unit.site, unit);
  }
  const there = new Map(found.map((unit) => [unit.address, unit]));
  return (site, taken) => {
    const named = bySite.get(site.name);
    if (named && !taken.has(named)) return named;
    const sameMac = (byMac.get(site.mac) ?? []).filter((unit) => !taken.has(unit));
    const atAddress = there.get(site.address);
    const otherUnit =
      atAddress !== undefined && atAddress.mac !== "" && site.mac !== "" && atAddress.mac !== site.mac;
    const claimed = sameMac.find((unit) => unit.address === site.address) ?? sameMac[0];
    return claimed ?? (otherUnit ? null : (atAddress ?? null));
  };
}

/** What answers and is no unit that is known, and addresses that were asked for and are silent. */
function otherRows(rows: UnitRow[], heard: Map<string, Unidentified[]>, noAnswers: NoAnswer[]): UnitRow[] {
  const known = new Set(rows.flatMap((row) => [row.address, row.shownAddress, row.silent?.address ?? ""]));
  const silent = noAnswers.filter(({ site, address }) => site === "" && !known.has(address));
  return [
    ...[...heard]
      .filter(([address]) => !known.has(address))
      .map(([address, here]) => unidentifiedRow(address, here)),
    ...silent.map(silentRow),
  ];
}

/** By what the window knows a unit from one search to the next. */
export function targetKey({ siteId, address }: Pick<Target, "siteId" | "address">): string {
  return siteId === "" ? `unit:${address}` : `site:${siteId}`;
}

function siteRow(
  site: Site,
  unit: FoundUnit | null,
  silent: NoAnswer | null,
  heard: Unidentified[],
  { asking, unresolved, networks }: RowSources,
): UnitRow {
  const state: RowState = unit ? unit.state : asking(site.address) ? "asking" : "noAnswer";
  const isLocal = unit !== null && isNear(unit.address, networks);
  return {
    key: `site:${site.id}`,
    site,
    unit,
    state,
    name: site.name,
    address: site.address,
    shownAddress: isName(site.address) ? (unit?.address ?? site.address) : site.address,
    type: unit?.type || site.type,
    version: unit?.version || site.version,
    edition: unit?.edition ?? "",
    mac: unit?.mac || site.mac,
    method: site.method === "auto" ? (unit?.method ?? "auto") : site.method,
    foundBy: [...(unit?.foundBy ?? []), "saved"],
    roundTripMs: unit?.roundTripMs ?? -1,
    lastSeen: unit ? "" : site.lastSeen,
    lastBackup: site.lastBackup,
    group: site.group !== "" ? site.group : isLocal ? localGroup : ungroupedGroup,
    silent,
    heard,
    unresolved: unit ? "" : (unresolved.get(site.name) ?? ""),
    remark: unit
      ? remarkOf(unit, isName(site.address) ? site.address : "")
      : state === "noAnswer" && site.lastSeen !== ""
        ? { kind: "since", at: site.lastSeen }
        : { kind: "none" },
  };
}

/** A row of which nothing is known but its address. */
function bareRow(key: string, address: string): UnitRow {
  return {
    key,
    site: null,
    unit: null,
    state: "unidentified",
    name: address,
    address,
    shownAddress: address,
    type: "",
    version: "",
    edition: "",
    mac: "",
    method: "auto",
    foundBy: [],
    roundTripMs: -1,
    lastSeen: "",
    lastBackup: "",
    group: unidentifiedGroup,
    silent: null,
    heard: [],
    unresolved: "",
    remark: { kind: "none" },
  };
}

function foundRow(unit: FoundUnit, { networks, alone }: RowSources): UnitRow {
  const answeredBroadcast = unit.foundBy.includes("udp") && !alone.has(unit.address);
  const isLocal = answeredBroadcast || isNear(unit.address, networks);
  return {
    ...bareRow(`unit:${unit.address}:${unit.services.discoveryPort}`, unit.address),
    unit,
    state: unit.state,
    name: unit.name || unit.address,
    type: unit.type,
    version: unit.version,
    edition: unit.edition,
    mac: unit.mac,
    method: unit.method,
    foundBy: unit.foundBy,
    roundTripMs: unit.roundTripMs,
    group: isLocal ? localGroup : searchGroup,
    remark: remarkOf(unit, unit.dnsNames[0] ?? ""),
  };
}

/** One row for each address, however many of its ports answer. */
function unidentifiedRow(address: string, heard: Unidentified[]): UnitRow {
  const [told] = heard;
  return {
    ...bareRow(`heard:${address}`, address),
    heard,
    remark: told ? { kind: "heard", heard: told } : { kind: "none" },
  };
}

function silentRow(silent: NoAnswer): UnitRow {
  const row = bareRow(`silent:${silent.address}:${silent.discoveryPort}`, silent.address);
  const [name] = silent.dnsNames;
  const remark: RowRemark = name === undefined ? row.remark : { kind: "name", name };
  return { ...row, state: "noAnswer", group: silentGroup, silent, remark };
}

function isNear(address: string, networks: Network[]): boolean {
  return networks.some(({ subnet }) => isIpv4In(address, subnet));
}

function remarkOf(unit: FoundUnit, name: string): RowRemark {
  const [warning] = unit.warnings;
  if (warning !== undefined) return { kind: "warning", text: warning };
  if (unit.pingBlocked) return { kind: "pingBlocked" };
  return name === "" || name === unit.name ? { kind: "none" } : { kind: "name", name };
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
  const words = naturalOrder(locale);
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
      return (row) => addressNumber(row.shownAddress);
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
    case "group":
    case "method":
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
      row.shownAddress,
      row.unit?.dnsNames.join(" ") ?? "",
      row.unit?.otherAddresses.join(" ") ?? "",
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
