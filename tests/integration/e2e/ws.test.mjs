// The event stream as an independent client (npm ws) sees it on a live run: greeting, events, filters, replay, batches,
// statistics, refusals and the end.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Benchmark } from './lib/benchmark.mjs';
import { EventClient, eventTypes, number, refusal } from './lib/event_client.mjs';
import { json } from './lib/http.mjs';
import { until, within } from './lib/until.mjs';

let benchmark, finished;

before(async () => {
  // Runs until it is told to stop: every client sees live traffic.
  benchmark = await Benchmark.start(['--rate', '60', '--concurrency', '120', '--seed', '3', '--quiet']);
  // Stands still after its run, so that all of its history is there whenever a test comes to ask.
  finished = await Benchmark.start(['--requests', '60', '--concurrency', '60', '--seed', '3', '--stay', '--quiet']);
  await finished.summary();
});

after(async () => {
  await benchmark?.stopCleanly();
  await finished?.stopCleanly();
});

const open = (query) => EventClient.open(benchmark.eventsUrl, query);
const some = (client, count) => until(`${count} events`, () => client.events.length >= count && client.events);
const typesOf = (events) => [...new Set(events.map(({ event_type }) => event_type))].sort();

/// Every id is the one after the one before: nothing lost, nothing twice.
function assertUnbroken(events) {
  const ids = events.map(({ id }) => number(id));
  assert.deepEqual(ids, ids.map((_, index) => ids[0] + index));
}

test('Connected comes first and says who, which protocol, where the stream is and of which system', async () => {
  const client = await open();
  await client.message('Connected');
  const [first] = client.messages;
  assert.equal(first.type, 'Connected');
  assert.match(first.data.client_id, /^client_[1-9][0-9]*$/);
  assert.equal(first.data.protocol, 1);
  assert.ok(number(first.data.last_event_id) >= 0);
  assert.match(first.data.epoch, /^\S+$/);
  assert.ok(!('resumed' in first.data));
  await some(client, 1);
  assert.equal(number(client.events[0].id), number(first.data.last_event_id) + 1);

  const other = await open();
  const second = await other.message('Connected');
  assert.notEqual(second.data.client_id, first.data.client_id);
  assert.equal(second.data.epoch, first.data.epoch);
  await client.close();
  await other.close();
});

test('events have the shape of the guide', async () => {
  const client = await open({ since: 'evt_0' });
  const wanted = ['BenchmarkStarted', 'EvaluationCompleted', 'RequestCompleted', 'RequestFailed', 'RequestStarted'];
  await until('events of each kind', () => wanted.every((type) => typesOf(client.events).includes(type)));
  assertUnbroken(client.events);
  for (const event of client.events) {
    assert.deepEqual(Object.keys(event), ['event_type', 'timestamp', 'id', 'payload']);
    assert.ok(eventTypes.includes(event.event_type), event.event_type);
    assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Math.abs(Date.parse(event.timestamp) - Date.now()) < 600_000, event.timestamp);
    assert.deepEqual(Object.keys(event.payload), ['type', 'data']);
  }
  const of = (type) => client.events.filter(({ event_type }) => event_type === type).map(({ payload }) => payload);
  for (const { type, data } of of('RequestCompleted')) {
    assert.equal(type, 'Request');
    assert.match(data.provider, /^(openai|anthropic|google)$/);
    assert.ok(data.model !== '' && data.request_id !== '');
    assert.ok(data.latency > 0 && data.latency < 60);
    const { input_tokens, output_tokens, total_tokens } = data.tokens;
    assert.ok(Number.isInteger(input_tokens) && input_tokens > 0 && Number.isInteger(output_tokens));
    assert.equal(total_tokens, input_tokens + output_tokens);
    assert.ok(Number(data.cost) > 0);
    assert.ok(!('error' in data));
  }
  for (const { type, data } of of('RequestFailed')) {
    assert.equal(type, 'Request');
    assert.match(data.error_type, /^(rate_limit|timeout|server_error)$/);
    assert.notEqual(data.error, '');
  }
  const started = new Set(of('RequestStarted').map(({ data }) => data.request_id));
  assert.equal(started.size, of('RequestStarted').length, 'request ids are unique');
  for (const { data } of [...of('RequestCompleted'), ...of('RequestFailed')]) assert.ok(started.has(data.request_id));
  for (const { type, data } of of('BenchmarkStarted')) {
    assert.equal(type, 'Benchmark');
    assert.ok(data.benchmark_id !== '' && data.name !== '');
    assert.equal(data.completed_examples, 0);
    assert.equal(data.progress_percent, 0);
  }
  for (const { type, data } of of('EvaluationCompleted')) {
    assert.equal(type, 'Evaluation');
    assert.equal(data.metric_name, 'accuracy');
    assert.ok(data.score >= 0 && data.score <= 1);
  }
  await client.close();
});

