/** Just enough of the IP Search Criteria for the demo; the real rules are in trunkline-protocol. */
import type { CriteriaCheck, CriteriaProblem } from "../types";

const limit = 65_536;

export function checkCriteria(text: string): CriteriaCheck {
  const problems: CriteriaProblem[] = [];
  let addresses = 0;
  let position = 0;
  for (const piece of text.matchAll(/[^;\n]+/g)) {
    const bare = piece[0].replace(/#.*/, "");
    const entry = bare.trim();
    if (entry === "") continue;
    position += 1;
    const count = countOf(entry);
    if (typeof count === "number") {
      addresses += count;
      continue;
    }
    const at = piece.index + bare.indexOf(entry);
    problems.push({
      entry,
      position,
      byteOffset: new TextEncoder().encode(text.slice(0, at)).length,
      reason: count,
      unresolved: false,
    });
  }
  return { addresses: Math.min(addresses, limit), problems };
}

/** How many addresses an entry stands for, or what is wrong with it. */
function countOf(entry: string): number | string {
  const host = entry.replace(/:\d+$/, "");
  const [first = "", second] = host.split("-");
  if (/^[\d.]+(\/\d+)?$/.test(first)) {
    const [network = "", bits] = first.split("/");
    const start = ipv4(network);
    if (start === undefined) return "this is not an IPv4 address: it needs four numbers from 0 to 255";
    if (bits !== undefined) {
      return Number(bits) <= 32 ? 2 ** (32 - Number(bits)) : "the number after / must be from 0 to 32";
    }
    if (second === undefined) return 1;
    const end = /^\d+$/.test(second) ? (start & ~255) + Number(second) : ipv4(second);
    if (end === undefined || end >>> 0 < start)
      return "the range must end at or after the address where it begins";
    return (end >>> 0) - start + 1;
  }
  return /^[\p{L}\d]([\p{L}\d.-]*[\p{L}\d])?$/u.test(host) ? 1 : "this is neither an address nor a DNS name";
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".").map(Number);
  if (
    parts.length !== 4 ||
    parts.some((part) => !Number.isInteger(part) || part > 255) ||
    /\.\.|^\.|\.$/.test(text)
  ) {
    return undefined;
  }
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The criteria with a subnet behind them, unless it is among them. */
export function addSubnet(text: string, subnet: string): string {
  const entries = text.split(/[;\n]/).map((entry) => entry.replace(/#.*/, "").trim());
  if (entries.includes(subnet)) return text;
  return text.trim() === "" ? subnet : `${text.trimEnd()}${/[#\n]/.test(text) ? "\n" : "; "}${subnet}`;
}
