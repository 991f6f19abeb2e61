/** The security settings and the audit trail, and the way to each part of them. */
import type { Page } from "playwright-core";
import type { Scene } from "./scenes";

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();
const part = (page: Page, name: string) =>
  page
    .getByRole("navigation", { name: "Parts of the security settings" })
    .getByRole("button", { name })
    .click();

async function logInDialog(page: Page): Promise<void> {
  await page.locator("main tr", { hasText: "Zürich, Filiale 2" }).first().click();
  await button(page, "Security…");
  await page.getByText("Log in to the security settings of").waitFor();
}

export async function openSecurity(page: Page): Promise<void> {
  await logInDialog(page);
  await page.getByLabel("Password", { exact: true }).fill("trunkline");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Worth a look" }).waitFor();
}

/** Three changes, one of which moves the unit's services. */
async function change(page: Page): Promise<void> {
  await openSecurity(page);
  await part(page, "Password policy");
  await page.getByLabel("Shortest password").fill("10");
  await page.getByLabel("Complexity of passwords").selectOption("High");
  await part(page, "System");
  await page.getByLabel("Services Base TCP Port").fill("51000");
  await page.keyboard.press("Tab");
  await page.getByText("3 changes not sent").first().waitFor();
}

async function sendDialog(page: Page): Promise<void> {
  await change(page);
  await button(page, /^Send…/);
  await page.getByText("What comes with it").waitFor();
}

async function users(page: Page): Promise<void> {
  await openSecurity(page);
  await part(page, "Service users");
  await page.locator("main tr", { hasText: "Field engineers" }).first().click();
  await page.getByRole("checkbox", { name: "Operators" }).uncheck();
  await page.getByText("1 change not sent").first().waitFor();
}

async function openAudit(page: Page): Promise<void> {
  await page.locator("main tr", { hasText: "Zürich, Filiale 2" }).first().click();
  await button(page, "More");
  await page.getByRole("menuitem", { name: /Audit trail/ }).click();
  await page.getByRole("treegrid", { name: "Audit trail" }).waitFor();
}

export const securityScenes: Scene[] = [
  { name: "security-log-in", setting: {}, reach: logInDialog },
  { name: "security", setting: {}, reach: openSecurity },
  {
    name: "security-policy",
    setting: {},
    reach: async (page) => {
      await change(page);
      await part(page, "Password policy");
      await page.getByLabel("Wrong passwords until").fill("999");
      await page.keyboard.press("Tab");
      await page.getByText("A whole number from 0 to 255").waitFor();
    },
  },
  {
    name: "security-system",
    setting: {},
    reach: async (page) => {
      await change(page);
    },
  },
  {
    name: "security-services",
    setting: {},
    reach: async (page) => {
      await openSecurity(page);
      await part(page, "Services");
      await page.getByLabel("HTTP").selectOption("Secure Medium");
      await page.getByText("was Unsecure + Secure").waitFor();
    },
  },
  {
    name: "security-interfaces",
    setting: {},
    reach: async (page) => {
      await openSecurity(page);
      await part(page, "Unsecured interfaces");
    },
  },
  { name: "security-users", setting: {}, reach: users },
  {
    name: "security-user-add",
    setting: {},
    reach: async (page) => {
      await users(page);
      await button(page, "Add a service user…");
      await page.getByLabel("Name", { exact: true }).fill("Administrator");
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "security-password",
    setting: {},
    reach: async (page) => {
      await users(page);
      await button(page, "New password…");
      await page.getByLabel("New password", { exact: true }).fill("x");
      await page.getByLabel("New password, again").fill("x");
      await page.getByRole("button", { name: "Use this password" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "security-groups",
    setting: {},
    reach: async (page) => {
      await openSecurity(page);
      await part(page, "Rights groups");
      await page.getByRole("checkbox", { name: "Read the audit trail" }).uncheck();
      await page.getByText("1 change not sent").first().waitFor();
    },
  },
  {
    name: "security-changes",
    setting: {},
    reach: async (page) => {
      await change(page);
      await part(page, "Changes");
    },
  },
  { name: "security-send", setting: {}, reach: sendDialog },
  {
    name: "security-send-broken",
    setting: {},
    reach: async (page) => {
      await openSecurity(page);
      await part(page, "Service users");
      await page.getByRole("switch", { name: "May log in" }).uncheck();
      await button(page, /^Send…/);
      await page.getByText("Nothing can be sent before").waitFor();
    },
  },
  {
    name: "security-conflict",
    setting: { query: "scenario=conflict" },
    reach: async (page) => {
      await openSecurity(page);
      await part(page, "Password policy");
      await page.getByLabel("Wrong passwords until").fill("9");
      await page.getByLabel("Complexity of passwords").selectOption("High");
      await button(page, /^Send…/);
      await page.getByRole("button", { name: "Send and merge" }).click();
      await page.getByText("Somebody else changed the unit meanwhile").waitFor();
    },
  },
  {
    name: "security-close",
    setting: {},
    reach: async (page) => {
      await change(page);
      await button(page, "Close these security settings");
      await page.getByText("3 changes were not sent").waitFor();
    },
  },
  {
    name: "security-export",
    setting: {},
    reach: async (page) => {
      await openSecurity(page);
      await button(page, "Export to a file…");
      await page.getByText("Write security settings to a file?").waitFor();
    },
  },
  {
    name: "security-german",
    setting: { query: "language=de" },
    reach: async (page) => {
      await page.locator("main tr", { hasText: "Zürich, Filiale 2" }).first().click();
      await button(page, "Sicherheit …");
      await page.getByLabel("Passwort", { exact: true }).fill("trunkline");
      await page.getByRole("button", { name: "Anmelden" }).click();
      await page.getByRole("heading", { name: "Sehenswert" }).waitFor();
    },
  },
  {
    name: "security-legacy",
    setting: {},
    reach: async (page) => {
      await page.locator("main tr", { hasText: "Lager (alt)" }).first().click();
      await button(page, "Security…");
      await page.getByText("have no security settings").waitFor();
    },
  },
  { name: "audit", setting: {}, reach: openAudit },
  {
    name: "audit-filter",
    setting: {},
    reach: async (page) => {
      await openAudit(page);
      await page.getByLabel("Filter by anything").fill("night");
      await page.getByText("2 matches").waitFor();
    },
  },
];
