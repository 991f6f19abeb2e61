/** What a person does, from the first key to the last word: dialogs, log-in, work, and what is said afterwards. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { targetOf, type UnitRow } from "$lib/rows/rows";
import type { Site, Target } from "$lib/types";
import FailureDialog from "../../views/dialogs/FailureDialog.svelte";
import QuestionDialog from "../../views/dialogs/QuestionDialog.svelte";
import RestartDialog from "../../views/dialogs/RestartDialog.svelte";
import SendDialog from "../../views/dialogs/SendDialog.svelte";
import SiteDialog from "../../views/dialogs/SiteDialog.svelte";
import { dialogs } from "./dialogs.svelte";
import { documents, type OpenDocument } from "./documents.svelte";
import { ensureLogIn } from "./log-in";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { work } from "./work.svelte";

/** Runs something that may fail: a stop is said in passing, anything else in a dialog that can try again. */
export async function attempt(title: string, action: () => Promise<void>, target?: Target): Promise<void> {
  for (let again: boolean | undefined = true; again; ) {
    try {
      await action();
      units.touched += 1;
      return;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error.code === "cancelled") {
        toasts.say(t.work.stopped(title));
        return;
      }
      const { code, message, hint } = error;
      if (target && code === "certificate_changed") units.trust(target, false);
      again = await dialogs.ask(FailureDialog, { title: t.work.failed(title), code, message, hint });
    }
  }
}

export function receive(row: UnitRow): Promise<void> {
  const target = targetOf(row);
  const title = t.work.receiving(row.name);
  const fetch = async () => {
    if (!(await ensureLogIn(target, row.name))) return;
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
  return dialogs.ask(QuestionDialog, { title: title(document.info.name), text: text(n), go, danger: true });
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
    const comparison = await work.run(t.work.comparing(name), (operation, report) =>
      door.backend.compareWithUnit(operation, document.id, report),
    );
    document.checked = comparison;
    const result = await dialogs.ask(SendDialog, { document, session, comparison });
    if (!result) return;
    await document.sent(result.revisionAfter);
    toasts.say(result.unchanged ? t.send.unchanged(name) : t.send.done(name, result.revisionAfter));
    if (result.restartInS >= 0) await watch(target, name);
  };
  return attempt(t.work.sending(name), compareAndSend, target);
}

export function restart(row: UnitRow): Promise<void> {
  const target = targetOf(row);
  const askAndRestart = async () => {
    const session = await ensureLogIn(target, row.name);
    if (!session) return;
    const options = await dialogs.ask(RestartDialog, { name: row.name, session });
    if (!options) return;
    const result = await work.run(t.work.restarting(row.name), (operation) =>
      door.backend.reboot(operation, target, options),
    );
    if (result.restartInS >= 0) await watch(target, row.name);
    else toasts.say(t.restart.accepted(row.name));
  };
  return attempt(t.work.restarting(row.name), askAndRestart, target);
}

/** Stays with a restarted unit until it answers again. Stopping this stops the looking, not the unit. */
async function watch(target: Target, name: string): Promise<void> {
  const title = t.work.waiting(name);
  const seconds = await work.run(title, (operation, report) =>
    door.backend.watchUntilBack(operation, target, ({ state, elapsedS }) =>
      report({ step: "wait", done: elapsedS, total: -1 }, t.watch[state]),
    ),
  );
  toasts.say(t.restart.back(name, seconds));
  await units.refresh();
}

/** A new site, from nothing or from a unit that was found. */
export async function addSite(row: UnitRow | null): Promise<void> {
  const stored = await dialogs.ask(SiteDialog, { site: newSite(row), known: groupsOf(units.sites) });
  if (!stored) return;
  units.sites = await door.backend.sites();
  units.choose(`site:${stored.id}`);
  toasts.say(t.sites.added(stored.name));
}

export async function editSite(site: Site): Promise<void> {
  const stored = await dialogs.ask(SiteDialog, { site, known: groupsOf(units.sites) });
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

export function forgetLogIn(row: UnitRow): Promise<void> {
  return attempt(t.detail.forgetLogIn, async () => {
    await door.backend.forgetLogIn(targetOf(row));
    toasts.say(t.detail.forgotLogIn(row.name));
  });
}

export function forgetCertificate(row: UnitRow): Promise<void> {
  return attempt(t.detail.forgetCertificate, async () => {
    const { title, text, go } = t.detail.forgetCertificateQuestion;
    if (!(await dialogs.ask(QuestionDialog, { title: title(row.name), text, go, danger: true }))) return;
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
