/** What goes wrong, in the real window: it is said in the place where it matters, and the way on is there. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { describe, expect, it } from "vitest";
import { App } from "./app";
import type { Desk } from "./desk";
import { missing, noPrompt } from "./programs";
import { password } from "./site";
import { startDesk, startStage } from "./stage";

const unit = "Head Office";
/** Units of `simulate --units N` are called so. */
const branch = "Branch 0001";

async function receive(app: App, name: string): Promise<void> {
  await app.choose(name);
  await app.click("Receive");
}

async function receiveForTheFirstTime(app: App, name: string): Promise<void> {
  await receive(app, name);
  await app.logIn(password);
  await app.find("heading", "Do you trust");
  await app.click("Trust and pin it");
}

async function dismiss(app: App): Promise<void> {
  await app.keys(Key.ESCAPE);
  await app.gone("dialog");
}

/** As if the unit had got another certificate since it was pinned. */
function pinAnother(desk: Desk): void {
  const file = join(desk.dataFolder, "store.json");
  const store = JSON.parse(readFileSync(file, "utf8")) as { pins: Record<string, { sha256: string }> };
  for (const pin of Object.values(store.pins)) pin.sha256 = pin.sha256.replaceAll(/[\dA-Fa-f]/g, "0");
  expect(Object.keys(store.pins)).not.toEqual([]);
  writeFileSync(file, JSON.stringify(store));
}

