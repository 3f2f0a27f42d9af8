import type { appsv1, corev1 } from '@navarch/api';
import { revisionData } from '../../history/revisions';
import { planStatefulSet } from './sync';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const revision = (name: string): appsv1.ControllerRevision => ({ metadata: { name }, revision: 1, data: revisionData({ spec: { containers: [] } }) });

/** `0:new` is ready; `1:old!` is not; `2:new-` is on its way out; `3:old?` cannot be pulled; `4:old*` has failed. */
function podOf(text: string): corev1.Pod {
  const [, ordinal = '', version = '', state = ''] = /^(\d+):(\w+)([!?*-]?)$/.exec(text) ?? [];
  const status: corev1.PodStatus = {
    phase: state === '*' ? 'Failed' : 'Running',
    conditions: [{ type: 'Ready', status: state === '' || state === '-' ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:59:30Z' }],
    ...(state === '?' ? { containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state: { waiting: { reason: 'ImagePullBackOff' } } }] } : {}),
  };
  return {
    metadata: {
      name: `db-${ordinal}`, labels: { 'controller-revision-hash': version, 'statefulset.kubernetes.io/pod-name': `db-${ordinal}`, 'apps.kubernetes.io/pod-index': ordinal },
      ...(state === '-' ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    status,
  };
}

function plan(pods: string, spec: Partial<appsv1.StatefulSetSpec>): string {
  const statefulSet: appsv1.StatefulSet = { metadata: { name: 'db' }, spec: { replicas: 3, selector: {}, template: {}, ...spec } };
  const { actions, againAfterMs } = planStatefulSet({ statefulSet, pods: pods.split(' ').filter((text) => text !== '').map(podOf), currentRevision: revision('old'), updateRevision: revision('new'), nowMs: NOW });
  const acts = actions.filter(({ kind }) => kind !== 'claims').map(({ kind, pod }) => `${kind} ${(pod.metadata.name ?? '').slice(3)}${kind === 'create' ? `:${pod.metadata.labels?.['controller-revision-hash'] ?? ''}` : ''}`);
  return [...acts, ...(againAfterMs === undefined ? [] : [`again ${againAfterMs / 1000}s`])].join(', ');
}

const partition = (value: number, maxUnavailable?: number | string): Partial<appsv1.StatefulSetSpec> => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: value, ...(maxUnavailable === undefined ? {} : { maxUnavailable }) } } });
const parallel: Partial<appsv1.StatefulSetSpec> = { podManagementPolicy: 'Parallel' };

