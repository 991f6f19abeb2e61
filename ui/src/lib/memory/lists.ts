/** A unit's own lists in the demo. */
import { BackendError } from "../backend";
import type { UnitList } from "../types";

const profiles = ["basic", "office_worker", "power", "teleworker"];
const names = ["Reception", "Sales1", "Sales2", "Workshop", "Accounts", "Meeting", "Support", "Lift"];

const tables: Record<string, { columns: string[]; rows: string[][] }> = {
  user_list8: {
    columns: ["name", "extension", "full_name", "profile", "features", "#6", "email"],
    rows: Array.from({ length: 120 }, (_, i) => {
      const name = names[i % names.length] ?? "User";
      const email = i % 3 === 0 ? `${name.toLowerCase()}@muster.example` : "";
      return [`${name}${i}`, String(200 + i), `${name} ${i}`, profiles[i % 4] ?? "basic", "0", "1", email];
    }),
  },
  hunt_list: {
    columns: ["name", "extension", "service", "messages"],
    rows: [
      ["Sales", "300", "day", "2"],
      ["Support", "301", "night", "0"],
      ["Workshop", "302", "out_of_service", "0"],
    ],
  },
  dir_list: {
    columns: ["name", "number"],
    rows: [
      ["Taxi", "0800 111"],
      ["Zürich, Empfang", "044 555 01 99"],
    ],
  },
  extn_list: { columns: ["#0", "#1"], rows: [["201", "1608"]] },
};

export function demoList(list: string, address: string): UnitList {
  const table = tables[list];
  if (!table)
    throw new BackendError(
      "licence_missing",
      `${address}:50796: logging in: the unit has no CTI licence, and without one it does not offer DevLink3`,
      "Without a CTI Link Pro licence the unit gives its lists to nobody.",
    );
  const malformed = list === "hunt_list" ? ["line 4: a quoted value does not end"] : [];
  return {
    ...table,
    malformed,
    malformedLines: malformed.length,
    address: `${address}:50796`,
    tls: true,
  };
}
