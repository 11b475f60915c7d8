// The deployment files agree with the code: ports, routes, variables, packages, names. No container engine is needed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';

import { temporaryFolder } from '../integration/e2e/lib/process.mjs';
import { deploy, documents, root, text, yaml } from './lib.mjs';

const config = text('include/ltb/config.hpp');
const defaultOf = (field) => Number(new RegExp(`${field} = (\\d+)`).exec(config)[1]);
const ports = {
  prometheus: defaultOf('prometheus_port'), websocket: defaultOf('websocket_port'), dashboard: defaultOf('dashboard_port'),
};
const portList = Object.values(ports).sort();
const variables = new Set(text('src/system/config_from_env.cpp').match(/LTB_[A-Z_]+/g));

const promtool = process.env.LTB_PROMTOOL;
const check = (...args) => spawnSync(promtool, args, { encoding: 'utf8', cwd: `${deploy}/prometheus` });

test('the defaults of the code are those of the guide', () => {
  assert.deepEqual(ports, { prometheus: 9090, websocket: 8080, dashboard: 3000 });
});

test('every LTB_ variable in the files is one the library reads', () => {
  for (const file of ['Dockerfile', 'compose.yml', 'kubernetes/deployment.yaml', 'systemd/llm-benchmark.service', 'README.md']) {
    for (const name of text(`examples/deploy/${file}`).match(/\bLTB_[A-Z_]+[A-Z]\b/g) ?? []) {
      assert.ok(variables.has(name) || /^LTB_BUILD_/.test(name), `${file}: ${name}`);
    }
  }
});

test('the compose file publishes each port once, on loopback, and reaches the program by its name', () => {
  const { services } = yaml('compose.yml');
  const published = Object.values(services).flatMap((service) => service.ports);
  const host = published.map((entry) => {
    const [address, outside] = entry.split(':');
    assert.equal(address, '127.0.0.1', `${entry} is open to the network`);
    return outside;
  });
  assert.equal(new Set(host).size, host.length, `two services publish one port: ${host}`);
  const program = services['llm-test-bench'];
  assert.deepEqual(program.ports.map((entry) => Number(entry.split(':')[2])).sort(), portList);
  assert.equal(program.environment.LTB_BIND_ADDRESS, '0.0.0.0', 'loopback inside a container is nobody\'s');
  const scrape = yaml('prometheus/prometheus.compose.yml').scrape_configs[0].static_configs[0].targets;
  assert.deepEqual(scrape, [`llm-test-bench:${ports.prometheus}`], 'localhost would be Prometheus itself');
});

