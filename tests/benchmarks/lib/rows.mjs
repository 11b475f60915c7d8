// The figures and their targets. A sample is named "program:variant/number"; of the programs of
// Google Benchmark the number is the CPU time of one operation in nanoseconds.
//
// kind 'ratio': ours / baseline of the same round; 'speedup': baseline / ours; 'value': ours alone.
// minus: what is taken off ours; common: what both have in common and is taken off both. every: all of these must keep the target;
// the worst is shown. worst: the extreme of the rounds counts and not their median.

const atomic = 'an atomic add';
const add = (program) => `${program}:BM_AtomicAdd`;
const record = (name) => `record_benchmark:${name}`;
const event = (name) => `event_benchmark:${name}`;
const render = (name) => `render_benchmark:${name}`;

const times = (program, name, most) => ({
  kind: 'ratio', ours: `${program}:${name}`, baseline: add(program), against: atomic, most,
});
const faster = (ours, baseline, against, least) => ({ kind: 'speedup', ours, baseline, against, least });
const value = (ours, unit, bound, scale = 1) => ({ kind: 'value', ours, unit, scale, ...bound });

export const sections = [
  {
    title: 'Recording',
    rows: [
      { figure: 'record a request through a handle', ...times('record_benchmark', 'BM_RecordHandle/threads:1', 10) },
      { figure: '', ...faster(record('BM_RecordHandle/threads:1'), record('BM_PrometheusAddEachTime'), 'prometheus-cpp, Add each time', 40) },
      { figure: 'the same series from 2 threads', kind: 'ratio', ours: record('BM_RecordHandle/threads:2'), baseline: record('BM_RecordHandle/threads:1'), against: 'its own 1 thread', most: 1.3 },
      { figure: '', ...faster(record('BM_RecordHandle/threads:2'), record('BM_PrometheusKept/threads:2'), 'prometheus-cpp, kept references', 8) },
      { figure: 'handle and event, nobody listening', ...times('record_benchmark', 'BM_RecordHandleAndEvent', 18) },
      { figure: 'from strings: look-up, record, event, clock', ...times('record_benchmark', 'BM_RecordFromStrings', 55) },
      { figure: '', ...faster(record('BM_RecordFromStrings'), record('BM_PrometheusAddEachTime'), 'prometheus-cpp, Add each time, no event, no clock', 10) },
      { figure: 'look-up from 2 threads', kind: 'ratio', ours: record('BM_LookUp/threads:2'), baseline: record('BM_LookUp/threads:1'), against: 'its own 1 thread', most: 1.3 },
      { figure: '', ...faster(record('BM_LookUp/threads:2'), record('BM_PrometheusLookUp/threads:2'), 'Family::Add', 8) },
      { figure: 'inter-token latency through RequestScope, timed by the caller', ...times('record_benchmark', 'BM_InterTokenTimedThroughScope', 5) },
      { figure: 'window record (percentiles)', ...times('record_benchmark', 'BM_WindowRecord', 4) },
      { figure: 'error of a percentile', ...value('memory:sketch/percent', '%', { most: 1.09 }) },
      { figure: 'memory of a model, every sketch in use, 64 recording threads', ...value('memory:models 100 threads 64/bytes_per_model', 'KB', { most: 200 }, 1 / 1024) },
      { figure: 'reading 3 quantiles of a 60 s window', ...value('quantile_benchmark:BM_ThreeQuantiles/seconds:60', 'us', { most: 10 }, 1e-3) },
      { figure: 'reading 3 quantiles of a 300 s window', ...value('quantile_benchmark:BM_ThreeQuantiles/seconds:300', 'us', { most: 10 }, 1e-3) },
      { figure: 'recorders blocked while 10,000 series are scraped', worst: true, ...value('blocked:ours 10k/waits', 'times', { most: 0 }), compare: 'blocked:prometheus-cpp 10k/waits' },
      { figure: 'recorders blocked while 100,000 series are scraped', worst: true, ...value('blocked:ours 100k/waits', 'times', { most: 0 }), compare: 'blocked:prometheus-cpp 100k/waits' },
      { figure: 'MonitoredProvider::complete, all on, a dashboard attached: added', ...value('provider_benchmark:BM_MonitoredProvider', 'us', { most: 1 }, 1e-3), minus: 'provider_benchmark:BM_BareProvider' },
    ],
  },
  {
    title: 'Scraping',
    rows: [
      { figure: 'render 10,000 counters', kind: 'ratio', ours: render('BM_RenderCounters'), baseline: render('BM_ArenaCounters'), against: 'a flat to_chars arena', most: 4 },
      { figure: '', ...faster(render('BM_RenderCounters'), render('BM_PrometheusCounters'), 'Registry and TextSerializer', 40) },
      { figure: 'render 1,000 histograms of 12 buckets', kind: 'ratio', ours: render('BM_RenderHistograms'), baseline: render('BM_ArenaHistograms'), against: 'a flat to_chars arena', most: 4 },
      { figure: '', ...faster(render('BM_RenderHistograms'), render('BM_PrometheusHistograms'), 'Registry and TextSerializer', 30) },
      { figure: 'compressing: the longest hold of the I/O thread', ...value(render('BM_GzipSlice'), 'ms', { most: 1 }, 1e-6) },
      { figure: 'scrape 10,000 series, keep-alive', ...faster('scrape:ours/seconds', 'scrape:exposer/seconds', 'the Exposer, keep-alive, no_delay', 20) },
    ],
  },
  {
    title: 'Events and fan-out',
    rows: [
      { figure: 'publish, nobody listening', ...times('event_benchmark', 'BM_PublishNobody', 2) },
      { figure: 'publish, 1 idle receiver', kind: 'ratio', ours: event('BM_PublishToReceivers/receivers:1'), baseline: event('BM_BuildEvent'), against: 'building and sharing the event', most: 2 },
      { figure: 'publish, 4 idle receivers', kind: 'ratio', ours: event('BM_PublishToReceivers/receivers:4'), baseline: event('BM_BuildEvent'), against: 'building and sharing the event', most: 2 },
      { figure: '', kind: 'ratio', ours: event('BM_PublishToReceivers/receivers:4'), baseline: event('BM_PublishToReceivers/receivers:1'), against: '1 receiver', most: 1.6 },
      { figure: 'paced publish, the hub sleeping, beyond making the event', kind: 'ratio', ours: 'wake:armed/us', baseline: 'wake:per event/us', common: 'wake:build/us', against: 'waking per event', most: 0.25 },
      ...[0, 1, 4].map((count) => ({
        figure: `dispatch to ${count} inline subscriber${count === 1 ? '' : 's'}`,
        kind: 'ratio',
        ours: event(`BM_Dispatch/subscribers:${count}`),
        baseline: event('BM_BuildEvent'),
        against: 'building and sharing the event',
        most: 0.2,
      })),
      { figure: 'JSON of an event', kind: 'ratio', ours: event('BM_JsonOfEvent'), baseline: event('BM_JsonByNlohmann'), against: 'nlohmann build and dump', most: 0.1 },
      { figure: '100 clients, 1,000 events/s, no tick: CPU a message', kind: 'ratio', ours: 'fanout_paced:ours 0ms/cpu_us_per_message', baseline: 'fanout_paced:straightforward/cpu_us_per_message', against: 'a straightforward Beast server', most: 0.75 },
      { figure: '100 clients, 1,000 events/s, 10 ms flush: CPU a message', kind: 'ratio', ours: 'fanout_paced:ours 10ms/cpu_us_per_message', baseline: 'fanout_paced:straightforward/cpu_us_per_message', against: 'a straightforward Beast server', most: 0.2 },
      { figure: 'its p99 delivery', ...value('fanout_paced:ours 10ms/p99_ms', 'ms', { most: 15 }) },
      { figure: '100 clients, closed loop', kind: 'ratio', ours: 'fanout_closed:ours/messages_per_second', baseline: 'fanout_closed:straightforward/messages_per_second', against: 'a straightforward Beast server', least: 20 },
      { figure: '1,000 clients, 1,000 events/s, 20 ms flush: delivered', ...value('fanout_thousand:ours 20ms/delivered', '%', { least: 99.5 }, 100), compare: 'fanout_thousand:straightforward/delivered' },
      { figure: 'its gaps', worst: true, ...value('fanout_thousand:ours 20ms/gaps', 'events', { most: 0 }) },
      { figure: 'its p99 delivery', ...value('fanout_thousand:ours 20ms/p99_ms', 'ms', { most: 50 }), compare: 'fanout_thousand:straightforward/p99_ms' },
      { figure: 'its memory a client', ...value('fanout_thousand:ours 20ms/bytes_per_client', 'KB', { most: 10 }, 1 / 1024), compare: 'fanout_thousand:straightforward/bytes_per_client' },
      { figure: '1 stalled client of 6: rate of the others', kind: 'ratio', ours: 'fanout_stalled:one stalled/delivered', baseline: 'fanout_stalled:all reading/delivered', against: 'all 6 reading', least: 0.98 },
      { figure: 'its memory beyond the full log', ...value('fanout_stalled:one stalled/grown_bytes', 'KB', { most: 1024 }, 1 / 1024), compare: 'fanout_stalled:all reading/grown_bytes' },
    ],
  },
  {
    title: 'Compile time',
    rows: [
      { figure: 'a file that includes ltb/monitoring.hpp: added', ...value('compile:umbrella/seconds', 's', { most: 1 }), minus: 'compile:empty/seconds' },
      { figure: 'full Release build: library, examples, tests', ...value('compile:full build/seconds', 'min', { most: 6 }, 1 / 60) },
    ],
  },
];

