/** A configuration in memory: enough entities, edits, comparison and problems for every part of the view. */
import type {
  Change,
  DocumentState,
  Entity,
  EntityKind,
  EntityReference,
  EntityTable,
  Field,
  FieldChoice,
  FieldKind,
  Problem,
  SearchHit,
} from "../types";
import { demoEntities, type Schema, schemas } from "./entities";

interface Stored {
  id: string;
  kind: string;
  guid: string;
  added: boolean;
  now: Map<string, string>;
  was: Map<string, string>;
}

interface Edit {
  entity: Stored;
  path: string;
  before: string;
  after: string;
}

const mask = "••••••";

export class DemoDocument {
  private readonly entities: Stored[];
  private saved = "";
  private done: Edit[] = [];
  private undone: Edit[] = [];

  constructor(edited: boolean) {
    this.entities = demoEntities().map((entity, index) => ({
      id: `e${index}`,
      kind: entity.kind,
      guid: `2DF9${(0x1000 + index * 7919).toString(16).toUpperCase().padStart(24, "A")}6F71`,
      added: false,
      now: new Map(Object.entries(entity.values)),
      was: new Map(Object.entries(entity.values)),
    }));
    if (!edited) return;
    const user = this.entities.find(
      (entity) => entity.now.get("Extension") === "201" && entity.kind === "User",
    );
    const group = this.entities.find((entity) => entity.kind === "HuntGroup");
    if (user) this.set(user.id, "FullName", "Sales counter");
    if (user) this.set(user.id, "AssignedPackage", "4");
    if (group) this.set(group.id, "Name", "Sales and service");
  }

  state(): DocumentState {
    return {
      changes: this.changes().length,
      problems: this.problems().length,
      canUndo: this.done.length > 0,
      canRedo: this.undone.length > 0,
      unsaved: this.changes().length > 0 && this.saved !== this.content(),
    };
  }

  /** What there is now is in a file. */
  save(): void {
    this.saved = this.content();
  }

  private content(): string {
    return JSON.stringify(this.entities.map(({ id, now }) => [id, [...now]]));
  }

  kinds(): EntityKind[] {
    return Object.keys(schemas).map((kind) => {
      const all = this.entities.filter((entity) => entity.kind === kind);
      return {
        kind,
        count: all.length,
        changes: all.filter((entity) => isChanged(entity)).length,
        problems: this.problems().filter((problem) => problem.entity.kind === kind).length,
      };
    });
  }

  table(kind: string): EntityTable {
    const schema = schemaOf(kind);
    const problems = this.problems();
    return {
      columns: schema.columns,
      rows: this.entities
        .filter((entity) => entity.kind === kind)
        .map((entity) => ({
          id: entity.id,
          cells: schema.columns.map((column) => shown(schema, column, entity.now.get(column) ?? "")),
          mark: entity.added ? "added" : isChanged(entity) ? "changed" : "none",
          problem: problems.find((problem) => problem.entity.id === entity.id)?.message ?? "",
        })),
    };
  }

  entity(id: string): Entity {
    const entity = this.find(id);
    const schema = schemaOf(entity.kind);
    const problems = this.problems().filter((problem) => problem.entity.id === id);
    const fields = Object.entries(schema.fields).map(([path, field]): Field => {
      const secret = field.kind === "secret";
      const value = entity.now.get(path) ?? "";
      const original = entity.was.get(path) ?? "";
      return {
        path,
        kind: field.kind,
        value: secret ? "" : value,
        original: secret ? "" : original,
        changed: value !== original,
        isSet: value !== "",
        choices: field.choices ?? [],
        min: field.min ?? 0,
        max: field.max ?? -1,
        problem: problems.find((problem) => problem.path === path)?.message ?? "",
      };
    });
    return {
      id,
      kind: entity.kind,
      ...this.names(entity),
      guid: entity.guid,
      fields,
      usedBy: this.usedBy(entity),
    };
  }

