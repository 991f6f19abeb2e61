/** Searching: what is said, kept and asked further; the first start; lists as files. Against the demo. */
import { fireEvent, render, screen, within } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { memoryBackend } from "$lib/backend.memory";
import { criteriaNames } from "$lib/criteria";
import { door, openDoor } from "$lib/door";
import { chooseLanguage } from "$lib/i18n/index.svelte";
import { byAddress, isIpv4In, isName, mayTellMore } from "$lib/rows/heard";
import { canReceive } from "$lib/state/commands";
import { documents } from "$lib/state/documents.svelte";
import { navigation } from "$lib/state/navigation.svelte";
import { preferences } from "$lib/state/preferences.svelte";
import { program } from "$lib/state/program.svelte";
import { settings } from "$lib/state/settings.svelte";
import { toasts } from "$lib/state/toasts.svelte";
import { units } from "$lib/state/units.svelte";
import { welcome } from "$lib/state/welcome.svelte";
import type { DiscoveryOptions, News, Unidentified, WindowState } from "$lib/types";
import CriteriaEditor from "../../src/views/preferences/CriteriaEditor.svelte";
import UnitDetail from "../../src/views/units/UnitDetail.svelte";
import UnitsView from "../../src/views/units/UnitsView.svelte";

async function start(scenario: "normal" | "field" | "firstRun" | "linkLocal" = "normal"): Promise<void> {
  openDoor(memoryBackend({ scenario }));
  documents.open = [];
  toasts.list = [];
  units.filter = "";
  units.address = "";
  await program.begin();
  await program.listen();
  await units.refresh();
}

/** What the window kept of itself, as it is found again at the next start. */
async function kept(): Promise<WindowState> {
  return (await door.backend.started()).windowState;
}

beforeEach(async () => {
  chooseLanguage("en");
  await start();
});

const rowOf = (name: string) => {
  const row = units.rows.find((row) => row.name === name);
  if (!row) throw new Error(`no row ${name}`);
  return row;
};
/** Every search that the window asks for from now on. */
function asked(): DiscoveryOptions[] {
  const all: DiscoveryOptions[] = [];
  const { discover } = door.backend;
  door.backend.discover = (operation, options, onEvent) => {
    all.push(options);
    return discover(operation, options, onEvent);
  };
  return all;
}

describe("addresses", () => {
  const inside = (address: string, subnet: string, expected: boolean) =>
    it(`${address} is ${expected ? "" : "not "}in ${subnet}`, () =>
      expect(isIpv4In(address, subnet)).toBe(expected));
  inside("10.21.4.255", "10.21.4.0/24", true);
  inside("10.21.5.0", "10.21.4.0/24", false);
  inside("10.21.5.0", "10.21.4.0/23", true);
  inside("200.1.1.1", "0.0.0.0/0", true);
  inside("10.0.0.1", "10.0.0.1/32", true);
  inside("10.0.0.300", "10.0.0.0/8", false);
  inside("2001:db8::1", "10.0.0.0/8", false);
  inside("10.0.0.1", "10.0.0.0/33", false);
  inside("10.0.0.1", "nonsense", false);
  it("tells names from addresses", () =>
    expect(["hq.example", "10.0.0.1", "fe80::1"].map(isName)).toEqual([true, false, false]));
  it("finds the names among criteria, and not those in comments", () =>
    expect(
      criteriaNames("10.0.0.0/24; HQ.example:40802 # old.example\nhq.example;[fe80::1]:5;münchen.example"),
    ).toEqual(["hq.example", "münchen.example"]));
});

describe("what answers and is no unit", () => {
  const heard = (kind: Unidentified["kind"]): Unidentified => ({
    address: "10.0.0.1",
    port: 1,
    kind,
    reason: "",
  });
  it("is asked further only where that was not done", () => {
    expect(mayTellMore([heard("portOpen"), heard("refused")])).toBe(true);
    expect(mayTellMore([heard("portOpen"), heard("httpOther")])).toBe(false);
    const here = byAddress([heard("pingOnly"), heard("snmpAvaya"), heard("pingOnly")]);
    expect([...here].map(([address, all]) => [address, all.map(({ kind }) => kind)])).toEqual([
      ["10.0.0.1", ["snmpAvaya", "pingOnly"]],
    ]);
  });

  it("says what is there and what to do, and asks it further on request and alone", async () => {
    await start("field");
    render(UnitDetail, { row: rowOf("10.30.1.80") });
    expect(screen.getByText("port open")).toBeTruthy();
    expect(screen.getByText(/does not answer Whois/)).toBeTruthy();
    const searches = asked();
    screen.getByRole("button", { name: "Ask it by HTTP and SNMP" }).click();
    await vi.waitFor(() => expect(units.search).toBeNull());
    expect(searches).toEqual([
      { address: "10.30.1.80", identifyHttp: true, snmpCommunity: "public", linkLocal: false },
    ]);
    expect(rowOf("10.30.1.80").remark).toMatchObject({ kind: "heard", heard: { kind: "httpUnit" } });
    // The others were not asked, and are still there.
    expect(rowOf("10.30.1.81").state).toBe("unidentified");
  });
});

