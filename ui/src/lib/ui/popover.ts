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

/** Up, down, Home and End move along what can be chosen in a menu, from its end to its start too. */
export function moveInMenu(menu: HTMLElement, event: KeyboardEvent): void {
  const buttons = [...menu.querySelectorAll<HTMLButtonElement>("button:enabled")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to === undefined || buttons.length === 0) return;
  buttons.at(to % buttons.length)?.focus();
  event.preventDefault();
}
