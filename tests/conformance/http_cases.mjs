// HTTP/1.1 as bytes: what is sent, which status must come, and whether the connection must stay (RFC 9110, RFC 9112).
//
// A case: { rfc, name, send, status, stays }. `send` is one text or a list of texts sent apart. `status` is a number,
// or a list where the RFC leaves a choice. `stays: true` asks for a second, plain request to be answered on the same
// connection; `stays: false` asks for the server to close after the response, having answered once; null leaves it open.

const crlf = '\r\n';
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/// A request with exactly these header lines.
const request = (line, headers = ['Host: localhost']) => [line, ...headers, '', ''].join(crlf);

function requestLines(path) {
  const stays = (name, line, status = 200) => ({ rfc: '9112, 3', name, send: request(line), status, stays: true });
  const ends = (name, line, status = 400) => ({ rfc: '9112, 3', name, send: request(line), status, stays: false });
  return [
    stays('GET', `GET ${path} HTTP/1.1`),
    stays('a query', `GET ${path}?a=b&c HTTP/1.1`),
    stays('a query with ? and / in it', `GET ${path}?a=?b/c HTTP/1.1`),
    ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'Get', 'GETS', 'G', "!#$%&'*+-.^_`|~"]
      .map((method) => stays(`method ${method}`, `${method} ${path} HTTP/1.1`, 405)),
    stays('OPTIONS *', 'OPTIONS * HTTP/1.1', 405),
    stays('CONNECT with an authority', 'CONNECT localhost:80 HTTP/1.1', 405),
    ...['G ET', 'GE(T', 'GET,', 'G@T', '"GET"', 'G\x01T', 'G\x7fT', 'G\xc3T', 'GET:', 'GET/']
      .map((method) => ends(`method ${JSON.stringify(method)}`, `${method} ${path} HTTP/1.1`)),
    ends('no method', ` ${path} HTTP/1.1`),
    ends('no target', 'GET HTTP/1.1'),
    ends('an empty target', 'GET  HTTP/1.1'),
    ends('two spaces before the target', `GET  ${path} HTTP/1.1`),
    ends('two spaces after the target', `GET ${path}  HTTP/1.1`),
    ends('a tab before the target', `GET\t${path} HTTP/1.1`),
    ends('a tab after the target', `GET ${path}\tHTTP/1.1`),
    ends('a space at the end', `GET ${path} HTTP/1.1 `),
    ends('a space at the start', ` GET ${path} HTTP/1.1`),
    ends('four words', `GET ${path} more HTTP/1.1`),
    ends('HTTP/0.9', `GET ${path}`),
    ends('a NUL in the line', `GET ${path}\0 HTTP/1.1`),
    ends('a bare CR in the line', `GET ${path}\r HTTP/1.1`),
    ends('a response instead of a request', 'HTTP/1.1 200 OK'),
  ];
}

