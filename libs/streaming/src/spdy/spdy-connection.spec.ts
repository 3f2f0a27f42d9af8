import { once } from 'node:events';
import { duplexPair, type Duplex } from 'node:stream';

import fc from 'fast-check';

import { encodeFrame } from './encode-frame';
import { FrameDecoder } from './frame-decoder';
import { type SpdyFrame } from './frames';
import { HeaderCompressor } from './header-block';
import { SpdyConnection } from './spdy-connection';
import { RECEIVE_WINDOW_BYTES, SpdyStreamRefused, type SpdyStream } from './spdy-stream';

const typed = (kind: string): ReadonlyMap<string, readonly string[]> => new Map([['streamtype', [kind]]]);

function pair(): { client: SpdyConnection; server: SpdyConnection; accepted: SpdyStream[]; ends: [Duplex, Duplex] } {
  const ends = duplexPair();
  const client = new SpdyConnection(ends[0], { role: 'client' });
  const server = new SpdyConnection(ends[1], { role: 'server' });
  const accepted: SpdyStream[] = [];
  server.onStream = (stream) => {
    accepted.push(stream);
    stream.reply();
  };
  return { client, server, accepted, ends };
}

/** A peer by hand: what upstream's implementation would send and see. */
class RawPeer {
  readonly seen: SpdyFrame[] = [];
  readonly #compressor = new HeaderCompressor();

  constructor(readonly end: Duplex) {
    const decoder = new FrameDecoder();
    end.on('data', (chunk: Buffer) => this.seen.push(...decoder.push(chunk)));
    end.on('error', () => undefined);
  }

