/** The long piece of work that runs now, for the line at the bottom. */
import { door } from "$lib/door";
import type { OperationId, Progress } from "$lib/types";

export interface Job {
  operation: OperationId;
  /** `Receiving from Zürich`. */
  title: string;
  progress: Progress | null;
  /** What is happening, where the step alone does not say it. */
  note: string;
}

export function newOperation(): OperationId {
  return crypto.randomUUID();
}

class Work {
  job = $state.raw<Job | null>(null);

  async run<T>(
    title: string,
    work: (operation: OperationId, report: (progress: Progress, note?: string) => void) => Promise<T>,
  ): Promise<T> {
    const operation = newOperation();
    this.job = { operation, title, progress: null, note: "" };
    try {
      return await work(operation, (progress, note = "") => {
        if (this.job?.operation === operation) this.job = { operation, title, progress, note };
      });
    } finally {
      if (this.job?.operation === operation) this.job = null;
    }
  }

  cancel(): void {
    if (this.job) void door.backend.cancel(this.job.operation);
  }
}

export const work = new Work();
