/** What only the window knows, kept by the backend and applied to the page. */
import { door } from "$lib/door";
import { chooseLanguage, type LanguageCode } from "$lib/i18n/index.svelte";
import type { WindowState } from "$lib/types";

export const textSizes = [100, 125, 150, 200] as const;

/** How many Unit/Broadcast Addresses, and how many IP Search Criteria, are remembered. */
const historyLength = 12;

class Settings {
  state = $state<WindowState>({
    columns: [],
    sortBy: "name",
    sortDescending: false,
    theme: "system",
    language: "system",
    textSize: 100,
    recentAddresses: [],
    recentCriteria: [],
    collapsedGroups: [],
    welcomed: false,
  });

  /** What was kept when the window was last closed. */
  take(kept: WindowState): Promise<void> {
    this.state = kept;
    return this.apply();
  }

  change(changed: Partial<WindowState>): void {
    Object.assign(this.state, changed);
    void this.apply();
    void door.backend.setWindowState($state.snapshot(this.state));
  }

  rememberAddress(address: string): void {
    if (address === "") return;
    const others = this.state.recentAddresses.filter((other) => other !== address);
    this.change({ recentAddresses: [address, ...others].slice(0, historyLength) });
  }

  /** The newest last. */
  rememberCriteria(...all: string[]): void {
    const texts = all.filter((text) => text.trim() !== "").reverse();
    const others = this.state.recentCriteria.filter((other) => !texts.includes(other));
    this.change({ recentCriteria: [...new Set([...texts, ...others])].slice(0, historyLength) });
  }

  private apply(): Promise<void> {
    const root = document.documentElement;
    if (this.state.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = this.state.theme;
    root.style.fontSize = `${this.state.textSize}%`;
    const language: LanguageCode =
      this.state.language === "system"
        ? navigator.language.startsWith("de")
          ? "de"
          : "en"
        : this.state.language;
    return chooseLanguage(language);
  }
}

export const settings = new Settings();
