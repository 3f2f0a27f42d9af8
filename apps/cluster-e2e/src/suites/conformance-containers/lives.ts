import type { Body, ConformingApi } from '../../conformance/conforming-api';
import { image, shell, TellingPods } from './telling-pods';

/** [sig-node] how containers begin, end and begin again. */
export function lives(api: () => ConformingApi): void {
  let pods: TellingPods;
  beforeAll(async () => {
    pods = await TellingPods.of(api());
  });

  it('tells how containers ended, by file and by log', async () => {
    const ends = (name: string, script: string, container: Body): Promise<object> => pods.start(name, { containers: [shell(script, container)] });
    await Promise.all([
      ends('file', 'printf DONE > /dev/end', { terminationMessagePath: '/dev/end', securityContext: { runAsUser: 1000 } }),
      ends('log', 'printf DONE; exit 1', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ends('silent', 'printf DONE', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
      ends('both', 'echo no; printf OK > /dev/termination-log; exit 3', { terminationMessagePolicy: 'FallbackToLogsOnError' }),
    ]);
    const shown = async (name: string): Promise<object> => {
      const { status } = await api().until(async () => {
        const pod = await pods.get(name);
        expect(pod.status).toMatchObject({ containerStatuses: [{ state: { terminated: {} } }] });
        return pod;
      });
      const [{ state: { terminated: { exitCode, reason, message } } }] = status['containerStatuses'] as [{ state: { terminated: { exitCode: number; reason: string; message?: string } } }];
      return { exitCode, reason, message };
    };
    expect(await Promise.all(['file', 'log', 'silent', 'both'].map(shown))).toEqual([
      { exitCode: 0, reason: 'Completed', message: 'DONE' },
      { exitCode: 1, reason: 'Error', message: 'DONE' },
      { exitCode: 0, reason: 'Completed', message: undefined },
      { exitCode: 3, reason: 'Error', message: 'OK' },
    ]);
  });

  it('begins containers again as policies and rules say', async () => {
    const volumes = [{ name: 'kept', emptyDir: {} }];
    const second = (code: number): object => shell(`if [ -e /kept/ran ]; then exit ${code}; fi; touch /kept/ran; exit 42`, { volumeMounts: [{ name: 'kept', mountPath: '/kept' }] });
    await Promise.all([
      pods.start('never', { containers: [shell('exit 42')] }),
      pods.start('on-failure', { restartPolicy: 'OnFailure', volumes, containers: [second(0)] }),
      pods.start('by-rule', { volumes, containers: [{ ...second(7), restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }] }] }),
    ]);
    await Promise.all([
      pods.shows('never', { status: { phase: 'Failed', containerStatuses: [{ restartCount: 0, ready: false, state: { terminated: { exitCode: 42 } } }] } }),
      pods.shows('on-failure', { status: { phase: 'Succeeded', containerStatuses: [{ restartCount: 1 }] } }),
      pods.shows('by-rule', { status: { phase: 'Failed', containerStatuses: [{ restartCount: 1, state: { terminated: { exitCode: 7 } } }] } }),
    ]);
  });

  it('runs init containers one by one, and nothing behind one that fails', async () => {
    const init = (name: string, script: string): object => ({ ...shell(script), name });
    const waiting = { state: { waiting: { reason: 'PodInitializing' } } };
    await Promise.all([
      pods.start('good', { initContainers: [init('one', 'true'), init('two', 'true')], containers: [shell('true')] }),
      pods.start('bad', { initContainers: [init('one', 'true'), init('two', 'false')], containers: [shell('true')] }),
      pods.start('again', { restartPolicy: 'Always', initContainers: [init('one', 'false'), init('two', 'true')], containers: [shell('true')] }),
    ]);
    const good = { ready: true, state: { terminated: { exitCode: 0 } } };
    await Promise.all([
      pods.shows('good', {
        status: {
          phase: 'Succeeded',
          initContainerStatuses: [good, good],
          conditions: expect.arrayContaining([expect.objectContaining({ type: 'Initialized', status: 'True' })]) as object,
        },
      }),
      pods.shows('bad', {
        status: { phase: 'Failed', initContainerStatuses: [good, { ready: false, state: { terminated: { exitCode: 1 } } }], containerStatuses: [waiting] },
      }),
      pods.shows('again', {
        status: {
          phase: 'Pending',
          initContainerStatuses: [{ restartCount: 2 }, waiting],
          containerStatuses: [waiting],
          conditions: expect.arrayContaining([expect.objectContaining({ type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' })]) as object,
        },
      }),
    ]);
  });

  it('begins sidecars before the containers they serve, and ends them after, the last one first', async () => {
    const sidecar = (name: string): object => ({
      ...shell(`trap 'echo ${name} >> /kept/order; exit 0' TERM; touch /kept/${name}; while :; do sleep 0.1; done`),
      name,
      restartPolicy: 'Always',
      volumeMounts: [{ name: 'kept', mountPath: '/kept' }],
      startupProbe: { exec: { command: ['test', '-e', `/kept/${name}`] }, periodSeconds: 1 },
    });
    await pods.start('sidecars', {
      terminationGracePeriodSeconds: 20, volumes: [{ name: 'kept', emptyDir: {} }], initContainers: [sidecar('first'), sidecar('second')],
      containers: [shell('ls /kept; echo main >> /kept/order', { volumeMounts: [{ name: 'kept', mountPath: '/kept' }] })],
    });
    await pods.shows('sidecars', {
      status: {
        phase: 'Succeeded',
        initContainerStatuses: [
          { name: 'first', state: { terminated: { exitCode: 0 } } },
          { name: 'second', state: { terminated: { exitCode: 0 } } },
        ],
      },
    });
    expect(await pods.said('sidecars')).toBe('first\nsecond\n');
  });

  it('calls hooks after a start and before an end', async () => {
    await pods.start(
      'hooked',
      {
        terminationGracePeriodSeconds: 20,
        containers: [
          shell('trap "echo ended >> /dev/termination-log; exit 0" TERM; while :; do sleep 0.1; done', {
            lifecycle: {
              postStart: { exec: { command: ['sh', '-c', 'echo started > /proc/1/fd/1'] } },
              preStop: { exec: { command: ['sh', '-c', 'echo ends >> /dev/termination-log'] } },
            },
          }),
        ],
        restartPolicy: 'Always',
      },
      { finalizers: ['example.com/kept'] },
    );
    await pods.says('hooked', /^started\n$/);
    await api().delete(`${pods.path}/pods/hooked`);
    await pods.shows('hooked', { status: { containerStatuses: [{ state: { terminated: { exitCode: 0, message: 'ends\nended\n' } } }] } });
    await api().patch(`${pods.path}/pods/hooked`, 'merge', { metadata: { finalizers: null } });
    await api().gone(`${pods.path}/pods/hooked`);
  });

  it('kills what a failing probe tells of with the grace of the probe', async () => {
    await pods.start('probed', {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 500,
      containers: [
        shell('trap "" TERM; while :; do sleep 0.1; done', {
          livenessProbe: { exec: { command: ['false'] }, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 1 },
        }),
      ],
    });
    await pods.shows('probed', { status: { containerStatuses: [{ restartCount: 1, lastState: { terminated: { exitCode: 137 } } }] } });
    // Without a word of how long it may take, it would be there for another 500 seconds.
    await api().delete(`${pods.path}/pods/probed`, { gracePeriodSeconds: 1 });
    await api().gone(`${pods.path}/pods/probed`);
  });

  it('calls a pod ready when its gates say so too', async () => {
    await pods.start('gated', { readinessGates: [{ conditionType: 'example.com/gate' }], containers: [shell('sleep 1000')] });
    const ready = (status: string, more: Body = {}): object => ({
      status: {
        conditions: expect.arrayContaining([
          expect.objectContaining({ type: 'Ready', status, ...more }),
          expect.objectContaining({ type: 'ContainersReady', status: 'True' }),
          expect.objectContaining({ type: 'PodReadyToStartContainers', status: 'True' }),
        ]) as object,
      },
    });
    await pods.shows('gated', ready('False', { reason: 'ReadinessGatesNotReady' }));
    await api().patch(`${pods.path}/pods/gated/status`, 'strategic', { status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } });
    await pods.shows('gated', ready('True'));
  });

  it('resizes a container where it runs', async () => {
    await pods.start('resized', {
      containers: [
        shell('sleep 1000', {
          resources: { requests: { cpu: '20m', memory: '20Mi' }, limits: { cpu: '40m', memory: '40Mi' } },
          resizePolicy: [
            { resourceName: 'cpu', restartPolicy: 'NotRequired' },
            { resourceName: 'memory', restartPolicy: 'NotRequired' },
          ],
        }),
      ],
    });
    await pods.shows('resized', { status: { phase: 'Running' } });
    const resources = { requests: { cpu: '30m', memory: '30Mi' }, limits: { cpu: '60m', memory: '60Mi' } };
    await api().patch(`${pods.path}/pods/resized/resize`, 'strategic', { spec: { containers: [{ name: 'main', resources }] } });
    await pods.shows('resized', { metadata: { generation: 2 }, status: { observedGeneration: 2, containerStatuses: [{ restartCount: 0, allocatedResources: resources.requests, resources }] } });
  });

  it('tells of a container that took too much memory, and ends a pod that took too much disk', async () => {
    await Promise.all([
      pods.start('memory', { containers: [shell('tail /dev/zero', { resources: { limits: { memory: '16Mi' } } })] }),
      pods.start('disk', {
        volumes: [{ name: 'small', emptyDir: { sizeLimit: '1Mi' } }],
        containers: [shell('dd if=/dev/zero of=/small/file bs=1M count=8; sleep 1000', { volumeMounts: [{ name: 'small', mountPath: '/small' }] })],
      }),
    ]);
    await Promise.all([
      pods.shows('memory', { status: { phase: 'Failed', containerStatuses: [{ state: { terminated: { reason: 'OOMKilled', exitCode: 137 } } }] } }),
      pods.shows('disk', { status: { phase: 'Failed', reason: 'Evicted' } }),
    ]);
  });

  it('refuses what a node does not allow or does not have', async () => {
    await Promise.all([
      pods.start('sysctl', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '10000' }] }, containers: [shell('true')] }),
      pods.start('no-image', { containers: [{ name: 'main', image: 'navarch.local/none:1', imagePullPolicy: 'Never' }] }),
      pods.start('root', { containers: [{ name: 'main', image, securityContext: { runAsNonRoot: true } }] }),
      pods.start('late', { activeDeadlineSeconds: 1, containers: [shell('sleep 1000')] }),
    ]);
    const waits = (reason: string): object => ({ status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason } } }] } });
    await Promise.all([
      pods.shows('sysctl', { status: { phase: 'Failed', reason: 'SysctlForbidden' } }), pods.shows('no-image', waits('ErrImageNeverPull')), pods.shows('root', waits('CreateContainerConfigError')),
      pods.shows('late', { status: { phase: 'Failed', reason: 'DeadlineExceeded' } }),
    ]);
  });
}
