/** Takes a picture of every scene into `pictures/`, to be looked at: `npm run pictures`. */
import { mkdirSync } from "node:fs";
import { afterAll, beforeAll, describe, it } from "vitest";
import { scenes } from "./scenes";
import { Browser } from "./window";

const wanted = process.env.PICTURES;

describe.runIf(wanted !== undefined)("pictures", () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync("pictures", { recursive: true });
    browser = await Browser.start();
  });
  afterAll(() => browser?.close());

  for (const { name, setting, reach } of scenes.filter((scene) => scene.name.startsWith(wanted ?? ""))) {
    for (const scheme of ["light", "dark"] as const) {
      it(`${name}, ${scheme}`, async () => {
        const page = await browser.open({ ...setting, scheme });
        await reach(page);
        await page.screenshot({ path: `pictures/${name}-${scheme}.png` });
        if (process.env.TEXT) {
          await page.evaluate((size) => {
            document.documentElement.style.fontSize = size;
          }, process.env.TEXT);
          await page.screenshot({ path: `pictures/${name}-${scheme}-text.png` });
        }
        await page.close();
      });
    }
  }
});
