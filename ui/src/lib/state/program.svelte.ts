/** What the program says without being asked, and what the window does about it. */
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { setPlatform } from "$lib/keys";
import type { About, News, Site } from "$lib/types";
import { dialogs } from "./dialogs.svelte";
import { keychain } from "./keychain.svelte";
import { preferences } from "./preferences.svelte";
import { securities } from "./security.svelte";
import { settings } from "./settings.svelte";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { welcome } from "./welcome.svelte";

class Program {
  about = $state.raw<About | null>(null);
  private asked = false;

  /** Takes all that the first list needs. */
  async begin(): Promise<void> {
    const { about, face, windowState, sites, networks } = await door.backend.started();
    this.about = about;
    // A CSS string is written as JSON's is.
    if (face !== "")
      document.documentElement.style.setProperty("--face", `${JSON.stringify(face)}, sans-serif`);
    setPlatform(about.platform);
    document.documentElement.dataset.platform = about.platform;
    await settings.take(windowState);
    units.begin(sites, networks);
    welcome.begin(sites.length, about.platform);
  }

  /** From now on hears the news. */
  listen(): Promise<void> {
    return door.backend.listen((news) => void this.hear(news));
  }

  async hear(news: News): Promise<void> {
    switch (news.kind) {
      case "keychain":
        keychain.waits = news.waiting;
        return;
      case "fileDamaged":
        return toasts.keep(t.news.damaged(news.file, news.keptAs, news.reason));
      case "fileStartedEmpty":
        return toasts.keep(t.news.startedEmpty(news.file, news.kept.join(" ")));
      case "notice":
        return toasts.keep(news.text);
      case "remarks":
        return this.remark(news);
      case "loggedOut":
        units.touched += 1;
        return toasts.say(t.news.loggedOut(news.units.join(", "), news.minutes));
      case "securityClosed":
        if (securities.gone(news.id)) toasts.keep(t.security.closedIdle);
        return;
      case "storeChanged":
        return this.readAgain();
      case "networksChanged":
        return units.followNetworks(news);
      case "closing":
        return this.askBeforeClosing(news);
    }
  }

  private remark({ unit, restartNeeded, notOffered, keptOtherwise }: News & { kind: "remarks" }): void {
    if (restartNeeded) toasts.keep(t.api.restartNeeded(unit));
    if (keptOtherwise.length > 0) toasts.keep(t.api.keptOtherwise(unit, keptOtherwise.join(", ")));
    if (notOffered.length > 0) toasts.say(t.api.notOffered(unit, notOffered.join(", ")));
  }

  /** Only what a person sees is worth a word: another program also writes down when it saw a unit. */
  private async readAgain(): Promise<void> {
    const before = JSON.stringify([units.sites.map(shown), preferences.stored]);
    units.sites = await door.backend.sites();
    await preferences.load();
    if (JSON.stringify([units.sites.map(shown), preferences.stored]) !== before)
      toasts.say(t.news.storeChanged);
  }

  private async askBeforeClosing({ documents, transfers }: News & { kind: "closing" }): Promise<void> {
    await door.backend.closingShown();
    if (this.asked) return;
    this.asked = true;
    const sure = await dialogs.ask("ClosingDialog", { documents, transfers });
    this.asked = false;
    if (sure) await door.backend.closeWindow();
  }
}

function shown({ lastSeen, lastBackup, mac, type, version, ...site }: Site): unknown {
  return site;
}

export const program = new Program();
