import { readFileSync } from 'node:fs';
import type { CommandChecks, KubectlSession } from './session';

async function makes(session: KubectlSession, command: string, what: string, jsonpath: string, expected: string | RegExp): Promise<void> {
  expect(await session.run(command)).toContain('created');
  expect(await session.get(jsonpath, what)).toMatch(expected);
}

/** A key and its certificate, as files: those of the cluster's administrator will do. */
function keyPair(session: KubectlSession): { cert: string; key: string } {
  const text = readFileSync(session.cluster.kubeconfig, 'utf8');
  const field = (name: string): string => Buffer.from(new RegExp(`${name}: "?([A-Za-z0-9+/=]+)`).exec(text)?.[1] ?? '', 'base64').toString();
  return { cert: session.file('tls.crt', field('client-certificate-data')), key: session.file('tls.key', field('client-key-data')) };
}

/** `kubectl create` and what else makes things. */
export const making: CommandChecks = {
  create: async (session) => {
    const file = session.file('map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: from-file\ndata:\n  a: b\n');
    await makes(session, `create -f ${file}`, 'configmap from-file', '{.data.a}', /^b$/);
    expect((await session.try(`create -f ${file}`)).stderr).toContain('AlreadyExists');
    const wrong = session.file('wrong.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: wrong\ndatum:\n  a: b\n');
    expect((await session.try(`create -f ${wrong}`)).stderr).toMatch(/unknown field "(io\.k8s\.api\.core\.v1\.ConfigMap\.)?datum"|unknown field "datum" in/);
  },
  'create clusterrole': (s) => makes(s, `create clusterrole ${s.name('reader')} --verb=get,list --resource=pods`, `clusterrole ${s.name('reader')}`, '{.rules[0].verbs}', /get.*list/),
  'create clusterrolebinding': (s) => makes(s, `create clusterrolebinding ${s.name('bound')} --clusterrole=view --user=jane`, `clusterrolebinding ${s.name('bound')}`, '{.subjects[0].name}', /^jane$/),
  'create configmap': (s) => makes(s, 'create configmap literals --from-literal=a=b', 'configmap literals', '{.data.a}', /^b$/),
  'create cronjob': (s) => makes(s, "create cronjob tick --image=navarch.local/exit:0 --schedule='0 0 1 1 *'", 'cronjob tick', '{.spec.concurrencyPolicy}', /^Allow$/),
  'create deployment': (s) => makes(s, 'create deployment made --image=navarch.local/web:1', 'deployment made', '{.spec.strategy.type}', /^RollingUpdate$/),
  'create ingress': (s) => makes(s, "create ingress in --rule='example.com/=web:80'", 'ingress in', '{.spec.rules[0].host}', /^example\.com$/),
  'create job': async (s) => {
    // As real containers and simulated ones alike can end.
    await makes(s, "create job once --image=navarch.local/web:1 -- sh -c 'echo done'", 'job once', '{.spec.backoffLimit}', /^6$/);
    await s.run('wait --for=condition=Complete job/once --timeout=180s');
  },
  'create namespace': (s) => makes(s, `create namespace ${s.name('made')}`, `namespace ${s.name('made')}`, '{.status.phase}', /^Active$/),
  'create poddisruptionbudget': (s) => makes(s, 'create poddisruptionbudget pdb --selector=app=none --min-available=1', 'poddisruptionbudget pdb', '{.spec.minAvailable}', /^1$/),
  'create priorityclass': (s) => makes(s, `create priorityclass ${s.name('high')} --value=1000`, `priorityclass ${s.name('high')}`, '{.value}', /^1000$/),
  'create quota': (s) => makes(s, 'create quota some --hard=count/widgets.example.com=3', 'quota some', '{.spec.hard}', /widgets/),
  'create role': (s) => makes(s, 'create role reader --verb=get --resource=pods,pods/log', 'role reader', '{.rules[0].resources}', /pods\/log/),
  'create rolebinding': (s) => makes(s, 'create rolebinding bound --clusterrole=view --serviceaccount=default:default', 'rolebinding bound', '{.subjects[0].kind}', /^ServiceAccount$/),
  'create secret': (s) => makes(s, 'create secret generic plain --from-literal=a=b', 'secret plain', '{.type}', /^Opaque$/),
  'create secret docker-registry': (s) => makes(s, 'create secret docker-registry pull --docker-server=registry.example.com --docker-username=u --docker-password=p', 'secret pull', '{.type}', /dockerconfigjson$/),
  'create secret generic': (s) => makes(s, 'create secret generic typed --from-literal=a=b --type=example.com/t', 'secret typed', '{.data.a}', /^Yg==$/),
  'create secret tls': (s) => makes(s, `create secret tls pair --cert=${keyPair(s).cert} --key=${keyPair(s).key}`, 'secret pair', '{.type}', /^kubernetes\.io\/tls$/),
  'create service': (s) => makes(s, 'create service clusterip none --clusterip=None', 'service none', '{.spec.clusterIP}', /^None$/),
  'create service clusterip': (s) => makes(s, 'create service clusterip ip --tcp=80:8080', 'service ip', '{.spec.ports[0].targetPort}', /^8080$/),
  'create service externalname': (s) => makes(s, 'create service externalname name --external-name=example.com', 'service name', '{.spec.externalName}', /^example\.com$/),
  'create service loadbalancer': (s) => makes(s, 'create service loadbalancer lb --tcp=80', 'service lb', '{.spec.type}', /^LoadBalancer$/),
  'create service nodeport': (s) => makes(s, 'create service nodeport np --tcp=80', 'service np', '{.spec.ports[0].nodePort}', /^3\d{4}$/),
  'create serviceaccount': (s) => makes(s, 'create serviceaccount robot', 'serviceaccount robot', '{.metadata.name}', /^robot$/),
  'create token': async (s) => {
    expect((await s.run('create token default --audience=example.com')).split('.')).toHaveLength(3);
  },
  expose: async (s) => {
    expect(await s.run('expose deployment web --name=exposed --port=80')).toContain('exposed');
    expect(await s.get('{.spec.selector.app}', 'service exposed')).toBe('web');
  },
  run: async (s) => {
    await s.run('run once-run --image=navarch.local/web:1 --restart=Never --labels=a=b');
    await s.run('wait --for=condition=Ready pod/once-run --timeout=180s');
    expect(await s.get('{.spec.restartPolicy}', 'pod once-run')).toBe('Never');
    await s.run('delete pod once-run --now');
  },
  autoscale: async (s) => {
    expect(await s.run('autoscale deployment web --min=2 --max=3 --cpu-percent=80 --name=auto')).toContain('autoscaled');
    expect(await s.get('{.spec.maxReplicas}', 'hpa auto')).toBe('3');
    expect(await s.run('get hpa auto')).toContain('Deployment/web');
    await s.run('delete hpa auto');
  },
};
