// Length: one list, a few lines for each view.
/** Every view and dialog of the window, and the way to it: axe looks at each, and so does whoever takes the pictures. */
import type { Page } from "playwright-core";
import { securityScenes } from "./security-scenes";
import type { Setting } from "./window";

export interface Scene {
  name: string;
  setting: Setting;
  reach: (page: Page) => Promise<void>;
}

export const choose = async (page: Page, name: string): Promise<void> => {
  await page.locator("main tr", { hasText: name }).first().click();
};
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first().click();
const dialog = (page: Page) => page.getByRole("dialog").or(page.getByRole("alertdialog")).waitFor();

export async function receive(page: Page, name: string): Promise<void> {
  await choose(page, name);
  await button(page, "Receive");
}

export async function openConfiguration(page: Page): Promise<void> {
  await receive(page, "Zürich, Filiale 2");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
}

async function sendDialog(page: Page): Promise<void> {
  await openConfiguration(page);
  await button(page, /^Send…/);
  await dialog(page);
}

export async function openLists(page: Page, name: string): Promise<void> {
  await choose(page, name);
  await button(page, "More");
  await page.getByRole("menuitem", { name: /^Lists/ }).click();
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
}

/** A unit whose site says that it is reached over the Management API. */
export async function openOverApi(page: Page): Promise<void> {
  await receive(page, "Neuchâtel");
  await page.getByRole("treegrid", { name: "Users" }).waitFor();
  await button(page, /^Send…/);
  await dialog(page);
}

