/** A send that meets somebody else's changes, what a unit refuses, and a restart: without a mouse. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { choose, openConfiguration } from "./scenes";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name }).first().waitFor();

async function sendKey(scenario: string): Promise<Page> {
  const page = await browser.open({ query: `edited&scenario=${scenario}` });
  await openConfiguration(page);
  await page.keyboard.press("Control+Enter");
  await page.locator("dialog").waitFor();
  return page;
}

it("puts my changes on top of theirs, shows them, and sends them", async () => {
  const page = await sendKey("conflict");
  await heading(page, "Somebody else changed Zürich, Filiale 2");
  await page.getByText("It holds r421 now. Your changes were made to r418.").waitFor();
  expect(await page.getByRole("radio", { name: /Put my changes on top/ }).isChecked()).toBe(true);
  await page.keyboard.press("Enter");
  await heading(page, "Send to Zürich, Filiale 2");
  await page.getByText("the unit still holds r421").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("now holds r422").waitFor();
  await page.close();
});

it("overwrites only after a second, deliberate step", async () => {
  const page = await sendKey("collision");
  await heading(page, "Somebody else changed");
  expect(await page.getByRole("radio", { name: /Put my changes on top/ }).isDisabled()).toBe(true);
  const theirs = page.getByRole("radio", { name: /Receive theirs/ });
  expect(await theirs.isChecked()).toBe(true);
  await theirs.focus();
  await page.keyboard.press("ArrowDown");
  const go = page.getByRole("button", { name: "Go on to overwrite" });
  expect(await go.isDisabled()).toBe(true);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  expect(await go.isDisabled()).toBe(false);
  await page.keyboard.press("Enter");
  await page.getByText("This overwrites what somebody else changed").waitFor();
  await page.getByRole("button", { name: "Send and merge" }).press("Enter");
  await page.getByText("now holds r422").waitFor();
  await page.close();
});

it("receives theirs, and asks before my changes are lost", async () => {
  const page = await sendKey("collision");
  await heading(page, "Somebody else changed");
  await page.getByRole("button", { name: "Receive theirs" }).press("Enter");
  await heading(page, "Discard the changes to Zürich, Filiale 2?");
  await page.keyboard.press("Escape");
  await page.getByText("3 changes not sent").first().waitFor();
  await page.close();
});

it("does not send what is too large", async () => {
  const page = await sendKey("tooLarge");
  await page.getByText(/more than the unit takes/).waitFor();
  expect(await page.getByRole("button", { name: "Send and merge" }).isDisabled()).toBe(true);
  await page.close();
});

it("doubts what an IP500 V2 would not take, where the unit says nothing", async () => {
  const page = await sendKey("noLimit");
  await page.getByText("0.31 MB", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Send and merge" }).isDisabled()).toBe(false);
  await page.close();
});

it("offers the restarts where the unit can not merge", async () => {
  const page = await sendKey("refusesMerge");
  await page.keyboard.press("Enter");
  await page.getByText("Choose when it may restart").waitFor();
  expect(await page.getByRole("radio", { name: /^Merge/ }).isDisabled()).toBe(true);
  expect(await page.getByRole("radio", { name: /Restart when free/ }).isChecked()).toBe(true);
  await page.getByRole("button", { name: "Send, restart when free" }).press("Enter");
  await page.getByText("is back after 47 seconds").waitFor();
  await page.close();
});

it("leads to the problems where the unit takes it for no document", async () => {
  const page = await sendKey("refusesDocument");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Show the problems" }).press("Enter");
  await page.getByText("extension used twice").first().waitFor();
  await page.close();
});

it("keeps a restart in sight while something else is done, until somebody stops it", async () => {
  const page = await browser.open({ query: "scenario=waiting" });
  await choose(page, "Zürich, Filiale 2");
  await page.keyboard.press("Control+Shift+R");
  await page.getByRole("button", { name: "Restart when free" }).press("Enter");
  await page.getByText("is away, watched for 0:08, at most 14:55 more").waitFor();
  await choose(page, "Basel");
  await page.keyboard.press("F5");
  await page
    .getByText(/found in/)
    .first()
    .waitFor();
  await page.getByText("is away, watched for").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("is no longer watched").waitFor();
  expect(await page.getByText("is away, watched for").count()).toBe(0);
  await page.close();
});

it("says when calls hold a restart up, and goes on watching", async () => {
  const page = await browser.open({ query: "scenario=callsHoldItUp" });
  await choose(page, "Zürich, Filiale 2");
  await page.keyboard.press("Control+Shift+R");
  await page.getByRole("button", { name: "Restart when free" }).press("Enter");
  await page.getByText("calls hold it up").waitFor();
  await page.getByRole("button", { name: "Go on watching" }).press("Enter");
  await page.getByText("calls hold it up").waitFor();
  await page.close();
});
