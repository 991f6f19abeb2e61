/** Every main view of the real window, light and dark: axe finds nothing, and each leaves a picture. */
import { Key } from "selenium-webdriver";
import { describe, expect, it, onTestFinished } from "vitest";
import { App } from "./app";
import { missing } from "./programs";
import { password, VirtualSite } from "./site";
import { startDesk } from "./stage";

const unit = "Head Office";
const themes = ["light", "dark"] as const;

/** Units on addresses of their own look like a customer's; where those are taken, free ports do as well. */
async function pictureSite(): Promise<VirtualSite> {
  const site = await VirtualSite.onAddresses().catch(() => VirtualSite.start());
  onTestFinished(() => site.stop());
  return site;
}

async function customer(site: VirtualSite): Promise<App> {
  const desk = await startDesk();
  desk.trunkline("preferences", "set", "ip_search_criteria", site.criteria);
  const grouped: Record<string, string> = {
    "Head Office": "Alpine Trading",
    "Zürich, Filiale 2": "Alpine Trading",
    Warehouse: "Alpine Trading",
    "Call Centre": "Coast Line",
    Harbour: "Coast Line",
    Lighthouse: "Coast Line",
  };
  for (const { name, address, base_port } of site.units) {
    const group = grouped[name];
    if (group && base_port)
      desk.trunkline("sites", "add", name, address, "--group", group, "--base-port", String(base_port));
  }
  return App.start(desk);
}

async function each(app: App, name: string): Promise<void> {
  for (const theme of themes) {
    await app.theme(theme);
    expect(await app.violations(), `${name}, ${theme}`).toEqual([]);
    await app.picture(`window-${name}-${theme}`);
  }
}

describe.skipIf(missing().length > 0)("the views of the window", () => {
  it("are accessible, and look as they should", async () => {
    const app = await customer(await pictureSite());
    await app.choose(unit);
    await each(app, "units");
    await app.chord(Key.CONTROL, "k");
    await app.find("dialog", "Commands");
    await each(app, "palette");
    await app.keys(Key.ESCAPE);
    await app.gone("dialog");

    await app.click("Receive");
    await app.find("heading", "Log in to");
    await each(app, "log-in");
    await app.logIn(password);
    await app.find("heading", "Do you trust");
    await each(app, "certificate");
    await app.click("Trust and pin it");
    await app.field("Find in configuration");
    await (await app.find("row", "203")).click();
    await app.find("heading", "User 203");
    await app.type("Full name", `Front desk${Key.TAB}`);
    await app.see("1 change not sent");
    await each(app, "configuration");
    await app.click("Send…");
    await app.find("heading", `Send to ${unit}`);
    await each(app, "send");
    await app.keys(Key.ESCAPE);
    await app.gone("dialog");

    await app.chord(Key.CONTROL, "2");
    await app.find("heading", "Activity");
    await each(app, "activity");
    await app.chord(Key.CONTROL, ",");
    await app.find("heading", "Preferences");
    await app.see("will be asked");
    await each(app, "preferences");
  });
});
