/** axe finds nothing, in any view or dialog, light and dark; and nothing is cut off with text at twice its size. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenes } from "./scenes";
import { Browser, clipped, violations } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

describe("axe finds nothing", () => {
  for (const { name, setting, reach } of scenes) {
    it(name, async () => {
      const page = await browser.open(setting);
      await reach(page);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        expect(await violations(page), `${name}, ${colorScheme}`).toEqual([]);
      }
      await page.close();
    });
  }
});

it("axe would find something, if there were something", async () => {
  const page = await browser.open();
  await page.evaluate(() => document.querySelector("#filter")?.removeAttribute("aria-label"));
  await page.addStyleTag({ content: "h1 { color: #cccccc } button { overflow: hidden; width: 1rem }" });
  expect(await violations(page)).toContainEqual(expect.stringContaining("color-contrast"));
  expect(await clipped(page)).not.toEqual([]);
  await page.close();
});

describe("text at 200 %", () => {
  const wanted = [
    "units",
    "units-certificate",
    "units-first-run",
    "units-field",
    "units-unidentified",
    "search-further",
    "help",
    "criteria",
    "configuration",
    "send",
    "send-timed",
    "send-collision",
    "send-too-large",
    "waiting",
    "log-in-wrong",
    "site-add",
    "site-api",
    "certificate-refused",
    "lists",
    "send-api-stopped",
    "certificate-changed",
    "preferences-bad-entry",
    "activity",
    "security",
    "security-policy",
    "security-services",
    "security-users",
    "security-send",
    "audit",
  ];

  for (const { name, setting, reach } of scenes.filter((scene) => wanted.includes(scene.name))) {
    it(`${name}: the window zoomed`, async () => {
      const page = await browser.open({ ...setting, scale: 2 });
      await reach(page);
      expect(await clipped(page)).toEqual([]);
      await page.close();
    });

    it(`${name}: the text alone`, async () => {
      const page = await browser.open(setting);
      await page.evaluate(() => {
        document.documentElement.style.fontSize = "200%";
      });
      await reach(page);
      expect(await clipped(page)).toEqual([]);
      await page.close();
    });
  }
});

it("asks nobody but its own origin", async () => {
  const page = await browser.open();
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(page.url()).origin) elsewhere.push(request.url());
  });
  await page.reload();
  await page.getByText("14 of 15 answered").waitFor();
  expect(elsewhere).toEqual([]);
  await page.close();
});

it("nothing moves when the system asks for stillness", async () => {
  const page = await browser.open();
  await page.keyboard.press("Control+k");
  const moving = await page.evaluate(
    () =>
      [...document.querySelectorAll("*")].filter((element) => {
        const { animationName, transitionDuration } = getComputedStyle(element);
        return animationName !== "none" || Number.parseFloat(transitionDuration) > 0;
      }).length,
  );
  expect(moving).toBe(0);
  await page.close();
});
