/** The main job in the real window, on virtual units, with a real keychain; and what is left of it after a restart. */
import { Key } from "selenium-webdriver";
import { describe, expect, it } from "vitest";
import { App } from "./app";
import type { Desk } from "./desk";
import { missing } from "./programs";
import { password } from "./site";
import { startStage } from "./stage";

const unit = "Head Office";
const fullName = "Front desk, morning";

async function findAndSave(app: App): Promise<void> {
  await app.see(unit);
  await app.keys("head off");
  await app.see("1 match");
  await app.choose(unit);
  await app.click("Add to sites…");
  await app.type("Group", `Alpine Trading${Key.ENTER}`);
  await app.see(`${unit} is now among your sites`);
  await app.find("row", "Alpine Trading");
}

async function logInAndReceive(app: App): Promise<void> {
  await app.click("Receive");
  await app.find("heading", `Log in to ${unit}`);
  await app.see("and nowhere else");
  await app.logIn(password, true);
  await app.find("heading", "Do you trust this certificate");
  await app.click("Trust and pin it");
  await app.field("Find in configuration");
  await app.settled();
}

async function openUser(app: App): Promise<void> {
  await (await app.find("row", "201")).click();
  await app.find("heading", "User 201");
}

async function editAndSend(app: App): Promise<void> {
  await openUser(app);
  await app.type("Full name", fullName + Key.TAB);
  await app.see("1 change not sent");
  await app.click("Undo");
  await app.see("No changes");
  await app.chord(Key.CONTROL, "k");
  await app.type("Type a command, a unit or an address", `redo${Key.ENTER}`);
  await app.see("1 change not sent");
  await app.click("Changes");
  await app.see(fullName);
  await app.click("Send…");
  await app.find("heading", `Send to ${unit}`);
  await app.see(fullName);
  await app.click("Send and merge");
  await app.see("took the changes and now holds");
}

/** The full name of extension 201, as the unit has it. */
async function receiveAgain(app: App): Promise<string | null> {
  await app.chord(Key.CONTROL, "1");
  await app.choose(unit);
  await app.click("Receive");
  await app.settled();
  await app.field("Find in configuration");
  await openUser(app);
  return (await app.field("Full name")).getAttribute("value");
}

/** What never comes out: not into a file, a log, or what the page gets; and goes in with a log-in only. */
async function expectNoPassword(app: App): Promise<void> {
  const heard = await app.heard();
  expect(heard.in.length).toBeGreaterThan(20);
  expect(heard.in.filter((text) => text.includes(password))).toEqual([]);
  const commands = heard.out.filter(([, text]) => text.includes(password)).map(([command]) => command);
  expect(new Set(commands)).toEqual(new Set(["log_in"]));
}

function expectNoPasswordInFiles(desk: Desk): void {
  const files = desk.files();
  expect(files.filter(({ content }) => content.includes(password)).map(({ path }) => path)).toEqual([]);
  const named = files.filter(({ content }) => content.includes(unit)).map(({ path }) => path);
  expect(named.join(" ")).toMatch(/store\.json/);
  expect(files.map(({ path }) => path).join(" ")).toMatch(/trunkline\.log/);
}

describe.skipIf(missing().length > 0)("the main job in the window", () => {
  it("finds, filters, saves, logs in, receives, edits, sends, receives again, and knows it all after a restart", async () => {
    const { desk, app } = await startStage();
    await findAndSave(app);
    await logInAndReceive(app);
    await editAndSend(app);
    expect(await receiveAgain(app)).toBe(fullName);
    await expectNoPassword(app);

    await app.chord(Key.CONTROL, "1");
    await app.click("Choose columns");
    await (await app.field("MAC")).click();
    await app.keys(Key.ESCAPE);
    expect(await app.columns()).toContain("MAC");
    const size = await app.resize(1180, 740);
    await app.quit();
    expectNoPasswordInFiles(desk);

    const again = await App.start(desk);
    expect(await again.columns()).toContain("MAC");
    expect(await again.size()).toEqual(size);
    await again.find("row", "Alpine Trading");
    expect(await receiveAgain(again)).toBe(fullName);
    const { out } = await again.heard();
    const commands = out.map(([command]) => command);
    expect(commands[0]).toBe("started");
    expect(commands.filter((command) => command === "started")).toHaveLength(1);
    expect(commands).not.toContain("log_in");
    expect(await again.run("return getComputedStyle(document.body).fontFamily")).not.toContain("system-ui");
    await again.quit();
  });
});
