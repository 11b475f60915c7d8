// WebSocket frames as bytes (RFC 6455, 5): an encoder that can also make what the RFC forbids, and a strict reader.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { Connection } from './connection.mjs';
import { readResponse } from './http.mjs';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

const kMask = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/// One frame of a client. Everything the RFC fixes can be set otherwise.
export function frame(opcode, payload = '', { final = true, rsv = 0, masked = true, mask = kMask, lengthForm, announced } = {}) {
  const data = Buffer.from(payload);
  const length = announced ?? data.length;
  const form = lengthForm ?? (length < 126 ? 7 : length < 65536 ? 16 : 64);
  const head = [(final ? 0x80 : 0) | (rsv << 4) | opcode];
  const maskBit = masked ? 0x80 : 0;
  let size = Buffer.alloc(0);
  if (form === 7) head.push(maskBit | length);
  if (form === 16) {
    head.push(maskBit | 126);
    size = Buffer.alloc(2);
    size.writeUInt16BE(length);
  }
  if (form === 64) {
    head.push(maskBit | 127);
    size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(length));
  }
  const body = masked ? data.map((byte, index) => byte ^ mask[index % 4]) : data;
  return Buffer.concat([Buffer.from(head), size, masked ? mask : Buffer.alloc(0), body]);
}

export const closePayload = (code, reason = '') => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, Buffer.from(reason)]);
};

/// The first frame of a server in `bytes`, or null while it is not whole. Servers never mask, use no reserved bit, the
/// shortest length form, and whole control frames of at most 125 bytes.
export function readFrame(bytes) {
  if (bytes.length < 2) return null;
  assert.equal(bytes[0] & 0x70, 0, 'no reserved bits');
  assert.equal(bytes[1] & 0x80, 0, 'a server does not mask');
  const opcode = bytes[0] & 0x0f;
  let length = bytes[1] & 0x7f;
  let head = 2;
  if (length === 126) {
    if (bytes.length < 4) return null;
    length = bytes.readUInt16BE(2);
    assert.ok(length > 125, 'the shortest length form');
    head = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    length = Number(bytes.readBigUInt64BE(2));
    assert.ok(length > 65535, 'the shortest length form');
    head = 10;
  }
  if (opcode >= 8) {
    assert.ok(length <= 125 && (bytes[0] & 0x80) !== 0, 'control frames are short and whole');
  }
  if (bytes.length < head + length) return null;
  return { opcode, final: (bytes[0] & 0x80) !== 0, payload: bytes.subarray(head, head + length), size: head + length };
}

export const handshakeKey = 'dGhlIHNhbXBsZSBub25jZQ==';
export const handshakeAnswer = createHash('sha1').update(`${handshakeKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/// The text of an opening handshake; `change` edits its header lines.
export function handshake({ line = 'GET /ws?events=SystemAlert HTTP/1.1', change = (headers) => headers } = {}) {
  const headers = change([
    'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Key: ${handshakeKey}`, 'Sec-WebSocket-Version: 13',
  ]);
  return [line, ...headers, '', ''].join('\r\n');
}

/// An open WebSocket on which the test chooses the bytes.
export class WebSocketClient {
  /// `then` follows in the same segment as the handshake.
  static async open(port, { then = Buffer.alloc(0), line } = {}) {
    const client = new WebSocketClient();
    client.connection = await Connection.open(port);
    client.connection.send(Buffer.concat([Buffer.from(handshake({ line })), then]));
    const answer = await client.connection.wait('the handshake', () => readResponse(client.connection.received, 'GET'));
    assert.equal(answer.code, 101, answer.body);
    client.connection.consume(answer.size);
    const greeting = await client.message();
    assert.equal(greeting.type, 'Connected');
    return client;
  }

  send(...frames) {
    this.connection.send(Buffer.concat(frames));
  }

  async nextFrame() {
    const found = await this.connection.wait('a frame', () => readFrame(this.connection.received));
    this.connection.consume(found.size);
    return found;
  }

  /// The next frame, which must be a text message in one piece.
  async message() {
    const { opcode, final, payload } = await this.nextFrame();
    assert.ok(opcode === opcodes.text && final, `opcode ${opcode}: ${payload}`);
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  }

  /// The server's close frame must be the next frame, with this code (null: without one), and then the end.
  async expectClose(code) {
    const { opcode, payload } = await this.nextFrame();
    assert.equal(opcode, opcodes.close, `not a close frame but ${opcode}: ${payload}`);
    const told = payload.length >= 2 ? payload.readUInt16BE(0) : null;
    assert.ok([code].flat().includes(told), `closed with ${told} "${payload.subarray(2)}", expected ${code}`);
    new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2));
    this.send(frame(opcodes.close, payload));
    await this.connection.waitForEnd();
    assert.equal(this.connection.received.length, 0, 'a close frame is the last frame');
  }

  /// A Ping of the protocol comes back: the connection is alive and what came before was read.
  async expectAlive() {
    this.send(frame(opcodes.ping, 'alive?'));
    const { opcode, payload } = await this.nextFrame();
    assert.deepEqual([opcode, payload.toString()], [opcodes.pong, 'alive?']);
  }

  close() {
    this.connection.close();
  }
}
