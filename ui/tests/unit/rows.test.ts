import { describe, expect, it } from "vitest";
import { chooseLanguage } from "$lib/i18n/index.svelte";
import { demoUnits, siteOf } from "$lib/memory/units";
import {
  haystack,
  localGroup,
  matches,
  mergeRows,
  type RowSources,
  searchGroup,
  silentGroup,
  sortRows,
  targetOf,
  type UnitRow,
  ungroupedGroup,
} from "$lib/rows/rows";
import { groupItems, withEarlier } from "$lib/state/units.svelte";
import type { FoundUnit, NoAnswer, Site, Unidentified, UnidentifiedKind } from "$lib/types";

const [zurich, lager, , basel] = demoUnits();
if (!zurich || !lager || !basel) throw new Error("the demo lost its units");
const nothingElse: RowSources = {
  sites: [],
  found: [],
  unidentified: [],
  noAnswers: [],
  unresolved: new Map(),
  alone: new Set(),
  networks: [],
  asking: () => false,
  distrusted: () => false,
};
/** What {@link mergeRows} makes of this. */
const merge = (sites: Site[], found: FoundUnit[], more: Partial<RowSources> = {}): UnitRow[] =>
  mergeRows({ ...nothingElse, sites, found, ...more });
const unit = (changed: Partial<FoundUnit>): FoundUnit => ({ ...zurich.unit, ...changed });
const heard = (address: string, kind: UnidentifiedKind = "portOpen", port = 50802): Unidentified => ({
  address,
  port,
  kind,
  reason: "something",
});
const silent = (address: string, site: string): NoAnswer => ({
  address,
  site,
  dnsNames: [],
  since: "",
  discoveryPort: 50802,
  configurationPort: 51000,
  configurationTlsPort: 51001,
});
const site = (changed: Partial<Site>): Site => ({ ...siteOf(zurich, "s1"), ...changed });

