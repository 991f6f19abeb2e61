/** The demo's security settings: changed with the rules that matter on screen, and an audit trail. */
import { BackendError } from "../backend";
import type {
  AuditTrail,
  Finding,
  SecurityChange,
  SecurityConsequence,
  SecurityEdit,
  SecurityGroup,
  SecurityInterface,
  SecurityService,
  SecuritySetting,
  SecurityTheirs,
  SecurityUser,
  SecurityView,
  SettingProblem,
  Target,
} from "../types";

interface Settings {
  settings: SecuritySetting[];
  services: SecurityService[];
  groups: SecurityGroup[];
  users: SecurityUser[];
  interfaces: SecurityInterface[];
}

const levels = [
  "Disabled",
  "Unsecure Only",
  "Unsecure + Secure",
  "Secure Low",
  "Secure Medium",
  "Secure High",
];
const rights = [
  "read_configuration",
  "write_configuration",
  "merge",
  "reboot_immediately",
  "reboot_when_free",
  "reboot_timed",
  "read_security",
  "write_security",
  "read_audit_trail",
];

const usage = (message: string) => new BackendError("usage", message, "");

function setting(
  entity: string,
  name: string,
  kind: SecuritySetting["kind"],
  value: string,
  min = -1,
  max = -1,
  choices: string[] = [],
): SecuritySetting {
  return { entity, name, kind, value, original: value, min, max, choices, present: true };
}

function start(): Settings {
  const service = (name: string, level: string) => ({ name, level, original: level });
  const group = (name: string, some: string[]) => ({
    name,
    rights: some,
    saysRights: true,
    added: false,
    changed: false,
  });
  const user = (name: string, groups: string[], more: Partial<SecurityUser> = {}): SecurityUser => ({
    name,
    enabled: true,
    groups,
    rights: [],
    password: "set",
    newPassword: false,
    added: false,
    changed: false,
    ...more,
  });
  return {
    settings: [
      setting("General", "MinimumNameLength", "number", "6", 1, 31),
      setting("General", "MinimumPasswordLength", "number", "6", 1, 31),
      setting("General", "RejectLimit", "number", "3", 0, 255),
      setting("General", "RejectAction", "choice", "Log and Temporary Disable", -1, -1, [
        "No Action",
        "Log to Audit Trail",
        "Log and Temporary Disable",
        "Log and Disable Account",
      ]),
      setting("General", "Complexity", "choice", "Medium", -1, -1, ["Low", "Medium", "High"]),
      setting("General", "PreviousPasswordLimit", "number", "4", 0, 24),
      setting("General", "ChangePeriod", "number", "0", 0, 999),
      setting("General", "IdleTime", "number", "0", 0, 999),
      setting("System", "ServicesBasePort", "number", "50804", 49_152, 65_526),
      setting("System", "TcpDiscovery", "switch", "true"),
      setting("System", "UdpDiscovery", "switch", "true"),
      setting("System", "SessionIdCacheHours", "number", "10", 0, 100),
    ],
    services: [
      service("Configuration", "Secure Medium"),
      service("Security Administration", "Secure Medium"),
      service("System Status Interface", "Unsecure + Secure"),
      service("Enhanced TSPI", "Disabled"),
      service("HTTP", "Unsecure + Secure"),
      service("Web Services", "Secure Low"),
      service("External", "Disabled"),
    ],
    groups: [
      group("Security Admin", ["read_security", "write_security", "read_audit_trail"]),
      group("Administrators", rights.slice(0, 6)),
      group("Operators", ["read_configuration", "merge"]),
    ],
    users: [
      user("security", ["Security Admin"]),
      user("Administrator", ["Administrators"], { password: "default" }),
      user("Field engineers", ["Administrators", "Operators"]),
      user("Night shift", ["Operators"], { enabled: false }),
    ],
    interfaces: [
      { name: "TFTP Server", enabled: true, original: true },
      { name: "TFTP Directory Read", enabled: false, original: false },
      { name: "System/Main Password", enabled: false, original: false },
    ],
  };
}

export class DemoSecurity {
  private base = start();
  private done: Settings[] = [structuredClone(this.base)];
  private undone: Settings[] = [];
  private theirs = false;