// Shown below the table: no target, but what the targets are read against.
export const notes = [
  { text: 'atomic add', ours: add('record_benchmark'), unit: 'ns' },
  { text: 'record through a handle', ours: record('BM_RecordHandle/threads:1'), unit: 'ns' },
  { text: 'prometheus-cpp, kept references', ours: record('BM_PrometheusKept/threads:1'), unit: 'ns' },
  { text: 'prometheus-cpp, Add each time', ours: record('BM_PrometheusAddEachTime'), unit: 'ns' },
  { text: 'inter-token observe without the clock', ours: record('BM_InterTokenObserve'), unit: 'ns' },
  { text: 'steady_clock::now()', ours: record('BM_SteadyClock'), unit: 'ns' },
  { text: 'on_chunk(), which reads that clock', ours: record('BM_InterTokenThroughScope'), unit: 'ns' },
  { text: 'making a small event', ours: event('BM_BuildSmallEvent'), unit: 'ns' },
  { text: 'making and publishing it to 4 inline subscribers', ours: event('BM_PublishToSubscribers/subscribers:4'), unit: 'ns' },
  { text: 'render 10,000 counters of the host\'s own', ours: render('BM_RenderUserCounters'), unit: 'us', scale: 1e-3 },
  { text: 'copy of the same text', ours: render('BM_CopyOfCounters'), unit: 'us', scale: 1e-3 },
  { text: 'compressing 10,000 counters, all slices', ours: render('BM_GzipCounters'), unit: 'us', scale: 1e-3 },
  { text: 'paced publish: making the event', ours: 'wake:build/us', unit: 'us' },
  { text: 'paced publish: making and publishing it', ours: 'wake:armed/us', unit: 'us' },
  { text: 'paced publish: making it and waking a thread', ours: 'wake:per event/us', unit: 'us' },
  { text: 'raw send() of ready frames, CPU a message', ours: 'fanout_paced:raw/cpu_us_per_message', unit: 'us' },
  { text: 'straightforward server, CPU a message', ours: 'fanout_paced:straightforward/cpu_us_per_message', unit: 'us' },
  { text: 'npm ws, CPU a message', ours: 'fanout_ws:ws/cpu_us_per_message', unit: 'us' },
  { text: 'closed loop, messages a second', ours: 'fanout_closed:ours/messages_per_second', unit: 'M/s', scale: 1e-6 },
  { text: 'history of an hour, one model, a call a second', ours: 'memory:history 60 min/bytes_per_model', unit: 'KB', scale: 1 / 1024 },
  { text: 'memory of a series on /metrics, 1 thread', ours: 'memory:models 1000 threads 1/bytes_per_series', unit: 'bytes' },
];
