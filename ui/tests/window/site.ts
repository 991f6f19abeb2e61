/** Virtual units, from `trunkline simulate`. */
import { commandLine, Running } from "./programs";

/** Open secrets of the simulator's demo site. */
export const user = "Administrator";
export const password = "demo-Pass-1";

export interface VirtualUnit {
  name: string;
  address: string;
  base_port: number | null;
}

interface Announcement {
  units: VirtualUnit[];
  criteria: string;
}

export class VirtualSite {
  private constructor(
    private readonly running: Running,
    readonly units: VirtualUnit[],
    /** The IP Search Criteria that find every unit. */
    readonly criteria: string,
  ) {}

  /** The demo site on free ports of this machine, unless the arguments say otherwise. */
  static start(...args: string[]): Promise<VirtualSite> {
    return VirtualSite.simulate("--listen", "127.0.0.1", ...args);
  }

  /** The demo site with a loopback address for each unit; it fails where those are taken. */
  static onAddresses(): Promise<VirtualSite> {
    return VirtualSite.simulate();
  }

  private static async simulate(...args: string[]): Promise<VirtualSite> {
    const running = Running.start(commandLine, ["simulate", "--json", ...args]);
    const { units, criteria } = await running.line((line) =>
      line.startsWith("{") ? (JSON.parse(line) as Announcement) : undefined,
    );
    return new VirtualSite(running, units, criteria);
  }

  /** Like a unit whose power is cut: no good-bye. */
  stop(): Promise<void> {
    return this.running.stop("SIGKILL");
  }
}
