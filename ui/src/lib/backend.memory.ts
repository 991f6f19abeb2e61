// Length: one method for each of the door's, in its order.
/** The door onto a demo in memory: for the browser tests, the pictures and working on the views. */
import { type Backend, BackendError } from "./backend";
import { demoConflict, theirRevision } from "./memory/conflict";
import { checkCriteria } from "./memory/criteria";
import { DemoDocument } from "./memory/document";
import { demoList } from "./memory/lists";
import { DemoLogIns, demoPassword } from "./memory/log-in";
import { type DemoUnit, demoUnits, fingerprintOf, manyUnits, siteOf } from "./memory/units";
import type {
  ActivityAction,
  ActivityEntry,
  DocumentInfo,
  News,
  OperationId,
  Preferences,
  SendMode,
  Site,
  Target,
  WindowState,
} from "./types";

/** What the demo is to show. */
export interface MemoryOptions {
  /** How many saved sites; 0 is the customer list of about 14 units. */
  sites: number;
  /** `searching`, `receiving`, `sending` and `waiting` stay in that step until they are cancelled. */
  scenario:
    | "normal"
    | "empty"
    | "nothing"
    | "noNetwork"
    | "searching"
    | "receiving"
    | "sending"
    | "waiting"
    | "conflict"
    | "collision"
    | "tooLarge"
    | "noLimit"
    | "refusesMerge"
    | "refusesDocument"
    | "callsHoldItUp"
    | "stopsInTheMiddle"
    | "locked"
    | "prompting"
    | "damaged"
    | "failedStart";
  /** A received document already has three changes. */
  edited: boolean;
  language: WindowState["language"];
  theme: WindowState["theme"];
}

const defaults: MemoryOptions = {
  sites: 0,
  scenario: "normal",
  edited: false,
  language: "en",
  theme: "system",
};

/** The options come from the page's address, so that a test chooses them by opening it. */
export function createBackend(): Backend {
  const query = new URLSearchParams(globalThis.location?.search ?? "");
  return memoryBackend({
    sites: Number(query.get("sites") ?? 0),
    scenario: (query.get("scenario") as MemoryOptions["scenario"] | null) ?? "normal",
    edited: query.has("edited"),
    language: (query.get("language") as WindowState["language"] | null) ?? "en",
    theme: (query.get("theme") as WindowState["theme"] | null) ?? "system",
  });
}

const now = () => new Date().toISOString();
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Every operation that runs, and how it is told to stop. */
class Operations {
  private readonly running = new Map<OperationId, AbortController>();

  async run<T>(id: OperationId, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.running.delete(id);
    }
  }

  cancel(id: OperationId): void {
    this.running.get(id)?.abort();
  }
}

async function step(signal: AbortSignal): Promise<void> {
  await turn();
  if (signal.aborted) throw new BackendError("cancelled", "Stopped.", "");
}

function untilCancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new BackendError("cancelled", "Stopped.", ""))),
  );
}

