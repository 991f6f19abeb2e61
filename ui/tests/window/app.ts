/** The real window, driven by WebDriver as a person would drive it. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Builder, By, Capabilities, type WebDriver, type WebElement } from "selenium-webdriver";
import type { Desk } from "./desk";
import { app, freePorts, listens, pictures, program, type Running, until } from "./programs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Elements by what a person sees or hears of them. */
const named = (role: string, name: string) => {
  const text = JSON.stringify(name);
  const itself: Record<string, string> = {
    button: `self::button[not(ancestor::*[@hidden])]`,
    heading: `self::h1 or self::h2`,
    // WebKit's driver presses cells, not rows.
    row: `self::td[ancestor::tbody]`,
    dialog: `self::dialog`,
  };
  return By.xpath(`//*[${itself[role]}][contains(normalize-space(.), ${text}) or @aria-label=${text}]`);
};
const labelled = (label: string) => {
  const text = JSON.stringify(label);
  return By.xpath(
    `//*[self::input or self::select or self::textarea][@aria-label=${text} or @id=//label[normalize-space(text())=${text}]/@for or ancestor::label[normalize-space(.)=${text} or normalize-space(text()[1])=${text} or normalize-space(span[1]/text()[1])=${text}]]`,
  );
};

export class App {
  private constructor(
    readonly driver: WebDriver,
    private readonly tauriDriver: Running,
    private readonly desk: Desk,
  ) {}

  /** Starts the window on a desk, and waits until its first search is over. */
  static async start(desk: Desk, { settled = true, heading = "Units" } = {}): Promise<App> {
    const [port = 0, native = 0] = await freePorts(2);
    const tauriDriver = desk.run("tauri-driver", [
      ...["--port", String(port), "--native-port", String(native)],
      ...["--native-driver", program("WebKitWebDriver")],
    ]);
    await until("the driver", async () => (await listens(port)) && (await listens(native)));
    const capabilities = new Capabilities({
      browserName: "wry",
      "tauri:options": { application: app, args: [] },
    });
    const driver = await new Builder()
      .usingServer(`http://127.0.0.1:${port}/`)
      .withCapabilities(capabilities)
      .build();
    const window = new App(driver, tauriDriver, desk);
    await driver.manage().setTimeouts({ script: 60_000 });
    await window.see(heading);
    if (settled) await window.see(" found in ");
    return window;
  }

  run<T>(script: string, ...args: unknown[]): Promise<T> {
    return this.driver.executeScript<T>(script, ...args);
  }

  /** Until no search and no work is under way. */
  settled(): Promise<true> {
    return until("the end of the work", () =>
      this.run<true>(
        "return document.querySelector('main h1, main h2') && !document.querySelector('footer progress')",
      ),
    );
  }

  /** Waits until a text can be seen. */
  async see(text: string, seconds?: number): Promise<void> {
    const look = () => this.run<boolean>("return document.body.innerText.includes(arguments[0])", text);
    await this.until(`“${text}”`, look, seconds);
  }

  /** As `until`; where it is in vain, says what the window shows instead. */
  private until<T>(what: string, look: () => Promise<T | false | undefined>, seconds?: number): Promise<T> {
    return until(what, look, seconds).catch(async (error) => {
      throw new Error(`${error.message}; the window says: ${await this.text()}`, { cause: error.cause });
    });
  }

  async gone(selector: string): Promise<void> {
    await until(
      `${selector} to go`,
      async () => (await this.driver.findElements(By.css(selector))).length === 0,
    );
  }

  text(): Promise<string> {
    return this.run<string>("return document.body.innerText");
  }

  /** The topmost element of this role whose text or label is this; dialogs stand last in the page. */
  find(role: "button" | "heading" | "row" | "dialog", name: string): Promise<WebElement> {
    return this.shown(named(role, name), `the ${role} “${name}”`);
  }

  field(label: string): Promise<WebElement> {
    return this.shown(labelled(label), `the field “${label}”`);
  }

  private shown(by: By, what: string): Promise<WebElement> {
    return this.until(what, async () => {
      const elements = await this.driver.findElements(by);
      for (const element of elements.reverse()) if (await element.isDisplayed()) return element;
      return undefined;
    });
  }

  async click(name: string): Promise<void> {
    await until(`“${name}” to be pressed`, async () => {
      const button = await this.find("button", name);
      if (!(await button.isEnabled())) return false;
      await button.click();
      return true;
    });
  }

  async choose(row: string): Promise<void> {
    await (await this.find("row", row)).click();
    await until(`the details of ${row}`, () =>
      this.run<boolean>("return document.querySelector('aside h2')?.innerText.includes(arguments[0])", row),
    );
  }

