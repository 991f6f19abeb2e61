/** What was done before the demo began. */
import type { ActivityAction, ActivityEntry } from "../types";
import { type DemoUnit, fingerprintOf } from "./units";

export function seedActivity(log: ActivityEntry[], units: DemoUnit[]): void {
  const entry = (
    at: string,
    action: ActivityAction,
    index: number,
    result: ActivityEntry["result"],
    detail: string,
  ) => {
    const unit = units[index]?.unit;
    if (!unit) return;
    const user = action.startsWith("site") ? "" : "Administrator";
    log.push({
      id: `a${log.length}`,
      at,
      action,
      unit: unit.name,
      address: unit.address,
      user,
      result,
      detail,
    });
  };
  entry("2026-11-23T08:02:10Z", "receive", 0, "done", "r418, 317 KiB over TLS");
  entry("2026-11-23T08:01:55Z", "logIn", 0, "done", "");
  entry("2026-11-23T07:48:31Z", "receive", 8, "failed", "the certificate is not the pinned one");
  entry("2026-11-22T16:30:05Z", "restart", 9, "done", "when free; back after 52 s");
  entry("2026-11-22T16:29:40Z", "send", 9, "done", "r77 → r78, restart when free");
  entry("2026-11-22T16:12:09Z", "send", 10, "unchanged", "the unit already has this configuration");
  entry("2026-11-22T15:58:44Z", "receive", 6, "stopped", "stopped by you after 120 KiB");
  entry(
    "2026-11-21T09:10:00Z",
    "certificatePinned",
    11,
    "done",
    fingerprintOf("172.20.0.10", 1).slice(0, 23),
  );
  entry("2026-11-21T09:08:12Z", "siteAdded", 11, "done", "");
}
