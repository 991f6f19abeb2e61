/** The demo's search: who answers, what answers and is no unit, and what there is to know. */
import { BackendError } from "../backend";
import type {
  DiscoveryEvent,
  DiscoveryOptions,
  DiscoverySummary,
  Network,
  NoAnswer,
  Site,
  Unidentified,
} from "../types";
import { checkCriteria } from "./criteria";
import type { DemoUnit } from "./units";

export interface DemoNetwork {
  units: DemoUnit[];
  sites: () => Site[];
  criteria: () => string;
  networks: Network[];
  /** Strangers, a silent name and notices, as an installer meets them. */
  field: boolean;
  /** A search never ends by itself. */
  endless: boolean;
}

type Report = (event: DiscoveryEvent) => void;
type Step = (signal: AbortSignal) => Promise<void>;

/** Beside what `pause` and `forever` do, nothing here takes time. */
export async function search(
  demo: DemoNetwork,
  options: DiscoveryOptions,
  report: Report,
  signal: AbortSignal,
  pause: Step,
  forever: (signal: AbortSignal) => Promise<never>,
): Promise<DiscoverySummary> {
  const { units } = demo;
  const started = Date.now();
  await pause(signal);
  const { address } = options;
  const broadcast = address === "" || address.endsWith("255");
  if (broadcast) {
    for (const problem of checkCriteria(demo.criteria()).problems) report({ kind: "problem", problem });
  } else if (/^[\d.]+$/.test(address) && checkCriteria(address).problems.length > 0) {
    for (const problem of checkCriteria(address).problems) report({ kind: "problem", problem });
  }
  if (demo.networks.length === 0)
    throw new BackendError("not_reachable", "This computer is not connected to any network.", "");
  const asked = units.filter((unit) => unit.answers && (broadcast || unit.unit.address === address));
  const total = broadcast ? Math.max(1024, units.length) : 1;
  let found = 0;
  for (const [row, { unit }] of asked.entries()) {
    // A thousand are not worth a thousand pauses.
    if (units.length < 100 || found % 200 === 0) await pause(signal);
    found += 1;
    report({ kind: "unit", row, unit });
    const done = Math.round((found / (asked.length + 3)) * total);
    report({ kind: "progress", asked: done, total, found, remainingMs: 2000 });
  }
  if (demo.endless) await forever(signal);
  await pause(signal);
  if (demo.field) {
    for (const unidentified of strangers(options)) report({ kind: "unidentified", unidentified });
    if (!broadcast && found === 0)
      report({
        kind: "notice",
        text: `${address} is not pinged, which this computer does not permit (Operation not permitted); the search needs no ping`,
      });
  }
  for (const noAnswer of silent(demo, address, broadcast)) report({ kind: "noAnswer", noAnswer });
  return { asked: total, found, elapsedMs: Date.now() - started };
}

function silent({ units, sites, field }: DemoNetwork, address: string, broadcast: boolean): NoAnswer[] {
  const answers = new Set(units.filter((unit) => unit.answers).map(({ unit }) => unit.address));
  const of = (place: string, site: string, since: string, base: number): NoAnswer => ({
    address: place,
    site,
    dnsNames: [],
    since,
    discoveryPort: 50802,
    configurationPort: base,
    configurationTlsPort: base + 1,
  });
  const saved = sites()
    .filter((site) => !answers.has(site.address) && (broadcast || site.address === address))
    .map((site) => of(site.address, site.name, site.lastSeen, site.basePort || 50804));
  const alone = !broadcast && !answers.has(address) && saved.length === 0 && !(field && isStrange(address));
  return alone && checkCriteria(address).problems.length === 0
    ? [...saved, of(address, "", "", 50804)]
    : saved;
}

const strange: Unidentified[] = [
  {
    address: "10.30.1.80",
    port: 50802,
    kind: "portOpen",
    reason: "the port is open, but what listens there does not answer Whois",
  },
  { address: "10.30.1.81", port: 50802, kind: "tlsOnly", reason: "the port answers in TLS only" },
  {
    address: "10.30.4.1",
    port: 50802,
    kind: "refused",
    reason: "nothing listens on this TCP port: the connection was refused",
  },
  {
    address: "172.20.0.99",
    port: 0,
    kind: "pingOnly",
    reason: "it answers ping, but nothing there says that it is a unit",
  },
];

function isStrange(address: string): boolean {
  return strange.some((heard) => heard.address === address);
}

function strangers({ address, identifyHttp, snmpCommunity }: DiscoveryOptions): Unidentified[] {
  const here = strange.filter((heard) => address === "" || heard.address === address);
  const further: Unidentified[] = [
    ...(identifyHttp
      ? [
          {
            address: "10.30.1.80",
            port: 80,
            kind: "httpUnit",
            reason: "HTTP says IPOffice 11.1.2.3",
          } as const,
        ]
      : []),
    ...(snmpCommunity !== ""
      ? [{ address: "172.20.0.99", port: 161, kind: "snmpOther", reason: "SNMP says JetDirect" } as const]
      : []),
  ];
  return [...here, ...further.filter((heard) => here.some((known) => known.address === heard.address))];
}

const line = (name: string, system: string, address: string, subnet: string, linkLocal = false): Network => ({
  name,
  interface: system,
  address,
  subnet,
  linkLocal,
});

export const office: Network[] = [
  line("Ethernet", "eth0", "10.21.4.12", "10.21.4.0/24"),
  line("Wi-Fi", "wlan0", "192.168.1.40", "192.168.1.0/24"),
  line("VPN", "wg0", "172.20.9.2", "172.20.0.0/16"),
];

/** A second card, plugged straight into a unit. */
export const plugged: Network = line("eth1", "eth1", "169.254.17.3", "169.254.0.0/16", true);
