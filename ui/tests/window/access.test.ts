/** A conflict, a configuration that is too large, and a restart that is watched, in the real window. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { describe, expect, it, onTestFinished } from "vitest";
import { App } from "./app";
import type { Desk } from "./desk";
import { missing } from "./programs";
import { password, type VirtualSite } from "./site";
import { startDesk, startSite, startStage } from "./stage";

const unit = "Head Office";

async function open(app: App, name: string): Promise<void> {
  await app.choose(name);
  await app.click("Receive");
  await app.logIn(password);
  await app.find("heading", "Do you trust");
  await app.click("Trust and pin it");
  await app.field("Find in configuration");
}

async function rename(app: App, extension: string, name: string): Promise<void> {
  await (await app.find("row", extension)).click();
  await app.find("heading", `User ${extension}`);
  await app.type("Full name", `${name}${Key.TAB}`);
  await app.see("1 change not sent");
}

/** As somebody at another computer does: receives, gives a user another full name, sends. */
async function changeElsewhere(site: VirtualSite, extension: string, name: string): Promise<void> {
  const elsewhere: Desk = await startDesk();
  const { address, base_port } = site.units.find((one) => one.name === unit) ?? { address: "", base_port: 0 };
  const folder = mkdtempSync(join(tmpdir(), "trunkline-elsewhere-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "office.xml");
  const target = `${address}:${base_port}`;
  const logIn = ["--user", "Administrator"];
  elsewhere.environment.TRUNKLINE_PASSWORD = password;
  elsewhere.trunkline("receive", target, ...logIn, "--out", file);
  const text = readFileSync(file, "utf8");
  const user = new RegExp(`(<FullName>)[^<]*(</FullName>\\s*<Extension>${extension}</Extension>)`);
  const other = text.replace(user, `$1${name}$2`);
  expect(other).not.toBe(text);
  writeFileSync(file, other);
  elsewhere.trunkline("send", target, file, ...logIn, "--mode", "merge");
}

describe.skipIf(missing().length > 0)("in the window", () => {
  it("a conflict says who changed what, and both sets of changes reach the unit", async () => {
    const { app, site } = await startStage();
    await open(app, unit);
    await rename(app, "203", "Front desk");
    await changeElsewhere(site, "204", "Somebody else");
    await app.click("Send…");
    await app.find("heading", `Somebody else changed ${unit}`);
    await app.see("Front desk");
    await app.see("Somebody else");
    expect(await app.violations()).toEqual([]);
    await app.picture("window-conflict");
    await app.click("Put on top");
    await app.find("heading", `Send to ${unit}`);
    await app.see("Front desk");
    await app.click("Send and merge");
    await app.see(`${unit} took the changes`);
  });

  it("what is too large can not be sent, and the limit is said", async () => {
    const folder = mkdtempSync(join(tmpdir(), "trunkline-small-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "site.toml");
    writeFileSync(
      file,
      `[[user]]\nname = "Administrator"\npassword = "${password}"\nrights = ["all"]\n` +
        `[[unit]]\nname = "Small"\nsize = 200000\nmax_size = 200010\n`,
    );
    const [site, desk] = [await startSite(file), await startDesk()];
    desk.trunkline("preferences", "set", "ip_search_criteria", site.criteria);
    const app = await App.start(desk);
    await open(app, "Small");
    await rename(app, "200", "A name that is longer than the unit has room for");
    await app.click("Send…");
    await app.see("more than the unit takes");
    expect(await (await app.find("button", "Send and merge")).isEnabled()).toBe(false);
    expect(await app.violations()).toEqual([]);
    await app.picture("window-too-large");
  });

  it("a restart stays in sight until the unit is back", async () => {
    const { app } = await startStage();
    await open(app, unit);
    await app.chord(Key.CONTROL, "1");
    await app.find("heading", "Units");
    await app.click("Restart…");
    await app.find("heading", `Restart ${unit}`);
    await app.click("Restart when free");
    await app.see("Stop watching");
    await app.picture("window-watched");
    await app.see("is back after", 60);
  });
});
