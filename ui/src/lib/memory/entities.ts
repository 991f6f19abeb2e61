/** The entities of the demo's configuration, and which fields each kind has. */
import type { FieldChoice, FieldKind } from "../types";

export interface FieldSchema {
  kind: FieldKind;
  choices?: FieldChoice[];
  min?: number;
  max?: number;
}

export interface Schema {
  columns: string[];
  fields: Record<string, FieldSchema>;
}

const text: FieldSchema = { kind: "text" };
const onOff: FieldSchema = { kind: "switch" };
const readOnly: FieldSchema = { kind: "readOnly" };
const choice = (...labels: [string, string][]): FieldSchema => ({
  kind: "choice",
  choices: labels.map(([value, label]) => ({ value, label })),
});

export const schemas: Record<string, Schema> = {
  System: {
    columns: ["Name", "LANs/LAN[LAN1]/IPAddress"],
    fields: {
      Name: text,
      MajorVersion: readOnly,
      "LANs/LAN[LAN1]/IPAddress": text,
      "LANs/LAN[LAN1]/SubnetMask": text,
      "LANs/LAN[LAN2]/IPAddress": text,
    },
  },
  Line: {
    columns: ["LineNumber", "Type", "Telephone"],
    fields: { LineNumber: readOnly, Type: readOnly, Telephone: text },
  },
  Extension: {
    columns: ["Extension", "Port", "Type"],
    fields: { Extension: text, Port: readOnly, Type: readOnly },
  },
  User: {
    columns: ["Extension", "Name", "FullName", "AssignedPackage", "VoicemailOn"],
    fields: {
      Extension: text,
      Name: text,
      FullName: text,
      AssignedPackage: choice(
        ["1", "Basic"],
        ["2", "Teleworker"],
        ["3", "Mobile"],
        ["4", "Power"],
        ["5", "Office"],
      ),
      DoNotDisturb: onOff,
      ForwardUnconditional: onOff,
      ForwardNumber: text,
      VoicemailOn: onOff,
      LoginCode: { kind: "secret" },
      VoicemailCode: { kind: "secret" },
      Priority: { kind: "number", min: 1, max: 5 },
    },
  },
  HuntGroup: {
    columns: ["Extension", "Name", "RingMode", "Members"],
    fields: {
      Extension: text,
      Name: text,
      RingMode: choice(["0", "Hunt"], ["1", "Group"], ["2", "Rotary"]),
      Members: text,
    },
  },
  ShortCode: {
    columns: ["Code", "Feature", "TelephoneNumber"],
    fields: { Code: text, Feature: text, TelephoneNumber: text },
  },
  IncomingCallRoute: {
    columns: ["IncomingNumber", "Destination"],
    fields: { IncomingNumber: text, Destination: text },
  },
  License: {
    columns: ["DisplayName", "Quantity", "Status", "ExpiryDate"],
    fields: {
      DisplayName: readOnly,
      Quantity: readOnly,
      Status: { ...choice(["0", "Invalid"], ["1", "Valid"], ["2", "Expired"]), kind: "readOnly" },
      ExpiryDate: readOnly,
    },
  },
};

interface DemoEntity {
  kind: string;
  values: Record<string, string>;
}

export function demoEntities(): DemoEntity[] {
  const entity = (kind: string, values: Record<string, string>): DemoEntity => ({ kind, values });
  const user = (extension: string, name: string, full: string, profile: string, voicemail: boolean) =>
    entity("User", {
      Extension: extension,
      Name: name,
      FullName: full,
      AssignedPackage: profile,
      DoNotDisturb: "false",
      ForwardUnconditional: String(extension === "201"),
      ForwardNumber: extension === "201" ? "9044 555 01 99" : "",
      VoicemailOn: String(voicemail),
      LoginCode: `${Number(extension) * 7}`,
      VoicemailCode: voicemail ? `${Number(extension) * 3}` : "",
      Priority: "5",
    });
  return [
    entity("System", {
      Name: "Zürich, Filiale 2",
      MajorVersion: "11",
      "LANs/LAN[LAN1]/IPAddress": "10.21.4.1",
      "LANs/LAN[LAN1]/SubnetMask": "255.255.255.0",
      "LANs/LAN[LAN2]/IPAddress": "192.168.43.1",
    }),
    ...[1, 2, 3, 4].map((n) => entity("Line", { LineNumber: `${n}`, Type: "Analogue trunk", Telephone: "" })),
    ...[5, 6].map((n) => entity("Line", { LineNumber: `${n}`, Type: "SIP", Telephone: `044 555 0${n}` })),
    ...Array.from({ length: 48 }, (_, i) =>
      entity("Extension", {
        Extension: `${200 + i}`,
        Port: `${1 + (i % 8)}`,
        Type: i < 16 ? "Digital" : "IP",
      }),
    ),
    user("200", "Reception", "Reception desk", "1", true),
    user("201", "Sales1", "Sales desk", "1", true),
    user("202", "Sales2", "Sales floor", "1", true),
    user("203", "Store", "Store room", "1", false),
    user("204", "Office1", "Back office", "5", true),
    user("204", "Office2", "Back office 2", "5", true),
    user("205", "Lift", "Lift telephone", "1", false),
    user("206", "Mobile1", "On-call mobile", "3", true),
    user("207", "Meeting", "Meeting room", "1", false),
    ...Array.from({ length: 42 }, (_, i) =>
      user(`${210 + i}`, `Desk${i + 1}`, `Desk ${i + 1}`, "1", i % 3 > 0),
    ),
    entity("HuntGroup", { Extension: "300", Name: "Sales", RingMode: "1", Members: "201, 202" }),
    ...["Service", "Accounts", "Store", "Night", "Alarm", "Doors"].map((name, i) =>
      entity("HuntGroup", { Extension: `${301 + i}`, Name: name, RingMode: "0", Members: `${203 + i}, 200` }),
    ),
    ...Array.from({ length: 64 }, (_, i) =>
      entity("ShortCode", {
        Code: i === 0 ? "*201" : `*${10 + i}`,
        Feature: i % 2 ? "Forward on" : "Dial",
        TelephoneNumber: i === 0 ? "201" : "N",
      }),
    ),
    ...Array.from({ length: 19 }, (_, i) =>
      entity("IncomingCallRoute", {
        IncomingNumber: `044 555 ${String(i + 1).padStart(2, "0")}`,
        Destination: i === 0 ? "201" : `30${i % 7}`,
      }),
    ),
    ...[
      "Essential Edition",
      "Power User",
      "SIP Trunk Channels",
      "Avaya IP Endpoints",
      "3rd Party IP Endpoints",
      "Preferred Edition",
      "CTI Link Pro",
      "Office Worker",
      "VMPro Recordings",
    ].map((name, i) =>
      entity("License", {
        DisplayName: name,
        Quantity: `${1 + i * 4}`,
        Status: name === "CTI Link Pro" ? "2" : "1",
        ExpiryDate: name === "CTI Link Pro" ? "2026-09-30" : "Never",
      }),
    ),
  ];
}
