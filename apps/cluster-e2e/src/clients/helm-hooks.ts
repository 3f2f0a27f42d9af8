import type { KubeObject } from './helm-replay';

export type HookEvent = 'post-install' | 'pre-delete' | 'pre-install' | 'pre-upgrade';
type DeletePolicy = 'before-hook-creation' | 'hook-failed' | 'hook-succeeded';

const annotation = ({ metadata }: KubeObject, name: string): string | undefined => (metadata['annotations'] as Readonly<Record<string, string>> | undefined)?.[`helm.sh/${name}`];
const listed = (text: string | undefined): string[] => (text ?? '').split(',').map((part) => part.trim()).filter((part) => part !== '');
const weight = (hook: KubeObject): number => Number(annotation(hook, 'hook-weight') ?? 0);

export const isHook = (object: KubeObject): boolean => annotation(object, 'hook') !== undefined;

/** What runs at an event, in Helm's order: the lighter first, then by kind and name. */
export function hooksOf(hooks: readonly KubeObject[], event: HookEvent): KubeObject[] {
  const key = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;
  return hooks.filter((hook) => listed(annotation(hook, 'hook')).includes(event)).sort((a, b) => weight(a) - weight(b) || (key(a) < key(b) ? -1 : 1));
}

/** When a hook's object is deleted; unless it says so, when the next of its name is made. */
export function isDeleted(hook: KubeObject, policy: DeletePolicy): boolean {
  const policies = listed(annotation(hook, 'hook-delete-policy'));
  return (policies.length === 0 ? ['before-hook-creation'] : policies).includes(policy);
}
