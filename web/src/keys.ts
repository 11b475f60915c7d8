// The keyboard: one key, one action; silent while somebody types or a dialog is open. The keys can be turned off, for people
// whose speech input or tremor would press them (WCAG 2.1.4).
import { byId } from './dom';
import { recall, remember } from './storage';

const kStored = 'ltb-keys';
const kOff = 'off';

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

/** Esc belongs to the field: it empties a search, as browsers do, and nothing else. */
function escapeField(field: HTMLElement): void {
  if (!(field instanceof HTMLInputElement) || field.value === '') return;
  field.value = '';
  field.dispatchEvent(new Event('input'));
}

export function listenToKeys(actions: KeyActions, charts: number): void {
  const areOn = byId('keys-on') as HTMLInputElement;
  areOn.checked = recall(kStored) !== kOff;
  areOn.addEventListener('change', () => remember(kStored, areOn.checked ? undefined : kOff));
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || document.querySelector('dialog[open]')) return;
    if (takesText(event.target)) {
      if (event.key === 'Escape') escapeField(event.target as HTMLElement);
      return;
    }
    if (event.key === 'Escape') return actions.escape();
    if (!areOn.checked) return;
    const number = Number(event.key);
    if (number >= 1 && number <= charts) return actions.maximise(number - 1);
    const action = { p: actions.pause, f: actions.filter, t: actions.theme, '?': actions.help }[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();  // the letter must not land in what gets the focus
    action();
  });
}