export function memoryBackend(some: Partial<MemoryOptions> = {}): Backend {
  const options = { ...defaults, ...some };
  const { scenario } = options;
  const units: DemoUnit[] =
    scenario === "empty" || scenario === "nothing" || scenario === "noNetwork"
      ? []
      : options.sites > 0
        ? manyUnits(options.sites)
        : demoUnits();
  const sites = new Map<string, Site>();
  units
    .filter((unit) => unit.saved)
    .forEach((unit, i) => void sites.set(`s${i + 1}`, siteOf(unit, `s${i + 1}`)));
  const documents = new Map<string, { info: DocumentInfo; content: DemoDocument }>();
  const operations = new Operations();
  let say: (news: News) => void = () => undefined;
  let skip: () => void = () => undefined;
  /** As on a locked keychain: the system asks, and nobody answers. */
  const prompt = (operation: OperationId) =>
    operations.run(operation, (signal) => {
      say({ kind: "keychain", waiting: true });
      const skipped = new Promise<void>((resolve) => (skip = resolve));
      return Promise.race([skipped, untilCancelled(signal)]).finally(() =>
        say({ kind: "keychain", waiting: false }),
      );
    });
  const logIns = new DemoLogIns(
    units,
    scenario === "locked" ? "it is locked" : scenario === "prompting" ? "you went on without it" : "",
  );
  const log: ActivityEntry[] = [];
  let counter = 100;
  let revision = 418;
  /** What the unit holds, once somebody else may have changed it. */
  const changedThere = scenario === "conflict" || scenario === "collision";
  const held = () => (changedThere && revision === 418 ? theirRevision : `r${revision}`);
  let preferences: Preferences = {
    searchCriteria:
      scenario === "empty" ? "" : "10.30.0.0/22; 172.20.0.10-30\nhq.muster.example # behind the VPN",
    broadcastAddresses: "255.255.255.255",
    servicesBasePort: 50804,
    probeTimeoutMs: 1250,
    probeAttempts: 0,
    probeConcurrency: 0,
    connectTimeoutS: 5,
    transferTimeoutS: 10,
    transferTries: 3,
    idleMinutes: 15,
    legacyReadFile: "nasystem/rconfig/{password}",
    legacyWriteFile: "nasystem/wconfig/{password}",
    legacyRebootFile: "nasystem/reboot/{password}",
  };
  let windowState: WindowState = {
    columns: ["state", "name", "address", "type", "version", "foundBy", "roundTrip"],
    sortBy: "name",
    sortDescending: false,
    theme: options.theme,
    language: options.language,
    textSize: 100,
    recentAddresses: ["10.30.4.1", "192.168.42.1"],
    collapsedGroups: [],
  };

  const unitAt = (address: string) => units.find((unit) => unit.unit.address === address);
  const nameOf = (target: Target) =>
    sites.get(target.siteId)?.name ?? unitAt(target.address)?.unit.name ?? target.address;
  const note = (
    action: ActivityAction,
    target: Target,
    detail: string,
    result: ActivityEntry["result"] = "done",
  ) =>
    void log.unshift({
      id: `a${counter++}`,
      at: now(),
      action,
      unit: nameOf(target),
      address: target.address,
      user: action.startsWith("site") ? "" : logIns.userOf(target),
      result,
      detail,
    });
  const open = (id: string) => {
    const found = documents.get(id);
    if (!found)
      throw new BackendError("not_found", "This configuration is no longer open.", "Receive it again.");
    found.info = { ...found.info, state: found.content.state() };
    return found;
  };
  const add = (name: string, target: Target, revisionName: string): DocumentInfo => {
    const content = new DemoDocument(options.edited);
    const id = `d${counter++}`;
    const info: DocumentInfo = {
      id,
      name,
      target,
      revision: revisionName,
      bytes: 325_058,
      limitBytes: 2_097_152,
      receivedAt: now(),
      opaque: false,
      state: content.state(),
    };
    documents.set(id, { info, content });
    return info;
  };
  seedActivity(log, units);

  return {
    started: async () => {
      if (scenario !== "failedStart") return;
      throw new BackendError(
        "storage",
        "/home/demo/.local/share/org.trunkline.manager: Permission denied (os error 13)",
        "Check that the folder exists, that it is yours, and that there is room on the disk.",
      );
    },
    startAgain: async () => globalThis.location?.reload(),
    listen: async (onNews) => {
      say = onNews;
      // The button of a real window's frame.
      globalThis.addEventListener?.("demo-close", () => say(closing(documents)));
      // As if nobody had used the log-ins for a while.
      globalThis.addEventListener?.("demo-idle", () => {
        const ended = logIns.endAll();
        if (ended.length > 0) say({ kind: "loggedOut", units: ended, minutes: preferences.idleMinutes });
      });
      if (scenario !== "damaged") return;
      const folder = "/home/demo/.local/share/org.trunkline.manager";
      say({
        kind: "fileDamaged",
        file: `${folder}/store.json`,
        keptAs: `${folder}/store.damaged-20261123T080000Z.json`,
        reason: "expected value at line 1 column 1",
      });
    },
    closingShown: async () => undefined,
    closeWindow: async () => {
      document.body.textContent = "";
    },

    discover: (operation, { address }, onEvent) =>
      operations.run(operation, async (signal) => {
        const started = Date.now();
        await step(signal);
        for (const problem of checkCriteria(preferences.searchCriteria).problems)
          onEvent({ kind: "problem", problem });
        if (scenario === "noNetwork") {
          throw new BackendError("not_reachable", "This computer is not connected to any network.", "");
        }
        const broadcast = address === "" || address.endsWith("255");
        const asked = units.filter((unit) => unit.answers && (broadcast || unit.unit.address === address));
        const total = broadcast ? Math.max(1024, units.length) : 1;
        let found = 0;
        for (const [row, { unit }] of asked.entries()) {
          if (options.sites === 0 || found % 200 === 0) await step(signal);
          found += 1;
          onEvent({ kind: "unit", row, unit });
          const done = Math.round((found / (asked.length + 3)) * total);
          onEvent({ kind: "progress", asked: done, total, found, remainingMs: 2000 });
        }
        if (scenario === "searching") await untilCancelled(signal);
        await step(signal);
        return { asked: total, found, elapsedMs: Date.now() - started };
      }),
    cancel: async (operation) => operations.cancel(operation),
    networks: async () =>
      scenario === "noNetwork"
        ? []
        : [
            { name: "Ethernet", subnet: "10.21.4.0/24" },
            { name: "Wi-Fi", subnet: "192.168.1.0/24" },
            { name: "VPN", subnet: "172.20.0.0/16" },
          ],

    sites: async () => [...sites.values()],
    saveSite: async (site) => {
      await turn();
      if (site.name.trim() === "") throw new BackendError("usage", "A site needs a name.", "Type a name.");
      if ([...sites.values()].some((other) => other.id !== site.id && other.name === site.name)) {
        throw new BackendError(
          "usage",
          `There is already a site called “${site.name}”.`,
          "Choose another name.",
        );
      }
      const stored = { ...site, id: site.id === "" ? `s${counter++}` : site.id };
      const known = sites.has(stored.id);
      sites.set(stored.id, stored);
      note(
        known ? "siteChanged" : "siteAdded",
        { siteId: stored.id, address: stored.address, basePort: 0 },
        "",
      );
      return stored;
    },
    removeSite: async (id) => {
      const site = sites.get(id);
      if (site) note("siteRemoved", { siteId: id, address: site.address, basePort: 0 }, "");
      sites.delete(id);
    },
    chooseClientCertificate: async () => ({ file: "/home/demo/trunkline.p12", locked: true }),
    unlockClientCertificate: async (password) => {
      await turn();
      if (password === demoPassword) return;
      throw new BackendError(
        "client_certificate",
        "The client certificate: /home/demo/trunkline.p12: the password does not open it.",
        "",
      );
    },
    facts: async (target) => logIns.facts(target),
    forgetCertificate: async (target) => logIns.unpin(target),
    forgetLogIn: async (target) => logIns.forget(target),

    preferences: async () => preferences,
    setPreferences: async (changed) => {
      preferences = changed;
      return preferences;
    },
    checkCriteria: async (text) => checkCriteria(text),

    resumeLogIn: async (operation, target) => {
      await turn();
      if (scenario === "prompting") await prompt(operation);
      return logIns.resume(target);
    },
    logIn: async (_operation, request) => {
      await turn();
      const outcome = logIns.logIn(request);
      if (outcome.kind === "loggedIn") note("logIn", request.target, "");
      if (outcome.kind === "wrongPassword")
        note("logIn", request.target, "wrong user name or password", "failed");
      return outcome;
    },
    answerLogIn: async (_operation, attempt, answer) => logIns.answer(attempt, answer),

    changePassword: async (_operation, target, password) => {
      await turn();
      logIns.changePassword(target, password);
      note("passwordChanged", target, "");
      return { problem: "" };
    },
    skipKeychain: async () => skip(),

    receive: (operation, target, onProgress) =>
      operations.run(operation, async (signal) => {
        logIns.require(target);
        for (const done of [0, 81_000, 162_000, 243_000, 325_058]) {
          onProgress({ step: "receive", done, total: 325_058 });
          if (scenario === "receiving" && done > 100_000) await untilCancelled(signal);
          await step(signal);
        }
        note("receive", target, `r${revision}, 317 KiB`);
        return add(nameOf(target), target, `r${revision}`);
      }),
    openFile: async (target) => {
      await turn();
      note("fileOpened", target, "zuerich-filiale-2.xml");
      return add(target.address === "" ? "zuerich-filiale-2.xml" : nameOf(target), target, "r418");
    },
    saveFile: async (id) => {
      open(id).content.save();
      note("fileSaved", open(id).info.target, "/home/demo/zuerich-filiale-2.xml");
      return "/home/demo/zuerich-filiale-2.xml";
    },
    closeDocument: async (id) => void documents.delete(id),
    entityKinds: async (id) => open(id).content.kinds(),
    entities: async (id, kind) => open(id).content.table(kind),
    entity: async (id, entity) => open(id).content.entity(entity),
    setValue: async (id, entity, path, value) => {
      open(id).content.set(entity, path, value);
      return open(id).info.state;
    },
    undo: async (id) => {
      open(id).content.undo();
      return open(id).info.state;
    },
    redo: async (id) => {
      open(id).content.redo();
      return open(id).info.state;
    },
    changes: async (id) => open(id).content.changes(),
    problems: async (id) => open(id).content.problems(),
    search: async (id, text) => open(id).content.search(text),
    revealSecret: async (id, entity, path) => open(id).content.secret(entity, path),

    compareWithUnit: (operation, id, onProgress) =>
      operations.run(operation, async (signal) => {
        const { info, content } = open(id);
        logIns.require(info.target);
        onProgress({ step: "receive", done: 0, total: -1 });
        await step(signal);
        return {
          unitRevision: held(),
          baseRevision: info.revision,
          conflict: info.revision !== "" && info.revision !== held(),
          changes: content.changes(),
          mergeEnough: content.changes().every((change) => change.entity.kind !== "System"),
          bytes: scenario === "tooLarge" ? 2_310_144 : info.bytes,
          limitBytes: scenario === "noLimit" ? -1 : info.limitBytes,
          checkedAt: now(),
        };
      }),
    lookAtConflict: (operation, id, onProgress) =>
      operations.run(operation, async (signal) => {
        const { info, content } = open(id);
        logIns.require(info.target);
        onProgress({ step: "receive", done: 0, total: -1 });
        await step(signal);
        return demoConflict(info.revision, content.changes(), scenario === "collision");
      }),
    rebase: (operation, id) =>
      operations.run(operation, async (signal) => {
        const document = open(id);
        logIns.require(document.info.target);
        await step(signal);
        if (scenario === "collision") throw conflictOf(held());
        document.info = { ...document.info, revision: held() };
        return open(id).info;
      }),
    send: (operation, id, sendOptions, onProgress) =>
      operations.run(operation, async (signal) => {
        const document = open(id);
        logIns.require(document.info.target);
        const base = sendOptions.over === "" ? document.info.revision : sendOptions.over;
        if (base !== held()) throw conflictOf(held());
        refuse(scenario, sendOptions.mode);
        for (const name of ["backup", "send", "commit"] as const) {
          for (const done of [0, 150_000, 325_058]) {
            onProgress({ step: name, done, total: 325_058 });
            if (scenario === "sending" && name === "send" && done > 0) await untilCancelled(signal);
            await step(signal);
          }
        }
        const revisionBefore = held();
        revision = Number(revisionBefore.slice(1)) + 1;
        document.info = { ...document.info, revision: `r${revision}` };
        document.content.settle();
        note("send", document.info.target, `${sendOptions.mode}, ${revisionBefore} → r${revision}`);
        return {
          revisionBefore,
          revisionAfter: `r${revision}`,
          bytes: 325_058,
          unchanged: false,
          restarts: sendOptions.mode !== "merge",
          restartInS: { merge: -1, immediate: 2, whenFree: -1, timed: 7200 }[sendOptions.mode],
        };
      }),
    reboot: (operation, target, restart) =>
      operations.run(operation, async (signal) => {
        logIns.require(target);
        await step(signal);
        note("restart", target, restart.mode);
        return { restartInS: restart.mode === "immediate" ? 2 : -1 };
      }),
    watchUntilBack: (operation, _target, onEvent) =>
      operations.run(operation, async (signal) => {
        if (scenario === "callsHoldItUp") {
          onEvent({ state: "waiting", elapsedS: 1, leftS: 0 });
          await step(signal);
          return { went: false, revision: `r${revision}`, elapsedS: 900 };
        }
        for (const [state, elapsedS, leftS] of [
          ["waiting", 1, 2],
          ["down", 8, 895],
          ["starting", 31, 872],
          ["back", 47, -1],
        ] as const) {
          onEvent({ state, elapsedS, leftS });
          if (scenario === "waiting" && state === "down") await untilCancelled(signal);
          await step(signal);
        }
        return { went: true, revision: `r${revision}`, elapsedS: 47 };
      }),

    readList: (operation, target, list) =>
      operations.run(operation, async (signal) => {
        logIns.require(target);
        await step(signal);
        return demoList(list, target.address);
      }),
    saveTable: async (name) => `/home/demo/${name}.csv`,

    activity: async () => [...log],
    exportActivity: async () => "/home/demo/trunkline-activity.csv",
    windowState: async () => windowState,
    setWindowState: async (changed) => {
      windowState = changed;
    },
    copyText: async (text) => navigator.clipboard?.writeText(text).catch(() => undefined),
    about: async () => ({
      version: "0.1.0",
      platform: "linux",
      dataFolder: "/home/demo/.local/share/org.trunkline.manager",
    }),
  };
}

