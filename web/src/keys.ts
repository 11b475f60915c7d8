// The keyboard: one key, one action; silent while somebody types or a dialog is open.

export interface KeyActions {
  pause(): void;
  /** 0 is the first chart. */
  maximise(chart: number): void;
  filter(): void;
  theme(): void;
  help(): void;
  escape(): void;
}

/** Whether the element takes letters for itself. A checkbox does not; a select jumps to what begins with the letter. */
function takesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'checkbox';
}

export function listenToKeys(actions: KeyActions, charts: number): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape') return actions.escape();
    if (takesText(event.target)) return;
    const number = Number(event.key);
    if (number >= 1 && number <= charts) return actions.maximise(number - 1);
    const action = { p: actions.pause, f: actions.filter, t: actions.theme, '?': actions.help }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();  // the letter must not land in what gets the focus
    action();
  });
}
