/** The configurations that are open, and the one that is looked at. */
import { door } from "$lib/door";
import type {
  Change,
  DocumentInfo,
  DocumentState,
  Entity,
  EntityKind,
  EntityTable,
  Problem,
  SearchHit,
  UnitComparison,
} from "$lib/types";
import { navigation } from "./navigation.svelte";

/** What the middle of the view lists. */
export type Pane =
  | { kind: "entities"; entityKind: string }
  | { kind: "problems" }
  | { kind: "changes" }
  | { kind: "search" };

export class OpenDocument {
  info = $state.raw<DocumentInfo>() as DocumentInfo;
  kinds = $state.raw<EntityKind[]>([]);
  pane = $state.raw<Pane>({ kind: "entities", entityKind: "" });
  table = $state.raw<EntityTable>({ columns: [], rows: [] });
  entity = $state.raw<Entity | null>(null);
  changes = $state.raw<Change[]>([]);
  problems = $state.raw<Problem[]>([]);
  hits = $state.raw<SearchHit[]>([]);
  query = $state("");
  /** What the unit held when it was last asked. */
  checked = $state.raw<UnitComparison | null>(null);

  constructor(info: DocumentInfo) {
    this.info = info;
  }

  get id(): string {
    return this.info.id;
  }

  async load(): Promise<void> {
    if (this.info.opaque) return;
    this.kinds = await door.backend.entityKinds(this.id);
    const first = this.kinds.find((kind) => kind.kind === "User") ?? this.kinds[0];
    if (first) await this.show({ kind: "entities", entityKind: first.kind });
    [this.changes, this.problems] = await Promise.all([
      door.backend.changes(this.id),
      door.backend.problems(this.id),
    ]);
  }

  async show(pane: Pane): Promise<void> {
    if (pane.kind === "entities") {
      this.table = await door.backend.entities(this.id, pane.entityKind);
      if (this.entity?.kind !== pane.entityKind) {
        const first = this.table.rows[0];
        this.entity = first ? await door.backend.entity(this.id, first.id) : null;
      }
    }
    this.pane = pane;
  }

  async select(entity: string): Promise<void> {
    this.entity = await door.backend.entity(this.id, entity);
  }

  /** Goes to an entity from a problem, a change, a hit or a reference. */
  async goTo(kind: string, entity: string): Promise<void> {
    await this.show({ kind: "entities", entityKind: kind });
    await this.select(entity);
  }

  async find(text: string): Promise<void> {
    this.query = text;
    if (text.trim() === "") {
      this.hits = [];
      if (this.pane.kind === "search")
        await this.show({ kind: "entities", entityKind: this.kinds[0]?.kind ?? "" });
      return;
    }
    const hits = await door.backend.search(this.id, text);
    if (this.query !== text) return;
    this.hits = hits;
    this.pane = { kind: "search" };
  }

  async set(path: string, value: string): Promise<void> {
    if (!this.entity) return;
    await this.settle(await door.backend.setValue(this.id, this.entity.id, path, value));
  }

  async undo(): Promise<void> {
    if (this.info.state.canUndo) await this.settle(await door.backend.undo(this.id));
  }

  async redo(): Promise<void> {
    if (this.info.state.canRedo) await this.settle(await door.backend.redo(this.id));
  }

  /** After a send: what is here is what the unit has. */
  async sent(revision: string): Promise<void> {
    this.checked = null;
    // Over the Management API it is now what the unit holds, which may be more than what was sent.
    this.entity = null;
    this.info = { ...this.info, revision };
    await this.settle({ ...this.info.state, changes: 0, canUndo: false, canRedo: false, unsaved: false });
  }

  /** After the changes were put on top of what the unit has: it is another document with the same changes. */
  async rebased(info: DocumentInfo): Promise<void> {
    this.checked = null;
    this.entity = null;
    this.info = info;
    await this.settle(info.state);
    await this.show({ kind: "changes" });
  }

  /** After it was written to a file: closing it loses nothing. */
  saved(): void {
    this.info = { ...this.info, state: { ...this.info.state, unsaved: false } };
  }

  private async settle(state: DocumentState): Promise<void> {
    this.info = { ...this.info, state };
    const { pane, id } = this;
    [this.kinds, this.changes, this.problems] = await Promise.all([
      door.backend.entityKinds(id),
      door.backend.changes(id),
      door.backend.problems(id),
    ]);
    if (pane.kind === "entities" && pane.entityKind !== "")
      this.table = await door.backend.entities(id, pane.entityKind);
    if (this.entity) this.entity = await door.backend.entity(id, this.entity.id);
  }
}

class Documents {
  open = $state.raw<OpenDocument[]>([]);
  /** The one on screen; null shows the list of units. */
  current = $state.raw<OpenDocument | null>(null);

  async add(info: DocumentInfo): Promise<OpenDocument> {
    const document = new OpenDocument(info);
    await document.load();
    this.open = [...this.open, document];
    this.show(document);
    return document;
  }

  show(document: OpenDocument | null): void {
    this.current = document;
    navigation.place = "units";
    navigation.over = null;
  }

  of(siteId: string, address: string): OpenDocument | undefined {
    return this.open.find(({ info: { target } }) =>
      target.siteId !== "" ? target.siteId === siteId : target.address !== "" && target.address === address,
    );
  }

  async close(document: OpenDocument): Promise<void> {
    this.open = this.open.filter((other) => other !== document);
    if (this.current === document) this.current = null;
    await door.backend.closeDocument(document.id);
  }
}

export const documents = new Documents();
