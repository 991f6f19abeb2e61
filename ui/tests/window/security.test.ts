/** Security settings and the audit trail in the real window, on a virtual unit: nothing of them is left on the disk. */
import { Key } from "selenium-webdriver";
import { describe, expect, it } from "vitest";
import type { App } from "./app";
import type { Desk } from "./desk";
import { missing } from "./programs";
import { password, user } from "./site";
import { startStage } from "./stage";

const unit = "Head Office";
const newPassword = "Streng-Geheim-77";

async function openSecurity(app: App): Promise<void> {
  await app.see(unit);
  await app.choose(unit);
  await app.click("Security…");
  await app.find("heading", `Log in to the security settings of ${unit}`);
  await app.see("As security administrator");
  await app.type("Service user", user);
  await app.logIn(password);
  await app.find("heading", "Do you trust this certificate");
  await app.click("Trust and pin it");
  await app.find("heading", "Worth a look");
  await app.see("It can also be used without TLS");
}

async function change(app: App): Promise<void> {
  await app.click("Password policy");
  await app.type("Shortest password", `99${Key.TAB}`);
  await app.see("A whole number from 1 to 31");
  await app.type("Shortest password", `12${Key.TAB}`);
  await app.see("1 change not sent");
  await app.click("Service users");
  await (await app.find("row", "Operator")).click();
  await app.click("New password…");
  await app.type("New password", "kurz");
  await app.type("New password, again", "kurz");
  await app.click("Use this password");
  await app.see("is too short; the policy asks for 12 characters");
  await app.type("New password", newPassword);
  await app.type("New password, again", newPassword);
  await app.click("Use this password");
  await app.see("New one waits");
  await app.see("2 changes not sent");
  await app.click("Unsecured interfaces");
  await (await app.field("TFTP Server")).click();
  await app.see("3 changes not sent");
}

async function send(app: App): Promise<void> {
  await app.click("Send…");
  await app.find("heading", `Send security settings to ${unit}`);
  await app.see("never written to disk");
  await app.click("Send and merge");
  await app.see("now holds security settings");
  await app.see("No changes");
}

async function readAudit(app: App): Promise<void> {
  await app.click("Back to the units");
  await app.choose(unit);
  await app.click("More");
  await app.click("Audit trail…");
  await app.find("heading", `Log in to ${unit}`);
  await app.logIn(password);
  await app.find("heading", "Do you trust this certificate");
  await app.click("Trust and pin it");
  await app.find("row", "log-in");
  await app.type("Filter by anything", "wrote");
  await app.find("row", "wrote object 2");
}

/** Passwords go in with a log-in and with a change, and never come back. */
async function expectNoPassword(app: App): Promise<void> {
  const heard = await app.heard();
  expect(heard.in.length).toBeGreaterThan(20);
  const carry = (secret: string) =>
    heard.out.filter(([, text]) => text.includes(secret)).map(([command]) => command);
  for (const secret of [password, newPassword])
    expect(heard.in.filter((text) => text.includes(secret))).toEqual([]);
  expect(new Set(carry(password))).toEqual(new Set(["log_in"]));
  expect(new Set(carry(newPassword))).toEqual(new Set(["set_security_password"]));
}

function expectNothingInFiles(desk: Desk): void {
  const files = desk.files();
  for (const wanted of [password, newPassword, "<ServiceUser", "<security", "RejectLimit"])
    expect(files.filter(({ content }) => content.includes(wanted)).map(({ path }) => path)).toEqual([]);
  expect(files.map(({ path }) => path).join(" ")).toMatch(/activity\.jsonl/);
}

describe.skipIf(missing().length > 0)("security settings in the window", () => {
  it("logs in as security administrator, edits, sends, reads the audit trail, and leaves nothing behind", async () => {
    const { desk, app } = await startStage();
    await openSecurity(app);
    expect(await app.violations()).toEqual([]);
    await change(app);
    await app.picture("security");
    await send(app);
    await readAudit(app);
    await app.picture("audit");
    await expectNoPassword(app);
    await app.quit();
    expectNothingInFiles(desk);
  });
});
