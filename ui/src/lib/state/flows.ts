/** What a person does, from the first key to the last word: dialogs, log-in, work, and what is said afterwards. */
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { targetOf, type UnitRow } from "$lib/rows/rows";
import type { Site, Target } from "$lib/types";
import type { ConflictChoice } from "../../views/dialogs/ConflictDialog.svelte";
import { attempt } from "./attempt";
import { dialogs } from "./dialogs.svelte";
import { documents, type OpenDocument } from "./documents.svelte";
import { changePassword as change, ensureLogIn } from "./log-in";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { watches } from "./watches.svelte";
import { work } from "./work.svelte";

export { attempt } from "./attempt";

export function receive(row: UnitRow): Promise<void> {
  return receiveFrom(targetOf(row), row.name);
}

function receiveFrom(target: Target, name: string): Promise<void> {
  const title = t.work.receiving(name);
  const fetch = async () => {
    if (!(await ensureLogIn(target, name))) return;
    const before = documents.of(target.siteId, target.address);
    if (before?.info.state.unsaved && !(await agreeToLose(before))) return;
    const info = await work.run(title, (operation, report) =>
      door.backend.receive(operation, target, report),
    );
    if (before) await documents.close(before);
    await documents.add(info);
  };
  return attempt(title, fetch, target);
}

function agreeToLose(document: OpenDocument): Promise<boolean | undefined> {
  const { title, text, go } = t.configuration.lose;
  const n = document.info.state.changes;
  return dialogs.ask("QuestionDialog", { title: title(document.info.name), text: text(n), go, danger: true });
}

/** A file for the unit: it opens first, so that what will be sent is seen. */
export function openFile(row: UnitRow | null): Promise<void> {
  const target: Target = row ? targetOf(row) : { siteId: "", address: "", basePort: 0 };
  return attempt(t.work.opening, async () => {
    const info = await door.backend.openFile(target);
    if (info) await documents.add(info);
  });
}

export function saveFile(document: OpenDocument): Promise<void> {
  return attempt(t.work.saving, async () => {
    const path = await door.backend.saveFile(document.id);
    if (path === "") return;
    document.saved();
    toasts.say(t.configuration.saved(path));
  });
}

export async function closeDocument(document: OpenDocument): Promise<void> {
  if (document.info.state.unsaved && !(await agreeToLose(document))) return;
  await documents.close(document);
}

export function send(document: OpenDocument): Promise<void> {
  const { target, name } = document.info;
  const compareAndSend = async () => {
    const session = await ensureLogIn(target, name);
    if (!session) return;
    for (;;) {
      const comparison = await work.run(t.work.comparing(name), (operation, report) =>
        door.backend.compareWithUnit(operation, document.id, report),
      );
      document.checked = comparison;
      const choice = comparison.conflict ? await settleConflict(document) : "send";
      if (!choice) return;
      if (choice === "theirs") return receiveFrom(target, name);
      // What is on top of theirs now is compared anew, and seen before it is sent.
      if (choice === "onTop") continue;
      const overwrite = choice === "overwrite";
      const result = await dialogs.ask("SendDialog", { document, session, comparison, overwrite });
      if (!result) return;
      if (result === "conflict") continue;
      if (result === "problems") return document.show({ kind: "problems" });
      await document.sent(result.revisionAfter);
      toasts.say(result.unchanged ? t.send.unchanged(name) : t.send.done(name, result.revisionAfter));
      if (result.restarts) void watches.start(target, name);
      return;
    }
  };
  return attempt(t.work.sending(name), compareAndSend, target);
}

/** Shows who changed what, and does what somebody chooses; `undefined`: nothing. */
async function settleConflict(document: OpenDocument): Promise<ConflictChoice | undefined> {
  const { name, state } = document.info;
  const conflict = await work.run(t.work.comparing(name), (operation, report) =>
    door.backend.lookAtConflict(operation, document.id, report),
  );
  const choice = await dialogs.ask("ConflictDialog", { name, conflict, unsaved: state.unsaved });
  if (choice === "onTop") {
    const info = await work.run(t.work.puttingOnTop(name), (operation, report) =>
      door.backend.rebase(operation, document.id, report),
    );
    await document.rebased(info);
  }
  return choice;
}

