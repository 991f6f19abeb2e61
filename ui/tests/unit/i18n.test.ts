import { describe, expect, it } from "vitest";
import { de } from "$lib/i18n/de";
import type { Messages } from "$lib/i18n/en";
import { en as english } from "$lib/i18n/en";
import { pluralIn } from "$lib/i18n/plural";

type Tree = { [key: string]: string | ((...parameters: never[]) => string) | Tree };

function leaves(tree: Tree, path = ""): [string, string | ((...parameters: never[]) => string)][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "object"
      ? leaves(value, `${path}${key}.`)
      : [[`${path}${key}`, value] as [string, typeof value]],
  );
}

const en = new Map(leaves(english as unknown as Tree));

/** Empty on purpose: nothing is said there. */
const silent =
  /^(marks\.none|conflict\.obstacles\.none|certificate\.refused\.text|restart\.go\.merge|empty\.filtered\.title|empty\.failed\.text|preferences\.units\..*)$/;

describe.each(Object.entries({ en: english, de }))("%s", (_, catalogue: Messages) => {
  const all = leaves(catalogue as unknown as Tree);

  it("has every key of English, and no other", () => expect(all.map(([key]) => key)).toEqual([...en.keys()]));

  it("says something everywhere", () => {
    const empty = all.filter(([key, value]) => value === "" && !silent.test(key));
    expect(empty).toEqual([]);
  });

  it("takes as many parameters as English", () => {
    const different = all.filter(
      ([key, value]) => typeof value === "function" && value.length !== (en.get(key) as () => string).length,
    );
    expect(different.map(([key]) => key)).toEqual([]);
  });
});

it("really is another language", () => {
  const german = leaves(de as unknown as Tree).filter(([, value]) => typeof value === "string");
  const same = german.filter(([key, value]) => value === en.get(key) && value !== "");
  expect(same.length / german.length).toBeLessThan(0.15);
});

describe("plural", () => {
  const check = (n: number, expected: string) =>
    it(expected, () => expect(pluralIn("en")(n, { one: "# unit", other: "# units" })).toBe(expected));
  check(0, "0 units");
  check(1, "1 unit");
  check(2, "2 units");
  check(1024, "1,024 units");
});
