/** Log-in in the demo: every outcome that a real unit can answer with. */
import { BackendError } from "../backend";
import type {
  Certificate,
  LogInAnswer,
  LogInOutcome,
  LogInRequest,
  Right,
  Service,
  Session,
  Target,
  TargetFacts,
} from "../types";
import { type DemoUnit, fingerprintOf } from "./units";

/** The demo's units take any user name with this password; other words choose the other outcomes. */
export const demoPassword = "trunkline";

const rights: Right[] = [
  "readConfiguration",
  "writeConfiguration",
  "merge",
  "rebootImmediately",
  "rebootWhenFree",
  "rebootTimed",
];

/** Each service of a unit has its own sessions. */
const keyOf = (address: string, service?: Service) =>
  service === "security" ? `security:${address}` : address;

interface Attempt {
  request: LogInRequest;
  accepted: string;
}

export class DemoLogIns {
  private readonly sessions = new Map<string, Session>();
  private readonly pins = new Map<string, { fingerprint: string; pinnedOn: string }>();
  private readonly remembered = new Map<string, string>();
  private readonly attempts = new Map<string, Attempt>();
  private readonly left = new Map<string, number>();
  private counter = 0;

  constructor(
    private readonly units: DemoUnit[],
    private readonly keychainProblem: string,
  ) {
    for (const { unit, pinned, remembered } of units) {
      if (pinned)
        this.pins.set(unit.address, {
          fingerprint: fingerprintOf(unit.address, 1),
          pinnedOn: "2026-11-03T09:00:00Z",
        });
      if (remembered && keychainProblem === "") this.remembered.set(unit.address, "Administrator");
    }
  }

  facts({ address }: Target): TargetFacts {
    const pin = this.pins.get(address);
    return {
      fingerprint: pin?.fingerprint ?? "",
      pinnedOn: pin?.pinnedOn ?? "",
      user: this.sessions.get(address)?.user ?? this.remembered.get(address) ?? "",
      remembered: this.remembered.has(address),
      loggedIn: this.sessions.has(address),
      lastBackup: this.find(address)?.lastBackup ?? "",
    };
  }

  userOf({ address }: Target): string {
    return this.sessions.get(address)?.user ?? "";
  }

  unpin({ address }: Target): void {
    this.pins.delete(address);
    this.sessions.delete(address);
  }

  forget({ address }: Target): void {
    this.sessions.delete(address);
    this.remembered.delete(address);
  }

  require({ address }: Target): void {
    if (this.sessions.has(address)) return;
    throw new BackendError("no_credential", `Nobody is logged in to ${address}.`, "Log in and try again.");
  }

  changePassword(target: Target, password: string): void {
    this.require(target);
    if (password.length < 8) throw new BackendError("refused", "The unit wants at least 8 characters.", "");
  }

  /** Ends every log-in; the names of the units. */
  endAll(): string[] {
    const names = [...this.sessions.keys()].map((address) => this.find(address)?.unit.name ?? address);
    this.sessions.clear();
    return names;
  }

  resume(target: Target): LogInOutcome {
    const session = this.sessions.get(target.address);
    if (session) return { kind: "loggedIn", session };
    const user = this.remembered.get(target.address);
    const system = this.isOld(target.address);
    if (user === undefined)
      return { kind: "passwordNeeded", user: "", system, keychainProblem: this.keychainProblem };
    return this.logIn({ target, after: "", user, password: demoPassword, system, remember: true });
  }

  resumeSecurity(target: Target): LogInOutcome {
    const session = this.sessions.get(keyOf(target.address, "security"));
    if (session) return { kind: "loggedIn", session };
    if (this.find(target.address)?.unit.services.tftp === true) {
      throw new BackendError(
        "unsupported",
        `${target.address}: connecting: it runs 2.1.36, and systems before 3.2 have no security settings: they know one system password, in their configuration`,
        "",
      );
    }
    return { kind: "passwordNeeded", user: "", system: false, keychainProblem: "" };
  }

  requireSecurity(target: Target): string {
    const session = this.sessions.get(keyOf(target.address, "security"));
    if (session) return session.user;
    throw new BackendError(
      "no_credential",
      `Nobody is logged in to ${target.address}.`,
      "Log in and try again.",
    );
  }

  logIn(request: LogInRequest): LogInOutcome {
    const accepted = this.attempts.get(request.after)?.accepted ?? "";
    this.attempts.delete(request.after);
    return this.go({ request, accepted });
  }

