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
  silentGroup,
  sortRows,
  targetKey,
  type UnitRow,
  ungroupedGroup,
  unidentifiedGroup,
} from "$lib/rows/rows";
import type {
  CriteriaProblem,
  DiscoveryEvent,
  DiscoveryOptions,
  FoundUnit,
  Network,
  News,
  NoAnswer,
  OperationId,
  Site,
  Target,
  Unidentified,
} from "$lib/types";
import type { GridItem } from "$lib/ui/grid";
import { stateWord } from "$lib/words";
import { settings } from "./settings.svelte";
import { toasts } from "./toasts.svelte";
import { newOperation } from "./work.svelte";

interface Search {
  operation: OperationId;
  /** `""`: everywhere. */
  address: string;
  /** It began by itself, because this computer's networks changed. */
  again: boolean;
  asked: number;
  total: number;
  remainingMs: number;
}

/** What a search asks beyond what every search asks; each time somebody asks for it anew. */
export type Further = Pick<DiscoveryOptions, "identifyHttp" | "snmpCommunity" | "linkLocal">;

const nothingFurther: Further = { identifyHttp: false, snmpCommunity: "", linkLocal: false };

class Units {
  sites = $state.raw<Site[]>([]);
  found = $state.raw<FoundUnit[]>([]);
  unidentified = $state.raw<Unidentified[]>([]);
  noAnswers = $state.raw<NoAnswer[]>([]);
  /** What can not be searched, of the last search. */
  private problems = $state.raw<CriteriaProblem[]>([]);
  /** What the person who searches should know, of the last search. */
  notices = $state.raw<string[]>([]);
  networks = $state.raw<Network[]>([]);
  search = $state.raw<Search | null>(null);
  /** The last search that ended: how, and how long it took. */
  ended = $state.raw<{ elapsedMs: number; asked: number; cancelled: boolean } | null>(null);
  failure = $state.raw<BackendError | null>(null);
  /** Grows whenever what is kept about a unit may have changed: log-in, certificate, copies. */
  touched = $state(0);
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

  /** The address that the last search asked alone; `""` for a search of everything. */
  private searched = $state("");
  /** What answered when it was asked for alone, since everything was searched. */
  private alone = $state.raw<ReadonlySet<string>>(new Set());
  /** How many units this search, or the last one, found. */
  foundNow = $state(0);
  /** Link-local interfaces were searched the last time. */
  linkLocalSearched = $state(false);

  /** Sites whose name has no address now, with the reason. */
  private readonly unresolved = $derived.by(() => {
    const names = new Set(this.sites.map(({ name }) => name));
    const ofSites = this.problems.filter(({ unresolved, entry }) => unresolved && names.has(entry));
    return new Map(ofSites.map(({ entry, reason }) => [entry, reason]));
  });
  /** What is wrong with the address that was asked for alone. */
  readonly addressProblems = $derived(this.searched === "" ? [] : this.problems);
  /** Entries of the IP Search Criteria that can not be searched. */
  readonly criteriaProblems = $derived(
    this.searched === "" ? this.problems.filter(({ entry }) => !this.unresolved.has(entry)) : [],
  );
  /** Those that a search goes out to; the others only on request. */
  readonly usableNetworks = $derived(this.networks.filter(({ linkLocal }) => !linkLocal));
  readonly linkLocalNetworks = $derived(this.networks.filter(({ linkLocal }) => linkLocal));

  readonly rows = $derived(
    sortRows(
      mergeRows({
        sites: this.sites,
        found: this.found,
        unidentified: this.unidentified,
        noAnswers: this.noAnswers,
        unresolved: this.unresolved,
        alone: this.alone,
        networks: this.networks,
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
  /** Rows that are units, or should be. */
  readonly expected = $derived(this.rows.filter(({ state }) => state !== "unidentified").length);
  readonly answered = $derived(this.rows.filter((row) => row.unit !== null).length);

  /** What is known at the start. */
  begin(sites: Site[], networks: Network[]): void {
    [this.sites, this.networks] = [sites, networks];
  }

  /** Searches at the Unit/Broadcast Address, unless another address is named. */
  async refresh(further: Partial<Further> = {}, address = this.address.trim(), again = false): Promise<void> {
    if (this.search) await door.backend.cancel(this.search.operation);
    const operation = newOperation();
    const options = { ...nothingFurther, ...further, address };
    this.clear(operation, address, again);
    this.linkLocalSearched = options.linkLocal;
    const batch = new Batch((events) => {
      // The last answers may come after the search's own end; those of an earlier search do not count.
      if (this.latest === operation) this.take(events);
    });
    try {
      const summary = await door.backend.discover(operation, options, (event) => batch.add(event));
      batch.flush();
      this.end(operation, { elapsedMs: summary.elapsedMs, asked: summary.asked, cancelled: false });
      if (address === this.address.trim()) settings.rememberAddress(address);
      if (this.latest === operation) this.chooseAt(address);
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

  private clear(operation: OperationId, address: string, again: boolean): void {
    this.latest = operation;
    this.search = { operation, address, again, asked: 0, total: 0, remainingMs: -1 };
    this.searched = address;
    // A search at one address says nothing about the units elsewhere.
    const stays = (found: { address: string }) => address !== "" && found.address !== address;
    this.earlier = this.found.filter(stays);
    this.fresh = new Map();
    this.foundNow = 0;
    if (address === "") this.alone = new Set();
    this.found = this.earlier;
    this.unidentified = this.unidentified.filter(stays);
    this.noAnswers = this.noAnswers.filter(stays);
    [this.problems, this.notices, this.failure] = [[], [], null];
  }

  /** What was asked for alone is looked at. */
  private chooseAt(address: string): void {
    if (address === "") return;
    const host = address.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([^:]*):\d+$/, "$1");
    const isThere = (row: UnitRow) =>
      [row.address, row.shownAddress, ...(row.unit?.dnsNames ?? row.silent?.dnsNames ?? [])].includes(host);
    const row = this.rows.find(isThere);
    if (row) this.choose(row.key);
  }

  /** What was found before may be elsewhere now: searches again, unless nobody searched yet. */
  async followNetworks({ added, removed, networks }: News & { kind: "networksChanged" }): Promise<void> {
    this.networks = networks;
    if (this.latest === "") return;
    toasts.say(t.discovery.networksChanged(added.join(", "), removed.join(", ")));
    await this.refresh({ linkLocal: this.linkLocalSearched }, this.searched, true);
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
    const silent = events.flatMap((event) => (event.kind === "noAnswer" ? [event.noAnswer] : []));
    const notices = events.flatMap((event) => (event.kind === "notice" ? [event.text] : []));
    if (events.some(({ kind }) => kind === "unit" || kind === "merged")) {
      const fresh = [...this.fresh.values()];
      this.found = withEarlier(this.earlier, fresh);
      this.foundNow = fresh.length;
      if (this.searched !== "") this.alone = new Set([...this.alone, ...fresh.map((unit) => unit.address)]);
    }
    if (ports.length > 0) this.unidentified = [...this.unidentified, ...ports];
    if (silent.length > 0) this.noAnswers = [...this.noAnswers, ...silent];
    if (notices.length > 0) this.notices = [...new Set([...this.notices, ...notices])];
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
    case silentGroup:
      return t.discovery.groupSilent;
    default:
      return group;
  }
}

export const units = new Units();
