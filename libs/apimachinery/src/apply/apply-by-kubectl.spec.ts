import type { JsonObject } from '../json';
import { now, head, apply, update, web } from '../testing/applied-deployment';

describe('kubectl that changes from applying in the client to applying in the server', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const remembering = (object: JsonObject): JsonObject => {
    const metadata = { ...(object['metadata'] as JsonObject), annotations: { [annotation]: JSON.stringify({ ...head, ...object }) } };
    return { ...object, metadata };
  };
  const inClient = (): JsonObject => update(undefined, remembering(web('1')), 'kubectl-client-side-apply');
  const remembered = (object: JsonObject): string => (object as { metadata: { annotations: Record<string, string> } }).metadata.annotations[annotation] ?? '';

  it('has no conflict with itself, and its old notes stay true', () => {
    const { object } = apply(inClient(), web('2'), 'kubectl', { now: now + 1000 });
    expect(object).toMatchObject({ spec: { template: { spec: { containers: [{ name: 'web', image: '2' }] } } } });
    expect(JSON.parse(remembered(object))).toEqual({ ...head, ...web('2') });
    expect(apply(object, web('2'), 'kubectl', { now: now + 2000 }).changed).toBe(false);
  });

  it('still conflicts over what somebody else has changed since', () => {
    const scaled = update(inClient(), { ...inClient(), spec: { ...web('1')['spec'] as JsonObject, replicas: 5 } }, 'scaler');
    expect(() => apply(scaled, web('2'), 'kubectl')).toThrow('Apply failed with 1 conflict: conflict with "scaler" using apps/v1: .spec.replicas');
  });

  it('conflicts under another name', () => {
    expect(() => apply(inClient(), web('2'), 'other')).toThrow('conflict with "kubectl-client-side-apply" using apps/v1');
  });

  it('has nothing to keep where no notes are, and gives up notes that are too long', () => {
    const plain = apply(undefined, web('1'), 'kubectl').object;
    expect((plain['metadata'] as JsonObject)['annotations']).toBeUndefined();
    const long = web('1');
    (long['metadata'] as JsonObject)['annotations'] = { note: 'x'.repeat(200 * 1024) };
    expect(remembered(apply(inClient(), long, 'kubectl').object)).toBe('');
  });
});