  constructor(
    private readonly id: string,
    private readonly target: Target,
    private readonly name: string,
    private readonly user: string,
    private revision: string,
  ) {}

  private get now(): Settings {
    return this.done[this.done.length - 1] as Settings;
  }

  undo(): void {
    const last = this.done.length > 1 ? this.done.pop() : undefined;
    if (last) this.undone.push(last);
  }

  redo(): void {
    const last = this.undone.pop();
    if (last) this.done.push(last);
  }

  edit(edit: SecurityEdit): void {
    const next = structuredClone(this.now);
    apply(next, edit);
    this.done.push(next);
    this.undone = [];
  }

  setPassword(name: string, password: string): void {
    const least = Number(this.now.settings.find((known) => known.name === "MinimumPasswordLength")?.value);
    const wrong = (why: string) => usage(`service user "${name}": the new password ${why}`);
    if (password.length < least) throw wrong(`is too short; the policy asks for ${least} characters`);
    if (password.toLowerCase().includes(name.toLowerCase()))
      throw wrong("has the user's name in it, which the policy refuses");
    const next = structuredClone(this.now);
    const user = next.users.find((known) => known.name === name);
    if (user) Object.assign(user, { newPassword: true, password: "set" });
    this.done.push(next);
    this.undone = [];
  }

  /** What somebody else did: another limit. */
  compare(): SecurityTheirs {
    const change: SecurityChange = {
      entity: "General",
      name: "",
      field: "RejectLimit",
      before: "3",
      after: "5",
      added: false,
      removed: false,
    };
    return {
      revision: "r43",
      changes: [change],
      collisions: this.changes().some(({ field }) => field === "RejectLimit") ? [change] : [],
    };
  }

  rebase(): void {
    this.theirs = true;
    this.revision = "r43";
    for (const state of [this.base, ...this.done]) {
      const limit = state.settings.find((known) => known.name === "RejectLimit");
      if (limit && limit.value === "3") Object.assign(limit, { value: "5", original: "5" });
    }
  }

  /** Whether a send meets somebody else's changes. */
  meets(conflict: boolean): boolean {
    return conflict && !this.theirs;
  }

  sent(revision: string): void {
    const kept = structuredClone(this.now);
    for (const one of kept.settings) one.original = one.value;
    for (const one of kept.services) one.original = one.level;
    for (const one of kept.interfaces) one.original = one.enabled;
    for (const one of kept.users) one.newPassword = false;
    this.base = kept;
    this.done = [structuredClone(kept)];
    this.undone = [];
    this.revision = revision;
  }

  port(): number {
    return Number(this.now.settings.find((known) => known.name === "ServicesBasePort")?.value);
  }

  view(): SecurityView {
    const { settings, services, interfaces } = this.now;
    const known = <T extends { name: string }>(list: T[], name: string) =>
      list.find((one) => one.name === name);
    const groups = this.now.groups.map((group) => {
      const before = known(this.base.groups, group.name);
      return {
        ...group,
        added: !before,
        changed: before !== undefined && before.rights.join() !== group.rights.join(),
      };
    });
    const users = this.now.users.map((user) => {
      const before = known(this.base.users, user.name);
      const changed =
        before !== undefined &&
        (user.newPassword || before.enabled !== user.enabled || before.groups.join() !== user.groups.join());
      return { ...user, rights: this.rightsOf(user), added: !before, changed };
    });
    return {
      id: this.id,
      target: this.target,
      name: this.name,
      address: `${this.target.address}:50804`,
      user: this.user,
      tls: true,
      revision: this.revision,
      receivedAt: new Date().toISOString(),
      settings,
      services,
      levels,
      groups,
      rights,
      users,
      interfaces,
      findings: this.findings(),
      problems: this.problems(),
      changes: this.changes(),
      consequences: this.consequences(),
      canUndo: this.done.length > 1,
      canRedo: this.undone.length > 0,
    };
  }

  private rightsOf(user: SecurityUser): string[] {
    if (!user.enabled) return [];
    const of = this.now.groups.filter((group) => user.groups.includes(group.name));
    return rights.filter((right) => of.some((group) => group.rights.includes(right)));
  }

