// The pages against the code: every option, variable, metric and history name is told of and each told of is there; links lead
// somewhere; shell, JavaScript, Python and JSON are well formed; quoted refusals are what the program says.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { snippets } from './extract.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const text = (file) => readFileSync(join(root, file), 'utf8');
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ...['examples/README.md', 'examples/deploy/README.md', 'tests/README.md', 'web/README.md'].filter((name) => existsSync(join(root, name)))];
const prose = (page) => text(page).replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');
const names = (source, pattern) => [...new Set([...source.matchAll(pattern)].map((match) => match[1]))].sort();
const sources = (folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.[ch]pp$/.test(entry.name)).map((entry) => readFileSync(join(entry.parentPath ?? entry.path, entry.name), 'utf8')).join('\n');

/** The fields of a struct in config.hpp: name and default, as written there. */
function fields(struct) {
  const header = text('include/ltb/config.hpp');
  const begin = header.indexOf(`${struct} {`);
  const code = header.slice(begin, header.indexOf('\n};', begin)).replace(/\/\/.*$/gm, '').replace(/=\s+/g, '= ');
  return [...code.matchAll(/^ {2}[\w:<>, ]*[\w>] (\w+)(?: = ([^;]*)|\{([^}]*)\});/gm)]
    .map(([, name, assigned, braced]) => ({ name, value: (assigned ?? braced).replaceAll("'", '').trim() }));
}
const table = new Map(text('docs/configuration.md').split('\n').filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim())).map((cells) => [cells[1].replaceAll('`', ''), cells]));

