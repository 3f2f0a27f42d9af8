import { hooksOf, isDeleted, isHook } from './helm-hooks';
import type { KubeObject } from './helm-replay';

const hook = (name: string, annotations: Record<string, string>): KubeObject => ({
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations: Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`helm.sh/${key}`, value])) },
});

it("Helm's hooks run by weight, then by kind and name, at their events", () => {
  const hooks = [hook('b', { hook: 'pre-install' }), hook('a', { hook: 'post-install, pre-install' }), hook('first', { hook: 'pre-install', 'hook-weight': '-5' }), hook('later', { hook: 'post-install' })];
  expect(hooksOf(hooks, 'pre-install').map(({ metadata }) => metadata.name)).toEqual(['first', 'a', 'b']);
  expect(hooksOf(hooks, 'post-install').map(({ metadata }) => metadata.name)).toEqual(['a', 'later']);
  expect([isHook(hook('a', { hook: 'pre-delete' })), isHook(hook('a', {}))]).toEqual([true, false]);
});

it('they go before the next of their name is made, unless they say when', () => {
  expect((['before-hook-creation', 'hook-succeeded', 'hook-failed'] as const).map((policy) => isDeleted(hook('a', { hook: 'pre-install' }), policy))).toEqual([true, false, false]);
  const kept = hook('a', { hook: 'pre-install', 'hook-delete-policy': 'hook-succeeded,hook-failed' });
  expect((['before-hook-creation', 'hook-succeeded', 'hook-failed'] as const).map((policy) => isDeleted(kept, policy))).toEqual([false, true, true]);
});
