import { readOciArchive } from '@navarch/testing';
import type { RunningCluster } from '../harness/cluster';
import { account, Registry } from '../harness/registry';

/** How nodes with real containers get images: from a registry that is open, and from one that asks for a password. */
export function registries(cluster: RunningCluster): void {
  const runs = (pod: string): Promise<void> => cluster.until(async () => expect(await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.phase}`)).toBe('Running'));
  let open: Registry;
  let closed: Registry;
  let digest = '';
  const pull = (pod: string, from: string, overrides: object = {}, policy = 'Always'): Promise<string> =>
    cluster.kubectl(`run ${pod} --labels=pulled=yes --image=${from} --image-pull-policy=${policy} --overrides='${JSON.stringify({ spec: overrides })}'`);
  const waiting = (pod: string): Promise<string> => cluster.kubectl(`get pod ${pod} -o 'jsonpath={.status.containerStatuses[0].state.waiting}'`);

  beforeAll(async () => {
    const image = readOciArchive(await cluster.imageArchive('web-1.tar'));
    open = await Registry.start(cluster.hostAddress, { password: false });
    closed = await Registry.start(cluster.hostAddress, { password: true });
    for (const registry of [open, closed]) {
      digest = await registry.push(image, 'team/web', 'v1');
      await cluster.addRegistry(registry.address, `server = "http://${registry.address}"\n[host."http://${registry.address}"]\n  capabilities = ["pull", "resolve"]\n`);
    }
    await cluster.kubectl(`create secret docker-registry right --docker-server=${closed.address} --docker-username=${account.username} --docker-password=${account.password}`);
    await cluster.kubectl(`create secret docker-registry wrong --docker-server=${closed.address} --docker-username=${account.username} --docker-password=no`);
  });
  afterAll(async () => {
    await cluster.kubectl('delete pods -l pulled=yes --grace-period=0 --force');
    await open.stop();
    await closed.stop();
  });

  it('pulls by tag and by digest', async () => {
    await pull('by-tag', `${open.address}/team/web:v1`);
    await pull('by-digest', `${open.address}/team/web@${digest}`);
    for (const pod of ['by-tag', 'by-digest']) {
      await runs(pod);
      expect(await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.containerStatuses[0].imageID}`)).toBe(`${open.address}/team/web@${digest}`);
    }
    expect(await cluster.kubectl('get events --field-selector involvedObject.name=by-tag')).toMatch(
      new RegExp(`Successfully pulled image "${open.address}/team/web:v1" in \\S+ \\(\\S+ including waiting\\)\\. Image size: \\d+ bytes\\.`),
    );
  });

  it('pulls with the secret of the pod and with that of its service account', async () => {
    await pull('pod-secret', `${closed.address}/team/web:v1`, { imagePullSecrets: [{ name: 'right' }] });
    await cluster.kubectl('create serviceaccount robot');
    await cluster.kubectl(`patch serviceaccount robot -p '{"imagePullSecrets":[{"name":"right"}]}'`);
    await pull('account-secret', `${closed.address}/team/web:v1`, { serviceAccountName: 'robot' });
    await runs('pod-secret');
    await runs('account-secret');
    expect(await cluster.kubectl('get pod account-secret -o jsonpath={.spec.imagePullSecrets[0].name}')).toBe('right');
  });

  it('gives no pod an image that is on its node by the secret of another', async () => {
    const name = `${closed.address}/team/web:v1`;
    await pull('owner', name, { imagePullSecrets: [{ name: 'right' }] });
    await runs('owner');
    const nodeName = await cluster.kubectl('get pod owner -o jsonpath={.spec.nodeName}');
    await cluster.kubectl(`create secret docker-registry same --docker-server=${closed.address} --docker-username=${account.username} --docker-password=${account.password}`);
    await pull('says-the-same', name, { nodeName, imagePullSecrets: [{ name: 'same' }] }, 'Never');
    await pull('stranger', name, { nodeName }, 'IfNotPresent');
    await pull('mistaken', name, { nodeName, imagePullSecrets: [{ name: 'wrong' }] }, 'IfNotPresent');
    await pull('offline', name, { nodeName }, 'Never');
    await runs('says-the-same');
    for (const pod of ['stranger', 'mistaken']) {
      await cluster.until(async () => expect(JSON.parse(await waiting(pod))).toMatchObject({ reason: 'ImagePullBackOff', message: expect.stringContaining('401 Unauthorized') as string }));
    }
    await cluster.until(async () => expect(JSON.parse(await waiting('offline'))).toEqual({
      reason: 'ErrImageNeverPull', message: `Container image "${name}" is present with pull policy of Never but does not have the proper credentials to be accessed by the pod`,
    }));
  });

  it.each([
    { pod: 'without', repository: 'team/web:v1', secrets: [], says: '401 Unauthorized' },
    { pod: 'wrongly', repository: 'team/web:v1', secrets: [{ name: 'wrong' }], says: '401 Unauthorized' },
    { pod: 'missing', repository: 'team/web:nope', secrets: [{ name: 'right' }], says: 'not found' },
  ])('says ErrImagePull, then ImagePullBackOff, of an image it may not have or that is not there ($pod)', async ({ pod, repository, secrets, says }) => {
    const name = `${closed.address}/${repository}`;
    await pull(pod, name, { imagePullSecrets: secrets });
    await cluster.until(async () => expect(JSON.parse(await waiting(pod))).toMatchObject({ reason: 'ImagePullBackOff' }));
    const { message } = JSON.parse(await waiting(pod)) as { message: string };
    expect(message).toMatch(new RegExp(`^Back-off pulling image "${name}": ErrImagePull: rpc error: code = \\w+ desc = failed to pull and unpack image "${name}"`));
    expect(message).toContain(says);
    const events = await cluster.kubectl(`get events --field-selector involvedObject.name=${pod} -o 'jsonpath={range .items[*]}{.type} {.reason} {.message}{"\\n"}{end}'`);
    for (const line of [
      `Normal Pulling Pulling image "${name}"`,
      `Warning Failed Failed to pull image "${name}": rpc error: code = `,
      'Warning Failed Error: ErrImagePull',
      `Normal BackOff Back-off pulling image "${name}"`,
      'Warning Failed Error: ImagePullBackOff',
    ]) expect(events).toContain(line);
  });
}
