/** The columns that the Units table can show. */

import type { Messages } from "$lib/i18n/en";
import { t } from "$lib/i18n/index.svelte";
import type { GridColumn } from "$lib/ui/grid";

type ColumnId = keyof Messages["columns"];

const shapes: Record<ColumnId, Omit<GridColumn, "id" | "label">> = {
  state: { width: 6.625, sortable: true },
  name: { width: 8.75, sortable: true, flexible: true },
  address: { width: 6.25, sortable: true, mono: true },
  type: { width: 6.9375, sortable: true },
  version: { width: 5.25, sortable: true },
  edition: { width: 5.5, sortable: true },
  mac: { width: 9.25, sortable: true, mono: true },
  foundBy: { width: 9, sortable: true },
  roundTrip: { width: 5.875, sortable: true, right: true, mono: true },
  lastSeen: { width: 8, sortable: true },
  lastBackup: { width: 8, sortable: true },
  group: { width: 9, sortable: true },
  method: { width: 5.25, sortable: true },
};

export const allColumns = Object.keys(shapes) as ColumnId[];

/** The chosen columns; what a newer program stored and this one does not know is left out. */
export function gridColumns(chosen: string[]): GridColumn[] {
  return chosen
    .filter((id): id is ColumnId => id in shapes)
    .map((id) => ({ id, label: t.columns[id], ...shapes[id] }));
}
