/** Words, dates and numbers as the person reads them. */
import { clockTime, inDigits, inHundredths, inTenths, mediumDate } from "./i18n/formats";
import { language, t } from "./i18n/index.svelte";
import type { RowState } from "./rows/rows";
import type { IconName } from "./ui/icons";

export function stateWord(state: RowState): string {
  return t.states[state];
}

/** State is a shape, a word and only then a colour. */
export const stateIcon: Record<RowState, IconName> = {
  running: "running",
  readOnly: "lock",
  starting: "starting",
  noAnswer: "noAnswer",
  certificate: "trouble",
  asking: "asking",
  unidentified: "unidentified",
};

export const stateTone: Record<RowState, string> = {
  running: "good",
  readOnly: "caution",
  starting: "caution",
  noAnswer: "third",
  certificate: "bad",
  asking: "third",
  unidentified: "third",
};

/** `11.1.2.3 build 23` takes too much room in a column; the detail pane has it whole. */
export function shortVersion(version: string): string {
  return version.replace(/ build .*/, "");
}

export function roundTrip(ms: number): string {
  if (ms < 0) return "–";
  return `${ms < 2 ? inTenths(ms, language.code) : inDigits(ms, language.code)} ms`;
}

export function count(n: number): string {
  return inDigits(n, language.locale);
}

export function megabytes(bytes: number): string {
  return inHundredths(bytes / 1_048_576, language.locale);
}

/** In the unit that shows something of it: what is a little too large is not 0 MB too large. */
export function excess(bytes: number): string {
  const kilobytes = Math.ceil(bytes / 1024);
  return kilobytes < 1024 ? `${count(kilobytes)} KB` : `${megabytes(bytes)} MB`;
}

export function time(instant: string): string {
  return instant === "" ? "" : clockTime(new Date(instant), language.locale);
}

export function date(instant: string): string {
  return instant === "" ? "" : mediumDate(new Date(instant), language.locale);
}

/** `today 06:00`, `yesterday 18:42`, else the date. */
export function when(instant: string, now = new Date()): string {
  if (instant === "") return t.words.never;
  const at = new Date(instant);
  const day = (moment: Date) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
  const days = Math.round((day(now) - day(at)) / 86_400_000);
  if (days === 0) return t.words.today(time(instant));
  if (days === 1) return t.words.yesterday(time(instant));
  return mediumDate(at, language.locale);
}

/** Seconds as `1:05`, from an hour on as `2:01:05`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (n: number) => String(n % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole)}`
    : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(whole)}`;
}

/** `AB:CD:EF … 12:34:56`: enough to recognise, never enough to compare. */
export function shortFingerprint(fingerprint: string): string {
  const parts = fingerprint.split(":");
  return parts.length < 10 ? fingerprint : `${parts.slice(0, 4).join(":")} … ${parts.slice(-4).join(":")}`;
}

/** An element's name as words, where the catalogue has none: `ForwardOnBusy` → `Forward on busy`. */
export function humanise(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").split(" ");
  return words.map((word, i) => (i === 0 || /^[A-Z]{2}/.test(word) ? word : word.toLowerCase())).join(" ");
}

/** The label of a field: its own name, with its place where it is nested (`LANs/LAN[LAN1]/IPAddress`). */
export function fieldLabel(path: string): string {
  const steps = path.split("/");
  const last = steps.at(-1) ?? path;
  const label = (t.fields as Record<string, string>)[last] ?? humanise(last);
  const place = steps
    .slice(0, -1)
    .map((step) => /\[(.*)\]/.exec(step)?.[1])
    .filter(Boolean);
  return place.length > 0 ? `${place.join(" ")} ${label}` : label;
}

export function kindLabel(kind: string): string {
  return (t.kinds as Record<string, string>)[kind] ?? humanise(kind);
}

/** One of a kind: `User 201`. */
export function entityLabel(kind: string, label: string): string {
  const one = (t.kindsOne as Record<string, string>)[kind] ?? humanise(kind);
  return label === "" ? one : `${one} ${label}`;
}
