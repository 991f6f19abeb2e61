/** Keyboard shortcuts: how they are written down, shown and recognised. `Mod` is Ctrl, and Cmd on macOS. */
import { t } from "./i18n/index.svelte";

let apple = false;

export function setPlatform(platform: string): void {
  apple = platform === "macos";
}

/** `Mod++` is Mod and the plus itself. */
function partsOf(keys: string): string[] {
  return keys.endsWith("++") ? [...keys.slice(0, -2).split("+"), "+"] : keys.split("+");
}

/** `Mod+Shift+Z` as a person reads it. */
export function shownKeys(keys: string): string {
  const symbols: Record<string, string> = apple
    ? { Mod: "⌘", Shift: "⇧", Alt: "⌥", Enter: "↵", Escape: "Esc", Delete: "⌫" }
    : { ...t.keys, Enter: "↵" };
  return partsOf(keys)
    .map((key) => symbols[key] ?? key)
    .join(apple ? "" : " ");
}

/** `Mod+Shift+Z` as `aria-keyshortcuts` wants it. */
export function ariaKeys(keys: string): string {
  return keys.replace("Mod", apple ? "Meta" : "Control");
}

export function matchesKeys(event: KeyboardEvent, keys: string): boolean {
  const parts = partsOf(keys);
  const key = parts.at(-1) ?? "";
  const mod = parts.includes("Mod");
  const pressed = apple ? event.metaKey : event.ctrlKey;
  const other = apple ? event.ctrlKey : event.metaKey;
  if (pressed !== mod || other || event.altKey !== parts.includes("Alt")) return false;
  // A letter may come with Shift from the layout itself ("/" on many keyboards), so Shift counts for named keys and letters only.
  if (/^([A-Z]|[A-Z][a-z]+|F\d+)$/.test(key) && event.shiftKey !== parts.includes("Shift")) return false;
  return event.key.length === 1 ? event.key.toUpperCase() === key.toUpperCase() : event.key === key;
}

/** A key that types something, as opposed to one that commands. */
export function typesText(event: KeyboardEvent): boolean {
  return event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
}

/** Where typing goes into text, and single-letter shortcuts must keep still. */
export function isTextInput(element: EventTarget | null): boolean {
  if (!(element instanceof HTMLElement)) return false;
  if (element instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(element.type);
  return element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement;
}
