/** The right form for a number, by the language's own rules. */
export type Forms = { one: string; other: string } & Partial<Record<"zero" | "two" | "few" | "many", string>>;

/** Answers `(n, forms)` → the form with `#` replaced by the number. */
export function pluralIn(locale: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const digits = new Intl.NumberFormat(locale);
  return (n, forms) => (forms[rules.select(n)] ?? forms.other).replaceAll("#", digits.format(n));
}
