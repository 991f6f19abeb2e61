/** Everything the keyboard and the palette can do, in one list: what it is called, its key, and when it is possible. */
import { t } from "$lib/i18n/index.svelte";
import { isTextInput, matchesKeys } from "$lib/keys";
import type { UnitRow } from "$lib/rows/rows";
import { dialogs } from "./dialogs.svelte";
import { documents, type OpenDocument } from "./documents.svelte";
import * as flows from "./flows";
import * as lists from "./lists";
import { navigation } from "./navigation.svelte";
import { type OpenSecurity, securities } from "./security.svelte";
import { closeSecurity, openAudit, openSecurity, sendSecurity } from "./security-flows";
import { settings, textSizes } from "./settings.svelte";
import { unitLists } from "./unit-lists.svelte";
import { units } from "./units.svelte";
import { watches } from "./watches.svelte";
import { welcome } from "./welcome.svelte";
import { work } from "./work.svelte";

export interface Command {
  id: string;
  label: string;
  /** As in keys.ts; `""` without a shortcut. */
  keys: string;
  enabled: boolean;
  run: () => void;
}

const focusOn = (selector: string) => document.querySelector<HTMLElement>(selector)?.focus();

function onUnits(): boolean {
  return navigation.place === "units" && navigation.over === null && documents.current === null;
}

function shownDocument(): OpenDocument | null {
  return navigation.place === "units" && navigation.over === null ? documents.current : null;
}

function shownSecurity(): OpenSecurity | null {
  return navigation.place === "units" && navigation.over === "security" ? securities.current : null;
}

export function canReceive(row: UnitRow | null): row is UnitRow {
  if (row === null || ["noAnswer", "unidentified", "starting"].includes(row.state)) return false;
  // A method that somebody chose for the site is tried whatever the unit says.
  return row.unit === null || row.unit.supported || (row.site !== null && row.site.method !== "auto");
}

/** Where DevLink3 may answer: a saved site that did not say is tried. */
export function canReadLists(row: UnitRow | null): row is UnitRow {
  return canReceive(row) && row.unit?.services.tftp !== true;
}