  set(id: string, path: string, value: string): void {
    const entity = this.find(id);
    const before = entity.now.get(path) ?? "";
    if (before === value) return;
    entity.now.set(path, value);
    this.done.push({ entity, path, before, after: value });
    this.undone = [];
  }

  undo(): void {
    const edit = this.done.pop();
    if (!edit) return;
    edit.entity.now.set(edit.path, edit.before);
    this.undone.push(edit);
  }

  redo(): void {
    const edit = this.undone.pop();
    if (!edit) return;
    edit.entity.now.set(edit.path, edit.after);
    this.done.push(edit);
  }

  /** What was sent is what the unit has from now on. */
  settle(): void {
    for (const entity of this.entities) entity.was = new Map(entity.now);
    this.done = [];
    this.undone = [];
  }

  changes(): Change[] {
    return this.entities.flatMap((entity) => {
      const schema = schemaOf(entity.kind);
      return [...entity.now].flatMap(([path, after]): Change[] => {
        const before = entity.was.get(path) ?? "";
        if (before === after) return [];
        const show = (value: string) =>
          schema.fields[path]?.kind === "secret" ? mask : shown(schema, path, value);
        return [
          { entity: this.reference(entity), mark: "changed", path, before: show(before), after: show(after) },
        ];
      });
    });
  }

  problems(): Problem[] {
    const seen = new Map<string, Stored>();
    const problems: Problem[] = [];
    for (const entity of this.entities) {
      if (entity.kind === "User") {
        const extension = entity.now.get("Extension") ?? "";
        if (extension !== "" && seen.has(extension)) {
          problems.push({
            entity: this.reference(entity),
            path: "Extension",
            message: "extension used twice",
          });
        }
        seen.set(extension, entity);
      }
      if (entity.kind === "License" && entity.now.get("Status") === "2") {
        problems.push({ entity: this.reference(entity), path: "Status", message: "licence expired" });
      }
    }
    return problems;
  }

  search(text: string): SearchHit[] {
    const wanted = text.trim().toLowerCase();
    if (wanted === "") return [];
    return this.entities.flatMap((entity) => {
      const schema = schemaOf(entity.kind);
      return [...entity.now].flatMap(([path, value]): SearchHit[] => {
        if (schema.fields[path]?.kind === "secret") return [];
        const excerpt = shown(schema, path, value);
        return excerpt.toLowerCase().includes(wanted)
          ? [{ entity: this.reference(entity), path, excerpt }]
          : [];
      });
    });
  }

  secret(id: string, path: string): string {
    return this.find(id).now.get(path) ?? "";
  }

  private find(id: string): Stored {
    const entity = this.entities.find((candidate) => candidate.id === id);
    if (!entity) throw new Error(`no entity ${id}`);
    return entity;
  }

  private names(entity: Stored): { label: string; name: string } {
    const [first = "Name", second] = schemaOf(entity.kind).columns;
    return { label: entity.now.get(first) ?? "", name: second ? (entity.now.get(second) ?? "") : "" };
  }

  private reference(entity: Stored): EntityReference {
    return { id: entity.id, kind: entity.kind, label: this.names(entity).label };
  }

  private usedBy(entity: Stored): EntityReference[] {
    const extension = entity.now.get("Extension");
    if (entity.kind !== "User" || extension === undefined) return [];
    return this.entities
      .filter(
        (other) =>
          other !== entity && [...other.now.values()].some((v) => v.split(/[ ,*]/).includes(extension)),
      )
      .filter((other) => other.kind !== "User" && other.kind !== "Extension")
      .map((other) => this.reference(other));
  }
}

function isChanged(entity: Stored): boolean {
  return [...entity.now].some(([path, value]) => entity.was.get(path) !== value);
}

function schemaOf(kind: string): Schema {
  const schema = schemas[kind];
  if (!schema) throw new Error(`no kind ${kind}`);
  return schema;
}

function shown(schema: Schema, path: string, value: string): string {
  const field: { kind: FieldKind; choices?: FieldChoice[] } | undefined = schema.fields[path];
  return field?.choices?.find((choice) => choice.value === value)?.label ?? value;
}
