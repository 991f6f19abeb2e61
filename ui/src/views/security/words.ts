/** Security settings as the person reads them. */
import { t } from "$lib/i18n/index.svelte";
import type { Finding, SecurityChange, SecurityConsequence } from "$lib/types";
import { humanise } from "$lib/words";

export function settingLabel(name: string): string {
  return t.security.fields[name] ?? humanise(name);
}

export function rightLabel(right: string): string {
  return t.security.rights[right] ?? right;
}

/** `Service HTTP`, `Password policy`. */
export function placeLabel(entity: string, name: string): string {
  const what = t.security.entities[entity] ?? humanise(entity);
  return name === "" ? what : `${what} ${name}`;
}

export function findingText({ code, number }: Finding): string {
  if (code === "short_passwords") return t.security.shortPasswords(number);
  return t.security.findingTexts[code] ?? code;
}

export function consequenceText({ code, subject, from, to }: SecurityConsequence): string {
  const words = t.security.consequences;
  switch (code) {
    case "own_access":
      return words.own_access(subject);
    case "own_password":
      return words.own_password(subject);
    case "port_moves":
      return words.port_moves(from, to);
    case "discovery_off":
      return words.discovery_off(settingLabel(subject));
    case "no_tls":
      return words.no_tls(subject);
    case "service_off":
      return words.service_off(subject);
    default:
      return `${code} ${subject}`;
  }
}

/** A value in words: switches and rights have some, everything else says it best itself. */
export function valueText({ field, entity }: SecurityChange, value: string): string {
  if (value === "") return t.changes.empty;
  if (value === "true") return t.words.on;
  if (value === "false") return t.words.off;
  const isRights = field === "Rights" || (entity === "RightsGroup" && field === "");
  return isRights
    ? value
        .split(/[\s,]+/)
        .map(rightLabel)
        .join(", ")
    : value;
}
