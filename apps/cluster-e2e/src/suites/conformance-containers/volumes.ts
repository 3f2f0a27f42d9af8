import type { Body, ConformingApi } from '../../conformance/conforming-api';
import { shell, TellingPods } from './telling-pods';

/** [sig-storage] volumes that need no storage: what containers see of them, with which modes and owners, and what of it changes while they run. */
export function volumes(api: () => ConformingApi): void {
  let pods: TellingPods;
  beforeAll(async () => {
    pods = await TellingPods.of(api());
    await pods.make('ConfigMap', 'config', { data: { 'data-1': 'value-1', 'data-2': 'value-2' }, binaryData: { 'dump.bin': '3q2+7w==' } });
    await pods.make('Secret', 'secret', { stringData: { 'data-1': 'secret-1' } });
  });
  const tells = (name: string, script: string, source: Body, spec: Body = {}, container: Body = {}, metadata: Body = {}): Promise<string> =>
    pods.tells(name, `cd /etc/volume; ${script}`, { volumes: [{ name: 'volume', ...source }], ...spec }, { volumeMounts: [{ name: 'volume', mountPath: '/etc/volume' }], ...container }, metadata);
  const nobody = { securityContext: { runAsUser: 1000, fsGroup: 1001 } };
  const modes = 'stat -L -c "%n %a %u:%g" *';

  it('shows ConfigMaps and Secrets with the modes and the group that are asked for', async () => {
    const configMap = { name: 'config' };
    const secret = { secretName: 'secret' };
    const [plain, some, owned, grouped, kept, binary] = await Promise.all([
      tells('plain', modes, { configMap }),
      tells('some', `${modes}; cat path/to/data-2`, {
        configMap: {
          ...configMap,
          defaultMode: 0o440,
          items: [
            { key: 'data-1', path: 'one' },
            { key: 'data-2', path: 'path/to/data-2', mode: 0o400 },
          ],
        },
      }),
      tells('owned', `${modes}; cat data-1`, { configMap }, nobody),
      tells('grouped', `${modes}; cat data-1`, { secret: { ...secret, defaultMode: 0o440 } }, nobody),
      tells('kept', modes, { secret: { ...secret, defaultMode: 0o400 } }, nobody),
      tells('binary', 'hexdump -e \'4/1 "%02x"\' dump.bin', { configMap }),
    ]);
    expect(plain).toBe('data-1 644 0:0\ndata-2 644 0:0\ndump.bin 644 0:0\n');
    expect(some).toMatch(/^one 440 0:0\npath 755 0:0\nvalue-2$/);
    expect(owned).toMatch(/^data-1 644 0:1001\n[^]*value-1$/);
    expect(grouped).toBe('data-1 440 0:1001\nsecret-1');
    expect(kept).toBe('data-1 440 0:1001\n');
    expect(binary).toBe('deadbeef');
  });

  it('projects all of a pod\'s sources into one directory', async () => {
    const resource = (path: string, of: string, divisor: string): object => ({ path, resourceFieldRef: { containerName: 'main', resource: of, divisor } });
    const field = (path: string): object => ({ path, fieldRef: { fieldPath: `metadata.${path}` } });
    const sources = [
      { configMap: { name: 'config', items: [{ key: 'data-1', path: 'config/one' }] } },
      { secret: { name: 'secret', items: [{ key: 'data-1', path: 'secret/one' }] } },
      { downwardAPI: { items: [field('labels'), field('name'), resource('cpu', 'limits.cpu', '1m'), resource('memory', 'requests.memory', '1Mi')] } },
      { serviceAccountToken: { path: 'token', expirationSeconds: 600, audience: 'somebody' } },
    ];
    const resources = { limits: { cpu: '250m' }, requests: { cpu: '100m', memory: '8Mi' } };
    expect(
      await tells(
        'projected',
        'for file in config/one secret/one labels name cpu memory; do cat $file; echo; done; stat -L -c %a labels; wc -c < token',
        { projected: { defaultMode: 0o400, sources } },
        {},
        { resources },
        { labels: { key: 'value' } },
      ),
    ).toMatch(/^value-1\nsecret-1\nkey="value"\nprojected\n250\n8\n400\n\d{3,}\n$/);
  });

  it('shows changes of configuration and of the pod in running containers, and lets what is optional come later', async () => {
    await pods.make('ConfigMap', 'changes', { data: { key: 'before' } });
    await pods.make('ConfigMap', 'leaves', { data: { key: 'here' } });
    const watch = (path: string): object =>
      shell(`while :; do for file in ${path}; do echo "$file=$(cat $file 2>&1)"; done; sleep 1; done`, {
        volumeMounts: ['changes', 'leaves', 'comes', 'labels'].map((name) => ({ name, mountPath: `/v/${name}` })),
      });
    await pods.start('watches', {
      containers: [watch('/v/changes/key /v/leaves/key /v/comes/key /v/labels/labels')],
      volumes: [
        { name: 'changes', configMap: { name: 'changes' } }, { name: 'leaves', configMap: { name: 'leaves', optional: true } }, { name: 'comes', secret: { secretName: 'comes', optional: true } },
        { name: 'labels', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    }, { labels: { is: 'before' } });
    await pods.says('watches', /changes\/key=before\n.*leaves\/key=here\n.*comes\/key=cat: can't open.*\n.*labels=is="before"/);
    await api().patch(`${pods.path}/configmaps/changes`, 'merge', { data: { key: 'after' } });
    await api().delete(`${pods.path}/configmaps/leaves`);
    await pods.make('Secret', 'comes', { stringData: { key: 'come' } });
    await api().patch(`${pods.path}/pods/watches`, 'merge', { metadata: { labels: { is: 'after' } } });
    await Promise.all([/changes\/key=after/, /leaves\/key=cat: can't open/, /comes\/key=come/, /labels=is="after"/].map((expected) => pods.says('watches', expected)));
  }, 150_000);

  it('keeps a container waiting for what is not optional and is not there', async () => {
    await pods.start('waits', { containers: [shell('true', { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'later', key: 'a' } } }] })] });
    await pods.shows('waits', { status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'CreateContainerConfigError' } } }] } });
    await pods.make('ConfigMap', 'later', { data: { a: 'b' } });
    await pods.shows('waits', { status: { phase: 'Succeeded' } });
  });

  it('gives an emptyDir to whoever runs in the pod, of memory too', async () => {
    // The node's own files may be in memory too: what is on its disk is where the pod's other files are.
    const script =
      'stat -c "%a %g" .; echo hello > file && stat -c "%a %u:%g" file; if [ $(stat -c %d .) = $(stat -c %d /etc/hosts) ]; then echo with the node; else awk \'$2=="/etc/volume" {print $3}\' /proc/mounts; fi';
    const [disk, memory] = await Promise.all([tells('disk', script, { emptyDir: {} }, { securityContext: { runAsUser: 1000 } }), tells('memory', script, { emptyDir: { medium: 'Memory' } }, nobody)]);
    expect(disk).toBe('777 0\n644 1000:0\nwith the node\n');
    expect(memory).toBe('2777 1001\n644 1000:1001\ntmpfs\n');
  });

  it('mounts parts of volumes, by expressions too, and nothing outside of them', async () => {
    const parts = {
      volumeMounts: [
        { name: 'volume', mountPath: '/etc/volume' },
        { name: 'volume', mountPath: '/part', subPathExpr: '$(POD)/sub' },
      ],
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    };
    const file = { volumeMounts: [{ name: 'volume', mountPath: '/etc/volume/file', subPath: 'data-1' }] };
    const [directory, single] = await Promise.all([
      tells('directory', 'echo there > /part/file; cat directory/sub/file', { emptyDir: {} }, {}, parts),
      tells('single', 'ls; cat file', { configMap: { name: 'config' } }, {}, file),
    ]);
    expect(directory).toBe('there\n');
    expect(single).toBe('file\nvalue-1');
    const expanding = (name: string, env: object[]): Promise<object> =>
      pods.start(
        name,
        {
          containers: [shell('true', { volumeMounts: [{ name: 'volume', mountPath: '/part', subPathExpr: '$(WHERE)' }], env })],
          volumes: [{ name: 'volume', emptyDir: {} }],
        },
        { annotations: { where: '../out' } },
      );
    await Promise.all([
      expanding('up', [{ name: 'WHERE', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['where']" } } }]),
      expanding('absolute', [{ name: 'WHERE', value: '/tmp' }]),
      expanding('unknown', []),
    ]);
    const fails = { status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'CreateContainerConfigError' } } }] } };
    for (const name of ['up', 'absolute', 'unknown']) await pods.shows(name, fails);
    await api().patch(`${pods.path}/pods/up`, 'merge', { metadata: { annotations: { where: 'in' } } });
    await pods.shows('up', { status: { phase: 'Succeeded' } });
  }, 150_000);

  it('changes nothing of what is immutable', async () => {
    await pods.make('ConfigMap', 'fixed', { data: { a: 'b' }, immutable: true });
    for (const change of [{ data: { a: 'c' } }, { immutable: false }]) await api().expect(422, 'PATCH', `${pods.path}/configmaps/fixed`, change, 'application/merge-patch+json');
  });
}