  private findings(): Finding[] {
    const found: Finding[] = [];
    const add = (code: string, warning: boolean, entity: string, name: string, field: string, number = -1) =>
      found.push({ code, warning, entity, name, field, number });
    for (const { name, password } of this.now.users)
      if (password === "default") add("default_password", true, "ServiceUser", name, "PasswordSet");
    for (const { name, level } of this.now.services) {
      if (level === "Unsecure Only") add("without_tls", true, "Service", name, "Level");
      if (level === "Unsecure + Secure") add("also_without_tls", true, "Service", name, "Level");
    }
    for (const { name, enabled } of this.now.interfaces)
      if (enabled) add("open_interface", true, "UnsecuredInterface", name, "Enabled");
    for (const { name, level } of this.now.services)
      if (level === "Secure Low") add("low_level", false, "Service", name, "Level");
    for (const { name, value } of this.now.settings) {
      if (name.endsWith("Discovery") && value === "true") add("discovery", false, "System", "", name);
      if (name === "MinimumPasswordLength" && Number(value) < 8)
        add("short_passwords", false, "General", "", name, Number(value));
    }
    return found;
  }

  private problems(): SettingProblem[] {
    const found: SettingProblem[] = [];
    const left = this.now.users.filter((user) => this.rightsOf(user).includes("write_security"));
    if (left.length === 0)
      found.push({
        code: "no_administrator",
        entity: "ServiceUser",
        name: "",
        field: "",
        message:
          "service users: no enabled service user would be left who may change security settings; keep one",
        mine: true,
      });
    for (const { name, password, enabled } of this.now.users)
      if (password === "notSet" && enabled)
        found.push({
          code: "password_missing",
          entity: "ServiceUser",
          name,
          field: "NewPassword",
          message: `service user "${name}": it may log in and has no password; give it one, or disable it`,
          mine: true,
        });
    return found;
  }

  private changes(): SecurityChange[] {
    const found: SecurityChange[] = [];
    const differ = (entity: string, name: string, field: string, before: string, after: string) => {
      if (before !== after) found.push({ entity, name, field, before, after, added: false, removed: false });
    };
    for (const { entity, name, original, value } of this.now.settings)
      differ(entity, "", name, original, value);
    for (const { name, original, level } of this.now.services)
      differ("Service", name, "Level", original, level);
    for (const group of this.now.groups) {
      const before = this.base.groups.find((one) => one.name === group.name);
      if (before)
        differ("RightsGroup", group.name, "Rights", before.rights.join(" "), group.rights.join(" "));
      else found.push(whole("RightsGroup", group.name, true, group.rights.join(" ")));
    }
    for (const user of this.now.users) {
      const before = this.base.users.find((one) => one.name === user.name);
      if (before) {
        differ("ServiceUser", user.name, "Enabled", String(before.enabled), String(user.enabled));
        differ("ServiceUser", user.name, "RightsGroup", before.groups.join(", "), user.groups.join(", "));
      } else found.push(whole("ServiceUser", user.name, true, user.groups.join(", ")));
      if (user.newPassword)
        found.push({ ...whole("ServiceUser", user.name, true, "••••••"), field: "NewPassword" });
    }
    for (const { name, original, enabled } of this.now.interfaces)
      differ("UnsecuredInterface", name, "Enabled", String(original), String(enabled));
    for (const { name, groups } of this.base.users)
      if (!this.now.users.some((user) => user.name === name))
        found.push(whole("ServiceUser", name, false, groups.join(", ")));
    for (const group of this.base.groups)
      if (!this.now.groups.some(({ name }) => group.name === name))
        found.push(whole("RightsGroup", group.name, false, group.rights.join(" ")));
    return found;
  }

  private consequences(): SecurityConsequence[] {
    const found: SecurityConsequence[] = [];
    const add = (code: string, subject: string, from = 0, to = 0) => found.push({ code, subject, from, to });
    const me = this.now.users.find((user) => user.name === this.user);
    if (this.base.users.some((user) => user.name === this.user)) {
      if (!me || !this.rightsOf(me).includes("write_security")) add("own_access", this.user);
      else if (me.newPassword) add("own_password", this.user);
    }
    for (const { field, name, before, after, entity } of this.changes()) {
      if (field === "ServicesBasePort") add("port_moves", "", Number(before), Number(after));
      if (field.endsWith("Discovery") && after === "false") add("discovery_off", field);
      if (entity === "Service" && after === "Disabled") add("service_off", name);
      if (entity === "Service" && after === "Unsecure Only") add("no_tls", name);
    }
    return found;
  }
}

