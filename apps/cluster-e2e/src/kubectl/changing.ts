import { type CommandChecks, deployment, type KubectlSession } from './session';

const map = (name: string, value: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  a: ${JSON.stringify(value)}\n`;

async function untilRevision(session: KubectlSession, name: string, revision: number): Promise<void> {
  await session.until(async () => expect(await session.run(`rollout history deployment/${name}`)).toMatch(new RegExp(`^${revision}\\s`, 'm')));
}

/** What changes objects that are there. */
export const changing: CommandChecks = {
  apply: async (s) => {
    expect(await s.run(`apply -f ${s.file('apply.yaml', map('applied', '1'))}`)).toContain('created');
    expect(await s.run(`apply -f ${s.file('apply.yaml', map('applied', '2'))}`)).toContain('configured');
    expect(await s.run(`apply -f ${s.file('apply.yaml', map('applied', '2'))}`)).toContain('unchanged');
    // From the client's bookkeeping to the server's: what was last applied is what the new manager owns.
    expect(await s.run(`apply --server-side --force-conflicts -f ${s.file('apply.yaml', map('applied', '3'))}`)).toContain('serverside-applied');
    expect(await s.get('{.data.a}', 'configmap applied')).toBe('3');
    const other = await s.try(`apply --server-side --field-manager=other -f ${s.file('apply.yaml', map('applied', '4'))}`);
    expect(other.stderr).toContain('Apply failed with 1 conflict: conflict with "kubectl"');
    expect(await s.run(`apply -f ${s.file('apply.yaml', map('applied', '5'))} --dry-run=server`)).toContain('server dry run');
    expect(await s.get('{.data.a}', 'configmap applied')).toBe('3');
  },
  'apply edit-last-applied': async (s) => {
    await s.run(`apply -f ${s.file('last.yaml', map('last-edit', 'old'))}`);
    await s.run('apply edit-last-applied configmap/last-edit', { env: { KUBE_EDITOR: 'sed -i s/old/new/' } });
    expect(await s.run('apply view-last-applied configmap/last-edit')).toContain('a: new');
  },
  'apply set-last-applied': async (s) => {
    await s.run(`apply -f ${s.file('set.yaml', map('last-set', 'old'))}`);
    await s.run(`apply set-last-applied -f ${s.file('set.yaml', map('last-set', 'told'))}`);
    expect(await s.run('apply view-last-applied configmap/last-set')).toContain('a: told');
  },
  'apply view-last-applied': async (s) => {
    await s.run(`apply -f ${s.file('view.yaml', map('last-view', 'seen'))}`);
    expect(await s.run('apply view-last-applied configmap/last-view -o json')).toContain('"seen"');
  },
  diff: async (s) => {
    await s.run(`apply -f ${s.file('diff.yaml', map('differs', 'before'))}`);
    const { code, stdout } = await s.try(`diff -f ${s.file('diff.yaml', map('differs', 'after'))}`);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^-\s+a: before\n\+\s+a: after$/m)]);
    expect(await s.get('{.data.a}', 'configmap differs')).toBe('before');
    expect((await s.try(`diff -f ${s.file('diff.yaml', map('differs', 'before'))}`)).code).toBe(0);
  },
  edit: async (s) => {
    await s.run('create configmap edited --from-literal=a=before');
    await s.run('edit configmap edited', { env: { KUBE_EDITOR: 'sed -i s/before/after/' } });
    expect(await s.get('{.data.a}', 'configmap edited')).toBe('after');
  },
  patch: async (s) => {
    await s.run('create configmap patched --from-literal=a=1');
    await s.run(`patch configmap patched -p '{"data":{"b":"2"}}'`);
    await s.run(`patch configmap patched --type=merge -p '{"data":{"a":null}}'`);
    await s.run(`patch configmap patched --type=json -p '[{"op":"add","path":"/data/c","value":"3"}]'`);
    expect(JSON.parse(await s.get('{.data}', 'configmap patched'))).toEqual({ b: '2', c: '3' });
  },
  replace: async (s) => {
    await s.run('create configmap replaced --from-literal=b=1');
    expect(await s.run(`replace -f ${s.file('replace.yaml', map('replaced', '2'))}`)).toContain('replaced');
    expect(JSON.parse(await s.get('{.data}', 'configmap replaced'))).toEqual({ a: '2' });
    expect(await s.run(`replace --force -f ${s.file('replace.yaml', map('replaced', '3'))}`)).toContain('replaced');
  },
  label: async (s) => {
    await s.run('create configmap labelled');
    await s.run('label configmap labelled a=1');
    expect((await s.try('label configmap labelled a=2')).code).toBe(1);
    await s.run('label configmap labelled a=2 --overwrite');
    expect(await s.run('get configmap -l a=2 -o name')).toBe('configmap/labelled\n');
    await s.run('label configmap labelled a-');
    expect(await s.run('get configmap -l a -o name')).toBe('');
  },
  annotate: async (s) => {
    await s.run('create configmap noted');
    await s.run('annotate configmap noted note=kept');
    expect(await s.get('{.metadata.annotations.note}', 'configmap noted')).toBe('kept');
  },
  delete: async (s) => {
    await s.run('create configmap doomed');
    await s.run('label configmap doomed fate=sealed');
    expect(await s.run('delete configmap -l fate=sealed')).toContain('deleted');
    expect((await s.try('get configmap doomed')).stderr).toContain('NotFound');
    expect(await s.run('delete configmap doomed --ignore-not-found')).not.toContain('"doomed" deleted');
    await deployment(s, 'falls');
    await s.run('delete deployment falls --cascade=foreground --timeout=60s').catch(() => s.run('delete deployment falls --ignore-not-found'));
    await s.until(async () => expect(await s.run('get replicasets -l app=falls -o name')).toBe(''));
  },
  scale: async (s) => {
    await deployment(s, 'scaled');
    await s.run('scale deployment scaled --replicas=3 --current-replicas=1');
    await s.until(async () => expect(await s.get('{.status.readyReplicas}', 'deployment scaled')).toBe('3'));
    expect((await s.try('scale deployment scaled --replicas=4 --current-replicas=1')).stderr).toContain('Expected replicas to be 1, was 3');
    await s.run('delete deployment scaled');
  },
  set: async (s) => {
    await deployment(s, 'set');
    await s.run('set env deployment/set A=1');
    expect(await s.run('set env deployment/set --list')).toContain('A=1');
    await s.run('delete deployment set');
  },
  'set env': async (s) => {
    await deployment(s, 'set-env');
    await s.run('create configmap env-source --from-literal=B=2');
    await s.run('set env deployment/set-env --from=configmap/env-source');
    expect(await s.get('{.spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.key}', 'deployment set-env')).toBe('B');
    await s.run('delete deployment set-env');
  },
  'set image': async (s) => {
    await deployment(s, 'set-image');
    await s.run('set image deployment/set-image *=navarch.local/web:2');
    expect(await s.get('{.spec.template.spec.containers[0].image}', 'deployment set-image')).toBe('navarch.local/web:2');
    await s.run('delete deployment set-image');
  },
  'set resources': async (s) => {
    await deployment(s, 'set-resources');
    await s.run('set resources deployment/set-resources --limits=cpu=100m,memory=64Mi --requests=cpu=10m');
    expect(JSON.parse(await s.get('{.spec.template.spec.containers[0].resources}', 'deployment set-resources'))).toEqual({ limits: { cpu: '100m', memory: '64Mi' }, requests: { cpu: '10m' } });
    await s.run('delete deployment set-resources');
  },
  'set selector': async (s) => {
    await s.run('create service clusterip selects --tcp=80');
    await s.run('set selector service selects app=web');
    expect(await s.get('{.spec.selector}', 'service selects')).toContain('web');
  },
  'set serviceaccount': async (s) => {
    await deployment(s, 'set-account');
    await s.run('create serviceaccount other');
    await s.run('set serviceaccount deployment set-account other');
    expect(await s.get('{.spec.template.spec.serviceAccountName}', 'deployment set-account')).toBe('other');
    await s.run('delete deployment set-account');
  },
  'set subject': async (s) => {
    await s.run('create rolebinding subjects --clusterrole=view --user=one');
    await s.run('set subject rolebinding subjects --user=two');
    expect(await s.get('{.subjects[*].name}', 'rolebinding subjects')).toBe('one two');
  },
  rollout: async (s) => {
    await deployment(s, 'rolls');
    await s.run('rollout status deployment/rolls --timeout=180s');
    await s.run('set image deployment/rolls *=navarch.local/web:2');
    await untilRevision(s, 'rolls', 2);
    await s.run('rollout status deployment/rolls --timeout=180s');
    await s.run('rollout undo deployment/rolls --to-revision=1');
    await s.run('rollout status deployment/rolls --timeout=180s');
    expect(await s.get('{.spec.template.spec.containers[0].image}', 'deployment rolls')).toBe('navarch.local/web:1');
    await s.run('delete deployment rolls');
  },
  'rollout history': async (s) => {
    expect(await s.run('rollout history deployment/web --revision=1')).toContain('navarch.local/web:1');
  },
  'rollout pause': async (s) => {
    await deployment(s, 'pauses');
    await untilRevision(s, 'pauses', 1);
    await s.run('rollout pause deployment/pauses');
    await s.run('set image deployment/pauses *=navarch.local/web:2');
    await s.until(async () => expect(await s.get('{.status.observedGeneration}', 'deployment pauses')).toBe(await s.get('{.metadata.generation}', 'deployment pauses')));
    expect((await s.run('get replicasets -l app=pauses -o name')).trim().split('\n')).toHaveLength(1);
    await s.run('rollout resume deployment/pauses');
    await untilRevision(s, 'pauses', 2);
    await s.run('delete deployment pauses');
  },
  'rollout resume': async (s) => {
    await deployment(s, 'resumes');
    await s.run('rollout pause deployment/resumes');
    expect(await s.run('rollout resume deployment/resumes')).toContain('resumed');
    expect((await s.try('rollout resume deployment/resumes')).stderr).toContain('is not paused');
    await s.run('delete deployment resumes');
  },
  'rollout restart': async (s) => {
    await deployment(s, 'restarts');
    await s.run('rollout restart deployment/restarts');
    expect(await s.get('{.spec.template.metadata.annotations}', 'deployment restarts')).toContain('restartedAt');
    await s.run('delete deployment restarts');
  },
  'rollout status': async (s) => {
    expect(await s.run('rollout status deployment/web --timeout=180s')).toContain('successfully rolled out');
  },
  'rollout undo': async (s) => {
    expect((await s.try('rollout undo deployment/web --to-revision=7')).stderr).toContain('unable to find specified revision 7');
    expect(await s.run('rollout undo deployment/web --to-revision=1 --dry-run=server')).toContain('server dry run');
  },
};