  answer(id: string, answer: LogInAnswer): LogInOutcome {
    const attempt = this.attempts.get(id);
    if (!attempt) throw new BackendError("not_found", "This log-in is over.", "Log in again.");
    this.attempts.delete(id);
    const { target, user } = attempt.request;
    switch (answer.kind) {
      case "stop":
        return { kind: "passwordNeeded", user, system: false, keychainProblem: "" };
      case "acceptCertificate":
        return this.go({ ...attempt, accepted: answer.fingerprint });
      case "newPassword":
        if (answer.password.length < 8) {
          return {
            kind: "mustChange",
            attempt: this.keep(attempt),
            problem: "The unit wants at least 8 characters.",
          };
        }
        return this.succeed(attempt, target.address);
      case "useLastAttempt":
        return { kind: "locked", attempt: this.keep(attempt), retryAfterS: 60 };
      case "acceptWeakerLogIn":
      case "allowPlain":
        return this.succeed(attempt, target.address);
    }
  }

  private go(attempt: Attempt): LogInOutcome {
    const { address } = attempt.request.target;
    // A unit before 3.2 has no certificate, no user and nothing to count attempts with.
    if (this.isOld(address)) {
      return attempt.request.password === demoPassword
        ? this.succeed(attempt, address)
        : { kind: "wrongPassword", attempt: this.keep(attempt), attemptsLeft: -1 };
    }
    const unit = this.find(address);
    const generation = unit?.newCertificate ? 2 : 1;
    const certificate: Certificate = {
      fingerprint: fingerprintOf(address, generation),
      subject: unit?.unit.name ?? address,
      validFrom: "2025-06-01T00:00:00Z",
      validUntil: "2032-05-31T00:00:00Z",
    };
    const pin = this.pins.get(address);
    if (attempt.request.password === "expired" && attempt.accepted === "")
      return {
        kind: "refusedCertificate",
        attempt: this.keep(attempt),
        trouble: "expired",
        certificate: { ...certificate, validUntil: "2026-05-31T00:00:00Z" },
      };
    if (attempt.accepted !== certificate.fingerprint && pin?.fingerprint !== certificate.fingerprint) {
      const id = this.keep(attempt);
      return pin
        ? {
            kind: "changedCertificate",
            attempt: id,
            pinned: pin.fingerprint,
            pinnedOn: pin.pinnedOn,
            certificate,
          }
        : { kind: "firstCertificate", attempt: id, certificate };
    }
    return this.prove(attempt, certificate.fingerprint);
  }

  private prove(attempt: Attempt, fingerprint: string): LogInOutcome {
    const { target, password } = attempt.request;
    const left = this.left.get(target.address) ?? 3;
    if (password === "old") return { kind: "mustChange", attempt: this.keep(attempt), problem: "" };
    if (password === "busy") return { kind: "retryLater", attempt: this.keep(attempt), retryAfterS: 20 };
    if (password === "impostor")
      throw new BackendError(
        "impostor",
        `${target.address}: logging in: this is not the unit that it claims to be: its proof is wrong`,
        "",
      );
    if (password === "disabled") return { kind: "disabled", attempt: this.keep(attempt) };
    if (password === "weaker") {
      return { kind: "weakerLogIn", attempt: this.keep(attempt), offered: 50_000, remembered: 200_000 };
    }
    if (password === "plain") return { kind: "plainOnly", attempt: this.keep(attempt) };
    if (password !== demoPassword && password !== "expiring" && password !== "expired" && password !== "") {
      if (left === 1) return { kind: "lastAttempt", attempt: this.keep(attempt) };
      this.left.set(target.address, left - 1);
      return { kind: "wrongPassword", attempt: this.keep(attempt), attemptsLeft: left - 1 };
    }
    if (!this.pins.has(target.address) || attempt.accepted !== "") {
      this.pins.set(target.address, { fingerprint, pinnedOn: new Date().toISOString() });
    }
    return this.succeed(attempt, target.address);
  }

  private succeed({ request }: Attempt, address: string): LogInOutcome {
    const session: Session = {
      user: request.user,
      api: this.find(address)?.unit.services.managementApi === true,
      tls: request.password !== "plain" && !request.system,
      fingerprint: this.pins.get(address)?.fingerprint ?? "",
      rights: request.system
        ? ["readConfiguration", "writeConfiguration", "rebootImmediately"]
        : request.service === "security"
          ? [...rights, "readSecurity", "writeSecurity"]
          : rights,
      passwordExpiresDays: request.system ? -1 : request.password === "expiring" ? 3 : 200,
      remembered: request.remember,
      keychainProblem: "",
    };
    this.left.delete(address);
    this.sessions.set(keyOf(address, request.service), session);
    if (request.remember && request.service !== "security") this.remembered.set(address, request.user);
    return { kind: "loggedIn", session };
  }

  private keep(attempt: Attempt): string {
    const id = `l${this.counter++}`;
    this.attempts.set(id, attempt);
    return id;
  }

  private isOld(address: string): boolean {
    return this.find(address)?.unit.services.tftp === true;
  }

  private find(address: string): DemoUnit | undefined {
    return this.units.find((unit) => unit.unit.address === address);
  }
}