export function restart(row: UnitRow): Promise<void> {
  const target = targetOf(row);
  const askAndRestart = async () => {
    const session = await ensureLogIn(target, row.name);
    if (!session) return;
    const options = await dialogs.ask("RestartDialog", { name: row.name, session });
    if (!options) return;
    await work.run(t.work.restarting(row.name), (operation) =>
      door.backend.reboot(operation, target, options),
    );
    void watches.start(target, row.name);
  };
  return attempt(t.work.restarting(row.name), askAndRestart, target);
}

/** A new site, from nothing or from a unit that was found. */
export async function addSite(row: UnitRow | null): Promise<void> {
  const stored = await dialogs.ask("SiteDialog", { site: newSite(row), known: groupsOf(units.sites) });
  if (!stored) return;
  units.sites = await door.backend.sites();
  units.choose(`site:${stored.id}`);
  toasts.say(t.sites.added(stored.name));
}

export async function editSite(site: Site): Promise<void> {
  const stored = await dialogs.ask("SiteDialog", { site, known: groupsOf(units.sites) });
  if (stored) units.sites = await door.backend.sites();
}

export function removeSite(site: Site): Promise<void> {
  return attempt(t.sites.removing(site.name), async () => {
    await door.backend.removeSite(site.id);
    units.sites = await door.backend.sites();
    const undo = async () => {
      await door.backend.saveSite(site);
      units.sites = await door.backend.sites();
      units.choose(`site:${site.id}`);
    };
    toasts.say(t.sites.removed(site.name), {
      label: t.common.undo,
      run: () => void attempt(t.sites.bringingBack(site.name), undo),
    });
  });
}

export function changePassword(row: UnitRow): Promise<void> {
  return change(targetOf(row), row.name);
}

export function forgetLogIn(row: UnitRow): Promise<void> {
  return attempt(t.detail.forgetLogIn, async () => {
    await door.backend.forgetLogIn(targetOf(row));
    toasts.say(t.detail.forgotLogIn(row.name));
  });
}

export function forgetCertificate(row: UnitRow): Promise<void> {
  return attempt(t.detail.forgetCertificate, async () => {
    const { title, text, go } = t.detail.forgetCertificateQuestion;
    if (!(await dialogs.ask("QuestionDialog", { title: title(row.name), text, go, danger: true }))) return;
    await door.backend.forgetCertificate(targetOf(row));
    units.trust(targetOf(row), true);
    toasts.say(t.detail.forgotCertificate(row.name));
  });
}

export async function copy(text: string): Promise<void> {
  await door.backend.copyText(text);
  toasts.say(t.common.copied(text));
}

export function exportActivity(): Promise<void> {
  return attempt(t.activity.exporting, async () => {
    const path = await door.backend.exportActivity();
    if (path !== "") toasts.say(t.activity.exported(path));
  });
}

function groupsOf(sites: Site[]): string[] {
  return [...new Set(sites.map((site) => site.group).filter((group) => group !== ""))].sort();
}

/** Where units answer TCP discovery unless somebody moved it. */
const standardDiscoveryPort = 50802;

/** A site for a unit as it was found; a port that is as everywhere is not fixed. */
export function newSite(row: UnitRow | null): Site {
  const discoveryPort = row?.unit?.services.discoveryPort ?? standardDiscoveryPort;
  return {
    id: "",
    name: row?.name ?? "",
    group: "",
    address: row?.address ?? "",
    basePort: 0,
    allowPlain: false,
    clientCertificate: "",
    discoveryPort: discoveryPort === standardDiscoveryPort ? 0 : discoveryPort,
    tftpPort: 0,
    securityPort: 0,
    apiPort: 0,
    method: "auto",
    tls: "pin",
    notes: "",
    mac: row?.mac ?? "",
    type: row?.type ?? "",
    version: row?.version ?? "",
    lastSeen: "",
    lastBackup: "",
  };
}