function whole(entity: string, name: string, added: boolean, text: string): SecurityChange {
  const [before, after] = added ? ["", text] : [text, ""];
  return { entity, name, field: "", before, after, added, removed: !added };
}

function apply(now: Settings, edit: SecurityEdit): void {
  const named = <T extends { name: string }>(list: T[], name: string): T => {
    const found = list.find((one) => one.name === name);
    if (!found) throw usage(`there is no "${name}"`);
    return found;
  };
  const isNew = (list: { name: string }[], what: string, name: string) => {
    if (list.some((one) => one.name === name)) throw usage(`there is a ${what} "${name}" already`);
  };
  switch (edit.kind) {
    case "set":
      named(now.settings, edit.name).value = edit.value;
      return;
    case "level":
      named(now.services, edit.service).level = edit.level;
      return;
    case "interface":
      named(now.interfaces, edit.name).enabled = edit.enabled;
      return;
    case "addUser":
      isNew(now.users, "service user", edit.user);
      now.users.push({
        name: edit.user,
        enabled: true,
        groups: edit.groups,
        rights: [],
        password: "notSet",
        newPassword: false,
        added: true,
        changed: false,
      });
      return;
    case "removeUser":
      now.users = now.users.filter(({ name }) => name !== edit.user);
      return;
    case "enableUser":
      named(now.users, edit.user).enabled = edit.enabled;
      return;
    case "userGroups":
      named(now.users, edit.user).groups = edit.groups;
      return;
    case "addGroup":
      isNew(now.groups, "rights group", edit.group);
      now.groups.push({
        name: edit.group,
        rights: edit.rights,
        saysRights: true,
        added: true,
        changed: false,
      });
      return;
    case "removeGroup":
      now.groups = now.groups.filter(({ name }) => name !== edit.group);
      for (const user of now.users) user.groups = user.groups.filter((name) => name !== edit.group);
      return;
    case "groupRights":
      named(now.groups, edit.group).rights = edit.rights;
  }
}

/** What happened on the demo's unit. */
export function demoAudit(): AuditTrail {
  const row = (time: string, user: string, source: string, action: string, result: string) => ({
    time,
    user,
    source,
    action,
    result,
    more: "",
  });
  const kept = (sha256: string, revision: string, receivedAt: string) => ({ sha256, revision, receivedAt });
  const sha256 = "5d41402abc4b2a76b9719d911017c592ae21f0c1b02d6f5c9ad8b9ef34c1a77e";
  return {
    revision: "r812",
    sha256,
    bytes: 1_604,
    receivedAt: "2026-11-23T08:02:31Z",
    form: "entries",
    rows: [
      row("2026-11-23T08:02:10Z", "Administrator", "10.21.4.40", "log-in", "done"),
      row("2026-11-23T08:02:10Z", "Administrator", "10.21.4.40", "read configuration", "done"),
      row("2026-11-23T07:58:02Z", "Field engineers", "10.21.4.77", "write configuration, merge", "done"),
      row("2026-11-23T07:57:48Z", "Field engineers", "10.21.4.77", "log-in", "done"),
      row("2026-11-23T07:57:31Z", "", "10.21.4.77", "log-in", "authentication failed"),
      row("2026-11-22T22:30:00Z", "Night shift", "192.168.1.12", "restart, when free", "no right"),
      row("2026-11-22T22:29:41Z", "Night shift", "192.168.1.12", "log-in", "done"),
      row("2026-11-21T16:04:18Z", "security", "10.21.4.40", "write security settings", "done"),
      row("2026-11-21T16:03:55Z", "security", "10.21.4.40", "log-in", "done"),
    ],
    leftOut: 0,
    kept: [
      kept(sha256, "r812", "2026-11-23T08:02:31Z"),
      kept(
        "9bf31c7ff062936a96d3c8bd1f8f2ff3a1c0ffee5aa1b2c3d4e5f60718293a4b",
        "r790",
        "2026-11-16T08:01:12Z",
      ),
    ],
  };
}
