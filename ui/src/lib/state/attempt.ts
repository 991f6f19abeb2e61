/** What may fail, and what is said of it. */
import { BackendError } from "$lib/backend";
import { t } from "$lib/i18n/index.svelte";
import type { Target } from "$lib/types";
import { dialogs } from "./dialogs.svelte";
import { toasts } from "./toasts.svelte";
import { units } from "./units.svelte";

/** Runs something that may fail: a stop is said in passing, anything else in a dialog that can try again. */
export async function attempt(title: string, action: () => Promise<void>, target?: Target): Promise<void> {
  for (let again: boolean | undefined = true; again; ) {
    try {
      await action();
      units.touched += 1;
      return;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      if (error.code === "cancelled") {
        toasts.say(t.work.stopped(title));
        return;
      }
      const { code, message, hint } = error;
      if (target && code === "certificate_changed") units.trust(target, false);
      again = await dialogs.ask("FailureDialog", { title: t.work.failed(title), code, message, hint });
    }
  }
}
