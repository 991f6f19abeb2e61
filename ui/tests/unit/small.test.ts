/** The small pure pieces: countdown, words, keys, modes, grid arithmetic, services, bounds. */
import { beforeEach, describe, expect, it } from "vitest";
import { secondsLeft } from "$lib/countdown";
import { chooseLanguage } from "$lib/i18n/index.svelte";
import { matchesKeys, setPlatform, shownKeys } from "$lib/keys";
import { demoUnits } from "$lib/memory/units";
import { isDeliberate, modesFor, quietTime, safest } from "$lib/modes";
import { mergeRows } from "$lib/rows/rows";
import { newSite } from "$lib/state/flows";
import type { Preferences, Session } from "$lib/types";
import { dropPlace, moved, visibleSlice, withMoved } from "$lib/ui/grid";
import {
  clock,
  count,
  entityLabel,
  excess,
  fieldLabel,
  humanise,
  roundTrip,
  shortFingerprint,
  shortVersion,
  when,
} from "$lib/words";
import { outOfBounds } from "../../src/views/preferences/bounds";
import { servicesOf } from "../../src/views/units/services";

beforeEach(() => {
  chooseLanguage("en");
  setPlatform("linux");
});

describe("countdown", () => {
  const check = (until: number, now: number, expected: number) =>
    it(`${until - now} ms`, () => expect(secondsLeft(until, now)).toBe(expected));
  check(60_000, 0, 60);
  check(60_000, 59_001, 1);
  check(60_000, 60_000, 0);
  check(60_000, 90_000, 0);
});

describe("words", () => {
  const check = (got: () => string, expected: string) => it(expected, () => expect(got()).toBe(expected));
  const now = new Date(2026, 10, 23, 14, 2);
  check(() => clock(65), "1:05");
  check(() => clock(-3), "0:00");
  check(() => roundTrip(0.62), "0.6 ms");
  check(() => roundTrip(18), "18 ms");
  check(() => roundTrip(-1), "–");
  check(() => shortVersion("11.1.2.3 build 23"), "11.1.2.3");
  check(() => shortFingerprint(Array(32).fill("AB").join(":")), "AB:AB:AB:AB … AB:AB:AB:AB");
  check(() => humanise("ForwardOnBusy"), "Forward on busy");
  check(() => fieldLabel("LANs/LAN[LAN1]/IPAddress"), "LAN1 IP address");
  check(() => fieldLabel("SomethingNew"), "Something new");
  check(() => entityLabel("User", "201"), "User 201");
  check(() => roundTrip(18.4), "18 ms");
  check(() => roundTrip(1234.5), "1,235 ms");
  check(() => count(0), "0");
  check(() => count(999), "999");
  check(() => count(1000), "1,000");
  check(() => excess(1), "1 KB");
  check(() => excess(2_202_009), "2.1 MB");
  check(() => when("", now), "never");
  check(() => when("no moment", now), "–");
  check(() => when(new Date(2026, 10, 23, 6, 0).toISOString(), now), "today 06:00");
  check(() => when(new Date(2026, 10, 22, 23, 59).toISOString(), now), "yesterday 23:59");
});

describe("keys", () => {
  const press = (key: string, more: KeyboardEventInit = {}) => new KeyboardEvent("keydown", { key, ...more });
  const check = (event: KeyboardEvent, keys: string, expected: boolean) =>
    it(`${event.ctrlKey ? "Ctrl " : ""}${event.shiftKey ? "Shift " : ""}${event.key} is ${expected ? "" : "not "}${keys}`, () =>
      expect(matchesKeys(event, keys)).toBe(expected));
  check(press("z", { ctrlKey: true }), "Mod+Z", true);
  check(press("Z", { ctrlKey: true, shiftKey: true }), "Mod+Z", false);
  check(press("Z", { ctrlKey: true, shiftKey: true }), "Mod+Shift+Z", true);
  check(press("z"), "Mod+Z", false);
  check(press("z", { metaKey: true }), "Mod+Z", false);
  check(press("F5"), "F5", true);
  check(press("F5", { shiftKey: true }), "F5", false);
  check(press("/", { shiftKey: true }), "/", true);
  check(press("+", { ctrlKey: true }), "Mod++", true);
  it("shows what is printed on the keys, in each language", async () => {
    expect(shownKeys("Mod+Shift+Z")).toBe("Ctrl Shift Z");
    await chooseLanguage("de");
    expect(shownKeys("Mod+Shift+Delete")).toBe("Strg Umschalt Entf");
    await chooseLanguage("en");
  });
  it("shows and takes Cmd on macOS", () => {
    setPlatform("macos");
    expect(shownKeys("Mod+Shift+Z")).toBe("⌘⇧Z");
    expect(matchesKeys(press("k", { metaKey: true }), "Mod+K")).toBe(true);
    expect(matchesKeys(press("k", { ctrlKey: true }), "Mod+K")).toBe(false);
  });
});