test('the dashboard port serves the same stream', async () => {
  const dashboard = new URL('/ws', finished.dashboardUrl);
  dashboard.protocol = 'ws:';
  const one = await EventClient.open(finished.eventsUrl, { since: 'evt_0' });
  const two = await EventClient.open(dashboard, { since: 'evt_0' });
  await some(one, 20);
  await some(two, 20);
  assert.deepEqual(one.events.slice(0, 20), two.events.slice(0, 20));
  assert.equal((await one.message('Connected')).data.epoch, (await two.message('Connected')).data.epoch);
  await one.close();
  await two.close();
});

describe('what a client asks', () => {
  test('a filter from the start lets only these through', async () => {
    const client = await open({ events: 'RequestCompleted,RequestFailed' });
    await some(client, 20);
    assert.ok(client.events.every(({ event_type }) => /^Request(Completed|Failed)$/.test(event_type)));
    await client.close();
  });

  test('Subscribe and Unsubscribe change the filter and are answered with the one in force', async () => {
    const client = await open();
    await some(client, 5);
    let answer = await client.ask('Subscribe', { event_types: ['RequestStarted', 'RequestCompleted'] }, 'Subscribed');
    assert.deepEqual([...answer.event_types].sort(), ['RequestCompleted', 'RequestStarted']);
    let from = client.events.length;
    await some(client, from + 20);
    assert.deepEqual(typesOf(client.events.slice(from)), ['RequestCompleted', 'RequestStarted']);

    answer = await client.ask('Unsubscribe', { event_types: ['RequestStarted'] }, 'Subscribed');
    assert.deepEqual(answer.event_types, ['RequestCompleted']);
    from = client.events.length;
    await some(client, from + 10);
    assert.deepEqual(typesOf(client.events.slice(from)), ['RequestCompleted']);

    answer = await client.ask('Subscribe', { event_types: [] }, 'Subscribed');
    assert.deepEqual([...answer.event_types].sort(), [...eventTypes].sort());
    from = client.events.length;
    await some(client, from + 20);
    assertUnbroken(client.events.slice(from));
    await client.close();
  });

  test('Ping is answered with its data', async () => {
    const client = await open({ events: 'SystemAlert' });
    for (const data of [{}, { at: 12.5, nested: { list: [1, null, 'caf\u00e9 <b>'] } }]) {
      assert.deepEqual(await client.ask('Ping', data, 'Pong'), data);
    }
    await client.close();
  });

  for (const [what, text, named] of [
    ['bad JSON', '{"type":', /JSON/i],
    ['no object', '[1]', /object/i],
    ['no type', '{"data":{}}', /type/],
    ['an unknown type', '{"type":"Shout","data":{}}', /Shout/],
    ['a wrong field', '{"type":"Subscribe","data":{"event_types":"RequestFailed"}}', /event_types/],
    ['an unknown event type', '{"type":"Subscribe","data":{"event_types":["RequestLost"]}}', /RequestLost/],
  ]) {
    test(`${what} is answered with an Error, and the connection stays`, async () => {
      const client = await open({ events: 'SystemAlert' });
      await client.message('Connected');
      client.socket.send(text);
      assert.match((await client.message('Error')).data.message, named);
      assert.deepEqual(await client.ask('Ping', { still: 'here' }, 'Pong'), { still: 'here' });
      await client.close();
    });
  }

  test('a binary message closes with 1003, a message that is too large with 1009', async () => {
    const binary = await open({ events: 'SystemAlert' });
    binary.socket.send(Buffer.from('{}'));
    assert.equal((await within('the close', binary.closed)).code, 1003);
    const large = await open({ events: 'SystemAlert' });
    large.send('Ping', { text: 'x'.repeat(64 * 1024) });
    assert.equal((await within('the close', large.closed)).code, 1009);
  });
});

