/** The right form for a number, by the language's own rules. */
import { inDigits, pluralRules } from "./formats";

export type Forms = { one: string; other: string } & Partial<Record<"zero" | "two" | "few" | "many", string>>;

/** Answers `(n, forms)` → the form with `#` replaced by the number. */
export function pluralIn(locale: string): (n: number, forms: Forms) => string {
  return (n, forms) =>
    (forms[pluralRules(locale).select(n)] ?? forms.other).replaceAll("#", inDigits(n, locale));
}
