/** The backend that the window was started with. */
import type { Backend } from "./backend";

let opened: Backend | undefined;

export function openDoor(backend: Backend): void {
  opened = backend;
}

export const door = {
  get backend(): Backend {
    if (!opened) throw new Error("the window was started without a backend");
    return opened;
  },
};
