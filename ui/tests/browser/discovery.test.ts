/** Searching and the first start without a mouse; and columns that are dragged with one. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { heading, press, tabTo } from "./keys";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

const columns = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("main thead th")].map((th) => th.textContent?.replace(/[↑↓]/g, "").trim()),
  );
const fromPalette = async (page: Page, words: string) => {
  await press(page, "Control+k");
  await page.keyboard.type(words);
  await press(page, "Enter");
};

it("puts the first page away for good, and shows it again from the palette and from Help", async () => {
  const page = await browser.open({ query: "scenario=firstRun" });
  await heading(page, "Welcome to Trunkline");
  // The list fills behind it all the same.
  await page.getByText("Zürich, Filiale 2").first().waitFor();
  await tabTo(page, "Got it");
  await press(page, "Enter");
  await page.getByText("Welcome to Trunkline").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("TABLE");
  await press(page, "F5");
  await press(page, "Control+2", "Control+1");
  expect(await page.getByText("Welcome to Trunkline").count()).toBe(0);
  await fromPalette(page, "first page");
  await heading(page, "Welcome to Trunkline");
  await press(page, "F1");
  await heading(page, "Help");
  await page.getByText("TCP 50802").waitFor();
  await tabTo(page, "Show the first page again");
  await press(page, "Enter");
  await heading(page, "Welcome to Trunkline");
  await page.close();
});

it("moves columns with the keyboard, and hides and shows them in their place", async () => {
  const page = await browser.open();
  expect((await columns(page)).slice(0, 3)).toEqual(["State", "Name", "Address"]);
  await page.getByRole("treegrid").focus();
  await press(page, "Tab", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight");
  expect((await columns(page)).slice(0, 4)).toEqual(["State", "Address", "Name", "Type"]);
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim().split(" ")[0])).toBe(
    "Address",
  );
  await page.close();
});

it("moves columns with the mouse, without sorting by them", async () => {
  const page = await browser.open();
  const box = async (name: string) => {
    const header = await page.getByRole("columnheader", { name }).boundingBox();
    if (!header) throw new Error(`no column ${name}`);
    return {
      x: header.x + header.width / 2,
      y: header.y + header.height / 2,
      right: header.x + header.width,
    };
  };
  const [from, to] = [await box("Address"), await box("Version")];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 20, from.y);
  await page.mouse.move(to.right - 4, to.y, { steps: 4 });
  expect(await page.locator("th[data-drop]").count()).toBe(1);
  await page.mouse.up();
  expect(await columns(page)).toEqual([
    "State",
    "Name",
    "Type",
    "Version",
    "Address",
    "Found by",
    "Round trip",
  ]);
  expect(await page.getByRole("columnheader", { name: "Address" }).getAttribute("aria-sort")).toBe("none");
  await page.getByRole("columnheader", { name: "Address" }).getByRole("button").click();
  expect(await page.getByRole("columnheader", { name: "Address" }).getAttribute("aria-sort")).toBe(
    "ascending",
  );
  await page.close();
});

it("takes criteria from the history and a network of this computer, and looks names up", async () => {
  const page = await browser.open();
  await press(page, "Control+,");
  await heading(page, "Preferences");
  await tabTo(page, "Earlier criteria");
  await press(page, "Enter", "ArrowDown", "Enter");
  const area = page.getByLabel("IP Search Criteria");
  expect(await area.inputValue()).toBe("172.20.0.10-30; spital.example");
  await tabTo(page, "Look up the names");
  await press(page, "Enter");
  await page.getByText("can not be looked up").waitFor();
  await tabTo(page, "Add 10.21.4.0/24");
  await press(page, "Enter");
  expect(await area.inputValue()).toBe("172.20.0.10-30; spital.example; 10.21.4.0/24");
  await tabTo(page, "Save");
  await press(page, "Enter");
  await page.getByText("Preferences are saved").waitFor();
  await page.getByRole("button", { name: "Earlier criteria" }).click();
  await page.getByRole("menuitem", { name: /hq\.muster\.example/ }).waitFor();
  await page.close();
});

it("asks further in one search, from the palette, and what answers can be looked at", async () => {
  const page = await browser.open({ query: "scenario=field" });
  expect(await page.getByText("IP Office by HTTP").count()).toBe(0);
  await fromPalette(page, "search further");
  await page.getByRole("dialog", { name: "Search further" }).waitFor();
  expect(await page.getByLabel(/^Ask by HTTP/).evaluate((input) => input === document.activeElement)).toBe(
    true,
  );
  await tabTo(page, "Search");
  await press(page, "Enter");
  await page.getByText("IP Office by HTTP").first().waitFor();
  await press(page, "F5");
  await page.getByText("IP Office by HTTP").waitFor({ state: "detached" });
  await page.close();
});

it("says that the networks changed, and that it searches again", async () => {
  const page = await browser.open();
  await page.evaluate(() => void globalThis.dispatchEvent(new Event("demo-networks")));
  await page.getByText("Networks changed, now eth1 10.77.0.5/24. Searching again.").waitFor();
  await page.getByText("14 of 15 answered").waitFor();
  await page.close();
});

it("imports a list and says what became of it, and exports", async () => {
  const page = await browser.open();
  await fromPalette(page, "import sites");
  await heading(page, "Sites from known-units.csv");
  await page.getByText("1 site is new, 2 were changed, 11 were known.").waitFor();
  await page.getByText("Line 7").waitFor();
  await press(page, "Escape");
  await page.locator("dialog[open]").waitFor({ state: "detached" });
  await page.getByText("Winterthur").first().waitFor();
  await fromPalette(page, "vendor");
  await page.getByText("saved in /home/demo/known-units.csv").waitFor();
  await page.close();
});
