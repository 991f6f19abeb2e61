/** The dialogs that are open, the topmost last. Opening one is a promise of its answer. */
import type { Component } from "svelte";

/** Every dialog takes `done`; `undefined` means that it was dismissed. */
export interface DialogProps<R> {
  done: (result?: R) => void;
}

type Answer<P> = P extends { done: (result?: infer R) => void } ? R : never;

interface Open {
  id: number;
  component: Component<Record<string, unknown>>;
  props: Record<string, unknown>;
}

let counter = 0;

class Dialogs {
  open = $state.raw<Open[]>([]);

  ask<P extends DialogProps<never>>(
    component: Component<P>,
    props: Omit<P, "done">,
  ): Promise<Answer<P> | undefined> {
    return new Promise((resolve) => {
      const id = counter++;
      const done = (result?: Answer<P>) => {
        this.open = this.open.filter((dialog) => dialog.id !== id);
        resolve(result);
      };
      const entry = { id, component: component as unknown as Open["component"], props: { ...props, done } };
      this.open = [...this.open, entry];
    });
  }
}

export const dialogs = new Dialogs();
