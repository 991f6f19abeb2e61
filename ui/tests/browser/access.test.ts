/** Passwords, certificates and log-ins that end: without a mouse. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { choose, openConfiguration, openLists, openOverApi, receive } from "./scenes";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name }).first().waitFor();

async function logInTo(page: Page, name: string, password: string): Promise<void> {
  await receive(page, name);
  await heading(page, `Log in to ${name}`);
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
}

it("logs in without a password only when that is meant", async () => {
  const page = await browser.open();
  await receive(page, "Genève Cornavin");
  await heading(page, "Log in to Genève Cornavin");
  await page.keyboard.press("Enter");
  await page.getByText("No password was typed").waitFor();
  await page.keyboard.type("x");
  await page.getByText("No password was typed").waitFor({ state: "detached" });
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Log in without a password" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.close();
});

it("counts down while the unit takes no log-in", async () => {
  const page = await browser.open();
  await logInTo(page, "Genève Cornavin", "busy");
  await page.getByRole("timer").waitFor();
  expect(await page.getByRole("button", { name: "Log in" }).isDisabled()).toBe(true);
  await page.close();
});

it("warns of an impostor, and has no button to try again", async () => {
  const page = await browser.open();
  await logInTo(page, "Genève Cornavin", "impostor");
  await page.getByText("Do not log in here").waitFor();
  expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.close();
});

it("changes a password that expires, and says why the unit did not take one", async () => {
  const page = await browser.open();
  await logInTo(page, "Genève Cornavin", "expiring");
  await page.getByText(/expires in 3 days/).waitFor();
  await page.getByRole("button", { name: "Change password…" }).press("Enter");
  await heading(page, "Change the password on Genève Cornavin");
  for (const password of ["short", "long enough"]) {
    await page.getByLabel("New password", { exact: true }).fill(password);
    await page.getByLabel("New password, again").fill(password);
    await page.keyboard.press("Enter");
    if (password === "short") await page.getByText("at least 8 characters").waitFor();
  }
  await page.getByText("has a new password on Genève Cornavin").waitFor();
  await page.close();
});

it("changes a password from the palette", async () => {
  const page = await browser.open();
  await choose(page, "Zürich, Filiale 2");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("change the password");
  await page.keyboard.press("Enter");
  await heading(page, "Change the password on Zürich, Filiale 2");
  await page.keyboard.press("Escape");
  await page.close();
});

it("says when log-ins ended because nobody used them", async () => {
  const page = await browser.open();
  await openConfiguration(page);
  await page.keyboard.press("Control+1");
  await choose(page, "Zürich, Filiale 2");
  const detail = page.getByRole("complementary");
  await detail.getByText("logged in").waitFor();
  await page.evaluate(() => void globalThis.dispatchEvent(new Event("demo-idle")));
  await page.getByText("Logged out of Zürich, Filiale 2: not used for 15 minutes.").waitFor();
  await detail.getByText("logged in").waitFor({ state: "detached" });
  await page.close();
});

it("accepts a certificate that the computer does not trust only when it was compared", async () => {
  const page = await browser.open();
  await logInTo(page, "Genève Cornavin", "expired");
  await heading(page, "This computer does not trust the certificate of Genève Cornavin");
  await page.getByText("The certificate has expired").waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Stop here");
  const go = page.getByRole("button", { name: "Trust it this time" });
  expect(await go.isDisabled()).toBe(true);
  await page.getByRole("checkbox").press("Space");
  await go.press("Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.close();
});

it("gives a site a client certificate, whose password is asked until it opens the file", async () => {
  const page = await browser.open();
  await choose(page, "Basel");
  await page.keyboard.press("F2");
  await heading(page, /^Edit Basel/);
  await page.getByLabel("Go on without TLS").press("Space");
  await page.getByRole("button", { name: "Choose…" }).press("Enter");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("does not open it").waitFor();
  await page.keyboard.type("trunkline");
  await page.keyboard.press("Enter");
  await page.getByText("/home/demo/trunkline.p12").waitFor();
  await page.getByRole("button", { name: "Save" }).press("Enter");
  await page.locator("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("F2");
  await page.getByText("/home/demo/trunkline.p12").waitFor();
  expect(await page.getByLabel("Go on without TLS").isChecked()).toBe(true);
  await page.close();
});

it("shows a unit's lists, filters them, and saves and copies what is left", async () => {
  const page = await browser.open();
  await openLists(page, "Zürich, Filiale 2");
  await page.getByText("read from 10.21.4.1:50796 over TLS").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("workshop");
  await page.getByText("15 matches").first().waitFor();
  await page.getByRole("button", { name: "Copy" }).press("Enter");
  await page.getByText("Copied 15 rows").waitFor();
  await page.getByRole("button", { name: "Save as CSV…" }).press("Enter");
  await page.getByText("Saved /home/demo/Zürich, Filiale 2 Users.csv").waitFor();
  await page.getByRole("button", { name: "Licences" }).press("Enter");
  await page.getByText("has no CTI licence").waitFor();
  await page.getByRole("button", { name: "Back to the units" }).press("Enter");
  await heading(page, "Units");
  await page.close();
});

it("offers over the Management API only what it can do", async () => {
  const page = await browser.open({ query: "edited" });
  await openOverApi(page);
  expect(await page.getByRole("radio", { name: /^Merge/ }).isChecked()).toBe(true);
  for (const name of [/Restart when free/, /Restart at a time/, /Restart immediately/])
    expect(await page.getByRole("radio", { name }).isDisabled()).toBe(true);
  await page.close();
});

it("says exactly where a send over the Management API stopped", async () => {
  const page = await browser.open({ query: "edited&scenario=stopsInTheMiddle" });
  await openOverApi(page);
  await page.keyboard.press("Enter");
  await page.getByText("It stopped in the middle").waitFor();
  for (const words of ["2 changes are written", "1 change may be written", "2 changes are not written"])
    await page.getByText(words).waitFor();
  await page.getByText("new ShortCode *88").waitFor();
  await page.close();
});
