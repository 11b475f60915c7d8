// A client that does not read harms nobody: it loses the oldest events, is told exactly how many, and another client of
// the same system loses nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient, number } from './lib/event_client.mjs';
import { scrape } from './lib/exposition.mjs';
import { startInstantServer } from './lib/llm_servers.mjs';
import { until } from './lib/until.mjs';

let server, benchmark;
// Publishers without a pause outrun the I/O thread of a sanitized binary, and then every client loses events.
const pace = ['--rate', process.env.LTB_SANITIZED ? '400' : '1000'];

before(async () => {
  server = await startInstantServer();
  // A long model name makes long events: the sooner the buffers of the system under test and of the kernel are full.
  benchmark = await Benchmark.start(
    ['--provider', 'openai', '--base-url', server.url, '--model', 'm'.repeat(250), '--concurrency', '16', '--quiet', ...pace]);
});

after(async () => {
  await benchmark?.stopCleanly();
  server?.stop();
});

/// Walks the messages of an unfiltered client: each gap between ids must be told by Lagged, with its exact length.
function walk(messages) {
  let last, announced = 0, lost = 0;
  for (const { type, data } of messages) {
    if (type === 'Connected') {
      last = number(data.last_event_id);
    } else if (type === 'Lagged') {
      assert.ok(Number.isInteger(data.skipped) && data.skipped > 0, JSON.stringify(data));
      announced += data.skipped;
    } else if (type === 'Event') {
      assert.equal(number(data.id), last + 1 + announced, `after evt_${last} with ${announced} told as lost`);
      last = number(data.id);
      lost += announced;
      announced = 0;
    }
  }
  return { last, lost };
}

test('a client that does not read is told what it lost, the others lose nothing', async () => {
  const attentive = await EventClient.open(benchmark.eventsUrl);
  const slow = await EventClient.open(benchmark.eventsUrl);
  await slow.message('Connected');
  slow.socket.pause();

  // What the kernel and the shared log hold together is less than this.
  await until('12 MB of events', () => attentive.bytes > 12e6, 15_000).catch(() => {
    // A sanitized binary on a busy machine: what came must do, and the server closes a stalled client after 20 s.
  });
  slow.socket.resume();
  await until('the slow client to be told', () => slow.of('Lagged').length > 0);
  const resumedAt = number(attentive.events.at(-1).id);
  await until('the slow client to catch up', () => number(slow.events.at(-1).id) > resumedAt);

  assert.ok(walk(slow.messages).lost > 0);
  assert.deepEqual(attentive.of('Lagged'), []);
  // Of the two, either may get an event first.
  await until('the other client to get on', () => walk(attentive.messages).last > resumedAt);

  const metrics = await scrape(benchmark.metricsUrl);
  assert.ok(metrics.sum('llm_monitor_events_dropped_total') >= walk(slow.messages).lost);
  await attentive.close();
  await slow.close();
});
