/** Work in the demo that takes a moment, and can be stopped. */
import { BackendError } from "../backend";
import type { OperationId } from "../types";

export const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Every operation that runs, and how it is told to stop. */
export class Operations {
  private readonly running = new Map<OperationId, AbortController>();

  async run<T>(id: OperationId, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.running.set(id, controller);
    try {
      return await work(controller.signal);
    } finally {
      this.running.delete(id);
    }
  }

  cancel(id: OperationId): void {
    this.running.get(id)?.abort();
  }
}

export async function step(signal: AbortSignal): Promise<void> {
  await turn();
  if (signal.aborted) throw new BackendError("cancelled", "Stopped.", "");
}

export function untilCancelled(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener("abort", () => reject(new BackendError("cancelled", "Stopped.", ""))),
  );
}