describe('since', () => {
  test('a client that comes back misses nothing and sees nothing twice', async () => {
    const first = await open();
    await some(first, 50);
    const { epoch } = (await first.message('Connected')).data;
    await first.close();
    const { id } = first.events.at(-1);
    const watcher = await open();
    await some(watcher, 50); // meanwhile the world goes on
    await watcher.close();

    const again = await open({ since: id, epoch });
    await some(again, 100);
    assert.equal((await again.message('Connected')).data.resumed, true);
    assert.deepEqual(again.of('Lagged'), []);
    assertUnbroken([...first.events, ...again.events]);
    await again.close();
  });

  test('of another system: not resumed, and the history from its beginning', async () => {
    const client = await EventClient.open(finished.eventsUrl, { since: 'evt_5', epoch: 'of-another-system' });
    await some(client, 20);
    assert.equal((await client.message('Connected')).data.resumed, false);
    assert.equal(client.events[0].id, 'evt_1');
    await client.close();
  });

  test('together with a filter: the past is filtered too', async () => {
    const everything = await EventClient.open(finished.eventsUrl, { since: 'evt_0' });
    const client = await EventClient.open(finished.eventsUrl, { since: 'evt_0', events: 'RequestCompleted' });
    await some(client, 30);
    const ids = (events) => events.filter(({ event_type }) => event_type === 'RequestCompleted').map(({ id }) => id);
    await until('the same events', () => ids(everything.events).length >= 30);
    assert.deepEqual(ids(everything.events).slice(0, 30), client.events.map(({ id }) => id).slice(0, 30));
    await client.close();
    await everything.close();
  });
});

test('batch_ms gives arrays, at most one in each interval, with nothing lost', async () => {
  const client = await open({ batch_ms: 250 });
  await until('12 frames', () => client.frames.length >= 12);
  const frames = client.frames.slice(0, 12);
  for (const { value } of frames) assert.ok(Array.isArray(value) && value.length > 0, JSON.stringify(value));
  assert.equal(frames[0].value[0].type, 'Connected');
  assertUnbroken(client.events);
  // From the second frame on: 10 intervals between 11 frames, but for the jitter of one.
  const elapsed = frames[11].at - frames[1].at;
  assert.ok(elapsed >= 9 * 250, `11 frames within ${elapsed} ms`);
  await client.close();
});

test('stats_ms gives the overview at once and then at the interval', async () => {
  const client = await open({ stats_ms: 300, events: 'SystemAlert' });
  await until('5 statistics', () => client.of('Stats').length >= 5);
  const overview = await json(benchmark.at('/api/v1/overview'));
  const stats = client.of('Stats');
  for (const one of stats) assert.deepEqual(Object.keys(one), Object.keys(overview));
  assert.equal(stats[0].epoch, overview.epoch);
  const counted = stats.map(({ totals }) => totals.total_requests);
  assert.deepEqual(counted, [...counted].sort((a, b) => a - b));
  const at = client.frames.filter(({ value }) => value.type === 'Stats').map((frame) => frame.at);
  assert.ok(at[4] - at[0] >= 3 * 300, `5 statistics within ${at[4] - at[0]} ms`);
  await client.close();
});

for (const [parameter, value, range] of [
  ['events', 'RequestLost', 'RequestCompleted'],
  ['since', '12', 'evt_'],
  ['since', 'evt_x', 'evt_'],
  ['batch_ms', '9', '10'],
  ['batch_ms', '10001', '10000'],
  ['batch_ms', 'soon', '10000'],
  ['stats_ms', '99', '100'],
  ['stats_ms', '60001', '60000'],
]) {
  test(`${parameter}=${value} is refused with 400, naming parameter, value and range`, async () => {
    const url = new URL(benchmark.eventsUrl);
    url.searchParams.set(parameter, value);
    const answer = await refusal(url);
    assert.equal(answer.status, 400);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    for (const part of [parameter, value, range]) assert.ok(answer.text.includes(part), answer.text);
  });
}

test('/health counts the clients', async () => {
  const url = new URL('/health', benchmark.eventsUrl.replace('ws:', 'http:'));
  await until('no client', async () => (await json(url)).active_connections === 0);
  assert.deepEqual(await json(url), { status: 'healthy', active_connections: 0 });
  const clients = [await open(), await open()];
  await until('two clients', async () => (await json(url)).active_connections === 2);
  for (const client of clients) await client.close();
  await until('no client again', async () => (await json(url)).active_connections === 0);
});

test('a foreign page may not listen, a page of this machine may', async () => {
  await assert.rejects(EventClient.open(benchmark.eventsUrl, {}, { origin: 'https://evil.example' }), /403/);
  const client = await EventClient.open(benchmark.eventsUrl, {}, { origin: 'http://localhost:5173' });
  await client.message('Connected');
  await client.close();
});

test('when the system stops, clients are closed with 1001', async () => {
  const short = await Benchmark.start(['--rate', '20', '--quiet']);
  const client = await EventClient.open(short.eventsUrl);
  await some(client, 1);
  const stopped = short.stopCleanly();
  assert.equal((await within('the close', client.closed)).code, 1001);
  await stopped;
});