describe("merging sites and found units", () => {
  const check = (sites: Site[], found: FoundUnit[], expected: [string, string, string][]) =>
    expect(merge(sites, found).map((row) => [row.key, row.state, row.address])).toEqual(expected);

  it("makes one row of a site and its unit, found by MAC at another address", () =>
    check(
      [site({ address: "10.0.0.9" })],
      [unit({ address: "10.0.0.1" })],
      [["site:s1", "running", "10.0.0.9"]],
    ));
  it("goes by the address when the site knows no MAC", () =>
    check([site({ mac: "" })], [unit({ mac: "00:E0:07:00:00:01" })], [["site:s1", "running", "10.21.4.1"]]));
  it("keeps two units apart that answered from one address with different MACs", () =>
    check(
      [site({})],
      [unit({ mac: "00:E0:07:00:00:01" })],
      [
        ["site:s1", "noAnswer", "10.21.4.1"],
        ["unit:10.21.4.1:50802", "running", "10.21.4.1"],
      ],
    ));
  it("keeps two units apart that claim one MAC, and gives the site the one at its address", () =>
    check(
      [site({})],
      [unit({ address: "10.21.4.9", warnings: ["another unit"] }), unit({})],
      [
        ["site:s1", "running", "10.21.4.1"],
        ["unit:10.21.4.9:50802", "running", "10.21.4.9"],
      ],
    ));
  it("keeps two units apart behind one forwarded address and port", () =>
    check(
      [],
      [unit({ mac: "00:E0:07:00:00:01" }), unit({ mac: "00:E0:07:00:00:02" })],
      [
        ["unit:10.21.4.1:50802", "running", "10.21.4.1"],
        ["unit:10.21.4.1:50802#00:E0:07:00:00:02", "running", "10.21.4.1"],
      ],
    ));

  it("shows a changed certificate before any other state, until it is trusted", () => {
    const distrusted = (key: string) => key === "site:s1" || key === "unit:10.9.9.9";
    const rows = merge([site({})], [unit({ mac: "", address: "10.9.9.9", state: "readOnly" }), unit({})], {
      distrusted,
    });
    expect(rows.map(({ state, remark }) => [state, remark.kind])).toEqual([
      ["certificate", "certificate"],
      ["certificate", "certificate"],
    ]);
  });

  it("says that a site is being asked while a search runs, and since when it is silent afterwards", () => {
    const during = merge([site({})], [], { asking: () => true })[0];
    const after = merge([site({ lastSeen: "2026-11-22T17:42:00Z" })], [])[0];
    expect(during?.state).toBe("asking");
    expect(after?.remark).toEqual({ kind: "since", at: "2026-11-22T17:42:00Z" });
  });

  it("does not list an open port again that belongs to a known address", () => {
    const rows = merge([site({})], [], { unidentified: [heard("10.21.4.1"), heard("10.21.4.2")] });
    expect(rows.map((row) => row.state)).toEqual(["noAnswer", "unidentified"]);
    expect(rows[0]?.heard.map(({ kind }) => kind)).toEqual(["portOpen"]);
  });

  it("makes one row of everything that answers at an address, and says first what says most", () => {
    const all = [heard("10.5.5.5"), heard("10.5.5.5", "httpUnit", 80), heard("10.5.5.5", "httpUnit", 80)];
    const [row, ...others] = merge([], [], { unidentified: all });
    expect(others).toEqual([]);
    expect(row?.remark).toMatchObject({ kind: "heard", heard: { kind: "httpUnit" } });
    expect(row?.heard.map(({ kind }) => kind)).toEqual(["httpUnit", "portOpen"]);
  });

  it("says what must be open on the way to what did not answer, whether it is saved or not", () => {
    const rows = merge([site({})], [], {
      noAnswers: [silent("10.21.4.1", "Zürich, Filiale 2"), silent("10.6.6.6", "")],
    });
    expect(
      rows.map(({ key, state, group, silent }) => [key, state, group, silent?.configurationPort]),
    ).toEqual([
      ["site:s1", "noAnswer", ungroupedGroup, 51000],
      ["silent:10.6.6.6:50802", "noAnswer", silentGroup, 51000],
    ]);
    const answered = merge([site({})], [unit({})], { noAnswers: [silent("10.21.4.1", "Zürich, Filiale 2")] });
    expect(answered.map((row) => row.silent)).toEqual([null]);
  });

  it("tells a site the refusal at its own port, not one at another port of the same address", () => {
    const refusals = [7, 50802, 9].map((port) => heard("10.21.4.1", "refused", port));
    const [row] = merge([site({})], [], {
      unidentified: [...refusals, heard("10.21.4.1", "httpOther", 80)],
      noAnswers: [silent("10.21.4.1", "Zürich, Filiale 2")],
    });
    expect(row?.heard.map(({ kind, port }) => [kind, port])).toEqual([
      ["httpOther", 80],
      ["refused", 50802],
    ]);
  });

  it("knows a site that is saved by its DNS name, and shows where it answered", () => {
    const [row, ...others] = merge(
      [site({ name: "HQ", mac: "", address: "hq.example" })],
      [unit({ site: "HQ", address: "203.0.113.7", dnsNames: ["hq.example"] })],
    );
    expect(others).toEqual([]);
    expect([row?.state, row?.address, row?.shownAddress]).toEqual(["running", "hq.example", "203.0.113.7"]);
    expect(row?.remark).toEqual({ kind: "name", name: "hq.example" });
  });

  it("says for which name a unit was asked, and why a site's name has no address", () => {
    const [found] = merge([], [unit({ dnsNames: ["hq.example"] })]);
    expect(found?.remark).toEqual({ kind: "name", name: "hq.example" });
    const [lost] = merge([site({ name: "HQ", address: "hq.example" })], [], {
      unresolved: new Map([["HQ", "no such name"]]),
    });
    expect(lost?.unresolved).toBe("no such name");
  });

  it("says first what does not fit together", () => {
    const [row] = merge(
      [],
      [unit({ warnings: ["two claim it"], pingBlocked: true, dnsNames: ["hq.example"] })],
    );
    expect(row?.remark).toEqual({ kind: "warning", text: "two claim it" });
  });

  it("shows the method that somebody chose, else the one that the unit's answer tells", () => {
    const methods = (some: Partial<Site>, found: FoundUnit[]) => merge([site(some)], found)[0]?.method;
    expect(methods({}, [unit({ method: "tftp" })])).toBe("tftp");
    expect(methods({ method: "api" }, [unit({ method: "tftp" })])).toBe("api");
    expect(methods({}, [])).toBe("auto");
  });

  it("groups by the site's group, else by how the unit was found", () => {
    const rows = merge(
      [site({ group: "Muster" }), site({ id: "s2", mac: "x", address: "10.9.9.9" })],
      [
        unit({}),
        unit({ mac: "", address: "10.8.8.8", foundBy: ["tcp"], roundTripMs: 9 }),
        unit({ mac: "", address: "10.7.7.7" }),
      ],
    );
    expect(rows.map((row) => row.group)).toEqual(["Muster", ungroupedGroup, searchGroup, localGroup]);
  });

  it("does not take a unit for near because it answered by UDP when it was asked for alone", () => {
    const [row] = merge([], [unit({})], { alone: new Set(["10.21.4.1"]) });
    expect(row?.group).toBe(searchGroup);
  });

  it("takes what stands in one of this computer's networks for near, however it was found", () => {
    const networks = [
      { name: "Ethernet", interface: "eth0", address: "10.8.8.1", subnet: "10.8.8.0/24", linkLocal: false },
    ];
    const rows = merge(
      [site({ mac: "", address: "10.8.8.9" }), site({ id: "s2", mac: "", address: "10.9.9.9" })],
      [
        unit({ mac: "a", address: "10.8.8.9", foundBy: ["tcp"] }),
        // A saved site is asked by UDP at its own address, beyond a router too.
        unit({ mac: "b", address: "10.9.9.9" }),
        unit({ mac: "c", address: "10.8.8.8", foundBy: ["tcp"] }),
        unit({ mac: "d", address: "10.8.9.8", foundBy: ["tcp"], roundTripMs: 0.3 }),
      ],
      { networks },
    );
    expect(rows.map((row) => row.group)).toEqual([localGroup, ungroupedGroup, localGroup, searchGroup]);
  });

  it("keeps what an earlier search found until it is heard of again", () => {
    const earlier = [
      unit({ name: "old" }),
      unit({ mac: "", address: "10.1.1.1" }),
      unit({ mac: "x", address: "10.2.2.2" }),
    ];
    const fresh = [unit({ name: "new", address: "10.3.3.3" }), unit({ mac: "", address: "10.2.2.2" })];
    expect(withEarlier(earlier, fresh).map(({ name, address }) => `${name} ${address}`)).toEqual([
      "Zürich, Filiale 2 10.1.1.1",
      "new 10.3.3.3",
      "Zürich, Filiale 2 10.2.2.2",
    ]);
  });

  it("sends an action to the site's own port, else to the one that the unit told", () => {
    const [fixed, told] = merge(
      [site({ basePort: 50900 })],
      [unit({}), unit({ mac: "", address: "10.1.1.1" })],
    );
    expect([fixed, told].map((row) => row && targetOf(row).basePort)).toEqual([50900, 50804]);
  });
});

