/** The Units view: what was found, what is saved, and how the list is looked at. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import { language, t } from "$lib/i18n/index.svelte";
import {
  fold,
  haystack,
  localGroup,
  mergeRows,
  searchGroup,
  sortRows,
  targetKey,
  type UnitRow,
  ungroupedGroup,
  unidentifiedGroup,
} from "$lib/rows/rows";
import type {
  CriteriaProblem,
  DiscoveryEvent,
  FoundUnit,
  Network,
  OperationId,
  Site,
  Target,
  Unidentified,
} from "$lib/types";
import type { GridItem } from "$lib/ui/grid";
import { stateWord } from "$lib/words";
import { settings } from "./settings.svelte";
import { newOperation } from "./work.svelte";

interface Search {
  operation: OperationId;
  /** `""`: everywhere. */
  address: string;
  asked: number;
  total: number;
  remainingMs: number;
}

class Units {
  sites = $state.raw<Site[]>([]);
  found = $state.raw<FoundUnit[]>([]);
  unidentified = $state.raw<Unidentified[]>([]);
  problems = $state.raw<CriteriaProblem[]>([]);
  networks = $state.raw<Network[]>([]);
  search = $state.raw<Search | null>(null);
  /** The last search that ended: how, and how long it took. */
  ended = $state.raw<{ elapsedMs: number; asked: number; cancelled: boolean } | null>(null);
  failure = $state.raw<BackendError | null>(null);
  /** Grows whenever what is kept about a unit may have changed: log-in, certificate, copies. */
  touched = $state(0);
  loaded = $state(false);
  private latest: OperationId = "";
  /** What this search found, by its row; what an earlier one found elsewhere. */
  private fresh = new Map<number, FoundUnit>();
  private earlier: FoundUnit[] = [];
  /** Units that showed another certificate than the pinned one when they were last talked to. */
  private distrusted = $state.raw<ReadonlySet<string>>(new Set());
  address = $state("");
  filter = $state("");
  selected = $state("");
  /** Somebody chose the selected row; until then it follows the top of the list. */
  chosen = $state(false);

  readonly rows = $derived(
    sortRows(
      mergeRows({
        sites: this.sites,
        found: this.found,
        unidentified: this.unidentified,
        asking: (address) => this.isAsking(address),
        distrusted: (key) => this.distrusted.has(key),
      }),
      settings.state.sortBy,
      settings.state.sortDescending,
      language.code,
    ),
  );
  private readonly folded = $derived(
    this.rows.map((row) => haystack(row, `${stateWord(row.state)}\n${groupName(row.group)}`)),
  );
  readonly filtered = $derived.by(() => {
    const words = fold(this.filter)
      .split(/\s+/)
      .filter((word) => word !== "");
    return words.length === 0
      ? this.rows
      : this.rows.filter((_, i) => words.every((word) => this.folded[i]?.includes(word)));
  });
  readonly items = $derived.by(() => {
    const collapsed = new Set(this.filter === "" ? settings.state.collapsedGroups : []);
    return groupItems(this.filtered, collapsed);
  });
  readonly row = $derived(this.rows.find((row) => row.key === this.selected) ?? null);
  readonly answered = $derived(this.rows.filter((row) => row.unit !== null).length);

  async load(): Promise<void> {
    [this.sites, this.networks] = await Promise.all([door.backend.sites(), door.backend.networks()]);
    this.loaded = true;
  }

  async refresh(): Promise<void> {
    if (this.search) await door.backend.cancel(this.search.operation);
    const operation = newOperation();
    const address = this.address.trim();
    this.latest = operation;
    this.search = { operation, address, asked: 0, total: 0, remainingMs: -1 };
    // A search at one address says nothing about the units elsewhere.
    const stays = (found: { address: string }) => address !== "" && found.address !== address;
    this.earlier = this.found.filter(stays);
    this.fresh = new Map();
    this.found = this.earlier;
    this.unidentified = this.unidentified.filter(stays);
    [this.problems, this.failure] = [[], null];
    const batch = new Batch((events) => {
      // The last answers may come after the search's own end; those of an earlier search do not count.
      if (this.latest === operation) this.take(events);
    });
    try {
      this.networks = await door.backend.networks();
      const summary = await door.backend.discover(operation, { address }, (event) => batch.add(event));
      batch.flush();
      this.end(operation, { elapsedMs: summary.elapsedMs, asked: summary.asked, cancelled: false });
      settings.rememberAddress(address);
      // When they were last seen has changed.
      this.sites = await door.backend.sites();
    } catch (error) {
      batch.flush();
      if (!(error instanceof BackendError)) throw error;
      if (error.code !== "cancelled" && this.search?.operation === operation) this.failure = error;
      this.end(operation, {
        elapsedMs: 0,
        asked: this.search?.asked ?? 0,
        cancelled: error.code === "cancelled",
      });
    }
  }

