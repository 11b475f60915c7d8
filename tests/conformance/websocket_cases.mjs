// WebSocket frames as bytes, and what must come of them (RFC 6455).
//
// A case: { rfc, name, send, closes } where the server must close with this code (null: a close frame without a code), or
// { rfc, name, send, answers } where these frames must come back, in order, and the connection must stay.
import { closePayload, frame, opcodes } from './lib/websocket.mjs';

const { continuation, text, binary, close, ping, pong } = opcodes;

/// A message of the library's own protocol that echoes its data: shows that a text arrived whole and unchanged.
const pingMessage = (data) => JSON.stringify({ type: 'Ping', data });
const echo = (data) => ({ type: 'Pong', data });

const kEuro = Buffer.from('\u20ac'); // e2 82 ac

const lengths = () => [0, 1, 2, 124, 125].flatMap((size) => {
  const payload = 'p'.repeat(size);
  return [
    { rfc: '6455, 5.5.2', name: `a ping of ${size} bytes`, send: [frame(ping, payload)], answers: [{ opcode: pong, payload }] },
    { rfc: '6455, 5.5.3', name: `an unasked pong of ${size} bytes`, send: [frame(pong, payload)], answers: [] },
  ];
}).concat([125, 126, 127, 128, 1000, 65535, 65536].map((size) => {
  const filler = 'x'.repeat(size - pingMessage({ filler: '' }).length);
  return { rfc: '6455, 5.2', name: `a text of ${size} bytes`, send: [frame(text, pingMessage({ filler }))], answers: [echo({ filler })] };
})).concat([
  { rfc: '6455, 5.2', name: 'a text of 65537 bytes', send: [frame(text, 'x'.repeat(65537))], closes: 1009 },
  { rfc: '6455, 5.2', name: 'an announced gigabyte', send: [frame(text, 'x', { lengthForm: 64, announced: 2 ** 30 })], closes: 1009 },
  { rfc: '6455, 5.2', name: 'an announced 2^63 bytes', send: [frame(text, 'x', { lengthForm: 64, announced: 2n ** 63n })], closes: [1002, 1009] },
  { rfc: '6455, 5.2', name: 'an announced 2^64 - 1 bytes', send: [frame(text, 'x', { lengthForm: 64, announced: 2n ** 64n - 1n })], closes: [1002, 1009] },
  ...[[16, 0], [16, 5], [16, 125], [64, 0], [64, 5], [64, 126], [64, 65535]].map(([form, size]) => (
    { rfc: '6455, 5.2', name: `${size} bytes in the ${form}-bit length form`, send: [frame(text, 'x'.repeat(size), { lengthForm: form })], closes: 1002 })),
]);

const masking = () => [
  { rfc: '6455, 5.1', name: 'an unmasked text', send: [frame(text, pingMessage({}), { masked: false })], closes: 1002 },
  { rfc: '6455, 5.1', name: 'an unmasked ping', send: [frame(ping, 'x', { masked: false })], closes: 1002 },
  { rfc: '6455, 5.1', name: 'an unmasked close', send: [frame(close, closePayload(1000), { masked: false })], closes: 1002 },
  { rfc: '6455, 5.3', name: 'a mask of zeros', send: [frame(text, pingMessage({ a: 1 }), { mask: Buffer.alloc(4) })], answers: [echo({ a: 1 })] },
  { rfc: '6455, 5.3', name: 'a mask of ones', send: [frame(text, pingMessage({ a: 1 }), { mask: Buffer.alloc(4, 0xff) })], answers: [echo({ a: 1 })] },
  {
    rfc: '6455, 5.3', name: 'another mask in each frame', answers: [echo({ a: 1 })],
    send: [frame(text, '{"type":"Ping",', { final: false }), frame(continuation, '"data":{"a":1}}', { mask: Buffer.from([1, 2, 3, 4]) })],
  },
];

const reserved = () => [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [text, ping, close].map((opcode) => (
    { rfc: '6455, 5.2', name: `reserved bits ${rsv} on opcode ${opcode}`, send: [frame(opcode, opcode === close ? closePayload(1000) : 'x', { rsv })], closes: 1002 }))),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => ['', 'x'].map((payload) => (
    { rfc: '6455, 5.2', name: `opcode ${opcode} with ${payload.length} bytes`, send: [frame(opcode, payload)], closes: 1002 }))),
  { rfc: '6455, 5.6', name: 'a binary message', send: [frame(binary, Buffer.from([1, 2, 3]))], closes: 1003 },
  { rfc: '6455, 5.6', name: 'an empty binary message', send: [frame(binary)], closes: 1003 },
  {
    rfc: '6455, 5.6', name: 'a binary message in fragments', closes: 1003,
    send: [frame(binary, 'a', { final: false }), frame(continuation, 'b')],
  },
];

