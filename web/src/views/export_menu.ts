// The Export button and its menu.
import { byId } from '../dom';
import type { ExportKind } from '../exports';

export class ExportMenu {
  private readonly button = byId('export');
  private readonly menu = byId('export-menu');

  constructor(onExport: (kind: ExportKind) => void) {
    this.button.addEventListener('click', () => this.open(this.menu.hidden));
    this.menu.addEventListener('click', (event) => {
      const kind = (event.target as Element).closest<HTMLElement>('[data-export]')?.dataset['export'];
      if (!kind) return;
      this.open(false);
      this.button.focus();
      onExport(kind as ExportKind);
    });
    document.addEventListener('pointerdown', (event) => {
      if (!this.button.parentElement!.contains(event.target as Node)) this.open(false);
    });
    this.button.parentElement!.addEventListener('focusout', (event) => {
      if (event.relatedTarget && !this.button.parentElement!.contains(event.relatedTarget as Node)) this.open(false);
    });
  }

  /** True when it was open. */
  close(): boolean {
    const wasOpen = !this.menu.hidden;
    if (wasOpen) {
      this.open(false);
      this.button.focus();
    }
    return wasOpen;
  }

  private open(wanted: boolean): void {
    this.menu.hidden = !wanted;
    this.button.setAttribute('aria-expanded', String(wanted));
  }
}
