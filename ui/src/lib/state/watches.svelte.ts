/** Units that restart, each watched until it is back; whatever else runs meanwhile. */
import { BackendError } from "$lib/backend";
import { door } from "$lib/door";
import { t } from "$lib/i18n/index.svelte";
import { targetKey } from "$lib/rows/rows";
import type { OperationId, Target, WatchEvent } from "$lib/types";
import { clock } from "$lib/words";
import { dialogs } from "./dialogs.svelte";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";
import { newOperation } from "./work.svelte";

export interface Watch {
  operation: OperationId;
  /** Which unit: it is watched once. */
  key: string;
  name: string;
  seen: WatchEvent;
}

class Watches {
  list = $state.raw<Watch[]>([]);

  /** Stays with a restarted unit until it answers again. Stopping this stops the looking, not the unit. */
  async start(target: Target, name: string): Promise<void> {
    const key = targetKey(target);
    if (this.list.some((watch) => watch.key === key)) return;
    const operation = newOperation();
    this.list = [...this.list, { operation, key, name, seen: { state: "waiting", elapsedS: 0, leftS: -1 } }];
    try {
      const result = await door.backend.watchUntilBack(operation, target, (seen) =>
        this.see(operation, seen),
      );
      this.end(operation);
      if (!result.went) {
        toasts.keep(t.watch.heldUp(name), {
          label: t.watch.goOn,
          run: () => void this.start(target, name),
        });
        return;
      }
      toasts.say(t.restart.back(name, result.elapsedS));
      await units.refresh();
    } catch (error) {
      this.end(operation);
      if (!(error instanceof BackendError)) throw error;
      if (error.code === "cancelled") {
        toasts.say(t.watch.stopped(name));
        return;
      }
      const { code, message, hint } = error;
      const title = t.watch.failed(name);
      if (await dialogs.ask("FailureDialog", { title, code, message, hint })) await this.start(target, name);
    }
  }

  stop(watch: Watch | undefined): void {
    if (watch) void door.backend.cancel(watch.operation);
  }

  private see(operation: OperationId, seen: WatchEvent): void {
    this.list = this.list.map((watch) => (watch.operation === operation ? { ...watch, seen } : watch));
  }

  private end(operation: OperationId): void {
    this.list = this.list.filter((watch) => watch.operation !== operation);
  }
}

export const watches = new Watches();

/** What a restarting unit is doing, and how long that can last. */
export function watchWords({ state, elapsedS, leftS }: WatchEvent): string {
  const w = t.watch;
  switch (state) {
    case "waiting":
      if (leftS > 0) return w.goesIn(clock(leftS));
      return leftS === 0 ? w.waitsForCalls(clock(elapsedS)) : w.waiting(clock(elapsedS));
    case "down":
      return w.down(clock(elapsedS), clock(leftS));
    case "starting":
      return w.starting(clock(elapsedS), clock(leftS));
    case "back":
      return w.back;
  }
}
