/** A page of the demo in a real browser, and what tests do with it. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { inject } from "vitest";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath))
  throw new Error(`no browser at ${executablePath}: install chromium or set CHROMIUM`);

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export type Scheme = "light" | "dark";

export interface Setting {
  /** As in `MemoryOptions`: `?sites=2000&scenario=searching`. */
  query?: string;
  scheme?: Scheme;
  width?: number;
  height?: number;
  scale?: number;
}

export class Browser {
  private constructor(
    private readonly context: BrowserContext,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Browser> {
    const folder = mkdtempSync(join(tmpdir(), "trunkline-ui-"));
    return new Browser(
      await chromium.launchPersistentContext(folder, { executablePath, headless: true, args: flags }),
      folder,
    );
  }

  /** A page that has found what it finds. */
  async open({
    query = "",
    scheme = "light",
    width = 1280,
    height = 800,
    scale = 1,
  }: Setting = {}): Promise<Page> {
    const page = await this.context.newPage();
    page.setDefaultTimeout(5000);
    page.on("pageerror", (error) => {
      throw error;
    });
    await page.setViewportSize({ width: width / scale, height: height / scale });
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await page.goto(`${inject("origin")}?${query}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    if (!query.includes("scenario=searching"))
      await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
    return page;
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const axeSource = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What breaks a rule of axe, best practices among them. */
export async function violations(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axeSource });
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import("axe-core") }).axe.run();
    return violations.map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n  ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join("\n  ")}`,
    );
  });
}

/** What is cut off: text wider than its box without an ellipsis or a scroll bar, and lists crushed to less than a row. */
export function clipped(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [
      ...document.querySelectorAll<HTMLElement>(
        "button, label, h1, h2, h3, p, dt, dd, legend, summary, nav, .list, .scroller, .text, .right",
      ),
    ]
      .filter(
        (element) =>
          element.checkVisibility() && !element.closest(".visually-hidden, [popover]:not(:popover-open)"),
      )
      .filter((element) => {
        const style = getComputedStyle(element);
        const hides =
          style.overflowX !== "visible" && style.overflowX !== "auto" && style.textOverflow !== "ellipsis";
        const box = element.getBoundingClientRect();
        const outside = box.right > innerWidth + 1 && !element.closest(".scroller, .list");
        const crushed =
          style.overflowY === "auto" &&
          element.clientHeight < 40 &&
          element.scrollHeight > element.clientHeight + 1;
        return outside || crushed || (hides && element.scrollWidth > element.clientWidth + 1);
      })
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}
