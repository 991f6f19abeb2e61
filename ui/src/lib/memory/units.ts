/** The demo's units and saved sites: a customer list as an installer would have it. */
import type { FoundBy, FoundUnit, Site, UnitServices } from "../types";

/** How the demo's unit behaves beyond what it answers to discovery. */
export interface DemoUnit {
  unit: FoundUnit;
  group: string;
  saved: boolean;
  answers: boolean;
  notes: string;
  /** The user is asked to trust its certificate the first time. */
  pinned: boolean;
  /** It shows another certificate than the pinned one. */
  newCertificate: boolean;
  remembered: boolean;
  lastSeen: string;
  lastBackup: string;
}

const none: UnitServices = {
  discoveryPort: 50802,
  basePort: 50804,
  configuration: false,
  configurationTls: false,
  security: false,
  securityTls: false,
  tftp: false,
  managementApi: false,
  devlink3: false,
};

const modern: UnitServices = {
  ...none,
  configuration: true,
  configurationTls: true,
  security: true,
  securityTls: true,
  devlink3: true,
};

function mac(index: number): string {
  const hex = (0x05918f + index * 0x1f3).toString(16).toUpperCase().padStart(6, "0");
  return `00:E0:07:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

function demo(
  index: number,
  name: string,
  group: string,
  address: string,
  type: string,
  version: string,
  foundBy: FoundBy[],
  roundTripMs: number,
  more: Partial<DemoUnit> & { unitMore?: Partial<FoundUnit> } = {},
): DemoUnit {
  const { unitMore, ...rest } = more;
  const server = type === "Server Edition";
  return {
    unit: {
      name,
      address,
      otherAddresses: [],
      dnsNames: [],
      site: "",
      mac: mac(index),
      type,
      version,
      edition: server ? "Select" : "Standard",
      state: "running",
      services: { ...modern, managementApi: server },
      foundBy,
      roundTripMs,
      pingBlocked: false,
      method: "service",
      supported: true,
      noMethod: "",
      warnings: [],
      ...unitMore,
    },
    group,
    saved: group !== "",
    answers: true,
    notes: "",
    pinned: true,
    newCertificate: false,
    remembered: true,
    lastSeen: "2026-11-23T08:00:00Z",
    lastBackup: "2026-11-23T05:00:00Z",
    ...rest,
  };
}

const retail = "Muster Retail AG";
const hospital = "Spital Nord";

/** About as many as a demo needs to show every state, group and service. */
export function demoUnits(): DemoUnit[] {
  return [
    demo(0, "Zürich, Filiale 2", "", "10.21.4.1", "IP 500 V2", "11.1.2.3 build 23", ["udp", "tcp"], 0.6, {
      saved: true,
      notes: "Key at reception. Router by ISP, port 50804 forwarded.",
    }),
    demo(1, "Lager (alt)", "", "10.21.4.9", "IP 406 V2", "2.1.36", ["udp"], 1.1, {
      remembered: false,
      pinned: false,
      lastBackup: "",
      unitMore: { services: { ...none, tftp: true }, edition: "", method: "tftp" },
    }),
    demo(2, "Zürich Test", "", "10.21.4.77", "IP 500 V2", "12.2.0.0 build 88", ["tcp"], 0.8, {
      remembered: false,
      pinned: false,
      lastBackup: "",
      unitMore: { state: "starting" },
    }),
    demo(3, "Basel Bahnhof", retail, "10.30.1.1", "Server Edition", "12.2.0.0 build 88", ["tcp"], 9),
    demo(4, "Bern Zentrum", retail, "10.30.2.1", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 11, {
      remembered: false,
      pinned: false,
    }),
    demo(5, "Chur", retail, "10.30.3.1", "IP 500 V2", "10.1.0.8 build 3", ["tcp"], 14, {
      unitMore: { state: "readOnly", pingBlocked: true },
    }),
    demo(6, "Davos", retail, "10.30.4.1", "IP 500 V2", "11.1.2.3 build 23", [], -1, {
      answers: false,
      lastSeen: "2026-11-22T17:42:00Z",
    }),
    demo(7, "Genève Cornavin", retail, "10.30.5.1", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 18, {
      remembered: false,
    }),
    demo(8, "Lugano", retail, "10.30.6.1", "IP 500 V2", "11.0.4.3 build 8", ["tcp"], 22, {
      remembered: false,
      newCertificate: true,
    }),
    demo(9, "Luzern Schwanenplatz", retail, "10.30.7.1", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 12),
    demo(10, "Neuchâtel", retail, "10.30.8.1", "Server Edition", "12.2.0.0 build 88", ["tcp", "api"], 16),
    demo(
      11,
      "Haupthaus primär",
      hospital,
      "172.20.0.10",
      "Server Edition",
      "12.2.0.0 build 88",
      ["tcp", "api"],
      3,
    ),
    demo(
      12,
      "Haupthaus sekundär",
      hospital,
      "172.20.0.11",
      "Server Edition",
      "12.2.0.0 build 88",
      ["tcp", "api"],
      3,
    ),
    demo(13, "Notaufnahme", hospital, "172.20.0.20", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 4),
    demo(14, "Tagesklinik", hospital, "172.20.0.21", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 4),
  ];
}

/** What an installer meets who knows nothing of the network: contradictions, names, and units nobody can work with. */
export function fieldUnits(): DemoUnit[] {
  const lonely = { remembered: false, pinned: false, lastBackup: "" };
  return [
    ...demoUnits(),
    demo(20, "Copy of Zürich", "", "10.21.4.50", "IP 500 V2", "11.1.2.3 build 23", ["udp", "tcp"], 0.9, {
      ...lonely,
      unitMore: {
        warnings: [
          "another unit, at 10.21.4.1, claims the same MAC address; one of them is a copy or misconfigured",
          'by UDP its name is "Kopie", by TCP "Copy of Zürich"; TCP is shown',
        ],
      },
    }),
    demo(21, "Aussenstelle", "", "203.0.113.7", "IP 500 V2", "11.1.2.3 build 23", ["tcp"], 31, {
      ...lonely,
      unitMore: { dnsNames: ["hq.muster.example"], otherAddresses: ["203.0.113.8"], pingBlocked: true },
    }),
    demo(22, "Prototype", "", "10.30.9.9", "IP 500 V2", "", ["tcp"], 8, {
      ...lonely,
      unitMore: {
        method: "none",
        supported: false,
        noMethod:
          "it says that it offers neither the configuration service nor TFTP nor the Management API; see which services its security settings switch on",
        services: { ...none, security: true },
        edition: "",
      },
    }),
  ];
}

/** As many saved sites as asked for, for measuring; every seventh does not answer. */
export function manyUnits(count: number): DemoUnit[] {
  const towns = [
    "Aarau",
    "Basel",
    "Chur",
    "Davos",
    "Genève",
    "Lugano",
    "Luzern",
    "Olten",
    "Sion",
    "Thun",
    "Zürich",
  ];
  return Array.from({ length: count }, (_, i) => {
    const address = `10.${40 + Math.floor(i / 250)}.${Math.floor(i / 25) % 10}.${(i % 250) + 1}`;
    const town = towns[i % towns.length] ?? "";
    return demo(
      100 + i,
      `${town} ${String(i + 1).padStart(4, "0")}`,
      `Customer ${1 + (i % 20)}`,
      address,
      "IP 500 V2",
      `${11 + (i % 2)}.${i % 3}.0.${i % 10}`,
      ["tcp"],
      2 + (i % 40),
      { answers: i % 7 !== 3, remembered: i % 3 === 0 },
    );
  });
}

export function siteOf(unit: DemoUnit, id: string): Site {
  return {
    id,
    name: unit.unit.name,
    group: unit.group,
    address: unit.unit.address,
    basePort: 0,
    discoveryPort: 0,
    tftpPort: 0,
    securityPort: 0,
    apiPort: 0,
    method: "auto",
    tls: "pin",
    allowPlain: false,
    clientCertificate: "",
    notes: unit.notes,
    mac: unit.unit.mac,
    type: unit.unit.type,
    version: unit.unit.version,
    lastSeen: unit.lastSeen,
    lastBackup: unit.lastBackup,
  };
}

/** A fingerprint that is always the same for the same address. */
export function fingerprintOf(address: string, generation: number): string {
  let state = generation * 2654435761 + 97;
  for (const letter of address) state = (state * 31 + letter.charCodeAt(0)) >>> 0;
  return Array.from({ length: 32 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 24).toString(16).toUpperCase().padStart(2, "0");
  }).join(":");
}
