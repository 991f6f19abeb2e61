/** The window's pictograms, drawn for it on a 20 × 20 field with 1.5 wide strokes. */
export const icons = {
  units:
    '<rect x="3" y="3.5" width="14" height="5.5" rx="1.6"/><rect x="3" y="11" width="14" height="5.5" rx="1.6"/><path d="M6 6.25h.01M6 13.75h.01M9 6.25h5M9 13.75h5"/>',
  activity: '<path d="M2.5 10.5h3L8 4.5l4 11 2.5-5h3"/>',
  preferences:
    '<path d="M3 5.5h6.5M14 5.5h3M3 10h2.5M10 10h7M3 14.5h8M15.5 14.5H17"/><circle cx="11.75" cy="5.5" r="1.75"/><circle cx="7.75" cy="10" r="1.75"/><circle cx="13.25" cy="14.5" r="1.75"/>',
  search: '<circle cx="9" cy="9" r="5.25"/><path d="m13 13 4 4"/>',
  refresh: '<path d="M16.5 10a6.5 6.5 0 1 1-2-4.7"/><path d="M16.8 2.8v3.4h-3.4"/>',
  plus: '<path d="M10 4v12M4 10h12"/>',
  receive: '<path d="M10 3.5v9M6.5 9.2 10 12.7l3.5-3.5M4 16.5h12"/>',
  send: '<path d="M10 16.5v-9M6.5 10.8 10 7.3l3.5 3.5M4 3.5h12"/>',
  restart: '<path d="M14.2 5.6a6.2 6.2 0 1 1-8.4 0"/><path d="M10 2.8v6"/>',
  lock: '<rect x="4.5" y="9" width="11" height="7.5" rx="1.6"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>',
  shield: '<path d="M10 2.800 4 5v4.600c0 3.700 2.500 6.300 6 7.600 3.500-1.300 6-3.900 6-7.600V5Z"/>',
  check: '<path d="m4 10.5 4 4 8-9"/>',
  trouble: '<path d="M10 3.2 17.6 16.4H2.4Z"/><path d="M10 8.2v3.6M10 14h.01"/>',
  none: '<path d="M5.5 10h9"/>',
  columns: '<rect x="3" y="4" width="14" height="12" rx="1.6"/><path d="M8 4v12M12.5 4v12"/>',
  close: '<path d="m5 5 10 10M15 5 5 15"/>',
  back: '<path d="M11.5 4.5 6 10l5.5 5.5"/>',
  down: '<path d="m5.5 8 4.5 4.5L14.5 8"/>',
  up: '<path d="M5.5 12 10 7.5l4.5 4.5"/>',
  undo: '<path d="M7.5 4 4 7.5 7.5 11"/><path d="M4.5 7.5h7a4.25 4.25 0 0 1 0 8.5H8"/>',
  redo: '<path d="M12.5 4 16 7.5 12.5 11"/><path d="M15.5 7.5h-7a4.25 4.25 0 0 0 0 8.5H12"/>',
  eye: '<path d="M2.5 10S5 4.8 10 4.8 17.5 10 17.5 10 15 15.2 10 15.2 2.5 10 2.5 10Z"/><circle cx="10" cy="10" r="2.2"/>',
  copy: '<rect x="7" y="7" width="9.5" height="9.5" rx="1.6"/><path d="M4.5 13h-.2A.8.8 0 0 1 3.5 12.200V4.300a.8.8 0 0 1 .8-.8h7.900a.8.8 0 0 1 .8.8v.2"/>',
  edit: '<path d="M4 16h2.800L16 6.800 13.200 4 4 13.200Z"/>',
  remove: '<path d="M4 6h12M8 6V4h4v2M6 6l.7 10h6.600L14 6"/>',
  file: '<path d="M5.500 3h6l3.500 3.500V17h-9.500Z"/><path d="M11.500 3v3.500H15"/>',
  running: '<circle cx="10" cy="10" r="6.200" fill="currentColor" stroke="none"/>',
  starting:
    '<circle cx="10" cy="10" r="5.500"/><path d="M10 4.500a5.500 5.500 0 0 1 0 11Z" fill="currentColor" stroke="none"/>',
  noAnswer:
    '<circle cx="10" cy="10" r="6" stroke-dasharray="2.350 2.350" stroke-linecap="butt" stroke-width="1.700"/>',
  asking:
    '<circle cx="10" cy="10" r="6"/><circle cx="10" cy="10" r="1.100" fill="currentColor" stroke="none"/>',
  unidentified: '<path d="M10 4.200 15.800 10 10 15.800 4.200 10Z"/>',
  change: '<path d="M10 4v8M6 8h8M6 16h8"/>',
  further:
    '<circle cx="8.5" cy="8.5" r="4.75"/><path d="m12.2 12.2 3.300 3.300M8.500 6.500v4M6.500 8.500h4"/>',
  help: '<circle cx="10" cy="10" r="7"/><path d="M7.900 8a2.100 2.100 0 1 1 3 1.900c-.6.3-.9.7-.9 1.300v.5M10 13.700h.01"/>',
  network:
    '<circle cx="10" cy="4.500" r="2"/><circle cx="4.500" cy="15.500" r="2"/><circle cx="15.500" cy="15.500" r="2"/><path d="M10 6.500v4M4.500 13.500v-3h11v3"/>',
} as const;

export type IconName = keyof typeof icons;
