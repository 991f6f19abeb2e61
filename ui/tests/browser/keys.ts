/** What a person without a mouse does. */
import type { Page } from "playwright-core";

export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

export const heading = (page: Page, name: string | RegExp) =>
  page.getByRole("heading", { name }).first().waitFor();

/** Filters to one unit and puts the keyboard on it. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.keyboard.type(name);
  await press(page, "ArrowDown");
  const detail = page.getByRole("complementary");
  for (let i = 0; i < 3 && !(await detail.getByRole("heading", { name }).isVisible()); i++)
    await press(page, "ArrowDown");
  await detail.getByRole("heading", { name }).waitFor();
}

/** Tab until the element with this role and name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = [];
  for (let i = 0; i < 60; i++) {
    const at = await page.evaluate(() => {
      const active = document.activeElement;
      return active?.getAttribute("aria-label") ?? active?.textContent?.trim() ?? "";
    });
    if (at.startsWith(name)) return;
    seen.push(at.slice(0, 24));
    await press(page, "Tab");
  }
  throw new Error(`Tab does not reach ${name}; it reached ${[...new Set(seen)].join(" | ")}`);
}
