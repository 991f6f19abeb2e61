/** Short messages about what was just done, with the way back where there is one. */

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
  /** Stays until somebody has dismissed it. */
  stays: boolean;
}

/** Long enough to read and to reach the button; hovering or focus holds it. */
export const toastTime = 8000;

let counter = 0;

class Toasts {
  list = $state.raw<Toast[]>([]);

  say(text: string, action?: Toast["action"]): void {
    this.add(action ? { id: counter++, text, action, stays: false } : { id: counter++, text, stays: false });
  }

  /** Says something that must not go by unread. */
  keep(text: string, action?: Toast["action"]): void {
    this.add(action ? { id: counter++, text, action, stays: true } : { id: counter++, text, stays: true });
  }

  private add(toast: Toast): void {
    const others = this.list.filter(({ text }) => text !== toast.text);
    const passing = others.filter(({ stays }) => !stays).slice(-2);
    this.list = [...others.filter((other) => other.stays || passing.includes(other)), toast];
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
