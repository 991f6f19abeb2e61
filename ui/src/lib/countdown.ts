/** Whole seconds until an instant, never below zero; both in milliseconds of the same clock. */
export function secondsLeft(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}
