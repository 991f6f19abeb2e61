/** The whole main job, and every action, without a mouse. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { goTo, heading, press, tabTo } from "./keys";
import { close } from "./scenes";
import { openSecurity } from "./security-scenes";
import { Browser } from "./window";

let browser: Browser;
beforeAll(async () => {
  browser = await Browser.start();
});
afterAll(() => browser?.close());

it("finds, receives, edits, undoes, redoes, sends by merge", async () => {
  const page = await browser.open();
  await goTo(page, "Zürich, Filiale 2");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.getByRole("treegrid", { name: "Users" }).focus();
  await press(page, "Home", "ArrowDown", "Enter");
  await page.getByLabel("Full name").focus();
  await press(page, "Control+a");
  await page.keyboard.type("Front desk");
  await press(page, "Tab");
  await page.getByText("1 change not sent").first().waitFor();
  await page.getByRole("treegrid", { name: "Users" }).focus();
  await press(page, "Control+z");
  await page.getByText("No changes").first().waitFor();
  await press(page, "Control+Shift+z");
  await page.getByText("1 change not sent").first().waitFor();
  await press(page, "Control+Enter");
  await heading(page, "Send to Zürich, Filiale 2");
  await page.getByText("Front desk").last().waitFor();
  await tabTo(page, "Send and merge");
  await press(page, "Enter");
  await page.getByText("now holds r419").waitFor();
  await press(page, "Control+1");
  await heading(page, "Units");
  await page.close();
});

it("opens security settings, changes them, undoes, redoes and sends", async () => {
  const page = await browser.open();
  await goTo(page, "Zürich, Filiale 2");
  await press(page, "Control+Shift+s");
  await heading(page, "Log in to the security settings of Zürich, Filiale 2");
  await page.keyboard.type("trunkline");
  await press(page, "Enter");
  await heading(page, "Worth a look");
  await tabTo(page, "Password policy");
  await press(page, "Enter");
  await page.getByLabel("Shortest password").focus();
  await press(page, "Control+a");
  await page.keyboard.type("12");
  await press(page, "Tab");
  await page.getByText("1 change not sent").first().waitFor();
  await tabTo(page, "Service users");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Service users" }).focus();
  await press(page, "Home", "ArrowDown", "Enter");
  await tabTo(page, "New password…");
  await press(page, "Enter");
  await heading(page, "New password of Administrator");
  await page.keyboard.type("Neu-und-lang-1");
  await press(page, "Tab");
  await page.keyboard.type("Neu-und-lang-1");
  await press(page, "Enter");
  await page.getByText("2 changes not sent").first().waitFor();
  await page.getByRole("treegrid", { name: "Service users" }).focus();
  await press(page, "Control+z");
  await page.getByText("1 change not sent").first().waitFor();
  await press(page, "Control+Shift+z");
  await page.getByText("2 changes not sent").first().waitFor();
  await press(page, "Control+Enter");
  await heading(page, "Send security settings to Zürich, Filiale 2");
  await tabTo(page, "Send and merge");
  await press(page, "Enter");
  await page.getByText("now holds security settings r43").waitFor();
  await press(page, "Control+w");
  await heading(page, "Units");
  await page.close();
});

it("will not send what moves the unit before somebody said so, and puts changes on top of others", async () => {
  const page = await browser.open({ query: "scenario=conflict" });
  await openSecurity(page);
  await tabTo(page, "System");
  await press(page, "Enter");
  await page.getByLabel("Services Base TCP Port").focus();
  await press(page, "Control+a");
  await page.keyboard.type("51000");
  await press(page, "Tab", "Control+Enter");
  await heading(page, /Send security settings/);
  const go = page.getByRole("button", { name: "Send and merge" });
  expect(await go.isDisabled()).toBe(true);
  await page.getByRole("checkbox", { name: "I know what comes" }).focus();
  await press(page, "Space");
  await tabTo(page, "Send and merge");
  await press(page, "Enter");
  await page.getByText("Somebody else changed the unit meanwhile").waitFor();
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe(
    "Put my changes on top",
  );
  await press(page, "Enter");
  await page.getByRole("checkbox", { name: "I know what comes" }).focus();
  await press(page, "Space");
  await tabTo(page, "Send and merge");
  await press(page, "Enter");
  await page.getByText("at port 51000 now").waitFor();
  await page.close();
});

it("shows and filters an audit trail", async () => {
  const page = await browser.open();
  await goTo(page, "Zürich, Filiale 2");
  await press(page, "Control+Shift+a");
  await page.getByRole("treegrid", { name: "Audit trail" }).waitFor();
  await page.keyboard.type("night");
  await page.getByText("2 matches").waitFor();
  await press(page, "ArrowDown");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Audit trail");
  await press(page, "Control+1");
  await heading(page, "Units");
  await page.close();
});

it("adds, renames, removes a site and brings it back", async () => {
  const page = await browser.open();
  await goTo(page, "Lager");
  await press(page, "Control+n");
  await heading(page, "Add a site");
  await press(page, "Control+a");
  await page.keyboard.type("Old store");
  await press(page, "Enter");
  await page.getByText("Old store is now among your sites").waitFor();
  await press(page, "/", "Control+a", "Backspace");
  await goTo(page, "Old store");
  await press(page, "F2");
  await heading(page, "Edit Old store");
  await press(page, "Control+a");
  await page.keyboard.type("Store, old");
  await press(page, "Enter");
  await press(page, "/", "Control+a", "Backspace");
  await goTo(page, "Store, old");
  await press(page, "Delete");
  await page.getByText("Store, old was removed").waitFor();
  await tabTo(page, "Undo");
  await press(page, "Enter");
  await page.getByRole("complementary").getByRole("heading", { name: "Store, old" }).waitFor();
  await page.close();
});

it("logs in after a wrong password, and trusts a certificate at its first use", async () => {
  const page = await browser.open();
  await goTo(page, "Bern Zentrum");
  await press(page, "Enter");
  await heading(page, "Log in to Bern Zentrum");
  await page.keyboard.type("trunkline");
  await press(page, "Enter");
  await heading(page, /Do you trust/);
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Do not trust it");
  await tabTo(page, "Trust and pin it");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.close();
});

it("restarts at once only when the unit's name was typed", async () => {
  const page = await browser.open();
  await goTo(page, "Zürich, Filiale 2");
  await press(page, "Control+Shift+r");
  await heading(page, "Restart Zürich, Filiale 2");
  const go = page.getByRole("button", { name: "Restart now" });
  await page.getByRole("radio", { name: /^Restart when free/ }).focus();
  await press(page, "ArrowDown", "ArrowDown");
  expect(await go.isDisabled()).toBe(true);
  await press(page, "Tab");
  await page.keyboard.type("Zürich");
  expect(await go.isDisabled()).toBe(true);
  await page.keyboard.type(", Filiale 2");
  expect(await go.isDisabled()).toBe(false);
  await press(page, "Enter");
  await page.getByText("is back after 47 seconds").waitFor();
  await page.close();
});

it("stops a search and a receive with Escape", async () => {
  const searching = await browser.open({ query: "scenario=searching" });
  await searching.getByRole("button", { name: "Cancel" }).waitFor();
  await press(searching, "Escape");
  await searching
    .getByText(/Search stopped/)
    .first()
    .waitFor();
  await searching.close();
  const receiving = await browser.open({ query: "scenario=receiving" });
  await goTo(receiving, "Zürich, Filiale 2");
  await press(receiving, "Enter");
  await receiving.getByText(/receiving, 158 of/).waitFor();
  await press(receiving, "Escape");
  await receiving.getByText("Receiving from Zürich, Filiale 2: stopped").waitFor();
  await receiving.close();
});

it("goes on without a keychain that waits, and stops a log-in that does", async () => {
  for (const stop of [false, true]) {
    const page = await browser.open({ query: "scenario=prompting" });
    await goTo(page, "Zürich, Filiale 2");
    await press(page, "Enter");
    await page.getByText("Waiting for the keychain").waitFor();
    if (stop) {
      await press(page, "Escape");
      await page.getByText("Receiving from Zürich, Filiale 2: stopped").waitFor();
    } else {
      await tabTo(page, "Go on without the keychain");
      await press(page, "Enter");
      await heading(page, "Log in to Zürich, Filiale 2");
    }
    await page.getByText("Waiting for the keychain").waitFor({ state: "detached" });
    await page.close();
  }
});

it("does not close over unsent changes unless somebody says so", async () => {
  const page = await browser.open({ query: "edited" });
  await goTo(page, "Zürich, Filiale 2");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await close(page);
  await close(page);
  await heading(page, "Close Trunkline?");
  expect(await page.getByRole("alertdialog").count()).toBe(1);
  await press(page, "Enter");
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await close(page);
  await tabTo(page, "Close and lose the changes");
  await press(page, "Enter");
  await page.getByRole("alertdialog").waitFor({ state: "detached" });
  expect(await page.locator("main").count()).toBe(0);
  await page.close();
});

it("accepts a weaker log-in only when somebody knows why", async () => {
  const page = await browser.open();
  await goTo(page, "Genève");
  await press(page, "Enter");
  await heading(page, "Log in to Genève");
  await page.keyboard.type("weaker");
  await press(page, "Enter");
  await heading(page, /weaker log-in/);
  expect(await page.evaluate(() => document.activeElement?.textContent?.trim())).toBe("Stop here");
  const go = page.getByRole("button", { name: "Accept the weaker log-in" });
  expect(await go.isDisabled()).toBe(true);
  await page.getByRole("checkbox").focus();
  await press(page, "Space");
  await tabTo(page, "Accept the weaker log-in");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.close();
});

it("asks for a certificate once, however often the password is wrong", async () => {
  const page = await browser.open();
  await goTo(page, "Bern Zentrum");
  await press(page, "Enter");
  await heading(page, "Log in to Bern Zentrum");
  await page.keyboard.type("wrong");
  await press(page, "Enter");
  await heading(page, /Do you trust/);
  await tabTo(page, "Trust and pin it");
  await press(page, "Enter");
  await page.getByText("2 attempts are left").waitFor();
  await page.keyboard.type("trunkline");
  await press(page, "Enter");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await page.close();
});

describe("the focus", () => {
  it("goes back to where it was when a dialog closes", async () => {
    const page = await browser.open();
    await goTo(page, "Zürich, Filiale 2");
    for (const [open, name] of [
      ["Add site", "Add a site"],
      ["Restart…", "Restart "],
    ] as const) {
      await tabTo(page, open);
      await press(page, "Enter");
      await heading(page, new RegExp(`^${name}`));
      await press(page, "Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      expect(
        await page.evaluate(() => document.activeElement?.textContent?.trim().split("\n")[0]),
        open,
      ).toContain(open);
    }
    await page.close();
  });

  it("can be seen wherever Tab leads", async () => {
    const page = await browser.open();
    const hidden: string[] = [];
    for (let i = 0; i < 40; i++) {
      await press(page, "Tab");
      const visible = await page.evaluate(() => {
        const active = document.activeElement;
        if (!active || active === document.body) return "";
        const ring = (element: Element | null) =>
          element !== null && getComputedStyle(element).outlineStyle !== "none";
        // A field inside its box shows the ring on the box, a table on its row.
        return ring(active) ||
          ring(active.closest("label, .field, .box")) ||
          ring(active.querySelector("tr.active"))
          ? ""
          : active.outerHTML.slice(0, 90);
      });
      if (visible !== "") hidden.push(visible);
    }
    expect(hidden).toEqual([]);
    await page.close();
  });

  it("reaches every button of every place", async () => {
    const page = await browser.open();
    for (const place of ["Control+1", "Control+2", "F1", "Control+,"]) {
      await press(page, place);
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      const wanted = await page.evaluate(() =>
        [...document.querySelectorAll("button, input, select, textarea, table[tabindex]")]
          .filter((element) => element.checkVisibility() && !element.matches(":disabled, [tabindex='-1']"))
          .map((element, i) => {
            (element as HTMLElement).dataset.tab = String(i);
            return String(i);
          }),
      );
      const reached = new Set<string>();
      for (let i = 0; i < wanted.length + 8; i++) {
        await press(page, "Tab");
        reached.add(
          (await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.tab)) ?? "",
        );
      }
      const missed = await page.evaluate(
        (ids) => ids.map((id) => document.querySelector(`[data-tab="${id}"]`)?.outerHTML.slice(0, 90) ?? id),
        wanted.filter((id) => !reached.has(id)),
      );
      expect(missed, place).toEqual([]);
    }
    await page.close();
  });
});

it("runs every command from the palette", async () => {
  const page = await browser.open();
  await press(page, "Control+k");
  await page.keyboard.type("activity");
  await press(page, "Enter");
  await heading(page, "Activity");
  await press(page, "Control+k");
  await page.keyboard.type("172.20.0.20");
  await press(page, "Enter");
  await page.getByRole("complementary").getByRole("heading", { name: "Notaufnahme" }).waitFor();
  await press(page, "Control+k");
  const listed = await page.getByRole("option").allTextContents();
  for (const wanted of [
    "Receive from",
    "Send a file to",
    "Restart",
    "Search again",
    "Add a site",
    "Edit",
    "Remove",
    "Larger text",
  ]) {
    expect(
      listed.some((label) => label.includes(wanted)),
      wanted,
    ).toBe(true);
  }
  await page.close();
});

it("walks groups and rows with the arrows, and folds a group", async () => {
  const page = await browser.open();
  const grid = page.getByRole("treegrid");
  await grid.focus();
  await press(page, "Home");
  expect(await grid.locator("tr.active").getAttribute("aria-expanded")).toBe("true");
  await press(page, "ArrowLeft");
  expect(await grid.locator("tr.active").getAttribute("aria-expanded")).toBe("false");
  await press(page, "ArrowRight", "End");
  expect(await grid.locator("tr.active").textContent()).toContain("Tagesklinik");
  await press(page, "ArrowLeft");
  expect(await grid.locator("tr.active").textContent()).toContain("Spital Nord");
  await page.close();
});
