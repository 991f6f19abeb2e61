/** What the very first start says, until somebody has read it. */
import type { About } from "$lib/types";
import { documents } from "./documents.svelte";
import { navigation } from "./navigation.svelte";
import { settings } from "./settings.svelte";

class Welcome {
  shown = $state(false);
  /** Where the program runs: each system's firewall asks in its own way. */
  platform = $state<About["platform"]>("linux");

  /** At the start: nothing was saved and nothing searched before. */
  begin(sites: number, platform: About["platform"]): void {
    this.platform = platform;
    const { welcomed, recentAddresses, recentCriteria } = settings.state;
    this.shown = !welcomed && sites === 0 && recentAddresses.length === 0 && recentCriteria.length === 0;
  }

  show(): void {
    documents.show(null);
    navigation.place = "units";
    this.shown = true;
  }

  dismiss(): void {
    this.shown = false;
    settings.change({ welcomed: true });
  }
}

export const welcome = new Welcome();
