/** A unit's own lists, read as whoever is logged in, and the one that is looked at. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { targetOf, type UnitRow } from "$lib/rows/rows";
import type { Target, UnitList } from "$lib/types";
import { attempt } from "./attempt";
import { documents } from "./documents.svelte";
import { ensureLogIn } from "./log-in";
import { navigation } from "./navigation.svelte";
import { toasts } from "./toasts.svelte";
import { work } from "./work.svelte";

/** By the names of the unit's files. */
export const listKinds = ["user_list8", "hunt_list", "dir_list", "licence_list", "extn_list"] as const;
export type ListKind = (typeof listKinds)[number];

class UnitLists {
  /** Whose lists are on screen; null where other things are. */
  unit = $state.raw<{ target: Target; name: string } | null>(null);
  kind = $state<ListKind>("user_list8");
  list = $state.raw<UnitList | null>(null);
  failure = $state.raw<BackendError | null>(null);

  async open(row: UnitRow): Promise<void> {
    const target = targetOf(row);
    documents.show(null);
    navigation.over = "lists";
    this.unit = { target, name: row.name };
    await this.show("user_list8");
  }

  close(): void {
    if (navigation.over === "lists") navigation.over = null;
    this.unit = null;
    this.list = null;
  }

  async show(kind: ListKind): Promise<void> {
    const unit = this.unit;
    if (!unit) return;
    this.kind = kind;
    [this.list, this.failure] = [null, null];
    const title = t.unitLists.reading(unit.name);
    const read = async () => {
      if (!(await ensureLogIn(unit.target, unit.name))) return;
      const list = await work.run(title, (operation, report) =>
        door.backend.readList(operation, unit.target, kind, report),
      );
      if (this.unit === unit && this.kind === kind) this.list = list;
    };
    try {
      await read();
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error.code === "cancelled") toasts.say(t.work.stopped(title));
      if (this.unit === unit && this.kind === kind) this.failure = error;
    }
  }

  save(columns: string[], rows: string[][]): Promise<void> {
    const name = `${this.unit?.name ?? ""} ${t.unitLists.kinds[this.kind]}`.trim();
    return attempt(t.unitLists.saving, async () => {
      const path = await door.backend.saveTable(name, { columns, rows });
      if (path !== "") toasts.say(t.unitLists.saved(path));
    });
  }

  async copy(columns: string[], rows: string[][]): Promise<void> {
    // A spreadsheet takes tabs and lines for cells: what is in a cell must not look like either.
    const plain = (cell: string) => cell.replaceAll(/[\t\r\n]/g, " ");
    await door.backend.copyText([columns, ...rows].map((row) => row.map(plain).join("\t")).join("\n"));
    toasts.say(t.unitLists.copied(rows.length));
  }
}

export const unitLists = new UnitLists();
