// A reader of the Prometheus text format, written from its specification and independent of the code under test.

function parseLabels(text, line) {
  const labels = {};
  let rest = text;
  while (rest !== '') {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/.exec(rest);
    if (!match) throw new Error(`bad labels in: ${line}`);
    if (match[1] in labels) throw new Error(`label ${match[1]} twice in: ${line}`);
    labels[match[1]] = match[2].replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    rest = rest.slice(match[0].length);
  }
  return labels;
}

const matches = (labels, wanted) => Object.entries(wanted).every(([name, value]) => labels[name] === value);

export class Exposition {
  types = new Map();
  helps = new Map();
  samples = []; // {name, labels, value}: the value as text, exactly as written

  constructor(text) {
    if (!text.endsWith('\n')) throw new Error('the exposition does not end with a line feed');
    const seen = new Set();
    for (const line of text.split('\n').slice(0, -1)) {
      if (line.startsWith('# HELP ')) {
        const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line);
        this.helps.set(name, help);
      } else if (line.startsWith('# TYPE ')) {
        const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary|untyped)$/.exec(line);
        if (this.types.has(name)) throw new Error(`family ${name} comes twice`);
        this.types.set(name, type);
      } else if (!line.startsWith('#') && line !== '') {
        const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (!match) throw new Error(`bad line: ${line}`);
        const key = line.slice(0, line.lastIndexOf(' '));
        if (seen.has(key)) throw new Error(`series comes twice: ${key}`);
        seen.add(key);
        this.samples.push({ name: match[1], labels: parseLabels(match[2] ?? '', line), value: match[3] });
      }
    }
  }

  all(name, wanted = {}) {
    return this.samples.filter((sample) => sample.name === name && matches(sample.labels, wanted));
  }

  /// The text of the one series that has these labels.
  text(name, wanted = {}) {
    const found = this.all(name, wanted);
    if (found.length !== 1) {
      throw new Error(`${found.length} series for ${name}${JSON.stringify(wanted)}, expected one`);
    }
    return found[0].value;
  }

  value(name, wanted = {}) {
    return Number(this.text(name, wanted));
  }

  /// The sum of all series that have these labels; 0 when there is none.
  sum(name, wanted = {}) {
    return this.all(name, wanted).reduce((sum, sample) => sum + Number(sample.value), 0);
  }
}

export async function scrape(url) {
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return new Exposition(await response.text());
}
