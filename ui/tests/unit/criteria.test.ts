import { describe, expect, it } from "vitest";
import { criteriaParts, indexOfByte } from "$lib/criteria";
import { checkCriteria } from "$lib/memory/criteria";

describe("marking bad entries in place", () => {
  const check = (text: string, bad: string[]) =>
    it(JSON.stringify(text), () => {
      const parts = criteriaParts(text, checkCriteria(text).problems);
      expect(parts.map((part) => part.text).join("")).toBe(text);
      expect(parts.filter((part) => part.problem).map((part) => part.text)).toEqual(bad);
      for (const part of parts) expect(text.slice(part.start, part.start + part.text.length)).toBe(part.text);
    });
  check("", []);
  check("10.0.0.1; 10.0.0.0/24", []);
  check("10.0.0.300", ["10.0.0.300"]);
  check("müller.example; 10.0.0.300 # büro\n10.0.0.9-1;", ["10.0.0.300", "10.0.0.9-1"]);
  check("😀; 10.0.0.1; 10.0.0.0/40", ["😀", "10.0.0.0/40"]);
});

describe("counting addresses", () => {
  const check = (text: string, addresses: number) =>
    it(text, () => expect(checkCriteria(text).addresses).toBe(addresses));
  check("10.0.0.1", 1);
  check("10.0.0.0/24; 10.1.0.10-19", 266);
  check("10.0.0.0-10.0.1.255", 512);
  check("10.0.0.0/8", 65_536);
  check("hq.example:50802 # one", 1);
});

describe("bytes of UTF-8 as units of UTF-16", () => {
  const check = (text: string, bytes: number, index: number) =>
    it(`${text} ${bytes}`, () => expect(indexOfByte(text, bytes)).toBe(index));
  check("abc", 2, 2);
  check("üx", 2, 1);
  check("€x", 3, 1);
  check("😀x", 4, 2);
  check("abc", 99, 3);
});
