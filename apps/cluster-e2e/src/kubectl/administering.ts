import { createCertificateRequest } from '@navarch/pki';
import type { CommandChecks, KubectlSession } from './session';

/** Nodes belong to all sessions at once, so a check takes its changes back. */
const NODE = 'node-1';

const unschedulable = (session: KubectlSession): Promise<string> => session.get('{.spec.unschedulable}', `node ${NODE}`);

async function request(session: KubectlSession, name: string): Promise<void> {
  const { csr } = await createCertificateRequest({ commonName: 'jane' });
  await session.run('create -f -', {
    input: JSON.stringify({
      apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name },
      spec: { request: Buffer.from(csr).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    }),
  });
}

/** Numbers where something serves them; otherwise kubectl says that nothing does. */
async function measures(session: KubectlSession, command: string, what: RegExp): Promise<void> {
  const served = (await session.run('api-versions')).includes('metrics.k8s.io/');
  if (served) await session.until(async () => expect(await session.run(command)).toMatch(what));
  else expect((await session.try(command)).stderr).toMatch(/Metrics (API|server)? ?not available|the server could not find the requested resource/i);
}

/** What administers nodes and certificates. */
export const administering: CommandChecks = {
  certificate: async (s) => {
    await request(s, s.name('wanted'));
    expect(await s.run(`get csr ${s.name('wanted')}`)).toContain('Pending');
  },
  'certificate approve': async (s) => {
    await request(s, s.name('approved'));
    await s.run(`certificate approve ${s.name('approved')}`);
    await s.until(async () => expect(await s.run(`get csr ${s.name('approved')}`)).toContain('Approved,Issued'));
  },
  'certificate deny': async (s) => {
    await request(s, s.name('denied'));
    await s.run(`certificate deny ${s.name('denied')}`);
    expect(await s.run(`get csr ${s.name('denied')}`)).toContain('Denied');
  },
  cordon: async (s) => {
    expect(await s.run(`cordon ${NODE}`)).toContain('cordoned');
    expect(await s.run(`get node ${NODE}`)).toContain('SchedulingDisabled');
    await s.run(`uncordon ${NODE}`);
  },
  uncordon: async (s) => {
    await s.run(`cordon ${NODE}`);
    await s.run(`uncordon ${NODE}`);
    expect(await unschedulable(s)).toBe('');
  },
  drain: async (s) => {
    // Only what this session has made, by its label: others have pods there too.
    const pod = s.name('evictee');
    await s.run('create -f -', {
      input: JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: pod, labels: { drain: pod } },
        spec: { nodeName: NODE, terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'navarch.local/web:1' }] },
      }),
    });
    await s.run(`wait --for=condition=Ready pod/${pod} --timeout=180s`);
    expect(await s.run(`drain ${NODE} --pod-selector=drain=${pod} --force --timeout=180s`)).toMatch(/evicted|drained/);
    expect((await s.try(`get pod ${pod}`)).stderr).toContain('NotFound');
    await s.run(`uncordon ${NODE}`);
  },
  taint: async (s) => {
    const key = `example.com/${s.namespace}`;
    expect(await s.run(`taint node ${NODE} ${key}=x:PreferNoSchedule`)).toContain('tainted');
    expect(await s.get('{.spec.taints[*].key}', `node ${NODE}`)).toContain(key);
    expect(await s.run(`taint node ${NODE} ${key}-`)).toContain('untainted');
  },
  top: (s) => measures(s, 'top node', /node-1 +\d+m/),
  'top node': (s) => measures(s, 'top node node-1', /node-1 +\d+m +\d+% +\d+Mi/),
  'top pod': (s) => measures(s, 'top pod -l app=web', /web-\S+ +\d+m +\d+Mi/),
};