function conflictOf(revision: string): BackendError {
  return new BackendError("conflict", `The unit was changed by somebody else; it holds ${revision} now.`, "");
}

/** As a unit refuses what it was sent. */
function refuse(scenario: MemoryOptions["scenario"], mode: SendMode): void {
  if (scenario === "refusesMerge" && mode === "merge")
    throw new BackendError("needs_reboot", "These changes need a restart.", "");
  if (scenario === "stopsInTheMiddle") {
    const why = "10.30.8.1: the unit refused with 422: the name is taken";
    throw new BackendError(
      "done_in_part",
      `Done in part: ${why}.`,
      "Send again: what is written is left alone.",
      {
        written: ["changed User 201 Sales1", "changed User 202 Sales2"],
        unknown: ["changed HuntGroup 300 Sales"],
        notWritten: ["new ShortCode *88", "removed User 207 Meeting"],
        restartNeeded: true,
        why,
      },
    );
  }
  if (scenario === "refusesDocument")
    throw new BackendError(
      "invalid_document",
      "10.21.4.1: committing what was sent: not a valid document",
      "",
    );
}

function closing(documents: Map<string, { info: DocumentInfo; content: DemoDocument }>): News {
  const unsaved = [...documents.values()].filter(({ content }) => content.state().unsaved);
  return {
    kind: "closing",
    documents: unsaved.map(({ info, content }) => ({ name: info.name, changes: content.state().changes })),
    transfers: 1,
  };
}

