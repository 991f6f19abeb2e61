// Length: one method for each of the door's, in its order.
/** The door onto a demo in memory: for the browser tests, the pictures and working on the views. */
import { type Backend, BackendError } from "./backend";
import { criteriaNames } from "./criteria";
import { seedActivity } from "./memory/activity";
import { demoConflict, theirRevision } from "./memory/conflict";
import { addSubnet, checkCriteria } from "./memory/criteria";
import { type DemoNetwork, office, plugged, search } from "./memory/discovery";
import { DemoDocument } from "./memory/document";
import { demoList } from "./memory/lists";
import { DemoLogIns, demoPassword } from "./memory/log-in";
import { Operations, step, turn, untilCancelled } from "./memory/operations";
import { type DemoSecurity, demoAudit } from "./memory/security";
import { securityOf } from "./memory/security-door";
import { type DemoUnit, demoUnits, fieldUnits, manyUnits, siteOf } from "./memory/units";
import type {
  ActivityAction,
  ActivityEntry,
  DocumentInfo,
  Network,
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
    | "field"
    | "firstRun"
    | "linkLocal"
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
const dataFolder = "/home/demo/.local/share/org.trunkline.manager";

export function memoryBackend(some: Partial<MemoryOptions> = {}): Backend {
  const options = { ...defaults, ...some };
  const { scenario } = options;
  const units = unitsOf(options);
  const sites = new Map<string, Site>();
  units
    .filter((unit) => unit.saved && scenario !== "firstRun")
    .forEach((unit, i) => void sites.set(`s${i + 1}`, siteOf(unit, `s${i + 1}`)));
  const securities = new Map<string, DemoSecurity>();
  let audited = scenario === "conflict";
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
    recentAddresses: scenario === "firstRun" ? [] : ["10.30.4.1", "192.168.42.1"],
    recentCriteria: scenario === "firstRun" ? [] : ["10.30.0.0/22", "172.20.0.10-30; spital.example"],
    collapsedGroups: [],
    welcomed: scenario !== "firstRun",
  };

  const network: DemoNetwork = {
    units,
    sites: () => [...sites.values()],
    criteria: () => preferences.searchCriteria,
    networks: networksOf(scenario),
    field: scenario === "field",
    endless: scenario === "searching",
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
      if (scenario === "failedStart") {
        throw new BackendError(
          "storage",
          `${dataFolder}: Permission denied (os error 13)`,
          "Check that the folder exists, that it is yours, and that there is room on the disk.",
        );
      }
      return {
        about: { version: "0.1.0", platform: "linux", dataFolder },
        face: "",
        windowState,
        sites: [...sites.values()],
        networks: network.networks,
      };
    },
    listen: async (onNews) => {
      say = onNews;
      // The button of a real window's frame.
      globalThis.addEventListener?.("demo-close", () => say(closing(documents)));
      // As if nobody had used the log-ins for a while.
      globalThis.addEventListener?.("demo-idle", () => {
        const ended = logIns.endAll();
        if (ended.length > 0) say({ kind: "loggedOut", units: ended, minutes: preferences.idleMinutes });
      });
      // A cable that is plugged in.
      globalThis.addEventListener?.("demo-networks", () =>
        say({ kind: "networksChanged", added: ["eth1 10.77.0.5/24"], removed: [], networks: office }),
      );
      if (scenario === "damaged") {
        say({
          kind: "fileDamaged",
          file: `${dataFolder}/store.json`,
          keptAs: `${dataFolder}/store.damaged-20261123T080000Z.json`,
          reason: "expected value at line 1 column 1",
        });
      }
    },
    startAgain: async () => globalThis.location?.reload(),
    closingShown: async () => undefined,
    closeWindow: async () => {
      document.body.textContent = "";
    },

    discover: (operation, asked, onEvent) =>
      operations.run(operation, (signal) => search(network, asked, onEvent, signal, step, untilCancelled)),
    cancel: async (operation) => operations.cancel(operation),
    networks: async () => network.networks,

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
    importSites: async () => {
      await turn();
      const site = { ...siteOf(demoUnits()[0] as DemoUnit, "i1"), name: "Winterthur", address: "10.30.20.1" };
      sites.set("i1", { ...site, group: "Muster Retail AG", mac: "", lastSeen: "", lastBackup: "" });
      return {
        path: "/home/demo/known-units.csv",
        added: 1,
        changed: 2,
        unchanged: 11,
        problems: [
          { line: 7, reason: "10.30.9 is neither an address nor a DNS name" },
          { line: 12, reason: "a site with another MAC address has this name" },
        ],
        ignored: ["Colour"],
        lessSecure: ["Winterthur"],
      };
    },
    exportSites: async (vendorColumns) => ({
      path: `/home/demo/${vendorColumns ? "known-units" : "trunkline-sites"}.csv`,
      count: sites.size,
    }),
    exportFound: async () => ({ path: "/home/demo/trunkline-units.csv", count: units.length }),
    facts: async (target) => logIns.facts(target),
    forgetCertificate: async (target) => logIns.unpin(target),
    forgetLogIn: async (target) => logIns.forget(target),

    preferences: async () => preferences,
    setPreferences: async (changed) => {
      preferences = changed;
      return preferences;
    },
    checkCriteria: async (text) => checkCriteria(text),
    addSubnet: async (text, subnet) => addSubnet(text, subnet),
    lookUpNames: async (text) =>
      criteriaNames(text).map((name) =>
        name.startsWith("hq.")
          ? { name, addresses: ["203.0.113.7", "203.0.113.8"], problem: "" }
          : { name, addresses: [], problem: "the name can not be looked up: Name or service not known" },
      ),

    resumeLogIn: async (operation, target) => {
      await turn();
      if (scenario === "prompting") await prompt(operation);
      return logIns.resume(target);
    },
    resumeSecurityLogIn: async (_operation, target) => {
      await turn();
      return logIns.resumeSecurity(target);
    },
    logIn: async (_operation, request) => {
      await turn();
      const outcome = logIns.logIn(request);
      if (outcome.kind === "loggedIn")
        note(request.service === "security" ? "securityLogIn" : "logIn", request.target, "");
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
    ...securityOf({ securities, operations, logIns, scenario, nameOf, note, id: () => `x${counter++}` }),
    receiveAudit: (operation, target, onProgress) =>
      operations.run(operation, async (signal) => {
        logIns.require(target);
        onProgress({ step: "receive", done: 1_604, total: 1_604 });
        await step(signal);
        audited = true;
        note("auditReceived", target, "r812, 9 entries");
        return demoAudit();
      }),
    keptAudit: async () => (audited ? demoAudit() : null),

    activity: async () => [...log],
    exportActivity: async () => "/home/demo/trunkline-activity.csv",
    setWindowState: async (changed) => {
      windowState = changed;
    },
    copyText: async (text) => navigator.clipboard?.writeText(text).catch(() => undefined),
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

function unitsOf({ scenario, sites }: MemoryOptions): DemoUnit[] {
  if (["empty", "nothing", "noNetwork", "linkLocal"].includes(scenario)) return [];
  if (scenario === "field") return fieldUnits();
  return sites > 0 ? manyUnits(sites) : demoUnits();
}

function networksOf(scenario: MemoryOptions["scenario"]): Network[] {
  if (scenario === "noNetwork") return [];
  if (scenario === "linkLocal") return [plugged];
  return scenario === "field" ? [...office, plugged] : office;
}

function closing(documents: Map<string, { info: DocumentInfo; content: DemoDocument }>): News {
  const unsaved = [...documents.values()].filter(({ content }) => content.state().unsaved);
  return {
    kind: "closing",
    documents: unsaved.map(({ info, content }) => ({ name: info.name, changes: content.state().changes })),
    transfers: 1,
  };
}
