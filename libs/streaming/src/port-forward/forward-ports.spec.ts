import { PassThrough } from 'node:stream';
import { forwardPorts } from './forward-ports';
import type { PortForwardConnection, PortForwardSession } from './types';

/** A client that is there until it is closed, and connects when a test says so. */
class Client implements PortForwardSession {
  readonly closed: Promise<void>;
  isClosed = false;
  #onClosed: () => void = () => undefined;
  #listener: (connection: PortForwardConnection) => void = () => undefined;

  constructor() {
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
  }

  onConnection(listener: (connection: PortForwardConnection) => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.isClosed = true;
    this.#onClosed();
  }

  /** Opens a connection; what is answered ends both its directions. */
  connect(): () => void {
    const data = new PassThrough();
    this.#listener({ port: 80, data, fail: () => undefined, finish: () => undefined });
    return () => data.end();
  }
}

describe('a session of port-forwarding', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());
  const dial = (): Promise<PassThrough> => Promise.resolve(new PassThrough());
  const begin = (idleMs?: number): { client: Client; ended: Promise<void> } => {
    const client = new Client();
    return { client, ended: forwardPorts(client, dial, (_port, { message }) => message, idleMs) };
  };

  it('ends when it has had no connection for so long', async () => {
    const { client, ended } = begin(1_000);
    await jest.advanceTimersByTimeAsync(999);
    expect(client.isClosed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(client.isClosed).toBe(true);
    await ended;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('goes on while it has one, and as long after it', async () => {
    const { client, ended } = begin(1_000);
    await jest.advanceTimersByTimeAsync(500);
    const ends = [client.connect(), client.connect()];
    await jest.advanceTimersByTimeAsync(5_000);
    ends[0]?.();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(client.isClosed).toBe(false);
    ends[1]?.();
    await jest.advanceTimersByTimeAsync(999);
    expect(client.isClosed).toBe(false);
    await jest.advanceTimersByTimeAsync(2);
    expect(client.isClosed).toBe(true);
    await ended;
  });

  it.each([[undefined], [0], [2 ** 40]])('with %s for that, does not end soon', async (idleMs) => {
    const { client, ended } = begin(idleMs);
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(client.isClosed).toBe(false);
    client.close();
    await ended;
  });
});
