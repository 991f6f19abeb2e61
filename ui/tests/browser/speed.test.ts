/** 2,000 saved sites: from the keystroke to the filtered list in less than a frame, and few rows in the document. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

const frame = 16;
const mostRows = 64;

/** Milliseconds from the input event until the list is filtered and laid out: the middle of many. */
function keystroke(page: Page): Promise<{ median: number; worst: number }> {
  return page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>("#filter");
    const list = document.querySelector<HTMLElement>("[data-filter]");
    if (!input || !list) throw new Error("no list");
    const times: number[] = [];
    for (let round = 0; round < 12; round++) {
      for (const text of ["l", "lu", "lug", "luga", "lug", "lu", "l", ""]) {
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
        const start = performance.now();
        input.value = text;
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
        while (list.dataset.filter !== text) await Promise.resolve();
        list.getBoundingClientRect();
        for (const row of list.querySelectorAll("tr")) row.getBoundingClientRect();
        times.push(performance.now() - start);
      }
    }
    times.sort((a, b) => a - b);
    return { median: times[Math.floor(times.length / 2)] ?? 0, worst: times.at(-2) ?? 0 };
  });
}

it("filters 2,000 sites within a frame", async () => {
  const small = await browser.open({ query: "sites=100" });
  const hundred = await keystroke(small);
  await small.close();
  const large = await browser.open({ query: "sites=2000" });
  const thousands = await keystroke(large);
  console.info(
    `keystroke to filtered list: 2,000 sites ${thousands.median.toFixed(1)} ms (nearly worst ${thousands.worst.toFixed(1)} ms), 100 sites ${hundred.median.toFixed(1)} ms, ratio ${(thousands.median / hundred.median).toFixed(2)}`,
  );
  expect(thousands.median).toBeLessThan(frame);
  await large.close();
});

it("keeps the rows in the document bounded while it scrolls to the end", async () => {
  const page = await browser.open({ query: "sites=2000" });
  const counts = await page.evaluate(async () => {
    const scroller = document.querySelector<HTMLElement>(".scroller");
    if (!scroller) throw new Error("no list");
    const seen: number[] = [];
    for (let top = 0; top <= scroller.scrollHeight; top += 1500) {
      scroller.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      seen.push(scroller.querySelectorAll("tbody tr").length);
    }
    return seen;
  });
  const most = Math.max(...counts);
  console.info(`rows in the document while scrolling 2,000 sites: at most ${most}`);
  expect(counts.length).toBeGreaterThan(20);
  expect(most).toBeLessThanOrEqual(mostRows);
  await page.keyboard.press("/");
  await page.keyboard.type("2000");
  await page.getByText("Zürich 2000").or(page.getByText("2000")).first().waitFor();
  await page.close();
});
