/** The catalogue in the chosen language. `t.units.title` in a template follows a change of language by itself. */
import { en, type Messages } from "./en";

/** Every language but the first is fetched when somebody wants it. */
const fetchers = { en: async () => en, de: async () => (await import("./de")).de };
export type LanguageCode = keyof typeof fetchers;
const catalogues: Partial<Record<LanguageCode, Messages>> = { en };

class Language {
  code = $state<LanguageCode>("en");
  /** How numbers and dates are written: the system's own way where it fits the language. */
  get locale(): string {
    return navigator.language.startsWith(this.code)
      ? navigator.language
      : this.code === "en"
        ? "en-GB"
        : this.code;
  }
}

export const language = new Language();

let wanted: LanguageCode = "en";

export async function chooseLanguage(code: LanguageCode): Promise<void> {
  wanted = code;
  catalogues[code] ??= await fetchers[code]();
  // Somebody may have chosen again meanwhile.
  if (wanted !== code) return;
  language.code = code;
  document.documentElement.lang = code;
}

export const t: Messages = new Proxy({} as Messages, {
  get: (_, section) => (catalogues[language.code] ?? en)[section as keyof Messages],
});
