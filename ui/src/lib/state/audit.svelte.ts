/** The audit trail that is looked at. */
import type { AuditTrail, Target } from "$lib/types";
import { navigation } from "./navigation.svelte";

export interface ShownAudit {
  target: Target;
  name: string;
  trail: AuditTrail;
}

class Audits {
  current = $state.raw<ShownAudit | null>(null);

  show(shown: ShownAudit): void {
    this.current = shown;
    navigation.place = "units";
    navigation.over = "audit";
  }
}

export const audits = new Audits();