test('docs/configuration.md has every field with its builder and variable, and no other', () => {
  const config = fields('LTB_MONITORING_EXPORT MonitoringConfig').map(({ name }) => name);
  const alerts = fields('struct AlertThresholds').map(({ name }) => `alerts.${name}`);
  const limits = fields('struct ServerLimits').map(({ name }) => `limits.${name}`);
  assert.ok(config.length > 25 && alerts.length > 4 && limits.length > 8, `read ${config.length}, ${alerts.length}, ${limits.length} fields`);
  const nested = config.filter((name) => name !== 'alerts' && name !== 'limits');
  assert.deepEqual([...table.keys()].sort(), [...nested, 'alerts', 'limits', ...alerts, ...limits].sort());
  const page = text('docs/configuration.md');
  assert.deepEqual(names(page, /`(with_\w+)`/g), names(text('include/ltb/config.hpp'), /MonitoringConfig (with_\w+)\(/g));
  assert.deepEqual(names(page, /\b(LTB_[A-Z_]+)`/g), names(text('src/system/config_from_env.cpp'), /"(LTB_[A-Z_]+)"/g));
});

test('docs/configuration.md tells the defaults of the code', () => {
  const plain = (value) => value.replace(/std::size_t\{(\d+)\}/, '$1');
  const evaluate = (value) => (/^[\d *]+$/.test(plain(value)) ? String(plain(value).split('*').reduce((product, factor) => product * Number(factor), 1)) : value.replaceAll('"', ''));
  let compared = 0;
  for (const [prefix, struct] of [['', 'LTB_MONITORING_EXPORT MonitoringConfig'], ['alerts.', 'struct AlertThresholds'], ['limits.', 'struct ServerLimits']]) {
    for (const { name, value } of fields(struct)) {
      if (value === '' || prefix + name === 'alerts' || prefix + name === 'limits') continue;
      const told = table.get(prefix + name)[prefix ? 2 : 4];
      assert.equal(told.split(' ')[0], evaluate(value), `default of ${prefix}${name}`);
      compared += 1;
    }
  }
  assert.ok(compared > 25, `compared only ${compared} defaults`);
});

test('README tells no option, variable or port that the code does not know', () => {
  const readme = text('README.md');
  const known = new Set(names(text('include/ltb/config.hpp'), /(with_\w+)\(/g));
  for (const name of names(readme, /`(with_\w+)\(/g)) assert.ok(known.has(name), `${name} is no builder`);
  const variables = new Set(names(text('src/system/config_from_env.cpp'), /"(LTB_[A-Z_]+)"/g));
  for (const name of names(readme, /\b(LTB_[A-Z_]+)`/g)) assert.ok(variables.has(name), `${name} is no variable`);
});

test('docs/metrics.md has every metric of the code, and no other', () => {
  const code = names(sources('src'), /"((?:llm|process)_[a-z_]+[a-z])"/g);
  const told = names(text('docs/metrics.md'), /`((?:llm|process)_[a-z_]+[a-z])(?=[`{])/g);
  assert.ok(code.length > 60, `found only ${code.length} metrics in the code`);
  assert.deepEqual(told, code);
});

test('docs/metrics.md has every history metric of the code, and no other', () => {
  const code = names(text('src/collector/history_metrics.cpp'), /^ +\{"([a-z_0-9]+)"/gm);
  const section = text('docs/metrics.md').split('\n## History\n')[1];
  const told = names(section, /`([a-z_0-9]+)`/g);
  assert.ok(code.length > 15, `found only ${code.length} in the code`);
  assert.deepEqual(told, code);
});

test('every metric that a page names exists', () => {
  const code = new Set(names(sources('src'), /"((?:llm|process)_[a-z_]+[a-z])"/g));
  for (const page of pages) {
    for (const name of names(text(page), /(?<![\w:])((?:llm|process)_[a-z_]+_(?:total|seconds|usd|bucket|ratio|active))(?![\w:])/g)) {
      assert.ok(code.has(name) || code.has(name.replace(/_bucket$/, '')), `${page} names ${name}`);
    }
  }
});

test('links lead to files that exist', () => {
  let followed = 0;
  for (const page of pages) {
    for (const [, target] of prose(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
      followed += 1;
    }
  }
  assert.ok(followed > 40, `followed only ${followed} links`);
  for (const name of readdirSync(join(root, 'docs'))) {
    if (name.endsWith('.md') && name !== 'README.md') assert.ok(text('docs/README.md').includes(`(${name})`), `docs/README.md does not link ${name}`);
  }
});

const checks = { sh: ['bash', '-n'], js: ['node', '--check', '-'], python: ['python3', '-c', 'import ast, sys; ast.parse(sys.stdin.read())'] };
for (const [language, [program, ...args]] of Object.entries(checks)) {
  test(`${language} in the pages is well formed`, (context) => {
    if (spawnSync(program, ['--version']).error) return context.skip(`${program} is not installed`);
    for (const page of pages) {
      for (const { line, text: lines } of snippets(join(root, page), language)) {
        const { status, stderr } = spawnSync(program, args, { input: lines.join('\n') });
        assert.equal(status, 0, `${page}:${line}: ${stderr}`);
      }
    }
  });
}

test('JSON in the pages is well formed', () => {
  let read = 0;
  for (const page of pages) {
    for (const { line, text: lines } of snippets(join(root, page), 'json')) {
      const block = lines.join('\n').replaceAll(/, \.\.\.[^,}\]]*/g, '');  // "...the fields of totals"
      assert.doesNotThrow(() => JSON.parse(block), `${page}:${line}`);
      read += 1;
    }
  }
  assert.ok(read > 2, `read only ${read}`);
});

test('refusals quoted in docs/configuration.md are what the program says', () => {
  const [block] = snippets(join(root, 'docs/configuration.md'), 'text');
  for (const line of block.text) {
    const [, name, value] = line.match(/^(LTB_\w+)="(.*?)": /);
    const { status, stderr } = spawnSync(process.env.LTB_QUICK_START, [], { env: { ...process.env, [name]: value }, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.ok(stderr.includes(line), `quoted: ${line}\nsaid: ${stderr}`);
  }
});

test('what docs/troubleshooting.md quotes is said by the library, the page or the system', () => {
  const page = readdirSync(join(root, 'web/src'), { recursive: true }).filter((name) => /\.(ts|html)$/.test(name)).map((name) => text(`web/src/${name}`)).join('\n');
  const system = ['Address already in use'];
  const said = sources('src').replace(/"\s*\n\s*"/g, '') + page + system.join('\n');
  const quoted = [...prose('docs/troubleshooting.md').matchAll(/"([^"]+)"/g)].flatMap(([, words]) => words.split(' ... '));
  assert.ok(quoted.length > 4, `found only ${quoted}`);
  for (const words of quoted) assert.ok(said.includes(words), `nothing says "${words}"`);
});

test('the version stands in one place', () => {
  const [, version] = text('CMakeLists.txt').match(/VERSION (\d+\.\d+\.\d+)/);
  for (const page of ['README.md', 'docs/guide.md', 'docs/configuration.md', 'docs/deployment.md']) assert.ok(!text(page).includes(version), `${page} names ${version}`);
  assert.ok(!sources('include').includes(version) && !sources('src').includes(`"${version}"`), 'a source names the version');
});