describe('the next step of a StatefulSet', () => {
  it.each<{ what: string; pods: string; spec?: Partial<appsv1.StatefulSetSpec>; expected: string }>([
    { what: 'makes the first', pods: '', expected: 'create 0:new' },
    { what: 'makes all at once if they may be Parallel', pods: '', spec: parallel, expected: 'create 0:new, create 1:new, create 2:new' },
    { what: 'waits for one that is not ready', pods: '0:new!', expected: '' },
    { what: 'waits for one that goes', pods: '0:new 1:new-', expected: '' },
    { what: 'fills a gap first', pods: '0:new 2:new', expected: 'create 1:new' },
    { what: 'makes what is below the partition of the current revision', pods: '1:old 2:new', spec: partition(2), expected: 'create 0:old' },
    { what: 'removes one that failed', pods: '0:new 1:new* 2:new', expected: 'delete 1' },
    { what: 'removes the highest when there are too many', pods: '0:new 1:new 2:new 3:new 4:new', expected: 'delete 4' },
    { what: 'removes none while a higher one goes', pods: '0:new 1:new 2:new 3:new 4:new-', expected: '' },
    { what: 'removes the highest though a lower one is not well', pods: '0:new 1:new 2:new 3:new! 4:new', expected: 'delete 4' },
    { what: 'removes none while two of those are not well', pods: '0:new 1:new 2:new 3:new! 4:new!', expected: '' },
    { what: 'removes the one that is not well when it is its turn', pods: '0:new 1:new 2:new 3:new!', expected: 'delete 3' },
    { what: 'removes all that are too many if they may be Parallel', pods: '0:new 1:new 2:new 3:new 4:new', spec: parallel, expected: 'delete 4, delete 3' },
    { what: 'replaces the highest old one', pods: '0:old 1:old 2:old', expected: 'delete 2' },
    { what: 'replaces the next when the new one is ready', pods: '0:old 1:old 2:new', expected: 'delete 1' },
    { what: 'replaces none below the partition', pods: '0:old 1:old 2:new', spec: partition(2), expected: '' },
    { what: 'replaces none if someone else must delete them', pods: '0:old 1:old 2:old', spec: { updateStrategy: { type: 'OnDelete' } }, expected: '' },
    { what: 'replaces as many as may be unavailable', pods: '0:old 1:old 2:old', spec: partition(0, 2), expected: 'delete 2, delete 1' },
    { what: 'makes those in order that were replaced at once', pods: '0:old 1:old 2:old', spec: { ...partition(0, 2), replicas: 5 }, expected: 'create 3:new' },
    { what: 'waits in order for the first of those that were replaced at once', pods: '0:old 1:old 2:old 3:new!', spec: { ...partition(0, 2), replicas: 5 }, expected: '' },
    { what: 'goes on in order with the second of those that were replaced at once', pods: '0:old 1:old 2:old 3:new', spec: { ...partition(0, 2), replicas: 5 }, expected: 'create 4:new' },
    { what: 'replaces no more in order until all of those that were replaced at once are ready', pods: '0:old 1:old 2:old 3:new 4:new!', spec: { ...partition(0, 2), replicas: 5 }, expected: '' },
    { what: 'replaces the next ones at once when those before them are ready', pods: '0:old 1:old 2:old 3:new 4:new', spec: { ...partition(0, 2), replicas: 5 }, expected: 'delete 2, delete 1' },
    { what: 'replaces none in order while one of those to be replaced at once goes', pods: '0:old 1:old 2:old 3:old 4:old-', spec: { ...partition(0, 3), replicas: 5 }, expected: '' },
    { what: 'replaces no more at once than there are from the partition on', pods: '0:old 1:old 2:old 3:old 4:old', spec: { ...partition(3, 4), replicas: 5 }, expected: 'delete 4, delete 3' },
    { what: 'rounds a share of them down, but never to none', pods: '0:old 1:old 2:old', spec: partition(0, '50%'), expected: 'delete 2' },
    { what: 'counts those that are unavailable already', pods: '0:old! 1:old 2:old', spec: { ...parallel, ...partition(0, 2) }, expected: 'delete 2, delete 0' },
    { what: 'keeps those that are well while enough are not', pods: '0:old! 1:old! 2:old 3:old', spec: { ...parallel, ...partition(0, 2), replicas: 4 }, expected: 'delete 1, delete 0' },
    { what: 'takes one that is well when there is room beside those that are not', pods: '0:old! 1:old! 2:old 3:old 4:old', spec: { ...parallel, ...partition(0, 3), replicas: 5 }, expected: 'delete 4, delete 1, delete 0' },
    { what: 'counts one that goes', pods: '0:old 1:old 2:old 3:old! 4:old-', spec: { ...parallel, ...partition(0, 3), replicas: 5 }, expected: 'delete 3, delete 2' },
    { what: 'counts one that is not well below the partition', pods: '0:old 1:old! 2:old 3:old 4:old', spec: { ...parallel, ...partition(2, 1), replicas: 5 }, expected: '' },
    { what: 'replaces one that is not well at the partition, and none above it', pods: '0:old 1:old 2:old! 3:old 4:old', spec: { ...parallel, ...partition(2, 1), replicas: 5 }, expected: 'delete 2' },
    { what: 'replaces the highest, however those below it are, where nobody says how many may be unavailable', pods: '0:old! 1:old! 2:old', spec: parallel, expected: 'delete 2' },
    { what: 'replaces one at a time though none is well', pods: '0:old! 1:old! 2:old!', spec: parallel, expected: 'delete 2' },
    { what: 'replaces none below one that goes', pods: '0:old! 1:old 2:old-', spec: parallel, expected: '' },
    { what: 'replaces none below one that is missing', pods: '0:old! 1:old', spec: parallel, expected: 'create 2:new' },
    { what: 'replaces none below a new one that is not well', pods: '0:old! 1:old 2:new!', spec: parallel, expected: '' },
    { what: 'replaces the next below a new one that is well', pods: '0:old! 1:old 2:new', spec: parallel, expected: 'delete 1' },
    { what: 'replaces an old one that is stuck', pods: '0:old 1:old 2:old?', expected: 'delete 2' },
    { what: 'waits for an old one that only starts slowly', pods: '0:old 1:old 2:old!', expected: '' },
    { what: 'leaves one alone that is stuck with the newest template', pods: '0:old 1:old 2:new?', expected: '' },
    { what: 'counts from the first ordinal', pods: '5:new 6:new 1:new', spec: { ordinals: { start: 5 } }, expected: 'create 7:new' },
    { what: 'waits until one has been ready for long enough', pods: '0:new', spec: { minReadySeconds: 50 }, expected: 'again 20s' },
  ])('$what', ({ pods, spec = {}, expected }) => expect(plan(pods, spec)).toBe(expected));
});