describe("modes", () => {
  const session = (rights: Session["rights"]): Session => ({
    user: "Ann",
    api: false,
    tls: true,
    fingerprint: "",
    rights,
    passwordExpiresDays: -1,
    remembered: false,
    keychainProblem: "",
  });
  const all: Session["rights"] = ["merge", "rebootWhenFree", "rebootTimed", "rebootImmediately"];
  it("chooses the least disturbing that is possible", () => {
    expect(safest(modesFor(session(all), true))).toMatchObject({ mode: "merge", atMinutes: quietTime });
    expect(safest(modesFor(session(all), false)).mode).toBe("merge");
    expect(safest(modesFor(session(["rebootTimed"]), true)).mode).toBe("timed");
  });
  it("says what a merge may lead to, and why a mode can not be chosen", () => {
    const [merge, whenFree] = modesFor(session(["merge"]), false);
    expect(merge).toMatchObject({ enabled: true, second: expect.stringContaining("may need a restart") });
    expect(whenFree?.enabled).toBe(false);
    expect(whenFree?.second).toContain("Ann has no right");
    const [old] = modesFor({ ...session(["rebootImmediately"]), user: "" }, true);
    expect(old).toMatchObject({ enabled: false, second: expect.stringContaining("before release 3.2") });
  });
  it("wants the unit's name before an immediate restart, however it was composed", () => {
    expect(isDeliberate("immediate", "Zurich", "Zürich")).toBe(false);
    expect(isDeliberate("immediate", "Zu\u0308rich ", "Zürich")).toBe(true);
    expect(isDeliberate("merge", "", "Zürich")).toBe(true);
  });
});

describe("the grid", () => {
  it("keeps a bounded number of rows in the document, wherever it stands", () => {
    for (let top = 0; top <= 2000 * 34; top += 997) {
      const { first, last } = visibleSlice(2000, 34, top, 700);
      expect(last - first).toBeLessThanOrEqual(Math.ceil(700 / 34) + 17);
      expect(first).toBeLessThanOrEqual(Math.min(1999, Math.floor(top / 34)));
    }
  });
  it("draws only what is seen until its height is known", () =>
    expect(visibleSlice(2000, 34, 0, 0)).toEqual({ first: 0, last: 18 }));
  const order = (place: number, column = "b") => withMoved(["a", "b", "c", "d"], column, place).join("");
  it("moves a column to a place, and no further than the ends", () => {
    expect([-1, 0, 1, 2, 3, 9].map((place) => order(place))).toEqual([
      "bacd",
      "bacd",
      "abcd",
      "acbd",
      "acdb",
      "acdb",
    ]);
    expect(order(0, "x")).toBe("abcd");
  });
  it("lets a column go where it was dragged to", () => {
    const middles = [50, 150, 250, 350];
    const dropped = (x: number) => dropPlace(middles, 1, x);
    expect([0, 49, 51, 150, 249, 251, 349, 999].map(dropped)).toEqual([0, 0, 1, 1, 1, 2, 2, 3]);
  });
  it("has nothing to show of nothing", () =>
    expect(visibleSlice(0, 34, 0, 700)).toEqual({ first: 0, last: 0 }));
  const check = (key: string, from: number, expected: number | undefined) =>
    it(`${key} from ${from}`, () => expect(moved(key, from, 100, 10)).toBe(expected));
  check("ArrowDown", 0, 1);
  check("ArrowDown", 99, 99);
  check("ArrowUp", 0, 0);
  check("ArrowUp", -1, 99);
  check("PageDown", 95, 99);
  check("PageUp", 5, 0);
  check("Home", 50, 0);
  check("End", 50, 99);
  check("x", 50, undefined);
});

it("lists services with their ports, and warns of those that can be read on the way", () => {
  const unit = demoUnits()[0]?.unit;
  if (!unit) throw new Error("no unit");
  expect(servicesOf(unit, null).map(({ id, port, verdict }) => `${id} ${port} ${verdict}`)).toEqual([
    "discovery 50802 open",
    "configurationTls 50805 secure",
    "securityTls 50813 secure",
    "configuration 50804 readable",
    "security 50812 readable",
    "api 8443 absent",
  ]);
  const moved = { ...unit, services: { ...unit.services, discoveryPort: 40802 } };
  expect(servicesOf(moved, null)[0]?.port).toBe(40802);
});

it("fixes the discovery port of a new site only where the unit's is another than everywhere", () => {
  const unit = demoUnits()[0]?.unit;
  if (!unit) throw new Error("no unit");
  const found = (discoveryPort: number) =>
    mergeRows({
      sites: [],
      found: [{ ...unit, services: { ...unit.services, discoveryPort } }],
      unidentified: [],
      noAnswers: [],
      unresolved: new Map(),
      alone: new Set(),
      networks: [],
      asking: () => false,
      distrusted: () => false,
    })[0] ?? null;
  expect([50802, 40802].map((port) => newSite(found(port)).discoveryPort)).toEqual([0, 40802]);
  expect(newSite(null).discoveryPort).toBe(0);
});

it("names the preferences that are out of bounds", () => {
  const good: Preferences = {
    searchCriteria: "",
    broadcastAddresses: "",
    servicesBasePort: 50804,
    probeTimeoutMs: 1000,
    probeAttempts: 2,
    probeConcurrency: 128,
    connectTimeoutS: 5,
    transferTimeoutS: 10,
    transferTries: 3,
    idleMinutes: 15,
    legacyReadFile: "",
    legacyWriteFile: "",
    legacyRebootFile: "",
  };
  expect(outOfBounds(good)).toEqual([]);
  expect(outOfBounds({ ...good, servicesBasePort: 65527, probeAttempts: 11, idleMinutes: 1.5 })).toEqual([
    "servicesBasePort",
    "probeAttempts",
    "idleMinutes",
  ]);
});