const control = () => [
  ...[ping, pong, close].flatMap((opcode) => [
    { rfc: '6455, 5.5', name: `control frame ${opcode} of 126 bytes`, send: [frame(opcode, Buffer.concat([closePayload(1000), Buffer.alloc(124, 'x')]))], closes: 1002 },
    { rfc: '6455, 5.5', name: `control frame ${opcode} of 65536 bytes`, send: [frame(opcode, Buffer.alloc(65536, 'x'))], closes: 1002 },
    { rfc: '6455, 5.5', name: `fragmented control frame ${opcode}`, send: [frame(opcode, 'xx', { final: false })], closes: 1002 },
  ]),
  {
    rfc: '6455, 5.5.2', name: 'ten pings at once', send: Array.from({ length: 10 }, (_, i) => frame(ping, `${i}`)),
    // A server may answer only the last of several pings.
    lastAnswer: { opcode: pong, payload: '9' },
  },
];

const fragments = () => {
  const message = pingMessage({ text: '\u00fcbergr\u00f6\u00dfe \u20ac\u{1f600}' });
  const bytes = Buffer.from(message);
  const cases = [];
  for (let cut = 0; cut <= bytes.length; ++cut) {
    cases.push({
      rfc: '6455, 5.4', name: `two fragments cut at byte ${cut}`, answers: [echo({ text: '\u00fcbergr\u00f6\u00dfe \u20ac\u{1f600}' })],
      send: [frame(text, bytes.subarray(0, cut), { final: false }), frame(continuation, bytes.subarray(cut))],
    });
  }
  const bytewise = [...bytes].map((byte, i) =>
    frame(i === 0 ? text : continuation, Buffer.from([byte]), { final: i + 1 === bytes.length }));
  return cases.concat([
    { rfc: '6455, 5.4', name: 'a fragment a byte', send: bytewise, answers: [echo({ text: '\u00fcbergr\u00f6\u00dfe \u20ac\u{1f600}' })] },
    {
      rfc: '6455, 5.4', name: 'pings between fragments', answers: [{ opcode: pong, payload: '1' }, { opcode: pong, payload: '2' }, echo({})],
      send: [frame(text, '{"type":', { final: false }), frame(ping, '1'), frame(continuation, '"Ping",', { final: false }), frame(ping, '2'),
        frame(continuation, '"data":{}}')],
      apart: true,
    },
    {
      rfc: '6455, 5.4', name: 'empty fragments around a message', answers: [echo({})],
      send: [frame(text, '', { final: false }), frame(continuation, pingMessage({}), { final: false }), frame(continuation, '')],
    },
    {
      rfc: '6455, 5.4', name: 'a close between fragments', closes: 1000,
      send: [frame(text, '{"type":', { final: false }), frame(close, closePayload(1000))],
    },
    { rfc: '6455, 5.4', name: 'a continuation of nothing', send: [frame(continuation, 'x')], closes: 1002 },
    { rfc: '6455, 5.4', name: 'an unfinished continuation of nothing', send: [frame(continuation, 'x', { final: false })], closes: 1002 },
    { rfc: '6455, 5.4', name: 'a continuation after a whole message', send: [frame(pong), frame(continuation, 'x')], closes: 1002 },
    { rfc: '6455, 5.4', name: 'a text inside a text', send: [frame(text, 'a', { final: false }), frame(text, 'b')], closes: 1002 },
    { rfc: '6455, 5.4', name: 'a binary inside a text', send: [frame(text, 'a', { final: false }), frame(binary, 'b')], closes: 1002 },
    {
      rfc: '6455, 5.4', name: '65537 bytes in fragments', closes: 1009,
      send: [frame(text, 'x'.repeat(40000), { final: false }), frame(continuation, 'x'.repeat(25537))],
    },
  ]);
};

