import { EventEmitter } from 'node:events';
import { FakeClock } from '@navarch/clock';
import { type IEvent, type IWatchRequest, type IWatchResponse } from 'etcd3';
import { encodeValue } from '../value/value-header';
import { type EtcdWatchDeps, EtcdWatch, everyKey } from './etcd-watch';

/** One stream of a member, as a test lets it go on. */
class MemberStream extends EventEmitter {
  readonly asked: IWatchRequest[] = [];

  write(request: IWatchRequest): void {
    this.asked.push(request);
  }

  cancel(): void {
    this.removeAllListeners();
  }

  answers(part: Partial<IWatchResponse>): void {
    this.emit('data', { header: { revision: '0' }, compact_revision: '0', canceled: false, created: false, fragment: false, events: [], ...part });
  }

  get from(): unknown {
    return (this.asked[0] as { create_request?: { start_revision?: unknown } } | undefined)?.create_request?.start_revision;
  }
}

function put(key: string, revision: number, position: number): IEvent {
  const kv = { key: Buffer.from(key), mod_revision: String(revision), create_revision: '1', version: '1', lease: '0', value: encodeValue(position, 0, Buffer.from('{}')) };
  return { type: 'Put', kv, prev_kv: kv };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('a watch of etcd', () => {
  const clock = new FakeClock();
  let streams: MemberStream[];
  let seen: [number, string[]][];
  let watch: EtcdWatch;

  beforeEach(async () => {
    streams = [];
    seen = [];
    const openMember = (): unknown => {
      const stream = new MemberStream();
      streams.push(stream);
      return { stub: () => Promise.resolve({ watch: () => stream }), close: () => undefined };
    };
    watch = new EtcdWatch(5, {
      onOpened: () => undefined,
      onRevision: (revision, events) => seen.push([revision, events.map(({ key }) => key)]),
      onCompacted: () => undefined,
    }, { scope: everyKey, openMember: openMember as EtcdWatchDeps['openMember'], verifyHistory: () => Promise.resolve(), clock, log });
    await settle();
  });

  afterEach(() => watch.close());

  it('that is cut between two fragments of a revision forgets the first, and asks for the whole again', async () => {
    streams[0]?.answers({ created: true });
    streams[0]?.answers({ events: [put('/a', 5, 0)] });
    await settle();
    streams[0]?.answers({ fragment: true, events: [put('/b', 6, 0)] });
    streams[0]?.emit('error', new Error('the link is cut'));
    await clock.advance(60);
    await settle();
    expect([streams.length, streams[1]?.from]).toEqual([2, 6]);
    streams[1]?.answers({ created: true });
    streams[1]?.answers({ fragment: true, events: [put('/b', 6, 0)] });
    expect(seen).toEqual([[5, ['/a']]]);
    streams[1]?.answers({ events: [put('/c', 6, 1)] });
    await settle();
    expect(seen).toEqual([[5, ['/a']], [6, ['/b', '/c']]]);
  });

  it('does not go on from what answers without events say', async () => {
    streams[0]?.answers({ created: true, header: { revision: '900' } as IWatchResponse['header'] });
    streams[0]?.answers({ header: { revision: '901' } as IWatchResponse['header'] });
    streams[0]?.emit('end');
    await clock.advance(60);
    await settle();
    expect(streams[1]?.from).toBe(5);
  });
});
