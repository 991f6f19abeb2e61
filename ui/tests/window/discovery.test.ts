/** The first start of the real window, and what it keeps over a restart: criteria that were used, columns that were moved. */
import { Key } from "selenium-webdriver";
import { describe, expect, it } from "vitest";
import { App } from "./app";
import { missing } from "./programs";
import { startDesk, startSite } from "./stage";

/** Nobody listens there; it is asked all the same. */
const nobody = "127.0.0.1:9";

async function search(app: App, criteria: string): Promise<void> {
  await app.chord(Key.CONTROL, ",");
  await app.type("IP Search Criteria", criteria);
  await app.click("Save");
  await app.see("Preferences are saved");
}

async function moveRight(app: App, column: string): Promise<void> {
  await app.run(
    "[...document.querySelectorAll('thead button')].find((button) => button.innerText.includes(arguments[0])).focus()",
    column,
  );
  await app.chord(Key.SHIFT, Key.ARROW_RIGHT);
}

describe.skipIf(missing().length > 0)("searching in the window", () => {
  it("explains the first start once, and keeps criteria and columns over a restart", async () => {
    const [site, desk] = [await startSite(), await startDesk({ firstRun: true })];
    const first = await App.start(desk, { settled: false });
    await first.find("heading", "Welcome to Trunkline");
    await first.see("TCP 50802");
    for (const theme of ["light", "dark"] as const) {
      await first.theme(theme);
      expect(await first.violations(), theme).toEqual([]);
      await first.picture(`window-first-run-${theme}`);
    }
    await first.click("Got it");
    await first.gone("#welcome-title");

    await search(first, nobody);
    await search(first, site.criteria);
    await first.chord(Key.CONTROL, "1");
    await first.keys(Key.F5);
    await first.settled();
    await first.find("row", "Head Office");
    const before = await first.columns();
    await moveRight(first, "Name");
    const moved = await first.columns();
    expect(moved.slice(0, 3)).toEqual([before[0], before[2], before[1]]);
    await first.quit();

    const second = await App.start(desk);
    expect(await second.columns()).toEqual(moved);
    expect(await second.text()).not.toContain("Welcome to Trunkline");
    await second.chord(Key.CONTROL, ",");
    await second.click("Earlier criteria");
    await second.see(nobody);
    await second.quit();
  });
});
