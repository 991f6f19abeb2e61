/** The security settings that are open, and what is looked at in them. They are in the program's memory alone. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import type { SecurityEdit, SecurityView, Session, Target } from "$lib/types";
import { navigation } from "./navigation.svelte";

export type Section =
  | "general"
  | "system"
  | "services"
  | "groups"
  | "users"
  | "interfaces"
  | "findings"
  | "changes";

/** Where something of this kind is changed. */
export const sectionOf: Record<string, Section> = {
  General: "general",
  System: "system",
  Service: "services",
  RightsGroup: "groups",
  ServiceUser: "users",
  UnsecuredInterface: "interfaces",
};

export class OpenSecurity {
  view = $state.raw<SecurityView>() as SecurityView;
  session = $state.raw<Session>() as Session;
  section = $state<Section>("findings");
  /** The chosen service user or rights group. */
  chosen = $state("");
  /** Why the last change could not be made; `""` when it could. */
  refused = $state("");
  /** The field that it belongs to. */
  refusedAt = $state("");

  constructor(view: SecurityView, session: Session) {
    this.view = view;
    this.session = session;
    if (view.findings.length === 0) this.section = "users";
    this.chosen = view.users[0]?.name ?? "";
  }

  get id(): string {
    return this.view.id;
  }

  get mayChange(): boolean {
    return this.session.rights.includes("writeSecurity");
  }

  show(section: Section, chosen = ""): void {
    this.section = section;
    this.refused = "";
    if (chosen !== "") this.chosen = chosen;
    else if (section === "users") this.chosen = this.view.users[0]?.name ?? "";
    else if (section === "groups") this.chosen = this.view.groups[0]?.name ?? "";
  }

  goTo(entity: string, name: string): void {
    this.show(sectionOf[entity] ?? "findings", name);
  }

  /** Makes a change; a refusal stands at the field. */
  async edit(edit: SecurityEdit, at = ""): Promise<boolean> {
    return this.take(() => door.backend.editSecurity(this.id, edit), at);
  }

  async undo(): Promise<void> {
    if (this.view.canUndo) await this.take(() => door.backend.undoSecurity(this.id));
  }

  async redo(): Promise<void> {
    if (this.view.canRedo) await this.take(() => door.backend.redoSecurity(this.id));
  }

  private async take(ask: () => Promise<SecurityView>, at = ""): Promise<boolean> {
    try {
      this.view = await ask();
      this.refused = "";
      this.refusedAt = "";
      return true;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error.code === "not_found") securities.gone(this.id);
      this.refused = error.message;
      this.refusedAt = at;
      return false;
    }
  }
}

class Securities {
  open = $state.raw<OpenSecurity[]>([]);
  current = $state.raw<OpenSecurity | null>(null);

  add(view: SecurityView, session: Session): OpenSecurity {
    const opened = new OpenSecurity(view, session);
    this.open = [...this.open, opened];
    this.show(opened);
    return opened;
  }

  show(opened: OpenSecurity): void {
    this.current = opened;
    navigation.place = "units";
    navigation.over = "security";
  }

  of({ siteId, address }: Target): OpenSecurity | undefined {
    return this.open.find(({ view: { target } }) =>
      siteId !== "" ? target.siteId === siteId : target.siteId === "" && target.address === address,
    );
  }

  async close(opened: OpenSecurity): Promise<void> {
    this.gone(opened.id);
    await door.backend.closeSecurity(opened.id);
  }

  /** They were closed; answers whether they were open here. */
  gone(id: string): boolean {
    const known = this.open.some((opened) => opened.id === id);
    this.open = this.open.filter((opened) => opened.id !== id);
    if (this.current?.id === id) {
      this.current = null;
      if (navigation.over === "security") navigation.over = null;
    }
    return known;
  }
}

export const securities = new Securities();
