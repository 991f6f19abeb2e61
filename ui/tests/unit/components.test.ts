/** Components by what a person sees and does, against the demo. */
import { render, screen, within } from "@testing-library/svelte";
import { flushSync, tick } from "svelte";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { memoryBackend } from "$lib/backend.memory";
import { door, openDoor } from "$lib/door";
import { chooseLanguage } from "$lib/i18n/index.svelte";
import { documents } from "$lib/state/documents.svelte";
import { preferences } from "$lib/state/preferences.svelte";
import { program } from "$lib/state/program.svelte";
import { settings } from "$lib/state/settings.svelte";
import { toasts } from "$lib/state/toasts.svelte";
import { units } from "$lib/state/units.svelte";
import ChangeList from "$lib/ui/ChangeList.svelte";
import CriteriaEditor from "../../src/views/preferences/CriteriaEditor.svelte";
import UnitsView from "../../src/views/units/UnitsView.svelte";

const everything = { address: "", identifyHttp: false, snmpCommunity: "", linkLocal: false };

beforeEach(async () => {
  chooseLanguage("en");
  openDoor(memoryBackend());
  documents.open = [];
  units.filter = "";
  await program.begin();
  await program.listen();
  await units.refresh();
});

const rowNames = () =>
  screen
    .getAllByRole("row")
    .map((row) => within(row).queryAllByRole("gridcell")[1]?.textContent?.trim() ?? "");

describe("the list of units", () => {
  it("filters from the first letter, over every column", async () => {
    render(UnitsView);
    units.filter = "lug";
    await tick();
    expect(rowNames().filter((name) => name !== "")).toEqual(["Lugano"]);
  });

  it("sorts again by the same column the other way round", async () => {
    render(UnitsView);
    const header = screen.getByRole("columnheader", { name: /Round trip/ });
    header.querySelector("button")?.click();
    flushSync();
    expect(header.getAttribute("aria-sort")).toBe("ascending");
    header.querySelector("button")?.click();
    flushSync();
    expect(header.getAttribute("aria-sort")).toBe("descending");
  });

  it("says the state in a word, not by colour alone", () => {
    render(UnitsView);
    for (const word of ["Running", "Starting", "Read only", "No answer"])
      expect(screen.getAllByText(word).length).toBeGreaterThan(0);
  });
});

it("counts the addresses and names each bad entry", async () => {
  render(CriteriaEditor, { text: "10.0.0.0/24; 10.0.0.999" });
  await vi.waitFor(() =>
    expect(screen.getByRole("status").textContent).toContain(
      "256 addresses will be asked. 1 entry can not be used:",
    ),
  );
  expect(screen.getByText(/\(entry 2\)/)).toBeTruthy();
  expect(document.querySelector("mark")?.textContent).toBe("10.0.0.999");
});

it("shows what was and what will be, and never a secret", async () => {
  const backend = memoryBackend({ edited: true });
  const info = await backend.openFile({ siteId: "", address: "", basePort: 0 });
  if (!info) throw new Error("no document");
  const table = await backend.entities(info.id, "User");
  const user = table.rows[1]?.id ?? "";
  await backend.setValue(info.id, user, "LoginCode", "987654");
  render(ChangeList, { changes: await backend.changes(info.id) });
  expect(screen.getByText("Sales desk").tagName).toBe("DEL");
  expect(screen.getByText("Sales counter").tagName).toBe("INS");
  expect(document.body.textContent).not.toContain("987654");
});

describe("what the program says without being asked", () => {
  it("keeps what must not go by unread, and says the same thing once", async () => {
    toasts.list = [];
    const damaged = { kind: "fileDamaged", file: "store.json", keptAs: "old.json", reason: "why" } as const;
    await program.hear(damaged);
    for (const text of ["a", "b", "c", "d"]) toasts.say(text);
    await program.hear(damaged);
    expect(toasts.list.map(({ text, stays }) => `${text.slice(0, 10)} ${stays}`)).toEqual([
      "c false",
      "d false",
      "store.json true",
    ]);
    toasts.list = [];
  });

  it("shows another program's change, and says it where it can be seen", async () => {
    toasts.list = [];
    await preferences.load();
    await program.hear({ kind: "storeChanged" });
    expect(toasts.list).toEqual([]);
    const [site] = units.sites;
    if (!site) throw new Error("no site");
    await door.backend.saveSite({ ...site, name: "Renamed elsewhere" });
    await program.hear({ kind: "storeChanged" });
    expect(units.sites.some(({ name }) => name === "Renamed elsewhere")).toBe(true);
    expect(toasts.list.length).toBe(1);
    toasts.list = [];
  });
});

describe("a search at one address", () => {
  it("leaves the units elsewhere as they were, and asks nobody else", async () => {
    units.address = "10.30.1.1";
    const search = units.refresh();
    expect(units.rows.filter((row) => row.state === "asking").map((row) => row.address)).toEqual([
      "10.30.1.1",
    ]);
    await search;
    expect(units.rows.filter((row) => row.unit !== null).length).toBe(14);
    expect(settings.state.recentAddresses[0]).toBe("10.30.1.1");
    units.address = "";
  });
});

describe("the demo behind the door", () => {
  it("counts down the attempts, asks before the last one, and locks", async () => {
    const backend = memoryBackend();
    const request = {
      target: { siteId: "", address: "10.30.5.1", basePort: 0 },
      after: "",
      user: "Ann",
      system: false,
      password: "wrong",
      remember: false,
    };
    for (const attemptsLeft of [2, 1])
      expect(await backend.logIn("o1", request)).toMatchObject({ kind: "wrongPassword", attemptsLeft });
    const last = await backend.logIn("o1", request);
    if (last.kind !== "lastAttempt") throw new Error(last.kind);
    expect(await backend.answerLogIn("o1", last.attempt, { kind: "useLastAttempt" })).toMatchObject({
      kind: "locked",
      retryAfterS: 60,
    });
  });

  it("rejects stopped work with the code cancelled", async () => {
    const backend = memoryBackend({ scenario: "searching" });
    const search = backend.discover("o1", everything, () => undefined);
    await backend.cancel("o1");
    await expect(search).rejects.toMatchObject({ code: "cancelled" });
  });

  it("undoes and redoes", async () => {
    const backend = memoryBackend();
    const info = await backend.openFile({ siteId: "", address: "", basePort: 0 });
    const id = info?.id ?? "";
    const user = (await backend.entities(id, "User")).rows[0]?.id ?? "";
    expect(await backend.setValue(id, user, "FullName", "Front desk")).toMatchObject({
      changes: 1,
      canUndo: true,
    });
    expect(await backend.undo(id)).toMatchObject({ changes: 0, canUndo: false, canRedo: true });
    expect(await backend.redo(id)).toMatchObject({ changes: 1, canRedo: false });
  });
});
