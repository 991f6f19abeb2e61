/** Shows a popover beneath what opened it, inside the window. */
export function placeBelow(popover: HTMLElement, trigger: HTMLElement): void {
  const box = trigger.getBoundingClientRect();
  popover.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - popover.offsetHeight - 8))}px`;
  popover.style.left = `${Math.max(8, Math.min(box.right - popover.offsetWidth, innerWidth - popover.offsetWidth - 8))}px`;
}

/** Escape closes the popover, and is not for what runs behind it. */
export function keepEscape(event: KeyboardEvent): void {
  if (event.key === "Escape") event.stopPropagation();
}
