import { FakeClock } from '@navarch/clock';
import { anAuditEvent, auditCounts, MemoryAudit } from '../testing/an-audit-event';
import { ignoringErrors, union } from './audit-backend';
import { legacyLine } from './audit-event';
import { AuditWebhook } from './audit-webhook';
import { BufferedBackend, type BatchOptions } from './buffered-backend';
import { TruncatingBackend } from './truncating-backend';

const events = (...ids: string[]): ReturnType<typeof anAuditEvent>[] => ids.map((id) => anAuditEvent(id));

describe('in batches', () => {
  const setUp = async (over: Partial<BatchOptions> = {}): Promise<{ sink: MemoryAudit; backend: BufferedBackend; clock: FakeClock; lost: () => Promise<Record<string, number>> }> => {
    const [clock, sink, { metrics, lost }] = [new FakeClock(), new MemoryAudit(), auditCounts()];
    const backend = new BufferedBackend(sink, { bufferSize: 4, maxBatchSize: 2, maxWaitMs: 1000, throttle: undefined, maxUnderWay: 2, ...over }, { clock, metrics });
    await backend.start();
    return { sink, backend, clock, lost };
  };

  it('goes out what is enough for one', async () => {
    const { sink, backend } = await setUp();
    expect(await backend.process(events('a'))).toBe(true);
    expect(sink.batches).toEqual([]);
    await backend.process(events('b', 'c'));
    expect(sink.batches).toEqual([['a', 'b']]);
  });

  it('goes out what has waited long enough', async () => {
    const { sink, backend, clock } = await setUp();
    await backend.process(events('a'));
    await clock.advance(999);
    expect(sink.batches).toEqual([]);
    await clock.advance(1);
    expect(sink.batches).toEqual([['a']]);
    await backend.process(events('b'));
    await clock.advance(1000);
    expect(sink.batches).toEqual([['a'], ['b']]);
  });

  it('goes out no more than the throttle lets through', async () => {
    const { sink, backend, clock } = await setUp({ bufferSize: 10, throttle: { qps: 2, burst: 1 }, maxUnderWay: 9 });
    await backend.process(events('a', 'b', 'c', 'd', 'e', 'f'));
    expect(sink.batches).toHaveLength(1);
    await clock.advance(499);
    expect(sink.batches).toHaveLength(1);
    await clock.advance(1);
    expect(sink.batches).toHaveLength(2);
    await clock.advance(500);
    expect(sink.batches).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f']]);
  });

  it('is lost, and counted, what a sink that hangs leaves no room for; requests never wait', async () => {
    const { sink, backend, lost, clock } = await setUp();
    sink.close();
    for (const id of 'abcdefghij') expect(await backend.process(events(id))).toBe(true);
    expect(sink.batches).toEqual([['a', 'b'], ['c', 'd']]);
    expect(await lost()).toEqual({ buffered: 2 });
    sink.open();
    await clock.advance(0);
    expect(sink.batches).toEqual([['a', 'b'], ['c', 'd'], ['e', 'f'], ['g', 'h']]);
  });

  it('goes out what is left when the server stops, and nothing is taken after that', async () => {
    const { sink, backend, lost } = await setUp();
    await backend.process(events('a', 'b', 'c'));
    await backend.stop();
    await backend.stop();
    expect(sink.batches).toEqual([['a', 'b'], ['c']]);
    await backend.process(events('late'));
    expect(await lost()).toEqual({ buffered: 1 });
  });

  it('is given up what a sink that takes nothing is still to get when the server stops', async () => {
    const { sink, backend, lost } = await setUp({ maxUnderWay: 1 });
    sink.close();
    await backend.process(events('a', 'b', 'c', 'd', 'e'));
    const stopping = backend.stop();
    sink.takes = false;
    sink.open();
    await stopping;
    expect(sink.batches).toEqual([['a', 'b'], ['c', 'd']]);
    expect(await lost()).toEqual({ buffered: 1 });
  });
});

