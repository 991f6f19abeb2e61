/** The part of the demo's door that has security settings behind it. */
import { type Backend, BackendError } from "../backend";
import type { ActivityAction, Target } from "../types";
import type { DemoLogIns } from "./log-in";
import { type Operations, step, untilCancelled } from "./operations";
import { DemoSecurity } from "./security";

interface SecurityDesk {
  securities: Map<string, DemoSecurity>;
  operations: Operations;
  logIns: DemoLogIns;
  scenario: string;
  nameOf: (target: Target) => string;
  note: (action: ActivityAction, target: Target, detail: string) => void;
  id: () => string;
}

type SecurityMethods =
  | "openSecurity"
  | "editSecurity"
  | "setSecurityPassword"
  | "undoSecurity"
  | "redoSecurity"
  | "sendSecurity"
  | "compareSecurity"
  | "rebaseSecurity"
  | "exportSecurity"
  | "closeSecurity";

export function securityOf(desk: SecurityDesk): Pick<Backend, SecurityMethods> {
  const { securities, operations, logIns, scenario, nameOf, note, id } = desk;
  const at = (name: string): DemoSecurity => {
    const found = securities.get(name);
    if (found) return found;
    throw new BackendError("not_found", "These security settings are closed.", "Open them again.");
  };
  const change = (name: string, action: (settings: DemoSecurity) => void) => {
    action(at(name));
    return at(name).view();
  };
  let revision = 42;
  return {
    openSecurity: (operation, target, onProgress) =>
      operations.run(operation, async (signal) => {
        const user = logIns.requireSecurity(target);
        onProgress({ step: "receive", done: 4_100, total: 4_100 });
        await step(signal);
        const name = id();
        const settings = new DemoSecurity(name, target, nameOf(target), user, `r${revision}`);
        securities.set(name, settings);
        note("securityReceived", target, `r${revision}`);
        return settings.view();
      }),
    editSecurity: async (name, edit) => change(name, (settings) => settings.edit(edit)),
    setSecurityPassword: async (name, user, password) =>
      change(name, (settings) => settings.setPassword(user, password)),
    undoSecurity: async (name) => change(name, (settings) => settings.undo()),
    redoSecurity: async (name) => change(name, (settings) => settings.redo()),
    sendSecurity: (operation, name, _options, onProgress) =>
      operations.run(operation, async (signal) => {
        onProgress({ step: "send", done: 2_000, total: 4_100 });
        if (scenario === "sending") await untilCancelled(signal);
        await step(signal);
        if (at(name).meets(scenario === "conflict"))
          throw new BackendError("conflict", "Somebody else changed the unit: it holds r43 now.", "");
        const { consequences, target } = at(name).view();
        const moved = consequences.some(({ code }) => code === "port_moves");
        const movedTo = moved ? at(name).port() : 0;
        revision += 1;
        at(name).sent(`r${revision}`);
        note("securitySent", target, `r${revision - 1} → r${revision}`);
        return {
          view: at(name).view(),
          unchanged: false,
          revisionAfter: `r${revision}`,
          restartInS: -1,
          movedTo,
          followed: moved,
          siteChanged: moved,
          oldInKeychain: [],
        };
      }),
    compareSecurity: (operation, name) =>
      operations.run(operation, async (signal) => {
        await step(signal);
        return at(name).compare();
      }),
    rebaseSecurity: async (name) => ({
      view: change(name, (settings) => settings.rebase()),
      dropped: [],
    }),
    exportSecurity: async (name) => {
      note("securityExported", at(name).view().target, "/home/demo/security-settings.xml");
      return "/home/demo/security-settings.xml";
    },
    closeSecurity: async (name) => void securities.delete(name),
  };
}
