// The one-file report: this page with its style, script and data inside, to be opened from anywhere, for ever.
import type { Overview, PageConfig, SeriesReply } from './protocol';
import type { SourceName } from './questions';
import type { Filter, WindowChoice } from './selection';
import type { TimeRange } from './series';
import type { LogEntry } from './state';

/** Everything a report shows. */
export interface Report {
  made_at: number;
  config: PageConfig;
  overview: Overview;
  /** The event log with its remarks, oldest first. */
  log: readonly LogEntry[];
  series: Record<SourceName, SeriesReply>;
  window: WindowChoice;
  filter?: Filter;
  zoom?: TimeRange;
  /** Who has a colour of their own, in the order of the colours: the same as on the page it was made from. */
  colors: { providers: string[]; errors: string[] };
}

const kDataId = 'report-data';

/** The data of the report this page is; undefined on a live page. */
export function readReport(): Report | undefined {
  const text = document.getElementById(kDataId)?.textContent;
  return text ? (JSON.parse(text) as Report) : undefined;
}

/** The parts of the page as it is served. */
export interface PageParts {
  html: string;
  css: string;
  js: string;
  icon: string;
}

/** JSON that can stand in a script element: nothing in it can end the element or begin a comment. */
export const inlineJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Puts `text` in the place of the one element that `pattern` finds. */
function replace(html: string, pattern: RegExp, text: string): string {
  if (!pattern.test(html)) throw new Error(`the page's HTML has nothing like ${pattern}`);
  // As a function: a "$" in the text must stay what it is.
  return html.replace(pattern, () => text);
}

/** The report as one HTML file. `nonce` names the scripts that may run: the page's own and no other; nothing may be loaded. */
export function reportHtml({ html, css, js, icon }: PageParts, report: Report, nonce: string): string {
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const iconUrl = `data:image/svg+xml,${encodeURIComponent(icon)}`;
  const data = `<script type="application/json" id="${kDataId}">${inlineJson(report)}</${'script'}>`;
  const script = `<script type="module" nonce="${nonce}">${js.replaceAll('</script', '<\\/script')}</${'script'}>`;
  let out = replace(html, /<meta charset="utf-8">/, `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`);
  out = replace(out, /<link rel="stylesheet"[^>]*>/, `<style nonce="${nonce}">${css}</style>`);
  out = replace(out, /<script type="module"[^>]*><\/script>/, '');
  out = replace(out, /<link rel="icon"[^>]*>/, `<link rel="icon" href="${iconUrl}">`);
  out = replace(out, /src="favicon\.svg"/, `src="${iconUrl}"`);
  return replace(out, /<\/body>/, `${data}\n${script}\n</body>`);
}
