/** The services that a unit offers, in the order in which they matter, with their ports. */
import type { FoundUnit, Site } from "$lib/types";

export type ServiceId =
  | "discovery"
  | "configurationTls"
  | "securityTls"
  | "configuration"
  | "security"
  | "tftp"
  | "api";
export type ServiceVerdict = "open" | "secure" | "readable" | "absent";

export interface Service {
  id: ServiceId;
  port: number;
  verdict: ServiceVerdict;
}

const tftpPort = 69;
/** Management API: 7070 on Server Edition, 8443 on IP500 V2. */
const apiPort = { server: 7070, other: 8443 };

export function servicesOf(unit: FoundUnit, site: Site | null): Service[] {
  const { services } = unit;
  const base = site?.basePort || services.basePort;
  const security = site?.securityPort || base + 8;
  const service = (id: ServiceId, port: number, offered: boolean, verdict: ServiceVerdict): Service => ({
    id,
    port,
    verdict: offered ? verdict : "absent",
  });
  const api = site?.apiPort || (unit.type === "Server Edition" ? apiPort.server : apiPort.other);
  const list = [
    service("discovery", site?.discoveryPort || services.discoveryPort, unit.foundBy.includes("tcp"), "open"),
    service("configurationTls", base + 1, services.configurationTls, "secure"),
    service("securityTls", security + 1, services.securityTls, "secure"),
    service("configuration", base, services.configuration, "readable"),
    service("security", security, services.security, "readable"),
    service("tftp", site?.tftpPort || tftpPort, services.tftp, "readable"),
    service("api", api, services.managementApi, "open"),
  ];
  // Absent plain services are good news, and not worth a line.
  return list.filter(
    ({ id, verdict }) => verdict !== "absent" || !["configuration", "security", "tftp"].includes(id),
  );
}