  choose(key: string): void {
    this.selected = key;
    this.chosen = true;
  }

  /** Whether the unit is what it was when its certificate was pinned, as far as the last log-in saw. */
  trust(target: Target, trusted: boolean): void {
    const key = targetKey(target);
    if (this.distrusted.has(key) !== trusted) return;
    const others = [...this.distrusted].filter((other) => other !== key);
    this.distrusted = new Set(trusted ? others : [...others, key]);
  }

  cancel(): void {
    if (this.search) void door.backend.cancel(this.search.operation);
  }

  private isAsking(address: string): boolean {
    if (!this.search) return this.ended === null;
    return this.search.address === "" || this.search.address === address;
  }

  private end(operation: OperationId, ended: NonNullable<Units["ended"]>): void {
    if (this.search?.operation !== operation) return;
    this.search = null;
    this.ended = ended;
  }

  private take(events: DiscoveryEvent[]): void {
    for (const event of events) {
      if (event.kind === "unit") this.fresh.set(event.row, event.unit);
      if (event.kind === "merged") this.fresh.delete(event.row);
    }
    const ports = events.flatMap((event) => (event.kind === "unidentified" ? [event.unidentified] : []));
    const problems = events.flatMap((event) => (event.kind === "problem" ? [event.problem] : []));
    if (events.some(({ kind }) => kind === "unit" || kind === "merged"))
      this.found = withEarlier(this.earlier, [...this.fresh.values()]);
    if (ports.length > 0) this.unidentified = [...this.unidentified, ...ports];
    if (problems.length > 0) this.problems = [...this.problems, ...problems];
    const progress = events.findLast((event) => event.kind === "progress");
    if (progress && this.search) {
      const { asked, total, remainingMs } = progress;
      this.search = { ...this.search, asked, total, remainingMs };
    }
  }
}

/** What was found now, and before it what was found earlier and is not heard of again. */
export function withEarlier(earlier: FoundUnit[], fresh: FoundUnit[]): FoundUnit[] {
  const macs = new Set(fresh.map((unit) => unit.mac).filter((mac) => mac !== ""));
  const addresses = new Set(fresh.map((unit) => unit.address));
  return [...earlier.filter((unit) => !macs.has(unit.mac) && !addresses.has(unit.address)), ...fresh];
}

/** Answers come faster than anyone can see: the list changes once a frame at most. */
class Batch {
  private events: DiscoveryEvent[] = [];
  private frame = 0;

  constructor(private readonly take: (events: DiscoveryEvent[]) => void) {}

  add(event: DiscoveryEvent): void {
    this.events.push(event);
    this.frame ||= requestAnimationFrame(() => this.flush());
  }

  flush(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const events = this.events;
    this.events = [];
    if (events.length > 0) this.take(events);
  }
}

export function groupItems(rows: UnitRow[], collapsed: Set<string>): GridItem<UnitRow>[] {
  const items: GridItem<UnitRow>[] = [];
  for (let start = 0; start < rows.length; ) {
    const group = rows[start]?.group ?? "";
    let end = start;
    while (rows[end]?.group === group) end += 1;
    const key = `group:${group}`;
    const open = !collapsed.has(key);
    items.push({ kind: "group", key, label: groupName(group), count: end - start, open });
    if (open) for (const row of rows.slice(start, end)) items.push({ kind: "row", key: row.key, row });
    start = end;
  }
  return items;
}

export function groupName(group: string): string {
  switch (group) {
    case localGroup:
      return t.units.groupLocal;
    case searchGroup:
      return t.units.groupSearch;
    case ungroupedGroup:
      return t.units.groupNone;
    case unidentifiedGroup:
      return t.units.groupUnidentified;
    default:
      return group;
  }
}

export const units = new Units();
