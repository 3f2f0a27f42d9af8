import type { CommandChecks } from './session';

/** What needs little or nothing of the server. */
export const clientSide: CommandChecks = {
  completion: async (s) => {
    expect(await s.run('completion bash')).toContain('kubectl');
  },
  config: async (s) => {
    expect(await s.run('config view --minify')).toContain('certificate-authority-data');
    expect((await s.run('config current-context')).trim()).not.toBe('');
  },
  kustomize: async (s) => {
    const file = s.file('kustomization.yaml', 'namePrefix: my-\nresources: [map.yaml]\n');
    s.file('map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kustomized\ndata:\n  a: b\n');
    const folder = file.replace('/kustomization.yaml', '');
    expect(await s.run(`kustomize ${folder}`)).toContain('my-kustomized');
    expect(await s.run(`apply -k ${folder}`)).toContain('created');
  },
};

/** Commands that are not tested here, each with its reason. */
export const untested: Readonly<Record<string, string>> = {
  plugin: 'lists programs on the PATH of the client',
  options: 'prints flags',
  cp: 'needs a tar in the container, which simulated ones have not: walk-through.e2e.spec.ts copies with real ones',
  alpha: 'holds what a kubectl only tries out, and differs in each',
  convert: 'was taken out of kubectl; rewrites files only',
  kuberc: 'changes preferences of the client',
};

/** Commands whose older forms ask for versions of the API that are gone, upstream's too: the first kubectl that knows the present one. */
export const sinceMinor: Readonly<Record<string, number>> = {
  'create cronjob': 21, // before: batch/v1beta1
  debug: 23, // before: a kind of its own for ephemeral containers
  'auth whoami': 28, // before: an alpha of authentication.k8s.io
};