describe("silence", () => {
  it("is explained by name and port, with what answers there all the same", async () => {
    await start("field");
    render(UnitDetail, { row: rowOf("Davos") });
    const detail = screen.getByRole("complementary");
    for (const text of [
      /last answered/,
      "A route to it, and back",
      "Ping (ICMP)",
      "TCP 50802",
      "TCP 50804",
      "TCP 50805",
      "refused",
    ])
      expect(within(detail).getByText(text), String(text)).toBeTruthy();
  });

  it("of one address that was asked for is a row of its own, until everything is searched", async () => {
    units.address = "10.99.0.1";
    await units.refresh();
    expect(rowOf("10.99.0.1")).toMatchObject({ state: "noAnswer", site: null });
    expect([units.foundNow, units.found.length, units.row?.name]).toEqual([0, 14, "10.99.0.1"]);
    units.address = "";
    await units.refresh();
    expect(units.rows.some((row) => row.name === "10.99.0.1")).toBe(false);
  });
});

describe("warnings", () => {
  beforeEach(() => start("field"));

  it("say what does not fit together", () => {
    render(UnitDetail, { row: rowOf("Copy of Zürich") });
    expect(screen.getByText(/claims the same MAC address/)).toBeTruthy();
    expect(screen.getByText(/by UDP its name is/)).toBeTruthy();
  });

  it("say why no method is known, and nothing is received until somebody chooses one", () => {
    const row = rowOf("Prototype");
    render(UnitDetail, { row });
    expect(screen.getByText(/is reached is not known.*It says that it offers neither/)).toBeTruthy();
    expect(canReceive(row)).toBe(false);
    const [site] = units.sites;
    if (!site) throw new Error("no site");
    expect(canReceive({ ...row, site: { ...site, method: "service" } })).toBe(true);
    expect(canReceive(rowOf("Aussenstelle"))).toBe(true);
  });

  it("say that ping is not permitted as a notice that goes when it is read", async () => {
    units.address = "10.99.0.1";
    await units.refresh();
    render(UnitsView);
    expect(screen.getByText(/is not pinged/)).toBeTruthy();
    const notice = screen.getByText(/is not pinged/).closest("li") as HTMLElement;
    within(notice).getByRole("button", { name: "Dismiss this notice" }).click();
    flushSync();
    expect(screen.queryByText(/is not pinged/)).toBeNull();
  });

  it("name a link-local interface, which is searched on request", async () => {
    render(UnitsView);
    const searches = asked();
    expect(screen.getByText(/eth1 has only the link-local address 169.254.17.3/)).toBeTruthy();
    screen.getByRole("button", { name: "Search it too" }).click();
    await vi.waitFor(() => expect(units.search).toBeNull());
    expect(searches.map(({ linkLocal, address }) => [linkLocal, address])).toEqual([[true, ""]]);
    await tick();
    expect(screen.queryByText(/link-local address 169/)).toBeNull();
  });

  it("say what is wrong with an address that is asked for alone, and not of the criteria", async () => {
    units.address = "10.0.0.256";
    await units.refresh();
    expect(units.addressProblems.map(({ entry }) => entry)).toEqual(["10.0.0.256"]);
    expect(units.criteriaProblems).toEqual([]);
  });
});

it("asks further only in the search for which that is chosen", async () => {
  render(UnitsView);
  const searches = asked();
  const popover = document.querySelector("#search-further") as HTMLElement;
  popover.hidePopover = () => undefined;
  const form = popover.querySelector("form") as HTMLFormElement;
  await fireEvent.click(within(form).getByLabelText(/^Ask by SNMP/));
  await fireEvent.input(within(form).getByLabelText("Community"), { target: { value: "field" } });
  await fireEvent.submit(form);
  await vi.waitFor(() => expect(units.search).toBeNull());
  await units.refresh();
  expect(searches).toEqual([
    { address: "", identifyHttp: true, snmpCommunity: "field", linkLocal: false },
    { address: "", identifyHttp: false, snmpCommunity: "", linkLocal: false },
  ]);
});

describe("changed networks", () => {
  const changed: News = {
    kind: "networksChanged",
    added: ["eth1 10.77.0.5/24"],
    removed: ["eth0 10.21.4.12/24"],
    networks: [],
  };

  it("are said, and searched again where was searched before", async () => {
    units.address = "10.30.1.1";
    await units.refresh();
    units.address = "somewhere else is being typed";
    const searches = asked();
    await program.hear(changed);
    expect(searches.map(({ address }) => address)).toEqual(["10.30.1.1"]);
    expect(toasts.list.at(-1)?.text).toBe(
      "Networks changed, now eth1 10.77.0.5/24, no longer eth0 10.21.4.12/24. Searching again.",
    );
    units.address = "";
  });
});