  async type(label: string, text: string): Promise<void> {
    const field = await this.field(label);
    await this.run("arguments[0].focus(); arguments[0].select()", field);
    await this.keys(text);
  }

  async select(label: string, value: string): Promise<void> {
    const field = await this.field(label);
    await this.run(
      "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', { bubbles: true }))",
      field,
      value,
    );
  }

  keys(...keys: string[]): Promise<void> {
    return this.driver
      .actions()
      .sendKeys(...keys)
      .perform();
  }

  chord(...keys: string[]): Promise<void> {
    const actions = this.driver.actions();
    for (const key of keys) actions.keyDown(key);
    for (const key of keys.reverse()) actions.keyUp(key);
    return actions.perform();
  }

  /** Fills in the log-in dialog and presses its button. */
  async logIn(password: string, remember = false): Promise<void> {
    await this.type("Password", password);
    if (remember) await (await this.field("Remember in this computer's keychain")).click();
    await this.click("Log in");
  }

  /** Runs a function inside the page; it must stand by itself. */
  async within<T>(look: () => Promise<T>): Promise<T> {
    const [answer, trouble] = await this.driver.executeAsyncScript<[T, string]>(
      `const done = arguments[0]; (${look})().then((answer) => done([answer, ""]), (error) => done([null, String(error)]));`,
    );
    if (trouble !== "") throw new Error(trouble);
    return answer;
  }

  /** What breaks a rule of axe, run inside the window. */
  async violations(): Promise<string[]> {
    await this.still();
    await this.run(axeSource);
    return this.within(async () => {
      const { violations } = await (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run();
      return violations.map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, any }) => `${html.slice(0, 160)} ${any[0]?.message ?? ""}`).join(" | ")}`,
      );
    });
  }

  /** Shows the page as a system with this theme does, and waits for its colours. */
  async theme(theme: "light" | "dark"): Promise<void> {
    await this.run("document.documentElement.dataset.theme = arguments[0]", theme);
    await this.still();
  }

  /** Until nothing moves: half-way to its colours a dialog is not yet what it will be. */
  private async still(): Promise<void> {
    await this.within(async () => {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      await Promise.all(document.getAnimations().map(({ finished }) => finished));
    });
  }

  /** The window as it stands on the screen: WebKit's driver gives no picture of a page that is drawn without layers. */
  async picture(name: string): Promise<void> {
    await this.still();
    await this.capture(name, await this.id());
  }

  /** What crossed the door from the first call on: commands with their arguments, and everything that came back. */
  heard(): Promise<{ out: [string, string][]; in: string[] }> {
    return this.run("return window.heard");
  }

  columns(): Promise<string[]> {
    return this.run(
      "return [...document.querySelectorAll('thead th')].map((th) => th.innerText.replace(/[↑↓]/g, '').trim())",
    );
  }

  /** Inside the frame, in CSS pixels. */
  size(): Promise<[number, number]> {
    return this.run("return [innerWidth, innerHeight]");
  }

  /** Drags the corner of the window; answers with the size that it has then. */
  async resize(width: number, height: number): Promise<[number, number]> {
    const before = await this.size();
    await this.desk.run("wmctrl", ["-i", "-r", await this.id(), "-e", `0,-1,-1,${width},${height}`]).ended();
    return until("another size of the window", async () => {
      const now = await this.size();
      return now[0] === width && now[1] === height && now[0] !== before[0] && now;
    });
  }

  /** The whole screen, with what other programs show on it. */
  screen(name: string): Promise<void> {
    return this.capture(name, "root");
  }

  private async capture(name: string, window: string): Promise<void> {
    mkdirSync(pictures, { recursive: true });
    await this.desk.run("import", ["-window", window, join(pictures, `${name}.png`)]).ended();
  }

  private id(): Promise<string> {
    return this.desk.run("wmctrl", ["-l"]).line((line) => /^(0x\w+) .* Trunkline$/.exec(line)?.[1]);
  }

  /** Presses the button of the window's frame. */
  async pressClose(): Promise<void> {
    await this.desk.run("wmctrl", ["-i", "-c", await this.id()]).ended();
  }

  /** Closes the window as its frame does, so that the program ends by itself. */
  async quit(): Promise<void> {
    await this.pressClose();
    await this.ended();
  }

  /** Presses the button that ends the program; its answer may not come any more. */
  async leave(name: string): Promise<void> {
    const button = await this.find("button", name);
    await button.click().catch(() => undefined);
    await this.ended();
  }

  /** Until the program has ended by itself. */
  private async ended(): Promise<void> {
    await until("the window to close", async () => !(await this.answers()));
    await this.tauriDriver.stop();
  }

  private async answers(): Promise<boolean> {
    try {
      await this.driver.getTitle();
      return true;
    } catch {
      return false;
    }
  }
}
