/** Logging in, asked only when an action needs it: each outcome leads to its own dialog. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import type { LogInAnswer, LogInOutcome, OperationId, Service, Session, Target } from "$lib/types";
import { attempt } from "./attempt";
import { dialogs } from "./dialogs.svelte";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { work } from "./work.svelte";

/** What the log-in dialog has to say about the attempt before. */
export type LogInTrouble = Extract<
  LogInOutcome,
  { kind: "wrongPassword" | "locked" | "retryLater" | "disabled" }
> | null;

/** A password that expires within so many days is worth a word. */
const expiresSoon = 14;

/** Uses the session or the keychain, and asks where there is neither. `null`: somebody decided against it. */
export async function ensureLogIn(
  target: Target,
  name: string,
  service: Service = "configuration",
): Promise<Session | null> {
  const first = await loggingIn(name, (operation) =>
    service === "security"
      ? door.backend.resumeSecurityLogIn(operation, target)
      : door.backend.resumeLogIn(operation, target),
  );
  return settle(target, name, first, "", service);
}

/** Every word with the unit or the keychain can take long: it is shown, and can be stopped. */
function loggingIn(
  name: string,
  ask: (operation: OperationId) => Promise<LogInOutcome>,
): Promise<LogInOutcome> {
  return work.run(t.work.loggingIn(name), ask);
}

async function settle(
  target: Target,
  name: string,
  from: LogInOutcome,
  user: string,
  service: Service,
): Promise<Session | null> {
  let outcome: LogInOutcome | null = from;
  let lastUser = user;
  let system = false;
  while (outcome) {
    switch (outcome.kind) {
      case "loggedIn":
        units.trust(target, true);
        announce(outcome.session, target, name);
        return outcome.session;
      case "passwordNeeded":
      case "wrongPassword":
      case "locked":
      case "retryLater":
      case "disabled": {
        const trouble: LogInTrouble = outcome.kind === "passwordNeeded" ? null : outcome;
        const keychainProblem: string = outcome.kind === "passwordNeeded" ? outcome.keychainProblem : "";
        if (outcome.kind === "passwordNeeded") system = outcome.system;
        if (outcome.kind === "passwordNeeded" && outcome.user !== "") lastUser = outcome.user;
        const answer = await dialogs.ask("LogInDialog", {
          name,
          address: target.address,
          user: lastUser,
          service,
          system,
          keychainProblem,
          trouble,
        });
        if (!answer) return null;
        lastUser = answer.user;
        const after: string = outcome.kind === "passwordNeeded" ? "" : outcome.attempt;
        outcome = await loggingIn(name, (operation) =>
          door.backend.logIn(operation, { target, service, after, system, ...answer }),
        );
        break;
      }
      default:
        outcome = await answerQuestion(outcome, target, name);
    }
  }
  return null;
}

type Question = Exclude<
  LogInOutcome,
  { kind: "loggedIn" | "passwordNeeded" | "wrongPassword" | "locked" | "retryLater" | "disabled" }
>;

async function answerQuestion(
  question: Question,
  target: Target,
  name: string,
): Promise<LogInOutcome | null> {
  if (question.kind === "changedCertificate") units.trust(target, false);
  const answer = (await ask(question, target.address, name)) ?? { kind: "stop" };
  const outcome = await loggingIn(name, (operation) =>
    door.backend.answerLogIn(operation, question.attempt, answer),
  );
  return answer.kind === "stop" ? null : outcome;
}

async function ask(question: Question, address: string, name: string): Promise<LogInAnswer | undefined> {
  switch (question.kind) {
    case "firstCertificate":
    case "changedCertificate": {
      const { certificate } = question;
      const pinned = question.kind === "changedCertificate" ? question.pinned : "";
      const pinnedOn = question.kind === "changedCertificate" ? question.pinnedOn : "";
      const accepted = await dialogs.ask("CertificateDialog", {
        name,
        address,
        certificate,
        pinned,
        pinnedOn,
        trouble: "none",
      });
      return accepted ? { kind: "acceptCertificate", fingerprint: certificate.fingerprint } : undefined;
    }
    case "refusedCertificate": {
      const { certificate, trouble } = question;
      const accepted = await dialogs.ask("CertificateDialog", {
        name,
        address,
        certificate,
        pinned: "",
        pinnedOn: "",
        trouble,
      });
      return accepted ? { kind: "acceptCertificate", fingerprint: certificate.fingerprint } : undefined;
    }
    case "mustChange": {
      const { title, second } = t.newPassword;
      const { problem } = question;
      const password = await dialogs.ask("NewPasswordDialog", { title, second: second(name), problem });
      return password === undefined ? undefined : { kind: "newPassword", password };
    }
    case "weakerLogIn": {
      const { title, text, go } = t.logIn.weaker;
      const { offered, remembered } = question;
      const sure = await dialogs.ask("QuestionDialog", {
        title: title(name),
        text: text(offered, remembered),
        go,
        stop: t.logIn.weaker.stop,
        sure: t.logIn.weaker.sure,
        danger: true,
      });
      return sure ? { kind: "acceptWeakerLogIn" } : undefined;
    }
    case "lastAttempt": {
      const { title, text, go } = t.logIn.lastAttempt;
      const sure = await dialogs.ask("QuestionDialog", { title: title(name), text, go, danger: true });
      return sure ? { kind: "useLastAttempt" } : undefined;
    }
    case "plainOnly": {
      const { title, text, go } = t.logIn.plainOnly;
      const sure = await dialogs.ask("QuestionDialog", { title: title(name), text, go, danger: true });
      return sure ? { kind: "allowPlain" } : undefined;
    }
  }
}

function announce(session: Session, target: Target, name: string): void {
  if (session.keychainProblem !== "") toasts.say(t.logIn.notRemembered(session.keychainProblem));
  const days = session.passwordExpiresDays;
  if (days < 0 || days > expiresSoon) return;
  const words = t.logIn.expires(session.user, name, days);
  // It can only be changed over TLS.
  if (!session.tls) toasts.say(words);
  else
    toasts.keep(words, {
      label: t.changePassword.action,
      run: () => void changePassword(target, name),
    });
}

/** What says that another password may do: everything else is about the way to the unit. */
const aboutThePassword = ["refused", "usage", "authentication_failed"];

/** Changes the password of whoever is logged in, over TLS; asks again for as long as the unit does not take the new one. */
export function changePassword(target: Target, name: string): Promise<void> {
  const title = t.changePassword.title(name);
  const askAndChange = async () => {
    const session = await ensureLogIn(target, name);
    if (!session) return;
    for (let problem = ""; ; ) {
      const second = t.changePassword.second(session.user);
      const password = await dialogs.ask("NewPasswordDialog", { title, second, problem });
      if (password === undefined) return;
      try {
        const kept = await work.run(title, (operation) =>
          door.backend.changePassword(operation, target, password),
        );
        const words = t.changePassword.done(session.user, name);
        if (kept.problem === "") toasts.say(words);
        else toasts.keep(`${words} ${t.changePassword.kept(kept.problem)}`);
        return;
      } catch (error) {
        if (!(error instanceof BackendError) || !aboutThePassword.includes(error.code)) throw error;
        problem = error.message;
      }
    }
  };
  return attempt(title, askAndChange, target);
}
