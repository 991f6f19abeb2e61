/** What answers at an address and does not say that it is a unit, and where addresses are. No state, no page. */
import type { Unidentified, UnidentifiedKind } from "$lib/types";

/** What says most of what stands there comes first. */
const strength: UnidentifiedKind[] = [
  "httpUnit",
  "snmpAvaya",
  "httpOther",
  "snmpOther",
  "tlsOnly",
  "portOpen",
  "otherTftp",
  "refused",
  "pingOnly",
  "other",
];

/** Everything that was heard, by its address, what says most first; the same thing once. */
export function byAddress(all: Unidentified[]): Map<string, Unidentified[]> {
  const places = new Map<string, Map<string, Unidentified>>();
  for (const heard of all) {
    const here = places.get(heard.address) ?? new Map();
    places.set(heard.address, here.set(`${heard.kind} ${heard.port}`, heard));
  }
  const sorted = (here: Map<string, Unidentified>) =>
    [...here.values()].sort((a, b) => strength.indexOf(a.kind) - strength.indexOf(b.kind));
  return new Map([...places].map(([address, here]) => [address, sorted(here)]));
}

/** Whether asking it by HTTP or SNMP may tell more; what was asked so already has answered or never will. */
export function mayTellMore(heard: Unidentified[]): boolean {
  return !heard.some(({ kind }) => kind.startsWith("http") || kind.startsWith("snmp"));
}

/** Something that is no address of IPv4 or IPv6. */
export function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(":");
}

/** Whether an IPv4 address is in a subnet such as `10.21.4.0/24`. */
export function isIpv4In(address: string, subnet: string): boolean {
  const [network = "", bits = ""] = subnet.split("/");
  const [a, b] = [ipv4(address), ipv4(network)];
  if (a === undefined || b === undefined || !/^\d+$/.test(bits) || Number(bits) > 32) return false;
  const size = 2 ** (32 - Number(bits));
  return Math.floor(a / size) === Math.floor(b / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255))
    return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}
