/** What a person does with security settings and audit trails, from the log-in to the last word. */
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { targetOf, type UnitRow } from "$lib/rows/rows";
import type { SecuritySendResult, Target } from "$lib/types";
import { audits } from "./audit.svelte";
import { dialogs } from "./dialogs.svelte";
import { documents } from "./documents.svelte";
import { attempt } from "./flows";
import { ensureLogIn } from "./log-in";
import { type OpenSecurity, securities } from "./security.svelte";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { work } from "./work.svelte";

export function openSecurity(row: UnitRow): Promise<void> {
  const target = targetOf(row);
  const opened = securities.of(target);
  if (opened) {
    securities.show(opened);
    return Promise.resolve();
  }
  const title = t.security.opening(row.name);
  return attempt(
    title,
    async () => {
      const session = await ensureLogIn(target, row.name, "security");
      if (!session) return;
      const view = await work.run(title, (operation, report) =>
        door.backend.openSecurity(operation, target, report),
      );
      securities.add(view, session);
    },
    target,
  );
}

export function sendSecurity(opened: OpenSecurity): Promise<void> {
  const { target, name } = opened.view;
  return attempt(
    t.security.sending(name),
    async () => {
      const session = await ensureLogIn(target, name, "security");
      if (!session) return;
      opened.session = session;
      const result = await dialogs.ask("SecuritySendDialog", { opened });
      if (result) await announce(opened, result);
    },
    target,
  );
}

async function announce(opened: OpenSecurity, result: SecuritySendResult): Promise<void> {
  opened.view = result.view;
  const { name } = result.view;
  toasts.say(result.unchanged ? t.security.unchanged(name) : t.security.sent(name, result.revisionAfter));
  if (result.oldInKeychain.length > 0) toasts.keep(t.security.oldInKeychain(result.oldInKeychain.join(", ")));
  if (result.movedTo === 0) return;
  if (result.followed) toasts.say(t.security.moved(name, result.movedTo, result.siteChanged));
  else toasts.keep(t.security.notFollowed(name, result.movedTo));
  units.sites = await door.backend.sites();
}

export async function closeSecurity(opened: OpenSecurity): Promise<void> {
  const changes = opened.view.changes.length;
  if (changes > 0) {
    const { title, text, go } = t.security.lose;
    const sure = await dialogs.ask("QuestionDialog", {
      title: title(opened.view.name),
      text: text(changes),
      go,
      danger: true,
    });
    if (!sure) return;
  }
  await securities.close(opened);
}

export function exportSecurity(opened: OpenSecurity): Promise<void> {
  return attempt(t.security.exporting, async () => {
    if (!(await dialogs.ask("QuestionDialog", { ...t.security.exportQuestion, danger: true }))) return;
    const path = await door.backend.exportSecurity(opened.id);
    if (path !== "") toasts.keep(t.security.exported(path));
  });
}

export async function newPassword(opened: OpenSecurity, user: string): Promise<void> {
  const view = await dialogs.ask("UserPasswordDialog", { opened, user });
  if (view) opened.view = view;
}

export async function addUser(opened: OpenSecurity): Promise<void> {
  const name = await dialogs.ask("NameDialog", { opened, kind: "user" });
  if (name === undefined) return;
  opened.show("users", name);
  // Nobody can log in without one.
  if (opened.view.tls) await newPassword(opened, name);
}

export async function addGroup(opened: OpenSecurity): Promise<void> {
  const name = await dialogs.ask("NameDialog", { opened, kind: "group" });
  if (name !== undefined) opened.show("groups", name);
}

export function openAudit(row: UnitRow): Promise<void> {
  const target = targetOf(row);
  return attempt(
    t.audit.receiving(row.name),
    async () => {
      const trail = await door.backend.keptAudit(target, "");
      if (trail) audits.show({ target, name: row.name, trail });
      else await fetchAudit(target, row.name);
    },
    target,
  );
}

export function receiveAudit(target: Target, name: string): Promise<void> {
  return attempt(t.audit.receiving(name), () => fetchAudit(target, name), target);
}

export function showKeptAudit(target: Target, name: string, sha256: string): Promise<void> {
  return attempt(t.audit.receiving(name), async () => {
    const trail = await door.backend.keptAudit(target, sha256);
    if (trail) audits.show({ target, name, trail });
  });
}

async function fetchAudit(target: Target, name: string): Promise<void> {
  if (!(await ensureLogIn(target, name))) return;
  const trail = await work.run(t.audit.receiving(name), (operation, report) =>
    door.backend.receiveAudit(operation, target, report),
  );
  audits.show({ target, name, trail });
}

export function backToUnits(): void {
  documents.show(null);
}
