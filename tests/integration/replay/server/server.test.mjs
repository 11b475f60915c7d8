// The replay server, itself tested: it does what its scripts say, and its log tells what it did.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';

import { ReplayServer } from './server.mjs';

const openai = ['/v1/chat/completions', { model: 'm', stream: true, stream_options: { include_usage: true } }];
const anthropic = ['/v1/messages', { model: 'c', stream: true }];
const google = ['/v1beta/models/g:streamGenerateContent?alt=sse', {}];

async function withServer(plan, work) {
  const server = await ReplayServer.start({ plan });
  try {
    await work(server);
  } finally {
    server.stop();
  }
}
const post = (server, [path, body], more = {}) => fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), ...more });
const events = (text) => text.split(/\r?\n\r?\n/).filter((event) => event !== '')
  .map((event) => event.split(/\r?\n/).find((line) => line.startsWith('data: ')).slice(6));
const json = (text) => events(text).filter((data) => data !== '[DONE]').map((data) => JSON.parse(data));
const usage = { input: 100, output: 30, cached: 20, reasoning: 10 };

test('each provider tells the same usage by its own rule', () => withServer([usage], async (server) => {
  const last = json(await (await post(server, openai)).text()).at(-1).usage;
  assert.deepEqual([last.prompt_tokens, last.prompt_tokens_details.cached_tokens], [100, 20]);
  assert.deepEqual([last.completion_tokens, last.completion_tokens_details.reasoning_tokens], [30, 10]);
  const messages = json(await (await post(server, anthropic)).text());
  const start = messages[0].message.usage;
  assert.deepEqual([start.input_tokens, start.cache_read_input_tokens, start.output_tokens], [80, 20, 1]);
  assert.equal(messages.at(-2).usage.output_tokens, 30);
  const metadata = json(await (await post(server, google)).text()).at(-1).usageMetadata;
  assert.deepEqual([metadata.promptTokenCount, metadata.cachedContentTokenCount], [100, 20]);
  assert.deepEqual([metadata.candidatesTokenCount, metadata.thoughtsTokenCount], [20, 10]);
}));

test('a stream that did not ask for its usage gets none', () => withServer([{}], async (server) => {
  const text = await (await post(server, ['/v1/chat/completions', { model: 'm', stream: true }])).text();
  assert.ok(json(text).every((chunk) => !chunk.usage));
  assert.equal(server.log[0].usage, null);
}));

test('pieces come when the script says and the log tells when', () => withServer([{ first_ms: 30, gap_ms: [10, 20], chunks: 4 }], async (server) => {
  await (await post(server, openai)).text();
  const [entry] = server.log;
  const at = entry.writes.filter(({ what }) => what === 'content').map(({ ns }) => (ns - entry.received_ns) / 1e6);
  assert.equal(at.length, 4);
  assert.ok(at[0] >= 30, `first after ${at[0]} ms`);
  for (const [index, gap] of [10, 20, 10].entries()) assert.ok(at[index + 1] - at[index] >= gap);
  assert.ok(entry.end_ns >= entry.writes.at(-1).ns);
  assert.equal(entry.end, 'complete');
}));

test('split bytes are the same bytes', () => withServer([{}, { split: 1 }, { split: 7 }], async (server) => {
  const texts = [];
  for (let i = 0; i < 3; ++i) texts.push((await (await post(server, google)).text()).replaceAll(/r-\d/g, 'r'));
  assert.equal(texts[1], texts[0]);
  assert.equal(texts[2], texts[0]);
}));

test('cuts and errors end a stream where the script says', () => withServer([
  { cut: { after: 2, how: 'fin' } }, { cut: { after: -1, how: 'rst' } }, { stream_error: { after: 1, status: 529 } }, { status: 429 },
], async (server) => {
  await assert.rejects(async () => (await post(server, anthropic)).text());
  await assert.rejects(async () => (await post(server, anthropic)).text());
  const broken = json(await (await post(server, anthropic)).text());
  assert.equal(broken.at(-1).error.type, 'overloaded_error');
  assert.equal((await post(server, anthropic)).status, 429);
  assert.deepEqual(server.log.map(({ end }) => end), ['fin', 'rst', 'complete', 'complete']);
  const contents = server.log.map(({ writes }) => writes.filter(({ what }) => what === 'content').length);
  assert.deepEqual(contents, [2, 0, 1, 0]);
}));

test('a client that goes away is seen, also while the server stalls', () => withServer([{ gap_ms: 5, chunks: 10_000 }, { hold: true }], async (server) => {
  for (let i = 0; i < 2; ++i) {
    const socket = connect(server.port, '127.0.0.1');
    const body = JSON.stringify(openai[1]);
    socket.write(`POST ${openai[0]} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    if (i === 0) await once(socket, 'data');
    else while (server.log.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.destroy();
    while (!server.log[i].end) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(server.log[i].end, 'client closed');
  }
}));
