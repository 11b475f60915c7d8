// The controls of the header: filter, window, pause, theme. They change the selection or ask for something; what follows
// from it is main.ts' affair.
import { byId, setAttribute, setText } from '../dom';
import { filterChoices, kWindows, type Filter, type FilterChoice, type Selection, type WindowChoice } from '../selection';
import type { Overview } from '../protocol';

export interface ControlActions {
  onFilter(filter: Filter | undefined): void;
  onWindow(choice: WindowChoice): void;
  onPause(): void;
  onTheme(): void;
}

export class Controls {
  private readonly filter = byId('filter') as HTMLSelectElement;
  private readonly pause = byId('pause') as HTMLButtonElement;
  private readonly theme = byId('theme') as HTMLButtonElement;
  private readonly windows: { choice: WindowChoice; button: HTMLButtonElement }[];
  private choices: FilterChoice[] = [];
  private choicesText = '';

  constructor(actions: ControlActions) {
    this.filter.addEventListener('change', () => actions.onFilter(this.choices[this.filter.selectedIndex - 1]));
    this.pause.addEventListener('click', () => actions.onPause());
    this.theme.addEventListener('click', () => actions.onTheme());
    this.windows = (Object.keys(kWindows) as WindowChoice[]).map((choice) => {
      const button = byId(`window-${choice}`) as HTMLButtonElement;
      button.addEventListener('click', () => actions.onWindow(choice));
      return { choice, button };
    });
  }

  focusFilter(): void {
    this.filter.focus();
  }

  showTheme(isDark: boolean): void {
    setAttribute(this.theme, 'aria-pressed', String(isDark));
  }

  update(selection: Selection, overview: Overview | undefined, paused: boolean): void {
    if (overview) this.offer(filterChoices(overview), selection.filter);
    for (const { choice, button } of this.windows) setAttribute(button, 'aria-pressed', String(choice === selection.window));
    setAttribute(this.pause, 'aria-pressed', String(paused));
    setText(byId('pause-text'), paused ? 'Resume' : 'Pause');
  }

  /** Rebuilt only when the names change: an open list must not close under somebody's hand. */
  private offer(choices: FilterChoice[], filter: Filter | undefined): void {
    const isFilter = (choice: Filter) => choice.provider === filter?.provider && choice.model === filter.model;
    // A filter of the address whose provider has not been heard of yet stays on offer.
    if (filter && !choices.some(isFilter)) choices.push({ ...filter, label: [filter.provider, filter.model].filter(Boolean).join(' / ') });
    const text = JSON.stringify(choices);
    if (text !== this.choicesText) {
      this.choicesText = text;
      this.choices = choices;
      const all = new Option('All providers', '');
      this.filter.replaceChildren(all, ...choices.map(({ label, model }) => {
        const shown = label.length > 80 ? `${label.slice(0, 80)}\u2026` : label;
        return new Option(model === undefined ? shown : `\u00a0\u00a0${shown}`, label);
      }));
    }
    const index = this.choices.findIndex(isFilter) + 1;
    if (this.filter.selectedIndex !== index) this.filter.selectedIndex = index;
  }
}
