// The names and values of a chart's lines: as a legend whose entries switch lines off and on, and as the read-out at the
// cursor.
import type { Line } from '../charts/time_chart';
import { el, setAttribute, setChildren, setClass, setText } from '../dom';

/** Swatch, label, value. */
class Entry {
  readonly element = el('li', 'entry');
  private readonly swatch = el('span', 'swatch');
  private readonly label = el('span', 'entry-label');
  private readonly value = el('span', 'entry-value');
  private readonly button: HTMLButtonElement | undefined;

  constructor(onToggle?: (label: string) => void) {
    if (!onToggle) {
      this.element.append(this.swatch, this.label, this.value);
      return;
    }
    this.button = el('button', 'entry-button', this.swatch, this.label, this.value);
    this.button.type = 'button';
    this.button.addEventListener('click', () => onToggle(this.label.textContent ?? ''));
    this.element.append(this.button);
  }

  set(line: Line, value: string, isOn: boolean): void {
    setClass(this.swatch, `swatch ${line.dash ?? 'solid'} ${line.color}`);
    setText(this.label, line.label);
    setText(this.value, value);
    if (this.button) setAttribute(this.button, 'aria-pressed', String(isOn));
  }
}

export class EntryList {
  readonly element: HTMLUListElement;
  private entries: Entry[] = [];

  /** With `onToggle`, each entry is a switch. */
  constructor(
    className: string,
    private readonly onToggle?: (label: string) => void,
  ) {
    this.element = el('ul', className);
  }

  set(lines: readonly Line[], value: (line: Line) => string, hidden?: ReadonlySet<string>): void {
    while (this.entries.length < lines.length) this.entries.push(new Entry(this.onToggle));
    this.entries.length = lines.length;
    lines.forEach((line, index) => this.entries[index]!.set(line, value(line), !hidden?.has(line.label)));
    setChildren(this.element, this.entries.map(({ element }) => element));
  }
}