const utf8 = () => {
  const bad = {
    'a lone continuation byte': [0x80],
    'a lone start byte': [0xc3],
    'an overlong slash': [0xc0, 0xaf],
    'an overlong NUL': [0xc0, 0x80],
    'an overlong in three bytes': [0xe0, 0x80, 0xaf],
    'an overlong in four bytes': [0xf0, 0x80, 0x80, 0xaf],
    'a high surrogate': [0xed, 0xa0, 0x80],
    'a low surrogate': [0xed, 0xbf, 0xbf],
    'a surrogate pair': [0xed, 0xa1, 0x80, 0xed, 0xb0, 0x80],
    'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'a five-byte form': [0xf8, 0x88, 0x80, 0x80, 0x80],
    'a six-byte form': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    'FE': [0xfe],
    'FF': [0xff],
    'a cut sequence of two': [0xc3, 0x28],
    'a cut sequence of three': [0xe2, 0x82, 0x28],
    'a cut sequence of four': [0xf0, 0x9f, 0x98, 0x28],
    'a sequence that ends early': [...kEuro.subarray(0, 2)],
    'Latin-1': [0xfc, 0x62, 0x65, 0x72],
  };
  const good = {
    'NUL': '\0', 'U+007F': '\x7f', 'U+0080': '\x80', 'U+07FF': '\u07ff', 'U+0800': '\u0800', 'U+D7FF': '\ud7ff', 'U+E000': '\ue000',
    'U+FFFD': '\ufffd', 'U+FFFE': '\ufffe', 'U+FFFF': '\uffff', 'U+10000': '\u{10000}', 'U+10FFFF': '\u{10ffff}',
    'right-to-left text': '\u202eabc', 'a family of emoji': '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}', 'combining marks': 'e\u0301\u0302',
  };
  return [
    ...Object.entries(bad).flatMap(([name, bytes]) => [
      { rfc: '6455, 8.1', name: `${name} in a text`, send: [frame(text, Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))], closes: 1007 },
      { rfc: '6455, 8.1', name: `${name} at the end of a text`, send: [frame(text, Buffer.from(bytes))], closes: 1007 },
      { rfc: '6455, 8.1', name: `${name} in a close reason`, send: [frame(close, Buffer.concat([closePayload(1000), Buffer.from(bytes)]))], closes: [1002, 1007] },
    ]),
    ...Object.entries(good).map(([name, value]) => (
      { rfc: '6455, 8.1', name: `${name} in a text`, send: [frame(text, pingMessage({ value }))], answers: [echo({ value })] })),
    {
      rfc: '6455, 8.1', name: 'bytes that go wrong in the second fragment', closes: 1007,
      send: [frame(text, kEuro.subarray(0, 2), { final: false }), frame(continuation, 'x')],
    },
  ];
};

const closing = () => [
  { rfc: '6455, 5.5.1', name: 'a close without a code', send: [frame(close)], closes: [null, 1000] },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => (
    { rfc: '6455, 7.4', name: `a close with ${code}`, send: [frame(close, closePayload(code))], closes: [code, 1000] })),
  { rfc: '6455, 7.4', name: 'a close with a reason', send: [frame(close, closePayload(1000, 'tsch\u00fc\u00df \u20ac'))], closes: 1000 },
  { rfc: '6455, 7.4', name: 'a close with a reason of 123 bytes', send: [frame(close, closePayload(1000, 'r'.repeat(123)))], closes: 1000 },
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999].map((code) => (
    { rfc: '6455, 7.4', name: `a close with ${code}`, send: [frame(close, closePayload(code))], closes: 1002 })),
  // Nobody defined what these mean, nor that they are wrong.
  ...[5000, 65535].map((code) => (
    { rfc: '6455, 7.4', name: `a close with ${code}`, send: [frame(close, closePayload(code))], closes: [code, 1002] })),
  { rfc: '6455, 5.5.1', name: 'a close of one byte', send: [frame(close, Buffer.from([3]))], closes: 1002 },
  {
    rfc: '6455, 5.5.1', name: 'what follows a close', closes: 1000,
    send: [frame(close, closePayload(1000)), frame(text, pingMessage({})), frame(ping, 'x')],
  },
];

const commands = () => {
  const error = (name, message) => ({ rfc: 'protocol', name, send: [frame(text, message)], answers: [{ type: 'Error' }] });
  return [
    error('no JSON', 'hello'), error('an empty message', ''), error('an array', '[]'), error('a number', '1'), error('null', 'null'),
    error('no type', '{}'), error('an unknown type', '{"type":"Dance","data":{}}'), error('a type of another kind', '{"type":1,"data":{}}'),
    error('data of another kind', '{"type":"Subscribe","data":[]}'), error('no event types', '{"type":"Subscribe","data":{}}'),
    error('event types of another kind', '{"type":"Subscribe","data":{"event_types":"RequestStarted"}}'),
    error('an unknown event type', '{"type":"Subscribe","data":{"event_types":["NoSuchEvent"]}}'),
    error('JSON cut short', '{"type":"Ping","data":{'), error('JSON with a tail', '{"type":"Ping","data":{}} x'),
    error('deep nesting', '['.repeat(30000)),
    error('markup', '{"type":"<img src=x onerror=alert(1)>","data":{}}'),
  ];
};

export function frameCases() {
  return [...lengths(), ...masking(), ...reserved(), ...control(), ...fragments(), ...utf8(), ...closing(), ...commands()];
}
