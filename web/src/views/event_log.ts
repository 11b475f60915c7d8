// The event log: follows the newest line until somebody scrolls up. Only the rows in sight exist, so that five hundred
// entries at two hundred a second cost as much as twenty.
import { el, setAttribute, setClass, setText } from '../dom';
import type { LogEntry, State } from '../state';
import { logLine } from './event_text';

const kSpareRows = 4;

class RowView {
  readonly element = el('li', 'log-row');
  private readonly time = el('span', 'log-time');
  private readonly type = el('span', 'log-type');
  private readonly subject = el('span', 'log-subject');
  private readonly detail = el('span', 'log-detail');
  private entry: LogEntry | undefined;

  constructor() {
    this.element.append(this.time, this.type, this.subject, this.detail);
  }

  show(entry: LogEntry): void {
    if (entry === this.entry) return;
    this.entry = entry;
    const line = logLine(entry);
    setText(this.time, line.time);
    setText(this.type, line.type);
    setClass(this.type, `log-type ${line.tone}`);
    setText(this.subject, line.subject);
    setText(this.detail, line.detail);
    setAttribute(this.detail, 'title', line.detail);
  }
}

export class EventLog {
  private readonly rows: RowView[] = [];
  private readonly list = el('ol', 'log-rows');
  private readonly spacer = el('div', 'log-spacer', this.list);
  private entries: readonly LogEntry[] = [];
  private logged = 0;
  /** `logged` when following stopped; undefined while following. */
  private stoppedAt: number | undefined;

  constructor(
    private readonly box: HTMLElement,
    private readonly newest: HTMLButtonElement,
    private readonly empty: HTMLElement,
  ) {
    box.append(this.spacer);
    box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    newest.addEventListener('click', () => {
      this.follow();
      // The button goes away; the keyboard stays at the log.
      this.box.focus({ preventScroll: true });
    });
    // Another width may mean another row height.
    window.addEventListener('resize', () => this.settle());
  }

  update(state: State): void {
    const added = state.logged - this.logged;
    if (added === 0) return;
    const before = this.entries.length;
    this.entries = state.newestLog;
    this.logged = state.logged;
    this.empty.hidden = this.entries.length > 0;
    if (this.stoppedAt !== undefined) {
      // Entries that fell off the front must not move what is being read.
      const dropped = before + added - this.entries.length;
      this.box.scrollTop -= dropped * this.rowHeight;
      this.showNewCount();
    }
    this.settle();
  }

  private follow(): void {
    this.stoppedAt = undefined;
    this.newest.hidden = true;
    this.settle();
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.box;
    const atEnd = scrollHeight - clientHeight - scrollTop < this.rowHeight;
    if (atEnd) {
      this.stoppedAt = undefined;
      this.newest.hidden = true;
    } else {
      this.stoppedAt ??= this.logged;
      this.showNewCount();
    }
    this.layOut();
  }

  /** Lays out what is in sight, at the end while following. */
  private settle(): void {
    this.spacer.style.height = `${this.entries.length * this.rowHeight}px`;
    if (this.stoppedAt === undefined) this.box.scrollTop = this.box.scrollHeight;
    this.layOut();
  }

  private showNewCount(): void {
    const fresh = this.logged - (this.stoppedAt ?? this.logged);
    this.newest.hidden = false;
    setText(this.newest, fresh > 0 ? `+${fresh} new` : 'Newest');
  }

  /** One height for all rows; the style sheet decides which. */
  private get rowHeight(): number {
    return Number.parseFloat(getComputedStyle(this.box).getPropertyValue('--row-height')) || 28;
  }

  private layOut(): void {
    const height = this.rowHeight;
    const first = Math.max(0, Math.floor(this.box.scrollTop / height) - kSpareRows);
    const visible = Math.ceil(this.box.clientHeight / height) + 2 * kSpareRows;
    const shown = this.entries.slice(first, first + visible);
    this.list.style.transform = `translateY(${first * height}px)`;
    while (this.rows.length < shown.length) {
      const row = new RowView();
      this.rows.push(row);
      this.list.append(row.element);
    }
    this.rows.forEach((row, index) => {
      const entry = shown[index];
      row.element.hidden = entry === undefined;
      if (entry) row.show(entry);
    });
  }
}
