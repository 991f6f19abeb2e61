/** Runs inside the page: how long a keystroke in the filter takes. It must not use anything from outside itself. */

export interface Keystrokes {
  /** Milliseconds from the input event until the list is filtered and laid out. */
  median: number;
  mean: number;
  nearlyWorst: number;
}

export async function keystrokes(): Promise<Keystrokes> {
  const input = document.querySelector<HTMLInputElement>("#filter");
  const list = document.querySelector<HTMLElement>("[data-filter]");
  if (!input || !list) throw new Error("no list");
  const times: number[] = [];
  for (let round = 0; round < 12; round++) {
    for (const text of ["l", "lu", "lug", "luga", "lug", "lu", "l", ""]) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
      const start = performance.now();
      input.value = text;
      input.dispatchEvent(new InputEvent("input", { bubbles: true }));
      while (list.dataset.filter !== text) await Promise.resolve();
      list.getBoundingClientRect();
      for (const row of list.querySelectorAll("tr")) row.getBoundingClientRect();
      times.push(performance.now() - start);
    }
  }
  times.sort((a, b) => a - b);
  const sum = times.reduce((total, time) => total + time, 0);
  return {
    median: times[Math.floor(times.length / 2)] ?? 0,
    mean: sum / times.length,
    nearlyWorst: times.at(-2) ?? 0,
  };
}

/** Runs inside the page: the most rows that are in the document while it is scrolled to the end. */
export async function rowsWhileScrolling(): Promise<{ stops: number; most: number }> {
  const scroller = document.querySelector<HTMLElement>(".scroller");
  if (!scroller) throw new Error("no list");
  const seen: number[] = [];
  for (let top = 0; top <= scroller.scrollHeight; top += 1500) {
    scroller.scrollTop = top;
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    seen.push(scroller.querySelectorAll("tbody tr").length);
  }
  return { stops: seen.length, most: Math.max(...seen) };
}
