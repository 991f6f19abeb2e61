/** 2,000 saved sites: from the keystroke to the filtered list, measured and printed, and few rows in the document. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { keystrokes, rowsWhileScrolling } from "../keystrokes";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

const mostRows = 64;

it("filters 2,000 sites at each keystroke", async () => {
  const small = await browser.open({ query: "sites=100" });
  const hundred = await small.evaluate(keystrokes);
  await small.close();
  const large = await browser.open({ query: "sites=2000" });
  const thousands = await large.evaluate(keystrokes);
  console.info(
    `keystroke to filtered list: 2,000 sites ${thousands.median.toFixed(1)} ms (nearly worst ${thousands.nearlyWorst.toFixed(1)} ms), 100 sites ${hundred.median.toFixed(1)} ms, ratio ${(thousands.median / hundred.median).toFixed(2)}`,
  );
  expect(await large.locator("[data-filter]").getAttribute("data-filter")).toBe("");
  await large.close();
});

it("keeps the rows in the document bounded while it scrolls to the end", async () => {
  const page = await browser.open({ query: "sites=2000" });
  const { stops, most } = await page.evaluate(rowsWhileScrolling);
  console.info(`rows in the document while scrolling 2,000 sites: at most ${most}`);
  expect(stops).toBeGreaterThan(20);
  expect(most).toBeLessThanOrEqual(mostRows);
  await page.keyboard.press("/");
  await page.keyboard.type("2000");
  await page.getByText("Zürich 2000").or(page.getByText("2000")).first().waitFor();
  await page.close();
});