describe('by webhook', () => {
  class Receiver {
    readonly got: { kind: string; apiVersion: string; items: { auditID: string }[] }[] = [];
    constructor(public failures: number) {}
    deliver(body: unknown): Promise<void> {
      this.got.push(body as never);
      return this.failures-- > 0 ? Promise.reject(new Error('down')) : Promise.resolve();
    }
  }

  it('are sent as a list, again and again with longer pauses while it is not taken', async () => {
    const [clock, receiver, { metrics, lost }] = [new FakeClock(), new Receiver(2), auditCounts()];
    const sent = new AuditWebhook(1000, { receiver, clock, metrics }).process(events('a', 'b'));
    expect(receiver.got[0]).toMatchObject({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [{ auditID: 'a' }, { auditID: 'b' }] });
    await clock.advance(999);
    expect(receiver.got).toHaveLength(1);
    await clock.advance(201);
    expect(receiver.got).toHaveLength(2);
    await clock.advance(1800);
    expect(await sent).toBe(true);
    expect(receiver.got).toHaveLength(3);
    expect(await lost()).toEqual({});
  });

  it('are lost after five times, and counted one by one', async () => {
    const [clock, receiver, { metrics, lost }] = [new FakeClock(), new Receiver(9), auditCounts()];
    const sent = new AuditWebhook(1000, { receiver, clock, metrics }).process(events('a', 'b'));
    await clock.advance(60_000);
    expect(await sent).toBe(false);
    expect(receiver.got).toHaveLength(5);
    expect(await lost()).toEqual({ webhook: 2 });
  });

  it('do not keep a server from stopping', async () => {
    const [clock, receiver, { metrics, lost }] = [new FakeClock(), new Receiver(9), auditCounts()];
    const webhook = new AuditWebhook(1000, { receiver, clock, metrics });
    const sent = webhook.process(events('a'));
    await clock.settle();
    await webhook.stop();
    expect(await sent).toBe(false);
    expect(receiver.got).toHaveLength(1);
    expect(await lost()).toEqual({ webhook: 1 });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('too large', () => {
  const large = anAuditEvent('large', { requestObject: { data: 'x'.repeat(2000) }, responseObject: { data: 'x'.repeat(2000) }, annotations: { a: 'b' } });

  it('go without their objects, which they say; what is too large even then is lost', async () => {
    const [sink, { metrics, lost }] = [new MemoryAudit(), auditCounts()];
    const seen: unknown[] = [];
    const backend = new TruncatingBackend({ name: 'kept', start: () => sink.start(), stop: () => sink.stop(), process: (batch) => {
      seen.push(...batch);
      return sink.process(batch);
    } }, { maxEventBytes: 500, maxBatchBytes: 1200 }, metrics);
    const hopeless = anAuditEvent('hopeless', { requestURI: `/${'x'.repeat(1000)}` });
    expect(await backend.process([anAuditEvent('small'), large, hopeless, anAuditEvent('other'), anAuditEvent('last')])).toBe(true);
    expect(sink.batches).toEqual([['small', 'large', 'other'], ['last']]);
    expect(seen[1]).toMatchObject({ auditID: 'large', annotations: { a: 'b', 'audit.k8s.io/truncated': 'true' } });
    expect(seen[1]).not.toHaveProperty('requestObject');
    expect(seen[1]).not.toHaveProperty('responseObject');
    expect(large.requestObject).toBeDefined();
    expect(await lost()).toEqual({ truncate: 1 });
  });
});

it('all of several backends must have an event, unless a mode says that it may be lost', async () => {
  const [good, bad] = [new MemoryAudit(), new MemoryAudit()];
  bad.takes = false;
  expect(await union([good, bad]).process(events('a'))).toBe(false);
  expect(await union([good, ignoringErrors(bad)]).process(events('b'))).toBe(true);
  expect(good.batches).toEqual([['a'], ['b']]);
});

it('a line of the legacy format', () => {
  expect(legacyLine(anAuditEvent('7', { responseStatus: { code: 200 }, objectRef: { namespace: 'shop' }, impersonatedUser: { username: 'joe' } }))).toBe(
    '2026-01-01T00:00:00.12Z AUDIT: id="7" stage="ResponseComplete" ip="10.0.0.1" method="list" user="jane" groups="\\"dev\\",\\"ops\\"" as="joe" asgroups="<lookup>" user-agent="curl" namespace="shop" uri="/api/v1/pods" response="200"',
  );
  expect(legacyLine(anAuditEvent('7', { user: {}, sourceIPs: [] }))).toContain(
    'ip="<unknown>" method="list" user="<none>" groups="<none>" as="<self>" asgroups="<lookup>" user-agent="curl" namespace="<none>" uri="/api/v1/pods" response="<deferred>"',
  );
});