function seedActivity(log: ActivityEntry[], units: DemoUnit[]): void {
  const entry = (
    at: string,
    action: ActivityAction,
    index: number,
    result: ActivityEntry["result"],
    detail: string,
  ) => {
    const unit = units[index]?.unit;
    if (!unit) return;
    const user = action.startsWith("site") ? "" : "Administrator";
    log.push({
      id: `a${log.length}`,
      at,
      action,
      unit: unit.name,
      address: unit.address,
      user,
      result,
      detail,
    });
  };
  entry("2026-11-23T08:02:10Z", "receive", 0, "done", "r418, 317 KiB over TLS");
  entry("2026-11-23T08:01:55Z", "logIn", 0, "done", "");
  entry("2026-11-23T07:48:31Z", "receive", 8, "failed", "the certificate is not the pinned one");
  entry("2026-11-22T16:30:05Z", "restart", 9, "done", "when free; back after 52 s");
  entry("2026-11-22T16:29:40Z", "send", 9, "done", "r77 → r78, restart when free");
  entry("2026-11-22T16:12:09Z", "send", 10, "unchanged", "the unit already has this configuration");
  entry("2026-11-22T15:58:44Z", "receive", 6, "stopped", "stopped by you after 120 KiB");
  entry(
    "2026-11-21T09:10:00Z",
    "certificatePinned",
    11,
    "done",
    fingerprintOf("172.20.0.10", 1).slice(0, 23),
  );
  entry("2026-11-21T09:08:12Z", "siteAdded", 11, "done", "");
}
