/** The preferences that are numbers, with the bounds that the program keeps. */
import type { Preferences } from "$lib/types";

export const numbers = {
  servicesBasePort: { min: 49152, max: 65526 },
  probeTimeoutMs: { min: 100, max: 60_000 },
  probeAttempts: { min: 0, max: 10 },
  probeConcurrency: { min: 0, max: 65_536 },
  connectTimeoutS: { min: 1, max: 60 },
  transferTimeoutS: { min: 1, max: 120 },
  transferTries: { min: 1, max: 20 },
  idleMinutes: { min: 1, max: 1440 },
} as const;

export type NumberPreference = keyof typeof numbers;

/** A field that is empty gives null, which is out of bounds too. */
export function outOfBounds(preferences: Preferences): NumberPreference[] {
  return (Object.keys(numbers) as NumberPreference[]).filter((id) => {
    const value: number | null = preferences[id];
    return !Number.isInteger(value) || value < numbers[id].min || value > numbers[id].max;
  });
}
