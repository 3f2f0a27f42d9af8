import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { decodeProtobufBody } from '../codec/protobuf-body';
import type { RestClient, TestApiserver } from '../testing';
import { useTestApi } from './use-test-api';

const maps = '/api/v1/namespaces/default/configmaps';
const PROTOBUF = 'application/vnd.kubernetes.protobuf;stream=watch';
const asKind = (kind: string): string => `application/json;as=${kind};v=v1;g=meta.k8s.io`;
const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

interface Frame { readonly opcode: number; readonly data: Buffer }
interface Event { type: string; object: { kind: string; code?: number; message?: string; metadata: { name?: string }; rows?: { object: { metadata: { name: string } } }[]; columnDefinitions?: unknown[]; data?: unknown } }

/** A client's frame: masked by zeros, which leave it readable. */
const masked = (opcode: number, data: Buffer, mask = 0x80): Buffer => Buffer.concat([Buffer.from([0x80 | opcode, mask | data.length]), mask === 0 ? Buffer.alloc(0) : Buffer.alloc(4), data]);

/** A WebSocket by hand: sees each byte of the answer. */
class RawWebSocket {
  private buffer = Buffer.alloc(0);
  private ended = false;

  private constructor(private readonly socket: TLSSocket) {
    socket.on('data', (chunk: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, chunk]);
      socket.emit('more');
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.ended = true;
      socket.emit('more');
    });
  }

  static async open(server: TestApiserver, path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> {
    const socket = connect({ host: '127.0.0.1', port: server.port, ...(await server.credentials(server.pki.files.admin)), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const opened = new RawWebSocket(socket);
    await once(socket, 'secureConnect');
    const all = { Host: 'h', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13', ...headers };
    socket.write(`GET ${path} HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
    return opened;
  }

  /** The head of the answer, and what came with it of a body. */
  async head(): Promise<{ code: number; text: string }> {
    const end = await this.until(() => this.buffer.indexOf('\r\n\r\n') + 1);
    const text = this.buffer.subarray(0, end + 3).toString();
    this.buffer = this.buffer.subarray(end + 3);
    return { code: Number(text.split(' ')[1]), text };
  }

  async frame(): Promise<Frame> {
    const { start, length } = await this.until(() => this.whole());
    const [opcode, data] = [(this.buffer[0] ?? 0) & 0x0f, Buffer.from(this.buffer.subarray(start, start + length))];
    this.buffer = this.buffer.subarray(start + length);
    return { opcode, data };
  }

  async event(): Promise<Event> {
    return JSON.parse((await this.frame()).data.toString()) as Event;
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  stopReading(): void {
    this.socket.pause();
  }

  readOn(): void {
    this.socket.resume();
  }

  /** All that is left until the server has closed. */
  async rest(): Promise<Buffer> {
    await this.until(() => this.ended);
    return this.buffer;
  }

  close(): void {
    this.socket.destroy();
  }

  private whole(): { start: number; length: number } | undefined {
    const short = (this.buffer[1] ?? 0) & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (this.buffer.length < start) return undefined;
    const length = short === 126 ? this.buffer.readUInt16BE(2) : short === 127 ? Number(this.buffer.readBigUInt64BE(2)) : short;
    return this.buffer.length < start + length ? undefined : { start, length };
  }

  private async until<T>(probe: () => T): Promise<NonNullable<Exclude<T, false | 0>>> {
    for (;;) {
      const found = probe();
      if (found) return found as NonNullable<Exclude<T, false | 0>>;
      if (this.ended) throw new Error(`closed after ${this.buffer.toString('latin1')}`);
      await once(this.socket, 'more');
    }
  }
}

describe('a watch on a WebSocket', () => {
  let server: TestApiserver;
  let api: RestClient;
  let opened: RawWebSocket[] = [];

  useTestApi(async (running) => {
    ({ api, server } = running);
    await api.post(maps, { metadata: { name: 'there' }, data: { a: '1' } });
  });

  afterEach(() => {
    for (const socket of opened) socket.close();
    opened = [];
  });

  const open = async (query: string, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> => {
    const socket = await RawWebSocket.open(server, `${maps}?watch=true&${query}`, headers);
    opened.push(socket);
    return socket;
  };
  const accepted = async (query: string, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> => {
    const socket = await open(query, headers);
    expect((await socket.head()).code).toBe(101);
    return socket;
  };
  const all = 'resourceVersion=0&fieldSelector=metadata.name%3Dthere';
  const none = 'resourceVersion=0&fieldSelector=metadata.name%3Dnone';

  it('is a text of JSON for each event', async () => {
    const socket = await accepted(all);
    const { opcode, data } = await socket.frame();
    expect({ opcode, event: JSON.parse(data.toString()) as unknown }).toMatchObject({ opcode: OPCODES.text, event: { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'there' } } } });
  });

  it('is a binary message for each event in protobuf', async () => {
    const { opcode, data } = await (await accepted(all, { Accept: PROTOBUF })).frame();
    expect({ opcode, object: decodeProtobufBody(data.subarray(data.indexOf('k8s\0'))) }).toMatchObject({ opcode: OPCODES.binary, object: { kind: 'ConfigMap', metadata: { name: 'there' } } });
  });

  it('shows rows, and metadata, as any other watch', async () => {
    const row = await (await accepted(all, { Accept: asKind('Table') })).event();
    expect(row).toMatchObject({ type: 'ADDED', object: { kind: 'Table', rows: [{ object: { metadata: { name: 'there' } } }] } });
    const metadata = await (await accepted(all, { Accept: asKind('PartialObjectMetadata') })).event();
    expect(metadata).toMatchObject({ type: 'ADDED', object: { kind: 'PartialObjectMetadata', metadata: { name: 'there' } } });
    expect(metadata.object).not.toHaveProperty('data');
  });

  it.each(['base64.binary.k8s.io', 'binary.k8s.io', 'whatever'])('takes the one protocol that the client names: %s', async (protocol) => {
    const { code, text } = await (await open(none, { 'Sec-WebSocket-Protocol': protocol })).head();
    expect({ code, named: text.includes(`Sec-WebSocket-Protocol: ${protocol}\r\n`) }).toEqual({ code: 101, named: true });
  });

  it.each<[string, string, Readonly<Record<string, string>>, number]>([
    ['another version', none, { 'Sec-WebSocket-Version': '8' }, 400],
    ['no key', none, { 'Sec-WebSocket-Key': '' }, 400],
    ['a key that is none', none, { 'Sec-WebSocket-Key': 'abc' }, 400],
    ['a form that watches do not have', none, { Accept: 'application/yaml' }, 406],
    // As upstream, whose store reads it.
    ['a version that is no number', 'resourceVersion=x', {}, 500],
  ])('is refused over HTTP with %s', async (_what, query, headers, code) => {
    expect((await (await open(query, headers)).head()).code).toBe(code);
  });

  it('says which version of WebSockets it speaks', async () => {
    expect((await (await open(none, { 'Sec-WebSocket-Version': '8' })).head()).text).toContain('Sec-WebSocket-Version: 13\r\n');
  });

  it('tells of a version that is gone in an event, and ends in order', async () => {
    const socket = await accepted('resourceVersion=1');
    expect(await socket.event()).toMatchObject({ type: 'ERROR', object: { kind: 'Status', code: 410 } });
    const { opcode, data } = await socket.frame();
    expect({ opcode, code: data.readUInt16BE(0) }).toEqual({ opcode: OPCODES.close, code: 1000 });
  });

  it('ends in order when its time is over', async () => {
    const { opcode, data } = await (await accepted(`${none}&timeoutSeconds=1`)).frame();
    expect({ opcode, code: data.readUInt16BE(0) }).toEqual({ opcode: OPCODES.close, code: 1000 });
  });

  it('answers pings, passes over what the client says, and closes when asked to', async () => {
    const socket = await accepted(none);
    socket.send(masked(OPCODES.text, Buffer.from('hello')));
    socket.send(masked(OPCODES.binary, Buffer.from([1, 2])));
    socket.send(masked(OPCODES.ping, Buffer.from('p')));
    expect(await socket.frame()).toEqual({ opcode: OPCODES.pong, data: Buffer.from('p') });
    socket.send(masked(OPCODES.close, Buffer.from([0x03, 0xe8])));
    const { opcode, data } = await socket.frame();
    expect({ opcode, code: data.readUInt16BE(0) }).toEqual({ opcode: OPCODES.close, code: 1000 });
    expect(await socket.rest()).toEqual(Buffer.alloc(0));
  });

  it('is cut off for frames that are none', async () => {
    const socket = await accepted(none);
    socket.send(masked(OPCODES.text, Buffer.from('a'), 0));
    const { opcode, data } = await socket.frame();
    expect({ opcode, code: data.readUInt16BE(0) }).toEqual({ opcode: OPCODES.close, code: 1002 });
    expect(await socket.rest()).toEqual(Buffer.alloc(0));
  });

  it('is cut, and nobody else held up, when its client does not read', async () => {
    const slow = await accepted('resourceVersion=0');
    slow.stopReading();
    const quick = await accepted(all);
    expect((await quick.event()).object.metadata.name).toBe('there');
    const data = { a: 'x'.repeat(900_000) };
    const deaths = async (): Promise<number> => Number(/^apiserver_terminated_watchers_total\{[^}]*resource="configmaps"[^}]*\} (\d+)$/m.exec((await api.get('/metrics')).raw.toString())?.[1] ?? 0);
    for (let n = 0; n < 200 && (await deaths()) === 0; n++) expect((await api.put(`${maps}/there`, { metadata: { name: 'there' }, data: { ...data, n: String(n) } })).code).toBe(200);
    expect(await deaths()).toBe(1);
    expect(await quick.event()).toMatchObject({ type: 'MODIFIED' });
    slow.readOn();
    // What had been sent is there, cut within a frame or after one: no orderly end.
    const left = await slow.rest();
    expect(left.subarray(-4)).not.toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
  }, 180_000);
});
