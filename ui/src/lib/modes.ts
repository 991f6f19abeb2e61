/** Which of the four ways to send or restart the service user may use. */
import { t } from "./i18n/index.svelte";
import type { RestartOptions, Right, SendMode, Session } from "./types";

const needs: Record<SendMode, Right> = {
  merge: "merge",
  whenFree: "rebootWhenFree",
  timed: "rebootTimed",
  immediate: "rebootImmediately",
};

/** Half past eleven at night: nobody is on the phone in most of the places that have one of these. */
export const quietTime = 23 * 60 + 30;

/** In the order in which they disturb; the second line says what happens, or why it can not be chosen. */
export function modesFor(
  session: Session,
  mergeEnough: boolean,
  /** The unit said that it can not merge these changes. */
  mergeRefused = false,
): { mode: SendMode; enabled: boolean; second: string }[] {
  return (["merge", "whenFree", "timed", "immediate"] as const).map((mode) => {
    const allowed = session.rights.includes(needs[mode]);
    // Only the unit knows for certain whether a merge is enough: it may always be tried, and a refusal changes nothing.
    const doubtful = mode === "merge" && !mergeEnough;
    const refused = mode === "merge" && mergeRefused;
    // The Management API writes entry by entry, and knows no restart.
    if (session.api)
      return mode === "merge"
        ? { mode, enabled: allowed, second: allowed ? t.api.merge : t.send.noRight(session.user) }
        : { mode, enabled: false, second: t.api.noRestart };
    const second = !allowed
      ? t.send.noRight(session.user)
      : refused
        ? t.send.mergeRefused
        : doubtful
          ? t.send.mergeDoubtful
          : t.send.seconds[mode];
    return { mode, enabled: allowed && !refused, second };
  });
}

/** The safest that is possible stands chosen. */
export function safest(modes: { mode: SendMode; enabled: boolean }[]): RestartOptions {
  const mode = modes.find(({ enabled }) => enabled)?.mode ?? "merge";
  return { mode, atMinutes: quietTime, barIncoming: false, barOutgoing: false };
}

/** An immediate restart ends calls: the unit's name has to be typed, so that it is this unit that is meant. */
export function isDeliberate(mode: SendMode, typed: string, name: string): boolean {
  return mode !== "immediate" || typed.trim().normalize("NFC") === name.trim().normalize("NFC");
}
