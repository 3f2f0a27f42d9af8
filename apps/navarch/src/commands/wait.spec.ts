import type { corev1 } from '@navarch/api';
import { notReady } from './wait';

const since = Date.parse('2026-01-01T00:01:00.400Z');
const node = (name: string, status: string, lastHeartbeatTime: string, message = 'kubelet is posting ready status'): corev1.Node =>
  ({ metadata: { name }, status: { conditions: [{ type: 'Ready', status, lastHeartbeatTime, message }] } });

describe('notReady', () => {
  it.each([
    { reason: 'all have said so', nodes: [node('n1', 'True', '2026-01-01T00:01:00Z'), node('n2', 'True', '2026-01-01T00:02:00Z')], missing: [] },
    { reason: 'one said so in an earlier life', nodes: [node('n1', 'True', '2026-01-01T00:00:58Z'), node('n2', 'True', '2026-01-01T00:02:00Z')], missing: ['n1 has not reported yet'] },
    { reason: 'one says why not', nodes: [node('n1', 'False', '2026-01-01T00:02:00Z', 'no network'), node('n2', 'True', '2026-01-01T00:02:00Z')], missing: ['n1 is not Ready: no network'] },
    { reason: 'one is not there', nodes: [node('n1', 'True', '2026-01-01T00:02:00Z')], missing: ['1 of 2 nodes have not registered yet'] },
  ])('names $missing when $reason', ({ nodes, missing }) => {
    expect(notReady(nodes, 2, since)).toEqual(missing);
  });
});
