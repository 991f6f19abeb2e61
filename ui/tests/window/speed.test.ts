/** 2,000 saved sites in the real window: how long a keystroke takes is measured and printed; few rows are in the page. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { describe, expect, it } from "vitest";
import { type Keystrokes, keystrokes, rowsWhileScrolling } from "../keystrokes";
import { App } from "./app";
import type { Desk } from "./desk";
import { missing } from "./programs";
import { startDesk } from "./stage";

const mostRows = 64;
const places = ["Lugano", "Luzern", "Basel", "Bern", "Zürich", "Genève", "Chur", "Olten"];

/** Sites on loopback addresses where nobody answers. */
function saveSites(desk: Desk, count: number): void {
  const sites = Array.from({ length: count }, (_, i) => ({
    id: i.toString(16).padStart(32, "0"),
    name: `${places[i % places.length]} ${i + 1}`,
    group: `Customer ${i % 40}`,
    address: `127.90.${i >> 8}.${i & 255}`,
  }));
  mkdirSync(desk.dataFolder, { recursive: true });
  writeFileSync(join(desk.dataFolder, "store.json"), JSON.stringify({ version: 1, sites }));
}

async function open(count: number): Promise<App> {
  const desk = await startDesk();
  saveSites(desk, count);
  const app = await App.start(desk, { settled: false });
  await app.see(`of ${count.toLocaleString("en")} answered`);
  await app.keys(Key.ESCAPE);
  await app.settled();
  return app;
}

/** The best of some rounds: whatever else this machine does makes a keystroke slower, and never faster. */
async function quickest(app: App): Promise<Keystrokes> {
  const rounds: Keystrokes[] = [];
  for (let round = 0; round < 2; round++) rounds.push(await app.within<Keystrokes>(keystrokes));
  return rounds.reduce((best, one) => (one.mean < best.mean ? one : best));
}

function said({ mean, median, nearlyWorst }: Keystrokes): string {
  // The web view's clock ticks in whole milliseconds; the mean of many is finer.
  return `${mean.toFixed(1)} ms (median ${median}, nearly worst ${nearlyWorst})`;
}

describe.skipIf(missing().length > 0)("2,000 sites in the window", () => {
  it("are filtered at each keystroke, and bounded in the page", async () => {
    const small = await open(100);
    const hundred = await quickest(small);
    await small.quit();
    const large = await open(2000);
    const thousands = await quickest(large);
    console.info(
      `keystroke to filtered list in the window: 2,000 sites ${said(thousands)}, 100 sites ${said(hundred)}, ratio ${(thousands.mean / hundred.mean).toFixed(2)}`,
    );
    expect(thousands.mean).toBeGreaterThan(0);
    const { stops, most } = await large.within<{ stops: number; most: number }>(rowsWhileScrolling);
    console.info(`rows in the page while scrolling 2,000 sites: at most ${most}`);
    expect(stops).toBeGreaterThan(20);
    expect(most).toBeLessThanOrEqual(mostRows);
  });
});
