// One whole event, as it came, in a dialog.
import { byId, setText } from '../dom';
import type { LogEntry } from '../state';
import { logLine } from './event_text';

export class EventDetail {
  private readonly dialog = byId('event-dialog') as HTMLDialogElement;
  private readonly text = byId('event-json');

  constructor() {
    const copy = byId('event-copy');
    copy.addEventListener('click', () => {
      // The clipboard exists only where the page came over HTTPS or from this machine; elsewhere the text is selected.
      navigator.clipboard?.writeText(this.text.textContent ?? '').then(() => setText(copy, 'Copied'), () => this.select());
      if (!navigator.clipboard) this.select();
    });
    this.dialog.addEventListener('close', () => setText(copy, 'Copy'));
  }

  open(entry: LogEntry): void {
    const line = logLine(entry);
    setText(byId('event-title'), line.type);
    setText(byId('event-subject'), [line.time, line.subject].filter(Boolean).join(' \u00b7 '));
    setText(this.text, entry.kind === 'event' ? JSON.stringify(entry.event, null, 2) : `${line.subject}: ${line.detail}`);
    if (!this.dialog.open) this.dialog.showModal();
  }

  private select(): void {
    getSelection()?.selectAllChildren(this.text);
  }
}
