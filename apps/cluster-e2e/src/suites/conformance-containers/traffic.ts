import type { ConformingApi } from '../../conformance/conforming-api';
import { image, shell, TellingPods } from './telling-pods';

/** [sig-network] what packets show of pods, Services and names. */
export function traffic(api: () => ConformingApi): void {
  let pods: TellingPods;
  const serve = (name: string, node: string, app: string, more: object = {}): Promise<object> =>
    pods.start(
      name,
      {
        nodeName: node,
        restartPolicy: 'Always',
        containers: [
          shell('mkdir /www; hostname > /www/index.html; exec httpd -f -p 8080 -h /www', {
            ports: [{ name: 'http', containerPort: 8080, ...more }],
            readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1 },
          }),
        ],
      },
      { labels: { app } },
    );
  const ready = { status: { conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]) as object } };
  const exec = async (script: string): Promise<string> => {
    const { code, stdout, stderr } = await api().cluster.tryKubectl(`-n ${pods.namespace} exec client -- sh -c "${script}"`);
    return code === 0 ? stdout : `${code}: ${stdout}${stderr}`;
  };
  const fetches = (url: string): Promise<string> => exec(`/bin/wget -q -T 1 -O- ${url}`);
  const spec = async (name: string): Promise<{ clusterIP: string; ports: { nodePort: number }[] }> => (await api().get(`${pods.path}/services/${name}`)).spec as never;

  beforeAll(async () => {
    pods = await TellingPods.of(api());
    await Promise.all([serve('one', 'node-1', 'served'), serve('two', 'node-2', 'served'), pods.start('client', { nodeName: 'node-1', containers: [shell('sleep 10000')] })]);
    for (const name of ['one', 'two', 'client']) await pods.shows(name, ready);
  });

  it('keeps a client with one pod as long as its Service says so', async () => {
    await pods.make('Service', 'sticky', { spec: { selector: { app: 'served' }, sessionAffinity: 'ClientIP', ports: [{ port: 80, targetPort: 'http' }] } });
    await api().until(async () => expect(['one\n', 'two\n']).toContain(await fetches('http://sticky')));
    const answers = async (): Promise<Set<string>> => new Set((await exec('for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do /bin/wget -q -T 1 -O- http://sticky; done')).trim().split('\n'));
    await api().until(async () => expect((await answers()).size).toBe(1));
    await api().patch(`${pods.path}/services/sticky`, 'merge', { spec: { sessionAffinity: 'None' } });
    await api().until(async () => expect(await answers()).toEqual(new Set(['one', 'two'])));
    await api().patch(`${pods.path}/services/sticky`, 'merge', { spec: { sessionAffinity: 'ClientIP' } });
    await api().until(async () => expect((await answers()).size).toBe(1));
  });

  it('carries a Service through the changes of its type', async () => {
    await pods.make('Service', 'changes', { spec: { type: 'ExternalName', externalName: 'foo.example.com' } });
    const name = `changes.${pods.namespace}.svc.cluster.local`;
    await api().until(async () => expect(await exec(`nslookup -type=cname ${name}`)).toContain('canonical name = foo.example.com'));
    await api().patch(`${pods.path}/services/changes`, 'merge', { spec: { externalName: 'bar.example.com' } });
    await api().until(async () => expect(await exec(`nslookup -type=cname ${name}`)).toContain('canonical name = bar.example.com'));
    await api().patch(`${pods.path}/services/changes`, 'merge', { spec: { type: 'NodePort', externalName: null, selector: { app: 'served' }, ports: [{ port: 80, targetPort: 8080 }] } });
    const { clusterIP, ports: [port] } = await spec('changes');
    const { hostIP } = (await pods.get('two')).status;
    await api().until(async () => expect(['one\n', 'two\n']).toContain(await fetches(`http://${clusterIP}`)));
    await api().until(async () => expect(['one\n', 'two\n']).toContain(await fetches(`http://${String(hostIP)}:${port?.nodePort ?? 0}`)));
    await api().until(async () => expect(await exec(`nslookup ${name}`)).toContain(clusterIP));
    await api().patch(`${pods.path}/services/changes`, 'merge', { spec: { type: 'ExternalName', externalName: 'foo.example.com', selector: null, clusterIP: null, clusterIPs: null } });
    await api().until(async () => expect(await exec(`nslookup -type=cname ${name}`)).toContain('canonical name = foo.example.com'));
    await api().until(async () => expect(await fetches(`http://${clusterIP}`)).toMatch(/^\d/));
  });

  it('serves several ports of a Service by pods of their own, and follows pods that come and go', async () => {
    await pods.make('Service', 'many', { spec: { selector: { app: 'many' }, ports: [{ name: 'a', port: 80, targetPort: 'http' }, { name: 'b', port: 81, targetPort: 8080 }] } });
    expect(await fetches('http://many')).toMatch(/^\d/);
    await serve('three', 'node-2', 'many');
    await api().until(async () => expect([await fetches('http://many'), await fetches('http://many:81')]).toEqual(['three\n', 'three\n']));
    await serve('four', 'node-1', 'many');
    await pods.shows('four', ready);
    await api().delete(`${pods.path}/pods/three`);
    await api().until(async () => expect([await fetches('http://many'), await fetches('http://many:81')]).toEqual(['four\n', 'four\n']));
    await api().until(async () => expect(await exec(`nslookup -type=srv _a._tcp.many.${pods.namespace}.svc.cluster.local`)).toMatch(/service = 0 100 80 many\./));
  });

  it('lets pods share a host port where address or protocol differ, and no other', async () => {
    const { hostIP } = (await pods.get('two')).status;
    const on = (name: string, more: object): Promise<object> => serve(name, 'node-2', 'ports', { hostPort: 54323, ...more });
    await on('loopback', { hostIP: '127.0.0.1' });
    await on('address', { hostIP });
    await on('udp', { hostIP, protocol: 'UDP' });
    for (const name of ['loopback', 'address', 'udp']) await pods.shows(name, { status: { phase: 'Running' } });
    await api().until(async () => expect(await fetches(`http://${String(hostIP)}:54323`)).toBe('address\n'));
    await on('again', { hostIP });
    await pods.shows('again', { status: { phase: 'Failed', reason: 'NodePorts' } });
    for (const name of ['loopback', 'address', 'udp', 'again']) await api().delete(`${pods.path}/pods/${name}`);
  });

  it('proxies requests to pods and Services, by every verb', async () => {
    await pods.make('Service', 'proxied', { spec: { selector: { app: 'served' }, ports: [{ name: 'web', port: 80, targetPort: 8080 }] } });
    await api().until(async () => expect((await api().call('GET', `${pods.path}/services/proxied/proxy/`)).code).toBe(200));
    for (const path of [
      'services/proxied:80/proxy/',
      'services/http:proxied:web/proxy/',
      'services/proxied:web/proxy/index.html',
      'pods/one/proxy/',
      'pods/one:8080/proxy/',
      'pods/http:one:8080/proxy/index.html',
    ]) {
      const { code, text } = await api().call('GET', `${pods.path}/${path}`);
      expect({ path, code, text }).toEqual({ path, code: 200, text: expect.stringMatching(/^(one|two)\n$/) as string });
    }
    expect((await api().call('GET', `${pods.path}/pods/one/proxy/missing`)).code).toBe(404);
    expect((await api().call('GET', `${pods.path}/pods/one/proxy`)).code).toBe(301);
    // busybox knows no more than GET and HEAD without a script; that it is its own answer is seen by the code.
    for (const verb of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) expect({ verb, code: (await api().call(verb, `${pods.path}/pods/one:8080/proxy/`)).code }).toEqual({ verb, code: 501 });
  });

  it('streams logs, commands and their standard input, and adds a container to look into another', async () => {
    const kubectl = (args: string, input?: string): Promise<string> => api().cluster.kubectl(`-n ${pods.namespace} ${args}`, input === undefined ? {} : { input });
    await pods.start('streams', { containers: [shell('echo first; echo second; sleep 1000')] });
    await pods.says('streams', /second/);
    expect(await kubectl('logs streams --tail=1')).toBe('second\n');
    expect(await kubectl('logs streams --limit-bytes=3')).toBe('fir');
    expect(await kubectl('logs streams --timestamps --since=1h')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z first\n/);
    expect(await kubectl('exec -i client -- cat', 'through')).toBe('through');
    expect(await api().cluster.tryKubectl(`-n ${pods.namespace} exec client -- sh -c "echo out; echo err >&2; exit 7"`)).toMatchObject({
      code: 7,
      stdout: expect.stringContaining('out') as string,
      stderr: expect.stringContaining('err') as string,
    });
    await api().patch(`${pods.path}/pods/client/ephemeralcontainers`, 'strategic', {
      spec: { ephemeralContainers: [{ name: 'debugger', image, command: ['sh', '-c', 'echo debugging; sleep 1000'], targetContainerName: 'main' }] },
    });
    await pods.says('client', /debugging/, 'debugger');
    expect(await kubectl('exec client -c debugger -- cat /proc/1/cmdline')).toContain('sleep');
  });
}