export function commands(): Command[] {
  const row = onUnits() ? units.row : null;
  const site = row?.site ?? null;
  const opened = shownDocument();
  const secured = shownSecurity();
  const c = t.commands;
  const command = (
    id: string,
    label: string,
    keys: string,
    enabled: boolean,
    run: () => unknown,
  ): Command => ({
    id,
    label,
    keys,
    enabled,
    run: () => void run(),
  });
  return [
    command("palette", c.palette, "Mod+K", true, () => dialogs.ask("PaletteDialog", {})),
    command("cancel", c.cancel, "Escape", isRunning(), cancel),
    command("receive", c.receive(row?.name ?? ""), "Mod+R", canReceive(row), () => row && flows.receive(row)),
    command(
      "send",
      c.send,
      "Mod+Enter",
      opened !== null && opened.info.target.address !== "",
      () => opened && flows.send(opened),
    ),
    command("sendFile", c.sendFile(row?.name ?? ""), "", row !== null, () => row && flows.openFile(row)),
    command(
      "restart",
      c.restart(row?.name ?? ""),
      "Mod+Shift+R",
      canReceive(row),
      () => row && flows.restart(row),
    ),
    command(
      "changePassword",
      c.changePassword(row?.name ?? ""),
      "",
      canReceive(row) && row.unit?.services.tftp !== true,
      () => row && flows.changePassword(row),
    ),
    command("lists", c.lists(row?.name ?? ""), "", canReadLists(row), () => row && unitLists.open(row)),
    command(
      "security",
      c.security(row?.name ?? ""),
      "Mod+Shift+S",
      canReceive(row),
      () => row && openSecurity(row),
    ),
    command("audit", c.audit(row?.name ?? ""), "Mod+Shift+A", canReceive(row), () => row && openAudit(row)),
    command(
      "sendSecurity",
      c.sendSecurity,
      "Mod+Enter",
      secured !== null && secured.view.changes.length > 0,
      () => secured && sendSecurity(secured),
    ),
    command("refresh", c.refresh, "F5", navigation.place === "units", () => units.refresh()),
    command("filter", c.filter, "/", onUnits() || navigation.over === "lists", () => focusOn("#filter")),
    command("address", c.address, "Mod+L", onUnits(), () => focusOn("#unit-address")),
    command("addSite", c.addSite, "Mod+N", onUnits(), () => flows.addSite(row?.site ? null : row)),
    command(
      "editSite",
      c.editSite(site?.name ?? ""),
      "F2",
      site !== null,
      () => site && flows.editSite(site),
    ),
    command(
      "removeSite",
      c.removeSite(site?.name ?? ""),
      "Delete",
      site !== null,
      () => site && flows.removeSite(site),
    ),
    command(
      "copyAddress",
      c.copyAddress,
      "Mod+Shift+C",
      row !== null,
      () => row && flows.copy(row.shownAddress),
    ),
    command("openFile", c.openFile, "Mod+O", true, () => flows.openFile(null)),
    command("saveFile", c.saveFile, "Mod+S", opened !== null, () => opened && flows.saveFile(opened)),
    command("find", c.find, "Mod+F", opened !== null, () => focusOn("#find")),
    command("undo", c.undo, "Mod+Z", (secured?.view ?? opened?.info.state)?.canUndo === true, () =>
      (secured ?? opened)?.undo(),
    ),
    command("redo", c.redo, "Mod+Shift+Z", (secured?.view ?? opened?.info.state)?.canRedo === true, () =>
      (secured ?? opened)?.redo(),
    ),
    command("close", c.close, "Mod+W", opened !== null, () => opened && flows.closeDocument(opened)),
    command("units", c.units, "Mod+1", true, () => documents.show(null)),
    command(
      "closeSecurity",
      t.security.close,
      "Mod+W",
      secured !== null,
      () => secured && closeSecurity(secured),
    ),
    command("activity", c.activity, "Mod+2", true, () => (navigation.place = "activity")),
    command("preferences", c.preferences, "Mod+,", true, () => (navigation.place = "preferences")),
    command("help", c.help, "F1", true, () => (navigation.place = "help")),
    command("welcome", c.welcome, "", true, () => welcome.show()),
    command("searchFurther", c.searchFurther, "", onUnits(), () =>
      document.querySelector<HTMLElement>("#search-further")?.showPopover(),
    ),
    command("importSites", c.importSites, "", true, lists.importSites),
    command("exportSites", c.exportSites, "", units.sites.length > 0, () => lists.exportSites(false)),
    command("exportKnown", c.exportKnown, "", units.sites.length > 0, () => lists.exportSites(true)),
    command("exportFound", c.exportFound, "", units.found.length > 0, lists.exportFound),
    command("larger", c.larger, "Mod++", settings.state.textSize < 200, () => resize(1)),
    command("smaller", c.smaller, "Mod+-", settings.state.textSize > 100, () => resize(-1)),
  ];
}

function resize(by: number): void {
  const at = [...textSizes].indexOf(settings.state.textSize as (typeof textSizes)[number]);
  settings.change({ textSize: textSizes[Math.min(Math.max(0, at + by), textSizes.length - 1)] ?? 100 });
}

/** Whether there is something that can be stopped. */
export function isRunning(): boolean {
  return work.job !== null || units.search !== null || watches.list.length > 0;
}

/** Stops what runs in the foreground first, then the search, then the watch that began last. */
export function cancel(): void {
  if (work.job) work.cancel();
  else if (units.search) units.cancel();
  else watches.stop(watches.list.at(-1));
}

/** The command whose key this is, unless the key belongs to the text that is being typed. */
export function commandFor(event: KeyboardEvent): Command | undefined {
  const typing = isTextInput(event.target);
  return commands().find(({ id, keys, enabled }) => {
    if (keys === "" || !enabled || !matchesKeys(event, keys)) return false;
    const textUndo = (id === "undo" || id === "redo") && typing;
    return !textUndo && !(typing && (keys.length === 1 || keys === "Delete"));
  });
}