function versions(path) {
  const version = (text, status, stays) =>
    ({ rfc: '9112, 2.3', name: `version ${JSON.stringify(text)}`, send: request(`GET ${path} ${text}`), status, stays });
  return [
    version('HTTP/1.1', 200, true),
    version('HTTP/1.0', 200, false),
    // RFC 9110, 2.5: a higher minor version is served as the highest one known.
    version('HTTP/1.2', 200, true),
    version('HTTP/1.9', 200, true),
    ...['HTTP/0.9', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/9.9'].map((text) => version(text, 505, false)),
    ...['http/1.1', 'HTTP/1,1', 'HTTP/1', 'HTTP/1.', 'HTTP/.1', 'HTTP/11', 'HTTP/1.10', 'HTTP/01.1', 'HTTP/1.1x', 'HTTP/x.1',
      'HTTP/-1.1', 'HTTPS/1.1', 'HTP/1.1', 'HTTP 1.1', 'HTTP/ 1.1', 'HTTP/1.1;q=1', 'ICY/1.1', '1.1', 'H', 'HTTP/1.\xb2']
      .map((text) => version(text, [400, 505], false)),
  ];
}

function targets(path) {
  const target = (text, status, stays = status !== 400 && status !== 414) =>
    ({ rfc: '9112, 3.2', name: `target ${JSON.stringify(text.slice(0, 60))}`, send: request(`GET ${text} HTTP/1.1`), status, stays });
  return [
    target(`/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`, 200),
    target(`/%${path.charCodeAt(1).toString(16).toUpperCase()}${path.slice(2)}`, 200),
    target(`http://localhost${path}`, 200),
    target(`HTTP://LOCALHOST${path}`, 200),
    target(`http://localhost:80${path}`, 200),
    target(`http://localhost:${path}`, 200),
    target(`http://[::1]${path}`, 200),
    target(`https://127.0.0.1${path}`, 200),
    target(`http://evil.example${path}`, 403),
    target(`${path}/`, 404),
    target(path.toUpperCase(), 404),
    target(`/${path}`, 404),
    target(`${path}%2f`, 404),
    target(`${path};a=b`, 404),
    target('/no/such/page', 404),
    target('/%25', 404),
    target(`/${encodeURIComponent('\u00e9\u00fc\u20ac\u{1f600}')}`, 404),
    target('/%ff%fe', 404),
    target(`/${'a'.repeat(4095)}`, 404),
    target(`/${'a'.repeat(4096)}`, 414, false),
    target(`/?${'a'.repeat(4095)}`, 414, false),
    target('*', 400),
    target('metrics', 400),
    target('localhost:80', 400),
    target('//', 404),
    target(`http:${path}`, 400),
    target(`http:/${path}`, [400, 403, 404], null),
    target(`http://${path}`, 400),
    target('http://', 400),
    target(`ftp://localhost${path}`, 400),
    target(`http://user@localhost${path}`, 400),
    target(`http://localhost:port${path}`, 400),
    target(`http://localhost:65536${path}`, 400),
    target(`http://local host${path}`, 400),
    target(`http://[::1${path}`, 400),
    target(`${path}#fragment`, 400),
    target('/%', 400),
    target('/%2', 400),
    target('/%zz', 400),
    target('/%u0041', 400),
    target('/%00', 400),
    target(`${path}%00.html`, 400),
    target(`${path}\x01`, 400),
    target(`${path}\x7f`, 400),
    target('?', 400),
    target('\\metrics', 400),
  ];
}

function traversals() {
  const escapes = [
    '/../etc/passwd', '/../../../../../../../etc/passwd', '/./../etc/passwd', '/%2e%2e/etc/passwd', '/%2E%2E/%2e%2e/etc/passwd',
    '/..%2fetc%2fpasswd', '/%2e%2e%2fetc%2fpasswd', '/..%5c..%5cetc%5cpasswd', '/..\\..\\etc\\passwd', '/%252e%252e/etc/passwd',
    '/....//....//etc/passwd', '/.%2e/etc/passwd', '/%2e./etc/passwd', '/..;/etc/passwd', '//etc/passwd', '/%2fetc/passwd',
    '/assets/../../etc/passwd', '/app.js/../../../etc/passwd', '/%c0%ae%c0%ae/etc/passwd', '/..%c0%af../etc/passwd',
    '/%ef%bc%8e%ef%bc%8e/etc/passwd', '/proc/self/environ', '/.git/config', '/..', '/.', '/%2e', '/../index.html',
    '/index.html/', '/index.html%20', '/index.html.', '/INDEX.HTML', '/index.html::$DATA', '/~root/.profile', '/file:///etc/passwd',
  ];
  return escapes.map((path) => ({
    rfc: '3986, 5.2.4', name: `traversal ${path}`, send: request(`GET ${path} HTTP/1.1`), status: [404, 400],
    forbids: /root:|LTB_|\[core\]|<html/i,
  }));
}

function hosts(path) {
  const line = `GET ${path} HTTP/1.1`;
  const host = (name, headers, status, stays = status !== 400) =>
    ({ rfc: '9112, 3.2', name: `Host: ${name}`, send: request(line, headers), status, stays });
  const one = (value, status) => host(JSON.stringify(value), [`Host: ${value}`], status);
  return [
    host('none', [], 400),
    host('none on HTTP/1.1 with another header', ['Accept: */*'], 400),
    { rfc: '9112, 3.2', name: 'Host: none on HTTP/1.0', send: request(`GET ${path} HTTP/1.0`, []), status: 200, stays: false },
    host('twice, the same', ['Host: localhost', 'Host: localhost'], 400),
    host('twice, different', ['Host: localhost', 'Host: evil.example'], 400),
    host('twice, in other case', ['Host: localhost', 'hOST: localhost'], 400),
    host('lower-case name', ['host: localhost'], 200),
    host('upper-case name', ['HOST: localhost'], 200),
    host('without a space', ['Host:localhost'], 200),
    host('with much white space', ['Host: \t localhost \t '], 200),
    ...['localhost', 'LOCALHOST', 'localhost:1234', 'localhost:', '127.0.0.1', '127.0.0.1:8080', '[::1]', '[::1]:80', 'a.localhost',
      'localhost.'].map((value) => one(value, 200)),
    ...['192.168.0.1', '[2001:db8::1]', '0.0.0.0'].map((value) => one(value, 200)), // no web page has an address for a name
    ...['evil.example', 'evil.example:80', 'localhost.evil.example', '192.168.0.1.evil.example', 'xn--bcher-kva.example']
      .map((value) => one(value, 403)),
    ...['', 'local host', 'localhost/', 'localhost/path', 'user@localhost', 'localhost?', 'localhost#', 'localhost, evil.example',
      'localhost,localhost', 'localhost:port', 'localhost:65536', 'localhost:-1', 'localhost:80:80', '[::1', '::1', '[::1]x', '[v1.a]',
      'local%68ost', 'h\xf6st', 'localhost\x01', 'http://localhost', '"localhost"', '<localhost>', 'localhost:8080,'].map((value) => one(value, 400)),
  ];
}

function fields(path) {
  const line = `GET ${path} HTTP/1.1`;
  const field = (name, text, status, stays = status === 200) =>
    ({ rfc: '9112, 5', name: `field ${name}`, send: request(line, ['Host: localhost', text]), status, stays });
  const headSize = (size) => {
    const fixed = request(line, ['Host: localhost', 'X-Fill: ']).length;
    return request(line, ['Host: localhost', `X-Fill: ${'x'.repeat(size - fixed)}`]);
  };
  return [
    field('of another kind', 'X-Test: 1', 200),
    field('without a value', 'X-Test:', 200),
    field('of white space only', 'X-Test: \t ', 200),
    field('with obs-text', 'X-Test: \xe4\xf6\xfc\xff', 200),
    field('with every visible character', `X-Test: ${String.fromCharCode(...times(94, (i) => i + 33))}`, 200),
    field('with every token character in its name', "X!#$%&'*+-.^_`|~9: 1", 200),
    field('with colons in its value', 'X-Test: a:b:c', 200),
    field('repeated', 'X-Test: 1\r\nX-Test: 2', 200),
    ...[' ', '\t'].map((blank) => field(`with ${JSON.stringify(blank)} before the colon`, `X-Test${blank}: 1`, 400)),
    ...['(', ')', '<', '>', '@', ',', ';', '\\', '"', '/', '[', ']', '?', '=', '{', '}', ' ', '\0', '\x01', '\x7f', '\xe9']
      .map((bad) => field(`with ${JSON.stringify(bad)} in its name`, `X${bad}Test: 1`, 400)),
    ...times(32, (i) => String.fromCharCode(i)).concat('\x7f').filter((bad) => !'\t\n\r'.includes(bad))
      .map((bad) => field(`with ${JSON.stringify(bad)} in its value`, `X-Test: a${bad}b`, 400)),
    field('with a bare CR in its value', 'X-Test: a\rb', 400),
    field('with a bare LF in its value', 'X-Test: a\nb', 400),
    field('without a name', ': 1', 400),
    field('without a colon', 'X-Test', 400),
    field('of a colon alone', ':', 400),
    ...[' ', '\t', '  ', ' \t'].map((fold) => field(`folded with ${JSON.stringify(fold)}`, `X-Test: 1${crlf}${fold}2`, 400)),
    field('folded to nothing', `X-Test: 1${crlf} `, 400),
    { rfc: '9112, 2.2', name: 'white space before the first field', send: `${line}${crlf} Host: localhost${crlf}${crlf}`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'lines that end in LF', send: `${line}\nHost: localhost\n\n`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'one line that ends in LF', send: `${line}\r\nHost: localhost\nAccept: */*\r\n\r\n`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'an end of CR CR LF', send: `${line}\r\r\nHost: localhost\r\n\r\n`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'an empty line first', send: crlf + request(line), status: 200, stays: true },
    { rfc: '9112, 2.2', name: 'five empty lines first', send: crlf.repeat(5) + request(line), status: 200, stays: true },
    { rfc: '9112, 2.2', name: 'a bare LF first', send: `\n${request(line)}`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'a byte order mark first', send: `\xef\xbb\xbf${request(line)}`, status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'a TLS hello', send: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400, stays: false },
    { rfc: '9112, 2.2', name: 'an HTTP/2 preface', send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 505, stays: false },
    { rfc: '9112, 2.2', name: 'an SSH greeting', send: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', status: 400, stays: false },
    { rfc: '6585, 5', name: '100 small fields', send: request(line, ['Host: localhost', ...times(100, (i) => `X-${i}: ${i}`)]), status: 200, stays: true },
    { rfc: '6585, 5', name: 'a head of 8192 bytes', send: headSize(8192), status: 200, stays: true },
    { rfc: '6585, 5', name: 'a head of 8193 bytes', send: headSize(8193), status: 431, stays: false },
    { rfc: '6585, 5', name: 'a field name without an end', send: `${line}${crlf}${'X'.repeat(9000)}`, status: 431, stays: false },
    { rfc: '6585, 5', name: 'a request line without an end', send: `GET /${'x'.repeat(9000)}`, status: 414, stays: false },
    { rfc: '6585, 5', name: 'a method without an end', send: 'G'.repeat(9000), status: [400, 431], stays: false },
  ];
}

function framing(path) {
  const smuggled = request(`GET ${path}?smuggled HTTP/1.1`);
  const frame = (name, headers, body, status, stays = false) => ({
    rfc: '9112, 6', name: `framing ${name}`, send: request(`GET ${path} HTTP/1.1`, ['Host: localhost', ...headers]) + body, status, stays,
  });
  const chunked = `0${crlf}${crlf}${smuggled}`;
  return [
    frame('with Content-Length: 0', ['Content-Length: 0'], '', 200, true),
    frame('with Content-Length: 00', ['Content-Length: 00'], '', [200, 400], null),
    frame('with a body', ['Content-Length: 5'], 'hello', 413),
    frame('with a body that is a request', [`Content-Length: ${smuggled.length}`], smuggled, 413),
    frame('with a body that never comes', ['Content-Length: 5'], '', 413),
    ...['-1', '+5', '5 5', '0x5', '5,5', '5, 5', '0, 0', '5, 6', '', 'five', '5.0', '1e3', '99999999999999999999999', '5;', '"5"', '5 ;a', '\xb2', '0_1', '5\v']
      .map((value) => frame(`with Content-Length: ${JSON.stringify(value)}`, [`Content-Length: ${value}`], smuggled, [400, 413])),
    frame('with Content-Length twice, the same', ['Content-Length: 0', 'Content-Length: 0'], smuggled, 400),
    frame('with Content-Length twice, different', ['Content-Length: 0', `Content-Length: ${smuggled.length}`], smuggled, 400),
    frame('with Content-Length twice, in other case', ['Content-Length: 0', 'content-length: 5'], smuggled, 400),
    frame('with Content-Length in another spelling', ['Content_Length: 5'], '', 200, true),
    frame('with chunks', ['Transfer-Encoding: chunked'], chunked, 413),
    ...['identity', 'gzip', 'gzip, chunked', 'chunked, chunked', 'chunked, identity', 'xchunked', ' chunked', 'chunked ', '\tchunked', 'Chunked', 'CHUNKED',
      '"chunked"', 'chunked;a=b', ',chunked', 'chunked,', '', 'cow', 'x\tchunked']
      .map((value) => frame(`with Transfer-Encoding: ${JSON.stringify(value)}`, [`Transfer-Encoding: ${value}`], chunked, [400, 413, 501])),
    ...['\v', '\f', '\0', '\x85'].map((blank) =>
      frame(`with Transfer-Encoding:${JSON.stringify(blank)}chunked`, [`Transfer-Encoding:${blank}chunked`], chunked, [400, 413, 501])),
    frame('with Transfer-Encoding twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunked, 400),
    frame('with a space before the colon of Transfer-Encoding', ['Transfer-Encoding : chunked'], chunked, 400),
    frame('with a folded Transfer-Encoding', [`Transfer-Encoding:${crlf} chunked`], chunked, 400),
    frame('with Content-Length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked'], chunked, 400),
    frame('with chunks and Content-Length', ['Transfer-Encoding: chunked', 'Content-Length: 5'], chunked, 400),
    frame('with Content-Length: 0 and chunks', ['Content-Length: 0', 'Transfer-Encoding: chunked'], chunked, 400),
    {
      rfc: '9112, 6.1', name: 'framing chunks in HTTP/1.0',
      send: request(`GET ${path} HTTP/1.0`, ['Host: localhost', 'Transfer-Encoding: chunked']) + chunked, status: [400, 413], stays: false,
    },
    {
      rfc: '9112, 6.1', name: 'framing chunks in HTTP/1.0 that asks to stay',
      send: request(`GET ${path} HTTP/1.0`, ['Host: localhost', 'Connection: keep-alive', 'Transfer-Encoding: chunked']) + chunked, status: [400, 413], stays: false,
    },
    ...['POST', 'PUT', 'DELETE'].map((method) => ({
      rfc: '9110, 9', name: `framing ${method} with a body`,
      send: request(`${method} ${path} HTTP/1.1`, ['Host: localhost', `Content-Length: ${smuggled.length}`]) + smuggled, status: [405, 413], stays: false,
    })),
    frame('with Expect: 100-continue and no body', ['Expect: 100-continue'], '', 200, true),
    frame('with Expect: 100-continue and a body to come', ['Expect: 100-continue', 'Content-Length: 5'], '', [413, 417]),
    frame('with an unknown expectation', ['Expect: the-unexpected'], '', [200, 417], null),
    frame('with Trailer', ['Trailer: X-Test'], '', 200, true),
    frame('with TE', ['TE: trailers', 'Connection: TE'], '', 200, true),
    frame('with Upgrade to another protocol', ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAA'], '', 200, true),
  ];
}

function persistence(path) {
  const keep = (name, version, headers, stays) => ({
    rfc: '9112, 9.3', name: `persistence ${name}`, send: request(`GET ${path} HTTP/${version}`, ['Host: localhost', ...headers]), status: 200, stays,
    connection: stays ? (version === '1.0' ? /keep-alive/i : /^(|keep-alive)$/i) : /^close$/i,
  });
  return [
    keep('1.1', '1.1', [], true),
    keep('1.1 with keep-alive', '1.1', ['Connection: keep-alive'], true),
    ...['close', 'Close', 'CLOSE', ' close ', 'foo, close', 'close, foo', 'keep-alive, close', 'foo,close,bar', ',close', ', ,close,']
      .map((value) => keep(`1.1 with ${JSON.stringify(value)}`, '1.1', [`Connection: ${value}`], false)),
    keep('1.1 with close in a second field', '1.1', ['Connection: foo', 'Connection: close'], false),
    keep('1.1 with something like close', '1.1', ['Connection: closed'], true),
    keep('1.0', '1.0', [], false),
    keep('1.0 with keep-alive', '1.0', ['Connection: keep-alive'], true),
    keep('1.0 with Keep-Alive', '1.0', ['Connection: Keep-Alive'], true),
    keep('1.0 with close', '1.0', ['Connection: close'], false),
    keep('1.0 with keep-alive and close', '1.0', ['Connection: keep-alive, close'], false),
  ];
}

function cuts(path) {
  const whole = request(`GET ${path}?cut HTTP/1.1`, ['Host: localhost', 'Accept: */*']);
  return [
    ...times(whole.length - 1, (i) => ({
      rfc: '9112, 2.2', name: `cut after byte ${i + 1}`, send: [whole.slice(0, i + 1), whole.slice(i + 1)], status: 200, stays: true,
    })),
    { rfc: '9112, 2.2', name: 'byte by byte', send: [...whole], status: 200, stays: true },
  ];
}

/// All single-request cases for a listener.
export function singleCases(listener) {
  const { path } = listener;
  return [
    ...requestLines(path), ...versions(path), ...targets(path, listener), ...traversals(), ...hosts(path, listener), ...fields(path),
    ...framing(path), ...persistence(path), ...cuts(path),
  ];
}

export { request };
