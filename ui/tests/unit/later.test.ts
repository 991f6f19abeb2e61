/** What is fetched only when somebody wants it. */
import { afterEach, expect, it } from "vitest";
import { chooseLanguage, language, t } from "$lib/i18n/index.svelte";
import { rest } from "$lib/rest";
import { dialogs } from "$lib/state/dialogs.svelte";

afterEach(async () => {
  dialogs.open = [];
  await chooseLanguage("en");
});

it("a language is shown once it is there, and the last choice counts", async () => {
  const german = chooseLanguage("de");
  expect(language.code).toBe("en");
  await german;
  expect([language.code, document.documentElement.lang, t.units.refresh]).toEqual(["de", "de", "Suchen"]);
  await Promise.all([chooseLanguage("en"), chooseLanguage("de"), chooseLanguage("en")]);
  expect([language.code, document.documentElement.lang, t.units.refresh]).toEqual(["en", "en", "Refresh"]);
});

it("a dialog takes the keyboard from the moment it is asked for", async () => {
  await rest();
  expect(dialogs.busy).toBe(false);
  const answer = dialogs.ask("QuestionDialog", {
    title: "?",
    text: "",
    go: "Go",
    danger: false,
  });
  expect([dialogs.busy, dialogs.open.length]).toEqual([true, 0]);
  await expect.poll(() => dialogs.open.length).toBe(1);
  expect(dialogs.busy).toBe(true);
  const [{ props }] = dialogs.open as [(typeof dialogs.open)[0]];
  (props.done as (sure: boolean) => void)(true);
  expect(await answer).toBe(true);
  expect(dialogs.busy).toBe(false);
});