export async function logIn(page: Page, name: string, password: string): Promise<void> {
  await receive(page, name);
  await dialog(page);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** As the button of the window's frame does. */
export const close = (page: Page): Promise<void> =>
  page.evaluate(() => void globalThis.dispatchEvent(new Event("demo-close")));

const nothing = async () => undefined;

export const scenes: Scene[] = [
  ...securityScenes,
  { name: "units", setting: {}, reach: nothing },
  {
    name: "units-searching",
    setting: { query: "scenario=searching" },
    reach: (page) => page.locator("progress").waitFor(),
  },
  { name: "units-empty-search", setting: { query: "scenario=nothing" }, reach: nothing },
  { name: "units-no-network", setting: { query: "scenario=noNetwork" }, reach: nothing },
  {
    name: "units-no-match",
    setting: {},
    reach: async (page) => {
      await choose(page, "Chur");
      await page.getByLabel("Filter by anything").fill("nowhere");
    },
  },
  {
    name: "units-certificate",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Lugano", "trunkline");
      await button(page, "Stop here");
      await page.getByText("certificate changed").waitFor();
    },
  },
  { name: "units-no-answer", setting: {}, reach: (page) => choose(page, "Davos") },
  { name: "units-legacy", setting: {}, reach: (page) => choose(page, "Lager (alt)") },
  { name: "units-first-run", setting: { query: "scenario=firstRun" }, reach: welcomed },
  {
    name: "units-first-run-german",
    setting: { query: "scenario=firstRun&language=de" },
    reach: (page) => page.getByText("Willkommen bei Trunkline").waitFor(),
  },
  {
    name: "units-field",
    setting: { query: "scenario=field" },
    reach: (page) => choose(page, "Copy of Zürich"),
  },
  {
    name: "units-field-german",
    setting: { query: "scenario=field&language=de" },
    reach: (page) => choose(page, "Davos"),
  },
  { name: "units-name", setting: { query: "scenario=field" }, reach: (page) => choose(page, "Aussenstelle") },
  {
    name: "units-unsupported",
    setting: { query: "scenario=field" },
    reach: (page) => choose(page, "Prototype"),
  },
  {
    name: "units-unidentified",
    setting: { query: "scenario=field" },
    reach: async (page) => {
      await searchFurther(page);
      await choose(page, "10.30.1.80");
      await page.getByText("HTTP says IPOffice").waitFor();
    },
  },
  {
    name: "units-notice",
    setting: { query: "scenario=field" },
    reach: async (page) => {
      await page.getByLabel("Unit/Broadcast").fill("10.99.0.1");
      await page.keyboard.press("Enter");
      await page.getByText("is not pinged").waitFor();
      await choose(page, "10.99.0.1");
    },
  },
  { name: "units-link-local", setting: { query: "scenario=linkLocal" }, reach: nothing },
  {
    name: "units-all-columns",
    setting: {},
    reach: async (page) => {
      await button(page, "Choose columns");
      for (const name of ["Edition", "MAC", "Last seen", "Last backup", "Group", "Method"])
        await page.getByLabel(name, { exact: true }).check();
      await page.keyboard.press("Escape");
    },
  },
  {
    name: "search-further",
    setting: { query: "scenario=field" },
    reach: (page) => button(page, "Search further"),
  },
  { name: "list-menu", setting: {}, reach: (page) => button(page, "Import and export") },
  {
    name: "import",
    setting: {},
    reach: async (page) => {
      await button(page, "Import and export");
      await page.getByRole("menuitem", { name: /^Import sites/ }).click();
      await dialog(page);
    },
  },
  { name: "help", setting: {}, reach: (page) => page.keyboard.press("F1") },
  { name: "help-german", setting: { query: "language=de" }, reach: (page) => page.keyboard.press("F1") },
  {
    name: "criteria",
    setting: {},
    reach: async (page) => {
      await button(page, "Preferences");
      await button(page, "Look up the names");
      await page.getByText("203.0.113.7, 203.0.113.8").waitFor();
    },
  },
  {
    name: "criteria-history",
    setting: {},
    reach: async (page) => {
      await button(page, "Preferences");
      await button(page, "Earlier criteria");
    },
  },
  { name: "units-2000", setting: { query: "sites=2000" }, reach: nothing },
  { name: "units-german", setting: { query: "language=de" }, reach: nothing },
  { name: "columns", setting: {}, reach: (page) => button(page, "Choose columns") },
  { name: "menu", setting: {}, reach: (page) => button(page, "More") },
  { name: "addresses", setting: {}, reach: (page) => page.getByLabel("Unit/Broadcast").click() },
  { name: "palette", setting: {}, reach: (page) => page.keyboard.press("Control+k") },
  {
    name: "site-add",
    setting: {},
    reach: async (page) => {
      await choose(page, "Lager (alt)");
      await button(page, "Add to sites…");
      await page.locator("summary").click();
    },
  },
  {
    name: "site-edit",
    setting: {},
    reach: async (page) => {
      await choose(page, "Basel");
      await page.keyboard.press("F2");
      await dialog(page);
    },
  },
  {
    name: "log-in",
    setting: {},
    reach: async (page) => {
      await receive(page, "Genève");
      await dialog(page);
    },
  },
  {
    name: "log-in-wrong",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "wrong");
      await page.getByText("2 attempts are left").waitFor();
    },
  },
  {
    name: "log-in-system",
    setting: {},
    reach: async (page) => {
      await receive(page, "Lager (alt)");
      await dialog(page);
    },
  },
  {
    name: "log-in-system-wrong",
    setting: {},
    reach: async (page) => {
      await receive(page, "Lager (alt)");
      await dialog(page);
      await page.getByLabel("System password", { exact: true }).fill("wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByText("Wrong system password").waitFor();
    },
  },
  {
    name: "log-in-keychain-locked",
    setting: { query: "scenario=locked" },
    reach: async (page) => {
      await receive(page, "Zürich, Filiale 2");
      await page.getByText("The keychain could not be asked").waitFor();
    },
  },
  {
    name: "units-bad-criteria",
    setting: {},
    reach: async (page) => {
      await button(page, "Preferences");
      await page.getByLabel("IP Search Criteria").fill("10.0.0.999");
      await button(page, "Save");
      await button(page, "Units");
      await page.keyboard.press("F5");
      await page.getByText("1 entry of the IP Search Criteria").waitFor();
    },
  },
  {
    name: "lists",
    setting: {},
    reach: (page) => openLists(page, "Zürich, Filiale 2"),
  },
  {
    name: "lists-malformed",
    setting: {},
    reach: async (page) => {
      await openLists(page, "Zürich, Filiale 2");
      await button(page, "Hunt groups");
      await page.getByText("1 line can not be read").click();
    },
  },
  {
    name: "lists-no-licence",
    setting: { query: "language=en" },
    reach: async (page) => {
      await openLists(page, "Zürich, Filiale 2");
      await button(page, "Licences");
      await page.getByText("has no CTI licence").waitFor();
    },
  },
  {
    name: "send-api",
    setting: { query: "edited" },
    reach: async (page) => {
      await openOverApi(page);
      await page.getByText("Writes each changed entry").waitFor();
    },
  },
  {
    name: "send-api-stopped",
    setting: { query: "edited&scenario=stopsInTheMiddle" },
    reach: async (page) => {
      await openOverApi(page);
      await page.getByRole("button", { name: "Send and merge" }).click();
      await page.getByText("It stopped in the middle").waitFor();
    },
  },
  {
    name: "log-in-empty",
    setting: {},
    reach: async (page) => {
      await receive(page, "Genève");
      await dialog(page);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.getByRole("button", { name: "Log in without a password" }).waitFor();
    },
  },
  {
    name: "log-in-later",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "busy");
      await page.getByRole("timer").waitFor();
    },
  },
  {
    name: "log-in-impostor",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "impostor");
      await page.getByText("Do not log in here").waitFor();
    },
  },
  {
    name: "password-expires",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "expiring");
      await page.getByRole("button", { name: "Change password…" }).waitFor();
    },
  },
  {
    name: "password-change",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "expiring");
      await page.getByRole("button", { name: "Change password…" }).click();
      await page.getByLabel("New password", { exact: true }).fill("short");
      await page.getByLabel("New password, again").fill("short");
      await page.getByRole("button", { name: "Change password" }).last().click();
      await page.getByText("at least 8 characters").waitFor();
    },
  },
  {
    name: "logged-out",
    setting: {},
    reach: async (page) => {
      await openConfiguration(page);
      await page.keyboard.press("Control+1");
      await page.evaluate(() => void globalThis.dispatchEvent(new Event("demo-idle")));
      await page.getByText("Logged out of Zürich, Filiale 2").waitFor();
    },
  },
  {
    name: "certificate-refused",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "expired");
      await page.getByText("does not trust the certificate").waitFor();
    },
  },
  {
    name: "site-certificate",
    setting: {},
    reach: async (page) => {
      await choose(page, "Basel");
      await page.keyboard.press("F2");
      await dialog(page);
      await page.getByRole("button", { name: "Choose…" }).click();
      await page.getByLabel("Password of the file").fill("wrong");
      await page.getByRole("button", { name: "Open it" }).click();
      await page.getByText("does not open it").waitFor();
    },
  },
  {
    name: "site-api",
    setting: {},
    reach: async (page) => {
      await choose(page, "Basel");
      await page.keyboard.press("F2");
      await dialog(page);
      await page.locator("dialog").getByLabel("Method").selectOption("api");
      await page.getByRole("button", { name: "Choose…" }).click();
      await page.getByLabel("Password of the file").fill("trunkline");
      await page.getByRole("button", { name: "Open it" }).click();
      await page.getByText("trunkline.p12").waitFor();
    },
  },
  {
    name: "log-in-last",
    setting: {},
    reach: async (page) => {
      await lastAttempt(page);
      await page.getByText("Use the last attempt on").waitFor();
    },
  },
  {
    name: "log-in-locked",
    setting: {},
    reach: async (page) => {
      await lastAttempt(page);
      await page.getByRole("button", { name: "Use the last attempt" }).click();
      await page.getByRole("timer").waitFor();
    },
  },
  {
    name: "log-in-must-change",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "old");
      await page.getByLabel("New password", { exact: true }).waitFor();
    },
  },
  {
    name: "log-in-plain",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "plain");
      await page.getByText("offers no TLS").waitFor();
    },
  },
  {
    name: "log-in-weaker",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Genève", "weaker");
      await page.getByText("asks for a weaker log-in").waitFor();
    },
  },
  {
    name: "keychain-waits",
    setting: { query: "scenario=prompting" },
    reach: async (page) => {
      await receive(page, "Zürich, Filiale 2");
      await page.getByText("Waiting for the keychain").waitFor();
    },
  },
  {
    name: "store-damaged",
    setting: { query: "scenario=damaged" },
    reach: (page) => page.getByText("was damaged").waitFor(),
  },
  {
    name: "start-failed",
    setting: { query: "scenario=failedStart" },
    reach: (page) => page.getByRole("heading", { name: "Trunkline can not start" }).waitFor(),
  },
  {
    name: "closing",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await close(page);
      await page.getByText("Close Trunkline?").waitFor();
    },
  },
  {
    name: "certificate-first",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Bern Zentrum", "trunkline");
      await page.getByText("Do you trust").waitFor();
    },
  },
  {
    name: "certificate-changed",
    setting: {},
    reach: async (page) => {
      await logIn(page, "Lugano", "trunkline");
      await page.getByText("has changed").waitFor();
    },
  },
  {
    name: "receiving",
    setting: { query: "scenario=receiving" },
    reach: async (page) => {
      await receive(page, "Zürich, Filiale 2");
      await page.getByText("Receiving from Zürich").waitFor();
    },
  },
  {
    name: "configuration",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await choose(page, "Sales1");
      await page.getByLabel("Full name").waitFor();
    },
  },
  {
    name: "configuration-changes",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await page.getByRole("button", { name: /^Changes/ }).click();
    },
  },
  {
    name: "configuration-problems",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await page.getByRole("button", { name: /^Problems/ }).click();
      await page.getByText("extension used twice").first().waitFor();
    },
  },
  {
    name: "configuration-find",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await page.keyboard.press("Control+f");
      await page.keyboard.type("sales");
      await page.getByText(/hits for/).waitFor();
    },
  },
  {
    name: "discard",
    setting: { query: "edited" },
    reach: async (page) => {
      await openConfiguration(page);
      await button(page, "Close this configuration");
      await dialog(page);
    },
  },
  { name: "send", setting: { query: "edited" }, reach: sendDialog },
  {
    name: "send-immediate",
    setting: { query: "edited" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("radio", { name: /Restart immediately/ }).check();
    },
  },
  {
    name: "send-timed",
    setting: { query: "edited" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("radio", { name: /Restart at a time/ }).check();
    },
  },
  { name: "send-conflict", setting: { query: "edited&scenario=conflict" }, reach: sendDialog },
  { name: "send-collision", setting: { query: "edited&scenario=collision" }, reach: sendDialog },
  {
    name: "send-overwrite",
    setting: { query: "edited&scenario=collision" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("radio", { name: /Overwrite theirs/ }).check();
      await page.getByRole("checkbox").check();
      await page.getByRole("button", { name: "Go on to overwrite" }).click();
      await page.getByText("This overwrites what somebody else changed").waitFor();
    },
  },
  {
    name: "send-conflict-german",
    setting: { query: "edited&scenario=collision&language=de" },
    reach: germanSend,
  },
  { name: "send-too-large", setting: { query: "edited&scenario=tooLarge" }, reach: sendDialog },
  {
    name: "send-needs-restart",
    setting: { query: "edited&scenario=refusesMerge" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("button", { name: "Send and merge" }).click();
      await page.getByText("Choose when it may restart").waitFor();
    },
  },
  {
    name: "send-invalid-document",
    setting: { query: "edited&scenario=refusesDocument" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("button", { name: "Send and merge" }).click();
      await page.getByRole("button", { name: "Show the problems" }).waitFor();
    },
  },
  {
    name: "watching-held-up",
    setting: { query: "scenario=callsHoldItUp" },
    reach: async (page) => {
      await choose(page, "Zürich, Filiale 2");
      await button(page, "Restart…");
      await dialog(page);
      await page.getByRole("button", { name: "Restart when free" }).click();
      await page.getByRole("button", { name: "Go on watching" }).waitFor();
    },
  },
  {
    name: "sending",
    setting: { query: "edited&scenario=sending" },
    reach: async (page) => {
      await sendDialog(page);
      await page.getByRole("button", { name: "Send and merge" }).click();
      await page.locator("dialog progress").waitFor();
    },
  },
  {
    name: "restart",
    setting: {},
    reach: async (page) => {
      await choose(page, "Zürich, Filiale 2");
      await button(page, "Restart…");
      await dialog(page);
    },
  },
  { name: "waiting", setting: { query: "scenario=waiting" }, reach: restartNow },
  {
    name: "preferences",
    setting: {},
    reach: async (page) => {
      await button(page, "Preferences");
      await page.getByText(/addresses will be asked/).waitFor();
    },
  },
  {
    name: "preferences-bad-entry",
    setting: {},
    reach: async (page) => {
      await button(page, "Preferences");
      await page
        .getByLabel("IP Search Criteria")
        .fill("10.30.0.0/22; 10.30.300.1\n172.20.0.30-10; hq.müster.example");
      await page.getByLabel("Attempts").fill("99");
      await page.getByText(/2 entries can not be used/).waitFor();
    },
  },
  {
    name: "activity",
    setting: {},
    reach: async (page) => {
      await button(page, "Activity");
      await page.getByRole("treegrid", { name: "Activity" }).waitFor();
    },
  },
  {
    name: "failure",
    setting: {},
    reach: async (page) => {
      await choose(page, "Basel");
      await page.keyboard.press("F2");
      await page.getByRole("textbox", { name: "Name", exact: true }).fill("Chur");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
];

async function welcomed(page: Page): Promise<void> {
  await page.getByRole("heading", { name: "Welcome to Trunkline" }).waitFor();
}

async function searchFurther(page: Page): Promise<void> {
  await page.getByLabel("Filter by anything").fill("10.30.1.80");
  await button(page, "Search further");
  await page.getByRole("dialog", { name: "Search further" }).getByRole("button", { name: "Search" }).click();
  await page.getByText("IP Office by HTTP").first().waitFor();
}

async function lastAttempt(page: Page): Promise<void> {
  await logIn(page, "Genève", "wrong");
  await page.getByText("2 attempts are left").waitFor();
  for (const expected of ["1 attempt is left", "Use the last attempt on"]) {
    await page.getByLabel("Password", { exact: true }).fill("wrong");
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByText(expected).waitFor();
  }
}

async function restartNow(page: Page): Promise<void> {
  await choose(page, "Zürich, Filiale 2");
  await button(page, "Restart…");
  await page.getByRole("radio", { name: /Restart immediately/ }).check();
  await page.getByLabel(/to confirm/).fill("Zürich, Filiale 2");
  await page.getByRole("button", { name: "Restart now" }).click();
  await page.getByText("is away, watched for").waitFor();
}

async function germanSend(page: Page): Promise<void> {
  await choose(page, "Zürich, Filiale 2");
  await button(page, "Empfangen");
  await page.getByRole("treegrid").waitFor();
  await button(page, /^Senden/);
  await dialog(page);
}