  send(frame: SpdyFrame): void {
    this.end.write(encodeFrame(frame, this.#compressor));
  }

  open(streamId: number): void {
    this.send({ type: 'synStream', streamId, associatedTo: 0, priority: 0, fin: false, unidirectional: false, headers: typed('stdin') });
  }

  async until(check: (frame: SpdyFrame) => boolean): Promise<SpdyFrame> {
    for (;;) {
      const found = this.seen.find(check);
      if (found) return found;
      await once(this.end, 'data');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  dataBytes(): number {
    return this.seen.reduce((sum, frame) => sum + (frame.type === 'data' ? frame.data.length : 0), 0);
  }
}

/** All that can be read; unlike an iterator it leaves the writing side alone. */
async function text(stream: Duplex): Promise<string> {
  let all = '';
  stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
  await once(stream, 'end');
  return all;
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe('SpdyConnection', () => {
  it('carries both directions of a stream and closes each on its own', async () => {
    const { client, accepted } = pair();
    const stream = client.openStream(typed('data'));
    await stream.replied;
    const [peer] = accepted;
    expect(peer?.header('streamType')).toBe('data');
    stream.end('ping');
    expect(await text(peer!)).toBe('ping');
    peer!.end('pong');
    expect(await text(stream)).toBe('pong');
    await settle();
    expect(client.openStreams).toBe(0);
  });

  it('holds data until the stream is answered, for upstream drops it before', async () => {
    const [near, far] = duplexPair();
    const client = new SpdyConnection(near, { role: 'client' });
    const peer = new RawPeer(far);
    client.openStream(typed('stdin')).end('early');
    await peer.until(({ type }) => type === 'synStream');
    await settle();
    expect(peer.seen.some(({ type }) => type === 'data')).toBe(false);
    peer.send({ type: 'synReply', streamId: 1, fin: false, headers: new Map() });
    await peer.until((frame) => frame.type === 'data' && frame.fin);
    expect(peer.dataBytes()).toBe(5);
  });

  it('tells the opener that its stream was refused', async () => {
    const { client, server } = pair();
    server.onStream = (stream) => {
      stream.reset(3);
    };
    await expect(client.openStream(typed('x')).replied).rejects.toBeInstanceOf(SpdyStreamRefused);
  });

  it('sends without windows to a peer that knows none', async () => {
    const [near, far] = duplexPair({ highWaterMark: 1 << 20 });
    const peer = new RawPeer(far);
    const server = new SpdyConnection(near, { role: 'server' });
    server.onStream = (stream) => {
      stream.reply();
      stream.write(Buffer.alloc(300_000));
    };
    peer.open(1);
    while (peer.dataBytes() < 300_000) await once(far, 'data');
    expect(peer.dataBytes()).toBe(300_000);
  });

  it.each([true, false])('gives room back to a peer that keeps windows, and only then (it does: %s)', async (keepsWindows) => {
    const [near, far] = duplexPair({ highWaterMark: 1 << 20 });
    const peer = new RawPeer(far);
    const client = new SpdyConnection(near, { role: 'client' });
    const stream = client.openStream(typed('stdout'));
    const received = text(stream);
    peer.send({ type: 'synReply', streamId: 1, fin: false, headers: new Map() });
    for (let sent = 0; sent < 10; sent++) peer.send({ type: 'data', streamId: 1, data: Buffer.alloc(RECEIVE_WINDOW_BYTES / 4), fin: false });
    await settle();
    // Even late, a peer is owed what it has sent.
    if (keepsWindows) peer.send({ type: 'settings', clear: false, settings: [{ id: 7, flags: 0, value: 10_000 }] });
    await settle();
    const credits = peer.seen.flatMap((frame) => (frame.type === 'windowUpdate' && frame.streamId === 1 ? [frame.delta] : []));
    expect(credits).toEqual(keepsWindows ? [RECEIVE_WINDOW_BYTES * 2.5] : []);
    peer.send({ type: 'data', streamId: 1, data: Buffer.alloc(0), fin: true });
    expect(await received).toHaveLength(RECEIVE_WINDOW_BYTES * 2.5);
  });

  it('keeps within the windows of a peer that has them', async () => {
    const [near, far] = duplexPair({ highWaterMark: 1 << 20 });
    const peer = new RawPeer(far);
    const server = new SpdyConnection(near, { role: 'server' });
    server.onStream = (stream) => {
      stream.reply();
      stream.end(Buffer.alloc(100_000));
    };
    peer.send({ type: 'settings', clear: false, settings: [{ id: 7, flags: 0, value: 10_000 }] });
    peer.open(1);
    await settle();
    expect(peer.dataBytes()).toBe(10_000);
    peer.send({ type: 'windowUpdate', streamId: 1, delta: 90_000 });
    await settle();
    expect(peer.dataBytes()).toBe(65_536);
    peer.send({ type: 'windowUpdate', streamId: 0, delta: 90_000 });
    await peer.until((frame) => frame.type === 'data' && frame.fin);
    expect(peer.dataBytes()).toBe(100_000);
  });

  it('stops a sender whose receiver does not read, and loses nothing', async () => {
    const { client, accepted } = pair();
    const stream = client.openStream(typed('data'));
    await stream.replied;
    const total = 8 * RECEIVE_WINDOW_BYTES;
    let written = 0;
    const chunk = Buffer.alloc(RECEIVE_WINDOW_BYTES / 4, 'x');
    const writing = (async () => {
      while (written < total) {
        if (!stream.write(chunk)) await once(stream, 'drain');
        written += chunk.length;
      }
      stream.end();
    })();
    for (let turn = 0; turn < 50; turn++) await settle();
    expect(written).toBeLessThan(4 * RECEIVE_WINDOW_BYTES);
    expect((await text(accepted[0]!)).length).toBe(total);
    await writing;
  });

  it('lets a stream pass another that is not read', async () => {
    const { client, accepted } = pair();
    const slow = client.openStream(typed('slow'));
    const quick = client.openStream(typed('quick'));
    await quick.replied;
    slow.write(Buffer.alloc(4 * RECEIVE_WINDOW_BYTES));
    await settle();
    quick.end('through');
    expect(await text(accepted[1]!)).toBe('through');
  });

  it('delivers what came before a reset, then ends', async () => {
    const { client, server } = pair();
    server.onStream = (stream) => {
      stream.reply();
      stream.write('last words', () => {
        stream.reset();
      });
    };
    const stream = client.openStream(typed('data'));
    expect(await text(stream)).toBe('last words');
    expect(stream.wasReset).toBe(true);
    stream.write('into the void');
    await settle();
    expect(stream.errored).toBeNull();
  });

  it('ends all streams when the connection goes', async () => {
    const { client, accepted, ends } = pair();
    const stream = client.openStream(typed('data'));
    await stream.replied;
    ends[1].destroy();
    ends[0].destroy();
    expect(await text(stream)).toBe('');
    expect(stream.wasReset).toBe(true);
    await client.closed;
    expect(() => client.openStream(typed('late'))).toThrow('closed');
    expect(accepted).toHaveLength(1);
  });

  it('answers pings and hears answers', async () => {
    const { client, server } = pair();
    await Promise.all([client.ping(), server.ping()]);
  });

  it('says goodbye and waits for the peer to hang up', async () => {
    const { client, server } = pair();
    const stream = client.openStream(typed('data'));
    await stream.replied;
    client.close();
    await settle();
    expect(stream.destroyed).toBe(true);
    server.destroy();
    await client.closed;
  });

  it('refuses more streams than it allows', async () => {
    const [near, far] = duplexPair();
    const peer = new RawPeer(far);
    const server = new SpdyConnection(near, { role: 'server', maxStreams: 1 });
    server.onStream = (stream) => {
      stream.reply();
    };
    peer.open(1);
    peer.open(3);
    const refused = await peer.until(({ type }) => type === 'rstStream');
    expect(refused).toMatchObject({ streamId: 3, status: 3 });
  });

  it.each<[string, SpdyFrame]>([
    ['a stream number of the other side', { type: 'synStream', streamId: 2, associatedTo: 0, priority: 0, fin: false, unidirectional: false, headers: new Map() }],
    ['an initial window that is too large', { type: 'settings', clear: false, settings: [{ id: 7, flags: 0, value: 0xffffffff }] }],
    ['a session window that overflows', { type: 'windowUpdate', streamId: 0, delta: 0x7fffffff }],
  ])('ends the connection for %s', async (_, frame) => {
    const [near, far] = duplexPair();
    const peer = new RawPeer(far);
    const server = new SpdyConnection(near, { role: 'server' });
    peer.send(frame);
    await server.closed;
    expect(server.failure?.name).toBe('SpdyProtocolError');
    expect(peer.seen.at(-1)).toMatchObject({ type: 'goAway', status: 1 });
  });

  it('survives any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 5 }), fc.boolean(), async (chunks, valid) => {
        const [near, far] = duplexPair();
        const server = new SpdyConnection(near, { role: 'server' });
        server.onStream = (stream) => {
          stream.reply();
          stream.resume();
        };
        const peer = new RawPeer(far);
        if (valid) peer.open(1);
        for (const chunk of chunks) far.write(Buffer.from(chunk));
        far.end();
        await server.closed;
      }),
      { numRuns: 100 },
    );
  });
});