describe.skipIf(missing().length > 0)("in the window", () => {
  it("a wrong password leaves the attempts that the unit still allows, and another try", async () => {
    const { app } = await startStage();
    await receive(app, unit);
    await app.logIn("not the password");
    await app.find("heading", "Do you trust");
    await app.click("Trust and pin it");
    await app.see("Wrong user name or password.");
    await app.see("left before the unit locks the account");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-log-in-wrong");
    // What was accepted is not asked again, although a certificate is pinned only by a log-in that works.
    await app.logIn(password);
    await app.field("Find in configuration");
  });

  it("a unit that goes in the middle of a receive is named, with what to do", async () => {
    const { app, site, desk } = await startStage("--units", "1", "--fault", "stall:20000");
    desk.trunkline("preferences", "set", "transfer_timeout_ms", "1000");
    await receiveForTheFirstTime(app, branch);
    await app.see("receiving");
    await site.stop();
    await app.find("heading", `Receiving from ${branch} did not work`);
    await app.see("127.0.0.1");
    await app.see("Error code:");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-unit-gone");
    await dismiss(app);
    await app.settled();
  });

  it("Escape stops a receive", async () => {
    const { app } = await startStage("--units", "1", "--fault", "stall:20000");
    await receiveForTheFirstTime(app, branch);
    await app.see("receiving");
    await app.keys(Key.ESCAPE);
    await app.see(`Receiving from ${branch}: stopped`);
    await app.settled();
  });

  it("a changed certificate stops the log-in until it was compared", async () => {
    const { app, desk } = await startStage();
    await receiveForTheFirstTime(app, unit);
    await app.field("Find in configuration");
    await app.quit();
    pinAnother(desk);

    const again = await App.start(desk);
    await receive(again, unit);
    await again.logIn(password);
    await again.find("heading", `The certificate of ${unit} has changed`);
    await again.see("00:00:00:00");
    expect(await (await again.find("button", "Trust the new one")).isEnabled()).toBe(false);
    expect(await again.violations()).toEqual([]);
    await again.picture("window-certificate-changed");
    await again.click("Stop here");
    await again.gone("dialog");

    await receive(again, unit);
    await again.logIn(password);
    await (await again.field("I have checked that the new fingerprint is the unit's own")).click();
    await again.click("Trust the new one");
    await again.field("Find in configuration");
  });

  it("a locked keychain is said, and the password can be typed", async () => {
    const { app, desk } = await startStage();
    await receive(app, unit);
    await app.logIn(password, true);
    await app.find("heading", "Do you trust");
    await app.click("Trust and pin it");
    await app.field("Find in configuration");
    await app.quit();
    await desk.lockKeychain();

    const again = await App.start(desk);
    await receive(again, unit);
    await again.see("The keychain could not be asked");
    expect(await again.violations()).toEqual([]);
    await again.picture("window-keychain-locked");
    await again.logIn(password);
    await again.field("Find in configuration");
  });

  it.skipIf(noPrompt())(
    "a keychain that asks on the screen is waited for in sight, or not at all",
    async () => {
      const { app, desk } = await startStage();
      await receive(app, unit);
      await app.logIn(password, true);
      await app.find("heading", "Do you trust");
      await app.click("Trust and pin it");
      await app.field("Find in configuration");
      await app.quit();
      await desk.lockKeychainInSight();

      const left = await App.start(desk);
      await receive(left, unit);
      await left.see("Waiting for the keychain");
      expect(await left.violations()).toEqual([]);
      await left.screen("window-keychain-waits");
      await left.click("Go on without the keychain");
      await left.find("heading", `Log in to ${unit}`);
      await left.see("you went on without it");
      await dismiss(left);
      await receive(left, unit);
      await left.see("its prompt is still open");
      await dismiss(left);
      await left.quit();
    },
  );

  it.skipIf(noPrompt())("a keychain that is unlocked on the screen gives the password", async () => {
    const { app, desk } = await startStage();
    await receive(app, unit);
    await app.logIn(password, true);
    await app.find("heading", "Do you trust");
    await app.click("Trust and pin it");
    await app.field("Find in configuration");
    await app.quit();
    await desk.lockKeychainInSight();

    const again = await App.start(desk);
    await receive(again, unit);
    await again.see("Waiting for the keychain");
    await desk.promptShown();
    await desk.answerPrompt();
    await again.field("Find in configuration");
    expect(await again.text()).not.toContain("Waiting for the keychain");
    const { out } = await again.heard();
    expect(out.map(([command]) => command)).not.toContain("log_in");
  });

  it("closing over changes that were not sent asks first", async () => {
    const { app } = await startStage();
    await receiveForTheFirstTime(app, unit);
    await app.field("Find in configuration");
    await (await app.find("row", "203")).click();
    await app.find("heading", "User 203");
    await app.type("Full name", `Front desk${Key.TAB}`);
    await app.see("1 change not sent");
    await app.pressClose();
    await app.find("heading", "Close Trunkline?");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-closing");
    await app.click("Do not close");
    await app.gone("dialog");
    await app.pressClose();
    await app.leave("Close and lose the changes");
  });

  it("closing while a unit is being received from asks first", async () => {
    const { app } = await startStage("--units", "1", "--fault", "stall:20000");
    await receiveForTheFirstTime(app, branch);
    await app.see("receiving");
    await app.pressClose();
    await app.see("still under way");
    await app.leave("Stop it and close");
  });

  it("a damaged store is said, with where its content is", async () => {
    const desk = await startDesk();
    writeFileSync(join(desk.dataFolder, "store.json"), "{");
    const app = await App.start(desk);
    await app.see("was damaged");
    await app.see("store.damaged-");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-store-damaged");
    await app.click("Dismiss this message");
    await app.gone(".toast");
    desk.trunkline("sites", "add", "From elsewhere", "127.90.0.1");
    await app.see("Another program changed sites or preferences");
    await app.find("row", "From elsewhere");
  });

  it("a program that can not start says why in its window", async () => {
    const desk = await startDesk();
    writeFileSync(join(desk.dataFolder, "store.json"), '{"version": 99}');
    const app = await App.start(desk, { heading: "Trunkline can not start", settled: false });
    await app.see("written by a newer Trunkline");
    await app.see("Update Trunkline");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-start-failed");
    await app.leave("Close");
  });
});
