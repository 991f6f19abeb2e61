/** The dialogs that are open, the topmost last. Opening one is a promise of its answer. */
import type { Component, ComponentProps } from "svelte";
import { type Rest, rest } from "$lib/rest";

/** Every dialog takes `done`; `undefined` means that it was dismissed. */
export interface DialogProps<R> {
  done: (result?: R) => void;
}

type Answer<P> = P extends { done: (result?: infer R) => void } ? R : never;
type Props<K extends keyof Rest> = ComponentProps<Rest[K]>;
type DialogName = { [K in keyof Rest]: Props<K> extends DialogProps<never> ? K : never }[keyof Rest];

interface Open {
  id: number;
  component: Component<Record<string, unknown>>;
  props: Record<string, unknown>;
}

let counter = 0;

class Dialogs {
  open = $state.raw<Open[]>([]);
  /** Dialogs that are asked for and not drawn yet. */
  private coming = 0;

  /** The window behind does not hear the keyboard. */
  get busy(): boolean {
    return this.coming > 0 || this.open.length > 0;
  }

  async ask<K extends DialogName>(
    name: K,
    props: Omit<Props<K>, "done">,
  ): Promise<Answer<Props<K>> | undefined> {
    this.coming += 1;
    const component = (await rest().finally(() => (this.coming -= 1)))[name];
    return new Promise((resolve) => {
      const id = counter++;
      const done = (result?: Answer<Props<K>>) => {
        this.open = this.open.filter((dialog) => dialog.id !== id);
        resolve(result);
      };
      const entry = { id, component: component as unknown as Open["component"], props: { ...props, done } };
      this.open = [...this.open, entry];
    });
  }
}

export const dialogs = new Dialogs();
