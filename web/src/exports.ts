// Saving what the page shows: tables, series, and the whole page as a report. Made from what is here already, so that it
// works when the monitored program has ended.
import { seriesCsv, tableCsv } from './csv';
import type { Overview } from './protocol';
import { kSources, type SourceName } from './questions';
import { reportHtml, type PageParts, type Report } from './report';

export type ExportKind = 'report' | 'table-csv' | 'table-json' | 'series-csv' | 'series-json';

/** "2025-01-15T14-03-07": a time that every file system takes. */
const stamp = (milliseconds: number) => new Date(milliseconds).toISOString().slice(0, 19).replaceAll(':', '-');

function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after this turn of the event loop.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function fetchText(path: string): Promise<string> {
  // What the browser keeps is good enough, and there even when the program is not.
  const response = await fetch(path, { cache: 'force-cache' });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
  return response.text();
}

/** Fetched once the page is up, so that a report can be made after the program ended. */
export class PartsCache {
  private parts: Promise<PageParts> | undefined;

  get(): Promise<PageParts> {
    this.parts ??= this.fetch().catch((error: unknown) => {
      this.parts = undefined;
      throw error;
    });
    return this.parts;
  }

  private async fetch(): Promise<PageParts> {
    const [html, css, js, icon] = await Promise.all(['./', 'app.css', 'app.js', 'favicon.svg'].map(fetchText));
    return { html: html!, css: css!, js: js!, icon: icon! };
  }
}

function nonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const tableJson = ({ timestamp, totals, providers, models }: Overview) =>
  JSON.stringify({ timestamp, totals, providers, models }, null, 2);

/** Makes one file and hands it to the browser. Throws when the page's own parts cannot be read. */
export async function exportAs(kind: ExportKind, report: Report, parts: PartsCache): Promise<void> {
  const base = `llm-monitoring-${stamp(report.made_at)}`;
  const series = (Object.keys(kSources) as SourceName[]).map((name) => report.series[name]);
  switch (kind) {
    case 'report':
      return save(`${base}.html`, 'text/html', reportHtml(await parts.get(), report, nonce()));
    case 'table-csv':
      return save(`${base}-table.csv`, 'text/csv', tableCsv(report.overview));
    case 'table-json':
      return save(`${base}-table.json`, 'application/json', tableJson(report.overview));
    case 'series-csv':
      return save(`${base}-series.csv`, 'text/csv', seriesCsv(series));
    case 'series-json':
      return save(`${base}-series.json`, 'application/json', JSON.stringify(series));
  }
}
