import type { ConformingApi } from '../../conformance/conforming-api';
import { image, shell, TellingPods } from './telling-pods';

/** [sig-node] what a container finds around it: its command, environment, names, rights and kernel. */
export function surroundings(api: () => ConformingApi): void {
  let pods: TellingPods;
  beforeAll(async () => {
    pods = await TellingPods.of(api());
  });
  const env = (name: string, value: string): object => ({ name, value });
  const field = (name: string, fieldPath: string): object => ({ name, valueFrom: { fieldRef: { fieldPath } } });
  const resource = (name: string, of: string, divisor?: string): object => ({ name, valueFrom: { resourceFieldRef: { resource: of, divisor } } });

  it('expands what commands, arguments and variables refer to, and leaves what is unknown or escaped', async () => {
    await pods.start('expands', {
      containers: [
        {
          name: 'main',
          image,
          command: ['sh', '-c', 'echo "$0 $1 $2 $3"; echo "$C"', '$(A)'],
          args: ['$(C)', '$$(A)', '$(UNKNOWN)'],
          env: [env('A', 'a'), env('B', '$(D)$(A)'), env('C', '$(A);;$(B)'), env('D', 'd')],
        },
      ],
    });
    await pods.shows('expands', { status: { phase: 'Succeeded' } });
    expect(await pods.said('expands')).toBe('a a;;$(D)a $(A) $(UNKNOWN)\na;;$(D)a\n');
  });

  it('tells a container of its pod, its node, its resources and the Services that were there', async () => {
    await pods.make('Service', 'foo-service', { spec: { ports: [{ port: 8765 }] } });
    await pods.make('ConfigMap', 'many', { data: { one: '1', 'not-a-name': '2' } });
    const { clusterIP } = (await api().get(`${pods.path}/services/foo-service`)).spec as { clusterIP: string };
    // A kubelet learns of a Service a moment after it was made.
    const tell = (name: string): Promise<string> =>
      pods.tells(
        name,
        'env',
        {},
        {
          command: ['env'],
          envFrom: [{ prefix: 'p-', configMapRef: { name: 'many' } }, { secretRef: { name: 'none', optional: true } }],
          resources: { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } },
          env: [
            field('NAME', 'metadata.name'),
            field('NAMESPACE', 'metadata.namespace'),
            field('IP', 'status.podIP'),
            field('HOST', 'status.hostIP'),
            field('NODE', 'spec.nodeName'),
            field('ACCOUNT', 'spec.serviceAccountName'),
            field('LABEL', "metadata.labels['key']"),
            resource('CPU', 'limits.cpu'),
            resource('CPU_M', 'requests.cpu', '1m'),
            resource('MEMORY', 'limits.memory'),
          ],
        },
        { labels: { key: 'value' } },
      );
    let attempt = 0;
    const said = await api().until(async () => {
      const told = await tell(`told-${++attempt}`);
      expect(told).toContain('FOO_SERVICE');
      return told;
    });
    const { spec: { nodeName }, status: { podIP, hostIP } } = await pods.get(`told-${attempt}`);
    const lines = said.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        `FOO_SERVICE_SERVICE_HOST=${clusterIP}`,
        'FOO_SERVICE_SERVICE_PORT=8765',
        `FOO_SERVICE_PORT_8765_TCP_ADDR=${clusterIP}`,
        `FOO_SERVICE_PORT=tcp://${clusterIP}:8765`,
        `NAME=told-${attempt}`,
        `NAMESPACE=${pods.namespace}`,
        `IP=${String(podIP)}`,
        `HOST=${String(hostIP)}`,
        `NODE=${String(nodeName)}`,
        'ACCOUNT=default',
        'LABEL=value',
        'CPU=2',
        'CPU_M=250',
        `MEMORY=${64 * 1024 * 1024}`,
        'p-one=1',
        'p-not-a-name=2',
      ]),
    );
    await pods.start('no-links', { enableServiceLinks: false, containers: [shell('env')] });
    await pods.shows('no-links', { status: { phase: 'Succeeded' } });
    expect(await pods.said('no-links')).not.toContain('FOO_SERVICE');
  });

  it('takes variables from a file that an init container wrote, and a name of the host in full', async () => {
    const volumeMounts = [{ name: 'written', mountPath: '/written' }];
    await pods.start('file', {
      hostnameOverride: 'my.very.own', volumes: [{ name: 'written', emptyDir: {} }], initContainers: [{ ...shell(`echo "A='of a file'" > /written/env`, { volumeMounts }), name: 'writes' }],
      containers: [shell('hostname; echo "$TAKEN"', { env: [{ name: 'TAKEN', valueFrom: { fileKeyRef: { volumeName: 'written', path: 'env', key: 'A' } } }] })],
    });
    await pods.shows('file', { status: { phase: 'Succeeded' } });
    expect(await pods.said('file')).toBe('my.very.own\nof a file\n');
  });

  it('names a pod, its hosts and its resolvers as it is told', async () => {
    const script = 'hostname; cat /etc/hosts /etc/resolv.conf';
    const [names, dns, host, full] = await Promise.all([
      pods.tells('names', script, { hostname: 'own', subdomain: 'sub', hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] }),
      pods.tells('dns', script, { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'], options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }] } }),
      pods.tells('host', 'head -n 1 /etc/hosts', { hostNetwork: true }),
      pods.tells('full', script, { subdomain: 'sub', setHostnameAsFQDN: true }),
    ]);
    expect(names).toMatch(/^own\n# Kubernetes-managed hosts file.\n/);
    expect(names).toContain(`\town.sub.${pods.namespace}.svc.cluster.local\town\n`);
    expect(names).toContain('123.45.67.89\tfoo\tbar\n');
    expect(names).toContain(`search ${pods.namespace}.svc.cluster.local svc.cluster.local cluster.local`);
    expect(dns).toMatch(/search resolv.conf.local\n/);
    expect(dns.match(/^nameserver .*$/mg)).toEqual(['nameserver 1.1.1.1']);
    expect(dns).toMatch(/options ndots:2 edns0\n/);
    expect(host).not.toContain('Kubernetes-managed hosts file.\n');
    expect(full).toMatch(new RegExp(`^full.sub.${pods.namespace}.svc.cluster.local\n`));
  });

  it('gives a container the rights that it is given, and no more', async () => {
    const secure = (name: string, script: string, container: object, pod: object = {}): Promise<string> => pods.tells(name, script, { securityContext: pod }, { securityContext: container });
    const status = (name: string): string => `grep ${name} /proc/self/status`;
    const [user, readOnly, privileges, capabilities, unprivileged, seccomp, sysctl, groups] = await Promise.all([
      secure('user', 'id', { runAsUser: 1234 }, { runAsUser: 1, runAsGroup: 2020 }),
      secure('read-only', 'touch /file || echo refused', { readOnlyRootFilesystem: true }),
      secure('privileges', status('NoNewPrivs'), { allowPrivilegeEscalation: false, runAsUser: 1000 }),
      secure('capabilities', status('CapEff'), { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }),
      secure('unprivileged', 'ip link add dummy1 type dummy || echo refused', { privileged: false }),
      secure('seccomp', status('Seccomp:'), {}, { seccompProfile: { type: 'RuntimeDefault' } }),
      secure('sysctl', 'cat /proc/sys/kernel/shm_rmid_forced', {}, { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] }),
      secure('groups', 'id -G', {}, { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [60000] }),
    ]);
    expect(user).toContain('uid=1234 gid=2020');
    expect(readOnly).toContain('refused');
    expect(privileges).toMatch(/NoNewPrivs:\s1/);
    expect(capabilities).toMatch(/CapEff:\s0000000000000400/);
    expect(unprivileged).toContain('refused');
    expect(seccomp).toMatch(/Seccomp:\s2/);
    expect(sysctl).toBe('1\n');
    expect(groups.trim().split(' ').sort()).toEqual(['2000', '3000', '60000']);
  });

  it('shares processes and sizes memory as asked', async () => {
    const two = (name: string, spec: object): Promise<object> => pods.start(name, { ...spec, containers: [shell('ps'), { ...shell('exec sleep 4242'), name: 'other' }] });
    await Promise.all([two('shared', { shareProcessNamespace: true }), two('apart', {})]);
    await pods.says('shared', /\n\s+1 .*pause/);
    await pods.says('apart', /\n\s+1 .*ps\n/);
    const tmpfs = await pods.tells(
      'sized',
      'df -k /memory | tail -n 1',
      { volumes: [{ name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '8Mi' } }] },
      { volumeMounts: [{ name: 'memory', mountPath: '/memory' }] },
    );
    expect(tmpfs).toMatch(/\s8192\s/);
  });

  it('admits pods of RuntimeClasses that are there, with their overhead', async () => {
    const classes = '/apis/node.k8s.io/v1/runtimeclasses';
    const name = pods.namespace;
    await api().expect(403, 'POST', `${pods.path}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'refused' }, spec: { runtimeClassName: name, containers: [{ name: 'main', image }] } });
    await api().post(classes, { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'no-such-handler', overhead: { podFixed: { cpu: '10m', memory: '1Mi' } } });
    await api().until(() => pods.start('handled', { runtimeClassName: name, containers: [{ name: 'main', image }] }));
    expect((await pods.get('handled')).spec).toMatchObject({ overhead: { cpu: '10m', memory: '1Mi' } });
    await api().until(async () => expect(await api().list(`${pods.path}/events?fieldSelector=${encodeURIComponent('involvedObject.name=handled,reason=FailedCreatePodSandBox')}`)).not.toHaveLength(0));
    await api().delete(`${pods.path}/pods/handled`);
    await api().delete(`${classes}/${name}`);
  });
}