test('where other machines can ask, a token is wanted, the scraper has it, and its name for the program is allowed', () => {
  const { services, secrets } = yaml('compose.yml');
  const { environment } = services['llm-test-bench'];
  assert.match(environment.LTB_AUTH_TOKEN, /^\$\{LTB_AUTH_TOKEN:\?/, 'without a token nothing starts');
  const { authorization, static_configs: [{ targets: [target] }] } = yaml('prometheus/prometheus.compose.yml').scrape_configs[0];
  assert.deepEqual(environment.LTB_ALLOWED_HOSTS.split(','), [target.split(':')[0]]);
  const secret = authorization.credentials_file.replace('/run/secrets/', '');
  assert.deepEqual(services.prometheus.secrets, [secret]);
  assert.equal(secrets[secret].environment, 'LTB_AUTH_TOKEN');

  const [deployment] = documents('kubernetes/deployment.yaml');
  const [service] = documents('kubernetes/service.yaml');
  const [monitor] = documents('kubernetes/servicemonitor.yaml');
  const { env } = deployment.spec.template.spec.containers[0];
  const token = env.find(({ name }) => name === 'LTB_AUTH_TOKEN').valueFrom.secretKeyRef;
  assert.deepEqual(monitor.spec.endpoints[0].authorization.credentials, token);
  assert.ok(env.find(({ name }) => name === 'LTB_ALLOWED_HOSTS').value.split(',').includes(service.metadata.name));
});

test('every file that the compose file mounts or builds is there', () => {
  const { services, volumes } = yaml('compose.yml');
  for (const service of Object.values(services)) {
    for (const mount of service.volumes ?? []) {
      const [source] = mount.split(':');
      if (source.startsWith('.')) assert.ok(existsSync(`${deploy}/${source}`), source);
      else assert.ok(source in volumes, `volume ${source} is not declared`);
    }
    if (service.build) assert.ok(existsSync(`${deploy}/${service.build.context}/${service.build.dockerfile}`));
  }
});

test('the image builds with the packages that examples/run.sh installs, and runs without a root user', () => {
  const dockerfile = text('examples/deploy/Dockerfile');
  const wanted = /^install_debian_packages ((?:.*\\\n)*.*)$/m.exec(text('examples/run.sh'))[1].replaceAll('\\\n', ' ').trim().split(/\s+/);
  assert.ok(wanted.includes('g++'), wanted.join(' '));
  const build = dockerfile.slice(0, dockerfile.indexOf('FROM debian:bookworm-slim'));
  for (const name of wanted) assert.match(build, new RegExp(`\\s${name.replaceAll(/[+.]/g, '\\$&')}\\s`), `the build stage lacks ${name}`);
  assert.match(dockerfile, /^USER (?!root)/m);
  assert.match(dockerfile, new RegExp(`^EXPOSE ${ports.prometheus} ${ports.websocket} ${ports.dashboard}$`, 'm'));
  assert.match(dockerfile, /^ENV LTB_BIND_ADDRESS=0\.0\.0\.0$/m);
  for (const [, from] of dockerfile.matchAll(/^COPY --from=build \/src\/(\S+)/gm)) {
    assert.ok(from.startsWith('build/') || existsSync(`${root}${from}`), from);
  }
});

test('the image has every shared library that the program needs', () => {
  // Those it names itself: a package brings what its own libraries need.
  const { stdout, status } = spawnSync('readelf', ['-d', process.env.LTB_LLM_BENCHMARK], { encoding: 'utf8' });
  assert.equal(status, 0);
  const runtime = text('examples/deploy/Dockerfile').split('FROM debian:bookworm-slim')[1];
  const inBaseImage = /^(linux-vdso|libc|libm|libgcc_s|ld-linux-.*|libstdc\+\+|libfmt|libasan|libubsan|libtsan)\.so/;
  const packageOf = { 'libspdlog': /libspdlog1\.10/, 'libprometheus-cpp-core': /libprometheus-cpp-core1\.0/, 'libssl': /libssl3/, 'libcrypto': /libssl3/, 'libcurl': /libcurl4/, 'libutf8proc': /libutf8proc2/, 'libz': /zlib1g|libssl3/ };
  const libraries = [...stdout.matchAll(/\(NEEDED\).*\[(\S+)\]/g)].map(([, library]) => library);
  assert.ok(libraries.some((library) => library.startsWith('libcurl')), stdout);
  for (const library of libraries) {
    if (inBaseImage.test(library)) continue; // or comes with libspdlog (libfmt) and libprometheus-cpp-core (libstdc++)
    const known = Object.keys(packageOf).find((name) => library.startsWith(name));
    assert.ok(known, `${library} comes from a package that the image does not install`);
    assert.match(runtime, packageOf[known], library);
  }
});

test('Deployment, Service and ServiceMonitor select each other and agree on the ports', () => {
  const [deployment] = documents('kubernetes/deployment.yaml');
  const [service] = documents('kubernetes/service.yaml');
  const [monitor] = documents('kubernetes/servicemonitor.yaml');
  const pod = deployment.spec.template;
  assert.deepEqual([deployment.apiVersion, deployment.kind], ['apps/v1', 'Deployment']);
  assert.deepEqual([service.apiVersion, service.kind], ['v1', 'Service']);
  assert.deepEqual([monitor.apiVersion, monitor.kind], ['monitoring.coreos.com/v1', 'ServiceMonitor']);
  assert.deepEqual(pod.metadata.labels, deployment.spec.selector.matchLabels);
  assert.deepEqual(service.spec.selector, pod.metadata.labels);
  assert.deepEqual(monitor.spec.selector.matchLabels, service.metadata.labels);
  const [container] = pod.spec.containers;
  assert.deepEqual(Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort])), ports);
  for (const { name, port, targetPort } of service.spec.ports) {
    assert.equal(port, ports[name]);
    assert.equal(targetPort, name);
  }
  assert.ok(service.spec.ports.some(({ name }) => name === monitor.spec.endpoints[0].port));
  assert.equal(container.env.find(({ name }) => name === 'LTB_BIND_ADDRESS').value, '0.0.0.0');
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    const { path, port } = container[probe].httpGet;
    const source = { prometheus: 'src/exporter/metrics_endpoint.cpp', websocket: 'src/websocket/routes.cpp' }[port];
    assert.ok(text(source).includes(`open("${path}")`), `${probe} asks ${path}, which must be there and need no token`);
  }
});

test('the systemd unit ends the program as it likes to end, and starts the installed program', () => {
  const unit = text('examples/deploy/systemd/llm-benchmark.service');
  assert.match(unit, /^ExecStart=\/usr\/local\/bin\/llm_benchmark( |$)/m);
  assert.match(unit, /^KillSignal=SIGTERM$/m);
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)[1]);
  assert.ok(seconds >= 5, 'stop() takes up to 2 s');
});

for (const file of ['prometheus.yml', 'prometheus.compose.yml']) {
  test(`promtool accepts ${file} and its rules`, () => {
    // A copy, with a token where promtool can see it: the file is in the container only.
    const folder = temporaryFolder();
    cpSync(`${deploy}/prometheus`, folder, { recursive: true });
    writeFileSync(`${folder}/bench-token`, 'secret');
    writeFileSync(`${folder}/${file}`, readFileSync(`${folder}/${file}`, 'utf8').replace('/run/secrets/', `${folder}/`));
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'config', file], { encoding: 'utf8', cwd: folder });
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /2 rule files found/);
  });
}

test('each alert has a unit test in which it fires and one moment in which it does not, and promtool passes them', () => {
  const alerts = yaml('prometheus/rules/alerts.yml').groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const cases = yaml('prometheus/rules/alerts.test.yml').tests.flatMap(({ alert_rule_test: list }) => list);
  const silent = new Set(cases.filter((one) => !one.exp_alerts).map((one) => one.alertname));
  const firing = new Set(cases.filter((one) => one.exp_alerts).map((one) => one.alertname));
  for (const name of alerts) {
    assert.ok(firing.has(name), `${name} never fires in the tests`);
    assert.ok(silent.has(name), `${name} is never silent in the tests`);
  }
  const { status, stdout, stderr } = check('test', 'rules', 'rules/alerts.test.yml');
  assert.equal(status, 0, stdout + stderr);
});

test('each alert is told of in docs/alerting.md, and each told of is there', () => {
  const page = text('docs/alerting.md');
  const alerts = yaml('prometheus/rules/alerts.yml').groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  assert.deepEqual(new Set(page.match(/(?<=`)Llm[A-Z]\w+(?=`)/g)), new Set(alerts));
});
