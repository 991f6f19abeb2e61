/** The catalogue in the chosen language. `t.units.title` in a template follows a change of language by itself. */
import { de } from "./de";
import { en, type Messages } from "./en";

export const catalogues = { en, de };
export type LanguageCode = keyof typeof catalogues;

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

export function chooseLanguage(code: LanguageCode): void {
  language.code = code;
}

export const t: Messages = new Proxy({} as Messages, {
  get: (_, section) => catalogues[language.code][section as keyof Messages],
});
