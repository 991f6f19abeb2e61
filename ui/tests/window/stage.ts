/** A desk with its units, its preferences and its window, all gone after the test. */
import { onTestFinished } from "vitest";
import { App } from "./app";
import { Desk, type DeskOptions } from "./desk";
import { VirtualSite } from "./site";

export interface Stage {
  desk: Desk;
  site: VirtualSite;
  app: App;
}

export async function startSite(...args: string[]): Promise<VirtualSite> {
  const site = await VirtualSite.start(...args);
  onTestFinished(() => site.stop());
  return site;
}

export async function startDesk(options?: DeskOptions): Promise<Desk> {
  const desk = await Desk.start(options);
  onTestFinished(() => desk.close());
  return desk;
}

/** The window with the units of a simulator in its list; the arguments are the simulator's. */
export async function startStage(...args: string[]): Promise<Stage> {
  const [site, desk] = [await startSite(...args), await startDesk()];
  desk.trunkline("preferences", "set", "ip_search_criteria", site.criteria);
  return { desk, site, app: await App.start(desk) };
}
