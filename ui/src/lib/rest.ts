/** Everything that is drawn later than the first list; asked for often, fetched once. */
export type Rest = typeof import("../views/rest");

let fetched: Promise<Rest> | undefined;

export function rest(): Promise<Rest> {
  fetched ??= import("../views/rest");
  return fetched;
}
