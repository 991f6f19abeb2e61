/** Sites and what was found, from files and into them. */
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import type { ExportedList } from "$lib/types";
import { dialogs } from "./dialogs.svelte";
import { attempt } from "./flows";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";

export function importSites(): Promise<void> {
  return attempt(t.lists.importing, async () => {
    const imported = await door.backend.importSites();
    if (!imported) return;
    units.sites = await door.backend.sites();
    await dialogs.ask("ImportDialog", { imported });
  });
}

/** With the vendor's columns alone, or with everything. */
export function exportSites(vendorColumns: boolean): Promise<void> {
  return attempt(t.lists.exporting, async () => say(await door.backend.exportSites(vendorColumns)));
}

export function exportFound(): Promise<void> {
  return attempt(t.lists.exporting, async () => say(await door.backend.exportFound()));
}

function say(exported: ExportedList | null): void {
  if (exported) toasts.say(t.lists.exported(exported.count, exported.path));
}
