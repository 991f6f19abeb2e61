/** Every pair of ink and ground that the window sets text in reaches 4.5:1, in light and in dark. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/tokens.css", "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[\da-f]{6}), (#[\da-f]{6})\)/g)].map(
    ([, name = "", light = "", dark = ""]) => [name, { light, dark }],
  ),
);

const pairs: [string, string[]][] = [
  ["ink", ["canvas", "card", "sunken", "accent-soft", "caution-soft", "bad-soft", "chip"]],
  ["ink-2", ["canvas", "card", "sunken", "accent-soft", "chip", "bad-soft"]],
  ["ink-3", ["canvas", "card", "sunken", "accent-soft"]],
  ["good", ["card", "sunken", "accent-soft"]],
  ["caution", ["card", "sunken", "accent-soft", "caution-soft"]],
  ["bad", ["card", "sunken", "accent-soft", "bad-soft"]],
  ["accent-ink", ["card", "chip", "accent-soft", "sunken"]],
  ["on-accent", ["accent", "accent-hover"]],
  ["on-bad", ["bad-fill"]],
  ["rail-ink", ["rail"]],
  ["rail-ink-selected", ["rail-selected"]],
];

/** Shapes that carry meaning need 3:1 (WCAG 1.4.11). */
const shapes: [string, string[]][] = [
  ["accent", ["card", "canvas", "accent-soft"]],
  ["line-strong", ["card", "accent-soft"]],
];

/** WCAG 2, relative luminance. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function colour(name: string, scheme: "light" | "dark"): string {
  const token = tokens.get(name);
  if (!token) throw new Error(`no token ${name}`);
  return token[scheme];
}

it("measures as WCAG does", () => expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 5));

describe.each(["light", "dark"] as const)("%s", (scheme) => {
  const check = (list: [string, string[]][], least: number) => {
    for (const [ink, grounds] of list) {
      for (const ground of grounds) {
        it(`${ink} on ${ground} is at least ${least}`, () =>
          expect(contrast(colour(ink, scheme), colour(ground, scheme))).toBeGreaterThanOrEqual(least));
      }
    }
  };
  check(pairs, 4.5);
  check(shapes, 3);
});