describe("the first start", () => {
  it("explains itself until somebody has read it, and never again", async () => {
    await start("firstRun");
    render(UnitsView);
    const card = screen.getByRole("region", { name: "Welcome to Trunkline" });
    expect(card.textContent).toMatch(/Ethernet 10.21.4.0\/24.*firewall.*no password is sent/s);
    for (const text of ["TCP 50802", "TCP 50804", "TCP 50805"])
      expect(within(card).getByText(text)).toBeTruthy();
    within(card).getByRole("button", { name: "Got it" }).click();
    await tick();
    expect(screen.queryByText("Welcome to Trunkline")).toBeNull();
    expect((await kept()).welcomed).toBe(true);
    welcome.begin(0, "linux");
    expect(welcome.shown).toBe(false);
  });

  it("is over where something was saved or searched before, and can be seen again", async () => {
    expect(welcome.shown).toBe(false);
    settings.state.welcomed = false;
    welcome.begin(1, "linux");
    expect(welcome.shown).toBe(false);
    navigation.place = "help";
    welcome.show();
    expect([welcome.shown, navigation.place]).toEqual([true, "units"]);
    welcome.dismiss();
  });

  it.each(["linux", "macos", "windows"] as const)("says what asks on %s", async (platform) => {
    await start("firstRun");
    welcome.platform = platform;
    render(UnitsView);
    const word = { linux: "firewall", macos: "Local Network", windows: "Windows Firewall" }[platform];
    expect(screen.getByRole("region", { name: "Welcome to Trunkline" }).textContent).toContain(word);
    welcome.platform = "linux";
    welcome.dismiss();
  });
});

describe("the criteria", () => {
  it("are remembered when they are saved, the newest first, and can be chosen again", async () => {
    await preferences.load();
    const first = preferences.stored?.searchCriteria ?? "";
    for (const text of ["10.1.0.0/24", "10.2.0.0/24", "10.1.0.0/24"]) {
      if (preferences.draft) preferences.draft.searchCriteria = text;
      await preferences.save();
    }
    expect(settings.state.recentCriteria.slice(0, 3)).toEqual(["10.1.0.0/24", "10.2.0.0/24", first]);
    render(CriteriaEditor, { text: "10.1.0.0/24" });
    const choices = screen.getAllByRole("menuitem", { hidden: true });
    expect(choices[0]?.textContent?.trim()).toBe("10.2.0.0/24");
    (document.querySelector("#criteria-history") as HTMLElement).hidePopover = () => undefined;
    choices[0]?.click();
    await vi.waitFor(() =>
      expect((screen.getByLabelText("IP Search Criteria") as HTMLTextAreaElement).value).toBe("10.2.0.0/24"),
    );
  });

  it("take a network of this computer in with one press, once", async () => {
    render(CriteriaEditor, { text: "10.1.0.1" });
    const add = screen.getByRole("button", { name: "Ethernet 10.21.4.0/24: add to the criteria" });
    const area = screen.getByLabelText("IP Search Criteria") as HTMLTextAreaElement;
    add.click();
    await vi.waitFor(() => expect(area.value).toBe("10.1.0.1; 10.21.4.0/24"));
    add.click();
    await vi.waitFor(() =>
      expect(screen.getByText("10.21.4.0/24 is among the criteria already.")).toBeTruthy(),
    );
    expect(area.value).toBe("10.1.0.1; 10.21.4.0/24");
  });

  it("show how their names resolve, on request", async () => {
    render(CriteriaEditor, { text: "hq.muster.example; gone.example; 10.0.0.1" });
    expect(screen.queryByText("203.0.113.7, 203.0.113.8")).toBeNull();
    screen.getByRole("button", { name: "Look up the names" }).click();
    await vi.waitFor(() => expect(screen.getByText("203.0.113.7, 203.0.113.8")).toBeTruthy());
    expect(screen.getByText(/can not be looked up/)).toBeTruthy();
  });
});

describe("the columns", () => {
  it("move by the keyboard, keep the focus, and are kept", async () => {
    render(UnitsView);
    const header = () =>
      screen.getAllByRole("columnheader").map((cell) => cell.textContent?.trim().split(" ")[0]);
    expect(header().slice(0, 3)).toEqual(["State", "Name", "Address"]);
    const name = screen.getByRole("columnheader", { name: /Name/ }).querySelector("button");
    name?.focus();
    await fireEvent.keyDown(name as HTMLElement, { key: "ArrowRight", shiftKey: true });
    await tick();
    expect(header().slice(0, 3)).toEqual(["State", "Address", "Name"]);
    expect(document.activeElement?.textContent).toContain("Name");
    expect((await kept()).columns.slice(0, 3)).toEqual(["state", "address", "name"]);
    expect(screen.getByText("Name is now column 3 of 7")).toBeTruthy();
  });

  it("stay at the ends, and keep what a newer program stored", async () => {
    settings.change({ columns: ["name", "future", "address"] });
    render(UnitsView);
    const name = screen.getByRole("columnheader", { name: /Name/ }).querySelector("button") as HTMLElement;
    await fireEvent.keyDown(name, { key: "ArrowLeft", shiftKey: true });
    expect(settings.state.columns).toEqual(["name", "future", "address"]);
    await fireEvent.keyDown(name, { key: "ArrowRight", shiftKey: true });
    expect(settings.state.columns).toEqual(["address", "name", "future"]);
  });
});
