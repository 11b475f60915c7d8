// The event log: follows the newest line until somebody scrolls up. Only the rows in sight exist, so that five hundred
// entries at two hundred a second cost as much as twenty.
import { el, setAttribute, setClass, setText } from '../dom';
import { matches, type LogFilter } from '../log_filter';
import type { Filter } from '../selection';
import type { LogEntry, Shown } from '../state';
import { logLine } from './event_text';

const kSpareRows = 4;

class RowView {
  readonly element = el('li');
  private readonly time = el('span', 'log-time');
  private readonly type = el('span', 'log-type');
  private readonly subject = el('span', 'log-subject');
  private readonly detail = el('span', 'log-detail');
  private readonly button = el('button', 'log-row', this.time, this.type, this.subject, this.detail);
  private entry: LogEntry | undefined;

  constructor(onOpen: (entry: LogEntry) => void) {
    this.button.type = 'button';
    this.button.addEventListener('click', () => this.entry && onOpen(this.entry));
    this.element.append(this.button);
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

export interface LogParts {
  box: HTMLElement;
  newest: HTMLButtonElement;
  empty: HTMLElement;
  type: HTMLSelectElement;
  search: HTMLInputElement;
  count: HTMLElement;
}

export class EventLog {
  private readonly rows: RowView[] = [];
  private readonly list = el('ol', 'log-rows');
  private readonly spacer = el('div', 'log-spacer', this.list);
  private shown: Shown = { overview: undefined, config: undefined, entries: [], logged: -1 };
  private entries: readonly LogEntry[] = [];
  private filter: LogFilter = { type: '', search: '' };
  private following = true;
  /** The newest entry when following stopped. */
  private lastSeen: LogEntry | undefined;
  private rowHeight = 0;
  // Where the box is scrolled to, and how high it is and its content: remembered, because asking lays out the page anew.
  private top = 0;
  private viewHeight = 0;
  private contentHeight = -1;

  constructor(
    private readonly parts: LogParts,
    private readonly onOpen: (entry: LogEntry) => void,
  ) {
    const { box, newest, type, search } = parts;
    box.append(this.spacer);
    box.addEventListener('scroll', () => this.scrolled(), { passive: true });
    newest.addEventListener('click', () => {
      this.follow();
      // The button goes away; the keyboard stays at the log.
      box.focus({ preventScroll: true });
    });
    const refilter = () => {
      this.refilter({ ...this.filter, type: type.value, search: search.value });
    };
    type.addEventListener('change', refilter);
    search.addEventListener('input', refilter);
    // Another width may mean another row height.
    window.addEventListener('resize', () => {
      this.rowHeight = this.viewHeight = 0;
      // And where the box is scrolled to need not be where it was.
      this.contentHeight = this.top = -1;
      this.settle();
    });
  }

  update(shown: Shown, about: Filter | undefined): void {
    if (about !== this.filter.about) this.refilter({ ...this.filter, about });
    if (shown.logged === this.shown.logged && shown.entries.length === this.shown.entries.length) return;
    this.shown = shown;
    const before = this.entries;
    this.entries = shown.entries.filter((entry) => matches(entry, this.filter));
    if (!this.following) {
      // Entries that fell off the front must not move what is being read.
      const [first] = this.entries;
      const dropped = first ? before.indexOf(first) : 0;
      if (dropped > 0) this.scrollTo(this.top - dropped * this.height);
    }
    this.settle();
  }

  private refilter(filter: LogFilter): void {
    this.filter = filter;
    this.entries = this.shown.entries.filter((entry) => matches(entry, filter));
    this.follow();
  }

  private follow(): void {
    this.following = true;
    this.settle();
  }

  private scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.parts.box;
    this.top = scrollTop;
    const atEnd = scrollHeight - clientHeight - scrollTop < this.height;
    if (this.following && !atEnd) this.lastSeen = this.entries[this.entries.length - 1];
    this.following = atEnd;
    this.showNewCount();
    this.layOut();
  }

  /** Lays out what is in sight, at the end while following. */
  private settle(): void {
    const { box, empty, count } = this.parts;
    empty.hidden = this.entries.length > 0;
    setText(empty, this.shown.entries.length > 0 ? 'No event matches' : 'No events yet');
    const { type, search, about } = this.filter;
    const isFiltered = type !== '' || search.trim() !== '' || about !== undefined;
    setText(count, isFiltered ? `${this.entries.length} of the newest ${this.shown.entries.length}` : '');
    this.viewHeight ||= box.clientHeight;
    const contentHeight = this.entries.length * this.height;
    const end = Math.max(0, contentHeight - this.viewHeight);
    if (contentHeight !== this.contentHeight) {
      this.contentHeight = contentHeight;
      this.spacer.style.height = `${contentHeight}px`;
      if (!this.following) this.top = box.scrollTop;
    }
    if (this.following && this.top !== end) this.scrollTo(end);
    this.showNewCount();
    this.layOut();
  }

  private scrollTo(top: number): void {
    this.top = Math.max(0, top);
    this.parts.box.scrollTop = this.top;
  }

  private showNewCount(): void {
    const { newest } = this.parts;
    newest.hidden = this.following;
    if (this.following) return;
    // Not there any more: everything is newer.
    const at = this.lastSeen ? this.entries.lastIndexOf(this.lastSeen) : -1;
    const fresh = this.entries.length - 1 - at;
    setText(newest, fresh > 0 ? `+${fresh} new` : 'Newest');
  }

  /** One height for all rows; the style sheet decides which. */
  private get height(): number {
    this.rowHeight ||= Number.parseFloat(getComputedStyle(this.parts.box).getPropertyValue('--row-height')) || 28;
    return this.rowHeight;
  }

  private layOut(): void {
    const first = Math.max(0, Math.floor(this.top / this.height) - kSpareRows);
    const visible = Math.ceil(this.viewHeight / this.height) + 2 * kSpareRows;
    const shown = this.entries.slice(first, first + visible);
    this.list.style.transform = `translateY(${first * this.height}px)`;
    while (this.rows.length < shown.length) {
      const row = new RowView(this.onOpen);
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
