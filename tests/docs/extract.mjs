// Makes C++ sources of the snippets in Markdown pages.
//
//   node extract.mjs compile CONTEXT PAGE OUT.cpp      every snippet of the page, to be compiled only
//   node extract.mjs run OUT.cpp PAGE...               those after "<!-- run -->", with a main() that runs them
//
// A snippet with classes or functions at its top stands at namespace level, any other becomes the body of a function. Its includes
// move to the top; a main() becomes an ordinary function; in those that run, the default ports give way to free ones.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

export function snippets(file, language) {
  const lines = readFileSync(file, 'utf8').split('\n');
  const found = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (lines[at] !== '```' + language) continue;
    const end = lines.indexOf('```', at + 1);
    if (end < 0) throw new Error(`${file}:${at + 1}: the block has no end`);
    found.push({ line: at + 1, runs: lines[at - 1] === '<!-- run -->', text: lines.slice(at + 1, end) });
    at = end;
  }
  return found;
}

const isInclude = (line) => line.startsWith('#include ');
const body = (snippet) => snippet.text.filter((line) => !isInclude(line));

function source(file, snippet, name, freePorts) {
  const text = body(snippet).join('\n');
  const place = `#line ${snippet.line + 1} "${file}"\n`;
  const blank = snippet.text.filter(isInclude).map(() => '').join('\n');
  if (/^template <>/m.test(text)) return { first: true, code: place + text };
  if (/^int main\(\) \{$/m.test(text)) {
    let code = text.replace('int main() {', 'void run() {');
    if (freePorts) code = code.replace('ltb::MonitoringSystem monitoring;', 'ltb::MonitoringSystem monitoring{free_ports()};');
    return { code: `namespace ${name} {\n${place}${blank}\n${code}\n}` };
  }
  if (/^(struct|class|void|template|namespace) /m.test(text)) return { code: `namespace ${name} {\n${place}${text}\n}` };
  const returns = /^\S.*co_await/m.test(text) ? 'asio::awaitable<void>' : 'void';
  return { code: `namespace ${name} {\n${returns} snippet() {\n${place}${text}\n}\n}` };
}

function write(out, head, parts) {
  const includes = [...new Set(parts.flatMap(({ snippet }) => snippet.text.filter(isInclude)))];
  const made = parts.map(({ file, snippet, name, freePorts }) => source(file, snippet, name, freePorts));
  const ordered = [...made.filter((part) => part.first), ...made.filter((part) => !part.first)];
  writeFileSync(out, [...includes, head, ...ordered.map((part) => part.code), ''].join('\n'));
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'compile') {
  const [context, file, out] = rest;
  const parts = snippets(file, 'cpp').map((snippet) => ({ file, snippet, name: `line_${snippet.line}` }));
  if (parts.length === 0) throw new Error(`${file}: no C++ in it`);
  write(out, `#include "${context}"`, parts);
} else if (mode === 'run') {
  const [out, ...files] = rest;
  const parts = files.flatMap((file) => snippets(file, 'cpp').filter((snippet) => snippet.runs)
    .map((snippet) => ({ file, snippet, freePorts: true, name: `${basename(file, '.md')}_${snippet.line}` })));
  write(out, 'static ltb::MonitoringConfig free_ports() { return ltb::MonitoringConfig{}.with_prometheus_port(0)'
    + '.with_websocket_port(0).with_dashboard_port(0); }', parts);
  const calls = parts.map(({ name }) => `  std::cout << "== ${name}\\n";\n  ${name}::run();`);
  writeFileSync(out, readFileSync(out, 'utf8') + `int main() {\n${calls.join('\n')}\n}\n`);
}