describe("sorting", () => {
  const rows = (changes: Partial<UnitRow>[]): UnitRow[] => {
    const [row] = merge([], [unit({})]);
    if (!row) throw new Error("no row");
    return changes.map((change) => ({ ...row, group: "g", ...change }));
  };
  const check = (by: string, descending: boolean, given: Partial<UnitRow>[], expected: string[]) =>
    expect(sortRows(rows(given), by, descending, "de").map((row) => row.name)).toEqual(expected);

  it("sorts names as the language does, and numbers in them as numbers", () =>
    check(
      "name",
      false,
      [{ name: "Zug" }, { name: "Unit 10" }, { name: "Ärmel" }, { name: "Unit 9" }],
      ["Ärmel", "Unit 9", "Unit 10", "Zug"],
    ));
  it("sorts addresses as numbers", () =>
    check(
      "address",
      false,
      [
        { name: "b", address: "10.10.0.1" },
        { name: "a", address: "10.9.0.1" },
      ],
      ["a", "b"],
    ));
  const trips = [
    { name: "none", roundTripMs: -1 },
    { name: "slow", roundTripMs: 20 },
    { name: "fast", roundTripMs: 0.6 },
  ];
  it("puts the unknown round trip last, ascending", () =>
    check("roundTrip", false, trips, ["fast", "slow", "none"]));
  it("puts the unknown round trip last, descending", () =>
    check("roundTrip", true, trips, ["slow", "fast", "none"]));
  it("puts trouble first", () =>
    check(
      "state",
      false,
      [
        { name: "ok", state: "running" },
        { name: "bad", state: "certificate" },
      ],
      ["bad", "ok"],
    ));
  it("keeps groups together in both directions: this network, customers, the rest", () => {
    const given = [
      { name: "a", group: ungroupedGroup },
      { name: "b", group: "Spital" },
      { name: "c", group: localGroup },
      { name: "d", group: "Muster" },
    ];
    check("name", false, given, ["c", "d", "b", "a"]);
    check("name", true, given, ["c", "d", "b", "a"]);
  });
});

describe("filtering", () => {
  const [row] = merge([site({ notes: "Key at reception", group: "Muster" })], [unit({})]);
  if (!row) throw new Error("no row");
  const check = (filter: string, expected: boolean) =>
    it(`${filter} ${expected ? "is found" : "is not found"}`, () =>
      expect(matches(haystack(row, "Running\nMuster"), filter)).toBe(expected));
  check("zurich", true);
  check("ZÜRICH", true);
  check("10.21.4", true);
  check("05:91:8f", true);
  check("running v2", true);
  check("reception", true);
  check("udp filiale", true);
  check("select", false);
  check("zurich basel", false);
});

it("lists groups with their counts and hides the rows of a collapsed one", () => {
  chooseLanguage("en");
  const rows = sortRows(merge([siteOf(basel, "s2")], [unit({}), lager.unit]), "name", false, "en");
  const shown = groupItems(rows, new Set(["group:Muster Retail AG"])).map((item) =>
    item.kind === "group" ? `${item.label} ${item.count} ${item.open}` : item.row.name,
  );
  expect(shown).toEqual([
    "On this network 2 true",
    "Lager (alt)",
    "Zürich, Filiale 2",
    "Muster Retail AG 1 false",
  ]);
});
