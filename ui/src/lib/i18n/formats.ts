/**
 * The system's own ways to write numbers and dates. Making one costs up to some milliseconds and using one nothing, so
 * each is made when it is first needed, and kept.
 */
function kept<T>(make: (locale: string) => T): (locale: string) => T {
  const made = new Map<string, T>();
  return (locale) => {
    const known = made.get(locale);
    if (known !== undefined) return known;
    const format = make(locale);
    made.set(locale, format);
    return format;
  };
}

const keptFraction = (minimumFractionDigits: number, maximumFractionDigits: number) =>
  kept((locale) => new Intl.NumberFormat(locale, { minimumFractionDigits, maximumFractionDigits }));

export const pluralRules = kept((locale) => new Intl.PluralRules(locale));
/** `Branch 9` before `Branch 10`, whatever is written in capitals. */
export const naturalOrder = kept(
  (locale) => new Intl.Collator(locale, { numeric: true, sensitivity: "base" }),
);
const dates = kept((locale) => new Intl.DateTimeFormat(locale, { dateStyle: "medium" }));
const times = kept(
  (locale) => new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
);
const whole = keptFraction(0, 0);
const tenths = keptFraction(1, 1);
const hundredths = keptFraction(1, 2);

/**
 * A number to the nearest whole one, its thousands grouped. None of the window's languages groups less, so most numbers
 * need no format.
 */
export function inDigits(n: number, locale: string): string {
  return Number.isInteger(n) && n >= 0 && n < 1000 ? String(n) : whole(locale).format(n);
}

export function inTenths(n: number, locale: string): string {
  return tenths(locale).format(n);
}

export function inHundredths(n: number, locale: string): string {
  return hundredths(locale).format(n);
}

/** A moment that is none has a dash; a format would throw. */
const written = (format: Intl.DateTimeFormat, at: Date) =>
  Number.isNaN(at.getTime()) ? "–" : format.format(at);

export function mediumDate(at: Date, locale: string): string {
  return written(dates(locale), at);
}

export function clockTime(at: Date, locale: string): string {
  return written(times(locale), at);
}
