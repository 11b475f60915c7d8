// The committed page is what the sources make, and small enough.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { buildPage } from '../build.mjs';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const files = ['app.css', 'app.css.gz', 'app.js', 'app.js.gz', 'favicon.svg', 'index.html'];
const texts = files.filter((name) => !name.endsWith('.gz'));

test('dist holds what a build of the sources makes (else: npm run build, and commit it)', async () => {
  const fresh = mkdtempSync(join(tmpdir(), 'ltb-web-dist-'));
  try {
    await buildPage(fresh);
    assert.deepEqual(readdirSync(fresh).sort(), files);
    assert.deepEqual(readdirSync(dist).sort(), files);
    for (const name of files) {
      assert.ok(readFileSync(join(fresh, name)).equals(readFileSync(join(dist, name))), `${name} is out of date`);
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
});

test('app.js is at most 80 KB compressed', () => {
  const size = readFileSync(join(dist, 'app.js.gz')).length;
  assert.ok(size <= 80 * 1024, `app.js is ${size} bytes compressed`);
});

test('a compressed form holds its file', () => {
  for (const name of files.filter((file) => file.endsWith('.gz'))) {
    const plain = readFileSync(join(dist, name.slice(0, -3)));
    assert.ok(gunzipSync(readFileSync(join(dist, name))).equals(plain), name);
  }
});

test('app.js keeps the licence notices of what it contains', () => {
  const text = readFileSync(join(dist, 'app.js'), 'utf8');
  for (const words of ['chart.js 4.', 'Permission is hereby granted, free of charge']) {
    assert.ok(text.includes(words), words);
  }
});

test('index.html has nothing inline that the content security policy forbids', () => {
  const html = readFileSync(join(dist, 'index.html'), 'utf8');
  assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\/|<script(?![^>]*\ssrc=)/i);
});

test('what is served is ASCII, so that no charset can be guessed wrong', () => {
  for (const name of texts) assert.match(readFileSync(join(dist, name), 'latin1'), /^[\n\x20-\x7e\t\r]*$/, name);
});
