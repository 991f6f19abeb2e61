/** Short messages about what was just done, with the way back where there is one. */

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

/** Long enough to read and to reach the button; hovering or focus holds it. */
export const toastTime = 8000;

let counter = 0;

class Toasts {
  list = $state.raw<Toast[]>([]);

  say(text: string, action?: Toast["action"]): void {
    const toast: Toast = action ? { id: counter++, text, action } : { id: counter++, text };
    this.list = [...this.list.slice(-2), toast];
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
