/** Marks bad entries in the text of the IP Search Criteria. */
import type { CriteriaProblem } from "./types";

export interface CriteriaPart {
  /** Where it begins, as JavaScript counts. */
  start: number;
  text: string;
  problem: CriteriaProblem | null;
}

/** The text cut into good and bad parts; together they are the text again. */
export function criteriaParts(text: string, problems: CriteriaProblem[]): CriteriaPart[] {
  const parts: CriteriaPart[] = [];
  let at = 0;
  for (const problem of problems.toSorted((a, b) => a.byteOffset - b.byteOffset)) {
    const start = Math.max(at, indexOfByte(text, problem.byteOffset));
    const end = entryEnd(text, start);
    if (end <= start) continue;
    if (start > at) parts.push({ start: at, text: text.slice(at, start), problem: null });
    parts.push({ start, text: text.slice(start, end), problem });
    at = end;
  }
  if (at < text.length) parts.push({ start: at, text: text.slice(at), problem: null });
  return parts;
}

/** The program counts bytes of UTF-8, this language counts units of UTF-16. */
export function indexOfByte(text: string, byteOffset: number): number {
  let bytes = 0;
  let index = 0;
  for (const letter of text) {
    if (bytes >= byteOffset) break;
    const code = letter.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    index += letter.length;
  }
  return index;
}

/** An entry ends at a separator or a comment, without the blanks before it. */
function entryEnd(text: string, start: number): number {
  const rest = text.slice(start);
  const end = rest.search(/[;\n\r#]/);
  return start + rest.slice(0, end < 0 ? undefined : end).trimEnd().length;
}

/** The DNS names among the criteria, in lower case and each once; just enough to know whether there are some. */
export function criteriaNames(text: string): string[] {
  const entries = text.split("\n").flatMap((line) => line.replace(/#.*/, "").split(";"));
  const names = entries
    .map((entry) => entry.trim().toLowerCase().replace(/:\d+$/, ""))
    .filter((entry) => /^(?=.*\p{L})[^\s:/[\]]+$/u.test(entry));
  return [...new Set(names)];
}
