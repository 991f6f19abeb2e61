/** The preferences as they are stored, and as they are being changed; a change waits here while another place is shown. */
import { door } from "$lib/door";
import type { Preferences } from "$lib/types";
import { settings } from "./settings.svelte";

class Draft {
  stored = $state.raw<Preferences | null>(null);
  draft = $state<Preferences | null>(null);
  readonly changed = $derived(
    this.draft !== null && JSON.stringify(this.draft) !== JSON.stringify(this.stored),
  );

  async load(): Promise<void> {
    const keep = this.changed;
    this.stored = await door.backend.preferences();
    if (!keep) this.discard();
  }

  discard(): void {
    this.draft = this.stored && { ...this.stored };
  }

  async save(): Promise<void> {
    if (!this.draft) return;
    const before = this.stored?.searchCriteria ?? "";
    this.stored = await door.backend.setPreferences($state.snapshot(this.draft));
    if (this.stored.searchCriteria !== before) settings.rememberCriteria(before, this.stored.searchCriteria);
    this.discard();
  }
}

export const preferences = new Draft();
