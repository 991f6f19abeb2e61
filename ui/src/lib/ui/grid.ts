/** What {@link Grid.svelte} shows, and the arithmetic of which rows are in the document. */

export interface GridColumn {
  id: string;
  label: string;
  /** In rem. The column with `flexible` takes what is left and never gets narrower than this. */
  width: number;
  flexible?: boolean;
  right?: boolean;
  mono?: boolean;
  sortable?: boolean;
}

export type GridItem<T> =
  | { kind: "group"; key: string; label: string; count: number; open: boolean }
  | { kind: "row"; key: string; row: T };

/** The columns with one of them at another place, counted from 0; what is not among them stays as it is. */
export function withMoved(columns: string[], column: string, place: number): string[] {
  const others = columns.filter((other) => other !== column);
  if (others.length === columns.length) return columns;
  const to = Math.min(Math.max(0, place), others.length);
  return [...others.slice(0, to), column, ...others.slice(to)];
}

/** At which place a column is let go that is dragged to `x`: before the first other column whose middle lies beyond. */
export function dropPlace(middles: number[], from: number, x: number): number {
  const others = middles.filter((_, i) => i !== from);
  const before = others.findIndex((middle) => x < middle);
  return before < 0 ? others.length : before;
}

export interface Slice {
  first: number;
  last: number;
}

/** Rows kept above and below what is visible, so that scrolling does not show a gap. */
const overscan = 8;

/** What is drawn first, before the height is known: not more than is seen at once in most windows. */
const firstViewport = 600;

/** Which of `count` rows, each `height` pixels high, belong into the document; 0 is a viewport of unknown height. */
export function visibleSlice(count: number, height: number, scrollTop: number, viewport: number): Slice {
  if (viewport === 0) return { first: 0, last: Math.min(count, Math.ceil(firstViewport / height)) };
  const first = Math.min(Math.max(0, Math.floor(scrollTop / height) - overscan), Math.max(0, count - 1));
  const last = Math.min(count, Math.ceil((scrollTop + viewport) / height) + overscan);
  return { first: Math.min(first, last), last };
}

/** Where a key press moves the active row, or undefined when the key does not move. */
export function moved(key: string, from: number, count: number, page: number): number | undefined {
  if (count === 0) return undefined;
  const steps: Record<string, number> = {
    ArrowDown: from + 1,
    ArrowUp: from < 0 ? count - 1 : from - 1,
    PageDown: from + page,
    PageUp: from - page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(Math.max(0, to), count - 1);
}
